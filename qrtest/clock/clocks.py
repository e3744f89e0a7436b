"""Clocks: time as a value that services and transports are given.

`VirtualClock` moves when code sleeps or when it is moved, `WallClock` is real time, `AcceleratedClock` is
real time at another speed. `qrtest.clock.patch_time` makes `time.sleep` and its like follow a clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, NoReturn, Protocol

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.errors import ClockError, DurationError, NeverEnds

__all__ = [
    "EPOCH",
    "LONGEST_DEFAULT",
    "REAL",
    "AcceleratedClock",
    "Clock",
    "VirtualClock",
    "WallClock",
    "clock_named",
    "unix_time",
]

REAL: Final[dict[str, Callable[..., Any]]] = {
    name: getattr(time, name)
    for name in (
        "sleep",
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
    )
}
"""The genuine functions of `time`, by name: in a dict, where `patch_time` does not replace them."""

EPOCH: Final = 1_767_225_600.0
"""Unix time at which a simulation begins: 2026-01-01T00:00:00Z."""

LONGEST_DEFAULT: Final = "30d"
IDLE_READS: Final = 10_000
IDLE_READ_SECONDS: Final = 0.001
NANO: Final = 1_000_000_000


class Clock(Protocol):
    """The time that services and transports are given."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held while something must happen at one moment of this clock."""

    def now(self) -> float:
        """Return the seconds since the clock was made."""

    def sleep(self, seconds: float) -> None:
        """Wait until *seconds* have passed on this clock."""

    def spend(self, seconds: float) -> float:
        """Let *seconds* pass as far as no real waiting is needed; return the real seconds left to wait."""


class VirtualClock:
    """A clock that stands still until code sleeps on it or moves it.

    Past *longest*, the code under test counts as waiting for ever: *on_limit* is called with the reason
    and raises. None sets no limit.

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
        self.has_threads = False

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return self._nanoseconds / NANO

    def sleep(self, seconds: float) -> None:
        """Move *seconds* ahead. Raises ValueError for a negative number, as `time.sleep` does."""
        nanoseconds = round(seconds * NANO)
        if nanoseconds < 0:
            raise ValueError("sleep length must be non-negative")
        with self.lock:
            self._nanoseconds += nanoseconds
            self._idle_reads = 0
        if self._limit is not None and self._nanoseconds > self._limit:
            self._on_limit(f"{durations.text(self._limit / NANO)} of virtual time have passed")
        if self.has_threads:
            REAL["sleep"](0)

    def spend(self, seconds: float) -> float:
        """Move *seconds* ahead, and return 0: no real waiting is left."""
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
        self.sleep(_length(by))

    def __repr__(self) -> str:
        return f"<VirtualClock at {durations.text(self.now())}>"

    def read(self, base: float) -> float:
        """Return *base* plus the time. Reading it again and again, and nothing else, moves it."""
        self._idle_reads += 1
        if self._idle_reads > IDLE_READS:
            idle_reads = self._idle_reads
            self.sleep(IDLE_READ_SECONDS)
            self._idle_reads = idle_reads
        return base + self.now()

    def read_nanoseconds(self, base: float) -> int:
        """Return what `read` does, in nanoseconds."""
        self.read(base)
        return int(base) * NANO + self._nanoseconds


class WallClock:
    """Real time, counted from when the clock was made.

    >>> WallClock().now() < 1
    True
    """

    def __init__(self) -> None:
        self.lock: Final = threading.RLock()
        self._start: float = REAL["monotonic"]()

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        elapsed: float = REAL["monotonic"]() - self._start
        return elapsed

    def sleep(self, seconds: float) -> None:
        """Wait for *seconds* of real time."""
        if seconds > 0:
            REAL["sleep"](seconds)

    def spend(self, seconds: float) -> float:
        """Return *seconds*: real time passes only by waiting."""
        return seconds

    def advance(self, by: Duration) -> None:
        """Raise `ClockError`: real time cannot be moved."""
        raise ClockError(
            f"Real time cannot be moved by {by!r}: use clock='virtual', or wait for it to pass."
        )

    def __repr__(self) -> str:
        return f"<WallClock at {durations.text(round(self.now(), 3))}>"


class AcceleratedClock:
    """Real time, *speed* times as fast, that can also be moved ahead: the clock of `qrtest serve`.

    >>> clock = AcceleratedClock(60)
    >>> clock.advance("1h")
    >>> clock.now() >= 3600
    True
    """

    def __init__(self, speed: float) -> None:
        if not 0 < speed < float("inf"):
            raise ClockError(f"Time cannot pass {speed!r} times as fast: give a number above 0.")
        self._wall = WallClock()
        self.lock: Final = self._wall.lock
        self.speed: Final = speed
        self._moved = 0.0

    def now(self) -> float:
        """Return the seconds since the clock was made, on this clock."""
        return self._wall.now() * self.speed + self._moved

    def sleep(self, seconds: float) -> None:
        """Wait until *seconds* have passed on this clock."""
        self._wall.sleep(seconds / self.speed)

    def spend(self, seconds: float) -> float:
        """Return the real seconds until *seconds* have passed on this clock."""
        return seconds / self.speed

    def advance(self, by: Duration) -> None:
        """Move the time ahead by a length as `"1h"`. Raises `ClockError` for a negative one."""
        with self.lock:
            self._moved += _length(by)

    def __repr__(self) -> str:
        return f"<AcceleratedClock, {self.speed:g}x, at {durations.text(round(self.now(), 3))}>"


def clock_named(text: str) -> VirtualClock | AcceleratedClock:
    """Return the clock of a server: "virtual", "real", or a multiple of real time, as "60x".

    Raises `ClockError` for anything else.

    >>> clock_named("60x").speed
    60.0
    """
    if text == "virtual":
        return VirtualClock(longest=None)
    number = "1" if text == "real" else text.removesuffix("x")
    try:
        return AcceleratedClock(float(number))
    except ValueError:
        raise ClockError(
            f"There is no clock {text!r}: there are 'virtual', 'real', and multiples of real time, as '60x'."
        ) from None


def unix_time() -> float:
    """Return the real seconds since 1970, whatever clock is installed."""
    seconds: float = REAL["time"]()
    return seconds


def _length(by: Duration) -> float:
    """Return the length *by* in seconds. Raises `ClockError` for a negative one."""
    try:
        return durations.seconds(by)
    except DurationError as error:
        raise ClockError(f"Time cannot move by {by!r}: {error} It cannot go backwards.") from None


def _never_ends(why: str) -> NoReturn:
    raise NeverEnds(f"The code under test would have waited for ever: {why}.")
