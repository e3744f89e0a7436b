"""What is packed into a text or a body: arrays and circuits, base64 of a text, and files that are none."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Final

__all__ = ["is_array_file", "kind_of", "printable", "text_in", "unpacked_data"]

LARGEST: Final = 2**28
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{2,}={0,2}|[A-Za-z0-9_-]{2,}={0,2}")
_MAGIC: Final = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"RIFF", "media"),
    (b"\x1f\x8b", "gzip"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
)
_ARRAY: Final = re.compile(
    rb"\x93NUMPY[\x01-\x03][\s\S]{3,5}\{[^}]{0,400}'descr': ?'[<>|=]?[biufc?]\d{0,2}'"
)
_READABLE: Final = re.compile(rb"[\w.@:/+ -]{8,}|[0-9A-Fa-f]{7,}", re.ASCII)
_RUN: Final = re.compile(rb"[\x20-\x7e]{6,}")


def kind_of(content: bytes) -> str:
    """Return what kind of file *content* is, by how it begins.

    >>> kind_of(b"%PDF-1.7")
    'pdf'
    """
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    return "binary"


def unpacked_data(value: str, *, is_array: bool = False) -> bytes | None:
    """Return the array or circuit that *value* is, in base64 and compressed or not; None if it is none.

    What says so itself, or is compressed, is one. Bytes of no known form are one only if the place says
    that there *is_array* (a shape and a type stand beside it): a password of letters and digits is
    base64 of something, too.

    >>> unpacked_data(base64.b64encode(zlib.compress(b"QISKIT of some version")).decode())
    b'QISKIT of some version'
    """
    content = _decoded(value)
    if content is None:
        return None
    inflated = _inflated(content)
    content = inflated if inflated is not None else content
    if content[:6] == b"QISKIT" or _ARRAY.match(content):
        return content
    if inflated is None and content[:2] == b"\x78\x9c":
        return None
    is_data = inflated is not None or is_array
    return content if is_data and _is_no_text(content) else None


def text_in(value: str) -> str | None:
    """Return the text that *value* is in base64, whatever alphabet; None if it is none.

    >>> text_in("eyJwYWdlIjogMn0=")
    '{"page": 2}'
    """
    content = _decoded(value, urlsafe=True)
    if content is None:
        return None
    inflated = _inflated(content)
    try:
        text = (content if inflated is None else inflated).decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or any(char in text for char in "\n\t\r") else None


def is_array_file(content: bytes) -> bool:
    """Return whether *content* is an array or a circuit by its first bytes, or bytes that show no text.

    >>> is_array_file(b"QISKIT\\x0d and so on"), is_array_file(b"\\x00\\xffhunter2-correct\\x00")
    (True, False)
    """
    is_known = content[:6] == b"QISKIT" or _ARRAY.match(content) is not None
    return is_known or (kind_of(content) == "binary" and _READABLE.search(content) is None)


def printable(content: bytes) -> list[str]:
    """Return the runs of letters in *content* that a reader could make something of."""
    return [run.decode("ascii") for run in _RUN.findall(content)]


def _decoded(value: str, *, urlsafe: bool = False) -> bytes | None:
    if _BASE64.fullmatch(value) is None or (not urlsafe and len(value) % 4):
        return None
    text = value.rstrip("=").replace("-", "+").replace("_", "/") if urlsafe else value.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _inflated(content: bytes) -> bytes | None:
    if content[:1] != b"\x78" and content[:2] != b"\x1f\x8b":
        return None
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, LARGEST)
    except zlib.error:
        return None


def _is_no_text(content: bytes) -> bool:
    return len(content) > 0 and sum(byte < 9 or byte > 126 for byte in content[:65536]) * 4 > len(
        content[:65536]
    )
