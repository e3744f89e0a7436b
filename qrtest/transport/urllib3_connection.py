"""A connection for urllib3 that asks a service instead of a socket, and fails as a socket would."""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util import Timeout

from qrtest.http.messages import Failure, Request, Response
from qrtest.transport.http_bytes import encoded
from qrtest.transport.socket_errors import error_of

__all__ = ["Body", "ServiceConnection", "broken", "read_timeout"]

NO_HEADERS: Final[Mapping[str, str]] = {}


class Body(io.BytesIO):
    """A body that closes itself at its end, as that of `http.client` does: urllib3 goes on until then."""

    def read(self, size: int | None = -1) -> bytes:
        """Return the next *size* bytes; all that are left for None or a negative number."""
        if self.closed:
            return b""
        piece = super().read(size)
        if self.tell() == len(self.getbuffer()):
            self.close()
        return piece


class ServiceConnection:
    """What urllib3 takes for a connection: asks the service, and fails as a socket would."""

    is_closed = False
    is_connected = True
    is_verified = True
    proxy = None
    proxy_is_verified = None
    has_connected_to_proxy = False

    def __init__(
        self,
        exchange: Callable[[Request, float | None], Response],
        *,
        host: str,
        port: int | None = None,
        timeout: Any = None,
        **_: Any,
    ) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout
        self._exchange = exchange
        self._request = Request("GET", host, "/")
        self._preload = False
        self._decode = True

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        preload_content: bool = True,
        decode_content: bool = True,
        **_: Any,
    ) -> None:
        """Note what is asked."""
        content = body.encode() if isinstance(body, str) else bytes(body or b"")
        parts = urlsplit(url)
        self._request = Request(
            method, self.host, parts.path, parts.query, headers or NO_HEADERS, content
        )
        self._preload = preload_content
        self._decode = decode_content

    def getresponse(self) -> HTTPResponse:
        """Return the service's answer, or the error of a socket."""
        response = self._exchange(self._request, read_timeout(self.timeout))
        if response.failure is not None and response.failure != "cut":
            raise broken(response.failure, self)
        received = _received(response, self._request.method)
        return HTTPResponse(
            body=received,
            headers=HTTPHeaderDict(received.msg.items()),
            status=response.status,
            reason=received.reason,
            version=received.version,
            version_string="HTTP/1.1",
            preload_content=self._preload,
            decode_content=self._decode,
            original_response=received,
            request_method=self._request.method,
            request_url=self._request.path,
        )

    def __repr__(self) -> str:
        return f"HTTPSConnection(host={self.host!r}, port={self.port})"

    def close(self) -> None:
        """There is nothing to close."""


class _Bytes:
    """What `http.client` has for a socket that only *content* can be read from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO(self._content)


def _received(response: Response, method: str) -> http.client.HTTPResponse:
    """Return *response* to a request by *method* as `http.client` reads it."""
    content = encoded(response, method)
    received = http.client.HTTPResponse(cast("Any", _Bytes(content)), method=method)
    received.begin()
    return received


def broken(failure: Failure, connection: Any) -> Exception:
    """Return the error that urllib3's *connection* raises for a *failure*."""
    if failure == "dns":
        return NameResolutionError(connection.host, connection, cast("Any", error_of(failure)))
    if failure == "refused":
        why = f"Failed to establish a new connection: {error_of(failure)}"
        return NewConnectionError(connection, why)
    return error_of(failure)


def read_timeout(timeout: Any) -> float | None:
    """Return the seconds that a client waits for an answer, of any form of timeout that requests takes."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    elif isinstance(timeout, Timeout):
        timeout = timeout.clone()
        timeout.start_connect()
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None
