"""Texts of several lines, some of which are JSON: logs, JSON lines, server-sent events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qrtest.redaction import json_values
from qrtest.redaction.where import Decider, Where

__all__ = ["rewritten"]

_LINE: Final = re.compile(r"(\s*(?:data:)?\s*)(.*)", re.DOTALL)
_DATA: Final = re.compile(r"(?m)(?:^data:[^\n]*+\n){2,}")
"""The lines of an event whose data has several."""


def rewritten(
    text: str, where: Where, decide: Decider, free_text: Callable[[str, Where], str]
) -> str:
    """Return *text* at *where* with its lines of JSON as *decide* has them, all others as *free_text*."""
    if "\n" not in text or ("{" not in text and "[" not in text):
        return free_text(text, where)
    done: list[str] = []
    plain: list[str] = []
    for line in _lines(text):
        found = _LINE.fullmatch(line)
        core = found[2].rstrip("\r\n") if found else ""
        joined = re.sub(r"\ndata:", "\n", core) if "\ndata:" in core else core
        if len(core) > 2 and core[0] in "{[" and json_values.is_json(joined):
            done.append(free_text("".join(plain), where))
            plain = []
            assert found is not None, "it has a core"
            clean = json_values.rewritten(joined, where, decide)
            if joined is not core:
                clean = clean.replace("\n", "\ndata:")
            done.append(f"{found[1]}{clean}{found[2][len(core) :]}")
        else:
            plain.append(line)
    done.append(free_text("".join(plain), where))
    return "".join(done)


def _lines(text: str) -> list[str]:
    """Return the lines of *text*, those of the data of one event together if they are one JSON."""
    at = 0
    found: list[str] = []
    for event in _DATA.finditer(text) if "data:" in text else ():
        core = event[0].removeprefix("data:").replace("\ndata:", "\n").strip()
        if core[:1] in ("{", "[") and json_values.is_json(core):
            found += (*text[at : event.start()].splitlines(keepends=True), event[0])
            at = event.end()
    return [*found, *text[at:].splitlines(keepends=True)]
