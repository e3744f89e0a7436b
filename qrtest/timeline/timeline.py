"""What happened to jobs, as a value: states over time, and the requests and faults on them.

A journal, a recording and a scenario all give one (`qrtest.timeline.sources`); it is shown as text
here, and as a picture by `qrtest.timeline.render`. The legend is docs/timeline.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from qrtest.clock import duration as durations

__all__ = ["Event", "Stretch", "Timeline", "Track", "clock_face", "merged", "stretches"]

WIDTH: Final = 14
"""Of the column of times."""

Kind = Literal["fine", "refused", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A request and its *answer* in a word or two; *times* of them from *at* to *until*.

    *status* is that of the job in the answer, "" if it has none. *faults* are those that struck it.
    *thread* is the name of the thread that asked, "" if that is not known.

    >>> print(Event(at=0.0, until=4.5, times=10, operation="poll", answer="200 Queued"))
        0:00:00.00  poll             200 Queued  ×10 until 0:00:04.50
    """

    at: float
    until: float
    times: int = 1
    operation: str
    answer: str = ""
    status: str = ""
    kind: Kind = "fine"
    faults: tuple[str, ...] = ()
    thread: str = ""

    def __str__(self) -> str:
        line = f"{clock_face(self.at):>{WIDTH}}  {self.operation:<15}  {self.answer}".rstrip()
        if self.times > 1:
            line += f"  ×{self.times:,} until {clock_face(self.until)}"
        return "".join([line, *(f"\n{'':{WIDTH}}  {'':15}  ! {fault}" for fault in self.faults)])

    @property
    def since(self) -> float:
        """When it begins."""
        return self.at

    def says_the_same_as(self, other: Event) -> bool:
        """Return whether the two differ in nothing but their times."""
        return (self.operation, self.answer, self.faults) == (
            other.operation,
            other.answer,
            other.faults,
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A job is in *status* from *start* to *end*; None is for good."""

    status: str
    start: float
    end: float | None

    @property
    def since(self) -> float:
        """When it begins."""
        return self.start

    def __str__(self) -> str:
        lasts = "" if self.end is None else f"for {durations.text(round(self.end - self.start, 3))}"
        return f"{clock_face(self.start):>{WIDTH}}  {self.status:<15}  {lasts}".rstrip()


@dataclass(frozen=True, slots=True)
class Track:
    """What happened to one job, called *name*: its *stretches*, and the *events* in order.

    *session* is the id of the session that the job runs in, "" if in none.
    """

    name: str
    stretches: tuple[Stretch, ...]
    events: tuple[Event, ...]
    session: str = ""

    def text(self, *, lines: int) -> str:
        """Return a line an event, at most *lines* of them; without polls, a line a stretch as well.

        What is left out is in the middle, and counted; the requests that a fault struck stay. One line is the
        last.
        """
        rows: list[Event | Stretch] = list(merged(self.events))
        if not any(event.status for event in self.events):
            rows = sorted([*self.stretches, *rows], key=lambda each: each.since)
        if lines == 1 and len(rows) > 1:
            return (
                f"{self.name}  (the last of {len(rows):,} lines)\n{str(rows[-1]).splitlines()[0]}"
            )
        shown: list[str] = []
        before = -1
        for index in [*_kept(rows, lines), len(rows)]:
            if index > before + 1:
                shown.append(f"{'...':>{WIDTH}}  {index - before - 1:,} more")
            shown += map(str, rows[index : index + 1])
            before = index
        return "\n".join([self.name, *shown])


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened: *title* says to what, and each job has a track."""

    title: str
    tracks: tuple[Track, ...]

    def texts(self, *, lines: int = 40) -> list[str]:
        """Return the text of each track, at most *lines* lines each."""
        return [track.text(lines=lines) for track in self.tracks]

    def __str__(self) -> str:
        return "\n".join(self.texts()) or "Nothing was asked."


def _kept(rows: Sequence[Event | Stretch], lines: int) -> list[int]:
    """Return the places of the *rows* to show in so many *lines*, of which each gap between them takes one.

    First the ends, the last before the first, then what a fault struck, then from both ends inwards.
    """
    size = len(rows)
    costs = [1 + len(row.faults) if isinstance(row, Event) else 1 for row in rows]
    if sum(costs) <= lines:
        return list(range(size))
    struck = [place for place, cost in enumerate(costs) if cost > 1]
    inwards = [place for near in range(min(lines, size)) for place in (near, size - 1 - near)]
    kept: set[int] = set()
    for place in [size - 1, 0, *struck[:lines], *inwards]:
        found = sorted(kept | {place})
        gaps = sum(b > a + 1 for a, b in zip([-1, *found], [*found, size], strict=True))
        if sum(costs[each] for each in found) + gaps <= lines:
            kept.add(place)
    return sorted(kept)


def merged(events: Iterable[Event]) -> Iterator[Event]:
    """Merge neighbours among *events* that say the same into one."""
    current: Event | None = None
    for event in events:
        if current is not None and current.says_the_same_as(event):
            current = replace(
                current, until=max(current.until, event.until), times=current.times + event.times
            )
            continue
        if current is not None:
            yield current
        current = event
    if current is not None:
        yield current


def stretches(events: Sequence[Event]) -> tuple[Stretch, ...]:
    """Return the statuses in *events*, each from its first answer on."""
    polled = [event for event in events if event.status]
    found: list[Stretch] = []
    for event in polled:
        if found and found[-1].status == event.status:
            continue
        if found:
            found[-1] = replace(found[-1], end=event.at)
        found.append(Stretch(event.status, event.at, None))
    return tuple(found)


def clock_face(seconds: float) -> str:
    """Return *seconds* as days, hours, minutes and seconds.

    >>> clock_face(93784.05)
    '1d 2:03:04.05'
    """
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    face = f"{hours}:{minutes:02}:{rest / 100:05.2f}"
    return f"{days}d {face}" if days else face
