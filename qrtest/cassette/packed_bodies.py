"""Large bodies of JSON, compressed in the file: descriptions of devices, which nobody reads there.

They are stored by xz, half as large as by gzip, with a header that says so. Stock vcrpy loads them and
replays them as they stand; a cassette in JSON, which has no place for binary bodies, holds them as text.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Mapping
from typing import Final

from qrtest.cassette.fields import Place
from qrtest.cassette.json_tokens import looks_like_json

__all__ = ["XZ", "packed", "unpacked", "without_encoding"]

XZ: Final = "xz"
"""The layout of a body that is compressed in the file alone."""

SMALLEST: Final = 64 * 1024
SAMPLE: Final = 64 * 1024
"""How much of a body is tried by a quick compression first: data that it cannot halve stays as it is."""

LARGEST_BY_THE_BEST: Final = 768 * 1024
"""A larger body is compressed by the quick preset: the best one takes half a second for a megabyte."""

FOR_TEXT: Final = {"lc": 4, "pb": 0}
"""Parameters of xz that fit text: a byte depends on the one before it, and not on its place."""

LARGEST: Final = 512 * 2**20
MEMORY: Final = 128 * 2**20


def packed(body: bytes, headers: Mapping[str, str]) -> bytes | None:
    """Return *body* compressed, if that is worth it; None if it stays as it is."""
    if len(body) < SMALLEST or any(name.lower() == "content-encoding" for name in headers):
        return None
    try:
        is_json = looks_like_json(body.decode())
    except UnicodeDecodeError:
        return None
    if not is_json or len(zlib.compress(body[:SAMPLE], 1)) * 2 > SAMPLE:
        return None
    best = lzma.PRESET_DEFAULT | lzma.PRESET_EXTREME
    preset = best if len(body) <= LARGEST_BY_THE_BEST else 1
    small = lzma.compress(body, filters=[{"id": lzma.FILTER_LZMA2, "preset": preset, **FOR_TEXT}])
    return small if len(small) * 3 < len(body) else None


def unpacked(body: bytes, place: Place) -> bytes:
    """Return the *body* that was packed. Raises `CassetteError`, which names *place*."""
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)
    try:
        content = decompressor.decompress(body, LARGEST)
    except lzma.LZMAError:
        raise place.error("is xz, and the body is damaged") from None
    if not decompressor.eof:
        raise place.error("is xz, and the body was cut or is too large")
    return content


def without_encoding(headers: Mapping[str, str]) -> dict[str, str]:
    """Return *headers* without the one that packing added."""
    return {name: value for name, value in headers.items() if name.lower() != "content-encoding"}
