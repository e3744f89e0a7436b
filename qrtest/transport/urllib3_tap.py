"""Stands between requests or urllib3 and the network: sees every exchange, in every thread.

One method of urllib3's connection pool is wrapped for as long as a tap is open, and nothing is taken
back in between, so that no thread finds a way around it. Whoever holds the tap is given each request
with the network as a service, and answers it: from there, or by itself.
"""

from __future__ import annotations

import io
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any, Final

from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import HTTPResponse

from qrtest.errors import RecordingError
from qrtest.http.messages import Failure, Request, Response, Service
from qrtest.patching import PATCHING
from qrtest.transport.urllib3_connection import ServiceConnection

__all__ = ["Answer", "tapped"]

Answer = Callable[[Request, str, Service], Response]
"""How the holder of a tap answers: the request, its scheme, and the network."""

CHUNK_BYTES: Final = 2**20
USUAL_PORTS: Final = {"http": 80, "https": 443}
_GENUINE: Final = HTTPConnectionPool._make_request


@contextmanager
def tapped(answer: Answer) -> Iterator[None]:
    """Let *answer* answer whatever requests and urllib3 send, in any thread of this process.

    Raises `RecordingError` when a tap is open already.
    """

    def make_request(
        pool: HTTPConnectionPool,
        conn: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Any:
        content = _content(body)
        named = pool.headers if headers is None else headers
        request = Request.to(
            method, _address(pool, url), headers=_texts(named), body=content or b""
        )
        network = _Network(pool, (conn, method, url, content, headers), options)
        response = answer(request, str(pool.scheme), network)
        return network.result(response, method, url)

    with PATCHING:
        if HTTPConnectionPool._make_request is not _GENUINE:
            raise RecordingError(
                "Another recording is going on in this process: a request can only be in one. End it first."
            )
        HTTPConnectionPool._make_request = make_request  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        with PATCHING:
            HTTPConnectionPool._make_request = _GENUINE  # type: ignore[method-assign]


class _Network:
    """The network, for one request: a service that may be asked once."""

    def __init__(
        self, pool: HTTPConnectionPool, asked: tuple[Any, ...], options: Mapping[str, Any]
    ) -> None:
        self._pool = pool
        self._asked = asked
        self._options = dict(options)
        self._error: Exception | None = None
        self._received: Any = None
        self._body: io.RawIOBase | io.BytesIO = io.BytesIO()

    def handle(self, request: Request) -> Response:
        """What the network answers. Exceptions that are no broken connection pass."""
        conn, method, url, content, headers = self._asked
        options = {**self._options, "preload_content": False}
        try:
            self._received = _GENUINE(self._pool, conn, method, url, content, headers, **options)
        except Exception as error:
            failure = _failure(error)
            if failure is None:
                raise
            self._error = error
            return Response(0, failure=failure)
        body, broken = _drained(self._received)
        self._body = io.BytesIO(body) if broken is None else _Broken(body, broken)
        failure = None if broken is None else _how_broken(broken)
        return Response(
            self._received.status, body, _joined(self._received.headers), failure=failure
        )

    def result(self, response: Response, method: str, url: str) -> Any:
        """*response* as urllib3 returns or raises it; the network's own as it was."""
        if self._error is not None:
            raise self._error
        made = (
            self._original(method, url)
            if self._received is not None
            else self._made(response, method, url)
        )
        made.retries = self._options.get("retries")
        return made

    def _original(self, method: str, url: str) -> HTTPResponse:
        received = self._received
        return HTTPResponse(
            body=self._body,
            headers=received.headers,
            status=received.status,
            version=received.version,
            version_string=received.version_string,
            reason=received.reason,
            preload_content=self._options.get("preload_content", True),
            decode_content=self._options.get("decode_content", True),
            original_response=received._original_response,
            enforce_content_length=self._options.get("enforce_content_length", True),
            request_method=method,
            request_url=url,
        )

    def _made(self, response: Response, method: str, url: str) -> HTTPResponse:
        """An answer that did not come from the network."""
        connection = ServiceConnection(lambda *_: response, host=self._pool.host)
        preload = self._options.get("preload_content", True)
        connection.request(method, url, preload_content=preload)
        try:
            return connection.getresponse()
        except TimeoutError:
            raise ReadTimeoutError(self._pool, url, "Read timed out.") from None


class _Broken(io.RawIOBase):
    """A body that breaks off where it did, with the error that it did with."""

    def __init__(self, body: bytes, error: Exception) -> None:
        super().__init__()
        self._body = io.BytesIO(body)
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._body.readinto(buffer)
        if not count:
            raise self._error
        return count

    def read(self, size: int | None = -1) -> bytes:
        piece = self._body.read(size)
        if not piece or size is None or size < 0:
            raise self._error
        return piece


def _drained(response: Any) -> tuple[bytes, Exception | None]:
    """The body of *response* as it came, still compressed, and what it broke off with."""
    pieces: list[bytes] = []
    try:
        while piece := response.read(CHUNK_BYTES, decode_content=False):
            pieces.append(piece)
    except (ProtocolError, ReadTimeoutError, HTTPException, OSError) as error:
        return b"".join(pieces), error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), None


def _failure(error: Exception) -> Failure | None:
    """What a recording calls *error*; None when it is no broken connection."""
    kinds: tuple[tuple[tuple[type[Exception], ...], Failure], ...] = (
        ((ConnectTimeoutError, ReadTimeoutError, TimeoutError), "timeout"),
        ((NameResolutionError,), "dns"),
        ((NewConnectionError, ConnectionRefusedError), "refused"),
        ((ssl.SSLError, SSLError), "tls"),
        ((RemoteDisconnected,), "closed"),
        ((IncompleteRead,), "cut"),
        ((ConnectionError,), "reset"),
        ((HTTPException,), "closed"),
    )
    for types, failure in kinds:
        if isinstance(error, types) and not (
            types[0] is ConnectTimeoutError and isinstance(error, NewConnectionError)
        ):
            return failure
    return "reset" if isinstance(error, ProtocolError) else None


def _how_broken(error: Exception) -> Failure:
    """What a recording calls *error*, with which a body broke off."""
    return "timeout" if _failure(error) == "timeout" else "cut"


def _content(body: Any) -> bytes | None:
    """The body of a request as bytes, whatever it was given as."""
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _content(body.read())
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    return b"".join(_content(piece) or b"" for piece in body)


def _address(pool: HTTPConnectionPool, url: str) -> str:
    if not url.startswith("/"):
        return url
    port = pool.port
    suffix = "" if port in (None, USUAL_PORTS.get(str(pool.scheme))) else f":{port}"
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    return f"{pool.scheme}://{host}{suffix}{url}"


def _joined(headers: Any) -> dict[str, str]:
    return {name: ", ".join(headers.getlist(name)) for name in headers}


def _texts(headers: Mapping[Any, Any]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in headers.items()}


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
