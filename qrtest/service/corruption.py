"""The one engine that damages results: encoded values at one layer, and whole texts.

`corrupted` is for faults, on whatever body arrives. `DAMAGES` are for strategies: values with a name
that each spoil one thing of a valid result, at one depth. What every release's decoder does with it is in
docs/decoder-failures.md, which is made by running them.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from qrtest.service import result_payloads

__all__ = ["DAMAGES", "HTML_PAGE", "WHOLE", "Damage", "corrupted"]

Json = Any
NESTING: Final = 50_000
FUTURE_QPY: Final = b"QISKIT" + bytes([99, 9, 9, 9]) + bytes(16)
HTML_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Service unavailable</title></head>"
    b"<body><h1>We are down for maintenance</h1></body></html>"
)


# --- one encoded value --------------------------------------------------------------------------------

_ENCODED: Final = re.compile(
    rb'("__type__":\s*"(?:ndarray|QuantumCircuit)",\s*"__value__":\s*")([A-Za-z0-9+/=]+)(")'
)


def corrupted(body: bytes, layer: str) -> bytes:
    """Return *body* with its first encoded array or circuit damaged at one *layer* of LAYERS.

    A body without one gets a character too many in front. What is damaged already may be damaged again.

    >>> corrupted(b"{}", "zlib").decode()
    '\ufffd{}'
    """
    found = _ENCODED.search(body)
    if found is None:
        return b"\xef\xbf\xbd" + body
    return body[: found.start(2)] + LAYERS[layer](found[2]) + body[found.end(2) :]


def _cut_base64(value: bytes) -> bytes:
    """Leave a number of characters that no base64 has."""
    return b"A" + value[1:].rstrip(b"=")[: 4 * (len(value) // 8)] + b"="


def _cut_zlib(value: bytes) -> bytes:
    """Leave the end of the compressed data out; what is no base64 any more is damaged enough."""
    try:
        return base64.b64encode(base64.b64decode(value)[:-6])
    except ValueError:
        return value


def _repacked(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change what was compressed; nothing is left of what cannot be decompressed."""

    def repack(value: bytes) -> bytes:
        try:
            raw = zlib.decompress(base64.b64decode(value))
        except (ValueError, zlib.error):
            raw = b""
        return base64.b64encode(zlib.compress(change(raw)))

    return repack


def _padded(pattern: bytes, text: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(pattern, lambda found: text.ljust(len(found[0])), raw, count=1)


LAYERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "base64": _cut_base64,
    "zlib": _cut_zlib,
    "npy": _repacked(lambda _: b"not an array"),
    "type": _repacked(_padded(rb"'descr': '[^']*'", b"'descr': '<U1'")),
    "shape": _repacked(_padded(rb"'shape': \([^)]*\)", b"'shape': (77,)")),
}
"""What damages an encoded value, from the outermost layer to the innermost."""


@dataclass(frozen=True)
class Damage:
    """One way to be broken. *spoil* gives None where the result has nothing to break that way.

    >>> Damage("none", "Nothing is left.", lambda text: "").applied('{"data": []}')
    ''
    """

    name: str
    says: str
    spoil: Callable[[str], str | None] = field(repr=False)

    def applied(self, text: str) -> str | None:
        """*text* with this damage; None when there is nothing in it to damage."""
        return self.spoil(text)


# --- the text as a whole ------------------------------------------------------------------------------


def _instead(text: str) -> Callable[[str], str]:
    return lambda _: text


def _nested(text: str) -> str:
    return "[" * NESTING + text + "]" * NESTING


# --- one tagged value ---------------------------------------------------------------------------------


def _tags(node: Json) -> Iterator[dict[str, Json]]:
    """Return the tagged values in *node*, the outermost first."""
    if isinstance(node, dict):
        if "__type__" in node:
            yield node
        for value in node.values():
            yield from _tags(value)
    elif isinstance(node, list):
        for value in node:
            yield from _tags(value)


def _of(
    kind: str | None, change: Callable[[dict[str, Json]], object]
) -> Callable[[str], str | None]:
    """Change the last value of a *kind*, the innermost; None for any kind."""

    def spoil(text: str) -> str | None:
        body = json.loads(text)
        found = [node for node in _tags(body) if kind in (None, node["__type__"])]
        if not found:
            return None
        change(found[-1])
        spoilt = json.dumps(body)
        return None if spoilt == json.dumps(json.loads(text)) else spoilt

    return spoil


def _value(**changed: Json) -> Callable[[dict[str, Json]], object]:
    return lambda node: node["__value__"].update(changed)


def _without(name: str) -> Callable[[dict[str, Json]], object]:
    return lambda node: node["__value__"].pop(name, None)


def _set(name: str, value: Json) -> Callable[[dict[str, Json]], object]:
    return lambda node: node.__setitem__(name, value)


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[dict[str, Json]], object]:
    """Change what the base64 holds."""

    def spoil(node: dict[str, Json]) -> None:
        raw = base64.b64decode(node["__value__"])
        node["__value__"] = base64.b64encode(change(raw)).decode()

    return spoil


def _pickled(_: bytes) -> bytes:
    """Return an array that is compressed and pickled."""
    import pickle

    return zlib.compress(pickle.dumps([1]))


