"""Makes `time.sleep`, `time.time` and their like answer from a clock while it is installed.

A client does not ask our clock for the time, it calls `time.sleep`. While a clock is installed
(`install`), the functions in NAMES answer from it, in every thread, under every name that a module
imported them by (`from time import sleep`). Two kinds of code keep real time: the standard library,
because waiting for sockets and processes is real, and test tools, because deadlines and durations of
tests are.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from qrtest.clock.clocks import EPOCH, REAL, Clock, VirtualClock
from qrtest.patching import PATCHING

__all__ = ["NAMES", "current", "install"]

UPTIME_SECONDS: Final = 65_536.0
"""What `time.monotonic()` returns when a simulation begins."""

NAMES: Final = tuple(REAL)
TEST_TOOLS: Final = frozenset(
    {
        "_hypothesis_pytestplugin",
        "_pytest",
        "coverage",
        "execnet",
        "freezegun",
        "hypothesis",
        "pluggy",
        "py",
        "pytest",
        "time_machine",
        "xdist",
    }
)


def current() -> Clock | None:
    """Return the clock that the running thread follows; None while none is installed."""
    return _INSTALLED.clock_of_this_thread()


@contextmanager
def install(clock: Clock) -> Iterator[None]:
    """Make the functions in NAMES answer from *clock* within the block.

    May be nested, and used in several threads at once: a thread follows the clock that it installed
    last, else the one of the thread that started it, else the one installed last of all.

    >>> clock = VirtualClock()
    >>> with install(clock):
    ...     time.sleep(3600)
    >>> clock.now()
    3600.0
    """
    _INSTALLED.enter(clock)
    try:
        yield
    finally:
        _INSTALLED.leave(clock)


class _Installed:
    """The installed clocks, and the places where functions were replaced."""

    def __init__(self) -> None:
        self._clocks: list[tuple[int, Clock]] = []
        self.only: Clock | None = None
        self._replaced: list[tuple[dict[str, Any], str, str]] = []
        self._before: dict[str, Any] = {}
        self._modules_seen: dict[str, int] = {}
        self._state_seen: tuple[int, str, int] | None = None
        self._places: list[tuple[dict[str, Any], str, str]] = []

    def enter(self, clock: Clock) -> None:
        with PATCHING:
            if not self._clocks:
                self._replace()
            self._clocks.append((threading.get_ident(), clock))
            self._count()

    def leave(self, clock: Clock) -> None:
        with PATCHING:
            for position in reversed(range(len(self._clocks))):
                if self._clocks[position][1] is clock:
                    del self._clocks[position]
                    break
            self._count()
            if not self._clocks:
                self._restore()

    def clock_of_this_thread(self) -> Clock | None:
        """Return the clock that the running thread follows."""
        if self.only is not None:
            return self.only
        clocks = self._clocks.copy()
        this_thread = threading.get_ident()
        for thread, clock in reversed(clocks):
            if thread == this_thread:
                return clock
        inherited = vars(threading.current_thread()).get(_INHERITED)
        for _, clock in reversed(clocks):
            if inherited is None or clock is inherited:
                return clock
        return clocks[-1][1] if clocks else None

    def _count(self) -> None:
        distinct = {id(clock) for _, clock in self._clocks}
        self.only = self._clocks[-1][1] if len(distinct) == 1 else None

    def _replace(self) -> None:
        self._find_places()
        for namespace, attribute, name in self._places:
            if namespace.get(attribute) is REAL[name]:
                namespace[attribute] = _VIRTUAL[name]
                self._replaced.append((namespace, attribute, name))
        here = vars(time)
        self._before = {name: here[name] for name in NAMES}
        here.update(_VIRTUAL)
        threading.Thread.start = _start_thread  # type: ignore[method-assign, assignment]

    def _restore(self) -> None:
        threading.Thread.start = _real_start_thread  # type: ignore[method-assign]
        while self._replaced:
            namespace, attribute, name = self._replaced.pop()
            if namespace.get(attribute) is _VIRTUAL[name]:
                namespace[attribute] = REAL[name]
        here = vars(time)
        for name, ours in _VIRTUAL.items():
            if here[name] is ours:
                here[name] = self._before[name]

    def _find_places(self) -> None:
        """Find the modules imported since the last call that hold a function of NAMES."""
        last = next(reversed(sys.modules))
        state = (len(sys.modules), last, id(sys.modules[last]))
        if state == self._state_seen:
            return
        self._state_seen = state
        by_identity = {id(function): name for name, function in REAL.items()}
        for module_name, module in list(sys.modules.items()):
            if self._modules_seen.get(module_name) == id(module):
                continue
            self._modules_seen[module_name] = id(module)
            namespace = getattr(module, "__dict__", None)
            if namespace is None or module is time or _keeps_real_time(module_name):
                continue
            for attribute, value in list(namespace.items()):
                name = by_identity.get(id(value))
                if name is not None:
                    self._places.append((namespace, attribute, name))
        for module_name in self._modules_seen.keys() - sys.modules.keys():
            del self._modules_seen[module_name]


_INHERITED: Final = "_qrtest_clock"
_INSTALLED: Final = _Installed()


@functools.cache
def _keeps_real_time(module_name: str) -> bool:
    root = module_name.partition(".")[0]
    return root in sys.stdlib_module_names or root in TEST_TOOLS or root.startswith("pytest_")


STARTERS: Final = frozenset({"threading", "concurrent.futures.thread"})
"""Modules of the standard library that sleep on behalf of their caller: `Thread(target=sleep)`."""


def _virtual_clock() -> VirtualClock | None:
    clock = _INSTALLED.only or _INSTALLED.clock_of_this_thread()
    return clock if isinstance(clock, VirtualClock) else None


def _sleep(seconds: float, /) -> None:
    caller = sys._getframe(1).f_globals.get("__name__", "")
    keeps_real_time = _keeps_real_time(caller) and caller not in STARTERS
    clock = None if keeps_real_time else _virtual_clock()
    if clock is None:
        REAL["sleep"](seconds)
    else:
        clock.sleep(seconds)


def _reader(name: str, base: float) -> Callable[[], Any]:
    real = REAL[name]
    read = VirtualClock.read_nanoseconds if name.endswith("_ns") else VirtualClock.read

    @functools.wraps(real)
    def virtual() -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        clock = None if _keeps_real_time(caller) else _virtual_clock()
        return real() if clock is None else read(clock, base)

    return virtual


_VIRTUAL: Final[dict[str, Callable[..., Any]]] = {
    "sleep": _sleep,
    "time": _reader("time", EPOCH),
    "time_ns": _reader("time_ns", EPOCH),
    **{name: _reader(name, UPTIME_SECONDS) for name in NAMES[3:]},
}

_real_start_thread = threading.Thread.start


def _start_thread(thread: threading.Thread) -> None:
    clock = _INSTALLED.clock_of_this_thread()
    if clock is not None:
        vars(thread)[_INHERITED] = clock
        if isinstance(clock, VirtualClock):
            clock.has_threads = True
    _real_start_thread(thread)
