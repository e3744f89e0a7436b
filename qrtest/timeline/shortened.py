"""A timeline in so many lines, as text: fewer lines of each job, then fewer jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from qrtest.redaction.redactor import shown
from qrtest.timeline.timeline import Timeline, Track

__all__ = ["rank", "shortened"]

OF_A_JOB: Final = "job "
"""How the name of the track of a job begins."""

NOT_ENDED: Final = frozenset({"", "INITIALIZING", "VALIDATING", "QUEUED", "RUNNING"})
DONE: Final = "DONE"
FEWEST_LINES: Final = 4


def shortened(timeline: Timeline, *, lines: int, columns: int, everything: str = "") -> str:
    """Return *timeline* in at most *lines* lines of at most *columns* columns, without secrets.

    Where it is too much, jobs that failed, were cancelled or met faults come first, then those that did not
    end; jobs that are left out are counted by their last status. *everything* is where all of it stands.

    >>> tracks = Track("job a", (), ()), Track("job b", (), ())
    >>> print(shortened(Timeline("", tracks), lines=1, columns=80))
    job a
    ... and 1 more job (1 not polled)
    """
    tracks = timeline.tracks
    texts = [track.text(lines=lines - 1).splitlines() for track in tracks]
    if sum(map(len, texts)) > lines:
        tracks = tuple(sorted(tracks, key=rank))
        bad = sum(rank(track) == 0 for track in tracks)
        shares = [
            lines // 2 // bad if place < bad else lines // len(tracks)
            for place in range(len(tracks))
        ]
        texts = [
            track.text(lines=max(FEWEST_LINES, share) - 1).splitlines()
            for track, share in zip(tracks, shares, strict=True)
        ]
    fitting = _fitting(texts, lines)
    kept = [line for text in texts[:fitting] for line in text]
    if fitting < len(texts):
        kept.append(_left_out(tracks[fitting:]) + (f"; all: {everything}" if everything else ""))
    return "\n".join(_clipped(line, columns) for line in shown("\n".join(kept)).splitlines())


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


def _clipped(line: str, columns: int) -> str:
    return line if len(line) <= columns else f"{line[: columns - 3]}..."
