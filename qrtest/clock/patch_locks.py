"""Makes waiting for a lock from before the simulation waiting on the clock.

Such a lock is an object of C, so the methods of its class are replaced. A free lock is taken as ever, and so
is each one by a thread that takes no part in a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from qrtest.clock.genuine import LOCK_METHODS, LONGEST_SECONDS
from qrtest.clock.installed import participant
from qrtest.clock.virtual_locks import NO_TIMEOUT, acquire_in_turn
from qrtest.patching import Patch

__all__ = ["patches"]


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    for kind, methods in LOCK_METHODS.items():
        for name in methods:
            yield kind, name, _OURS[kind]


def _acquiring(genuine_acquire: Callable[..., bool]) -> Callable[..., bool]:
    def acquire(self: Any, blocking: bool = True, timeout: float = NO_TIMEOUT) -> bool:
        """Acquire the lock; a participant that has to wait for it lets the others go on."""
        me = None
        if blocking is True and _is_a_length(timeout):
            if genuine_acquire(self, False):
                return True
            me = participant()
        if me is None or not me.can_wait():
            # Also what is no length of time: the genuine method says so at once.
            return genuine_acquire(self, blocking, timeout)
        return acquire_in_turn(self, me, None if timeout == NO_TIMEOUT else timeout)

    return acquire


def _is_a_length(timeout: Any) -> bool:
    try:
        return bool(timeout == NO_TIMEOUT or 0 < timeout < LONGEST_SECONDS)
    except TypeError:
        return False


_OURS: Final = {kind: _acquiring(methods["acquire"]) for kind, methods in LOCK_METHODS.items()}
