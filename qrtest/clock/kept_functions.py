"""Finds where a module keeps functions: by names, as default arguments, in classes, objects and partials.

`from time import sleep`, `def poll(job, sleep=time.sleep)` and `partial(time.sleep, 5)` each keep the
function that was there when the module was imported; to replace `time.sleep` does not reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import Any, Final, NamedTuple

from qrtest.clock.places import is_library, is_tool

__all__ = ["Exchange", "Place", "places_in", "present"]

Exchange = Callable[[Any], tuple[Any, Any] | None]
"""Returns, for a function or what stands in for it, the genuine one and its stand-in; None for all else."""

_ABSENT: Final = object()


class Place(NamedTuple):
    """An attribute or item of *owner*, its genuine value, and the one that follows the clock."""

    owner: Any
    name: str
    genuine: Any
    stand_in: Any


def present(owner: Any, name: str) -> Any:
    """Return what an attribute of a class or function, or an item of a dict, is now."""
    if isinstance(owner, dict):
        return owner.get(name, _ABSENT)
    if isinstance(owner, type):
        return vars(owner).get(name, _ABSENT)
    return getattr(owner, name, _ABSENT)


def places_in(namespace: dict[str, Any], exchange: Exchange, *, deeply: bool) -> Iterator[Place]:
    """Return where the module with this *namespace* keeps a function that *exchange* knows.

    *deeply*: also in its functions, classes and objects.
    """
    yield from _items(namespace, exchange)
    if deeply:
        module_name = namespace.get("__name__")
        for value in list(namespace.values()):
            if isinstance(value, FunctionType | type):
                if value.__module__ == module_name:
                    yield from _members(value, exchange)
            elif type(value).__dictoffset__ and _is_the_codes_own(type(value)):
                # As the object itself has them: a proxy would answer for another one.
                own = object.__getattribute__(value, "__dict__")
                yield from _items(own, exchange) if isinstance(own, dict) else ()


def _is_the_codes_own(kind: type) -> bool:
    """Return whether objects of *kind* are the code's under test: what a patch puts back later is not."""
    name = kind.__module__
    if not isinstance(name, str) or name.partition(".")[0] == "qrtest":
        return False
    return name == "sched" or not (is_tool(name) or is_library(name))


def _members(value: Any, exchange: Exchange) -> Iterator[Place]:
    """Return the places in a function or a class."""
    if isinstance(value, FunctionType):
        yield from _defaults(value, exchange)
        return
    for name, member in list(vars(value).items()):
        is_wrapped = isinstance(member, staticmethod | classmethod)
        function = member.__func__ if is_wrapped else member
        if isinstance(function, FunctionType):
            yield from _defaults(function, exchange)
        found = _exchanged(function, exchange)
        if found is not None:
            # A function of C is no method: its stand-in must not become one.
            genuine, stand_in = found
            is_static = isinstance(member, staticmethod)
            kept = member if is_static and function is genuine else genuine
            yield Place(value, name, kept, staticmethod(stand_in))


def _defaults(function: FunctionType, exchange: Exchange) -> Iterator[Place]:
    found = [_exchanged(default, exchange) for default in function.__defaults__ or ()]
    if any(found):
        both = zip(function.__defaults__ or (), found, strict=True)
        pairs = [pair or (default, default) for default, pair in both]
        is_genuine = all(
            genuine is default
            for (genuine, _), default in zip(pairs, function.__defaults__ or (), strict=True)
        )
        genuine = function.__defaults__ if is_genuine else tuple(each for each, _ in pairs)
        yield Place(function, "__defaults__", genuine, tuple(each for _, each in pairs))
    yield from _items(function.__kwdefaults__ or {}, exchange)


def _items(items: dict[str, Any], exchange: Exchange) -> Iterator[Place]:
    for name, value in list(items.items()):
        found = _exchanged(value, exchange)
        if found is not None:
            yield Place(items, name, *found)


def _exchanged(value: Any, exchange: Exchange) -> tuple[Any, Any] | None:
    if type(value) is not partial:
        return exchange(value)
    found = exchange(value.func)
    if found is None:
        return None
    genuine, stand_in = (
        value if function is value.func else partial(function, *value.args, **value.keywords)
        for function in found
    )
    return genuine, stand_in
