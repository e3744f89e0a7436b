"""What identifies a request, and why two requests are not the same one.

A request is what it asks for: its operation, what it names, its query and its decoded body. Host,
headers and the spelling of JSON do not tell requests to the service apart; placeholders match
whatever they stand for. Circuits and arrays are compared unpacked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from qrtest.http.messages import Request
from qrtest.http.operations import Route, route
from qrtest.redaction.allowlist import plain_name
from qrtest.redaction.patterns import PLACEHOLDER
from qrtest.redaction.redactor import Redactor

__all__ = ["Identity", "SameCircuit", "identity", "reasons", "similarity", "without"]

SameCircuit = Callable[[bytes, bytes], str | None]
"""Why two circuits (QPY) differ; None when they do not."""

VOLATILE_QUERY: Final = frozenset({"include_mocks"})
UNORDERED: Final = frozenset({"tags", "job_tags"})
MOST_REASONS: Final = 3
DEEPEST: Final = 100
LARGEST_UNPACKED: Final = 2**28
_PLACEHOLDER: Final = re.compile(PLACEHOLDER)
_WILDCARD: Final = "redacted"


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a request: equal identities are one request."""

    head: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    body: str

    @property
    def without_body(self) -> Hashable:
        """The identity but for the body."""
        return self.head, self.query


def identity(request: Request) -> Identity:
    """What identifies *request*, whoever made it with whichever release.

    >>> one = Request("GET", "us-east.quantum-computing.cloud.ibm.com", "/jobs/j", "limit=1&a=b")
    >>> other = Request("GET", "quantum.cloud.ibm.com", "/api/v1/jobs/j", "a=b&limit=1")
    >>> identity(one) == identity(other)
    True
    """
    return _of_redacted(Redactor(b"matching").request(request), route(request.method, request.path))


def without(request: Request, ignored: frozenset[str]) -> Request:
    """*request* without the query parameters and JSON fields whose plain names are *ignored*.

    >>> str(without(Request("GET", "h", "/jobs", "limit=1&trace_id=7"), frozenset({"traceid"})))
    'GET /jobs?limit=1'
    """
    if not ignored:
        return request
    pairs = request.query.split("&")
    kept = (
        pair for pair in pairs if plain_name(unquote_plus(pair.partition("=")[0])) not in ignored
    )
    value = _value(request.body)
    body = request.body if value is None else json.dumps(_pruned(value, ignored)).encode()
    return replace(request, query="&".join(kept), body=body)


def _pruned(value: Any, ignored: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _pruned(each, ignored)
            for key, each in value.items()
            if plain_name(key) not in ignored
        }
    return [_pruned(each, ignored) for each in value] if isinstance(value, list) else value


def _of_redacted(request: Request, where: Route | None) -> Identity:
    head: tuple[str, ...]
    if where is not None:
        head = (request.method, where.operation, _open(where.name), where.action)
    else:
        head = (request.method, _open(request.host), _open(request.path))
    pairs = parse_qsl(_open(request.query), keep_blank_values=True)
    query = tuple(sorted((name, value) for name, value in pairs if name not in VOLATILE_QUERY))
    return Identity(head, query, _body(request.body))


def _open(text: str) -> str:
    """*text* with a wildcard for each placeholder."""
    return _PLACEHOLDER.sub(_WILDCARD, text) if "redacted-" in text else text


def _body(body: bytes) -> str:
    value = _value(body)
    if value is not None:
        return _text(_canonical(value, ""))
    try:
        return "&".join(sorted(_open(body.decode()).split("&")))
    except UnicodeDecodeError:
        return hashlib.sha256(body).hexdigest()


def _value(body: bytes) -> Any:
    """The JSON in *body*, with wildcards; None for a body that is none, or too deep to be one of ours."""
    try:
        value = json.loads(_open(body.decode()))
    except (ValueError, RecursionError):
        return None
    return value if _is_shallow(value) else None


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return True
    return False


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _canonical(value: Any, name: str) -> Any:
    """*value*, which stands under *name*, in the one spelling of all that mean the same."""
    if isinstance(value, dict):
        packed = _unpacked(value)
        if packed is not None:
            return f"{value['__type__']} {hashlib.sha256(packed).hexdigest()}"
        return {key: _canonical(each, key) for key, each in value.items()}
    if isinstance(value, list):
        items = [_canonical(each, "") for each in value]
        return sorted(items, key=_text) if name in UNORDERED else items
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _unpacked(value: dict[str, Any]) -> bytes | None:
    """What a `{"__type__": ..., "__value__": ...}` holds, when it is compressed."""
    packed = value.get("__value__")
    if value.get("__type__") is None or not isinstance(packed, str):
        return None
    try:
        return zlib.decompressobj().decompress(base64.b64decode(packed), LARGEST_UNPACKED)
    except (ValueError, zlib.error):
        return None


