"""How a test that is pasted into another file names the objects of the project, and the parts of a report."""

from __future__ import annotations

import inspect
import keyword
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PastedName", "identifier", "imports", "name_of", "named", "section"]


@dataclass(frozen=True)
class PastedName:
    """How code names an object: by an import from *module*, or by a *line* that a person has to complete."""

    code: str
    module: str = ""
    line: str = ""


def imports(names: Iterable[PastedName]) -> Iterator[str]:
    """Return the lines that import *names*."""
    names = tuple(names)
    for module in sorted({name.module for name in names if name.module}):
        roots = {name.code.partition(".")[0] for name in names if name.module == module}
        yield f"from {module} import {', '.join(sorted(roots))}"


def named(thing: Any, what: str, otherwise: str = "consumer") -> PastedName:
    """Return how a test in another file names *thing*: by *otherwise* what has no name of its own."""
    qualified: str = getattr(thing, "__qualname__", "")
    module: str = getattr(thing, "__module__", "") or ""
    found: Any = sys.modules.get(module)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    is_found = bool(qualified) and found is thing and module != "__main__"
    if is_found and module == "builtins":
        return PastedName(qualified)
    if is_found:
        return PastedName(qualified, module)
    owner = getattr(thing, "__self__", thing)  # of a method: the object
    home = type(owner).__module__
    for name, value in vars(sys.modules.get(home, object)).items():
        if value is owner and name.isidentifier() and home not in ("__main__", "builtins"):
            return PastedName(name if owner is thing else f"{name}.{thing.__name__}", home)
    name = identifier(thing, otherwise)
    return PastedName(name, line=f"{name} = ...  # fill in: {what} {name_of(thing)}{_where(thing)}")


def identifier(thing: Any, otherwise: str = "consumer") -> str:
    """Return a name for *thing* in code: its own, or *otherwise* if that is none.

    >>> identifier(int), identifier(lambda: None)
    ('int', 'consumer')
    """
    name = "".join(letter if letter.isalnum() else "_" for letter in name_of(thing)).strip("_")
    return name if name.isidentifier() and not keyword.iskeyword(name) else otherwise


def _where(thing: Any) -> str:
    try:
        source = inspect.getsourcefile(thing)
        line = inspect.getsourcelines(thing)[1]
    except (TypeError, OSError):
        return ""
    return f", {Path(source or '').name} line {line}"


def name_of(thing: Any) -> str:
    """Return what to call a function or class: its qualified name, without the function it stands in."""
    qualified: str = getattr(thing, "__qualname__", type(thing).__qualname__)
    return qualified.rpartition("<locals>.")[2]


def section(title: str, body: str) -> list[str]:
    """Return the lines of a part of a report."""
    return ["", f"{title}:", "", textwrap.indent(body, "    ")]
