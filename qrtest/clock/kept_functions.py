"""Finds where a module keeps functions: by names, in functions, classes, objects, containers and partials.

`from time import sleep`, `def poll(job, sleep=time.sleep)`, `WAITS = {"long": partial(time.sleep, 5)}` and a
decorator's closure each keep the function that was there when the module was imported; to replace
`time.sleep` does not reach them. Each module of the project is searched once, from its names on.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from functools import cache, cached_property, lru_cache, partial
from itertools import islice
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    SimpleNamespace,
)
from typing import Any, Final, NamedTuple

from qrtest.clock.places import is_library, is_tool

__all__ = ["Exchange", "Place", "places_below", "places_in", "present"]

Exchange = Callable[[Any], tuple[Any, Any] | None]
"""Returns, for a function or what stands in for it, the genuine one and its stand-in; None for all else."""

MOST_VALUES: Final = 10_000
"""How many values of one module are looked into, the nearest to its names first."""

LONGEST: Final = 1_000
"""How many items of one container."""

_ABSENT: Final = object()


class Place(NamedTuple):
    """An attribute or item of *owner*, its genuine value, and the one that follows the clock."""

    owner: Any
    name: Any
    genuine: Any
    stand_in: Any

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for the same place, however often it is found."""
        return self.owner.key if isinstance(self.owner, _Spot) else (id(self.owner), self.name)


class _Spot:
    """The item of a list, or what else has no name in a dict, as an attribute: `value`.

    *owner* and *number* say which it is.
    """

    __slots__ = ("_get", "_put", "key")

    def __init__(
        self, owner: object, number: object, get: Callable[[], Any], put: Callable[[Any], object]
    ) -> None:
        self.key: Final = (id(owner), number)
        self._get = get
        self._put = put

    @property
    def value(self) -> Any:
        """The value that is there. Raises AttributeError when the item is gone."""
        try:
            return self._get()
        except (IndexError, ValueError) as error:
            raise AttributeError("value") from error

    @value.setter
    def value(self, value: Any) -> None:
        self._put(value)


def present(owner: Any, name: Any) -> Any:
    """Return what an attribute of a class or function, or an item of a dict, is now."""
    if isinstance(owner, dict):
        return owner.get(name, _ABSENT)
    if isinstance(owner, type):
        return vars(owner).get(name, _ABSENT)
    return getattr(owner, name, _ABSENT)


def places_in(namespace: dict[str, Any], exchange: Exchange) -> Iterator[Place]:
    """Return which names in a *namespace* are of a function that *exchange* knows."""
    for name, value in list(namespace.items()):
        if type(value) in _OF_FUNCTIONS:
            found = _exchanged(value, exchange)
            if found is not None:
                yield Place(namespace, name, *found)


def places_below(
    namespace: dict[str, Any], exchange: Exchange, *, is_library_code: bool = False
) -> Iterator[Place]:
    """Return where else the module with this *namespace* keeps a function that *exchange* knows.

    *is_library_code*: only in its functions and classes, and not in its objects, which are not the code's
    under test.
    """
    yield from _Search(namespace, exchange, is_library_code=is_library_code).places()


class _Search:
    """One search through what a module has, the nearest to its names first."""

    def __init__(
        self, namespace: dict[str, Any], exchange: Exchange, *, is_library_code: bool
    ) -> None:
        self._module_name = namespace.get("__name__")
        self._exchange = exchange
        self._followed = (FunctionType, type) if is_library_code else (object,)
        self._seen: dict[int, Any] = {id(namespace): namespace}
        self._pending: deque[Any] = deque([namespace])

    def places(self) -> Iterator[Place]:
        while self._pending:
            value = self._pending.popleft()
            for owner, name, content in _contents(value):
                found = _exchanged(content, self._exchange)
                if found is None or owner is None:
                    self._note(content)
                elif isinstance(owner, type):
                    yield _member(owner, name, content, *found)
                else:
                    yield Place(owner, name, *found)

    def _note(self, value: Any) -> None:
        """Remember to look into *value*, if it can keep something that is the code's own."""
        if id(value) in self._seen or len(self._seen) >= MOST_VALUES:
            return
        if isinstance(value, self._followed) and self._is_to_be_followed(value):
            # Kept, so that no other value has its identity meanwhile.
            self._seen[id(value)] = value
            self._pending.append(value)

    def _is_to_be_followed(self, value: Any) -> bool:
        kind: Any = type(value)
        if kind is FunctionType:
            # What a decorator has made keeps what the decorated code gave it, wherever it is from.
            return value.__module__ == self._module_name or (
                value.__closure__ is not None and _is_the_codes_own(value.__globals__["__name__"])
            )
        if isinstance(value, type):
            return value.__module__ == self._module_name
        return kind in _CONTENTS_OF or _has_members(kind)


def _member(owner: type, name: str, member: Any, genuine: Any, stand_in: Any) -> Place:
    # A function of C is no method: its stand-in must not become one.
    is_static = isinstance(member, staticmethod)
    kept = member if is_static and member.__func__ is genuine else genuine
    return Place(owner, name, kept, staticmethod(stand_in))


def _is_the_codes_own(module_name: Any) -> bool:
    """Return whether a module is no test tool's, whose patches put back later what they keep."""
    if not isinstance(module_name, str) or module_name.partition(".")[0] == "qrtest":
        return False
    return not is_tool(module_name)


@cache
def _has_members(kind: type) -> bool:
    """Return whether objects of *kind* have attributes of their own, and are the code's under test."""
    name = kind.__module__
    if not _is_the_codes_own(name) or (is_library(name) and name != "sched"):
        return False
    return bool(kind.__dictoffset__) or any("__slots__" in vars(base) for base in kind.__mro__)


