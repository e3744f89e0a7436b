"""The orders of threads and tasks that `check_consumer(..., schedules=True)` tries.

First each schedule with one switch, as far as the examples go: most races need no more, and then the
failure has the fewest switches from the start. hypothesis searches among those with more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.clock.schedule import Schedule

__all__ = ["drawn_schedules", "with_one_switch"]

MOST_SWITCHES: Final = 4
LEAST_CHOICES: Final = 12


def with_one_switch(sizes: Sequence[int], most: int) -> Iterator[Schedule]:
    """Yield at most *most* schedules for a run in which *sizes* could go on, choice by choice.

    Where there are more, those that are evenly far from each other.

    >>> [str(each) for each in with_one_switch([2, 3], 9)]
    ['1:1', '2:1', '2:2']
    >>> [str(each) for each in with_one_switch([2] * 100, 3)]
    ['1:1', '34:1', '67:1']
    """
    places = range(1, max(sizes, default=1))
    switches = list(
        chain.from_iterable(
            [(number, place) for number, size in enumerate(sizes, 1) if place < size]
            for place in places
        )
    )
    count = min(most, len(switches))
    for number in range(count):
        yield Schedule([switches[number * len(switches) // count]])


def drawn_schedules(choices: int, places: int) -> SearchStrategy[Schedule]:
    """Draw schedules for runs of about so many *choices*, among at most *places* threads or tasks.

    >>> from hypothesis import find
    >>> find(drawn_schedules(50, 2), lambda schedule: len(schedule.switches) > 1)
    Schedule('1:1, 2:1')
    """
    switch = st.tuples(st.integers(1, max(choices, LEAST_CHOICES)), st.integers(1, max(places, 1)))
    switches = st.lists(switch, max_size=MOST_SWITCHES, unique_by=lambda pair: pair[0])
    return switches.map(lambda pairs: Schedule(sorted(pairs)))
