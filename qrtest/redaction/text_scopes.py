"""Where in a free text a name governs more than the next value: brackets, an indented block, a section.

`{'user': {'id': 7}}` in a Python repr, `user:` above indented lines in YAML, `[user]` above lines of an INI
file: what is assigned there is assigned below that name, as in JSON.
"""

from __future__ import annotations

import re
from typing import Final

from qrtest.redaction.allowlist import ENUMERATIONS, is_measure, plain_name

__all__ = ["Scopes"]

_BRACKET: Final = re.compile(
    r"[\"'`]{0,2}[ \t]{0,4}(?:[:=]{1,2}>?[ \t]{0,4})?(?:\r?\n[ \t]{0,16})?[(\[{]"
)
_BLOCK: Final = re.compile(
    r"[\"']?:[ \t]{0,8}\r?\n(?P<indent>[ \t]{0,40}(?:-[ \t]{1,8})?)[\"']?[\w.-]{1,60}[\"']?:(?=\s)"
)
_SECTION: Final = re.compile(r"\][ \t]{0,8}\r?\n")
_NEXT: Final = re.compile(
    r"[ \t]{1,3}(?=(?:id|ids|no|nr|num|number|name|value|key|guid|uuid)[\"']?[ \t]?[:=])",
    re.IGNORECASE,
)


class Scopes:
    """Follows a *text* from its begin to its end, and says what kind of name governs the place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._kind = ""
        self._next = ""
        self._form = ""
        self._depth = 0
        self._indent = 0
        self._line_indent = 0

    @property
    def is_open(self) -> bool:
        """Whether what comes next may be governed by a name that stands before it."""
        return bool(self._kind or self._next)

    def governs(self, name: str) -> str:
        """Return what kind governs the value that is assigned to *name* here, "" for none."""
        kind, self._next = self._kind or self._next, ""
        is_kept = not kind or is_measure(name) or plain_name(name) in ENUMERATIONS
        return "" if is_kept else kind

    def move(self, begin: int, end: int) -> None:
        """Go on over what stands between words, from *begin* to *end*."""
        between = self._text[begin:end]
        newline = between.rfind("\n")
        if newline >= 0 or begin == 0:
            self._line_indent = len(between) - newline - 1
        if not self._kind:
            return
        if self._form == "bracket":
            for char in between:
                self._depth += (char in "([{") - (char in ")]}")
                if self._depth <= 0 and char in ")]}":
                    self._kind = ""
                    return
        elif newline >= 0 and (
            "[" in between[newline:]
            if self._form == "section"
            else self._line_indent <= self._indent
        ):
            self._kind = ""

    def open(self, kind: str, begin: int, end: int) -> bool:
        """Return whether the name of *kind* at *begin* to *end* governs more than one value from here."""
        text = self._text
        self._next = ""
        if self._kind:
            return _BRACKET.match(text, end) is not None or _BLOCK.match(text, end) is not None
        block = _BLOCK.match(text, end)
        if block is not None and len(block["indent"]) > self._line_indent:
            self._kind, self._form, self._indent = kind, "block", self._line_indent
            return True
        if text[begin - 1 : begin] == "[" and _SECTION.match(text, end):
            self._kind, self._form = kind, "section"
            return True
        if _BRACKET.match(text, end):
            self._kind, self._form, self._depth = kind, "bracket", 0
            return True
        if _NEXT.match(text, end):
            self._next = kind
            return True
        return False
