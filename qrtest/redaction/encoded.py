"""Arrays and circuits inside of JSON: base64 that is data, and no hiding place for a text."""

from __future__ import annotations

import base64
import zlib

__all__ = ["is_circuit", "is_encoded_data"]


def is_encoded_data(value: str) -> bool:
    """Whether *value* is base64 of something that is no text: an array, a circuit, compressed.

    >>> is_encoded_data(base64.b64encode(zlib.compress(b"array")).decode())
    True
    >>> is_encoded_data(base64.b64encode(b"my secret").decode())
    False
    """
    try:
        content = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    if content[:6] in (b"\x93NUMPY", b"QISKIT") or _is_compressed(content):
        return True
    return len(content) > 0 and sum(byte < 9 or byte > 126 for byte in content) * 4 > len(content)


def _is_compressed(content: bytes) -> bool:
    return bool(_begins(content))


def is_circuit(value: str) -> bool:
    """Whether *value* is a circuit or an array, whatever it is called."""
    if not value.startswith("eJ"):
        return False
    try:
        return _begins(base64.b64decode(value, validate=True)) in (b"QISKIT", b"\x93NUMPY")
    except ValueError:
        return False


def _begins(compressed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(compressed, 6)
    except zlib.error:
        return b""
