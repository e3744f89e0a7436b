"""What is inside a body: decompressed within bounds, and decoded if it is text."""

from __future__ import annotations

import codecs
import re
import zlib
from typing import Final

from qrtest.errors import CassetteError

__all__ = ["LARGEST_BYTES", "cut_character", "decompressed", "text_of"]

LARGEST_BYTES: Final = 512 * 2**20
WINDOW_OF: Final = {
    "gzip": (zlib.MAX_WBITS | 16,),
    "x-gzip": (zlib.MAX_WBITS | 16,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Characters that no text has."""


def decompressed(body: bytes, encoding: str | None) -> bytes:
    """Return *body* without its Content-Encoding.

    A body that is text although its header says otherwise was decompressed before, as some recorders
    do. Raises `CassetteError` for a compression that cannot be looked into.

    >>> decompressed(zlib.compress(b"text"), "deflate")
    b'text'
    """
    for step in reversed([part.strip().lower() for part in (encoding or "").split(",")]):
        if step in ("", "identity") or not body:
            continue
        if step not in WINDOW_OF:
            if _is_text(body):
                continue
            raise CassetteError(
                f"A body is compressed by {step!r}, which cannot be looked into for secrets: record with "
                "the request header Accept-Encoding: gzip."
            )
        body = _inflated(body, step)
    return body


def _inflated(body: bytes, step: str) -> bytes:
    for window in WINDOW_OF[step]:
        content = _whole(body, window)
        if content is not None:
            return content
    if _is_text(body):
        return body
    raise CassetteError(
        f"A body should be compressed by {step!r} and is damaged: it cannot be looked into for secrets."
    )


def _whole(body: bytes, window: int) -> bytes | None:
    """Return what was compressed to *body*, part by part, as clients read it; None if nothing was.

    What follows the last part, and is none, is not read by clients either.
    """
    content, rest = None, body
    while rest:
        inflate = zlib.decompressobj(window)
        try:
            part = inflate.decompress(rest, LARGEST_BYTES - len(content or b"") + 1)
        except zlib.error:
            break
        content, rest = (content or b"") + part, inflate.unused_data
        if len(content) > LARGEST_BYTES:
            raise CassetteError(
                f"A body has more than {LARGEST_BYTES:,} bytes when it is decompressed."
            )
    return content


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_of(body: bytes, content_type: str = "") -> tuple[str | None, str]:
    """Return the text that *body* is, and its encoding; None for bytes that are none.

    >>> text_of("é".encode("utf-16"))
    ('é', 'utf-16')
    """
    named = re.search(r"charset=[\"']?([\w.-]+)", content_type, re.IGNORECASE)
    guesses = ["utf-8", named[1] if named else "utf-8"]
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guesses.insert(0, "utf-16")
    if body.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        guesses.insert(0, "utf-32")
    for charset in guesses:
        try:
            text = body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
        if _CONTROL.search(text) is None:
            return text, charset
    return None, "utf-8"


def cut_character(body: bytes) -> bytes:
    """Return the bytes at the end of *body*, in UTF-8, that are a part of a character; else none.

    >>> cut_character("caf\u00e9".encode()[:-1])
    b'\\xc3'
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end == len(body):
            return body[error.start :]
    return b""
