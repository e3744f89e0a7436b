"""A real port: what carries requests over sockets, to any client in any language.

A thread of its own answers, on asyncio, and broken connections are really broken. Clients in this
process keep the addresses they know; `SocketAdapter` only changes where their sockets lead.

A client in this process follows the virtual clock, its socket does not. So each request says how long
its client would wait, and when that time is over on the clock, or the simulation has something to
raise, the server closes the connection and leaves the exception for the client that asked.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from requests.models import Response as RequestsResponse
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from qrtest.transport.connection import Connection
from qrtest.transport.line import Line
from qrtest.transport.requests import genuine_send, read_timeout
from qrtest.transport.websocket import StreamConnection
from qrtest.wire.messages import Request, Response

__all__ = ["Port", "open_port"]

LOOPBACK: Final = "127.0.0.1"
EXCHANGE: Final = "x-qrtest-exchange"
TIMEOUT: Final = "x-qrtest-timeout"
PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}
CLOSED: Final = Response(0, failure="closed")


@contextmanager
def open_port(line: Line) -> Iterator[Port]:
    """A port of this machine that answers by *line* for as long as the block lasts."""
    port = Port(line)
    try:
        yield port
    finally:
        port.close()


class Port:
    """Listens on a free port of the loopback interface, in a thread of its own."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._raised: dict[str, BaseException] = {}
        self._adapters: dict[int, tuple[Any, SocketAdapter]] = {}
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server((LOOPBACK, 0))
        self.number: Final[int] = self._socket.getsockname()[1]
        self._connections: set[Connection] = set()
        self._streams: set[StreamConnection] = set()
        self._thread = threading.Thread(target=self._run, name="qrtest port", daemon=True)
        self._listens = threading.Event()
        self._thread.start()
        self._listens.wait()

    def adapter(self, max_retries: Any) -> SocketAdapter:
        """What a session of requests sends by, with the retry policy *max_retries*."""
        known = self._adapters.get(id(max_retries))
        if known is None:
            known = self._adapters[id(max_retries)] = (
                max_retries,
                SocketAdapter(self, max_retries=max_retries),
            )
        return known[1]

    def new_exchange(self) -> str:
        """A name for one exchange of a client in this process."""
        return str(next(self._numbers))

    def raised(self, exchange: str) -> BaseException | None:
        """What the simulation raised instead of answering, if it did."""
        return self._raised.pop(exchange, None)

    def close(self) -> None:
        """Close all connections and stop listening."""
        for _, adapter in self._adapters.values():
            adapter.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # --- in the thread ---

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        def connection() -> Connection:
            return Connection(self._answer, self._upgrade, self._connections)

        listening = self._loop.create_server(connection, sock=self._socket)
        server = self._loop.run_until_complete(listening)
        self._loop.call_soon(self._listens.set)
        self._loop.run_forever()
        server.close()
        transports = [each.transport for each in self._connections]
        transports += [each.transport for each in self._streams]
        for connected in transports:
            connected.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _answer(self, connection: Connection, request: Request) -> None:
        self._ask(connection, request, connection.say)

    def _ask(
        self, connection: Connection, request: Request, say: Callable[[Response], None]
    ) -> None:
        """Ask the line; what is raised instead of an answer waits for the client of this process."""
        headers = request.headers
        exchange = headers.get(EXCHANGE, "")
        try:
            response, wait = self._line.ask(request, _seconds(headers.get(TIMEOUT)))
            wait = self._line.clock.spend(wait)
        except BaseException as error:
            if exchange:
                self._raised[exchange] = error
                connection.say(CLOSED)
            else:
                connection.say(Response(501, f"{error}\n".encode(), PLAIN))
            return
        if response.failure == "timeout":
            self._raised[exchange] = TimeoutError("timed out")
        if wait:
            self._loop.call_later(wait, say, response)
        else:
            say(response)

    def _upgrade(self, connection: Connection, request: Request) -> None:
        """Open a websocket, or answer why not."""
        if (request.header("Upgrade") or "").lower() == "websocket":
            self._ask(connection, request, partial(self._open, connection, request))
        else:
            told = f"{request}: this port speaks HTTP and websockets only.\n"
            connection.say(Response(501, told.encode(), PLAIN))

    def _open(self, connection: Connection, request: Request, response: Response) -> None:
        if response.stream is None:
            connection.say(response)
        else:
            clock = self._line.clock
            stream = StreamConnection(response.stream, clock, self._loop, self._streams)
            connection.hand_over(request, stream)


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None


# --- the client's side ---


class SocketAdapter(HTTPAdapter):
    """The genuine adapter, all of whose connections lead to a port of this machine."""

    def __init__(self, port: Port, *, max_retries: Any = 0) -> None:
        super().__init__(max_retries=max_retries)
        self._port = port
        self._pools: dict[tuple[str, int, bool], Any] = {}

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> RequestsResponse:
        """The answer to *request*, by the genuine policy."""
        return genuine_send(self, request, *arguments, **{**options, "verify": False})

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        address, _ = self.build_connection_pool_key_attributes(request, verify, cert)
        is_secure = address["scheme"] == "https"
        host, number = address["host"], address["port"] or (443 if is_secure else 80)
        key = (str(host), int(number), is_secure)
        if key not in self._pools:
            pool = (_SecurePool if is_secure else _Pool)(*key[:2])
            pool.qrtest_port = self._port
            self._pools[key] = pool
        return self._pools[key]

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """There is no certificate to verify: nothing leaves this machine."""

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()


class _Connection(HTTPConnection):
    """A connection to the port, under the name of the host that the client means."""

    qrtest_port: Port

    def __init__(
        self, *, host: str, port: int | None = None, timeout: Any = None, **_: Any
    ) -> None:
        super().__init__(host=host, port=port, timeout=timeout)
        self.default_port = port or self.default_port  # type: ignore[misc]
        self._exchange = ""
        self.qrtest_timeout: float | None = None

    def _new_conn(self) -> socket.socket:
        connected = socket.create_connection((LOOPBACK, self.qrtest_port.number))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any
    ) -> None:
        self._exchange = self.qrtest_port.new_exchange()
        sent: dict[str, Any] = {**(headers or {}), EXCHANGE: self._exchange}
        if self.qrtest_timeout is not None:
            sent[TIMEOUT] = str(self.qrtest_timeout)
        super().request(method, url, body=body, headers=sent, **options)

    def getresponse(self) -> Any:
        self.timeout = None
        try:
            return super().getresponse()
        except OSError:
            raised = self.qrtest_port.raised(self._exchange)
            if raised is not None:
                raise raised from None
            raise


class _LeadsHere:
    """What both kinds of pool do: connect to the port, and tell the connection of its timeout."""

    qrtest_port: Port

    def _new_conn(self) -> Any:
        connection = _Connection(host=self.host, port=self.port)  # type: ignore[attr-defined]
        connection.qrtest_port = self.qrtest_port
        return connection

    def _validate_conn(self, conn: Any) -> None:
        """There is no certificate to validate."""

    def _make_request(self, conn: Any, *arguments: Any, timeout: Any = None, **options: Any) -> Any:
        conn.qrtest_timeout = read_timeout(timeout)
        return super()._make_request(conn, *arguments, timeout=timeout, **options)  # type: ignore[misc]


class _Pool(_LeadsHere, HTTPConnectionPool):
    pass


class _SecurePool(_LeadsHere, HTTPSConnectionPool):
    pass


_Pool.__name__ = HTTPConnectionPool.__name__
_SecurePool.__name__ = HTTPSConnectionPool.__name__
