"""Replaces attributes of modules and classes, in all threads, while at least one user needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

__all__ = ["PATCHING", "Patch", "Patches"]

PATCHING: Final = threading.RLock()
"""Held while an attribute that all threads see is replaced or restored."""

ABSENT: Final = object()

Patch = tuple[Any, str, Any]
"""A module or class, the name of its attribute, and the replacement."""

_Found = tuple[Any, str, Any, Any]
"""The same, with the value that the attribute has before."""


class Patches:
    """A context manager that makes the replacements which *find* returns.

    It can be entered many times at once, in any threads: the first replaces, the last restores.
    *is_stable*: what was found serves the next time, too, unless somebody else has replaced one of the
    attributes meanwhile.

    >>> import math
    >>> roundly = Patches(lambda: [(math, "pi", 3)])
    >>> with roundly, roundly:
    ...     math.pi
    3
    >>> math.pi > 3
    True
    """

    def __init__(self, find: Callable[[], Iterable[Patch]], *, is_stable: bool = False) -> None:
        self._find = find
        self._is_stable = is_stable
        self._users = 0
        self._found: list[_Found] = []
        self._before: list[Patch] = []

    def __enter__(self) -> None:
        with PATCHING:
            if not self._users:
                if not self._serves_again():
                    self._found = [
                        (owner, name, stand_in, getattr(owner, name, ABSENT))
                        for owner, name, stand_in in self._find()
                    ]
                for owner, name, stand_in, _ in self._found:
                    self._before.append((owner, name, vars(owner).get(name, ABSENT)))
                    setattr(owner, name, stand_in)
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with PATCHING:
            self._users -= 1
            while self._before and not self._users:
                owner, name, before = self._before.pop()
                if before is ABSENT:
                    delattr(owner, name)
                else:
                    setattr(owner, name, before)

    def _serves_again(self) -> bool:
        if not self._is_stable or not self._found:
            return False
        return all(
            getattr(owner, name, ABSENT) is genuine for owner, name, _, genuine in self._found
        )
