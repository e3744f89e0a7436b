"""Replaces attributes of modules and classes, in all threads, while at least one user needs it."""

from __future__ import annotations

import _thread
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import FunctionType
from typing import Any, Final

__all__ = ["PATCHING", "OwnRLock", "Patch", "Patches"]


class OwnRLock(_thread.RLock):  # type: ignore[misc]
    """A lock of qrtest's own: its methods stay genuine while those of its base class are replaced."""

    acquire = _thread.RLock.acquire
    __enter__ = _thread.RLock.__enter__


PATCHING: Final = OwnRLock()
"""Held while an attribute that all threads see is replaced or restored."""

ABSENT: Final = object()
IMMUTABLE_TYPE: Final = 1 << 8
"""The flag of a class of C, which takes no assignment: its attributes are replaced in its dictionary."""

Patch = tuple[Any, str, Any]
"""A module, class, object, function or dict, the name of its attribute, and the replacement."""


class _Members(Mapping[str, Any]):
    """The attributes that are not in a dictionary: default arguments of a function, slots of an object."""

    def __init__(self, owner: object) -> None:
        self._owner = owner

    def __getitem__(self, name: str) -> Any:
        found = getattr(self._owner, name, ABSENT)
        if found is ABSENT:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(dir(self._owner))

    def __len__(self) -> int:
        return len(dir(self._owner))


class Patches:
    """A context manager that makes the replacements which *find* returns.

    It can be entered many times at once, in any threads: the first replaces, the last restores. What
    somebody else has replaced meanwhile is left to them.
    *is_stable*: what was found serves the next time, too, unless somebody else has replaced one of the
    attributes meanwhile, or *state* returns another value than it did then.

    >>> import math
    >>> roundly = Patches(lambda: [(math, "pi", 3)])
    >>> with roundly, roundly:
    ...     math.pi
    3
    >>> math.pi > 3
    True
    """

    def __init__(
        self,
        find: Callable[[], Iterable[Patch]],
        *,
        is_stable: bool = False,
        state: Callable[[], object] | None = None,
    ) -> None:
        self._find = find
        self._is_stable = is_stable
        self._state = state
        self._state_found: object = None
        self._users = 0
        self._found: _Found | None = None

    def __enter__(self) -> None:
        with PATCHING:
            self.begin()

    def __exit__(self, *_: object) -> None:
        with PATCHING:
            self.end()

    def begin(self) -> None:
        """Do what entering does; `PATCHING` is held."""
        if not self._users:
            found = self._found if self._is_stable else None
            if self._state is not None and self._state() != self._state_found:
                found = None
            if found is None or not found.replace():
                self._found = _Found(self._find(), self._found)
                self._state_found = None if self._state is None else self._state()
                self._found.replace()
        self._users += 1

    def end(self) -> None:
        """Do what leaving does; `PATCHING` is held."""
        self._users -= 1
        if not self._users and self._found is not None:
            self._found.restore()