# --- what a value keeps: the owner, the name, and the content; no owner where it cannot be replaced ---

_Contents = Iterator[tuple[Any, Any, Any]]


def _contents(value: Any) -> _Contents:
    if isinstance(value, type):
        return _of_class(value)
    return _CONTENTS_OF.get(type(value), _of_object)(value)


def _of_dict(value: dict[Any, Any]) -> _Contents:
    for key, item in list(islice(dict.items(value), LONGEST)):
        yield value, key, item


def _of_list(value: list[Any]) -> _Contents:
    for index, item in enumerate(list(islice(value, LONGEST))):
        get, put = partial(value.__getitem__, index), partial(value.__setitem__, index)
        yield _Spot(value, index, get, put), "value", item


def _of_tuple(value: tuple[Any, ...]) -> _Contents:
    for item in value[:LONGEST]:
        yield None, None, item


def _of_function(value: FunctionType) -> _Contents:
    yield value, "__defaults__", value.__defaults__
    yield None, None, value.__kwdefaults__
    yield None, None, vars(value)
    for cell in value.__closure__ or ():
        yield from _of_cell(cell)


def _of_cell(cell: CellType) -> _Contents:
    def put(content: Any) -> None:
        cell.cell_contents = content

    try:
        content = cell.cell_contents
    except ValueError:
        return  # a name that has no value yet
    yield _Spot(cell, 0, lambda: cell.cell_contents, put), "value", content


def _of_class(value: type) -> _Contents:
    for name, member in list(vars(value).items()):
        yield value, name, member


def _of_object(value: Any) -> _Contents:
    kind = type(value)
    if kind.__dictoffset__:
        # As the object itself has them: a proxy would answer for another one.
        own = object.__getattribute__(value, "__dict__")
        if isinstance(own, dict):
            yield from _of_dict(own)
    for base in kind.__mro__:
        for slot in vars(base).values() if "__slots__" in vars(base) else ():
            if type(slot) is MemberDescriptorType:
                yield from _of_slot(value, slot)


def _of_slot(value: Any, slot: MemberDescriptorType) -> _Contents:
    get, put = partial(slot.__get__, value), partial(slot.__set__, value)
    spot = _Spot(value, slot.__name__, get, put)
    content = getattr(spot, "value", _ABSENT)
    if content is not _ABSENT:
        yield spot, "value", content


def _of_attributes(*names: str) -> Callable[[Any], _Contents]:
    """Return what gives the attributes *names*, which take no assignment."""
    return lambda value: ((None, None, getattr(value, name, None)) for name in names)


_CONTENTS_OF: Final[dict[type, Callable[[Any], _Contents]]] = {
    **dict.fromkeys((dict, OrderedDict, defaultdict), _of_dict),
    **dict.fromkeys((list, deque), _of_list),
    tuple: _of_tuple,
    FunctionType: _of_function,
    MethodType: _of_attributes("__func__", "__self__"),
    SimpleNamespace: lambda value: _of_dict(vars(value)),
    cached_property: _of_attributes("func"),
    classmethod: _of_attributes("__func__"),
    partial: _of_attributes("func", "args", "keywords"),
    property: _of_attributes("fget", "fset", "fdel"),
    staticmethod: _of_attributes("__func__"),
    type(lru_cache(len)): _of_attributes("__wrapped__"),
}
"""By its class, what gives the contents of a value; those of the standard library that keep functions."""


# --- values with a function in them ---

_FUNCTIONS: Final = frozenset({BuiltinFunctionType, FunctionType, MethodType, type})
_OF_FUNCTIONS: Final = _FUNCTIONS | {partial, tuple}


def _exchanged(value: Any, exchange: Exchange) -> tuple[Any, Any] | None:
    """Return *value* with the genuine functions in it, and with their stand-ins; None if it has none."""
    kind = type(value)
    if kind in _FUNCTIONS:
        return exchange(value)
    if kind is staticmethod:
        return exchange(value.__func__)
    if kind is partial:
        return _exchanged_partial(value, exchange)
    return _exchanged_tuple(value, exchange) if isinstance(value, tuple) else None


def _exchanged_partial(value: Any, exchange: Exchange) -> tuple[Any, Any] | None:
    keywords = tuple(value.keywords.values())
    found = _exchanged((value.func, *value.args, *keywords), exchange)
    if found is None:
        return None

    def made_of(parts: tuple[Any, ...]) -> Any:
        function, *arguments = parts
        places = len(value.args)
        named = dict(zip(value.keywords, arguments[places:], strict=True))
        return partial(function, *arguments[:places], **named)

    genuine, stand_in = found
    is_genuine = all(
        new is old for new, old in zip(genuine, (value.func, *value.args, *keywords), strict=True)
    )
    return value if is_genuine else made_of(genuine), made_of(stand_in)


def _exchanged_tuple(value: tuple[Any, ...], exchange: Exchange) -> tuple[Any, Any] | None:
    make: Any = tuple if type(value) is tuple else getattr(type(value), "_make", None)
    if make is None or len(value) > LONGEST:
        return None
    found = [_exchanged(each, exchange) for each in value]
    if not any(found):
        return None
    pairs = [pair or (each, each) for pair, each in zip(found, value, strict=True)]
    is_genuine = all(genuine is each for (genuine, _), each in zip(pairs, value, strict=True))
    genuine = value if is_genuine else make(each for each, _ in pairs)
    return genuine, make(each for _, each in pairs)
