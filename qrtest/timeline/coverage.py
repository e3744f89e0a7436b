"""Coverage of the job's state machine: which statuses, transitions, endings and faults tests have seen.

Seen is what a client was answered: a status that no poll met does not count.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from qrtest.faults.fault import kinds
from qrtest.lifecycle.transitions import FINAL, INITIALIZING, STATUSES, TRANSITIONS
from qrtest.timeline.timeline import Timeline, Track

__all__ = ["BEGINNING", "Coverage"]

BEGINNING: Final = "created"
"""Stands before the first status that a client saw."""

UNKNOWN: Final = "unknown status"
"""A word of the service that the table of statuses does not have."""

RAN_TOO_LONG: Final = "ERROR 1305"
NO_END: Final = "no end seen"
COLUMNS: Final = 80

_SHOWN: Final = tuple(status for status in STATUSES if status != INITIALIZING)
"""Every status but the one that the service never reports."""

_TRANSITIONS: Final = (
    *((BEGINNING, status) for status in _SHOWN),
    *(
        (source, target)
        for source in _SHOWN
        for target in dict.fromkeys(TRANSITIONS[source].values())
        if target != source
    ),
)
_ENDINGS: Final = ("DONE", "ERROR", RAN_TOO_LONG, "CANCELLED", NO_END)


def _all_seen_never() -> dict[str, dict[str, int]]:
    """Return a count of 0 for everything that can be seen."""
    return {
        "statuses": dict.fromkeys((*_SHOWN, UNKNOWN), 0),
        "transitions": dict.fromkeys(map(_arrow, _TRANSITIONS), 0),
        "endings": dict.fromkeys(_ENDINGS, 0),
        "faults": dict.fromkeys(sorted(kind.name for kind in kinds()), 0),
    }


def _arrow(ends: tuple[str, str]) -> str:
    return f"{ends[0]} -> {ends[1]}"


@dataclass(frozen=True)
class Coverage:
    """How many jobs were seen in each of the statuses, transitions and endings, and the strikes of faults.

    `counts` has them by group and name; `|` adds two up. `created` stands before the first status of a job.

    >>> from qrtest import Scenario, simulate, timeline_of
    >>> with simulate() as sim:
    ...     sim.job("QUEUED 5s; ERROR 1305").wait_for_final_state()
    >>> seen = Coverage.of(timeline_of(sim))
    >>> seen.counts["transitions"]["QUEUED -> ERROR"], seen.counts["endings"]["ERROR 1305"]
    (1, 1)
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=_all_seen_never)

    @classmethod
    def of(cls, timeline: Timeline) -> Coverage:
        """Return what a client saw of the jobs of a *timeline*."""
        counts = _all_seen_never()
        for track in timeline.tracks:
            for group, name in _seen(track):
                counts[group][name] = counts[group].get(name, 0) + 1
        return cls(counts)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Coverage:
        """Return the coverage whose `counts` were sent from another process."""
        return cls() | cls({group: dict(counts) for group, counts in data.items()})

    def __or__(self, other: Coverage) -> Coverage:
        """Add up two parts of a run."""
        groups = dict.fromkeys([*self.counts, *other.counts])
        return Coverage(
            {
                group: dict(_added(self.counts.get(group, {}), other.counts.get(group, {})))
                for group in groups
            }
        )

    @property
    def seen(self) -> int:
        """How many of the things that can be seen were seen."""
        return sum(count > 0 for counts in self.counts.values() for count in counts.values())

    @property
    def total(self) -> int:
        """How many things can be seen."""
        return sum(map(len, self.counts.values()))

    @property
    def percent(self) -> float:
        """The share that was seen, of 100."""
        return 100 * self.seen / self.total

    def never(self) -> dict[str, list[str]]:
        """Return what was never seen, by group."""
        found = {
            group: [name for name, count in counts.items() if not count]
            for group, counts in self.counts.items()
        }
        return {group: names for group, names in found.items() if names}

    def lines(self) -> Iterator[str]:
        """Yield the coverage as text: the graph of transitions, the other groups, what was never seen."""
        yield f"status coverage: {self.seen} of {self.total} ({self.percent:.0f} %)"
        yield from _graph(self.counts["transitions"])
        for group, counts in self.counts.items():
            if group == "transitions":
                continue
            found = [f"{name} {count:,}" for name, count in counts.items() if count]
            yield from _wrapped(group, found or ["none"])
        for group, names in self.never().items():
            if group == "transitions":
                continue
            yield from _wrapped(f"never seen: {group}", names)


def _graph(counts: Mapping[str, int]) -> Iterator[str]:
    """Draw the transitions: from each status arrows with their counts, dotted where none was seen."""
    digits = max(len(f"{count:,}") for count in counts.values())
    wide = max(len(source) for source, _ in _TRANSITIONS)
    before = ""
    for source, target in _TRANSITIONS:
        count = counts[_arrow((source, target))]
        line = f"-- {count:>{digits},} ->" if count else f".. {0:>{digits}} .."
        yield f"  {source if source != before else '':<{wide}} +{line} {target}"
        before = source


def _wrapped(title: str, words: Sequence[str]) -> list[str]:
    """Return *words* in lines that fit a terminal; the first begins with *title*."""
    # A name of several words stays on one line.
    text = ", ".join(word.replace(" ", "\x1f") for word in words)
    lines = textwrap.wrap(
        f"{title}: {text}",
        COLUMNS,
        initial_indent="  ",
        subsequent_indent="      ",
        break_on_hyphens=False,
    )
    return [line.replace("\x1f", " ") for line in lines]


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for name in dict.fromkeys([*one, *other]):
        yield name, one.get(name, 0) + other.get(name, 0)


def _seen(track: Track) -> Iterator[tuple[str, str]]:
    """Yield what a client saw of one job, as group and name; a status and a transition once a job."""
    for fault, times in _strikes(track).items():
        for _ in range(times):
            yield "faults", fault
    statuses = [stretch.status for stretch in track.stretches]
    if not statuses:
        return
    names = [status.partition(" ")[0] for status in statuses]
    known = [name if name in _SHOWN else UNKNOWN for name in names]
    for name in dict.fromkeys(known):
        yield "statuses", name
    within = [name for name in known if name != UNKNOWN]
    transitions = [each for each in pairwise([BEGINNING, *within]) if each in _TRANSITIONS]
    for ends in dict.fromkeys(transitions):
        yield "transitions", _arrow(ends)
    if known[-1] not in FINAL:
        yield "endings", NO_END
    else:
        yield "endings", RAN_TOO_LONG if statuses[-1] == RAN_TOO_LONG else known[-1]


def _strikes(track: Track) -> Counter[str]:
    """Return how often each kind of fault struck requests about a job."""
    found: Counter[str] = Counter()
    for event in track.events:
        for fault in event.faults:
            found[fault.removeprefix("faults.").partition("(")[0]] += event.times
    return found
