"""What is in base64 and compressed, as the second opinion reads it: it shares no code with the redactor."""

from __future__ import annotations

import base64
import re
import zlib
from contextlib import suppress
from typing import Final

__all__ = ["decoded", "without_compressed"]

LARGEST: Final = 2**26
_COMPRESSED: Final = re.compile(
    r"(?:(?<=[\"'])|\A)(?:e[AFJN]|H4sI)[A-Za-z0-9+/]{96,}+={0,2}(?:(?=[\"'\\])|\Z)"
)
"""How the base64 of what zlib and gzip compress begins. Between its slashes stands any name by chance."""

COMPRESSED_HEAD: Final = 96


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
        head = base64.b64decode(found[0][:COMPRESSED_HEAD])
        zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(head)
    except (ValueError, zlib.error):
        return found[0]
    return ""


def decoded(blob: str) -> str:
    """Return the text that *blob* is in base64, compressed or not; an empty one if it is none."""
    plain = blob.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        return ""
    with suppress(zlib.error):
        content = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, LARGEST)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
