"""Lets freezegun and time-machine keep the dates that they set, and their dates go on while code waits.

A date that is set to go on (`freeze_time(..., tick=True)`, `time_machine.travel(...)`) does so by real
time. Within a simulation nothing waits really: what has passed on the clock is added.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from qrtest.clock.genuine import REAL
from qrtest.clock.installed import virtual_clock
from qrtest.clock.moment import UPTIME_SECONDS
from qrtest.patching import Patch

__all__ = ["FREEZER", "is_frozen", "is_travelling", "monotonic_of_loops", "patches", "prepare"]

FREEZER: Final = "freezegun.api"
_TRAVELLER: Final = "_time_machine"
_OF_DATES: Final = frozenset({"time", "time_ns", "localtime", "gmtime", "strftime"})


def prepare() -> None:
    """Import time-machine's C code if it is there, before anything is replaced.

    It takes hold of the genuine functions when it is imported, as C functions, and would end the process
    if it found others.
    """
    if _TRAVELLER not in sys.modules and _is_unknown():
        importlib.import_module(_TRAVELLER)


def is_travelling() -> bool:
    """Return whether time-machine is active: then dates are its business."""
    return "time_machine" in sys.modules and bool(sys.modules["time_machine"].traveller_stack)


def is_frozen(name: str) -> bool:
    """Return whether freezegun has replaced the function *name* of `time`, one that gives dates."""
    return name in _OF_DATES and getattr(vars(time)[name], "__module__", "") == FREEZER


def patches() -> Iterator[Patch]:
    """Return what to replace in the tools that are in use."""
    if FREEZER in sys.modules:
        yield sys.modules[FREEZER], "real_monotonic", monotonic_of_loops
    if _TRAVELLER in sys.modules:
        traveller = sys.modules[_TRAVELLER]
        _ORIGINAL.setdefault("time_ns", traveller.original_time_ns)
        yield traveller, "original_time_ns", _time_that_passed


def monotonic_of_loops() -> float:
    """Return the time of an event loop, which `freeze_time(real_asyncio=True)` lets go on."""
    clock = virtual_clock()
    now: float = REAL["monotonic"]() if clock is None else clock.read(UPTIME_SECONDS)
    return now


_ORIGINAL: Final[dict[str, Callable[[], int]]] = {}
"""time-machine's own way to real time: the genuine function gives the date that it has set."""


def _time_that_passed() -> int:
    clock = virtual_clock()
    return _ORIGINAL["time_ns"]() + (0 if clock is None else clock.nanoseconds)


def _is_unknown() -> bool:
    if not _HAS_LOOKED:
        _HAS_LOOKED.append(True)
        return importlib.util.find_spec(_TRAVELLER) is not None
    return False


_HAS_LOOKED: Final[list[bool]] = []
