"""Attributes of modules and classes that are replaced, in all threads, while anybody needs them to be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

__all__ = ["PATCHING", "Patch", "Patches"]

PATCHING: Final = threading.RLock()
"""Held while something that all threads see is replaced or restored."""

ABSENT: Final = object()

Patch = tuple[Any, str, Any]
"""A module or class, the name of its attribute, and what stands in for that."""


class Patches:
    """Puts in place what *find* says, for as long as anybody is inside.

    Many can be inside at once, in any threads: the first replaces, the last puts back.

    >>> import math
    >>> roundly = Patches(lambda: [(math, "pi", 3)])
    >>> with roundly, roundly:
    ...     math.pi
    3
    >>> math.pi > 3
    True
    """

    def __init__(self, find: Callable[[], Iterable[Patch]]) -> None:
        self._find = find
        self._users = 0
        self._before: list[Patch] = []

    def __enter__(self) -> None:
        with PATCHING:
            if not self._users:
                for owner, name, stand_in in self._find():
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
