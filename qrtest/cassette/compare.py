"""What differs between two cassettes, in three tiers: the drift check.

`shape`: exchanges, statuses, codes of errors or fields that came, went, or changed their type: programs
break on these.
`value`: what a field says. `volatile`: what differs between any two runs: ids, times, placeholders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from qrtest.cassette.model import Cassette, Interaction
from qrtest.cassette.redact import shown
from qrtest.wire.routes import route

__all__ = ["TIERS", "Difference", "Tier", "differences"]

Tier = Literal["shape", "value", "volatile"]
TIERS: Final[tuple[Tier, ...]] = ("shape", "value", "volatile")
LONGEST: Final = 60
CODES: Final = ("errors[].code", "state.reason_code")
"""Programs go by the codes of errors: another one is another shape."""

_VOLATILE_VALUE: Final = re.compile(
    r"redacted-[a-z]+-[0-9a-f]{10}|[0-9a-z]{20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:?\d\d)?"
)
_VOLATILE_NAME: Final = re.compile(
    r"(trace|caller|qiskit_version|version|seconds|time_ns|queue_length|length_queue|pending_jobs"
    r"|estimated_\w+|last_update_date|date|timestamp\w*|created|running|finished|offset)$"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that differs: its *tier*, *where* it is, and what the two say (None: nothing)."""

    tier: Tier
    where: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.tier}: {self.where}: new: {self.after}"
        if self.after is None:
            return f"{self.tier}: {self.where}: gone: {self.before}"
        return f"{self.tier}: {self.where}: {self.before} -> {self.after}"


def differences(before: Cassette, after: Cassette) -> tuple[Difference, ...]:
    """What *after* says otherwise than *before*; nothing secret is shown.

    >>> differences(Cassette(), Cassette())
    ()
    """
    old, new = _by_operation(before), _by_operation(after)
    found: list[Difference] = []
    for operation in [*old, *(each for each in new if each not in old)]:
        found += _of_operation(operation, old.get(operation, []), new.get(operation, []))
    return tuple(dict.fromkeys(found))


def _by_operation(cassette: Cassette) -> dict[str, list[Interaction]]:
    grouped: dict[str, list[Interaction]] = {}
    for interaction in cassette.interactions:
        request = interaction.request
        where = route(request.method, request.path)
        name = (
            f"{where.operation} {where.action}".strip()
            if where
            else f"{request.method} {request.path}"
        )
        query = ",".join(sorted(request.parameters))
        grouped.setdefault(f"{name}({query})" if query else name, []).append(interaction)
    return grouped


def _of_operation(
    operation: str, old: list[Interaction], new: list[Interaction]
) -> Iterator[Difference]:
    if not old or not new:
        said = f"{len(old or new)} exchange(s)"
        yield Difference(
            "shape", shown(operation), None if not old else said, None if not new else said
        )
        return
    old_outcomes, new_outcomes = _outcomes(old), _outcomes(new)
    if old_outcomes != new_outcomes:
        yield Difference(
            "shape", f"{operation}: status", _short(old_outcomes), _short(new_outcomes)
        )
    if len(old) != len(new):
        yield Difference("value", f"{operation}: exchanges", str(len(old)), str(len(new)))
    for one, other in zip(old, new, strict=False):
        yield from _bodies(f"{operation}: request", one.request.body, other.request.body)
        yield from _bodies(f"{operation}: response", one.response.body, other.response.body)


def _outcomes(interactions: list[Interaction]) -> list[str]:
    return sorted({each.response.failure or str(each.response.status) for each in interactions})


def _bodies(where: str, old: bytes, new: bytes) -> Iterator[Difference]:
    if old == new:
        return
    one, other = _parsed(old), _parsed(new)
    if one is None or other is None:
        yield Difference("value", where, f"{len(old):,} bytes", f"{len(new):,} bytes")
        return
    yield from _values(where, one, other)


def _values(where: str, one: Any, other: Any) -> Iterator[Difference]:
    if type(one) is not type(other) and not (_is_number(one) and _is_number(other)):
        yield Difference("shape", shown(where), _kind(one), _kind(other))
    elif isinstance(one, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            here = f"{where}.{name}"
            if name not in other:
                yield Difference("shape", shown(here), _kind(one[name]), None)
            elif name not in one:
                yield Difference("shape", shown(here), None, _kind(other[name]))
            else:
                yield from _values(here, one[name], other[name])
    elif isinstance(one, list):
        if len(one) != len(other):
            yield Difference("value", f"{shown(where)}: length", str(len(one)), str(len(other)))
        for this, that in zip(one, other, strict=False):
            yield from _values(f"{where}[]", this, that)
    elif one != other:
        yield Difference(_tier(where, one, other), shown(where), _short(one), _short(other))


def _tier(where: str, one: Any, other: Any) -> Tier:
    if where.endswith(CODES):
        return "shape"
    if _VOLATILE_NAME.search(where):
        return "volatile"
    texts = isinstance(one, str) and isinstance(other, str)
    is_volatile = texts and _VOLATILE_VALUE.sub("*", one) == _VOLATILE_VALUE.sub("*", other)
    return "volatile" if is_volatile else "value"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(type(value), "a number")


def _short(value: Any) -> str:
    text = shown(json.dumps(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
