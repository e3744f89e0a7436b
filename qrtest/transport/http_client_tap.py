"""The tap of `http.client`, and so of urllib.request and whatever else is built on it.

A connection gets a wire instead of a socket. The wire reads the request that is sent on it, asks the
handler when the request is complete, and is then read as a socket is: `http.client` itself runs on as ever.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from qrtest.errors import NetworkBlocked
from qrtest.http.messages import BEFORE_THE_REQUEST, Response
from qrtest.patching import Patch, Patches
from qrtest.transport.http_bytes import (
    OF_THE_BODY,
    WITHOUT_BODY,
    Message,
    MessageReader,
    encoded,
    request_of,
    unusual,
)
from qrtest.transport.interception import INTERCEPTION, exchange
from qrtest.transport.socket_errors import error_of, failure_of

__all__ = ["PATCHES"]

_PUTREQUEST: Final = HTTPConnection.putrequest


def _patches() -> Iterator[Patch]:
    for kind in (HTTPConnection, HTTPSConnection):
        yield kind, "connect", _connecting(kind.connect)
    yield HTTPConnection, "putrequest", _putrequest


PATCHES: Final = Patches(_patches, is_stable=True)


def _connecting(connect: Callable[[Any], None]) -> Callable[[Any], None]:
    def connecting(connection: HTTPConnection) -> None:
        if INTERCEPTION.handler(_host(connection)) is None:
            connect(connection)
        else:
            connection.sock = _Wire(connection)

    return connecting


def _putrequest(
    connection: HTTPConnection, method: str, url: str, *arguments: Any, **options: Any
) -> None:
    """Begin a request, on a wire if a handler takes it.

    A connection of before the simulation is left, as is the wire of a simulation that is over. A whole
    address is what a proxy is sent.
    """
    host = urlsplit(url).netloc if "://" in url.partition("?")[0] else _host(connection)
    is_wire = isinstance(connection.sock, _Wire)
    is_handled = INTERCEPTION.handler(host) is not None
    if connection.sock is not None and is_wire is not is_handled:
        connection.close()
    if is_handled and connection.sock is None:
        connection.sock = _Wire(connection)
    _PUTREQUEST(connection, method, url, *arguments, **options)


def _host(connection: Any) -> str:
    """Return the host that *connection* is meant for, with its port unless that is the usual one."""
    is_tunnel = connection._tunnel_host is not None
    host = connection._tunnel_host if is_tunnel else connection.host
    port = connection._tunnel_port if is_tunnel else connection.port
    name = f"[{host}]" if ":" in host else host
    usual = 443 if isinstance(connection, HTTPSConnection) else 80
    return name if port in (None, usual) else f"{name}:{port}"


class _Wire:
    """What *connection* has for a socket: takes a request, and gives the answer to be read."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection: Any = connection
        self._reader = MessageReader()
        self._answer: io.RawIOBase | io.BytesIO = io.BytesIO()
        self._network: Any = None
        self._timeout = connection.timeout

    def sendall(self, data: Any) -> None:
        """Read *data*; ask for the answer as soon as the request is complete.

        Raises what a socket does if the connection cannot be made.
        """
        try:
            message = self._reader.read(bytes(data))
        except ValueError as error:
            from qrtest.redaction.redactor import shown, shown_host

            host = shown_host(_host(self._connection))
            raise NetworkBlocked(f"{host} was sent something else: {shown(str(error))}") from None
        if message is not None:
            self._answer = self._asked(message)

    def makefile(self, *_: Any, **__: Any) -> Any:
        """Return the answer, to be read."""
        return io.BufferedReader(self._answer)

    def settimeout(self, seconds: float | None) -> None:
        """Note how many seconds the client waits from now on."""
        self._timeout = seconds

    def setsockopt(self, *_: Any) -> None:
        """Do nothing: there is no socket."""

    def close(self) -> None:
        """Close the genuine connection, if there is one."""
        if self._network is not None:
            self._network.close()
            self._network = None

    def _asked(self, message: Message) -> io.RawIOBase | io.BytesIO:
        """Return the answer to a request as something to read."""
        request = request_of(message, _host(self._connection))
        handler = INTERCEPTION.handler(request.host)
        if handler is None:
            raise error_of("closed")
        scheme = "https" if isinstance(self._connection, HTTPSConnection) else "http"
        network = _Network(self, message.raw, request.method)
        response = exchange(handler, request, scheme, network.response, self._seconds())
        failure = response.failure
        if failure is None or failure == "cut":
            return io.BytesIO(network.original or encoded(response, request.method))
        error = network.error or error_of(failure)
        if failure in BEFORE_THE_REQUEST or (network.error and not network.is_connected):
            raise error
        return _Failing(error)

    def genuine(self) -> Any:
        """Return the genuine socket, connected, for a handler that lets the network answer."""
        if self._network is None:
            connection = self._connection
            connection.sock = None
            try:
                connection.connect()
                self._network = connection.sock
            finally:
                connection.sock = self
        return self._network

    def _seconds(self) -> float | None:
        timeout = self._timeout
        return timeout if isinstance(timeout, (int, float)) else socket.getdefaulttimeout()


class _Network:
    """The network, for one request by *method* that is *sent* on the genuine connection of *wire*."""

    def __init__(self, wire: _Wire, sent: bytes, method: str) -> None:
        self.error: Exception | None = None
        self.is_connected = False
        self.original = b""
        self._wire = wire
        self._sent = sent
        self._method = method

    def response(self) -> Response:
        """Return what the network answers. Exceptions that are no broken connection pass."""
        try:
            connected = self._wire.genuine()
            self.is_connected = True
            connected.sendall(self._sent)
            received = HTTPResponse(connected, method=self._method)
            try:
                received.begin()
                response = _drained(received)
            finally:
                received.close()
        except (OSError, HTTPException) as error:
            failure = failure_of(error)
            if failure is None:
                raise
            self.error = error
            self._wire.close()
            return Response(0, failure=failure)
        if received.will_close or response.failure:
            self._wire.close()
        if response.failure is None:
            self.original = _as_received(received, response.body, self._method)
        return response


def _drained(received: HTTPResponse) -> Response:
    failure: Literal["cut"] | None = None
    try:
        body = received.read()
    except IncompleteRead as error:
        body, failure = error.partial, "cut"
    headers = {
        name: ", ".join(received.headers.get_all(name, [])) for name in set(received.headers)
    }
    reason = unusual(received.reason, received.status)
    return Response(received.status, body, headers, failure=failure, reason=reason)


def _as_received(received: HTTPResponse, body: bytes, method: str) -> bytes:
    """Return the bytes of a response whose body has been read, with each of its header lines."""
    has_body = method != "HEAD" and received.status not in WITHOUT_BODY
    lines = [f"HTTP/1.{received.version % 10} {received.status} {received.reason}"]
    lines += [
        f"{name}: {value}"
        for name, value in received.headers.items()
        if not has_body or name.lower() not in OF_THE_BODY
    ]
    if has_body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _Failing(io.RawIOBase):
    """An answer that does not come: reading it raises *error*."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Raise the error."""
        del buffer
        raise self._error
