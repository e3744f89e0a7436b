"""Schedules: which thread or task goes on where several can."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from qrtest.code_repr import AsCode
from qrtest.errors import ClockError

__all__ = ["Chooser", "Schedule"]

_SWITCH: Final = re.compile(r"\s*(\d{1,9})\s*:\s*(\d{1,9})\s*,?")


@dataclass(frozen=True, init=False, repr=False)
class Schedule(AsCode):
    """Which of several threads or tasks that can go on does, choice by choice.

    Each time that several can, that is a choice; they are counted from 1. At a wait the one that has been
    ready longest goes on, at a line the one that is there, but for the *switches*: `"3:1"` lets the one go
    on at the third choice that is 1 place further back.

    Raises `ClockError` for anything else.

    >>> Schedule("3:1, 7:2")
    Schedule('3:1, 7:2')
    >>> Schedule("3:1").switches
    ((3, 1),)
    """

    switches: tuple[tuple[int, int], ...]

    def __init__(self, switches: str | Iterable[tuple[int, int]] = ()) -> None:
        pairs = _read(switches) if isinstance(switches, str) else tuple(switches)
        numbers = [number for number, _ in pairs]
        if numbers != sorted(set(numbers)) or any(min(pair) < 1 for pair in pairs):
            raise ClockError(
                f"{switches!r} is no schedule: choices are counted from 1, each is named once and in order, "
                "as in '3:1, 7:2'."
            )
        object.__setattr__(self, "switches", pairs)

    def __str__(self) -> str:
        return ", ".join(f"{number}:{place}" for number, place in self.switches)

    def __repr__(self) -> str:
        return f"Schedule({str(self)!r})" if self.switches else "Schedule()"


def _read(text: str) -> tuple[tuple[int, int], ...]:
    found = _SWITCH.findall(text)
    if _SWITCH.sub("", text).strip():
        raise ClockError(
            f"{text!r} is no schedule: write the choice and the place, as in '3:1, 7:2'."
        )
    return tuple((int(number), int(place)) for number, place in found)


class Chooser:
    """Makes the choices of one simulation.

    `made` says, a line each, which switches there were; `sizes` how many could go on, choice by choice.
    """

    def __init__(self, schedule: Schedule, now: Callable[[], str]) -> None:
        self.made: Final[list[str]] = []
        self.sizes: Final[list[int]] = []
        self._switches = dict(schedule.switches)
        self._now = now

    def __call__(self, names: list[str], line: str = "") -> int:
        """Return the number of the one of *names* that goes on, counted from 0.

        *line*: where the first of them is, if it has the turn and does not wait.
        """
        self.sizes.append(len(names))
        place = min(self._switches.get(len(self.sizes), 0), len(names) - 1)
        if place:
            before = ", ".join(names[:place])
            where = f", which is at {line}" if line and place == 1 else line and f" ({line})"
            self.made.append(f"{self._now()}  {names[place]} goes on before {before}{where}")
        return place
