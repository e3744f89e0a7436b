"""Results as the service writes them: tagged JSON, arrays as base64 of zlib of npy.

Pure: no numpy, no qiskit. Values go in, JSON values come out; `qrtest.strategies` draws the values.
Sources: results captured from the service, and the decoders of releases 0.26 to 0.51.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = [
    "array",
    "bit_array",
    "data_bin",
    "executor_result",
    "layer_errors",
    "noise_model",
    "primitive_result",
    "pub_result",
    "tagged",
    "tensor",
]

Json = Any
BIT_ARRAY_TYPE: Final = "<class 'qiskit.primitives.containers.bit_array.BitArray'>"
NDARRAY_TYPE: Final = "numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]"
FORMATS: Final = {"|u1": "B", "<f8": "d"}
LETTERS: Final = "XYZ"
COMPRESSED_FROM: Final = "v2.0"


def tagged(kind: str, value: Json) -> Json:
    """*value* under the tag of the type that it is decoded to.

    >>> tagged("DataBin", {})
    {'__type__': 'DataBin', '__value__': {}}
    """
    return {"__type__": kind, "__value__": value}


def array(values: Sequence[float], shape: Sequence[int], dtype: str = "<f8") -> Json:
    """Return an ndarray of "<f8" or "|u1", in C order.

    >>> array([0.5], [])["__type__"]
    'ndarray'
    """
    raw = struct.pack(f"<{len(values)}{FORMATS[dtype]}", *values)
    return tagged("ndarray", _packed(_npy(dtype, shape, raw)))


def bit_array(samples: Sequence[int], num_bits: int, shape: Sequence[int] = ()) -> Json:
    """Return a BitArray of *samples*, as many of them as *shape* has places, each of *num_bits* bits.

    >>> bit_array([3], 2)["__value__"]["num_bits"]
    2
    """
    num_bytes = math.ceil(num_bits / 8)
    values = [byte for sample in samples for byte in sample.to_bytes(num_bytes, "big")]
    shots = len(samples) // math.prod(shape)
    packed = array(values, [*shape, shots, num_bytes], "|u1")
    return tagged("BitArray", {"array": packed, "num_bits": num_bits})


def data_bin(fields: Mapping[str, Json], shape: Sequence[int], *, with_types: bool = True) -> Json:
    """Return a DataBin; the service names the types of its fields, the client's own encoder does not."""
    value: dict[str, Json] = {"field_names": list(fields)}
    if with_types:
        value["field_types"] = [
            BIT_ARRAY_TYPE if field["__type__"] == "BitArray" else NDARRAY_TYPE
            for field in fields.values()
        ]
    value["shape"] = list(shape)
    value["fields"] = dict(fields)
    return tagged("DataBin", value)


def pub_result(data: Json, metadata: Mapping[str, Json], *, kind: str = "PubResult") -> Json:
    """Return the result of one PUB: a PubResult, or a SamplerPubResult."""
    return tagged(kind, {"data": data, "metadata": dict(metadata)})


def primitive_result(pubs: Sequence[Json], metadata: Mapping[str, Json]) -> Json:
    """Return the result of a primitive."""
    return tagged("PrimitiveResult", {"pub_results": list(pubs), "metadata": dict(metadata)})


def tensor(values: Sequence[float], version: str = "v1.0") -> Json:
    """Return a tensor of one dimension as the executor writes it, compressed from schema version 2 on.

    >>> tensor([0.0])
    {'data': 'AAAAAAAAAAA=', 'shape': [1], 'dtype': 'f64'}
    """
    raw = struct.pack(f"<{len(values)}d", *values)
    data = zlib.compress(raw) if version >= COMPRESSED_FROM else raw
    return {"data": base64.b64encode(data).decode(), "shape": [len(values)], "dtype": "f64"}


def executor_result(items: Sequence[Mapping[str, Sequence[float]]], version: str) -> Json:
    """Return the result of the program "executor": *items* of named tensors."""
    metadata: Json = None if version == "v0.1" else {}
    data = [
        {
            "results": {name: tensor(values, version) for name, values in item.items()},
            "metadata": metadata,
        }
        for item in items
    ]
    return {"schema_version": version, "data": data, "metadata": {"chunk_timing": []}}


def layer_errors(rates: Sequence[Sequence[float]], *, as_pairs: bool = False) -> Json:
    """Return the result of the first noise learner: a layer, of up to two qubits, for each of *rates*.

    *as_pairs*: in the older form, of a layer and its error; in the newer one they are one object.
    """
    layers = []
    for qubits, generators, values in map(_layer, rates):
        place = {"circuit": tagged("QuantumCircuit", _IDLE_CIRCUITS[len(qubits)]), "qubits": qubits}
        error = {
            "generators": {
                **tagged("settings", {"data": generators}),
                "__module__": "qiskit.quantum_info.operators.symplectic.pauli_list",
                "__class__": "PauliList",
            },
            "rates": array(values, [len(values)]),
        }
        whole = _learnt("LayerError", {**place, "error": _learnt("PauliLindbladError", error)})
        layers.append([place, error] if as_pairs else whole)
    return {"data": layers, "metadata": {"backend": "ibm_torino", "input_options": {}}}


def _layer(rates: Sequence[float]) -> tuple[list[int], list[str], Sequence[float]]:
    """Qubits, one-qubit generators as texts, and rates."""
    size = math.ceil(len(rates) / len(LETTERS))
    generators = [
        "".join(LETTERS[index % 3] if qubit == index // 3 else "I" for qubit in range(size))[::-1]
        for index in range(len(rates))
    ]
    return list(range(size)), generators, rates


def _learnt(kind: str, value: Json) -> Json:
    module = "qiskit_ibm_runtime.utils.noise_learner_result"
    return {**tagged("_json", value), "__module__": module, "__class__": kind}


_IDLE_CIRCUITS: Final = {
    1: "eNoL9Az29gzhYmRhY4AAxtRCBtY0Bg4QkwEBmJD5OYmVqUUwTnVtISNYkpGxkAET/EcCMDEA4xITKA==",
    2: "eNoL9Az29gzhYmRhY4AAxtRCBtY0Bg4gk4kBAUBsRhgnJ7EytQjGqa4tZAQrYGQsZEAFjEjs/0gAJgYAHXYTKw==",
}
"""Circuits without a gate, by their number of qubits: QPY of version 10, as every release reads it."""


def noise_model(rates: Sequence[Sequence[float]], version: str) -> Json:
    """Return the result of the third noise learner: a layer of one-qubit generators for each of *rates*."""
    kept: dict[str, Json] = {"fraction_kept": {}}
    if version > "v0.1":
        kept["success_rates"] = {}
    layers = [
        {
            "generators_sparse": [
                [[LETTERS[index % 3], [index // 3]]] for index in range(len(layer))
            ],
            "num_qubits": math.ceil(len(layer) / 3),
            "rates": tensor(layer),
            "rates_std": tensor([0.0] * len(layer)),
            "metadata": {"learning_protocol": "lindblad", "post_selection": kept},
        }
        for layer in rates
    ]
    return {"schema_version": version, "data": layers}


def _npy(dtype: str, shape: Sequence[int], raw: bytes) -> bytes:
    sizes = "".join(f"{size}, " for size in shape)
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({sizes}), }}"
    padding = -(len(header) + 11) % 64
    header_bytes = header.encode() + b" " * padding + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header_bytes)) + header_bytes + raw


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()
