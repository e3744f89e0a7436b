"""Where in a free text a name governs more than the next value.

Strongly: what is in brackets behind it, an indented block, a section. `{'user': {'id': 7}}` in a Python
repr, `user:` above indented lines in YAML, `[user]` above lines of an INI file: what stands there stands
below that name, as in JSON. Weakly: the rest of its line, or the next line if the name ends its own.
"""

from __future__ import annotations

import re
from typing import Final

from qrtest.redaction.allowlist import ENUMERATIONS, plain_name
from qrtest.redaction.governing_names import identifies, is_measure

__all__ = ["BITS", "SOFT", "Scopes", "Zones"]

SOFT: Final = ("provider", "instance", "ip", "address", "email")
"""Kinds whose names are ordinary words, too: they name what follows a colon, not the next word."""

_BRACKET: Final = re.compile(
    r"[\"'`]{0,2}[ \t]{0,4}(?:[:=]{1,2}>?[ \t]{0,4}(?:[A-Za-z_][\w.]{0,40}(?=[(\[{]))?)?"
    r"(?:\r?\n[ \t]{0,16})?[(\[{]"
    r"|[\"'`],[ \t]{0,4}[(\[{]"
)
_BLOCK: Final = re.compile(
    r"[\"']?:[ \t]{0,8}(?:[|>][+-]?\d?[ \t]{0,8})?\r?\n(?P<indent>[ \t]{0,40}(?:-[ \t]{1,8})?)(?=[\w\"'-])"
)
_INDENT: Final = re.compile(r"[ \t]{0,60}(?:-[ \t]{1,8}){0,4}")
_SECTION: Final = re.compile(r"\]{1,2}[ \t]{0,8}\r?\n")
_NEXT: Final = re.compile(
    r"[ \t]{1,3}(?=(?:id|ids|no|nr|num|number|name|value|key|guid|uuid)[\"']?[ \t]?[:=])",
    re.IGNORECASE,
)
_PASSWORD: Final = re.compile(
    r"(?i)passw|passphrase|passcode|pwd|secret|credential|kennwort|^pin$|^otp$|identifiedby|^by$"
)
BITS: Final = re.compile(r"0[xX][0-9a-fA-F]+|[01]+")
"""Outcomes of a measurement: a number under one is a count, whatever the register is called."""

_LABEL: Final = re.compile(r"(?:^|\n)[^\w\n]*(?:\w{1,30}[:=][ \t]*)?[^\w\n]*\Z")
_ENDS_A_LINE: Final = re.compile(r"[^\w\n.!]{0,200}(?=\n)")
_LINE: Final = re.compile(r"[^\n]{0,400}")
_NEXT_LINE: Final = re.compile(r"[^\w\n]{0,200}(?:\n[^\w\n]{0,200}){1,3}[^\n]{0,400}")


class Scopes:
    """Follows a *text* from its begin to its end, and says what kind of name governs the place."""

    def __init__(self, text: str) -> None:
        self.kind = ""
        """The kind that governs here, "" for none."""
        self._text = text
        self._next = ""
        self._form = ""
        self._depth = 0
        self._indent = 0
        self._line_indent = 0

    @property
    def is_open(self) -> bool:
        """Whether what comes next may be governed by a name that stands before it."""
        return bool(self.kind or self._next)

    def governs(self, name: str) -> str:
        """Return what kind governs the value that is assigned to *name* here, "" for none."""
        kind, self._next = self.kind or self._next, ""
        is_kept = not kind or is_measure(name) or plain_name(name) in ENUMERATIONS
        is_kept = is_kept or BITS.fullmatch(name) is not None
        return "" if is_kept else kind

    def move(self, begin: int, end: int) -> None:
        """Go on over what stands between words, from *begin* to *end*."""
        between = self._text[begin:end]
        newline = between.rfind("\n")
        if newline >= 0 or begin == 0:
            start = begin + newline + 1
            indent = _INDENT.match(self._text, start)
            self._line_indent = indent.end() - start if indent else 0
        if not self.kind:
            return
        if self._form == "bracket":
            for char in between:
                self._depth += (char in "([{") - (char in ")]}")
                if self._depth <= 0 and char in ")]}":
                    self.kind = ""
                    return
        elif newline >= 0 and (
            "[" in between[newline:]
            if self._form == "section"
            else self._line_indent <= self._indent
        ):
            self.kind = ""

    def open(self, kind: str, begin: int, end: int) -> bool:
        """Return whether the name of *kind* at *begin* to *end* governs more than one value from here."""
        text = self._text
        self._next = ""
        if self.kind:
            return _BRACKET.match(text, end) is not None or _BLOCK.match(text, end) is not None
        block = _BLOCK.match(text, end)
        if block is not None and len(block["indent"]) > self._line_indent:
            self.kind, self._form, self._indent = kind, "block", self._line_indent
            return True
        if text[begin - 1 : begin] == "[" and _SECTION.match(text, end):
            self.kind, self._form = kind, "section"
            return True
        if _BRACKET.match(text, end):
            self.kind, self._form, self._depth = kind, "bracket", 0
            return True
        if _NEXT.match(text, end):
            self._next = kind
            return True
        return False


class Zones:
    """How far in a *text* a name makes the words and numbers behind it suspicious, without a sign.

    *near*: the kind of a name outside, which governs all of the text.
    """

    def __init__(self, text: str, near: str = "") -> None:
        self._text = text
        self._kind = near
        self._until = len(text) if near else 0
        self._strict_until = self._until if near == "token" else 0
        self._is_of_ids = near in ("instance", "account")

    def open(self, kind: str, begin: int, end: int) -> None:
        """Go on with the name of *kind* at *begin* to *end*."""
        if not kind or (kind in SOFT and kind != "instance"):
            return
        name = self._text[begin:end].strip("\\.!?*_-+/")
        self._is_of_ids = kind == "instance" or identifies(name)
        found = _LINE.match(self._text, end)
        until = found.end() if found else end
        if self._is_label(begin, end):
            below = _NEXT_LINE.match(self._text, end)
            until = below.end() if below else until
        self._kind, self._until = kind, max(until, self._until)
        if kind == "token" and _PASSWORD.search(name):
            self._strict_until = max(until, self._strict_until)

    def is_open(self, place: int) -> bool:
        """Return whether a name governs *place* at all."""
        return place < self._until or place < self._strict_until

    def is_of_ids(self, place: int) -> bool:
        """Return whether the name that governs *place* is one of an id: an id there is no job's."""
        return place < self._until and self._is_of_ids

    def end(self) -> None:
        """End the zone for numbers: the name has its value."""
        self._until = 0

    def _is_label(self, begin: int, end: int) -> bool:
        """Return whether the name at *begin* to *end* stands alone on its line, or ends it with a sign."""
        rest = _ENDS_A_LINE.match(self._text, end)
        if rest is None:
            return False
        if rest[0].rstrip().endswith((":", "=", "=>")):
            return True
        return (
            not set(rest[0]) & set(")]}")
            and _LABEL.search(self._text[max(0, begin - 60) : begin]) is not None
        )

    def kind(self, place: int) -> str:
        """Return the kind of the name that governs *place* weakly, "" for none."""
        return self._kind if place < self._until else ""

    def is_strict(self, place: int) -> bool:
        """Return whether *place* is near the name of a password, which may be a word of the dictionary."""
        return place < self._strict_until
