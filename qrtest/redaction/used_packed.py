"""Texts in other forms: compressed, base64, hexadecimal digits, entities of markup: for the second opinion.

Like used_values.py it shares no code and no patterns with the redactor.
"""

from __future__ import annotations

import base64
import html
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

__all__ = ["packed_in", "text_of_bytes", "without_compressed"]

LARGEST: Final = 2**26
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEXADECIMAL: Final = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_LINES: Final = re.compile(
    r"(?:[A-Za-z0-9+/_-]{60,76}\s{1,2}){1,100000}[A-Za-z0-9+/_-]{1,76}={0,2}\s{0,2}"
)


_COMPRESSED: Final = re.compile(
    r"(?:(?<=[\"'])|\A)(?:e[AFJN]|H4sI)[A-Za-z0-9+/]{96,}+={0,2}(?:(?=[\"'\\])|\Z)"
)
"""How the base64 of what zlib and gzip compress begins. Between its slashes stands any name by chance."""

COMPRESSED_HEAD: Final = 96


def text_of_bytes(body: bytes) -> str:
    """Return *body*, compressed or not, as a text in whatever encoding it has."""
    body = _uncompressed(body)
    charsets = ("utf-16", "utf-32") if body[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    for charset in reversed(charsets):
        try:
            return body.decode(charset)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def packed_in(text: str) -> Iterator[str]:
    """Yield what *text* holds in base64, also over lines, in hexadecimal digits, and as entities.

    >>> list(packed_in(b"pin=493827, x".hex())), list(packed_in("&lt;pin>493827"))
    (['pin=493827, x'], ['<pin>493827'])
    """
    if len(text) >= LARGEST:
        return
    if "&lt;" in text or "&#" in text or "&quot;" in text:
        yield html.unescape(text)
    if _LINES.fullmatch(text):
        yield _unpacked("".join(text.split()))
        return
    for blob in _BASE64.findall(text):
        yield from filter(None, (_unpacked(blob),))


def without_compressed(text: str) -> str:
    """Return *text* without the compressed data in it, which is read uncompressed.

    >>> blob = base64.b64encode(zlib.compress(bytes(range(256)))).decode()
    >>> without_compressed(f'{{"name": "x", "data": "{blob}"}}')
    '{"name": "x", "data": ""}'
    """
    return _COMPRESSED.sub(_without_data, text)


def _without_data(found: re.Match[str]) -> str:
    """Return nothing for compressed data, which is read uncompressed; what only looks like it stays."""
    try:
        _decompressed(base64.b64decode(found[0][:COMPRESSED_HEAD]))
    except (ValueError, zlib.error):
        return found[0]
    return ""


def _unpacked(blob: str) -> str:
    """Return the text that *blob* is in hexadecimal digits or base64; an empty one if it is none."""
    if _HEXADECIMAL.fullmatch(blob):
        content = bytes.fromhex(blob)
        if content.isascii() and (text := content.decode()).isprintable():
            return text
    plain = blob.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = _uncompressed(base64.b64decode(plain + "=" * (-len(plain) % 4))).decode()
    except ValueError:
        return ""
    return text if text.isprintable() else ""


def _uncompressed(content: bytes) -> bytes:
    """Return *content*, decompressed if it is compressed."""
    with suppress(zlib.error):
        return _decompressed(content)
    return content


def _decompressed(content: bytes) -> bytes:
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, LARGEST)
