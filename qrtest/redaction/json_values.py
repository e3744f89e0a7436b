"""JSON, taken apart token by token: what need not change stays as it was written."""

from __future__ import annotations

import json
import re
from typing import Final

from qrtest.cassette.json_tokens import tokens
from qrtest.redaction.json_labels import LONGEST_NAME, Level, is_named, is_naming
from qrtest.redaction.where import Decider, Where

__all__ = ["ENCODED", "argument", "is_json", "rewritten"]

_ITEM: Final = re.compile(
    r"""(?P<string>"(?:[^"\\]++|\\[\s\S])*+")(?P<after>[ \t\r\n]*+[,:][ \t\r\n]*+)?+"""
    r"""|(?P<run>(?:-?\d[\d.eE+-]*+[ \t\r\n]*+,[ \t\r\n]*+){2,}+)"""
    r"""|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)"""
    r"""|(?P<space>[: \t\r\n]++)|(?P<cut>"[\s\S]*+)|(?P<atom>[^ \t\r\n"{}\[\],:]++)"""
)
"""A token of JSON; a text with the comma or the colon behind it, several numbers with their commas as one."""

_NUMBER: Final = re.compile(r"-?\d[\d.eE+-]*")
_WORDS: Final = re.compile(r"\"-{0,2}[A-Za-z][A-Za-z_. -]{1,60}\"")
"""A text in a list that may be the name of what stands beside or below it."""

_WORD: Final = re.compile(r"true|false|null|NaN|-?Infinity|undefined")
_BEGINS: Final = re.compile(
    r'\s*(?:\{\s*(?:["}]|\Z)|\[\s*(?:["{\[\]\d]|-\d|true\b|false\b|null\b|NaN\b|\Z))'
)
_TYPED: Final = re.compile(
    r'\s*"(?:samples|num_bits|b64_data|field_names|shape|dtype|array)"\s*:'
    r'|\s*"__type__"\s*:\s*"(?:ndarray|spmatrix|complex|\w*Array|\w*Circuit|DataBin|\w*Result|\w*Pub)"'
    r'|\s*"data"\s*:\s*"[A-Za-z0-9+/=]*+"\s*,\s*"(?:shape|dtype)"'
)
"""The first name in what the service encodes: what stands above it is a register's name."""

_OBJECT: Final = re.compile(r"\s*:\s*\{")
_OF_ARRAY: Final = re.compile(r'\s*,\s*"(?:shape|dtype|qpy_version)"\s*:')
ENCODED: Final = "encoded array"
"""The name under which a text is looked at that stands beside the shape and type of an array."""


def is_json(text: str) -> bool:
    """Return whether *text* is a JSON object or array, or the beginning of one that was cut.

    >>> is_json('{"a": 1}'), is_json('{"a": "b'), is_json("[ERROR] login failed")
    (True, True, False)
    """
    if _BEGINS.match(text) is None:
        return False
    try:
        json.loads(text)
    except RecursionError:
        return False  # no service answers that; as a text it is looked at as thoroughly
    except json.JSONDecodeError as error:
        rest = text[error.pos :].strip()
        return not rest or (rest[0] == '"' and error.msg.startswith("Unterminated string"))
    except ValueError:
        return False
    return True


def argument(text: str) -> tuple[str, str]:
    """Return the JSON in what follows the bracket of a call, and what comes after it."""
    inside = text.rstrip().removesuffix(";").rstrip().removesuffix(")")
    return inside, text[len(inside) :]


class _Field:
    """A name in an object: as it may be kept, and the place of what stands under it."""

    __slots__ = ("clean", "is_data", "is_named", "is_naming", "name", "place")

    def __init__(self, name: str, clean: str, place: _Place) -> None:
        self.name = name.lower()
        self.clean = clean
        self.place = place
        self.is_naming = is_naming(self.name)
        self.is_named = is_named(self.name)
        self.is_data = name in ("data", "b64_data")


