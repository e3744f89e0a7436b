"""Makes waiting for a lock from before the simulation waiting on the clock.

Such a lock is an object of C, of a class that takes no assignment. Its methods are replaced in the dictionary
of the class, as `qrtest.clock.patch_dates` does with `datetime`. A free lock is taken as ever, and so is
each one by a thread that takes no part in a clock.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from typing import Any, Final

from qrtest.clock.genuine import LOCK_METHODS, LONGEST_SECONDS
from qrtest.clock.installed import participant
from qrtest.clock.virtual_locks import NO_TIMEOUT, acquire_in_turn

__all__ = ["replace", "restore"]


def replace() -> None:
    """Put the replacements in place."""
    for namespace, kind, _, ours in _CLASSES:
        namespace.update(ours)
        _note_change(kind)


def restore() -> None:
    """Put the genuine methods back."""
    for namespace, kind, genuine, _ in _CLASSES:
        namespace.update(genuine)
        _note_change(kind)


_note_change: Final = ctypes.pythonapi.PyType_Modified


def _acquiring(genuine_acquire: Callable[..., bool]) -> Callable[..., bool]:
    def acquire(self: Any, blocking: bool = True, timeout: float = NO_TIMEOUT) -> bool:
        """Acquire the lock; a participant that has to wait for it lets the others go on."""
        me = None
        if blocking is True and (timeout == NO_TIMEOUT or 0 < timeout < LONGEST_SECONDS):
            if genuine_acquire(self, False):
                return True
            me = participant()
        if me is None or not me.can_wait():
            # Also what is no length of time: the genuine method says so at once.
            return genuine_acquire(self, blocking, timeout)
        return acquire_in_turn(self, me, None if timeout == NO_TIMEOUT else timeout)

    return acquire


def _class(kind: type) -> tuple[dict[str, Any], Any, dict[str, Any], dict[str, Any]]:
    """Return the dictionary of a class, the class, its genuine methods, and ours."""
    methods = LOCK_METHODS[kind]
    ours = _acquiring(methods["acquire"])
    return (
        gc.get_referents(vars(kind))[0],
        ctypes.py_object(kind),
        methods,
        dict.fromkeys(methods, ours),
    )


_CLASSES: Final = [_class(kind) for kind in LOCK_METHODS]
