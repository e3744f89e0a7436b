"""Texts in markup that name the text beside or below them: headings, cells of a table, terms of a list.

`<th>user</th><td>jane</td>`, a header row above its columns, `<dt>user</dt><dd>jane</dd>`,
`<b>user:</b> jane`, `<name>user</name><value>jane</value>`: what has such a label is looked at as what
stands under that name, but for words of the service.
"""

from __future__ import annotations

import re
from typing import Final

from qrtest.redaction.where import TOP, Decider, Where

__all__ = ["Labels"]

_LABEL: Final = re.compile(r"[^\w]{0,4}([A-Za-z_ .\[\]/()-]{1,60}?)[\s:=?*\u2013\u2014-]{0,8}")
_ENDS: Final = re.compile(
    r"(?:([\w.-]{1,60})[ \t])?([\w.-]{1,60})[\"'*_]{0,2}(?:\s{0,4}[:=]{1,2}|\s+(?:is|was))\s{0,8}\Z"
)
_COLSPAN: Final = re.compile(r"(?i)\scolspan\s*=\s*[\"']?(\d{1,2})")
MOST_WORDS: Final = 4
LONGEST: Final = 60


class _Table:
    """A table that is open: what its header row says of its columns, and where it is."""

    def __init__(self) -> None:
        self.columns: dict[int, str] = {}
        self.row = -1
        self.cell = -1
        self.width = 1
        self.is_heading = False
        self.row_kind = ""


class Labels:
    """Follows markup from its begin to its end; *decide* knows what a name governs."""

    def __init__(self, decide: Decider) -> None:
        self._decide = decide
        self._kind = ""
        self._tables: list[_Table] = []

    def open(self, tag: str, piece: str) -> None:
        """Go on with the tag *piece* of the element *tag*, which opens."""
        tag = tag.lower()
        if tag == "table":
            self._tables.append(_Table())
        if not self._tables:
            return
        table = self._tables[-1]
        if tag == "tr":
            table.row, table.cell, table.width, table.row_kind = table.row + 1, -1, 1, ""
            self._kind = ""
        elif tag in ("td", "th"):
            span = _COLSPAN.search(piece[:400])
            table.cell, table.is_heading = table.cell + table.width, tag == "th"
            table.width = max(1, int(span[1])) if span else 1

    def close(self, tag: str) -> None:
        """Go on with the end of the element *tag*."""
        if tag.lower() == "table" and self._tables:
            self._tables.pop()

    def place(self, here: Where) -> Where:
        """Return where a value or a text stands that is *here* by its elements, and use up its label."""
        kind = self._kind or self._of_table()
        self._kind = ""
        return here if here.over or not kind else here._replace(name="type", over=kind)

    def learn(self, text: str) -> bool:
        """Return whether *text* is a label, and remember what it governs."""
        kind, is_whole = self._label(text)
        if not kind:
            return False
        self._kind = kind
        table = self._tables[-1] if self._tables else None
        if table is not None and is_whole and table.cell >= 0:
            if table.row <= 0 or table.is_heading:
                table.columns[table.cell] = kind
            if table.is_heading and table.row <= 0:
                self._kind = ""
            if table.is_heading:
                table.row_kind = kind
        return is_whole

    def _of_table(self) -> str:
        """Return the kind that the row or the column of this place has, "" for none."""
        table = self._tables[-1] if self._tables else None
        if table is None or table.is_heading or table.cell < 0:
            return ""
        return table.row_kind or (table.columns.get(table.cell, "") if table.row > 0 else "")

    def _label(self, text: str) -> tuple[str, bool]:
        """Return the kind that *text* gives to what follows, and whether it is nothing but a name."""
        whole = _LABEL.fullmatch(text) if len(text) <= LONGEST + 12 else None
        if whole is not None and len(whole[1].split()) <= MOST_WORDS:
            kind = self._governs(whole[1])
            if kind:
                return kind, True
        is_open = text.rstrip().endswith((":", "=", "is", "was"))
        end = _ENDS.search(text[-2 * LONGEST :]) if is_open else None
        if end is None:
            return "", False
        return self._governs(f"{end[1] or ''}_{end[2]}") or self._governs(end[2]), False

    def _governs(self, name: str) -> str:
        return self._decide.below(TOP, name).over
