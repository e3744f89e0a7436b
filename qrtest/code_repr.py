"""Values print as the code that makes them, and code says which imports it needs.

The values of qrtest are looked at in notebooks, in hypothesis's reports, and in the report of a failed
test. What is printed there can be pasted and run.
"""

from __future__ import annotations

import ast
import math
import os
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

__all__ = ["AsCode", "as_code", "imports_for"]

ELSEWHERE: Final = {"Path": "pathlib"}
"""Names that printed code may use and that are not public names of qrtest, with their modules."""

_NAME: Final = re.compile(r"\b(?<!\.)[A-Za-z_]\w*")


class AsCode:
    """Prints as code everywhere. A dataclass (repr=False) prints the fields that differ from their defaults.

    >>> from dataclasses import dataclass
    >>> @dataclass(repr=False)
    ... class Point(AsCode):
    ...     x: float
    ...     y: float = 0.0
    >>> Point(x=float("inf"))
    Point(x=float('inf'))
    """

    __slots__ = ()

    def __repr__(self) -> str:
        given = [
            f"{entry.name}={as_code(value)}"
            for entry in fields(self)  # type: ignore[arg-type]  # a subclass is a dataclass
            if (value := getattr(self, entry.name)) != entry.default
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


def as_code(value: Any) -> str:
    """Return code that makes *value*: its repr, except where a repr is no code.

    >>> as_code({"limit": float("inf"), "shots": [1, 2]})
    "{'limit': float('inf'), 'shots': [1, 2]}"
    """
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{as_code(key)}: {as_code(value[key])}' for key in value)}}}"
    if type(value) is list:
        return f"[{', '.join(map(as_code, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(as_code, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, os.PathLike):
        return f"Path({os.fspath(value)!r})"
    return repr(value)


def imports_for(*codes: str) -> list[str]:
    """Return the import lines that *codes* need, one line a module.

    >>> imports_for("qrtest.check_consumer(collect, script=Script(done()))")
    ['import qrtest', 'from qrtest import Script, done']
    """
    import qrtest

    names = set().union(*map(_names, codes))
    lines = ["import qrtest"] if "qrtest" in names else []
    lines += [f"from {module} import {name}" for name, module in ELSEWHERE.items() if name in names]
    public = sorted(names & set(qrtest.__all__))
    return [*lines, f"from qrtest import {', '.join(public)}"] if public else lines


def _names(code: str) -> set[str]:
    """Return the names that *code* reads and does not make."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return set(_NAME.findall(code))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - made
