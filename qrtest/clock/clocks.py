"""Time as a value that is passed in, and the names that a client sleeps by.

`VirtualClock` moves when somebody sleeps: sleeping is jumping. `WallClock` is real time.

A client does not ask our clock for the time, it calls `time.sleep`. While a clock is installed
(`install`), the functions in NAMES answer from it, in every thread, under every name that a module
imported them by (`from time import sleep`). Two kinds of code keep real time: the standard library,
because waiting for threads, sockets and processes is real, and test tools, because deadlines and
durations of tests are. This module is the only one that knows `time` and `threading`.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, NoReturn, Protocol

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.errors import ClockError, DurationError, NeverEnds
from qrtest.patching import PATCHING

__all__ = [
    "EPOCH",
    "Clock",
    "VirtualClock",
    "WallClock",
    "current",
    "install",
    "moved_by",
    "unix_time",
]

EPOCH: Final = 1_767_225_600.0
"""What `time.time()` says when a simulation begins: 2026-01-01T00:00:00Z."""

UPTIME_SECONDS: Final = 65_536.0
"""What `time.monotonic()` says when a simulation begins."""

LONGEST_DEFAULT: Final = "30d"
IDLE_READS: Final = 10_000
IDLE_READ_SECONDS: Final = 0.001
NANO: Final = 1_000_000_000


class Clock(Protocol):
    """What services and transports are given to know and spend time."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held by whoever needs a thing to happen at one moment."""

    def now(self) -> float:
        """Seconds since the clock was made."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""

    def spend(self, seconds: float) -> float:
        """Let *seconds* pass as far as nobody has to wait for it; the real seconds left to wait."""


class VirtualClock:
    """A clock that stands still until somebody sleeps, or moves it.

    *longest* is how far it may go before the code under test is taken to wait for ever: `on_limit`
    is then called with the reason, and raises. None lets it go on.

    >>> clock = VirtualClock()
    >>> clock.sleep(7200)
    >>> clock.advance("1m30s")
    >>> clock.now()
    7290.0
    """

    def __init__(
        self,
        *,
        longest: Duration | None = LONGEST_DEFAULT,
        on_limit: Callable[[str], NoReturn] | None = None,
    ) -> None:
        self.lock: Final = threading.RLock()
        self._nanoseconds = 0
        self._limit = None if longest is None else round(durations.seconds(longest) * NANO)
        self._on_limit = on_limit or _never_ends
        self._idle_reads = 0
        self._has_threads = False

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._nanoseconds / NANO

    def sleep(self, seconds: float) -> None:
        """Jump *seconds* ahead. Raises ValueError for a negative number, as `time.sleep` does."""
        nanoseconds = round(seconds * NANO)
        if nanoseconds < 0:
            raise ValueError("sleep length must be non-negative")
        with self.lock:
            self._nanoseconds += nanoseconds
            self._idle_reads = 0
        if self._limit is not None and self._nanoseconds > self._limit:
            self._on_limit(f"{durations.text(self._limit / NANO)} of virtual time have passed")
        if self._has_threads:
            _REAL["sleep"](0)

    def spend(self, seconds: float) -> float:
        """Jump *seconds* ahead; nobody has to wait for it."""
        self.sleep(seconds)
        return 0.0

    def advance(self, by: Duration) -> None:
        """Move the time forward by a length as `"1h"`.

        Raises `ClockError` for a negative length: time cannot go backwards.

        >>> clock = VirtualClock()
        >>> clock.advance("1h")
        >>> clock.now()
        3600.0
        """
        self.sleep(moved_by(by))

    def __repr__(self) -> str:
        return f"<VirtualClock at {durations.text(self.now())}>"

    def _read(self, base: float) -> float:
        self._idle_reads += 1
        if self._idle_reads > IDLE_READS:
            idle_reads = self._idle_reads
            self.sleep(IDLE_READ_SECONDS)
            self._idle_reads = idle_reads
        return base + self.now()

    def _read_nanoseconds(self, base: float) -> int:
        self._read(base)
        return int(base) * NANO + self._nanoseconds


class WallClock:
    """Real time, counted from when the clock was made.

    >>> WallClock().now() < 1
    True
    """

    def __init__(self) -> None:
        self.lock: Final = threading.RLock()
        self._start: float = _REAL["monotonic"]()

    def now(self) -> float:
        """Seconds since the clock was made."""
        elapsed: float = _REAL["monotonic"]() - self._start
        return elapsed

    def sleep(self, seconds: float) -> None:
        """Wait for *seconds*, really."""
        if seconds > 0:
            _REAL["sleep"](seconds)

    def spend(self, seconds: float) -> float:
        """*seconds*: only waiting lets them pass."""
        return seconds

    def advance(self, by: Duration) -> None:
        """Raises `ClockError`: real time cannot be moved."""
        raise ClockError(
            f"Real time cannot be moved by {by!r}: use clock='virtual', or wait for it to pass."
        )

    def __repr__(self) -> str:
        return f"<WallClock at {durations.text(round(self.now(), 3))}>"


def unix_time() -> float:
    """Seconds since 1970, really, whatever clock is installed."""
    seconds: float = _REAL["time"]()
    return seconds


def moved_by(by: Duration) -> float:
    """The seconds that a clock moves *by*. Raises `ClockError` for a negative length."""
    try:
        return durations.seconds(by)
    except DurationError as error:
        raise ClockError(f"Time cannot move by {by!r}: {error} It cannot go backwards.") from None


def _never_ends(why: str) -> NoReturn:
    raise NeverEnds(f"The code under test would have waited for ever: {why}.")


# --- the names a client sleeps by ------------------------------------------------------------------

NAMES: Final = (
    "sleep",
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
)
_REAL: Final[dict[str, Callable[..., Any]]] = {name: getattr(time, name) for name in NAMES}

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
    """The clock that the running thread follows; None while none is installed."""
    return _INSTALLED.clock_of_this_thread()


@contextmanager
def install(clock: Clock) -> Iterator[None]:
    """Let the functions in NAMES answer from *clock*, for as long as the block lasts.

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
    """The clocks that are installed, and the places where functions were replaced."""

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
        """The clock that the running thread follows."""
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
            if namespace.get(attribute) is _REAL[name]:
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
                namespace[attribute] = _REAL[name]
        here = vars(time)
        for name, ours in _VIRTUAL.items():
            if here[name] is ours:
                here[name] = self._before[name]

    def _find_places(self) -> None:
        """Find the modules, of those that were not here last time, that imported a name."""
        last = next(reversed(sys.modules))
        state = (len(sys.modules), last, id(sys.modules[last]))
        if state == self._state_seen:
            return
        self._state_seen = state
        by_identity = {id(function): name for name, function in _REAL.items()}
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
"""Modules of the standard library that sleep only because they were told to: `Thread(target=sleep)`."""


def _virtual_clock() -> VirtualClock | None:
    clock = _INSTALLED.only or _INSTALLED.clock_of_this_thread()
    return clock if isinstance(clock, VirtualClock) else None


def _sleep(seconds: float, /) -> None:
    caller = sys._getframe(1).f_globals.get("__name__", "")
    keeps_real_time = _keeps_real_time(caller) and caller not in STARTERS
    clock = None if keeps_real_time else _virtual_clock()
    if clock is None:
        _REAL["sleep"](seconds)
    else:
        clock.sleep(seconds)


def _reader(name: str, base: float) -> Callable[[], Any]:
    real = _REAL[name]
    read = VirtualClock._read_nanoseconds if name.endswith("_ns") else VirtualClock._read

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
            clock._has_threads = True
    _real_start_thread(thread)
