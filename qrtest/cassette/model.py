"""A cassette as a value: interactions that were recorded, and where they come from.

It knows no file format, no secret and no matching. Times are seconds since the recording began.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from qrtest.cassette.digests import Digests
from qrtest.http.messages import Request, Response

__all__ = ["FORMAT", "Cassette", "Interaction", "Provenance", "collapsed", "digest"]

FORMAT: Final = 1
"""The version of what qrtest adds to vcrpy's format."""

DIGEST_DIGITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A request and its answer, made at *at*; *repeat* times with the same answer, the last at *until*.

    *took*: how long the answer took. Both are None in a cassette of another tool. An answer with a
    `failure` is a connection that brought none. *program* and *program_until* are *at* and *until* in the
    time of the program, which passes while it waits and not while it computes.

    >>> poll = Interaction(request=Request("GET", "h", "/jobs/j"), response=Response(200), at=2.0)
    >>> poll.end, poll.repeat
    (2.0, 1)
    """

    request: Request
    response: Response
    at: float | None = None
    took: float | None = None
    repeat: int = 1
    until: float | None = None
    program: float | None = None
    program_until: float | None = None
    scheme: str = "https"

    @property
    def end(self) -> float | None:
        """When the last of the requests was made."""
        return self.at if self.until is None else self.until

    @property
    def program_end(self) -> float | None:
        """When the last of the requests was made, in the time of the program."""
        return self.program if self.program_until is None else self.program_until

    @property
    def uri(self) -> str:
        """The whole address of the request."""
        query = f"?{self.request.query}" if self.request.query else ""
        return f"{self.scheme}://{self.request.host}{self.request.path}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a cassette comes from: who recorded what, and when (RFC 3339, UTC).

    *test*: the name of the test whose own cassette it is. *filters*: the names of the filters and hooks that
    it was recorded with, which a replay has to be given as well.
    """

    client: str = ""
    qrtest: str = ""
    recorded: str = ""
    service: str = "real"
    test: str = ""
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cassette:
    """Recorded interactions in order; *provenance* is None for a cassette of another tool.

    *digests* show whether a request holds the value that a placeholder of a recorded one stands for.
    """

    interactions: tuple[Interaction, ...] = ()
    provenance: Provenance | None = None
    digests: Digests = field(default=Digests(), repr=False)

    def __len__(self) -> int:
        return len(self.interactions)

    @property
    def is_timed(self) -> bool:
        """Whether every interaction says when it was made."""
        return all(interaction.at is not None for interaction in self.interactions)


def collapsed(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Return *interactions* in which a request that got the same answer again is a count.

    Requests between two polls do not keep them apart: a poll is compared with the last of its kind.

    >>> poll = Interaction(request=Request("GET", "h", "/jobs/j"), response=Response(200), at=0.0)
    >>> [one] = collapsed([poll, replace(poll, at=1.0), replace(poll, at=2.0)])
    >>> one.repeat, one.at, one.until
    (3, 0.0, 2.0)
    """
    kept: list[Interaction] = []
    last: dict[tuple[str, str, bytes], int] = {}
    for interaction in interactions:
        request = interaction.request
        kind = (request.method, interaction.uri, request.body)
        position = last.get(kind)
        if position is not None and _says_the_same(kept[position], interaction):
            before = kept[position]
            kept[position] = replace(
                before,
                repeat=before.repeat + interaction.repeat,
                until=interaction.end,
                program_until=interaction.program_end,
            )
        else:
            last[kind] = len(kept)
            kept.append(interaction)
    return tuple(kept)


def _says_the_same(one: Interaction, other: Interaction) -> bool:
    return one.response == other.response and one.request.headers == other.request.headers


def digest(interactions: Iterable[Interaction]) -> str:
    """Return a digest of all that *interactions* say; how a file lays them out does not matter to it."""
    total = hashlib.sha256()
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        facts = [
            request.method,
            interaction.uri,
            sorted(request.headers.items()),
            response.status,
            response.failure,
            *([response.reason] if response.reason else []),
            sorted(response.headers.items()),
            [interaction.at, interaction.took, interaction.repeat, interaction.until],
            [len(request.body), len(response.body)],
        ]
        if interaction.program is not None:
            facts.append([interaction.program, interaction.program_until])
        total.update(json.dumps(facts).encode())
        total.update(request.body)
        total.update(response.body)
    return f"sha256:{total.hexdigest()[:DIGEST_DIGITS]}"