class _Found:
    """Replacements, and what they replace: of names in dicts, and of attributes of classes.

    A simulation makes some seventy when it begins and takes them back when it ends; that is most of what
    it costs to begin and to end, hence plain loops, and nothing that is looked up twice.
    *before*: those of the last time. A patch that began while they were in place, and ended later, has put
    one of their stand-ins back; genuine is what that had replaced.
    """

    def __init__(self, patches: Iterable[Patch], before: _Found | None) -> None:
        self._in_dicts: list[tuple[dict[str, Any], str, Any, Any]] = []
        """Names that are in a dictionary before and meanwhile: nearly all."""
        self._others: list[tuple[Any, Any, str, Any, Any]] = []
        """Names that are new in a dictionary, then attributes that are assigned; no owner is a dictionary."""
        self._inherited: list[tuple[Mapping[str, Any], str, Any]] = []
        self._known: dict[tuple[int, str], tuple[Any, Any]] = {}
        self._of_c: dict[type, Callable[[], object]] = {}
        assigned: list[tuple[Any, Any, str, Any, Any]] = []
        # The same module may be known by two names.
        wanted = {(id(owner), name): (owner, name, stand_in) for owner, name, stand_in in patches}
        for owner, name, stand_in in wanted.values():
            namespace = self._namespace(owner)
            genuine = namespace.get(name, ABSENT)
            known = None if before is None else before._known.get((id(owner), name))
            if known is not None and known[0] is genuine:
                genuine = known[1]
                _put_back(owner, namespace, name, genuine)
            self._known[id(owner), name] = stand_in, genuine
            if isinstance(namespace, dict) and _takes_items(owner):
                self._note(namespace, name, genuine, stand_in)
            else:
                assigned.append((owner, namespace, name, genuine, stand_in))
                if genuine is ABSENT and isinstance(owner, type):
                    self._inherited += _inherited(owner, name)
        self._note_assigned(assigned)

    def _note(self, namespace: dict[str, Any], name: str, genuine: Any, stand_in: Any) -> None:
        if genuine is ABSENT:
            self._others.append((None, namespace, name, genuine, stand_in))
        else:
            self._in_dicts.append((namespace, name, genuine, stand_in))

    def _note_assigned(self, assigned: list[tuple[Any, Any, str, Any, Any]]) -> None:
        """Note what is assigned; of a class, in its dictionary, but for the last one that it has of its own.

        The interpreter learns from the assignment of that one, which is made after the others, that the class
        has changed; to announce it each time costs three times as much.
        """
        last = {
            id(entry[0]): entry
            for entry in assigned
            if isinstance(entry[1], dict) and entry[3] is not ABSENT
        }
        announced = []
        for entry in assigned:
            owner, namespace, name, genuine, stand_in = entry
            its_last = last.get(id(owner))
            if its_last is None or its_last is entry or name.startswith("__"):
                announced.append(entry)
            else:
                self._note(namespace, name, genuine, stand_in)
        self._others += announced

    def _namespace(self, owner: Any) -> Mapping[str, Any]:
        if isinstance(owner, dict):
            return owner
        if isinstance(owner, FunctionType) or not hasattr(owner, "__dict__"):
            return _Members(owner)
        namespace: Mapping[str, Any] = vars(owner)
        if not isinstance(owner, type):
            return namespace
        if _takes_items(owner) and owner not in self._of_c:
            self._of_c[owner] = _noting(owner)
        # The dictionary behind the view, which answers sooner, and takes changes of a class of C. The
        # interpreter has to learn of each change of such a class, for what it remembers.
        behind: dict[str, Any] = gc.get_referents(namespace)[0]
        return behind

    def replace(self) -> bool:
        """Put the replacements in place; change nothing, and return False, if one replaces something else."""
        if not self._replace_while_genuine():
            self.restore()
            return False
        for note in self._of_c.values():
            note()
        return True

    def _replace_while_genuine(self) -> bool:
        """Put the replacements in place, up to the first that would replace something else."""
        for namespace, name, value in self._inherited:
            if namespace.get(name) is not value:
                return False
        try:
            for in_dict, name, genuine, stand_in in self._in_dicts:
                if in_dict[name] is not genuine:
                    return False
                in_dict[name] = stand_in
        except KeyError:
            return False
        for owner, namespace, name, genuine, stand_in in self._others:
            if namespace.get(name, ABSENT) is not genuine:
                return False
            if owner is None:
                namespace[name] = stand_in
            else:
                setattr(owner, name, stand_in)
        return True

    def restore(self) -> None:
        """Put the genuine attributes back where the replacements still are."""
        for in_dict, name, genuine, stand_in in self._in_dicts:
            if in_dict.get(name) is stand_in:
                in_dict[name] = genuine
        for owner, namespace, name, genuine, stand_in in self._others:
            if namespace.get(name) is stand_in:
                if owner is None:
                    del namespace[name]
                elif genuine is ABSENT:
                    delattr(owner, name)
                else:
                    setattr(owner, name, genuine)
            elif isinstance(owner, type):
                _noting(owner)()
        for note in self._of_c.values():
            note()


def _noting(owner: type) -> Callable[[], object]:
    """Return what makes the interpreter forget what it remembers of the attributes of *owner*."""
    import ctypes

    return partial(ctypes.pythonapi.PyType_Modified, ctypes.py_object(owner))


def _takes_items(owner: Any) -> bool:
    """Return whether attributes of *owner* are changed in its dictionary, not by assignment."""
    return not isinstance(owner, type) or bool(owner.__flags__ & IMMUTABLE_TYPE)


def _put_back(owner: Any, namespace: Mapping[str, Any], name: str, genuine: Any) -> None:
    if isinstance(namespace, dict) and _takes_items(owner):
        if genuine is ABSENT:
            del namespace[name]
        else:
            namespace[name] = genuine
    elif genuine is ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, genuine)


def _inherited(owner: type, name: str) -> Iterator[tuple[Mapping[str, Any], str, Any]]:
    """Return where *owner* inherits the attribute *name* from, if that is a class which can be changed."""
    kind = next((kind for kind in owner.__mro__ if name in vars(kind)), None)
    if kind is not None and not kind.__flags__ & IMMUTABLE_TYPE:
        yield vars(kind), name, vars(kind)[name]
