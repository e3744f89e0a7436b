"""Makes what waits for threads wait on the clock: conditions, joins, queues, pools.

`threading.Condition.wait` is what events, semaphores, barriers, queues, timers and futures wait by, so it
is replaced in its class, for objects made before the simulation, too. Locks and `SimpleQueue` are C objects
that cannot be replaced once made; those made inside the simulation are ours.
"""

from __future__ import annotations

import queue
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

from qrtest.clock import line_switches, patch_processes
from qrtest.clock.clocks import VirtualClock
from qrtest.clock.genuine import Genuine
from qrtest.clock.installed import INHERITED, current, participant, serves_a_tool
from qrtest.clock.participants import Participant, Waiter
from qrtest.clock.places import is_tool
from qrtest.clock.virtual_locks import VirtualLock, VirtualRLock, acquire_in_turn
from qrtest.errors import Stop, ThreadsLeftRunning
from qrtest.patching import Patch

__all__ = ["FUNCTIONS", "give_back", "outside_of_time", "patches", "warn_of"]

_PARTICIPANT: Final = "_qrtest_participant"


class _SimpleQueue(queue._PySimpleQueue):  # type: ignore[name-defined,misc]
    """The standard library's own SimpleQueue in Python, which waits by a semaphore, under the usual name."""

    __module__, __qualname__ = "_queue", "SimpleQueue"


FUNCTIONS: Final[list[tuple[Any, Any]]] = [
    (threading.Lock, VirtualLock),
    (threading.RLock, VirtualRLock),
    (queue.SimpleQueue, _SimpleQueue),
]
"""What is replaced under every name that a module has imported it by: the genuine one, and ours."""


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    yield threading.Condition, "wait", _wait
    yield threading.Condition, "__enter__", _enter
    yield threading.Thread, "start", _start
    yield threading.Thread, "join", _join
    yield from patch_processes.patches()
    pools = sys.modules.get("concurrent.futures.thread")
    if pools is not None:
        yield pools.ThreadPoolExecutor, "submit", _submitting(pools.ThreadPoolExecutor)


def warn_of(left: list[str]) -> None:
    """Warn of threads that still run after a simulation; *left* is where they are."""
    warnings.warn(
        ThreadsLeftRunning(
            f"{len(left)} threads still run after the simulation, in real time now: "
            f"{'; '.join(left)}. Join them inside of it."
        ),
        stacklevel=6,
    )


def outside_of_time(thread: threading.Thread) -> None:
    """Start *thread* so that it takes no part in any clock: one that serves the real world."""
    Genuine.thread_start(thread)


# --- conditions ---


def _wait(self: threading.Condition, timeout: float | None = None) -> bool:
    """Wait as `threading.Condition.wait` does, on the clock of the running thread."""
    me = participant()
    if me is None or me.awaits_thread or serves_a_tool(2):
        return Genuine.condition_wait(self, timeout)
    if not self._is_owned():  # type: ignore[attr-defined]
        raise RuntimeError("cannot wait on un-acquired lock")
    if timeout is not None and not timeout > 0:
        # The lock is let go, as the genuine method does: who is to end the wait needs it.
        saved = self._release_save()  # type: ignore[attr-defined]
        try:
            me.scheduler.clock.glance()
        finally:
            _reacquire(self, saved, me)
        return False
    waiter = Waiter(me)
    self._waiters.append(waiter)  # type: ignore[attr-defined]
    saved = self._release_save()  # type: ignore[attr-defined]
    try:
        return me.wait(waiter, timeout, _name_of(self))
    finally:
        _reacquire(self, saved, me)
        if not waiter.is_woken and waiter in self._waiters:  # type: ignore[attr-defined]
            self._waiters.remove(waiter)  # type: ignore[attr-defined]


def _enter(self: threading.Condition) -> Any:
    """Enter as `threading.Condition.__enter__` does; let others go on while one of them holds the lock."""
    lock: Any = self._lock  # type: ignore[attr-defined]
    if isinstance(lock, VirtualLock):
        return lock.__enter__()
    if lock.acquire(False):
        return True
    me = participant()
    if me is None or me.awaits_thread:
        return lock.__enter__()
    acquire_in_turn(lock, me)
    return True


def _reacquire(condition: threading.Condition, saved: Any, me: Participant) -> None:
    lock: Any = condition._lock  # type: ignore[attr-defined]
    if not isinstance(lock, VirtualLock):
        # Now that it is this thread's, restoring does not block.
        acquire_in_turn(lock, me)
        lock.release()
    condition._acquire_restore(saved)  # type: ignore[attr-defined]


