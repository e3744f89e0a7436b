"""Makes `datetime.now` and `datetime.utcnow` answer from the installed clock.

The class stays the genuine one, so `isinstance`, pickles and subclasses are as ever: two of its methods are
replaced, in the dictionary of the class. `datetime.today` and `date.today` call `time.time`, which
`qrtest.clock.patch_time` replaces. docs/decisions has what else was tried.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from types import BuiltinMethodType, MethodType
from typing import Any, Final

from qrtest.clock.clocks import VirtualClock
from qrtest.clock.installed import virtual_clock
from qrtest.clock.places import is_library, is_tool
from qrtest.patching import Patch

__all__ = ["exchange", "is_travelling", "patches", "prepare"]

_NAMES: Final = ("now", "utcnow")
_GENUINE: Final[dict[str, Any]] = {name: vars(datetime)[name] for name in _NAMES}


def prepare() -> None:
    """Import time-machine's C code if it is there, before anything is replaced.

    It takes hold of the genuine functions when it is imported, as C functions, and would end the process
    if it found others.
    """
    if "_time_machine" not in sys.modules and _is_unknown():
        importlib.import_module("_time_machine")


def is_travelling() -> bool:
    """Return whether time-machine is active: then dates are its business."""
    return "time_machine" in sys.modules and bool(sys.modules["time_machine"].traveller_stack)


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    for name, ours in _REPLACEMENTS.items():
        yield datetime, name, ours


def exchange(value: Any) -> tuple[Any, Any] | None:
    """Return, for a `datetime.now` that was kept, as a default factory, it and what follows the clock.

    None for all else. Both are looked up in the class when they are taken, and so are new objects each time.
    """
    kind = type(value)
    if kind is not BuiltinMethodType and kind is not MethodType:
        return None
    owner, name = value.__self__, value.__name__
    if name not in _NAMES or not isinstance(owner, type) or not issubclass(owner, datetime):
        return None
    genuine, ours = _GENUINE[name].__get__(None, owner), _REPLACEMENTS[name].__get__(None, owner)
    return (value if value == genuine else genuine, ours) if value in (genuine, ours) else None


def _is_unknown() -> bool:
    if not _HAS_LOOKED:
        _HAS_LOOKED.append(True)
        return importlib.util.find_spec("_time_machine") is not None
    return False


_HAS_LOOKED: Final[list[bool]] = []


def _clock(caller: str) -> VirtualClock | None:
    if is_library(caller) or is_tool(caller) or caller.startswith("qrtest.") or is_travelling():
        return None
    return virtual_clock()


def _now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
    clock = _clock(sys._getframe(1).f_globals.get("__name__", ""))
    if clock is None:
        return _GENUINE["now"].__get__(None, cls)(tz)  # type: ignore[no-any-return]
    return cls.fromtimestamp(clock.read(clock.epoch), tz)


def _utcnow(cls: type[datetime]) -> datetime:
    clock = _clock(sys._getframe(1).f_globals.get("__name__", ""))
    if clock is None:
        return _GENUINE["utcnow"].__get__(None, cls)()  # type: ignore[no-any-return]
    if sys.version_info >= (3, 12):
        warnings.warn(
            "datetime.datetime.utcnow() is deprecated: use datetime.datetime.now(datetime.UTC)",
            DeprecationWarning,
            stacklevel=2,
        )
    return cls.fromtimestamp(clock.read(clock.epoch), UTC).replace(tzinfo=None)


_REPLACEMENTS: Final[dict[str, Any]] = {"now": classmethod(_now), "utcnow": classmethod(_utcnow)}
