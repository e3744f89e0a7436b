"""The tap of aiohttp: its connector gives connections whose other end is in this process.

Redirects, cookies, retries, timeouts and the parsing of answers stay aiohttp's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import aiohttp
from aiohttp.connector import Connection

from qrtest.http.messages import BEFORE_THE_REQUEST, Failure, Response
from qrtest.patching import Patch, Patches
from qrtest.transport.http_bytes import Message, MessageReader, encoded, request_of
from qrtest.transport.interception import INTERCEPTION, exchange_async
from qrtest.transport.response_reader import ResponseReader
from qrtest.transport.socket_errors import error_of, failure_of

__all__ = ["PATCHES"]

_CONNECT: Final = aiohttp.TCPConnector.connect
USUAL_PORTS: Final = {"http": 80, "https": 443}


def _patches() -> Iterator[Patch]:
    # A connector that a mocking library has replaced is left to that library.
    if aiohttp.TCPConnector.connect is _CONNECT:
        yield aiohttp.TCPConnector, "connect", _connect


PATCHES: Final = Patches(_patches)


async def _connect(connector: Any, req: Any, traces: Any, timeout: Any) -> Any:
    if INTERCEPTION.handler(_host(req.url)) is None:
        return await _CONNECT(connector, req, traces, timeout)
    protocol = connector._factory()
    protocol.connection_made(_Wire(protocol, connector, req, traces, timeout))
    protocol.force_close()
    return Connection(connector, req.connection_key, protocol, connector._loop)


def _host(url: Any) -> str:
    """Return the host of *url*, with its port unless that is the usual one."""
    name = f"[{url.host}]" if ":" in url.host else url.host
    return name if url.port in (None, USUAL_PORTS.get(url.scheme)) else f"{name}:{url.port}"


class _Wire(asyncio.Transport):
    """What *protocol* has for a transport: takes the request *req*, and gives it the answer."""

    def __init__(self, protocol: Any, connector: Any, req: Any, traces: Any, timeout: Any) -> None:
        super().__init__()
        self._protocol = protocol
        self._asked = (connector, req, traces, timeout)
        self._reader = MessageReader()
        self._answering: asyncio.Task[None] | None = None
        self._network: ResponseReader | None = None
        self._error: BaseException | None = None
        self._is_closing = False

    def write(self, data: Any) -> None:
        """Read *data*; ask for the answer as soon as the request is complete."""
        message = self._reader.read(bytes(data))
        if message is not None:
            self._answering = asyncio.get_running_loop().create_task(self._answer(message))

    def writelines(self, list_of_data: Any) -> None:
        """Read all pieces."""
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        """Return whether it was closed."""
        return self._is_closing

    def close(self) -> None:
        """Stop answering."""
        self._is_closing = True
        if self._answering is not None and not self._answering.done():
            self._answering.cancel()

    def abort(self) -> None:
        """Stop answering."""
        self.close()

    def pause_reading(self) -> None:
        """Do nothing: the whole answer comes at once."""

    def resume_reading(self) -> None:
        """Do nothing: the whole answer comes at once."""

    def get_write_buffer_size(self) -> int:
        """Return 0: all that was written has been read."""
        return 0

    async def _answer(self, message: Message) -> None:
        _, req, _, timeout = self._asked
        request = request_of(message, _host(req.url))
        handler = INTERCEPTION.handler(request.host)
        try:
            if handler is None:
                raise error_of("closed")
            response = await exchange_async(
                handler,
                request,
                req.url.scheme,
                partial(self._ask_network, message.raw),
                _limit(timeout),
            )
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._protocol.set_exception(error)
            return
        if not self._is_closing:
            self._give(response, request.method)

    def _give(self, response: Response, method: str) -> None:
        protocol, failure = self._protocol, response.failure
        if self._error is not None:
            protocol.set_exception(self._error)
        elif failure == "reset":
            protocol.connection_lost(error_of(failure))
        elif failure == "closed":
            protocol.connection_lost(None)
        elif failure is not None and failure != "cut":
            protocol.set_exception(self._exception(failure))
        else:
            network = self._network
            protocol.data_received(encoded(response, method) if network is None else network.raw)
            if failure == "cut" or not (network is None or network.has_end):
                protocol.connection_lost(None)

    def _exception(self, failure: Failure) -> Any:
        """Return what aiohttp raises for a connection that was not made, or was too slow."""
        _, req, _, timeout = self._asked
        error = error_of(failure)
        if failure == "dns":
            return aiohttp.ClientConnectorDNSError(req.connection_key, error)
        if failure == "tls":
            return aiohttp.ClientConnectorSSLError(req.connection_key, error)
        if failure == "refused":
            return aiohttp.ClientConnectorError(req.connection_key, error)
        if timeout.sock_read is not None and timeout.sock_read == _limit(timeout):
            return aiohttp.SocketTimeoutError("Timeout on reading data from socket")
        return TimeoutError()

    async def _ask_network(self, sent: bytes) -> Response:
        """Return what the network answers. Exceptions that are no broken connection pass."""
        connector, req, traces, timeout = self._asked
        try:
            connection = await _CONNECT(connector, req, traces, timeout)
        except (aiohttp.ClientError, OSError) as error:
            self._error = error
            failure = _failure(error)
            if failure is None:
                raise
            return Response(0, failure=failure)
        protocol, transport = connection.protocol, connection.transport
        self._network = reader = ResponseReader(req.method, protocol)
        try:
            transport.set_protocol(reader)
            transport.write(sent)
            return await reader.response
        finally:
            # A connector that is closed waits for the protocols of its connections.
            transport.set_protocol(protocol)
            if reader.keeps_alive and not transport.is_closing():
                connection.release()
            else:
                connection.close()


def _limit(timeout: Any) -> float | None:
    """Return how many seconds the client waits for an answer."""
    limits = [seconds for seconds in (timeout.total, timeout.sock_read) if seconds]
    return min(limits) if limits else None


def _failure(error: BaseException) -> Failure | None:
    """Return what a recording calls *error*; None if it is no broken connection."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return (
            failure_of(error.os_error)
            if failure_of(error.os_error) in BEFORE_THE_REQUEST
            else "refused"
        )
    return failure_of(error)
