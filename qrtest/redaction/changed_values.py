"""Values that a program changed before it sent them on: in other letters, with other separators, encoded.

A replayed program makes the same change to the placeholder that it was answered. So a cassette holds a
placeholder for the changed value, with the digests of both.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

__all__ = [
    "DEEPEST",
    "Encoded",
    "changes",
    "encoded_in",
    "folded",
    "letters_of",
    "percent_encoded",
    "sent_for",
]

DEEPEST: Final = 6
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
    str.casefold,
)
_ENCODED: Final = re.compile(r"(?:[A-Za-z0-9+/_-]|%2[BbFf])+(?:=|%3[Dd]){0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_ALPHABETS: Final = (b"+/", b"-_")
_IN_PLACE: Final = re.compile(r"\"(?P<json>(?:[^\"\\]++|\\[\s\S])*+)\"|(?P<run>[^\s\"'<>&=#\\]++)")
_LONG_RUN: Final = re.compile(r"[^\s\"'<>&=#\\]++")
_RUN: Final = re.compile(r"[^\s\"'<>/?&=#\\]++")
_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")


class Encoded(NamedTuple):
    """What is between *begin* and *end* of a text, *written* by *encode* of the text *inner*.

    *is_in_place*: a placeholder can stand in what is written, as it is.
    """

    begin: int
    end: int
    written: str
    inner: str
    encode: Change
    is_in_place: bool = False


def folded(text: str) -> str:
    """Return *text* with small letters and one separator, of the same length.

    >>> folded("Jane Doe_7")
    'jane-doe-7'
    """
    low = text.casefold()
    if len(low) != len(text):
        low = "".join(each if len(each := char.casefold()) == 1 else char for char in text)
    return low.translate(_FOLD)


def changes(value: str, written: str) -> list[Change]:
    """Return the changes of letters and separators that make *written* of *value*.

    >>> {change("redacted-text") for change in changes("jane-doe", "JANE_DOE")}
    {'REDACTED_TEXT'}
    """
    found = []
    for old, new in [("", ""), *product([" ", "_", "-", "+", " _-+"], ["-", "_", "+", " "])]:
        for letters in _LETTERS:
            change = _change(old, new, letters)
            if change(value) == written:
                found.append(change)
    return found


def _change(old: str, new: str, letters: Change) -> Change:
    separators = str.maketrans(dict.fromkeys(old, new))
    return lambda text: letters(text.translate(separators))


def letters_of(value: str) -> set[str]:
    """Return *value* in the letters that a program may have made of it.

    >>> sorted(letters_of("ß"))
    ['SS', 'Ss', 'ss', 'ß']
    """
    return {change(value) for change in _LETTERS}


def sent_for(encoded: Encoded, inner: str) -> list[str]:
    """Return what a program may send that has *inner* in the place of what is *encoded*.

    A change of letters that left a value as it is, as capitals leave digits, changes a placeholder.
    """
    plain = [
        encoded.encode(each(inner)) for each in _LETTERS if each(encoded.inner) == encoded.inner
    ]
    after = [each(plain[0]) for each in _LETTERS if each(encoded.written) == encoded.written]
    return list(dict.fromkeys([*plain, *after]))


def encoded_in(text: str) -> Iterator[Encoded]:
    """Yield what stands in *text* escaped as in JSON or an address, in base64, or in hexadecimal digits."""
    at = 0
    for each in _escaped_in(text):
        yield from _packed_in(text, at, each.begin)
        yield each
        at = each.end
    yield from _packed_in(text, at, len(text))


def _escaped_in(text: str) -> Iterator[Encoded]:
    """Yield the texts in *text* with escapes of JSON, and what is percent-encoded."""
    for found in _IN_PLACE.finditer(text):
        written = found["json"]
        escaped = None if written is None or "\\" not in written else _json(written)
        if escaped is not None:
            yield Encoded(found.start("json"), found.end("json"), *escaped, is_in_place=True)
            continue
        begin, end = found.span("run" if written is None else "json")
        if "%" in text[begin:end]:
            for runs in _LONG_RUN.finditer(text, begin, end):
                yield from _percent_encoded_in(runs)


def _percent_encoded_in(found: re.Match[str]) -> Iterator[Encoded]:
    """Yield what was *found* as one, if one encoding made it, else those of its parts that one made."""
    encoded = percent_encoded(found[0]) if _PERCENT.search(found[0]) else None
    if encoded is not None:
        yield Encoded(found.start(), found.end(), *encoded, is_in_place=True)
    elif "/" in found[0] or "?" in found[0]:
        for part in _RUN.finditer(found.string, *found.span()):
            yield from _percent_encoded_in(part)


def _json(written: str) -> tuple[str, str, Change] | None:
    """Return *written*, the text in it, and what escapes a text like that; None for what is none."""
    try:
        inner = str(json.loads(f'"{written}"'))
    except ValueError:
        return None
    found = (encode for encode in (_escaped, _escaped_alone) if encode(inner) == written)
    encode = next(found, None)
    return None if encode is None else (written, inner, encode)


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _escaped_alone(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def percent_encoded(written: str) -> tuple[str, str, Change] | None:
    """Return *written*, the text in it, and what encodes a text like that; None for what is none.

    Clients differ in what they leave as it is: what stands there as it is.

    >>> _, inner, encode = percent_encoded("a%2fb:c")
    >>> inner, encode("x/y:z")
    ('a/b:c', 'x%2fy:z')
    """
    safe = "".join(char for char in set(written) - {"%"} if char.isascii())
    for inner, encode in (
        (unquote_plus(written), _quoting(safe.replace("+", ""), "+")),
        (unquote(written), _quoting(safe, " ")),
    ):
        for change in (encode, _small(encode)):
            if change(inner) == written:
                return written, inner, change
    return None


def _quoting(safe: str, space: str) -> Change:
    if space == " ":
        return lambda text: quote(text, safe=safe)
    return lambda text: quote_plus(text, safe=safe)


def _small(encode: Change) -> Change:
    """Return *encode* with small hexadecimal digits."""
    return lambda text: _PERCENT.sub(lambda found: found[0].lower(), encode(text))


def _packed_in(text: str, begin: int, end: int) -> Iterator[Encoded]:
    for found in _ENCODED.finditer(text, begin, end):
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
