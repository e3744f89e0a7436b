"""What a consumer keeps from one call to the next: the data of its project that its code can reach.

A search calls the same function again and again. What it found in a consumer that keeps something may be
owed to an earlier call, and then a test of the one scenario passes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from logging import Filterer
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from qrtest.clock.line_switches import is_of_the_project

__all__ = ["changed", "kept_state"]

MOST_PARTS: Final = 20_000
"""So many parts of data are looked at; what is larger counts as it is up to there."""

PLAIN: Final = (bool, int, float, complex, str, bytes, type(None))
CODE: Final = (FunctionType, MethodType, ModuleType, partial, type)
COUNTED: Final = "cache_info"
"""The attribute by which a cache of functools is known."""

State = Mapping[str, int]
"""A digest of each name's data."""


def kept_state(consumer: Callable[..., Any]) -> State:
    """Return a digest of the data that lasts between calls of *consumer*, by the name that its code uses.

    Looked at are globals, closures, default arguments, attributes of its object and its classes, and
    caches of `functools`, of the project's own modules alone.
    """
    digests: dict[str, int] = {}
    seen: set[int] = set()
    waiting = deque([("", consumer)])
    while waiting:
        name, thing = waiting.popleft()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if not isinstance(thing, CODE) and not hasattr(thing, COUNTED):
            known = name or type(thing).__name__
            digests[known] = hash((digests.get(known), _digest(thing)))
        waiting.extend(_parts_of(name, thing))
    return digests


def changed(before: State, after: State) -> tuple[str, ...]:
    """Return the names whose data is another than *before*."""
    return tuple(name for name in after if after[name] != before.get(name))


def _parts_of(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield the named things that *thing* can reach: those of its code, or of the class of its methods."""
    if isinstance(thing, partial):
        yield name, thing.func
        yield from thing.keywords.items()
    elif isinstance(thing, MethodType):
        yield name, thing.__func__
        yield type(thing.__self__).__name__, thing.__self__
    elif hasattr(thing, COUNTED):
        yield f"{thing.__name__}.cache", tuple(thing.cache_info())
        yield name, thing.__wrapped__
    elif isinstance(thing, FunctionType) and is_of_the_project(thing.__code__.co_filename):
        yield from _parts_of_function(thing)
    elif isinstance(thing, type) and _is_own(thing):
        for attribute, value in vars(thing).items():
            if isinstance(value, FunctionType) or not attribute.startswith("__"):
                yield f"{thing.__name__}.{attribute}", getattr(value, "__func__", value)
    elif _is_own(type(thing)):
        yield type(thing).__name__, type(thing)


def _parts_of_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    for cell_name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield cell_name, cell.cell_contents
        except ValueError:  # nothing is in it yet
            continue
    names = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    yield from zip(names[len(names) - len(defaults) :], defaults, strict=True)
    yield from (function.__kwdefaults__ or {}).items()
    used = sorted(_names_in(code))
    for name in used:
        if name not in function.__globals__:
            continue
        value = function.__globals__[name]
        yield name, value
        file = getattr(value, "__file__", None) if isinstance(value, ModuleType) else None
        if file is not None and is_of_the_project(file):
            yield from (
                (f"{name}.{each}", vars(value)[each]) for each in used if each in vars(value)
            )


def _names_in(code: CodeType) -> set[str]:
    """Return the global names and attributes that *code* has, with the functions that stand in it."""
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*map(_names_in, inner))


def _is_own(kind: type) -> bool:
    """Return whether a class is the project's: its functions stand in a file of it."""
    functions = (each for each in vars(kind).values() if isinstance(each, FunctionType))
    return any(is_of_the_project(each.__code__.co_filename) for each in functions)


def _digest(data: Any) -> int:
    """Return a number that is another when *data* is other: of plain values, containers and own objects."""
    parts: list[object] = []
    seen: set[int] = set()
    waiting = [data]
    while waiting and len(parts) < MOST_PARTS:
        thing = waiting.pop()
        if isinstance(thing, PLAIN):
            parts.append((type(thing), thing))
            continue
        parts.append(type(thing))
        if id(thing) in seen or isinstance(thing, Filterer | ModuleType | type):
            continue
        seen.add(id(thing))
        if isinstance(thing, Mapping):
            parts.append(len(thing))
            waiting.extend(thing.keys())
            waiting.extend(thing.values())
        elif isinstance(thing, list | tuple | deque):
            parts.append(len(thing))
            waiting.extend(thing)
        elif isinstance(thing, set | frozenset):
            parts.append(len(thing))
        elif _is_own(type(thing)):
            waiting.extend(vars(thing).values() if hasattr(thing, "__dict__") else ())
    return hash(tuple(parts))
