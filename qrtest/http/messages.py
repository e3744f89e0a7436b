"""Requests and responses as values, and the protocol that the architecture is built on: `Service`.

The simulated service, a cassette player, and the wrappers that inject faults, record or keep a journal
are all a `Service`: one method from a request to a response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Literal, Protocol, get_args
from urllib.parse import parse_qs, urlsplit

from qrtest.http.operations import Route, route

__all__ = [
    "BEFORE_THE_REQUEST",
    "FAILURES",
    "Close",
    "Failure",
    "Request",
    "Response",
    "Service",
    "Stream",
    "phrase",
]

Failure = Literal["dns", "refused", "tls", "reset", "closed", "timeout", "cut"]
"""How a connection ends without a whole response.

`dns`: the name of the host was not resolved. `refused`: the connection was never made. `tls`: the handshake
failed. `reset`: the peer reset it. `closed`: the peer closed it without a response.
`timeout`: the client gave up. `cut`: it was closed within the body.
"""

FAILURES: Final[tuple[Failure, ...]] = get_args(Failure)

BEFORE_THE_REQUEST: Final = frozenset({"dns", "refused", "tls"})
"""The failures of a connection that was never made: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. *path* has no query, *query* no question mark.

    *route* is the operation it asks for; None when the service has no such path.

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
        object.__setattr__(self, "route", route(self.method, self.path, self.host))

    @classmethod
    def to(
        cls,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Request:
        """Return the request for a whole *url*."""
        parts = urlsplit(url)
        return cls(method.upper(), parts.netloc, parts.path, parts.query, headers or {}, body)

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """The decoded query: every name with its values."""
        return _parameters(self.query).copy()

    def parameter(self, name: str) -> str | None:
        """Return the last value of the parameter *name*; None when there is none.

        >>> Request("GET", "host", "/jobs", "limit=1&limit=2").parameter("limit")
        '2'
        """
        return _parameters(self.query).get(name, (None,))[-1]

    def is_true(self, name: str) -> bool:
        """Return whether the value of the parameter *name* is `true`, in any case."""
        return (self.parameter(name) or "").lower() == "true"

    def header(self, name: str) -> str | None:
        """Return the value of the header *name*, in any case; None when there is none."""
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
    """The end of a stream: the websocket close *code*, None where the connection breaks."""

    code: int | None = 1000


class Stream(Protocol):
    """The service's side of one websocket connection: it is asked for its next message."""

    def next(self, now: float) -> str | Close | float:
        """Return the next message at the time *now*, the end, or the time before which neither comes."""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response, or (with *failure*) how the connection failed.

    *delay* is the time it takes in seconds, beyond the latency of every response. *struck* names the
    faults that shaped it. *stream* follows a response 101. *reason* is the reason
    phrase, unless it is the usual one.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    failure: Failure | None = None
    struck: tuple[str, ...] = ()
    stream: Stream | None = None
    reason: str = ""

    @property
    def status_text(self) -> str:
        """The reason phrase of the status line.

        >>> Response(404).status_text, Response(409, reason="Job is already final").status_text
        ('Not Found', 'Job is already final')
        """
        return self.reason or phrase(self.status)


def phrase(status: int) -> str:
    """Return the reason phrase of *status*; an empty text for an unknown one.

    >>> phrase(404), phrase(520)
    ('Not Found', '')
    """
    return _PHRASES.get(status, "")


_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


class Service(Protocol):
    """Answers requests."""

    def handle(self, request: Request) -> Response:
        """Return the response to *request*.

        Raises `UnansweredRequest` when there is none.
        """
