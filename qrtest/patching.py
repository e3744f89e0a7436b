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


class Patches:
    """A context manager that makes the replacements which *find* returns.

    It can be entered many times at once, in any threads: the first replaces, the last restores.

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