class _Place:
    """Where a value is, with the names and the values that were decided about there, as they were written."""

    __slots__ = ("fields", "values", "where")

    def __init__(self, where: Where) -> None:
        self.where = where
        self.fields: dict[str, _Field] = {}
        self.values: dict[str, str] = {}


class _Level(Level):
    """A bracket that is open, with the field of it that is read."""

    __slots__ = ("field", "is_at_key", "place")

    def __init__(self, place: _Place, *, is_object: bool, name: str, around: Level | None) -> None:
        super().__init__(place.where, is_object=is_object, name=name, around=around)
        self.place = place
        self.is_at_key = is_object
        self.field: _Field | None = None


def rewritten(text: str, where: Where, decide: Decider) -> str:
    """Return *text*, JSON at *where*, with each of its names, texts and numbers as *decide* has it."""
    return _Rewriting(text, where, decide).result()


class _Rewriting:
    """Goes through a text once, an item with the comma or the colon behind it at a time."""

    def __init__(self, text: str, where: Where, decide: Decider) -> None:
        self._text = text
        self._decide = decide
        self._places: dict[Where, _Place] = {}
        self._top = self._here = self._at(where)
        self._levels: list[_Level] = []

    def result(self) -> str:
        """Return the text as it may be kept."""
        parts: list[str] = []
        add = parts.append
        for found in _ITEM.finditer(self._text):
            kind = found.lastgroup
            if kind in ("string", "after"):
                token, after = found["string"], found["after"]
                level = self._levels[-1] if self._levels else None
                if level is not None and level.is_at_key:
                    add(self._key(level, token, found))
                else:
                    add(self._value(level, token, found))
                if after:
                    add(after)
                    if "," in after:
                        self._next_item()
            elif kind == "comma":
                self._next_item()
                add(found[0])
            elif kind == "open":
                self._open(found[0], found.end())
                add(found[0])
            elif kind == "close":
                self._close()
                add(found[0])
            elif kind == "run":
                add(self._run(found[0]))
            elif kind == "atom":
                add(self._atom(found[0]))
            elif kind == "cut":
                add(self._cut(found[0], found))
            else:
                add(found[0])
        return "".join(parts)

    def _at(self, where: Where) -> _Place:
        place = self._places.get(where)
        if place is None:
            place = self._places[where] = _Place(where)
        return place

    def _next_item(self) -> None:
        if self._levels:
            level = self._levels[-1]
            level.is_at_key = level.is_object
            level.index += 1
            self._here = level.place

    def _open(self, bracket: str, position: int) -> None:
        level = self._levels[-1] if self._levels else None
        by_name = self._here.where
        inner = self._labelled(level).where
        if inner.over and _TYPED.match(self._text, position):
            inner = inner._replace(over="", is_direct=False)
        elif inner.over and level is not None and level.is_object and inner is by_name:
            inner = inner._replace(is_direct=bracket == "[")
        name = "" if level is None else level.name
        if level is not None and level.is_object and level.field is not None:
            name = level.field.name
        self._here = self._at(inner)
        self._levels.append(_Level(self._here, is_object=bracket == "{", name=name, around=level))

    def _close(self) -> None:
        level = self._levels.pop() if self._levels else None
        around = self._levels[-1] if self._levels else None
        if level is not None and around is not None:
            level.close(around)
        self._here = around.place if around is not None else self._top

    def _labelled(self, level: _Level | None) -> _Place:
        """Return the place of the value that follows in *level*, by the labels beside and above it."""
        here = self._here
        if level is None:
            return here
        field = level.field if level.is_object else None
        is_labelled = level.is_paired if field is None else field.is_named and level.is_paired
        if not is_labelled:
            return here
        where = level.labelled("" if field is None else field.name, here.where)
        return here if where is here.where else self._at(where)

    def _key(self, level: _Level, token: str, found: re.Match[str]) -> str:
        """Return the name that is written as *token*, and go to what stands under it."""
        is_register = self._text.startswith("{", found.end()) and _is_typed(self._text, found)
        field = level.place.fields.get(token)
        if field is None or is_register:
            field = self._field(level.place, token, "string", is_register=is_register)
        self._go_to(level, field)
        if field.is_named and not level.is_paired:
            level.look_ahead(field.name, self._text, found.end(), self._decide)
        return field.clean

    def _field(self, place: _Place, token: str, kind: str, *, is_register: bool) -> _Field:
        name = _decoded(token, kind)
        where, decide = place.where, self._decide
        if is_register and decide.value(name, Where("register")) == name:
            clean = name
        else:
            clean = decide.key(name, where)
        written = token if clean == name else _encoded(clean, token, kind)
        field = _Field(name, written, self._at(decide.below(where, name[:LONGEST_NAME])))
        if kind == "string" and not is_register and len(token) <= LONGEST_NAME:
            place.fields[token] = field
        return field

    def _go_to(self, level: _Level, field: _Field) -> None:
        level.field, level.is_at_key = field, False
        self._here = field.place

    def _value(self, level: _Level | None, token: str, found: re.Match[str]) -> str:
        """Return the text that is written as *token*."""
        if level is not None:
            field = level.field if level.is_object else None
            self._here = self._labelled(level)
            if field.is_naming if field is not None else _WORDS.fullmatch(token):
                name = "" if field is None else field.name
                around = self._levels[-2] if len(self._levels) > 1 else None
                value = _decoded(token, "string")
                level.learn(name, value, self._text, found.end("string"), self._decide, around)
            if (
                field is not None
                and field.is_data
                and _OF_ARRAY.match(self._text, found.end("string"))
            ):
                self._here = self._at(self._here.where._replace(name=ENCODED))
        clean = self._here.values.get(token)
        if clean is None:
            clean = self._text_as_kept(token, "string")
            if len(token) <= LONGEST_NAME:
                self._here.values[token] = clean
        return clean

    def _text_as_kept(self, token: str, kind: str) -> str:
        value = _decoded(token, kind)
        clean = self._decide.value(value, self._here.where)
        return token if clean == value else _encoded(clean, token, kind)

    def _cut(self, token: str, found: re.Match[str]) -> str:
        """Return the text that is written as *token*, in which the body ends."""
        level = self._levels[-1] if self._levels else None
        if level is not None and level.is_at_key:
            field = self._field(level.place, token, "cut", is_register=False)
            self._go_to(level, field)
            return field.clean
        self._here = self._labelled(level)
        return self._text_as_kept(token, "cut")

    def _run(self, token: str) -> str:
        """Return several numbers of a list: as they are where no name governs them."""
        level = self._levels[-1] if self._levels else None
        if level is not None and not level.is_object:
            level.is_texts = False
        if level is not None and level.is_plain_list:
            self._here = level.place
            return token
        return "".join(
            self._atom(each) if kind == "atom" else self._comma(each) if kind == "comma" else each
            for kind, each in tokens(token)
        )

    def _comma(self, token: str) -> str:
        self._next_item()
        return token

    def _atom(self, token: str) -> str:
        """Return a number, a word of JSON, or what is no JSON."""
        level = self._levels[-1] if self._levels else None
        place = self._labelled(level)
        if level is not None:
            level.is_texts = False
        if _NUMBER.fullmatch(token):
            return self._decide.number(token, place.where)
        if _WORD.fullmatch(token):
            return token
        return self._decide.content(token, place.where)


def _is_typed(text: str, found: re.Match[str]) -> bool:
    """Return whether the name that was *found* is followed by an encoded array."""
    opened = _OBJECT.match(text, found.end("string"))
    return opened is not None and _TYPED.match(text, opened.end()) is not None


def _decoded(token: str, kind: str) -> str:
    if kind == "string" and "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token if kind == "string" else token + '"', strict=False))
    except ValueError:
        return token.strip('"')


def _encoded(value: str, token: str, kind: str) -> str:
    written = json.dumps(value, ensure_ascii=token.isascii())
    return written if kind == "string" else written[:-1]


def _atom(token: str, where: Where, decide: Decider) -> str:
    if _NUMBER.fullmatch(token):
        return decide.number(token, where)
    return token if _WORD.fullmatch(token) else decide.content(token, where)
