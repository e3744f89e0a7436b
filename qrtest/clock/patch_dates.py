"""Makes `datetime.now` and `datetime.utcnow` answer from the installed clock.

The class stays the genuine one, so `isinstance`, pickles and subclasses are as ever: two of its methods are
replaced, in the dictionary of the class. `datetime.today` and `date.today` call `time.time`, which
`qrtest.clock.patch_time` replaces. docs/decisions has what else was tried.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from types import BuiltinMethodType, MethodType
from typing import Any, Final

from qrtest.clock.clocks import VirtualClock
from qrtest.clock.date_tools import FREEZER, is_travelling
from qrtest.clock.installed import virtual_clock
from qrtest.clock.places import is_library, is_tool
from qrtest.patching import Patch

__all__ = ["exchange", "patches"]

_CLASSES: Final = tuple(kind for kind in datetime.__mro__ if type(kind) is type)
"""`datetime` itself, first, in a place where freezegun puts no other class: it may be active by now."""

_NAMES: Final = ("now", "utcnow")
_GENUINE: Final[dict[str, Any]] = {name: vars(_CLASSES[0])[name] for name in _NAMES}


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    for name, ours in _REPLACEMENTS.items():
        yield _CLASSES[0], name, ours


def exchange(value: Any) -> tuple[Any, Any] | None:
    """Return, for a `datetime.now` that was kept, as a default factory, it and what follows the clock.

    None for all else. Both are looked up in the class when they are taken, and so are new objects each time.
    """
    kind = type(value)
    if kind is not BuiltinMethodType and kind is not MethodType:
        return None
    owner, name = value.__self__, value.__name__
    if name not in _NAMES or not isinstance(owner, type) or not issubclass(owner, _CLASSES[0]):
        return None
    genuine, ours = _GENUINE[name].__get__(None, owner), _REPLACEMENTS[name].__get__(None, owner)
    return (value if value == genuine else genuine, ours) if value in (genuine, ours) else None


def _clock(caller: str) -> VirtualClock | None:
    if is_library(caller) or is_tool(caller) or caller.startswith("qrtest.") or is_travelling():
        return None
    return virtual_clock()


def _now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
    caller = sys._getframe(1).f_globals.get("__name__", "")
    clock = _clock(caller)
    if clock is None:
        now: datetime = _GENUINE["now"].__get__(None, cls)(tz)
        return now if caller != FREEZER else now + _passed()
    return cls.fromtimestamp(clock.read(clock.epoch), tz)


def _passed() -> timedelta:
    """Return what has passed on the clock: freezegun lets a date go on that began by real time."""
    clock = virtual_clock()
    return timedelta(seconds=0 if clock is None else clock.now())


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


_now.__name__, _now.__qualname__ = "now", "datetime.now"
_utcnow.__name__, _utcnow.__qualname__ = "utcnow", "datetime.utcnow"
_REPLACEMENTS: Final[dict[str, Any]] = {"now": classmethod(_now), "utcnow": classmethod(_utcnow)}