# --- why not ---------------------------------------------------------------------------------------


def similarity(wanted: Identity, known: Identity) -> tuple[int, int, int]:
    """How near two requests are; the higher, the nearer."""
    same_head = sum(one == other for one, other in zip(wanted.head, known.head, strict=False))
    return same_head, len(set(wanted.query) & set(known.query)), int(wanted.body == known.body)


def reasons(
    wanted: Request, known: Request, *, same_circuit: SameCircuit | None = None
) -> tuple[str, ...]:
    """Why *wanted* is not *known*, without anything secret; empty when it is.

    *same_circuit* compares circuits that are not equal byte for byte.
    """
    redactor = Redactor(b"matching")
    one, other = redactor.request(wanted), redactor.request(known)
    this = _of_redacted(one, route(wanted.method, wanted.path))
    that = _of_redacted(other, route(known.method, known.path))
    found = [
        *_head_reasons(this.head, that.head),
        *_query_reasons(_by_name(this.query), _by_name(that.query)),
    ]
    if this.body != that.body:
        found += _body_reasons(one.body, other.body, same_circuit)
    return tuple(found[:MOST_REASONS])


def _head_reasons(wanted: tuple[str, ...], known: tuple[str, ...]) -> Iterator[str]:
    if len(wanted) != len(known):
        yield "it asks for something else"
        return
    labels = _OF_THE_SERVICE if len(wanted) == len(_OF_THE_SERVICE) else _OF_ANOTHER
    for label, one, other in zip(labels, wanted, known, strict=True):
        if one != other:
            yield f"the {label} is {one!r}, recorded {other!r}"


_OF_THE_SERVICE: Final = ("method", "operation", "name", "part")
_OF_ANOTHER: Final = ("method", "host", "path")


def _by_name(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The values of each parameter, as they are shown."""
    found: dict[str, str] = {}
    for name, value in query:
        found[name] = f"{found[name]}, {value!r}" if name in found else repr(value)
    return found


def _query_reasons(wanted: dict[str, str], known: dict[str, str]) -> Iterator[str]:
    for name in sorted(wanted.keys() | known.keys()):
        if name not in known:
            yield f"the query has {name}={wanted[name]:.60}, recorded without it"
        elif name not in wanted:
            yield f"the query lacks {name}={known[name]:.60}"
        elif wanted[name] != known[name]:
            yield f"the query has {name}={wanted[name]:.60}, recorded {known[name]:.60}"


def _body_reasons(wanted: bytes, known: bytes, same_circuit: SameCircuit | None) -> Iterator[str]:
    one, other = _value(wanted), _value(known)
    if one is None or other is None:
        yield f"the body has {len(wanted):,} bytes, recorded {len(known):,}, and differs"
        return
    yield from _differences(one, other, "body", "", same_circuit)


def _differences(
    one: Any, other: Any, path: str, name: str, same_circuit: SameCircuit | None
) -> Iterator[str]:
    """Why *one* is not *other*; they stand under *name*, at the end of *path*."""
    if isinstance(one, dict) and isinstance(other, dict):
        if "__type__" in one and "__type__" in other:
            yield from _packed_difference(one, other, path, same_circuit)
            return
        for key in [*one, *(key for key in other if key not in one)]:
            if key not in other:
                yield f"{path}.{key} is not recorded"
            elif key not in one:
                yield f"{path}.{key} is recorded and missing"
            else:
                yield from _differences(one[key], other[key], f"{path}.{key}", key, same_circuit)
    elif _are_rows(one, other) and name not in UNORDERED:
        for number, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from _differences(this, that, f"{path}[{number}]", "", same_circuit)
    elif not _is_same(one, other, name):
        yield f"{path} is {_short(one)}, recorded {_short(other)}"


def _are_rows(one: Any, other: Any) -> bool:
    """Whether two values can be compared item by item."""
    return isinstance(one, list) and isinstance(other, list) and len(one) == len(other)


def _is_same(one: Any, other: Any, name: str) -> bool:
    return _text(_canonical(one, name)) == _text(_canonical(other, name))


def _packed_difference(
    one: dict[str, Any], other: dict[str, Any], path: str, same_circuit: SameCircuit | None
) -> Iterator[str]:
    kind = one["__type__"]
    if kind != other["__type__"]:
        yield f"{path} is of type {kind!r:.40}, recorded {other['__type__']!r:.40}"
        return
    this, that = _unpacked(one), _unpacked(other)
    if this is None or that is None:
        if not _is_same(one, other, ""):
            yield f"{path} is another {kind!s:.40}"
    elif this != that:
        why = (
            same_circuit(this, that)
            if kind == "QuantumCircuit" and same_circuit
            else "its content differs"
        )
        if why is not None:
            yield f"{path} is another {kind!s:.40}: {why}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
