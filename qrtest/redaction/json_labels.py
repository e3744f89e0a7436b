"""Texts in JSON that name the value beside or below them: pairs, lists of two, tables.

`{"name": "pin", "value": 4711}`, `["pin", 4711]`, `{"columns": ["id", "pin"], "rows": [[1, 4711]]}`,
`{"field": "pin", "message": "4711 is wrong"}`: such a value is looked at as what stands under that name.
"""

from __future__ import annotations

import re
from typing import Final

from qrtest.redaction.where import Decider, Where

__all__ = ["LONGEST_NAME", "Level", "is_named", "is_naming"]

LONGEST_NAME: Final = 200
_NAMES: Final = frozenset(
    """
    name key field param parameter header attribute label id k n attr property column variable dimension
    claim path loc pointer argument arg option setting instancepath datapath
    """.split()  # noqa: SIM905 (a list of so many words is read better as lines)
)
_VALUES: Final = frozenset(
    """
    value val values content data text string stringvalue v default input rejectedvalue rejected actual got
    received current newvalue oldvalue new old raw example intvalue expected from to before after
    """.split()  # noqa: SIM905
)
_MESSAGES: Final = ("message", "msg", "detail", "details", "reason", "description", "error")
_TYPES: Final = ("type", "kind", "resourcetype", "entity")
_OF_TYPES: Final = ("id", "ids", "value", "number")
_INNER: Final = ("schema", "attributes", "data", "content", "spec", "value")
"""Names of objects in which the value of a name stands that is written around them."""

_SOURCES: Final = ("source",)
"""Names of objects that say of which field the error around them is."""

_FLAG: Final = re.compile(r"-{1,2}[A-Za-z][\w-]{0,60}")
_ROWS: Final = ("rows", "data", "values", "records", "body")
_ADDRESSES: Final = ("loc", "path", "pointer")
_OF_REGISTERS: Final = re.compile(
    r"(?i)(?:names?|labels?|keys?|registers?|cregs?|qregs?|tags|sizes)\Z"
)
_ONE_MORE: Final = re.compile(
    r"\s{0,20},\s{0,20}(?:[\[{]|(?:\"(?:[^\"\\]|\\.){0,400}\"|-?[\d.eE+-]{1,40})\s{0,20}\])"
)
_AHEAD: Final = re.compile(
    r"[^{}\[\]]{0,400}?(?:\"source\"\s{0,9}:\s{0,9}\{[^{}\[\]]{0,100}?)?"
    r"\"(?i:name|key|field|param|parameter|header|attribute|label|property|variable|type|kind|pointer|instancePath)\""
    r"\s{0,9}:\s{0,9}\"([^\"\\]{1,80})\""
)
"""A name in the rest of an object."""


def is_naming(name: str) -> bool:
    """Return whether a text under *name*, in small letters, may be the name of what stands beside it."""
    return name in _NAMES or name in _TYPES


def is_named(name: str) -> bool:
    """Return whether what stands under *name*, in small letters, may have its name beside it."""
    return name in _VALUES or name in _MESSAGES or name in _OF_TYPES


class Level:
    """A bracket that is open at *where*, under *name*, and what the texts in it name."""

    __slots__ = (
        "_columns",
        "_flag",
        "_names",
        "_paired",
        "_rows",
        "_typed",
        "index",
        "is_object",
        "is_paired",
        "is_texts",
        "name",
        "where",
    )

    def __init__(self, where: Where, *, is_object: bool, name: str, around: Level | None) -> None:
        self.where = where
        self.is_object = is_object
        self.is_paired = False
        """Whether anything here has a label."""
        self.is_texts = True
        """Whether there is nothing but texts in this list, as in a header row."""
        self.name = name
        self.index = 0
        self._paired: Where | None = None
        """Where the value of a name that stands beside it is: {"name": "password", "value": ...}."""
        self._typed: Where | None = None
        self._flag: tuple[int, Where] | None = None
        """Which item of this list a flag of a command line names, and where that is."""
        self._names: dict[int, str] | None = None
        """What kinds the texts of a list name, by their place in it: it may be a header row."""
        self._columns: dict[int, str] | None = None
        """The kinds of the columns of the rows that follow in this level."""
        self._rows: dict[int, str] | None = None
        """The kinds of what stands in this list: it is a row."""
        if around is not None and is_object and around.is_object and name in _INNER:
            self._paired = around._paired or around._typed
            self.is_paired = self._paired is not None
        if around is not None and around._columns is not None and not is_object:
            is_table = around.is_object and name in _ROWS
            if is_table or not around.is_object:
                self._rows = around._columns
                self.is_paired = True
            if is_table:
                self._columns = around._columns

    @property
    def is_plain_list(self) -> bool:
        """Whether numbers here are kept, whatever they are."""
        return not (self.is_object or self.where.over or self.is_paired)

    def labelled(self, name: str, here: Where) -> Where:
        """Return where a value is that stands under *name*, or in this list, and is *here* by itself."""
        if here.over and here.is_direct:
            return here
        if not self.is_object:
            kind = self._rows.get(self.index) if self._rows is not None else None
            if kind and not here.over:
                return here._replace(name="type", over=kind)
            if self._flag is not None and self._flag[0] == self.index:
                return self._flag[1]
            return self._paired if self._paired is not None and self.index else here
        if self._paired is not None and name in _VALUES:
            return self._paired
        if self._typed is not None and name in _OF_TYPES:
            return self._typed
        if self._typed is not None and self._typed.over == "token" and name in _VALUES:
            return self._typed
        if self._paired is not None and name in _MESSAGES:
            return here._replace(near=self._paired.over)
        return here

    def learn(
        self,
        name: str,
        value: str,
        text: str,
        position: int,
        decide: Decider,
        around: Level | None,
    ) -> None:
        """Note what *value*, under *name* or in this list, names; it ends at *position* in *text*."""
        if len(value) > LONGEST_NAME or self.where.over:
            return
        named = decide.below(self.where, value)
        if not named.over or not named.is_direct:
            return
        if not self.is_object:
            self._note(self.index, named.over)
            is_pair = self.index == 0 and _OF_REGISTERS.search(self.name) is None
            if _FLAG.fullmatch(value):
                self._flag, self.is_paired = (self.index + 1, named), True
            elif is_pair and _ONE_MORE.match(text, position):
                self._pair(named._replace(name="type", is_direct=False))
        elif name in _NAMES:
            self._pair(named)
            if around is not None and not around.is_object:
                around._note(around.index, named.over)
            elif around is not None and self.name in _SOURCES:
                around._pair(named)
        else:
            self._typed, self.is_paired = named, True

    def _note(self, index: int, kind: str) -> None:
        if self._names is None:
            self._names = {}
        self._names[index] = kind

    def _pair(self, named: Where) -> None:
        self._paired, self.is_paired = named, True

    def look_ahead(self, name: str, text: str, position: int, decide: Decider) -> None:
        """Note the name of a value that stands before it: {"value": ..., "name": "password"}."""
        if self.where.over or (name not in _VALUES and name not in _MESSAGES):
            return
        found = _AHEAD.match(text, position)
        named = decide.below(self.where, found[1]) if found else self.where
        if named.over and named.is_direct:
            self._pair(named)

    def close(self, around: Level) -> None:
        """Hand on to the level *around* this one what is in it, if that is a header or an address."""
        if self.is_object or self._names is None or not self.is_texts:
            return
        around._columns = self._names
        kind = self._names.get(self.index)
        if around.is_object and self.name in _ADDRESSES and kind:
            around._pair(self.where._replace(name="type", over=kind))
