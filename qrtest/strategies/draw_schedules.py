"""Schedules as hypothesis draws them: few switches first, and early ones."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.clock.schedule import Schedule

__all__ = ["schedules"]

FURTHEST: Final = 12
"""How many choices may pass between two switches."""

MOST_PLACES: Final = 3


def schedules(*, most: int = 6) -> SearchStrategy[Schedule]:
    """Draw which thread or task goes on where several can, with at most *most* switches.

    They shrink to no switch at all: then the one that has been ready longest goes on.

    >>> from hypothesis import find
    >>> find(schedules(), lambda schedule: len(schedule.switches) > 1)
    Schedule('1:1, 2:1')
    """
    steps = st.tuples(st.integers(1, FURTHEST), st.integers(1, MOST_PLACES))
    return st.lists(steps, max_size=most).map(_schedule)


def _schedule(steps: list[tuple[int, int]]) -> Schedule:
    numbers = accumulate(gap for gap, _ in steps)
    return Schedule(zip(numbers, (place for _, place in steps), strict=True))
