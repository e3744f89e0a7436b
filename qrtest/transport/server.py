"""A port of this machine that carries requests over sockets, for any client in any language.

A thread answers on asyncio, and a connection that is to break really breaks. `socket_adapter` is the side
of clients in this process.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from qrtest.clock.clocks import Clock
from qrtest.clock.patch_threads import outside_of_time
from qrtest.errors import ServerError, UnansweredRequest
from qrtest.http.messages import BEFORE_THE_REQUEST, Failure, Request, Response
from qrtest.transport.dispatcher import FOR_EVER, Dispatcher
from qrtest.transport.http_connection import Connection
from qrtest.transport.socket_adapter import EXCHANGE, LOOPBACK, TIMEOUT, SocketAdapter
from qrtest.transport.websocket import StreamConnection

__all__ = ["LOOPBACK", "Port", "handle_exception", "open_port"]

OUT_OF_RESOURCES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
LAST_PORT: Final = 65_535
PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}
CLOSED: Final = Response(0, failure="closed")
WITHOUT_A_SOCKET: Final = BEFORE_THE_REQUEST | {"timeout"}
"""The failures that a connection which has been made cannot show by itself."""


@contextmanager
def open_port(dispatcher: Dispatcher) -> Iterator[Port]:
    """Open a free port of this machine that answers by *dispatcher*, for as long as the block lasts."""
    port = Port(dispatcher, host=LOOPBACK)
    try:
        yield port
    finally:
        port.close()


class Asked(Protocol):
    """What a port asks for answers."""

    @property
    def clock(self) -> Clock:
        """What the answers take their time by."""

    def ask(self, request: Request, timeout: float | None = None) -> tuple[Response, float]:
        """Return the answer to *request*, and how many seconds it takes on the clock (inf: for ever)."""


class Port:
    """Listens on *number* of *host* (0: a free one) in a thread of its own, and answers by *asked*.

    *tls* is what it speaks HTTPS by. Raises `ServerError` when the port cannot be had.
    """

    def __init__(
        self, asked: Asked, *, host: str, number: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._asked = asked
        self._tls = tls
        self._failed: dict[str, BaseException | Failure] = {}
        self._adapters: dict[int, tuple[Any, SocketAdapter]] = {}
        self._numbers = itertools.count(1)
        self._socket = _listening(host, number)
        self.number: Final[int] = self._socket.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._run, name="qrtest port", daemon=True)
        self._listens = threading.Event()
        outside_of_time(self._thread)
        self._listens.wait()

    def adapter(self, max_retries: Any) -> SocketAdapter:
        """Return what a session of requests sends by, with the retry policy *max_retries*."""
        known = self._adapters.get(id(max_retries))
        if known is None:
            known = self._adapters[id(max_retries)] = (
                max_retries,
                SocketAdapter(self, max_retries=max_retries),
            )
        return known[1]

    def new_exchange(self) -> str:
        """Return a name for one exchange of a client in this process."""
        return str(next(self._numbers))

    def failed(self, exchange: str) -> BaseException | Failure | None:
        """Return why an exchange of a client in this process got no answer; None if it got one."""
        return self._failed.pop(exchange, None)

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
        self._loop.set_exception_handler(handle_exception)

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
        if self._tls is not None:
            request = replace(request, headers={"X-Forwarded-Proto": "https", **request.headers})
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
                self._failed[exchange] = error
                connection.say(CLOSED)
            else:
                is_unknown = isinstance(error, UnansweredRequest) and request.method != "CONNECT"
                connection.say(Response(404 if is_unknown else 501, f"{error}\n".encode(), PLAIN))
            return
        if exchange and response.failure in WITHOUT_A_SOCKET:
            self._failed[exchange] = response.failure
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


def handle_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Wait in silence when there is nothing left to accept connections with: the loop tries again."""
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno in OUT_OF_RESOURCES):
        loop.default_exception_handler(context)


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