def _array(layer: str) -> Callable[[str], str | None]:
    """Damage the last array at one of LAYERS."""

    def spoil(node: dict[str, Json]) -> None:
        node["__value__"] = LAYERS[layer](node["__value__"].encode()).decode()

    return _of("ndarray", spoil)


def _reserved_name(node: dict[str, Json]) -> None:
    value = node["__value__"]
    if value["field_names"]:
        first = value["field_names"][0]
        value["field_names"][0] = "shape"
        value["fields"]["shape"] = value["fields"].pop(first)


# --- schemas ------------------------------------------------------------------------------------------


def _schema(**changed: Json) -> Callable[[str], str | None]:
    def spoil(text: str) -> str | None:
        body = json.loads(text)
        if "schema_version" not in body:
            return None
        return json.dumps({**body, **changed})

    return spoil


def _in_metadata(value: Json) -> Callable[[str], str | None]:
    def spoil(text: str) -> str | None:
        body = json.loads(text)
        inner = body.get("__value__", body)
        if "metadata" not in inner or "schema_version" in body:
            return None
        inner["metadata"] = {**inner["metadata"], "more": value}
        return json.dumps(body)

    return spoil


_CIRCUIT: Final = {
    "__type__": "QuantumCircuit",
    "__value__": base64.b64encode(zlib.compress(FUTURE_QPY)).decode(),
}

DAMAGES: Final = tuple(
    Damage(name, says, spoil)
    for name, says, spoil in (
        ("cut-json", "The text ends halfway.", lambda text: text[: len(text) // 2]),
        ("html", "A page of HTML.", _instead(HTML_PAGE.decode())),
        ("empty", "Nothing.", _instead("")),
        ("null", "The JSON null.", _instead("null")),
        ("a-list", "A list instead of an object.", _instead("[]")),
        ("an-object", "An empty object.", _instead("{}")),
        ("an-error", "The service's error body, with status 200.", _instead('{"errors": []}')),
        ("deep-nesting", f"{NESTING:,} lists in one another.", _nested),
        (
            "unknown-type",
            "A `__type__` that no release knows.",
            _of(None, _set("__type__", "Novel")),
        ),
        (
            "no-value",
            "A `__type__` without its `__value__`.",
            _of(None, lambda node: node.pop("__value__")),
        ),
        ("null-value", "A `__value__` that is null.", _of(None, _set("__value__", None))),
        ("bad-base64", "An array whose base64 is cut.", _array("base64")),
        ("cut-zlib", "An array whose compressed data end early.", _array("zlib")),
        ("not-zlib", "An array that is not compressed.", _of("ndarray", _bytes(zlib.decompress))),
        ("not-npy", "An array that is not npy.", _array("npy")),
        (
            "pickled",
            "An array that is pickled.",
            _of("ndarray", _bytes(_pickled)),
        ),
        ("wrong-dtype", "An array of texts.", _array("type")),
        ("wrong-shape", "An array whose shape does not fit its data.", _array("shape")),
        (
            "no-num-bits",
            "A BitArray without its number of bits.",
            _of("BitArray", _without("num_bits")),
        ),
        (
            "more-bits",
            "A BitArray with a wrong number of bits.",
            _of("BitArray", _value(num_bits=99)),
        ),
        ("extra-key", "A BitArray with a key too many.", _of("BitArray", _value(more=1))),
        ("no-shape", "A DataBin without its shape.", _of("DataBin", _without("shape"))),
        (
            "other-shape",
            "A DataBin whose shape does not fit its fields.",
            _of("DataBin", _value(shape=[7])),
        ),
        ("no-fields", "A DataBin without its fields.", _of("DataBin", _without("fields"))),
        ("reserved-name", "A DataBin with a field named shape.", _of("DataBin", _reserved_name)),
        ("no-data", "A PUB result without its data.", _of("PubResult", _without("data"))),
        (
            "bad-datetime",
            "A time that is none.",
            _in_metadata({"__type__": "datetime", "__value__": "yesterday"}),
        ),
        ("future-qpy", "A circuit in a version of QPY to come.", _in_metadata(_CIRCUIT)),
        ("no-schema", "No schema version.", _schema(schema_version=None)),
        ("future-schema", "A schema version to come.", _schema(schema_version="v99.0")),
        ("schema-data", "Data that do not fit the schema.", _schema(data=[{"results": 1}])),
    )
)
"""Every damage, those of the whole text first."""


def _whole() -> Iterator[tuple[str, Json]]:
    bits = result_payloads.data_bin({"meas": result_payloads.bit_array([0, 3, 3, 0], 2)}, ())
    yield (
        "sampler",
        result_payloads.primitive_result([result_payloads.pub_result(bits, {})], {"version": 2}),
    )
    values = {"evs": result_payloads.array([0.5], ()), "stds": result_payloads.array([0.01], ())}
    data = result_payloads.data_bin(values, ())
    yield (
        "estimator",
        result_payloads.primitive_result([result_payloads.pub_result(data, {})], {"version": 2}),
    )
    yield "noise-learner", result_payloads.layer_errors([[0.1, 0.2, 0.3]])
    yield "noise-learner-v3", result_payloads.noise_model([[0.1, 0.2, 0.3]], "v0.1")
    yield "executor", result_payloads.executor_result([{"meas": [0.5]}], "v1.0")


WHOLE: Final = {program_id: json.dumps(body) for program_id, body in _whole()}
"""A small valid result of every program, as text; the noise learner has two generations."""
