"""Clocks: time as a value that services and transports are given.

`VirtualClock` moves when code sleeps or when it is moved, `WallClock` is real time, `AcceleratedClock` is
real time at another speed. `qrtest.clock.patch_time` makes `time.sleep` and its like follow a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random
from typing import Any, Final, NoReturn, Protocol

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.clock.genuine import REAL, get_ident
from qrtest.clock.moment import EPOCH
from qrtest.clock.observer import Observer
from qrtest.clock.participants import Participant
from qrtest.clock.schedule import Chooser, Schedule
from qrtest.clock.scheduler import Scheduler
from qrtest.errors import ClockError, DurationError, NeverEnds
from qrtest.patching import OwnRLock

__all__ = [
    "LONGEST_DEFAULT",
    "WATCHDOG_DEFAULT",
    "AcceleratedClock",
    "Clock",
    "VirtualClock",
    "WallClock",
    "clock_named",
    "held",
]

LONGEST_DEFAULT: Final = "30d"
WATCHDOG_DEFAULT: Final = "60s"
IDLE_READS: Final = 10_000
IDLE_READ_SECONDS: Final = 0.001
READS_OF_A_GLANCE: Final = 100
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
    """A clock that stands still until code waits on it or moves it.

    While it is installed (`qrtest.clock.patch_time.install`), it moves when all threads that take part in
    it wait, and then to the earliest moment that one of them waits for.

    Past *longest*, the code under test counts as waiting for ever: *on_limit* is called with the reason
    and raises. None sets no limit. *epoch* is the Unix time at which it begins. *schedule* decides which
    thread goes on when several can; *seed* does where it is None. *watchdog*: after how much real time
    without progress the threads are stopped, with a report of where each hangs; None: never.

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
        epoch: float = EPOCH,
        seed: int = 0,
        schedule: Schedule | None = None,
        watchdog: Duration | None = WATCHDOG_DEFAULT,
    ) -> None:
        self.lock: Final = OwnRLock()
        self.epoch: Final = epoch
        self.nanoseconds = 0
        self._limit = None if longest is None else round(durations.seconds(longest) * NANO)
        self._on_limit = on_limit or _never_ends
        self._idle_reads = 0
        self._seed = seed
        self.chooser: Final = None if schedule is None else Chooser(schedule, self._text)
        self._hang_seconds = None if watchdog is None else durations.seconds(watchdog)
        self.holds = 0
        self.owner: int | None = None
        self._scheduler: Scheduler | None = None

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return self.nanoseconds / NANO

    def sleep(self, seconds: float) -> None:
        """Wait *seconds*: of the only thread that takes part, that moves the clock.

        Raises ValueError for a negative number, as `time.sleep` does.
        """
        nanoseconds = round(seconds * NANO)
        if nanoseconds < 0:
            raise ValueError("sleep length must be non-negative")
        if self._scheduler is None and self.owner == get_ident():
            # The only thread that takes part: nobody else moves the time while it runs, so no lock.
            self.nanoseconds += nanoseconds
            self._idle_reads = 0
            if self._limit is not None and self.nanoseconds > self._limit:
                self.check_limit()
        elif self.owner is None:
            self.spend(seconds)
        else:
            self.scheduler.sleep(seconds)

    def spend(self, seconds: float) -> float:
        """Move *seconds* ahead, and return 0: no real waiting is left."""
        with self.lock:
            self.move_to(self.nanoseconds + round(seconds * NANO))
            if self._scheduler is not None:
                self._scheduler.advanced()
        self.check_limit()
        return 0.0

    def advance(self, by: Duration) -> None:
        """Move the time forward by a length as `"1h"`.

        Raises `ClockError` for a negative length: time cannot go backwards.

        >>> clock = VirtualClock()
        >>> clock.advance("1h")
        >>> clock.now()
        3600.0
        """
        self.spend(_length(by))

    def move_on(self, seconds: float) -> None:
        """Move ahead by *seconds*, or to the moment that a thread waits for if that is sooner."""
        soonest = None if self._scheduler is None else self._scheduler.soonest()
        step = seconds if soonest is None else min(seconds, soonest / NANO - self.now())
        if step != float("inf"):
            self.spend(max(step, 0.0))

    def move_to(self, nanoseconds: int) -> None:
        """Move the time ahead to so many nanoseconds since the clock was made."""
        if nanoseconds > self.nanoseconds:
            self._idle_reads = 0
        self.nanoseconds = nanoseconds

    def check_limit(self) -> None:
        """Call *on_limit* when the time is past *longest*."""
        if self._limit is not None and self.nanoseconds > self._limit:
            self._on_limit(f"{durations.text(self._limit / NANO)} of virtual time have passed")

    # --- while it is installed ---

    @property
    def scheduler(self) -> Scheduler:
        """What decides who runs; made when a thread first waits for another, or for several things."""
        with self.lock:
            if self._scheduler is None:
                owner = get_ident() if self.owner is None else self.owner
                self._scheduler = Scheduler(
                    self,
                    owner,
                    choose=self.chooser or self._by_seed(),
                    observe=lambda scheduler: Observer(scheduler, self._hang_seconds),
                )
            return self._scheduler

    def seat(self) -> Participant | None:
        """Return the participant that the running thread is; None when it takes no part."""
        if self._scheduler is None:
            return self.scheduler.owner if self.owner == get_ident() else None
        return self._scheduler.seat()

    def is_followed(self) -> bool:
        """Return whether the running thread takes part, or has waited on this clock before."""
        return self.owner == get_ident() or (
            self._scheduler is not None and self._scheduler.seat() is not None
        )

    @property
    def is_shared(self) -> bool:
        """Whether there are, or were, threads beside the one that entered."""
        return self._scheduler is not None

    def has(self, scheduler: object) -> bool:
        """Return whether *scheduler* is the one of this clock."""
        return self._scheduler is scheduler

    def open(self) -> None:
        """Let the running thread take part."""
        self.owner = get_ident()

    def _text(self) -> str:
        return durations.text(self.now())

    def after_fork(self) -> None:
        """Go on in a child process, whose only thread is the running one."""
        self._scheduler = None
        if self.owner is not None:
            self.owner = get_ident()

    def settle(self) -> None:
        """Let the threads go on that can at this moment."""
        if self._scheduler is not None:
            self._scheduler.settle()

    def close(self) -> list[str]:
        """Let all threads go on in real time; return where those are that still run."""
        scheduler, self._scheduler, self.owner = self._scheduler, None, None
        if scheduler is None:
            return []
        left = scheduler.left_running()
        scheduler.close()
        return left

    def _by_seed(self) -> Callable[[list[str]], int]:
        numbers = Random(self._seed)
        return lambda names: numbers.randrange(len(names))

    def __repr__(self) -> str:
        return f"<VirtualClock at {durations.text(self.now())}>"

    def glance(self) -> None:
        """Note that code looked whether something has happened, without waiting for it: as many reads."""
        self._idle_reads += READS_OF_A_GLANCE
        if self._idle_reads > IDLE_READS:
            self._pass_if_idle()

    def read(self, base: float) -> float:
        """Return *base* plus the time. Reading it again and again, and nothing else, moves it."""
        self._idle_reads += 1
        if self._idle_reads > IDLE_READS:
            self._pass_if_idle()
        return base + self.nanoseconds / NANO

    def _pass_if_idle(self) -> None:
        idle_reads = self._idle_reads
        self.sleep(IDLE_READ_SECONDS)
        self._idle_reads = idle_reads

    def read_nanoseconds(self, base: float) -> int:
        """Return what `read` does, in nanoseconds."""
        self.read(base)
        return int(base) * NANO + self.nanoseconds


class WallClock:
    """Real time, counted from when the clock was made.

    >>> WallClock().now() < 1
    True
    """

    def __init__(self) -> None:
        self.lock: Final = OwnRLock()
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


@contextmanager
def held(clock: Clock) -> Iterator[None]:
    """Keep a virtual *clock* within the block from moving to what threads wait for: real work is under way.

    It still moves by `move_on`, `spend` and `advance`.
    """
    if isinstance(clock, VirtualClock):
        clock.holds += 1
    try:
        yield
    finally:
        if isinstance(clock, VirtualClock):
            clock.holds -= 1


def _length(by: Duration) -> float:
    """Return the length *by* in seconds. Raises `ClockError` for a negative one."""
    try:
        return durations.seconds(by)
    except DurationError as error:
        raise ClockError(f"Time cannot move by {by!r}: {error} It cannot go backwards.") from None


def _never_ends(why: str) -> NoReturn:
    raise NeverEnds(f"The code under test would have waited for ever: {why}.")
