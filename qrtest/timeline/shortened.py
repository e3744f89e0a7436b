"""A timeline in so many lines, as text: fewer lines of each job, then fewer jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from qrtest.excerpt import excerpt
from qrtest.redaction.redactor import shown
from qrtest.timeline.timeline import Timeline, Track

__all__ = ["rank", "shortened"]

OF_A_JOB: Final = "job "
"""How the name of the track of a job begins."""

NOT_ENDED: Final = frozenset({"", "INITIALIZING", "VALIDATING", "QUEUED", "RUNNING"})
DONE: Final = "DONE"
FEWEST_LINES: Final = 4
FEWEST_OF_ACCUSED: Final = 2
NEVER_ASKED: Final = "  (nothing was asked about it)"
MARK: Final = "! "
"""Before the name of a job that a failure names, where there are others."""


def shortened(
    timeline: Timeline,
    *,
    lines: int,
    columns: int,
    everything: str = "",
    accused: Collection[str] = (),
) -> str:
    """Return *timeline* in at most *lines* lines of at most *columns* columns, without secrets.

    Where it is too much, the *accused* come first, the ids of the jobs that a failure names; then jobs that
    failed, were cancelled or met faults, then those that did not end. Jobs that are left out are counted by
    their last status. *everything* is where all of it stands. Beside other jobs the accused are marked.

    >>> tracks = Track("job a", (), ()), Track("job b", (), ())
    >>> print(shortened(Timeline("", tracks), lines=1, columns=80))
    job a
    ... and 1 more job (1 not polled)
    >>> print(shortened(Timeline("", tracks), lines=1, columns=80, accused=["b"]))
    ! job b  (nothing was asked about it)
    ... and 1 more job (1 not polled)
    """
    names = [f"{OF_A_JOB}{each}" for each in accused]
    known = {track.name for track in timeline.tracks}
    tracks = [*timeline.tracks, *(Track(name, (), ()) for name in names if name not in known)]
    texts = [track.text(lines=lines - 1).splitlines() for track in tracks]
    first: list[str] = []
    if sum(map(len, texts)) > lines:
        first = names[: max(1, (lines - 1) // FEWEST_OF_ACCUSED)]
        tracks.sort(key=lambda track: (track.name not in first, rank(track)))
        texts = [
            track.text(lines=share - 1).splitlines()
            for track, share in zip(tracks, _shares(tracks, lines, len(first)), strict=True)
        ]
    if len(tracks) > 1:
        for track, text in zip(tracks, texts, strict=True):
            if track.name in names:
                text[0] = f"{MARK}{text[0]}{NEVER_ASKED if _is_silent(track) else ''}"
    fitting = max(len(first), _fitting(texts, lines))
    kept = [line for text in texts[:fitting] for line in text]
    if fitting < len(texts):
        kept.append(_left_out(tracks[fitting:]) + (f"; all: {everything}" if everything else ""))
    return "\n".join(excerpt(line, columns) for line in shown("\n".join(kept)).splitlines())


def _shares(tracks: Sequence[Track], lines: int, first: int) -> list[int]:
    """Return how many of so many *lines* each of *tracks* gets; the *first* of them are to be seen."""
    shares = [max(FEWEST_LINES, lines // len(tracks))] * len(tracks)
    bad = sum(rank(track) == 0 for track in tracks[first:])
    for place in range(first, first + bad):
        shares[place] = max(FEWEST_LINES, lines // 2 // bad)
    silent = sum(_is_silent(track) for track in tracks[:first])
    asked = max(1, first - silent)
    for place in range(first):
        fair = max(FEWEST_LINES, lines // 2 // asked)
        shares[place] = max(FEWEST_OF_ACCUSED, min(fair, (lines - 1 - silent) // asked))
    return shares


def rank(track: Track) -> int:
    """Return 0 for what did not go well, 1 for a job that was not seen to end, 2 for any other job, or 3."""
    if any(
        event.faults or event.kind != "fine" or event.operation == "cancel"
        for event in track.events
    ):
        return 0
    if not _is_job(track):
        return 3
    if _last_status(track) == DONE:
        return 2
    return 1 if _last_status(track) in NOT_ENDED else 0


def _left_out(tracks: Sequence[Track]) -> str:
    """Return a line that counts *tracks* by their last status."""
    ends = Counter(_last_status(track) or "not polled" for track in tracks if _is_job(track))
    if not ends:
        return "... and the account"
    counted = ", ".join(f"{times:,} {status}" for status, times in ends.most_common())
    jobs = "job" if ends.total() == 1 else "jobs"
    return f"... and {ends.total():,} more {jobs} ({counted})"


def _last_status(track: Track) -> str:
    return track.stretches[-1].status if track.stretches else ""


def _is_silent(track: Track) -> bool:
    return not track.events and not track.stretches


def _is_job(track: Track) -> bool:
    return track.name.startswith(OF_A_JOB)


def _fitting(texts: Sequence[Sequence[str]], lines: int) -> int:
    """Return how many of *texts* fit into *lines*, with a line that counts the others."""
    used = 0
    for number, text in enumerate(texts):
        is_last = number == len(texts) - 1
        if used + len(text) > lines - (not is_last):
            return max(number, 1)
        used += len(text)
    return len(texts)
