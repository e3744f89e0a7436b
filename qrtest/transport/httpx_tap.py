"""The tap of httpx: its two transports, synchronous and asynchronous.

Redirects, cookies, authentication and event hooks stay httpx's own. HTTP/2 is answered as HTTP/1.1 is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any, Final

import httpx

from qrtest.http.messages import BEFORE_THE_REQUEST, Failure, Request, Response
from qrtest.patching import Patch, Patches
from qrtest.transport.http_bytes import OF_THE_BODY, unusual
from qrtest.transport.interception import INTERCEPTION, Handler, exchange, exchange_async, pause
from qrtest.transport.socket_errors import error_of, failure_of

__all__ = ["PATCHES"]

_SYNC: Final = httpx.HTTPTransport.handle_request
_ASYNC: Final = httpx.AsyncHTTPTransport.handle_async_request
CLOSED: Final = "Server disconnected without sending a response."
CUT: Final = "peer closed connection without sending complete message body (incomplete read)"


def _patches() -> Iterator[Patch]:
    # A transport that a mocking library has replaced is left to that library.
    if httpx.HTTPTransport.handle_request is _SYNC:
        yield httpx.HTTPTransport, "handle_request", _handle_request
    if httpx.AsyncHTTPTransport.handle_async_request is _ASYNC:
        yield httpx.AsyncHTTPTransport, "handle_async_request", _handle_async_request


PATCHES: Final = Patches(_patches)


def _handle_request(transport: Any, request: Any) -> Any:
    handler = INTERCEPTION.handler(_host(request))
    if handler is None:
        return _SYNC(transport, request)
    request.read()
    asking = _Asking(handler, transport, request)

    def network() -> Response:
        try:
            received = _SYNC(transport, request)
        except httpx.TransportError as error:
            return asking.failed(error)
        pieces: list[bytes] = []
        try:
            pieces.extend(received.stream)
        except httpx.TransportError as error:
            return asking.received(received, b"".join(pieces), error)
        finally:
            received.close()
        return asking.received(received, b"".join(pieces))

    for back_off in asking.back_offs():
        response = exchange(handler, asking.request, asking.scheme, network, asking.timeout)
        if back_off is None or response.failure not in BEFORE_THE_REQUEST:
            return asking.result(response)
        handler.clock.sleep(back_off)
    raise AssertionError("the last back-off is None")


async def _handle_async_request(transport: Any, request: Any) -> Any:
    handler = INTERCEPTION.handler(_host(request))
    if handler is None:
        return await _ASYNC(transport, request)
    await request.aread()
    asking = _Asking(handler, transport, request)

    async def network() -> Response:
        try:
            received = await _ASYNC(transport, request)
        except httpx.TransportError as error:
            return asking.failed(error)
        pieces: list[bytes] = []
        try:
            async for piece in received.stream:
                pieces.append(piece)  # noqa: PERF401 (what came before an error is kept)
        except httpx.TransportError as error:
            return asking.received(received, b"".join(pieces), error)
        finally:
            await received.aclose()
        return asking.received(received, b"".join(pieces))

    for back_off in asking.back_offs():
        response = await exchange_async(
            handler, asking.request, asking.scheme, network, asking.timeout
        )
        if back_off is None or response.failure not in BEFORE_THE_REQUEST:
            return asking.result(response)
        await pause(handler.clock, back_off)
    raise AssertionError("the last back-off is None")


def _host(request: Any) -> str:
    host: str = request.url.netloc.decode("ascii")
    return host


class _Asking:
    """One request of httpx, on its way to a handler and perhaps to the network."""

    def __init__(self, handler: Handler, transport: Any, request: Any) -> None:
        self.scheme: Final[str] = request.url.scheme
        self.timeout: Final[float | None] = request.extensions.get("timeout", {}).get("read")
        # Without a name and password that stand in the address: httpx sends them in a header.
        url = f"{self.scheme}://{_host(request)}{request.url.raw_path.decode('ascii')}"
        self.request: Final = Request.to(
            request.method, url, headers=_joined(request.headers), body=request.content
        )
        self._transport = transport
        self._error: Exception | None = None
        self._original: Any = None

    def failed(self, error: httpx.TransportError) -> Response:
        """Return what a recording makes of *error*, which is raised in the end."""
        self._error = error
        failure = _failure(error)
        if failure is None:
            raise error
        return Response(0, failure=failure)

    def received(
        self, received: Any, body: bytes, broken: httpx.TransportError | None = None
    ) -> Response:
        """Return what a recording makes of *received*; *broken* is how its *body* broke off."""
        stream = httpx.ByteStream(body) if broken is None else _Broken(body, broken)
        known = {
            name: value
            for name, value in received.extensions.items()
            if name in ("http_version", "reason_phrase")
        }
        self._original = httpx.Response(
            received.status_code, headers=received.headers, stream=stream, extensions=known
        )
        return Response(
            received.status_code,
            body,
            _joined(received.headers),
            failure=None if broken is None else "cut",
            reason=unusual(received.reason_phrase, received.status_code),
        )

    def result(self, response: Response) -> Any:
        """Return *response* as httpx has it, or raise its exception; the network's own as it was."""
        if self._error is not None:
            raise self._error
        if self._original is not None:
            return self._original
        if response.failure is not None and response.failure != "cut":
            raise _exception(response.failure)
        headers = [
            (name, value)
            for name, value in response.headers.items()
            if name.lower() not in OF_THE_BODY
        ]
        stream = httpx.ByteStream(response.body)
        if response.failure == "cut":
            stream = _Broken(response.body, httpx.RemoteProtocolError(CUT))
        else:
            headers.append(("Content-Length", str(len(response.body))))
        return httpx.Response(
            response.status,
            headers=headers,
            stream=stream,
            extensions=self._by_http_2()
            or {
                "http_version": b"HTTP/1.1",
                "reason_phrase": response.status_text.encode("latin-1", "replace"),
            },
        )

    def _by_http_2(self) -> dict[str, bytes]:
        """Return what httpx says of a response by HTTP/2, if it was asked for; that has no reason phrase."""
        pool = getattr(self._transport, "_pool", None)
        is_spoken = self.scheme == "https" or not getattr(pool, "_http1", True)
        return {"http_version": b"HTTP/2"} if is_spoken and getattr(pool, "_http2", False) else {}

    def back_offs(self) -> Iterator[float | None]:
        """Yield what httpx waits before it connects again, in seconds, and None for the last time."""
        retries = getattr(getattr(self._transport, "_pool", None), "_retries", 0)
        yield from islice(_doubling(), retries)
        yield None


