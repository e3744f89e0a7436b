"""Why a request is none of the recorded ones: what is reported beside the nearest of them.

Nothing secret is shown: values pass the redactor before they are printed, and are compared as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote_plus

from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Interaction
from qrtest.excerpt import excerpt
from qrtest.http.messages import Request, Response
from qrtest.playback.request_index import fits
from qrtest.playback.request_tree import UNORDERED, Packed, json_of, tree_of
from qrtest.redaction.allowlist import plain_name
from qrtest.redaction.patterns import is_placeholder
from qrtest.redaction.redactor import Redactor
from qrtest.redaction.shown_session import shown_session
from qrtest.service.circuit_header import unpacked, with_changed_header

__all__ = ["SameCircuit", "reasons", "similarity", "without"]

SameCircuit = Callable[[bytes, bytes], str | None]
"""Why two circuits (QPY) differ; None when they do not."""

CIRCUIT: Final = "QuantumCircuit"
MOST_REASONS: Final = 3
LONGEST_VALUE: Final = 80
OTHER_VALUE: Final = "another value"
_PARTS_OF_THE_SERVICE: Final = ("method", "operation", "name", "part")
_PARTS: Final = ("method", "operation", "host")


def without(request: Request, ignored: frozenset[str]) -> Request:
    """Return *request* without the query parameters and JSON fields whose plain names are *ignored*.

    The metadata of circuits are JSON, too.

    >>> str(without(Request("GET", "h", "/jobs", "limit=1&trace_id=7"), frozenset({"traceid"})))
    'GET /jobs?limit=1'
    """
    if not ignored:
        return request
    kept = (
        pair
        for pair in request.query.split("&")
        if plain_name(unquote_plus(pair.partition("=")[0])) not in ignored
    )
    value = json_of(request.body)
    body = request.body if value is None else json.dumps(_pruned(value, ignored)).encode()
    return replace(request, query="&".join(kept), body=body)


def _pruned(value: Any, ignored: frozenset[str]) -> Any:
    if isinstance(value, dict):
        packed = value.get("__value__")
        if value.get("__type__") == CIRCUIT and isinstance(packed, str):
            return {**value, "__value__": _without_metadata(packed, ignored)}
        return {
            key: _pruned(each, ignored)
            for key, each in value.items()
            if plain_name(key) not in ignored
        }
    return [_pruned(each, ignored) for each in value] if isinstance(value, list) else value


def _without_metadata(packed: str, ignored: frozenset[str]) -> str:
    def pruned(metadata: str) -> str:
        value = json_of(metadata)
        kept = _pruned(value, ignored)
        return metadata if kept == value else json.dumps(kept)

    return with_changed_header(packed, str, pruned)


def similarity(wanted: dict[str, Any], known: dict[str, Any]) -> tuple[int, int, int]:
    """Return how near two requests are, of which these are the trees; the higher, the nearer."""
    same_head = sum(one == other for one, other in zip(wanted["head"], known["head"], strict=False))
    same_query = sum(known["query"].get(name) == value for name, value in wanted["query"].items())
    one, other = (set(_leaves(tree["body"], "")) for tree in (wanted, known))
    return same_head, same_query, len(one & other) - len(one ^ other)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield what stands in *value*, each with the name above it; of a circuit, digest and texts apart."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, name)
    else:
        yield from ((name, part) for part in str(value).split(" ", 1))


def reasons(
    wanted: Request,
    known: Request,
    *,
    digests: Digests | None = None,
    same_circuit: SameCircuit | None = None,
) -> tuple[str, ...]:
    """Return why *wanted* is not the recorded *known*; nothing when it is.

    *same_circuit* compares circuits that are not equal byte for byte.
    """
    digests = digests or Digests()
    hides = not digests.salt
    one, other = (tree_of(each, hides_credentials=hides) for each in (wanted, known))
    comparison = _Comparison(digests, same_circuit, (wanted, known))
    found = [
        *comparison.heads(one["head"], other["head"]),
        *comparison.queries(one["query"], other["query"]),
        *comparison.bodies(one["body"], other["body"], len(wanted.body), len(known.body)),
    ]
    return tuple(found[:MOST_REASONS])


@dataclass(frozen=True)
class _Comparison:
    """Compares the trees of two *requests*."""

    digests: Digests
    same_circuit: SameCircuit | None
    requests: tuple[Request, Request]

    @cached_property
    def shown(self) -> tuple[dict[str, Any], ...]:
        """Both trees as they may be printed: with the names of `trees`, and the values that may be."""
        asked = (Interaction(request=each, response=Response(200)) for each in self.requests)
        return tuple(tree_of(each.request) for each in shown_session(asked))

    @cached_property
    def trees(self) -> tuple[dict[str, Any], ...]:
        """Both trees as they are."""
        return tuple(map(tree_of, self.requests))

    def heads(self, wanted: list[Any], known: list[Any]) -> Iterator[str]:
        if bool(wanted[1]) != bool(known[1]):
            yield "it asks for something else"
            return
        for number, label in enumerate(_PARTS_OF_THE_SERVICE if wanted[1] else _PARTS):
            if not fits(known[number], wanted[number], self.digests):
                one, other = (self._short(side, ("head", number)) for side in (0, 1))
                yield f"the {label} is {one}, recorded {other}"
        path = [*wanted[:3], *known[3:]]
        if not wanted[1] and not fits(path, wanted, self.digests, "", ("head",)):
            one, other = ("/".join(tree["head"][3:]) for tree in self.shown)
            yield f"the path is {one!r}, recorded {other!r}"

    def queries(self, wanted: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
        for name in sorted(wanted.keys() | known.keys()):
            place = ("query", name)
            if name not in known:
                yield f"the query has {self._field(0, place)}, recorded without it"
            elif name not in wanted:
                yield f"the query lacks {self._field(1, place)}"
            elif not fits(known[name], wanted[name], self.digests, name, place):
                yield f"the query has {self._field(0, place)}, recorded {self._values(1, place)}"

    def bodies(self, wanted: Any, known: Any, size: int, known_size: int) -> Iterator[str]:
        if fits(known, wanted, self.digests):
            return
        if not (isinstance(wanted, dict | list) and isinstance(known, dict | list)):
            yield f"the body has {size:,} bytes, recorded {known_size:,}, and differs"
            return
        yield from self._differences(wanted, known, ("body",), "")

    def _differences(
        self, one: Any, other: Any, place: tuple[Any, ...], name: str
    ) -> Iterator[str]:
        """Yield why *one* is not the recorded *other*; both stand at *place*, under *name*."""
        if isinstance(one, dict) and isinstance(other, dict):
            if "__type__" in one and "__type__" in other:
                yield from self._packed_difference(one, other, place)
                return
            for key in [*one, *(key for key in other if key not in one)]:
                if key not in other:
                    yield f"{self._path(0, (*place, key))} is not recorded"
                elif key not in one:
                    yield f"{self._path(1, (*place, key))} is recorded and missing"
                else:
                    yield from self._differences(one[key], other[key], (*place, key), key)
        elif _are_rows(one, other) and name not in UNORDERED:
            for number, (this, that) in enumerate(zip(one, other, strict=True)):
                yield from self._differences(this, that, (*place, number), "")
        elif not fits(other, one, self.digests, name, place):
            shown = (self._short(side, place) for side in (0, 1))
            yield f"{self._path(0, place)} is {', recorded '.join(shown)}"

    def _packed_difference(
        self, one: dict[str, Any], other: dict[str, Any], place: tuple[Any, ...]
    ) -> Iterator[str]:
        path, named = self._path(0, place), (*place, "__type__")
        if one["__type__"] != other["__type__"]:
            types = (f"{self._shown_at(side, named)[1]!r:.40}" for side in (0, 1))
            yield f"{path} is of type {', recorded '.join(types)}"
            return
        if fits(other, one, self.digests):
            return
        kind = f"{self._shown_at(0, named)[1]!s:.40}"
        this, that = one.get("__value__"), other.get("__value__")
        if not (isinstance(this, Packed) and isinstance(that, Packed)):
            is_hidden = isinstance(that, str) and is_placeholder(that)
            hint = (
                ": the recorded one held a secret, and its bytes are compared" if is_hidden else ""
            )
            yield f"{path} is another {kind}{hint}"
            return
        why: str | None = "its content differs"
        if one["__type__"] == CIRCUIT and self.same_circuit is not None:
            why = self.same_circuit(unpacked(this.packed), unpacked(that.packed))
        if why is not None:
            yield f"{path} is another {kind}: {why}"

    def _shown_at(self, side: int, place: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
        """Return *place* with the names that may be printed, and what may be of the value there."""
        raw: Any = self.trees[side]
        shown: Any = self.shown[side]
        written = []
        for step in place:
            if isinstance(raw, dict):
                is_alike = isinstance(shown, dict) and len(shown) == len(raw)
                names = list(shown) if is_alike else list(map(_hidden, raw))
                name = names[list(raw).index(step)] if step in raw else _hidden(step)
            else:
                name = step
            try:
                raw = raw[step]
                shown = shown[name]
            except (KeyError, IndexError, TypeError):
                shown = OTHER_VALUE
            written.append(name)
        return tuple(written), shown

    def _path(self, side: int, place: tuple[Any, ...]) -> str:
        return _written(self._shown_at(side, place)[0])

    def _short(self, side: int, place: tuple[Any, ...]) -> str:
        value = self._shown_at(side, place)[1]
        if value is OTHER_VALUE:
            return value
        text = repr(value) if place[0] == "head" else json.dumps(value)
        return excerpt(text, LONGEST_VALUE)

    def _field(self, side: int, place: tuple[Any, ...]) -> str:
        """Return the parameter of a query at *place* with its values."""
        return f"{self._shown_at(side, place)[0][1]}={self._values(side, place)}"

    def _values(self, side: int, place: tuple[Any, ...]) -> str:
        values = self._shown_at(side, place)[1]
        return values if values is OTHER_VALUE else f"{', '.join(map(repr, values)):.60}"


def _hidden(name: str) -> str:
    return Redactor(b"shown").placeholder(name)


def _written(place: tuple[Any, ...]) -> str:
    """Return *place* as a path: `body.params.pubs[0]`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place[1:])
    return f"{place[0]}{''.join(steps)}"


def _are_rows(one: Any, other: Any) -> bool:
    """Return whether two values can be compared item by item."""
    return isinstance(one, list) and isinstance(other, list) and len(one) == len(other)