def _name_of(condition: threading.Condition) -> str:
    """Return what waits by *condition*: an event, a queue, a future ... if a local name says so."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_locals.get("self") is condition:
        frame = frame.f_back  # a method of its own, as `wait_for`
    owner = None if frame is None else frame.f_locals.get("self")
    name = type(condition if owner is None else owner).__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


# --- threads ---


def _start(self: threading.Thread) -> None:
    """Start as `threading.Thread.start` does; a thread that a participant starts takes part, too."""
    clock = current()
    if clock is not None:
        vars(self)[INHERITED] = clock
    me = participant()
    if me is None or is_tool(sys._getframe(1).f_globals.get("__name__", "")):
        Genuine.thread_start(self)
        return
    child = me.scheduler.add(self.name)
    run = self.run

    def run_in_turn() -> None:
        vars(self).pop("run", None)
        try:
            with me.scheduler.taking_part(child):
                if isinstance(clock, VirtualClock):
                    line_switches.begin_thread(clock)
                run()
        except Stop:
            # Raised by the scheduler, whose reason the thread that entered the simulation gets.
            return

    vars(self)[_PARTICIPANT] = child
    self.run = run_in_turn  # type: ignore[method-assign]
    me.awaits_thread = True
    try:
        Genuine.thread_start(self)
    except RuntimeError:
        # There is no thread: too many of them. Any other exception came by a signal, and there is one.
        vars(self).pop("run", None)
        me.scheduler.remove(child)
        raise
    finally:
        me.awaits_thread = False


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    """Join as `threading.Thread.join` does, on the clock if both threads take part in it."""
    me = participant()
    other: Participant | None = vars(self).get(_PARTICIPANT)
    if me is None or other is None or other is me or other.scheduler is not me.scheduler:
        Genuine.thread_join(self, timeout)
        return
    waiter = Waiter(me)
    seconds = None if timeout is None else max(timeout, 0)
    has_to_wait = me.scheduler.notify_of_end(other, waiter)
    has_ended = not has_to_wait or me.wait(waiter, seconds, f"the end of {self.name}")
    if not has_ended and timeout is not None:
        return
    me.awaits_thread = True
    try:
        Genuine.thread_join(self)
    finally:
        me.awaits_thread = False


# --- pools made before the simulation ---


def _submitting(pool_class: Any) -> Callable[..., Any]:
    genuine = pool_class.submit

    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        me = participant()
        if me is not None and not _works_for(self, me):
            _LENT.append(_Lent(self, me))
        if me is not None and not self._threads:
            self._threads = _Ordered()
        return genuine(self, fn, *args, **kwargs)

    return submit


def _works_for(pool: Any, me: Participant) -> bool:
    """Return whether all workers of *pool*, now and later, take part where *me* does."""
    workers = [vars(thread).get(_PARTICIPANT) for thread in pool._threads]
    return isinstance(pool._work_queue, _SimpleQueue) and all(
        worker is not None and worker.scheduler is me.scheduler for worker in workers
    )


class _Ordered(dict[threading.Thread, None]):
    """The workers of a pool as a set that keeps their order: by addresses, they are joined in any."""

    def add(self, thread: threading.Thread) -> None:
        """Add *thread*."""
        self[thread] = None


class _Lent:
    """A pool from before the simulation, which has workers of its own for as long as that lasts."""

    def __init__(self, pool: Any, me: Participant) -> None:
        self.scheduler = me.scheduler
        self._pool = pool
        self._before = (pool._work_queue, pool._threads, pool._idle_semaphore)
        pool._work_queue, pool._threads = _SimpleQueue(), _Ordered()
        pool._idle_semaphore = threading.Semaphore(0)

    def give_back(self) -> None:
        """End the workers, once they have done what was submitted, and restore the genuine ones.

        A worker that ends reports to the pool that it is idle: what is the pool's own comes back after that.
        """
        pool = self._pool
        is_shut_down, pool._shutdown = pool._shutdown, True
        try:
            pool._work_queue.put(None)
            for thread in pool._threads:
                thread.join()
        finally:
            pool._shutdown = is_shut_down
            pool._work_queue, pool._threads, pool._idle_semaphore = self._before


_LENT: Final[list[_Lent]] = []


def give_back(clock: VirtualClock) -> None:
    """Give the pools back that worked on *clock*, which is still open."""
    for lent in reversed(_LENT.copy()):
        if clock.has(lent.scheduler):
            _LENT.remove(lent)
            lent.give_back()