def _doubling() -> Iterator[float]:
    yield 0.0
    seconds = 0.5
    while True:
        yield seconds
        seconds *= 2


class _Broken(httpx.SyncByteStream, httpx.AsyncByteStream):  # type: ignore[misc]
    """A body that breaks off with *error*."""

    def __init__(self, body: bytes, error: Exception) -> None:
        self._body = body
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body
        raise self._error


def _exception(failure: Failure) -> Any:
    """Return what httpx raises for *failure*."""
    if failure in BEFORE_THE_REQUEST:
        return httpx.ConnectError(str(error_of(failure)))
    if failure == "timeout":
        return httpx.ReadTimeout(str(error_of(failure)))
    if failure == "reset":
        return httpx.ReadError(str(error_of(failure)))
    return httpx.RemoteProtocolError(CLOSED)


def _failure(error: BaseException) -> Failure | None:
    """Return what a recording calls *error*; None if it is no broken connection."""
    cause: BaseException | None = error
    while cause is not None:
        found = failure_of(cause)
        if found is not None:
            return found
        cause = cause.__cause__ or cause.__context__
    kinds: tuple[tuple[type[Exception], Failure], ...] = (
        (httpx.TimeoutException, "timeout"),
        (httpx.ConnectError, "refused"),
        (httpx.NetworkError, "reset"),
        (httpx.RemoteProtocolError, "closed"),
    )
    return next((failure for kind, failure in kinds if isinstance(error, kind)), None)


def _joined(headers: Any) -> dict[str, str]:
    """Return the headers by the names they were sent with, those that come twice joined."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers.raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
