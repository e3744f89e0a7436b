"""Makes the replacements in modules that are imported while a virtual clock is installed.

`import trio` in a test comes when the simulation has begun, and so does asyncio where nothing else has
imported it. What is to be replaced in them was not there to be found.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from qrtest.clock.kept_functions import present
from qrtest.patching import PATCHING, Patch, Patches

__all__ = ["LateImports"]

WATCHED: Final = frozenset(
    {
        "asyncio.selector_events",
        "concurrent.futures.thread",
        "multiprocessing.process",
        "trio",
        "uvloop",
    }
)
"""Modules in which something is replaced that other modules do not import by name."""


@cache
def _is_installed(module_name: str) -> bool:
    return importlib.util.find_spec(module_name.partition(".")[0]) is not None


class LateImports(MetaPathFinder):
    """Watches imports from `begin` to `end`, and makes what *find* returns then; `PATCHING` is held.

    *is_needed*: whether one of the modules is installed, and not there yet.
    """

    def __init__(self, find: Callable[[], Iterator[Patch]]) -> None:
        self._find = find
        self._made: list[Patches] = []
        self._is_active = False
        self.is_needed = True

    def look(self) -> None:
        """Note which modules there are."""
        self.is_needed = any(map(_is_installed, WATCHED - sys.modules.keys()))

    def begin(self) -> None:
        """Watch from now on."""
        self._is_active = True
        sys.meta_path.insert(0, self)

    def end(self) -> None:
        """Watch no more, and restore what was replaced, if it was begun."""
        if self._is_active:
            self._is_active = False
            sys.meta_path.remove(self)
            while self._made:
                self._made.pop().end()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders return; for a module to watch, with a look at it afterwards."""
        if fullname not in WATCHED:
            return None
        others = (finder for finder in list(sys.meta_path) if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((each for each in found if each is not None), None)
        if spec is not None and spec.loader is not None:
            self._watch(spec.loader)
        return spec

    def _watch(self, loader: Any) -> None:
        execute = loader.exec_module

        def execute_and_replace(module: ModuleType) -> None:
            del loader.exec_module
            execute(module)
            self._replace()

        loader.exec_module = execute_and_replace

    def _replace(self) -> None:
        with PATCHING:
            if self._is_active:
                late = Patches(self._missing)
                late.begin()
                self._made.append(late)

    def _missing(self) -> Iterator[Patch]:
        for owner, name, stand_in in self._find():
            if present(owner, name) is not stand_in:
                yield owner, name, stand_in
