"""What crosses the wire, as values, and the one seam of the architecture: `Service`.

Whatever answers a request is a `Service`: the simulated one, a cassette player, and whatever wraps
another service to record it, to break it, or to write down what it said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Literal, Protocol
from urllib.parse import parse_qs, urlsplit

from qrtest.http.operations import Route, route

__all__ = ["FAILURES", "Close", "Failure", "Request", "Response", "Service", "Stream", "phrase"]

Failure = Literal["refused", "reset", "closed", "timeout", "cut"]
"""How a connection ends that brings no whole answer.

`refused`: it was never made. `reset`: the peer broke it. `closed`: the peer closed it without a word.
`timeout`: the client gave up. `cut`: it was closed within the body.
"""

FAILURES: Final[tuple[Failure, ...]] = ("refused", "reset", "closed", "timeout", "cut")


@dataclass(frozen=True, slots=True)
class Request:
    """A request: where to, what for, and with what. *path* has no query, *query* no question mark.

    *route* is what it asks of the service; None when the service has no such thing.

    >>> request = Request.to("GET", "https://host/v1/jobs?limit=2&tags=a&tags=b")
    >>> request.host, request.path, request.parameters
    ('host', '/v1/jobs', {'limit': ('2',), 'tags': ('a', 'b')})
    """

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    route: Route | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "route", route(self.method, self.path))

    @classmethod
    def to(
        cls,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Request:
        """The request for a whole *url*."""
        parts = urlsplit(url)
        return cls(method.upper(), parts.netloc, parts.path, parts.query, headers or {}, body)

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """The query, decoded: every name with its values."""
        return _parameters(self.query).copy()

    def parameter(self, name: str) -> str | None:
        """The last value of the parameter *name*; None when there is none.

        >>> Request("GET", "host", "/jobs", "limit=1&limit=2").parameter("limit")
        '2'
        """
        return _parameters(self.query).get(name, (None,))[-1]

    def is_true(self, name: str) -> bool:
        """Whether the parameter *name* says true, whatever its case."""
        return (self.parameter(name) or "").lower() == "true"

    def header(self, name: str) -> str | None:
        """The value of the header *name*, whatever its case; None when there is none."""
        value = self.headers.get(name)
        if value is None:
            wanted = name.lower()
            for key, candidate in self.headers.items():
                if key.lower() == wanted:
                    return candidate
        return value

    def __str__(self) -> str:
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''}"


@lru_cache(maxsize=256)
def _parameters(query: str) -> dict[str, tuple[str, ...]]:
    decoded = parse_qs(query, keep_blank_values=True)
    return {name: tuple(values) for name, values in decoded.items()}


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a stream: the *code* that the service closes it with, None where it just breaks."""

    code: int | None = 1000


class Stream(Protocol):
    """What the service says on one connection of a websocket. It is asked, and never speaks by itself."""

    def next(self, now: float) -> str | Close | float:
        """What comes next at the time *now*: a message, the end, or the time before which nothing will."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, or (with *failure*) what came instead of one.

    *delay* is how long the answer takes, in seconds, beyond what every answer takes. *struck* names the
    faults that made it what it is. *stream* is what comes after an answer 101.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    failure: Failure | None = None
    struck: tuple[str, ...] = ()
    stream: Stream | None = None


def phrase(status: int) -> str:
    """What HTTP says for *status*; nothing for one that it does not know.

    >>> phrase(404), phrase(520)
    ('Not Found', '')
    """
    return _PHRASES.get(status, "")


_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


class Service(Protocol):
    """Whatever answers."""

    def handle(self, request: Request) -> Response:
        """The answer to *request*.

        Raises `UnansweredRequest` when there is none.
        """
