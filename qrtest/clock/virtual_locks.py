"""Locks that are made inside a simulation: waiting for one is waiting on the clock.

Each is a genuine lock and a list of those who wait for it, so that it works for any thread, and after
the simulation, too.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import Any, Final

from qrtest.clock import genuine
from qrtest.clock.installed import participant, virtual_clock
from qrtest.clock.participants import Participant, Waiter
from qrtest.clock.places import is_library, is_tool

__all__ = ["NO_TIMEOUT", "VirtualLock", "VirtualRLock", "acquire_in_turn"]

NO_TIMEOUT: Final = -1
USERS: Final = ("threading", "queue", "concurrent.futures._base", "concurrent.futures.thread")
"""Modules of the standard library whose locks are held while their callers wait."""

TRIO: Final = "trio."
"""trio makes sure that its lock is one of C. It holds it for no longer than a few instructions."""


def _needs_none() -> bool:
    """Return whether the caller of `threading.Lock` keeps a genuine lock."""
    module = sys._getframe(2).f_globals.get("__name__", "")
    if is_tool(module) or (is_library(module) and module not in USERS):
        return True
    if module.startswith(TRIO):
        return True
    return virtual_clock() is None


class VirtualLock:
    """What `threading.Lock()` makes in a thread that takes part in a virtual clock."""

    _make: Any = staticmethod(genuine.Lock)

    def __new__(cls) -> Any:
        """Return a genuine lock where the caller, or its thread, takes no part."""
        return cls._make() if _needs_none() else super().__new__(cls)

    def __init__(self) -> None:
        self._lock = self._make()
        self._waiters: deque[Waiter] = deque()

    def acquire(self, blocking: bool = True, timeout: float = NO_TIMEOUT) -> bool:
        """Acquire the lock, as `threading.Lock.acquire` does; *timeout* is in seconds on the clock."""
        if timeout != NO_TIMEOUT or not isinstance(blocking, bool):
            # A free genuine lock takes no time, and raises what is to be raised for such arguments.
            genuine.Lock().acquire(blocking, timeout)
        if self._lock.acquire(False):
            return True
        me = participant() if blocking else None
        if me is None or me.awaits_thread:
            return bool(self._lock.acquire(blocking, timeout))
        until = None if timeout == NO_TIMEOUT else me.scheduler.clock.nanoseconds + timeout * 1e9
        while True:
            waiter = Waiter(me)
            self._waiters.append(waiter)
            if self._lock.acquire(False):
                # A thread without a turn has released it meanwhile, before it could see the waiter.
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                return True
            left = None if until is None else (until - me.scheduler.clock.nanoseconds) / 1e9
            try:
                is_over = not me.wait(waiter, left, "a lock")
            finally:
                if not waiter.is_woken and waiter in self._waiters:
                    self._waiters.remove(waiter)
            if self._lock.acquire(False):
                return True
            if is_over:
                return False

    def release(self) -> None:
        """Release the lock, and let the one go on that has waited longest."""
        self._lock.release()
        if self._waiters:
            self._waiters.popleft().release()

    def locked(self) -> bool:
        """Return whether the lock is held."""
        return bool(self._lock.locked())

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def _at_fork_reinit(self) -> None:
        self._lock._at_fork_reinit()
        self._waiters.clear()

    def __repr__(self) -> str:
        return repr(self._lock)


class VirtualRLock(VirtualLock):
    """What `threading.RLock()` makes in a thread that takes part in a virtual clock."""

    _make = staticmethod(genuine.RLock)

    # What threading.Condition asks of a lock that can be acquired twice.

    def release(self) -> None:
        """Release the lock once."""
        self._lock.release()
        if self._waiters and not self._lock._is_owned():
            self._waiters.popleft().release()

    def locked(self) -> bool:
        """Return whether the lock is held by any thread."""
        if self._lock._is_owned():
            return True
        if self._lock.acquire(False):
            self._lock.release()
            return False
        return True

    def _is_owned(self) -> bool:
        return bool(self._lock._is_owned())

    def _release_save(self) -> Any:
        state = self._lock._release_save()
        if self._waiters:
            self._waiters.popleft().release()
        return state

    def _acquire_restore(self, state: Any) -> None:
        self.acquire()
        self._lock._release_save()
        self._lock._acquire_restore(state)


def acquire_in_turn(lock: Any, me: Participant, seconds: float | None = None) -> bool:
    """Acquire a genuine *lock* that another thread holds, and let the others go on until it is free.

    Return whether it was acquired within *seconds* on the clock.
    """
    clock = me.scheduler.clock
    until = None if seconds is None else clock.nanoseconds + seconds * 1e9
    while not lock.acquire(False):
        left = None if until is None else (until - clock.nanoseconds) / 1e9
        if left is not None and left <= 0:
            return False
        if me.scheduler.is_over:
            return bool(lock.acquire(True, NO_TIMEOUT if left is None else left))
        me.wait(Waiter(me), left, "a lock from before the simulation", _Held(lock))
    return True


_RLOCK: Final[Any] = type(genuine.RLock())


class _Held:
    """A genuine lock that is waited for: nobody says when it becomes free, so it is looked at."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def is_ready(self) -> bool:
        if isinstance(self._lock, _RLOCK) and self._lock._is_owned():
            return False  # the thread that looks has it, and could take it a second time
        is_free: bool = self._lock.acquire(False)
        if is_free:
            self._lock.release()
        return is_free

    def holds_time(self) -> bool:
        return False

    def is_open(self) -> bool:
        return False

    def report(self) -> list[str]:
        return []
