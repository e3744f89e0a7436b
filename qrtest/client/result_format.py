"""The JSON format of the results of primitives, from numpy arrays.

Source: results captured from the service. `qrtest.service.result_payloads` writes the same format without
numpy.
"""

from __future__ import annotations

import base64
import io
import json
import math
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from qrtest.client import releases

__all__ = [
    "NotFittingError",
    "Span",
    "array",
    "bit_array",
    "check_size",
    "data_bin",
    "execution_spans",
    "moment",
    "tagged",
    "written",
]

BIT_ARRAY: Final = "<class 'qiskit.primitives.containers.bit_array.BitArray'>"
NDARRAY: Final = "numpy.ndarray[typing.Tuple[int, ...], numpy.dtype[numpy.{}]]"
PIECE_BYTES: Final = 1 << 18
DENSE_BITS: Final = 32
"""From this register size on, samples are stored uncompressed: random bits do not get smaller."""


LARGEST_BYTES: Final = 2**30
"""A result beyond this is not made up: the memory of a test run is finite."""


class NotFittingError(Exception):
    """There is no result that fits: the submission cannot be read, or its result would be too large."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time from when to when a job ran, in seconds since 1970."""

    start: float
    stop: float


def tagged(name: str, value: Any) -> dict[str, Any]:
    """Return *value* with the tag of the type that the client decodes it to."""
    return {"__type__": name, "__value__": value}


@dataclass(frozen=True, slots=True)
class ArrayText:
    """An array as text, in *pieces*; `written` joins them, so that a large array is copied once."""

    pieces: Sequence[str]


def written(result: Any) -> str:
    """Return *result* as JSON.

    Arrays are put in at the end: an encoder that escapes them would hold three copies of each at once.
    """
    placeholder = uuid.uuid4().hex
    arrays: list[ArrayText] = []
    client_encoder: json.JSONEncoder = releases.json_encoder()()

    def default(value: Any) -> Any:
        if isinstance(value, ArrayText):
            arrays.append(value)
            return placeholder
        return client_encoder.default(value)

    first, *others = json.dumps(result, default=default).split(placeholder)
    texts = [first]
    for each, other in zip(arrays, others, strict=True):
        texts += [*each.pieces, other]
    return "".join(texts)


def array(values: np.ndarray[Any, Any], *, level: int = 1) -> dict[str, Any]:
    """Return an ndarray as base64 of zlib of npy, for `written`; *level* 0 does not compress."""
    return tagged("ndarray", ArrayText([*_base64_pieces(_compressed_pieces(values, level))]))


def _compressed_pieces(values: np.ndarray[Any, Any], level: int) -> Iterator[bytes]:
    """Yield *values* as zlib of npy, a piece at a time: whole copies of a large array would add up."""
    values = np.ascontiguousarray(values).reshape(values.shape)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(values))
    compressor = zlib.compressobj(level)
    yield compressor.compress(header.getvalue())
    content = values.reshape(-1).view(np.uint8).data if values.size else b""
    for at in range(0, len(content), PIECE_BYTES):
        yield compressor.compress(content[at : at + PIECE_BYTES])
    yield compressor.flush()


def _base64_pieces(pieces: Iterator[bytes]) -> Iterator[str]:
    """Yield base64 of *pieces*, cut where a group of three bytes ends."""
    left = b""
    for piece in pieces:
        whole = left + piece
        end = len(whole) - len(whole) % 3
        left = whole[end:]
        yield base64.b64encode(whole[:end]).decode()
    yield base64.b64encode(left).decode()


def bit_array(samples: np.ndarray[Any, Any], num_bits: int) -> dict[str, Any]:
    """Return a BitArray of packed bytes: uint8 of shape (..., shots, bytes)."""
    level = 1 if num_bits < DENSE_BITS else 0
    return tagged("BitArray", {"array": array(samples, level=level), "num_bits": num_bits})


def data_bin(fields: Mapping[str, Any], shape: Sequence[int]) -> dict[str, Any]:
    """Return a DataBin; *fields* are encoded BitArrays, or ndarrays that are still to be encoded."""
    types, values = [], {}
    for name, value in fields.items():
        is_encoded = isinstance(value, dict)
        types.append(BIT_ARRAY if is_encoded else NDARRAY.format(np.asarray(value).dtype.name))
        values[name] = value if is_encoded else array(np.asarray(value))
    return tagged(
        "DataBin",
        {"field_names": list(fields), "field_types": types, "shape": list(shape), "fields": values},
    )


def execution_spans(shapes: Sequence[Sequence[int]], span: Span) -> dict[str, Any]:
    """Return one span over all pubs; the last axis of each of *shapes* is the shots."""
    slices = {
        str(number): [list(shape), 0, math.prod(shape[:-1]), 0, shape[-1]]
        for number, shape in enumerate(shapes)
    }
    times = {"start": moment(span.start), "stop": moment(span.stop)}
    return tagged(
        "ExecutionSpans", {"spans": [tagged("DoubleSliceSpan", {**times, "data_slices": slices})]}
    )


def moment(seconds: float) -> dict[str, Any]:
    """Return a time in seconds since 1970 as the datetime that the service sends, in UTC without a zone."""
    return tagged("datetime", datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat())


def check_size(size: float) -> None:
    """Raise `NotFittingError` for a result of more bytes than are made up."""
    if size > LARGEST_BYTES:
        raise NotFittingError(
            f"the result would have {size:,.0f} bytes, more than {LARGEST_BYTES:,}"
        )
