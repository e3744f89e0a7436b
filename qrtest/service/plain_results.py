"""Results without types of qiskit: what the service sends for a submission with `support_qiskit` false.

Clients in other languages ask for it. The tagged form is read and written again in plain JSON: samples as
hexadecimal texts, arrays as nested lists. Source: what ibm-qdmi reads, and the parameter's default (true)
in ibm-quantum-schemas. The form of arrays with more than one dimension is assumed.
"""

from __future__ import annotations

import base64
import json
import math
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from qrtest.service import parse

__all__ = ["is_wanted", "plain"]

Json = Any
PROGRAMS: Final = ("sampler", "estimator")
WANTED: Final = re.compile(r'"support_qiskit":\s*false')
"""Looked for first: the inputs of a job may be of many megabytes."""

FORMATS: Final = {"|u1": "B", "|b1": "?", "<i4": "i", "<i8": "q", "<f4": "f", "<f8": "d"}
COMPLEX: Final = {"<c8": "f", "<c16": "d"}
NPY_HEADER: Final = re.compile(
    rb"'descr': '([^']+)', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\)"
)


def is_wanted(program_id: str, params: str) -> bool:
    """Return whether the job with these JSON *params* asked for a plain result.

    >>> is_wanted("sampler", '{"pubs": [], "support_qiskit": false}')
    True
    """
    if program_id not in PROGRAMS or WANTED.search(params) is None:
        return False
    return json.loads(params).get("support_qiskit") is False


def plain(text: str) -> str:
    """Return the result *text* in plain JSON; as it is if it is no result of a primitive.

    >>> plain("no result")
    'no result'
    """
    try:
        value = _value(json.loads(text), "PrimitiveResult")
        results = [_pub(pub) for pub in value["pub_results"]]
    except (*parse.UNREADABLE, struct.error, zlib.error):
        return text
    return json.dumps({"results": results, "metadata": _untagged(value.get("metadata", {}))})


def _pub(pub: Json) -> Json:
    value = pub["__value__"]
    fields = _value(value["data"], "DataBin")["fields"]
    return {
        "data": {name: _field(field) for name, field in fields.items()},
        "metadata": _untagged(value.get("metadata", {})),
    }


def _field(field: Json) -> Json:
    if isinstance(field, Mapping) and field.get("__type__") == "BitArray":
        bits = field["__value__"]
        *shape, shots, size = (array := _array(bits["array"])).shape
        raw = bytes(array.values)
        samples = [
            hex(int.from_bytes(raw[at : at + size], "big")) for at in range(0, len(raw), size or 1)
        ]
        return {"samples": _nested(samples, [*shape, shots]), "num_bits": bits["num_bits"]}
    if isinstance(field, Mapping) and field.get("__type__") == "ndarray":
        array = _array(field)
        return _nested(array.values, array.shape)
    return field


class _Array(NamedTuple):
    values: Sequence[Any]
    shape: list[int]


def _array(node: Json) -> _Array:
    """Read an array that is base64 of zlib of npy. Raises `ValueError` for one that cannot be read."""
    raw = zlib.decompress(base64.b64decode(_value(node, "ndarray")))
    length_bytes = 2 if raw[6:7] == b"\x01" else 4
    begin = 8 + length_bytes
    end = begin + int.from_bytes(raw[8:begin], "little")
    found = NPY_HEADER.search(raw[begin:end])
    if found is None or found[2] == b"True":
        raise ValueError("not an array of numbers in C order")
    dtype = found[1].decode()
    shape = [int(size) for size in found[3].decode().split(",") if size.strip()]
    count = math.prod(shape)
    if dtype in COMPLEX:
        parts = struct.unpack(f"<{2 * count}{COMPLEX[dtype]}", raw[end:])
        return _Array(list(zip(parts[::2], parts[1::2], strict=True)), shape)
    if dtype not in FORMATS:
        raise ValueError(f"arrays of {dtype} are not read")
    return _Array(struct.unpack(f"<{count}{FORMATS[dtype]}", raw[end:]), shape)


def _value(node: Json, kind: str) -> Json:
    if node["__type__"] != kind:
        raise ValueError(f"not a {kind}")
    return node["__value__"]


def _nested(values: Sequence[Any], shape: Sequence[int]) -> Json:
    if not shape:
        return values[0]
    size = math.prod(shape[1:])
    if len(shape) == 1:
        return list(values)
    return [_nested(values[at * size : (at + 1) * size], shape[1:]) for at in range(shape[0])]


def _untagged(metadata: Json) -> Json:
    """Return *metadata* without what only qiskit decodes, as execution spans."""
    if isinstance(metadata, Mapping):
        kept = {name: _untagged(value) for name, value in metadata.items() if not _is_tagged(value)}
        return {name: value for name, value in kept.items() if value != {} or metadata[name] == {}}
    return metadata


def _is_tagged(value: Json) -> bool:
    return isinstance(value, Mapping) and "__type__" in value
