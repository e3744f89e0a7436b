"""What a release of the client changed: against what qrtest relies on, and against a known release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from qrtest.client.private_names import PRIVATE_NAMES, UNTIL_STREAMS_ENDED
from qrtest.client.release_facts import ReleaseFacts
from qrtest.client.releases import NEWEST_KNOWN, OLDEST, PLACES
from qrtest.http.operations import allowed_methods
from qrtest.service.api_versions import VERSIONS

__all__ = ["changes", "is_known", "problems"]

GONE_WITH_STREAMS: Final = frozenset({"WebsocketClientCloseCode"})
NOT_ASKED_FOR: Final = frozenset({"/programs", "/Network/bookings/v2"})
"""Paths of adapters that no method of a service, a job or a session asks for."""


def is_known(facts: ReleaseFacts) -> bool:
    """Return whether qrtest was tried with this minor release, or with a later one."""
    numbers = [int(part) for part in facts.version.split(".")[:2] if part.isdigit()]
    return len(numbers) == len(NEWEST_KNOWN) and OLDEST <= tuple(numbers) <= NEWEST_KNOWN


def problems(facts: ReleaseFacts) -> Iterator[str]:
    """Yield what qrtest relies on and the release does not have, each with the place to mend it."""
    for constant, entry in PRIVATE_NAMES.items():
        if constant not in UNTIL_STREAMS_ENDED and not facts.attributes.intersection(entry.names):
            yield (
                f"no class has {' or '.join(entry.names)}: enter its new name first in {constant} of "
                "qrtest/client/private_names.py"
            )
    for name, places in PLACES.items():
        there = facts.places | facts.imported
        if name not in GONE_WITH_STREAMS and not there.intersection(places):
            yield (
                f"{name} is not at {' or '.join(places)}: enter its new place first in PLACES of "
                f"qrtest/client/releases.py{_seen_at(places[0], facts)}"
            )
    for path in sorted(facts.paths - NOT_ASKED_FOR):
        if not allowed_methods(path.replace("{}", "x")):
            yield (
                f"{path} is a path that the service does not have: enter it in the table of "
                "qrtest/http/operations.py, and answer it in qrtest/service"
            )
    for date in sorted(facts.api_versions - set(VERSIONS)):
        yield (
            f"the API version {date} is asked for: enter it in qrtest/service/api_versions.py, with what it "
            "changed"
        )


def _seen_at(place: str, facts: ReleaseFacts) -> str:
    """Return where the release has something of the same name; "" if nowhere."""
    name = place.partition(":")[2]
    found = sorted(each for each in facts.places if each.partition(":")[2] == name)
    return f" (there is {', '.join(found)})" if found else ""


def changes(before: ReleaseFacts, after: ReleaseFacts) -> Iterator[str]:
    """Yield what is new, gone or other in *after*: "+", "-" or "~", then what."""
    yield from _set_changes("path", before.paths, after.paths)
    yield from _set_changes("API version", before.api_versions, after.api_versions)
    yield from _set_changes("value of __type__", before.tags, after.tags)
    yield from _set_changes("requirement", before.requires, after.requires)
    for module in sorted({*before.schemas, *after.schemas}):
        known, now = (each.schemas.get(module, frozenset()) for each in (before, after))
        yield from _set_changes(f"schema of {module}", known, now)
    yield from _member_changes(before.members, after.members)


def _set_changes(kind: str, before: frozenset[str], after: frozenset[str]) -> Iterator[str]:
    yield from (f"- {kind} {each}" for each in sorted(before - after))
    yield from (f"+ {kind} {each}" for each in sorted(after - before))


def _member_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is None:
            yield f"+ method {name}({now})"
        elif now is None:
            yield f"- method {name}({was})"
        elif was != now:
            yield f"~ method {name}({was}) is {name}({now})"
