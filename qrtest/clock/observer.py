"""Looks after the participants of a clock in real time: what they cannot report themselves.

A thread that blocks where nothing is replaced, or never waits, would keep the turn for ever. A thread of
its own looks every few milliseconds, once there is more than one participant or all of them wait:

- a participant that has the turn and is blocked loses it, and the others go on; time stands still, unless
  it is blocked in a lock, which only another participant can release;
- when all wait without a time, that is a deadlock, and the error says who waits where;
- when nothing has moved for the time of the watchdog, a minute by default, the error says which thread
  hangs where.
"""

from __future__ import annotations

import _thread
import ctypes
import sys
import threading
from typing import Final

from qrtest.advice import page
from qrtest.clock.genuine import REAL, Lock, acquire
from qrtest.clock.participants import Participant
from qrtest.clock.places import (
    Activity,
    activity,
    has_children,
    is_in_a_tool,
    is_tool,
    waits_for_a_lock,
    waits_for_input,
)
from qrtest.clock.scheduler import Scheduler
from qrtest.errors import NeverEnds, Stop

__all__ = ["Observer"]

TICK_SECONDS: Final = 0.005
BLOCKED_TICKS: Final = 4 if sys.platform == "linux" else 50
"""For how many ticks a thread must have done nothing to count as blocked."""

QUIET_TICKS: Final = 200
"""For how many ticks a thread must have waited for input before time goes on without it: for a second.

Another thread may have to wait for a moment before it sends something. A child process does not go by our
time, so while there is one, time stands still."""

BUSY_SECONDS: Final = 5.0
"""How long a participant may compute before others that are ready run beside it."""

DEADLOCK_SECONDS: Final = 0.05
DEADLOCK_SECONDS_BESIDE_OTHERS: Final = 5.0
"""How long all must wait without a time. Threads from before the simulation could still wake one."""


class Observer:
    """Observes one scheduler from `start` to `stop`, in a thread that no list of threads shows."""

    def __init__(self, scheduler: Scheduler, hang_seconds: float | None) -> None:
        self._scheduler = scheduler
        self._hang_seconds = hang_seconds
        self._stopped = Lock()
        acquire(self._stopped)
        self._ended = Lock()
        self._has_started = False
        self._state: object = None
        self._since = 0.0
        self._activity: dict[Participant, tuple[Activity | None, int]] = {}

    def start(self) -> None:
        """Begin to observe, unless begun. The scheduler's mutex is held."""
        if not self._has_started:
            self._has_started = True
            acquire(self._ended)
            _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        """End observing, and wait for the thread."""
        self._stopped.release()
        if self._has_started:
            acquire(self._ended)

    def _run(self) -> None:
        try:
            while not acquire(self._stopped, True, TICK_SECONDS):
                with self._scheduler.mutex:
                    if not self._scheduler.is_over:
                        self._look_or_report()
        finally:
            self._ended.release()

    def _look_or_report(self) -> None:
        """Look, and end the waits with the reason if that fails: nobody else would ever end them."""
        try:
            self._look()
        except Exception as error:
            self._scheduler.end_waits(
                NeverEnds(f"qrtest could not look after the threads: {error!r}")
            )
            raise

    def _look(self) -> None:
        scheduler = self._scheduler
        holder = scheduler.holder
        state = (scheduler.turns, scheduler.clock.nanoseconds, holder)
        now: float = REAL["monotonic"]()
        if state != self._state:
            self._state, self._since = state, now
            self._activity.clear()
        waited = now - self._since
        if self._hang_seconds is not None and waited > self._hang_seconds:
            self._since = now
            if is_in_a_tool(scheduler.owner.ident):
                return  # a fixture's simulation, while pytest reports how the test failed
            reason = self._hang()
            running = [each for each in scheduler.participants if each.state in ("runs", "away")]
            _raise_in(running, scheduler.owner, reason)
            scheduler.end_waits(reason)
            return
        for participant in list(scheduler.participants):
            # What awaits a thread goes on soon, however busy the machine is: nobody else runs meanwhile.
            if not participant.awaits_thread and (
                participant is holder or participant.state == "away"
            ):
                is_blocked = self._is_blocked(participant)
                participant.is_blocked = is_blocked and waits_for_a_lock(participant.ident)
                self._look_for_quiet(participant)
                is_too_long = waited > BUSY_SECONDS and scheduler.has_ready()
                if participant is holder and (is_blocked or is_too_long):
                    scheduler.send_away(participant)
        if scheduler.holder is None:
            scheduler.dispatch()
            if scheduler.is_deadlocked() and waited > self._deadlock_seconds():
                scheduler.end_waits(scheduler.deadlock())

    def _look_for_quiet(self, participant: Participant) -> None:
        now, ticks = self._activity[participant]
        if ticks >= QUIET_TICKS and waits_for_input(participant.ident) and not has_children():
            participant.quiet = now

    def _is_blocked(self, participant: Participant) -> bool:
        before, ticks = self._activity.get(participant, (None, 0))
        now = activity(participant.ident, participant.native_id)
        ticks = ticks + 1 if now is not None and now == before else 0
        self._activity[participant] = (now, ticks)
        return ticks >= BLOCKED_TICKS

    def _deadlock_seconds(self) -> float:
        own = {each.ident for each in self._scheduler.participants if not each.is_visitor}
        others = [
            thread
            for thread in threading.enumerate()
            if thread.ident not in own and not is_tool(_module_of(thread))
        ]
        return DEADLOCK_SECONDS_BESIDE_OTHERS if others else DEADLOCK_SECONDS

    def _hang(self) -> NeverEnds:
        return NeverEnds(
            f"Nothing has moved for {self._hang_seconds:g} seconds of real time.\n"
            f"{self._scheduler.report()}\n"
            "A thread that is blocked where qrtest cannot see it (a socket, a subprocess, C code) keeps "
            f"virtual time still ({page('time')}). If it may take that long, say watchdog='10m'."
        )


def _raise_in(participants: list[Participant], owner: Participant, reason: NeverEnds) -> None:
    """Raise *reason* in threads that run Python code; one in C code gets it when that returns."""

    class Hang(NeverEnds):
        """*reason*, as a class: an exception can be raised in another thread by its class alone."""

        def __init__(self) -> None:
            super().__init__(*reason.args)

    class End(Stop):
        """What ends the other threads."""

        def __init__(self) -> None:
            super().__init__(reason)

    for participant in participants:
        if participant.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(participant.ident),
                ctypes.py_object(Hang if participant is owner else End),
            )


def _module_of(thread: threading.Thread) -> str:
    function = getattr(thread, "function", None) or getattr(thread, "_target", None)
    return str(getattr(function, "__module__", "") or type(thread).__module__)
