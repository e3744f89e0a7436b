"""Gives code that asks uvloop for an event loop one of asyncio's, which waits on the clock.

A loop of uvloop waits in C, where nothing can be replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

from qrtest.clock.installed import virtual_clock
from qrtest.patching import Patch

__all__ = ["patches"]

_STAND_INS: Final[dict[Any, Any]] = {}


def patches() -> Iterator[Patch]:
    """Return what to replace."""
    module = sys.modules.get("uvloop")
    genuine = getattr(module, "Loop", None)
    if isinstance(genuine, type) and not isinstance(genuine, _LoopType):
        _STAND_INS.setdefault(module, _stand_in(genuine))
    if module in _STAND_INS:
        yield module, "Loop", _STAND_INS[module]


class _LoopType(type):
    """The class of what stands in for `uvloop.Loop`, which knows its loops: `uvloop.run` looks."""

    genuine: Any
    made: Any

    def __instancecheck__(cls, loop: object) -> bool:
        return isinstance(loop, cls.genuine | cls.made)


def _stand_in(loop_class: type) -> type:
    import asyncio

    class Loop(metaclass=_LoopType):
        """What `uvloop.Loop()` is called by while a clock is installed."""

        genuine = loop_class
        made = asyncio.SelectorEventLoop

        def __new__(cls) -> Any:
            """Return a loop of asyncio in a thread that takes part, else one of uvloop."""
            return cls.genuine() if virtual_clock() is None else cls.made()

    return Loop
