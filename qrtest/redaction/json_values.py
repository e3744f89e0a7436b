"""JSON, taken apart token by token: what need not change stays as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from qrtest.cassette.json_tokens import tokens
from qrtest.redaction.where import Decider, Where

__all__ = ["ENCODED", "is_json", "rewritten"]

_NUMBER: Final = re.compile(r"-?\d[\d.eE+-]*")
_WORD: Final = re.compile(r"true|false|null|NaN|-?Infinity|undefined")
_BEGINS: Final = re.compile(
    r'\s*(?:\{\s*(?:["}]|\Z)|\[\s*(?:["{\[\]\d]|-\d|true\b|false\b|null\b|NaN\b|\Z))'
)
_TYPED: Final = re.compile(
    r'\s*"(?:__type__|samples|num_bits|b64_data|field_names|shape|dtype|array)"\s*:'
    r'|\s*"data"\s*:\s*"[A-Za-z0-9+/=]*+"\s*,\s*"(?:shape|dtype)"'
)
"""The first name in what the service encodes: what stands above it is a register's name."""

_PAIR_NAMES: Final = (
    "name",
    "key",
    "field",
    "param",
    "parameter",
    "header",
    "attribute",
    "label",
    "id",
)
_PAIR_VALUES: Final = ("value", "val", "values", "content", "data", "text", "string", "stringvalue")
_OBJECT: Final = re.compile(r"\s*:\s*\{")
_OF_ARRAY: Final = re.compile(r'\s*,\s*"(?:shape|dtype|qpy_version)"\s*:')
ENCODED: Final = "encoded array"
"""The name under which a text is looked at that stands beside the shape and type of an array."""

LONGEST_NAME: Final = 200


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
        return True
    except json.JSONDecodeError as error:
        rest = text[error.pos :].strip()
        return not rest or (rest[0] == '"' and error.msg.startswith("Unterminated string"))
    except ValueError:
        return False
    return True


class _Level:
    """A bracket that is open, and what is known of what is in it."""

    __slots__ = ("is_at_key", "is_object", "paired", "where")

    def __init__(self, where: Where, *, is_object: bool) -> None:
        self.where = where
        self.is_object = is_object
        self.is_at_key = is_object
        self.paired: Where | None = None
        """Where the value of a name that stands beside it is: {"name": "password", "value": ...}."""


def rewritten(text: str, where: Where, decide: Decider) -> str:
    """Return *text*, JSON at *where*, with each of its names, texts and numbers as *decide* has it."""
    levels: list[_Level] = []
    here, name = where, ""
    parts: list[str] = []
    add = parts.append
    position = 0
    for kind, token in _tokens(text, levels):
        position += len(token)
        level = levels[-1] if levels else None
        if kind in ("string", "cut"):
            value = _decoded(token, kind)
            if level is not None and level.is_at_key:
                clean = _key(value, level.where, decide, is_register=_is_typed(text, position))
                name, level.is_at_key = value, False
                here = decide.below(level.where, value[:LONGEST_NAME])
            else:
                if level is not None and level.is_object:
                    here = _as_pair(level, name, value, here, decide)
                    if name in ("data", "b64_data") and _OF_ARRAY.match(text, position):
                        here = here._replace(name=ENCODED)
                clean = decide.value(value, here)
            add(token if clean == value else _encoded(clean, token, kind))
        elif kind == "open":
            inner = here
            if inner.over and _TYPED.match(text, position):
                inner = inner._replace(over="", is_direct=False)
            elif inner.over and level is not None and level.is_object:
                inner = inner._replace(is_direct=token[0] == "[")
            levels.append(_Level(inner, is_object=token[0] == "{"))
            add(token)
        elif kind == "close":
            if level is not None:
                levels.pop()
            here = levels[-1].where if levels else where
            add(token)
        elif kind == "comma":
            if level is not None:
                level.is_at_key = level.is_object
                here = level.where
            add(token)
        elif kind == "atom":
            is_pair = level is not None and level.paired is not None
            at = _as_pair(level, name, None, here, decide) if level and is_pair else here
            add(_atom(token, at, decide))
        else:
            add(token)
    return "".join(parts)


def _is_typed(text: str, position: int) -> bool:
    """Return whether the name that ends at *position* is followed by an encoded array."""
    found = _OBJECT.match(text, position)
    return found is not None and _TYPED.match(text, found.end()) is not None


def _key(name: str, where: Where, decide: Decider, *, is_register: bool) -> str:
    if is_register and decide.value(name, Where("register")) == name:
        return name
    return decide.key(name, where)


def _tokens(text: str, levels: list[_Level]) -> Iterator[tuple[str, str]]:
    """Yield the tokens of *text*; several numbers in a list that no name governs as one, to keep."""
    for kind, token in tokens(text, runs=True):
        if kind != "run":
            yield kind, token
        elif levels and not levels[-1].is_object and not levels[-1].where.over:
            yield "space", token
        else:
            yield from tokens(token)


def _as_pair(level: _Level, name: str, value: str | None, here: Where, decide: Decider) -> Where:
    """Return where a value is if the name that governs it stands beside it as a value."""
    plain = name.lower()
    if value is not None and plain in _PAIR_NAMES and len(value) <= LONGEST_NAME:
        named = decide.below(level.where, value)
        if named.over and named.is_direct:
            level.paired = named
    elif level.paired is not None and plain in _PAIR_VALUES:
        return level.paired
    return here


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
