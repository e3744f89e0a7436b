"""The threads that take part in a clock, and what they wait by."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final, Literal, Protocol

from qrtest.clock.genuine import Lock
from qrtest.clock.places import Activity, Place, activity, place_of

__all__ = ["NANO", "Input", "Movable", "Observing", "Participant", "Turns", "Waiter"]

NANO: Final = 1_000_000_000
State = Literal["runs", "ready", "waits", "away", "outside"]


class Movable(Protocol):
    """The clock that a scheduler moves."""

    @property
    def nanoseconds(self) -> int:
        """The time."""

    @property
    def holds(self) -> int:
        """How many connections move the time themselves: while there is one, the scheduler does not."""

    def move_to(self, nanoseconds: int) -> None:
        """Move the time ahead."""

    def glance(self) -> None:
        """Note that code looked whether something has happened, without waiting for it."""

    def check_limit(self) -> None:
        """Raise when the time has passed its limit."""


class Input(Protocol):
    """What else than time can end a wait: the sockets and pipes of an event loop."""

    def is_ready(self) -> bool:
        """Return whether something has come in."""

    def holds_time(self) -> bool:
        """Return whether the time must not move yet because something may come in."""

    def is_open(self) -> bool:
        """Return whether anything can come in at all."""

    def report(self) -> list[str]:
        """Return what waits for it, a line each."""


class Observing(Protocol):
    """Looks after a scheduler in real time, once started."""

    def start(self) -> None:
        """Begin, unless begun."""

    def stop(self) -> None:
        """End."""


class Turns(Protocol):
    """What participants need of their scheduler."""

    @property
    def is_over(self) -> bool:
        """Whether all go on in real time."""

    def is_deciding(self) -> bool:
        """Return whether the running thread is in the middle of a decision."""

    @property
    def clock(self) -> Movable:
        """The clock."""

    def add(self, name: str) -> Participant:
        """Return a participant for a thread that is about to start."""

    def remove(self, participant: Participant) -> None:
        """Let go of a participant."""

    def taking_part(self, participant: Participant) -> AbstractContextManager[None]:
        """Run the block as *participant*, in its thread."""

    def notify_of_end(self, participant: Participant, waiter: Waiter) -> bool:
        """Wake *waiter* when *participant* has ended; return whether it still takes part."""

    def wait(self, waiter: Waiter, seconds: float | None, why: str, source: Input | None) -> bool:
        """Wait as `Participant.wait` does."""

    def wake(self, waiter: Waiter) -> None:
        """End the wait of *waiter*."""


class Waiter:
    """One wait of a participant. `release` ends it: `Condition.notify` calls that, as of a lock."""

    __slots__ = ("is_woken", "participant", "really")

    def __init__(self, participant: Participant) -> None:
        self.participant = participant
        self.is_woken = False
        self.really = Lock()
        self.really.acquire()

    def release(self) -> None:
        """End the wait, from any thread."""
        self.participant.scheduler.wake(self)


class Participant:
    """A thread that takes part in a clock.

    Its state: it "runs" (has the turn), is "ready" (for the turn), "waits" (for a moment, a waiter or
    input), is "away" (runs or blocks without the turn, and time stands still), or is "outside": a
    thread from before the simulation, which has no turn and for which time does not stand still.

    It `awaits_thread` that is about to begin or to end, which needs no turn for that. `quiet` is what it did
    when it had been blocked so long that time need not stand still for it; None otherwise.
    """

    __slots__ = (
        "awaits_thread",
        "deadline",
        "ends",
        "error",
        "gate",
        "ident",
        "input",
        "is_blocked",
        "is_visitor",
        "name",
        "native_id",
        "quiet",
        "scheduler",
        "state",
        "waiter",
        "why",
    )

    def __init__(self, scheduler: Turns, name: str, state: State) -> None:
        self.scheduler = scheduler
        self.name = name
        self.state = state
        self.ident: int | None = None
        self.native_id: int | None = None
        self.gate = Lock()
        self.gate.acquire()
        self.deadline: int | None = None
        self.waiter: Waiter | None = None
        self.input: Input | None = None
        self.why = ""
        self.error: BaseException | None = None
        self.ends: list[Waiter] = []
        self.is_blocked = False
        self.quiet: Activity | None = None
        self.awaits_thread = False
        self.is_visitor = state == "outside"

    def wait(
        self, waiter: Waiter, seconds: float | None, why: str, source: Input | None = None
    ) -> bool:
        """Wait for *waiter*, for *seconds* (None: without a time), or for input; return if it was woken."""
        return self.scheduler.wait(waiter, seconds, why, source)

    def can_wait(self) -> bool:
        """Return whether the thread can wait on the clock where it is."""
        if self.awaits_thread or self.state not in ("runs", "away"):
            return False
        return not self.scheduler.is_deciding() and not self.scheduler.is_over

    def is_quiet(self) -> bool:
        """Return whether the thread is blocked still where it was found to be quiet."""
        if self.quiet is not None and activity(self.ident, self.native_id) != self.quiet:
            self.quiet = None
        return self.quiet is not None

    def place(self) -> Place:
        """Return where the thread is, for reports."""
        return place_of(self.ident)
