"""A connection for urllib3 that asks a service instead of a socket, and fails as a socket would."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Mapping
from http.client import RemoteDisconnected
from typing import Any, Final
from urllib.parse import urlsplit

from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util import Timeout

from qrtest.http.messages import Request, Response, phrase

__all__ = ["ServiceConnection", "read_timeout", "socket_error"]

NO_HEADERS: Final[Mapping[str, str]] = {}


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

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        preload_content: bool = True,
        **_: Any,
    ) -> None:
        """Note what is asked."""
        content = body.encode() if isinstance(body, str) else bytes(body or b"")
        parts = urlsplit(url)
        self._request = Request(
            method, self.host, parts.path, parts.query, headers or NO_HEADERS, content
        )
        self._preload = preload_content

    def getresponse(self) -> HTTPResponse:
        """The service's answer, or the error of a socket."""
        response = self._exchange(self._request, read_timeout(self.timeout))
        if response.failure is not None and response.failure != "cut":
            raise socket_error(self, response.failure)
        length = len(response.body) * 2 + 1 if response.failure == "cut" else len(response.body)
        has_body = response.status not in (204, 304)
        return HTTPResponse(
            body=io.BytesIO(response.body),
            headers={**response.headers, **({"Content-Length": str(length)} if has_body else {})},
            status=response.status,
            reason=phrase(response.status),
            version=11,
            version_string="HTTP/1.1",
            preload_content=self._preload,
            decode_content=False,
            request_method=self._request.method,
            request_url=self._request.path,
        )

    def close(self) -> None:
        """There is nothing to close."""

    def __repr__(self) -> str:
        return f"HTTPSConnection(host={self.host!r}, port={self.port})"


def socket_error(connection: Any, failure: str) -> Exception:
    """Return the exception by which urllib3 learns that *connection*, to a host, failed in that way."""
    match failure:
        case "dns":
            unresolved = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return NameResolutionError(connection.host, connection, unresolved)
        case "refused":
            return NewConnectionError(
                connection, "Failed to establish a new connection: [Errno 111] Connection refused"
            )
        case "tls":
            return ssl.SSLError(
                1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] ssl/tls alert handshake failure"
            )
        case "timeout":
            return TimeoutError("timed out")
        case "reset":
            return ConnectionResetError(104, "Connection reset by peer")
    return RemoteDisconnected("Remote end closed connection without response")


def read_timeout(timeout: Any) -> float | None:
    """The seconds that a client waits for an answer, of any form of timeout that requests takes."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    elif isinstance(timeout, Timeout):
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None
