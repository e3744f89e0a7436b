"""Values that a program changed before it sent them on: in other letters, with other separators, encoded.

A replayed program makes the same change to the placeholder that it was answered. So a cassette holds a
placeholder for the changed value, with the digests of both.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, NamedTuple
from urllib.parse import unquote

__all__ = ["DEEPEST", "Encoded", "changes", "encoded_in", "folded"]

DEEPEST: Final = 3
"""How often a text may be encoded in itself."""

SHORTEST: Final = 4
Change = Callable[[str], str]

_SEPARATORS: Final = {" ": "-", "_": "-", "+": "-"}
_FOLD: Final = str.maketrans(_SEPARATORS)
_LETTERS: Final[tuple[Change, ...]] = (
    str,
    str.lower,
    str.upper,
    str.title,
    str.capitalize,
    str.swapcase,
)
_ENCODED: Final = re.compile(r"(?:[A-Za-z0-9+/_-]|%2[BbFf])+(?:=|%3[Dd]){0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_ALPHABETS: Final = (b"+/", b"-_")


class Encoded(NamedTuple):
    """What is between *begin* and *end* of a text, *written* by *encode* of the text *inner*."""

    begin: int
    end: int
    written: str
    inner: str
    encode: Change


def folded(text: str) -> str:
    """Return *text* with small letters and one separator, of the same length.

    >>> folded("Jane Doe_7")
    'jane-doe-7'
    """
    low = text.lower()
    if len(low) != len(text):
        low = "".join(each if len(each := char.lower()) == 1 else char for char in text)
    return low.translate(_FOLD)


def changes(value: str, written: str) -> list[Change]:
    """Return the changes of letters and separators that make *written* of *value*.

    >>> {change("redacted-text") for change in changes("jane-doe", "JANE_DOE")}
    {'REDACTED_TEXT'}
    """
    found = []
    for old, new in [("", ""), *product(" _-+", ["-", "_", "+", " "])]:
        for letters in _LETTERS:
            change = _change(old, new, letters)
            if change(value) == written:
                found.append(change)
    return found


def _change(old: str, new: str, letters: Change) -> Change:
    return lambda text: letters(text.replace(old, new) if old else text)


def encoded_in(text: str) -> Iterator[Encoded]:
    """Yield what stands in *text* in base64, or in hexadecimal digits, of a text."""
    for found in _ENCODED.finditer(text):
        yield from _encoded_parts(found[0], found.start(), ("/", "-", "_"))


def _encoded_parts(written: str, at: int, separators: tuple[str, ...]) -> Iterator[Encoded]:
    """Yield what is encoded in *written*: all of it, or what is between *separators*."""
    if len(written) < SHORTEST:
        return
    whole = _decoded(written)
    if whole is not None:
        yield Encoded(at, at + len(written), *whole)
    elif separators:
        separator, *others = separators
        for part in written.split(separator):
            yield from _encoded_parts(part, at, tuple(others))
            at += len(part) + len(separator)


def _decoded(written: str) -> tuple[str, str, Change] | None:
    """Return *written* without its percent-encoding, the text in it, and what encodes a text like that."""
    plain = unquote(written)
    if _HEX.fullmatch(plain):
        inner = _text(binascii.unhexlify(plain))
        if inner is not None:
            is_upper = any(map(str.isupper, plain))
            return plain, inner, _upper_hexadecimal if is_upper else _hexadecimal
    bare = plain.rstrip("=")
    for alphabet in _ALPHABETS:
        try:
            content = base64.b64decode(bare + "=" * (-len(bare) % 4), alphabet, validate=True)
        except ValueError:
            continue
        inner = _text(content)
        if inner is not None:
            encode = _in_base64(alphabet, is_padded=bare != plain or len(bare) % 4 == 0)
            return (plain, inner, encode) if encode(inner) == plain else None
    return None


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return text if text and (text.isprintable() or any(char in text for char in "\n\t\r")) else None


def _hexadecimal(text: str) -> str:
    return text.encode().hex()


def _upper_hexadecimal(text: str) -> str:
    return text.encode().hex().upper()


def _in_base64(alphabet: bytes, *, is_padded: bool) -> Change:
    def encode(text: str) -> str:
        made = base64.b64encode(text.encode(), alphabet).decode()
        return made if is_padded else made.rstrip("=")

    return encode
