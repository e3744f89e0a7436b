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
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Protocol

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from requests.models import Response as RequestsResponse
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from qrtest.clock.clocks import Clock
from qrtest.errors import ServerError
from qrtest.http.messages import Request, Response
from qrtest.transport.dispatcher import FOR_EVER, Dispatcher
from qrtest.transport.http_connection import Connection
from qrtest.transport.requests_adapter import genuine_send, read_timeout
from qrtest.transport.websocket import StreamConnection

__all__ = ["LOOPBACK", "Port", "open_port"]

LOOPBACK: Final = "127.0.0.1"
LAST_PORT: Final = 65_535
EXCHANGE: Final = "x-qrtest-exchange"
TIMEOUT: Final = "x-qrtest-timeout"
PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}
CLOSED: Final = Response(0, failure="closed")


@contextmanager
def open_port(dispatcher: Dispatcher) -> Iterator[Port]:
    """A free port of this machine that answers by *dispatcher* for as long as the block lasts."""
    port = Port(dispatcher, host=LOOPBACK)
    try:
        yield port
    finally:
        port.close()


class Asked(Protocol):
    """Whoever a port asks for answers."""

    @property
    def clock(self) -> Clock:
        """What the answers take their time by."""

    def ask(self, request: Request, timeout: float | None = None) -> tuple[Response, float]:
        """The answer to *request*, and how many seconds on the clock it takes (inf: it never comes)."""


class Port:
    """Listens on *number* of *host* (0: a free one) in a thread of its own, and answers by *asked*.

    *tls* is what it speaks HTTPS by. Raises `ServerError` when the port cannot be had.
    """

    def __init__(
        self, asked: Asked, *, host: str, number: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._asked = asked
        self._tls = tls
        self._raised: dict[str, BaseException] = {}
        self._adapters: dict[int, tuple[Any, SocketAdapter]] = {}
        self._numbers = itertools.count(1)
        self._socket = _listening(host, number)
        self.number: Final[int] = self._socket.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
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

    def wait(self) -> None:
        """Wait until the port is closed."""
        self._thread.join()

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
            return Connection(self._answer, self._upgrade)

        listening = self._loop.create_server(connection, sock=self._socket, ssl=self._tls)
        server = self._loop.run_until_complete(listening)
        self._loop.call_soon(self._listens.set)
        self._loop.run_forever()
        self._loop.run_until_complete(self._hang_up(server))
        self._loop.close()

    async def _hang_up(self, server: asyncio.Server) -> None:
        """End all connections, those too that have just come, or are still shaking hands."""
        self._loop.remove_reader(self._socket)
        await asyncio.sleep(0)
        server.close()
        known_to_the_loop = self._loop._transports  # type: ignore[attr-defined]  # and to nobody else
        for transport in list(known_to_the_loop.values()):
            transport.abort()
        await asyncio.sleep(0)

    def _answer(self, connection: Connection, request: Request) -> None:
        self._ask(connection, request, connection.say)

    def _ask(
        self, connection: Connection, request: Request, say: Callable[[Response], None]
    ) -> None:
        """Ask the dispatcher; what is raised instead of an answer waits for the client of this process."""
        headers = request.headers
        exchange = headers.get(EXCHANGE, "")
        try:
            response, wait = self._asked.ask(request, _seconds(headers.get(TIMEOUT)))
            wait = 0.0 if not wait else self._asked.clock.spend(wait) if wait < FOR_EVER else wait
        except BaseException as error:
            if exchange:
                self._raised[exchange] = error
                connection.say(CLOSED)
            else:
                connection.say(Response(501, f"{error}\n".encode(), PLAIN))
            return
        if response.failure == "timeout":
            self._raised[exchange] = TimeoutError("timed out")
        if not wait:
            say(response)
        elif wait < FOR_EVER:
            self._loop.call_later(wait, say, response)

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
            stream = StreamConnection(response.stream, self._asked.clock, self._loop)
            connection.hand_over(request, stream)


def _listening(host: str, number: int) -> socket.socket:
    if not 0 <= number <= LAST_PORT:
        raise ServerError(
            f"There is no port {number}: ports are 1 to {LAST_PORT}, 0 is a free one."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, number), family=family)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise ServerError(
            f"Port {number} of {host} cannot be had: {why}. Take another one (--port 0 is a free one), "
            f"or end the program that has it (lsof -i :{number} shows which)."
        ) from error


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
