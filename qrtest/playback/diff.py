"""What differs between two cassettes, in three tiers: the drift check.

`shape`: interactions, statuses, codes of errors or fields that came, went, or changed their type: programs
break on these. They are compared by the kind of request and the state of the job, whatever the number of
polls and their moments.
`value`: the value of a field, answer by answer. `volatile`: what differs between any two runs: ids, times,
placeholders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from qrtest.cassette.model import Cassette, Interaction
from qrtest.excerpt import excerpt
from qrtest.http.operations import OF_A_JOB
from qrtest.lifecycle.transitions import FINAL
from qrtest.playback.recorded_jobs import step_in
from qrtest.playback.structure import changes, is_number, structure_of
from qrtest.redaction.redactor import shown_place, shown_value

__all__ = ["TIERS", "Difference", "Tier", "differences"]

Tier = Literal["shape", "value", "volatile"]
TIERS: Final[tuple[Tier, ...]] = ("shape", "value", "volatile")
LONGEST: Final = 80
CODES: Final = (("errors[]", "code"), ("state", "reason_code"))
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
    """Something that differs: its *tier*, *where* it is, and both values (None: not there)."""

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
    """Return where *after* differs from *before*; nothing secret is shown.

    Shapes are compared by the kind of request and the state of the job, whatever the number and the
    moments of the requests; values of fields, request by request.

    >>> differences(Cassette(), Cassette())
    ()
    """
    old, new = _by_operation(before), _by_operation(after)
    found: list[Difference] = []
    for operation in [*old, *(each for each in new if each not in old)]:
        found += _of_operation(
            shown_place(operation), old.get(operation, []), new.get(operation, [])
        )
    return tuple(dict.fromkeys(found))


class _Asked(NamedTuple):
    """An interaction, and the status of its job by then, as polls had shown it."""

    state: str
    interaction: Interaction


def _by_operation(cassette: Cassette) -> dict[str, list[_Asked]]:
    grouped: dict[str, list[_Asked]] = {}
    states: dict[str, str] = {}
    for interaction in cassette.interactions:
        request, where = interaction.request, interaction.request.route
        name = (
            f"{where.operation} {where.action}".strip()
            if where
            else f"{request.method} {request.path}"
        )
        job = where.name if where is not None and where.operation in OF_A_JOB else ""
        is_poll = where is not None and where.operation == "poll"
        step = step_in(interaction.response) if is_poll else None
        if step is not None:
            states[job] = step.status
        query = ",".join(sorted(request.parameters))
        asked = _Asked(states.get(job, ""), interaction)
        grouped.setdefault(f"{name}({query})" if query else name, []).append(asked)
    return grouped


def _of_operation(operation: str, old: list[_Asked], new: list[_Asked]) -> Iterator[Difference]:
    if not old or not new:
        count = f"{len(old or new)} exchange(s)"
        yield Difference("shape", operation, count if old else None, count if new else None)
        return
    shapes = list(_shapes(operation, old, new))
    yield from shapes
    if len(old) != len(new):
        yield Difference("value", f"{operation}: exchanges", str(len(old)), str(len(new)))
    known = {each.where for each in shapes}
    for (_, one), (_, other) in zip(old, new, strict=False):
        for difference in (
            *_bodies(f"{operation}: request", one.request.body, other.request.body),
            *_bodies(f"{operation}: response", one.response.body, other.response.body),
        ):
            if difference.where not in known:
                yield difference


# --- shapes -------------------------------------------------------------------------------------------


def _shapes(operation: str, old: list[_Asked], new: list[_Asked]) -> Iterator[Difference]:
    for one, other in _alike(old, new):
        before, after = _outcomes(one), _outcomes(other)
        if before != after:
            yield Difference(
                "shape", f"{operation}: status", _short(before, "status"), _short(after, "status")
            )
        for what, bodies in (("request", _asked), ("response", _answered)):
            where = f"{operation}: {what}"
            structures = [structure_of(_content(bodies(each))) for each in (one, other)]
            for change in changes(where, *structures):
                yield Difference("shape", shown_place(change.where), change.before, change.after)
    for path in CODES:
        codes, now = _values_at(path, old), _values_at(path, new)
        if codes and now and codes != now:
            yield Difference("shape", f"{operation}: response.{'.'.join(path)}", codes, now)


def _alike(
    old: list[_Asked], new: list[_Asked]
) -> Iterator[tuple[list[Interaction], list[Interaction]]]:
    """Yield what was asked in the same state; then in the ends, or in all states, if none is common."""
    states = [{each.state for each in side} for side in (old, new)]
    shared = states[0] & states[1]
    for state in sorted(shared):
        yield _in(old, {state}), _in(new, {state})
    one, other = ((each - shared) & FINAL if shared else each for each in states)
    if one and other:
        yield _in(old, one), _in(new, other)


def _in(asked: list[_Asked], states: Set[str]) -> list[Interaction]:
    return [each.interaction for each in asked if each.state in states]


def _outcomes(interactions: list[Interaction]) -> list[str]:
    return sorted({each.response.failure or str(each.response.status) for each in interactions})


def _asked(interactions: Iterable[Interaction]) -> Iterator[bytes]:
    return (each.request.body for each in interactions)


def _answered(interactions: Iterable[Interaction]) -> Iterator[bytes]:
    return (each.response.body for each in interactions)


def _content(bodies: Iterable[bytes]) -> Iterator[Any]:
    """Yield what *bodies* hold: objects and lists; a text for anything else, and nothing for an empty one."""
    for body in filter(None, bodies):
        parsed = _parsed(body)
        yield parsed if isinstance(parsed, dict | list) else ""


def _values_at(path: tuple[str, ...], asked: list[_Asked]) -> str:
    """Return what stands at *path* in the answers."""
    found = list(_content(_answered(each.interaction for each in asked)))
    for name in path:
        key = name.removesuffix("[]")
        found = [each[key] for each in found if isinstance(each, dict) and key in each]
        if key != name:
            found = [item for each in found if isinstance(each, list) for item in each]
    return ", ".join(sorted({_short(each, ".".join(path)) for each in found}))


# --- values -------------------------------------------------------------------------------------------


def _bodies(where: str, old: bytes, new: bytes) -> Iterator[Difference]:
    if old == new:
        return
    one, other = _parsed(old), _parsed(new)
    if one is None or other is None:
        yield Difference("value", where, f"{len(old):,} bytes", f"{len(new):,} bytes")
        return
    yield from _values(where, one, other)


def _values(where: str, one: Any, other: Any) -> Iterator[Difference]:
    """Yield how *one* and *other* differ, but for fields that only one of them has: these are shapes."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one:
            if name in other:
                yield from _values(f"{where}.{name}", one[name], other[name])
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield Difference(
                "value", f"{shown_place(where)}: length", str(len(one)), str(len(other))
            )
        for this, that in zip(one, other, strict=False):
            yield from _values(f"{where}[]", this, that)
    elif one != other or (
        type(one) is not type(other) and not (is_number(one) and is_number(other))
    ):
        yield Difference(
            _tier(where, one, other), shown_place(where), _short(one, where), _short(other, where)
        )


def _tier(where: str, one: Any, other: Any) -> Tier:
    if _VOLATILE_NAME.search(where):
        return "volatile"
    texts = isinstance(one, str) and isinstance(other, str)
    is_volatile = texts and _VOLATILE_VALUE.sub("*", one) == _VOLATILE_VALUE.sub("*", other)
    return "volatile" if is_volatile else "value"


def _short(value: Any, where: str) -> str:
    text = shown_value(value, where)
    return excerpt(text, LONGEST)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
