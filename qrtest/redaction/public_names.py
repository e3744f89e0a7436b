"""Names that a session shows to everybody anyway, which are no secrets whatever else they are used as.

A word of a host stands in every address that the program asks, in the lookup of the name, and in the TLS
handshake: a test server whose host, account and token are one word has no secret in it. The ids of jobs
and sessions are made up by the server, and a replay is about them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from qrtest.cassette.model import Interaction
from qrtest.http.operations import OF_A_JOB
from qrtest.service.api_versions import route_of

__all__ = ["public_names"]

_WORD: Final = re.compile(r"[a-z]{4,20}(?:-[a-z]{2,20})*")
_ID: Final = re.compile(r"[a-z]{2,20}(?:-[a-z]{2,20})*-[0-9a-f]{6,16}")
"""A word and a few hexadecimal digits: the ids of emulators. Those of the service are known by their form."""

_NAMING: Final = (*OF_A_JOB, "session")


def public_names(interactions: Iterable[Interaction]) -> frozenset[str]:
    """Return the words of the hosts that were asked, and the ids of jobs and sessions that look like ids."""
    found: set[str] = set()
    for each in interactions:
        host = each.request.host.rpartition("@")[2].partition(":")[0]
        found.update(label for label in host.split(".") if _WORD.fullmatch(label))
        found.update(name for name in _ids(each) if _ID.fullmatch(name))
    return frozenset(found)


def _ids(interaction: Interaction) -> Iterator[str]:
    where = route_of(interaction.request)
    if where is None:
        return
    if where.operation in _NAMING and where.name:
        yield where.name
    if where.operation in ("submit", "list", "session", "poll"):
        try:
            answer: Any = json.loads(interaction.response.body)
        except (ValueError, RecursionError):
            return
        jobs = answer.get("jobs") if isinstance(answer, dict) else None
        for each in [answer, *(jobs if isinstance(jobs, list) else [])]:
            if isinstance(each, dict):
                names = (each.get(name) for name in ("id", "session_id"))
                yield from (name for name in names if isinstance(name, str))
