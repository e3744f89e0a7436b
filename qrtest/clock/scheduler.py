"""Who takes part in a virtual clock, who runs, and when time moves.

The thread that entered a simulation takes part, and so does every thread that it starts. One of them
runs at a time: it has the turn, and keeps it until it waits. Then the turn goes to one that is ready, and
the seed of the simulation decides to which. When none is ready, time moves to the earliest moment that
one waits for. So the order of events depends on the program and the seed, not on the machine.

A thread that waits in a way that is not replaced (a socket, a subprocess, a lock made before the
simulation) keeps the turn without using it: `qrtest.clock.observer` notices, and passes the turn on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from qrtest.clock.genuine import acquire, get_ident, get_native_id
from qrtest.clock.participants import NANO, Input, Movable, Observing, Participant, Waiter
from qrtest.clock.places import name_of
from qrtest.errors import Deadlock, NeverEnds, Stop
from qrtest.patching import OwnRLock

__all__ = ["Scheduler"]

_DOING: Final = {
    "runs": "computes or is blocked",
    "away": "computes or is blocked",
    "ready": "could go on",
}
"""What a thread does that waits for nothing on the clock, by its state, for reports."""


class Scheduler:
    """The participants of one clock. *choose* picks one of so many that are ready, by its number.

    Raises `Deadlock` in the thread *owner*, which entered the simulation, when all wait without a time.
    """

    def __init__(
        self,
        clock: Movable,
        owner: int,
        *,
        choose: Callable[[list[str]], int],
        observe: Callable[[Scheduler], Observing],
    ) -> None:
        self.clock: Final = clock
        self.mutex: Final = OwnRLock()
        self._late: list[Waiter] = []
        self.is_over = False
        self.turns = 0
        self._has_failed = False
        self.participants: list[Participant] = []
        self.holder: Participant | None = None
        self._choose = choose
        self._ready: list[Participant] = []
        self._by_ident: dict[int, Participant] = {}
        self._observer = observe(self)
        self.owner: Final = Participant(self, "MainThread", "runs")
        self.owner.ident = owner
        self.owner.name, self.owner.native_id = name_of(owner)
        self._by_ident[owner] = self.holder = self.owner
        self.participants.append(self.owner)

    # --- taking part ---

    def seat(self) -> Participant | None:
        """Return the participant that the running thread is."""
        return self._by_ident.get(get_ident())

    def visitor(self) -> Participant:
        """Return the running thread, which was there before the simulation, as one that is outside."""
        with self.mutex:
            visitor = Participant(self, "", "outside")
            visitor.ident = get_ident()
            visitor.name, visitor.native_id = name_of(visitor.ident)
            self._by_ident[visitor.ident] = visitor
            self.participants.append(visitor)
        return visitor

    def add(self, name: str) -> Participant:
        """Return a participant for a thread that is about to start."""
        with self.mutex:
            participant = Participant(self, name, "ready")
            self.participants.append(participant)
            self._ready.append(participant)
            self._observer.start()
        return participant

    def is_deciding(self) -> bool:
        """Return whether the running thread is in the middle of a decision, as in a finalizer."""
        return bool(self.mutex._is_owned())  # type: ignore[attr-defined]

    def remove(self, participant: Participant) -> None:
        """Let go of a participant whose thread has ended, or did not start."""
        with self.mutex:
            if participant not in self.participants:
                return
            self.participants.remove(participant)
            if participant in self._ready:
                self._ready.remove(participant)
            if participant.ident is not None:
                self._by_ident.pop(participant.ident, None)
            if self.holder is participant:
                self.holder = None
            for waiter in participant.ends:
                self._wake(waiter)
            self.dispatch()

    @contextmanager
    def taking_part(self, participant: Participant) -> Iterator[None]:
        """Run the block as *participant*, in its thread."""
        with self.mutex:
            participant.ident, participant.native_id = get_ident(), get_native_id()
            self._by_ident[participant.ident] = participant
        try:
            self._park(participant)
            yield
        finally:
            self.remove(participant)

    def notify_of_end(self, participant: Participant, waiter: Waiter) -> bool:
        """Wake *waiter* when *participant* has ended; return whether it still takes part."""
        with self.mutex:
            if participant not in self.participants:
                return False
            participant.ends.append(waiter)
            return True

    # --- waiting ---

    def sleep(self, seconds: float) -> None:
        """Wait *seconds* in the running thread, whether or not it takes part yet."""
        me = self.seat() or self.visitor()
        if not seconds:
            self.clock.glance()
        if len(self.participants) == 1 and me.state == "runs":
            self.clock.move_to(self.clock.nanoseconds + round(seconds * NANO))
            self.clock.check_limit()
        else:
            self.wait(Waiter(me), seconds, "time.sleep")

    def wait(
        self, waiter: Waiter, seconds: float | None, why: str, source: Input | None = None
    ) -> bool:
        """Wait as `Participant.wait` does."""
        me = waiter.participant
        with self.mutex:
            if not waiter.is_woken and not self.is_over:
                me.deadline = None if seconds is None else self._moment(seconds)
                me.waiter, me.why, me.input, me.state = waiter, why, source, "waits"
                if self.holder is me:
                    self.holder = None
                self.dispatch()
            is_parked = me.waiter is waiter
        if is_parked:
            self._park(me)
        if self.is_over and not waiter.is_woken and source is None:
            return self._wait_really(waiter, seconds, me.deadline)
        if seconds is not None and not waiter.is_woken:
            self.clock.check_limit()
        return waiter.is_woken

    def offer_turn(self, choose: Callable[[list[str]], int]) -> None:
        """Let *choose* say which goes on: the running thread, its number is 0, or one that is ready."""
        me = self.seat()
        if not self._ready or me is None or self.is_deciding():
            return
        with self.mutex:
            if self.holder is not me or self.is_over or not self._ready:
                return
            place = choose([me.name, *(each.name for each in self._ready)])
            if not place:
                return
            chosen = self._ready.pop(place - 1)
            me.state = "ready"
            self._ready.append(me)
            self._give(chosen)
        self._park(me)

    def wake(self, waiter: Waiter) -> None:
        """End the wait of *waiter*, or the one that is about to begin. From any thread."""
        if self.is_deciding():
            # The garbage collector runs a finalizer here, in the middle of a decision: it comes next.
            self._late.append(waiter)
            return
        with self.mutex:
            self._wake(waiter)
            self.dispatch()

    def soonest(self) -> int | None:
        """Return the earliest moment that a participant waits for, in nanoseconds."""
        with self.mutex:
            moments = [each.deadline for each in self._waiting() if each.deadline is not None]
            return min(moments, default=None)

    def advanced(self) -> None:
        """Let those go on whose moment has come: something else has moved the clock."""
        with self.mutex:
            self._let_due_go_on()
            self.dispatch()

    def settle(self) -> None:
        """Let those go on, in the thread that entered, that are ready now: they may end by themselves."""
        me = self.owner
        with self.mutex:
            if me.ident != get_ident() or me.state != "runs" or not self._ready:
                return
            me.waiter, me.why, me.state = Waiter(me), "the end of the simulation", "waits"
            me.deadline = self.clock.nanoseconds
            self.holder = None
            self.dispatch()
        self._park(me)

    def close(self) -> None:
        """Let all that wait go on in real time: the simulation is over."""
        with self.mutex:
            self.is_over = True
            for participant in self.participants:
                if participant.state in ("waits", "ready"):
                    participant.state = "away"
                    participant.gate.release()
        self._observer.stop()

    def left_running(self) -> list[str]:
        """Return where the threads are that still take part, other than the owner."""
        if self._has_failed:
            return []
        return [
            f"{each.name} at {each.place()}"
            for each in self.participants
            if each is not self.owner and not each.is_visitor and not each.place().is_idle_worker
        ]

    # --- the turn; the mutex is held ---

    def dispatch(self) -> None:
        """Give the turn to a participant that is ready; move the time if there is none."""
        while self._late:
            self._wake(self._late.pop())
        while self.holder is None and not self.is_over:
            if self._ready:
                self._give(self._ready.pop(self._pick()))
            elif self._take_input():
                continue
            elif not self._are_all_waiting() or not self._advance():
                self._observer.start()
                return

    def _give(self, chosen: Participant) -> None:
        chosen.state, self.holder = "runs", chosen
        self.turns += 1
        # It may release a lock that others are blocked in: the observer has to look again.
        for participant in self.participants:
            participant.is_blocked = False
        chosen.gate.release()

    def send_away(self, participant: Participant) -> None:
        """Take the turn from a participant that does not use it."""
        participant.state = "away"
        self.holder = None
        self.dispatch()

    def has_ready(self) -> bool:
        """Return whether a participant waits for the turn."""
        return bool(self._ready)

    def is_deadlocked(self) -> bool:
        """Return whether all wait, and none for a moment or for input."""
        return (
            self.holder is None
            and not self._ready
            and not self.clock.holds
            and any(each.state == "waits" for each in self.participants)
            and all(each.is_blocked for each in self.participants if each.state in ("runs", "away"))
            and not any(
                each.deadline is not None or (each.input is not None and each.input.is_open())
                for each in self._waiting()
            )
        )

    def end_waits(self, reason: NeverEnds) -> None:
        """Raise *reason* in the thread that entered the simulation, and end all others that wait."""
        self._has_failed = True
        for participant in self._waiting():
            participant.error = reason if participant is self.owner else Stop(reason)
            self._make_ready(participant)
        self.dispatch()

    def report(self) -> str:
        """Return which thread waits for what, and where, a line each."""
        lines = []
        for each in self.participants:
            if not each.is_visitor:
                doing = f"waits for {each.why}" if each.state == "waits" else _DOING[each.state]
                lines.append(f"    {each.name} {doing} at {each.place()}")
                lines += [] if each.input is None else each.input.report()
        return "\n".join(lines)

    def deadlock(self) -> Deadlock:
        """Return the error for a deadlock."""
        return Deadlock(f"All threads wait, and none for a time: a deadlock.\n{self.report()}")

    def _waiting(self) -> list[Participant]:
        return [each for each in self.participants if each.state == "waits"]

    def _are_all_waiting(self) -> bool:
        return all(
            each.is_blocked or each.is_quiet()
            for each in self.participants
            if each.state in ("runs", "away")
        )

    def _take_input(self) -> bool:
        """Let one go on for which something has come in; return whether there is one."""
        for participant in self.participants:
            source = participant.input
            if participant.state == "waits" and source is not None and source.is_ready():
                self._make_ready(participant)
                return True
        return False

    def _advance(self) -> bool:
        soonest: int | None = None
        is_held = False
        for participant in self._waiting():
            source, deadline = participant.input, participant.deadline
            is_held = is_held or (source is not None and source.holds_time())
            if deadline is not None and (soonest is None or deadline < soonest):
                soonest = deadline
        if soonest is None or is_held or self.clock.holds:
            return False
        self.clock.move_to(soonest)
        self._let_due_go_on()
        return True

    def _let_due_go_on(self) -> None:
        now = self.clock.nanoseconds
        for participant in self._waiting():
            if participant.deadline is not None and participant.deadline <= now:
                self._make_ready(participant)

    def _make_ready(self, participant: Participant) -> None:
        participant.deadline = participant.input = None
        participant.is_blocked = False
        if participant.is_visitor:
            participant.state = "outside"
            participant.gate.release()
        else:
            participant.state = "ready"
            self._ready.append(participant)

    def _pick(self) -> int:
        if len(self._ready) == 1:
            return 0
        return self._choose([each.name for each in self._ready])

    def _wake(self, waiter: Waiter) -> None:
        if waiter.is_woken:
            return
        waiter.is_woken = True
        waiter.really.release()
        participant = waiter.participant
        if participant.waiter is waiter and participant.state == "waits":
            self._make_ready(participant)

    def _moment(self, seconds: float) -> int:
        # At least the smallest step, so that a loop whose timer is due in less does not turn for ever.
        return self.clock.nanoseconds + (max(1, round(seconds * NANO)) if seconds > 0 else 0)

    # --- the thread itself ---

    def _park(self, me: Participant) -> None:
        try:
            acquire(me.gate)
        except BaseException:
            # An exception that a signal raised here, as Ctrl-C or a test's timeout: it leaves the wait.
            with self.mutex:
                if me.state in ("waits", "ready"):
                    if me in self._ready:
                        self._ready.remove(me)
                    me.state = "away"
            raise
        me.waiter = None
        error, me.error = me.error, None
        if error is not None:
            raise error

    def _wait_really(self, waiter: Waiter, seconds: float | None, deadline: int | None) -> bool:
        if seconds is None:
            return acquire(waiter.really)
        left = seconds if deadline is None else (deadline - self.clock.nanoseconds) / NANO
        return acquire(waiter.really, True, max(0.0, left))
