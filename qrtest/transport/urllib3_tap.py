"""The tap of urllib3, and so of requests: stands between a connection pool and its connections.

One method of the pool is replaced. It runs on, with a connection that asks the handler instead of a socket:
timeouts, retries and exceptions stay urllib3's own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.response import HTTPResponse
from urllib3.util.proxy import connection_requires_http_tunnel

from qrtest.http.messages import Failure, Request, Response
from qrtest.patching import Patch, Patches
from qrtest.transport.http_bytes import unusual
from qrtest.transport.interception import INTERCEPTION, exchange
from qrtest.transport.socket_errors import failure_of
from qrtest.transport.urllib3_connection import Body, ServiceConnection

__all__ = ["PATCHES", "drained", "how_broken", "how_failed"]

CHUNK_BYTES: Final = 2**20
USUAL_PORTS: Final = {"http": 80, "https": 443}
_GENUINE: Final = HTTPConnectionPool._make_request
_PREPARE_PROXY: Final = HTTPSConnectionPool._prepare_proxy


def _patches() -> Iterator[Patch]:
    yield HTTPConnectionPool, "_make_request", _make_request
    yield HTTPSConnectionPool, "_prepare_proxy", _prepare_proxy


PATCHES: Final = Patches(_patches, is_stable=True)


def _make_request(
    pool: HTTPConnectionPool,
    conn: Any,
    method: str,
    url: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    address = _address(pool, url)
    handler = (
        None
        if isinstance(conn, ServiceConnection)
        else INTERCEPTION.handler(urlsplit(address).netloc)
    )
    if handler is None:
        return _GENUINE(pool, conn, method, url, body, headers, **options)
    content = _content(body)
    named = pool.headers if headers is None else headers
    request = Request.to(method, address, headers=_texts(named), body=content or b"")
    network = _Network(pool, (conn, method, url, content, headers), options)

    def answer(_request: Request, timeout: float | None) -> Response:
        response = exchange(handler, request, str(pool.scheme), network.response, timeout)
        if network.error is not None:
            raise network.error
        return response

    asking = ServiceConnection(answer, host=pool.host, port=pool.port)
    made = _GENUINE(pool, asking, method, url, content, headers, **options)  # type: ignore[arg-type]
    if network.received is None:
        return made
    # The connection belongs to what the network answered, which has given it back to the pool. Two
    # responses that hold it would close it, or give it back, while another thread uses it.
    made._connection = None  # type: ignore[attr-defined]
    return network.original(method, url)


def _prepare_proxy(pool: HTTPSConnectionPool, conn: Any) -> None:
    """Connect to the proxy, unless a handler may answer instead."""
    if INTERCEPTION.handler(urlsplit(_address(pool, "/")).netloc) is None:
        _PREPARE_PROXY(pool, conn)


class _Network:
    """The network, for one request: it may be asked once."""

    def __init__(
        self, pool: HTTPConnectionPool, asked: tuple[Any, ...], options: Mapping[str, Any]
    ) -> None:
        self.error: Exception | None = None
        self.received: Any = None
        self._pool = pool
        self._asked = asked
        self._options = dict(options)
        self._body: io.RawIOBase | io.BytesIO = io.BytesIO()

    def response(self) -> Response:
        """Return what the network answers. Exceptions that are no broken connection pass."""
        options = {**self._options, "preload_content": False}
        try:
            self._connect_to_proxy()
            self.received = _GENUINE(self._pool, *self._asked, **options)
        except Exception as error:
            failure = how_failed(error)
            if failure is None:
                raise
            self.error = error
            return Response(0, failure=failure)
        body, broken = drained(self.received)
        self._body = Body(body) if broken is None else _Broken(body, broken)
        return Response(
            self.received.status,
            body,
            _joined(self.received.headers),
            failure=None if broken is None else how_broken(broken),
            reason=unusual(self.received.reason, self.received.status),
        )

    def original(self, method: str, url: str) -> HTTPResponse:
        """Return what the network answered as urllib3 had it, with its body read."""
        received = self.received
        made = HTTPResponse(
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
        made.retries = self._options.get("retries")
        return made

    def _connect_to_proxy(self) -> None:
        pool, conn = self._pool, self._asked[0]
        if (
            isinstance(pool, HTTPSConnectionPool)
            and pool.proxy is not None
            and not conn.is_connected
            and connection_requires_http_tunnel(pool.proxy, pool.proxy_config, pool.scheme)
        ):
            _PREPARE_PROXY(pool, conn)


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


def drained(response: Any) -> tuple[bytes, Exception | None]:
    """Return the body of *response* as it came, still compressed, and what it broke off with."""
    pieces: list[bytes] = []
    try:
        while piece := response.read(CHUNK_BYTES, decode_content=False):
            pieces.append(piece)
    except (ProtocolError, ReadTimeoutError, HTTPException, OSError) as error:
        return b"".join(pieces), error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), None


def how_failed(error: Exception) -> Failure | None:
    """Return what a recording calls *error*; None if it is no broken connection."""
    kinds: tuple[tuple[type[Exception], Failure], ...] = (
        (NameResolutionError, "dns"),
        (NewConnectionError, "refused"),
        (ConnectTimeoutError, "timeout"),
        (ReadTimeoutError, "timeout"),
        (ProtocolError, "reset"),
    )
    own = next((failure for kind, failure in kinds if isinstance(error, kind)), None)
    return failure_of(error) or own


def how_broken(error: Exception) -> Failure:
    """Return what a recording calls *error*, with which a body broke off."""
    return "timeout" if how_failed(error) == "timeout" else "cut"


def _content(body: Any) -> bytes | None:
    """Return the body of a request as bytes, whatever it was given as."""
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
