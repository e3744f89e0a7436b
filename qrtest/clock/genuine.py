"""The genuine functions of the standard library that wait or give the time.

They are kept here as they were when qrtest was imported: in a dict and a class, where the modules that
replace them for a simulation do not look.
"""

from __future__ import annotations

import _thread
import gc
import selectors
import threading
import time
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, MappingProxyType
from typing import Any, Final

__all__ = [
    "LOCK_METHODS",
    "LONGEST_SECONDS",
    "REAL",
    "Genuine",
    "Lock",
    "RLock",
    "acquire",
    "get_ident",
    "get_native_id",
]


def _genuine(name: str) -> Callable[..., Any]:
    """Return a function of `time`, also when a test has replaced it before the clock was first imported."""
    found: Callable[..., Any] = getattr(time, name)
    if type(found) is not BuiltinFunctionType:
        known: Any
        for known in gc.get_objects():
            is_of_c = type(known) is BuiltinFunctionType
            if is_of_c and known.__self__ is time and known.__name__ == name:
                found = known
    return found


REAL: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        name: _genuine(name)
        for name in (
            "sleep",
            "time",
            "time_ns",
            "monotonic",
            "monotonic_ns",
            "perf_counter",
            "perf_counter_ns",
            "localtime",
            "gmtime",
            "ctime",
            "asctime",
            "strftime",
        )
    }
)
"""The functions of `time`, by name. No dict, in which a search from a module of the project would look."""

Lock: Final = _thread.allocate_lock
RLock: Final = threading.RLock
LOCK_METHODS: Final[dict[type, dict[str, Callable[..., bool]]]] = {
    kind: {
        name: vars(kind)[name]
        for name in ("acquire", "acquire_lock", "__enter__")
        if name in vars(kind)
    }
    for kind in (_thread.LockType, _thread.RLock)
}
"""The methods of the two classes of locks that wait."""

LONGEST_SECONDS: Final = _thread.TIMEOUT_MAX
"""The longest time that a lock can be waited for."""

acquire: Final = LOCK_METHODS[_thread.LockType]["acquire"]
"""`Lock.acquire` itself, for what the clock waits by."""


get_ident: Final = _thread.get_ident
get_native_id: Final = _thread.get_native_id


class Genuine:
    """What else is replaced while a virtual clock is installed, under the names of the standard library."""

    condition_wait = threading.Condition.wait
    condition_enter = threading.Condition.__enter__
    thread_start = threading.Thread.start
    thread_join = threading.Thread.join
    selects: Final = {
        kind: vars(kind)["select"]
        for kind in vars(selectors).values()
        if isinstance(kind, type)
        and issubclass(kind, selectors.BaseSelector)
        and kind is not selectors.BaseSelector
        and "select" in vars(kind)
    }
