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
from qrtest.redaction.redactor import shown_place
from qrtest.redaction.shown_session import shown_names, shown_session

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


class _Body(NamedTuple):
    """A body; its JSON as it is compared, with the names that may be shown; and as its values are shown."""

    content: bytes
    raw: Any
    shown: Any


class _Asked(NamedTuple):
    """An interaction with its bodies, and the status of its job by then, as polls had shown it."""

    state: str
    interaction: Interaction
    request: _Body
    response: _Body


def _by_operation(cassette: Cassette) -> dict[str, list[_Asked]]:
    grouped: dict[str, list[_Asked]] = {}
    states: dict[str, str] = {}
    shown = shown_session(cassette.interactions)
    for interaction, clean in zip(cassette.interactions, shown, strict=True):
        request, where = interaction.request, interaction.request.route
        named = clean.request
        name = (
            f"{where.operation} {where.action}".strip() if where else f"{named.method} {named.path}"
        )
        job = where.name if where is not None and where.operation in OF_A_JOB else ""
        is_poll = where is not None and where.operation == "poll"
        step = step_in(interaction.response) if is_poll else None
        if step is not None:
            states[job] = step.status
        query = ",".join(sorted(named.parameters))
        asked = _Asked(
            states.get(job, ""),
            interaction,
            _body(request.body, clean.request.body),
            _body(interaction.response.body, clean.response.body),
        )
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
    for one, other in zip(old, new, strict=False):
        for difference in (
            *_bodies(f"{operation}: request", one.request, other.request),
            *_bodies(f"{operation}: response", one.response, other.response),
        ):
            if difference.where not in known:
                yield difference


# --- shapes -------------------------------------------------------------------------------------------


def _shapes(operation: str, old: list[_Asked], new: list[_Asked]) -> Iterator[Difference]:
    for one, other in _alike(old, new):
        before, after = _outcomes(one), _outcomes(other)
        if before != after:
            yield Difference("shape", f"{operation}: status", _short(before), _short(after))
        for what in ("request", "response"):
            where = f"{operation}: {what}"
            structures = [
                structure_of(_content(getattr(each, what) for each in side))
                for side in (one, other)
            ]
            yield from (Difference("shape", *change) for change in changes(where, *structures))
    for path in CODES:
        before, after = (
            _values_at(path, [each.response.raw for each in side]) for side in (old, new)
        )
        if before and after and before != after:
            codes = (
                _values_at(path, [each.response.shown for each in side]) for side in (old, new)
            )
            yield Difference(
                "shape", f"{operation}: response.{'.'.join(path)}", *map(", ".join, codes)
            )


def _alike(old: list[_Asked], new: list[_Asked]) -> Iterator[tuple[list[_Asked], list[_Asked]]]:
    """Yield what was asked in the same state; then in the ends, or in all states, if none is common."""
    states = [{each.state for each in side} for side in (old, new)]
    shared = states[0] & states[1]
    for state in sorted(shared):
        yield _in(old, {state}), _in(new, {state})
    one, other = ((each - shared) & FINAL if shared else each for each in states)
    if one and other:
        yield _in(old, one), _in(new, other)


def _in(asked: list[_Asked], states: Set[str]) -> list[_Asked]:
    return [each for each in asked if each.state in states]


def _outcomes(asked: list[_Asked]) -> list[str]:
    answers = (each.interaction.response for each in asked)
    return sorted({answer.failure or str(answer.status) for answer in answers})


def _content(bodies: Iterable[_Body]) -> Iterator[Any]:
    """Yield what *bodies* hold: objects and lists; a text for anything else, and nothing for an empty one."""
    for body in bodies:
        if body.content:
            yield body.raw if isinstance(body.raw, dict | list) else ""


def _values_at(path: tuple[str, ...], found: list[Any]) -> list[str]:
    """Return what stands at *path* in the answers *found*."""
    for name in path:
        key = name.removesuffix("[]")
        found = [each[key] for each in found if isinstance(each, dict) and key in each]
        if key != name:
            found = [item for each in found if isinstance(each, list) for item in each]
    return sorted({_short(each) for each in found})


# --- values -------------------------------------------------------------------------------------------


def _body(body: bytes, clean: bytes) -> _Body:
    raw, shown = _parsed(body), _parsed(clean)
    return _Body(body, shown_names(raw, shown), shown)


def _bodies(where: str, old: _Body, new: _Body) -> Iterator[Difference]:
    if old.raw is not None and new.raw is not None:
        yield from _values(where, (old.raw, new.raw), (old.shown, new.shown))
    elif old.content != new.content:
        sizes = (f"{len(each.content):,} bytes" for each in (old, new))
        yield Difference("value", where, *sizes)


def _values(where: str, raw: tuple[Any, Any], shown: tuple[Any, Any]) -> Iterator[Difference]:
    """Yield how the *raw* values differ, as *shown*, but for fields that only one has: these are shapes."""
    one, other = raw
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one:
            if name in other:
                inner = (_inside(shown[0], name), _inside(shown[1], name))
                yield from _values(f"{where}.{name}", (one[name], other[name]), inner)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield Difference("value", f"{where}: length", str(len(one)), str(len(other)))
        for number, items in enumerate(zip(one, other, strict=False)):
            inner = (_inside(shown[0], number), _inside(shown[1], number))
            yield from _values(f"{where}[]", items, inner)
    elif one != other or (
        type(one) is not type(other) and not (is_number(one) and is_number(other))
    ):
        yield Difference(_tier(where, one, other), where, _short(shown[0]), _short(shown[1]))


def _inside(shown: Any, step: Any) -> Any:
    """Return what stands at *step* of *shown*; *shown* itself where redaction has replaced it as a whole."""
    try:
        return shown[step] if isinstance(shown, dict | list) else shown
    except (KeyError, IndexError):
        return "not shown"


def _tier(where: str, one: Any, other: Any) -> Tier:
    if _VOLATILE_NAME.search(where):
        return "volatile"
    texts = isinstance(one, str) and isinstance(other, str)
    is_volatile = texts and _VOLATILE_VALUE.sub("*", one) == _VOLATILE_VALUE.sub("*", other)
    return "volatile" if is_volatile else "value"


def _short(value: Any) -> str:
    return excerpt(json.dumps(value), LONGEST)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
