"""Time for a server: real, or so many times as fast, and moved ahead when somebody says so."""

from __future__ import annotations

from typing import Final

from qrtest.clock import duration as durations
from qrtest.clock.clocks import VirtualClock, WallClock, moved_by
from qrtest.clock.duration import Duration
from qrtest.errors import ClockError

__all__ = ["AcceleratedClock", "clock_named"]


class AcceleratedClock:
    """Real time, *speed* times as fast, that can also be moved ahead.

    >>> clock = AcceleratedClock(60)
    >>> clock.advance("1h")
    >>> clock.now() >= 3600
    True
    """

    def __init__(self, speed: float) -> None:
        if not 0 < speed < float("inf"):
            raise ClockError(f"Time cannot go {speed!r} times as fast: give a number above 0.")
        self._wall = WallClock()
        self.lock: Final = self._wall.lock
        self.speed: Final = speed
        self._moved = 0.0

    def now(self) -> float:
        """Seconds since the clock was made, on this clock."""
        return self._wall.now() * self.speed + self._moved

    def sleep(self, seconds: float) -> None:
        """Wait until *seconds* have passed on this clock."""
        self._wall.sleep(seconds / self.speed)

    def spend(self, seconds: float) -> float:
        """The real seconds until *seconds* have passed on this clock: only waiting lets them pass."""
        return seconds / self.speed

    def advance(self, by: Duration) -> None:
        """Move the time ahead by a length as `"1h"`. Raises `ClockError` for a negative one."""
        with self.lock:
            self._moved += moved_by(by)

    def __repr__(self) -> str:
        return f"<AcceleratedClock, {self.speed:g}x, at {durations.text(round(self.now(), 3))}>"


def clock_named(text: str) -> VirtualClock | AcceleratedClock:
    """The clock that a server goes by: "virtual", "real", or so many times as fast, as "60x".

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
            f"There is no clock {text!r}: there are 'virtual', 'real', and 'so many x', as '60x'."
        ) from None
