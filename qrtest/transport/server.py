"""A port of this machine that carries requests over sockets, for any client in any language.

A thread answers on asyncio, and a connection that is to break really breaks. `socket_adapter` is the side
of clients in this process.
"""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from qrtest.clock.clocks import Clock
from qrtest.errors import UnansweredRequest
from qrtest.http.messages import BEFORE_THE_REQUEST, Failure, Request, Response
from qrtest.transport.dispatcher import FOR_EVER, Dispatcher
from qrtest.transport.http_connection import Connection
from qrtest.transport.listening import Listening
from qrtest.transport.socket_adapter import EXCHANGE, LOOPBACK, TIMEOUT, SocketAdapter
from qrtest.transport.websocket import StreamConnection

__all__ = ["LOOPBACK", "Port", "open_port"]

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
        self._listening = Listening(self._connection, host=host, number=number, tls=tls)
        self.number: Final[int] = self._listening.number

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
        self._listening.wait()

    def close(self) -> None:
        """Close all connections and stop listening."""
        for _, adapter in self._adapters.values():
            adapter.close()
        self._listening.close()

    # --- in the thread ---

    def _connection(self) -> Connection:
        return Connection(self._answer, self._upgrade)

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
            self._listening.loop.call_later(wait, say, response)

    def _upgrade(self, connection: Connection, request: Request) -> None:
        """Open a websocket, or answer why not."""
        if (request.header("Upgrade") or "").lower() == "websocket":
            self._ask(connection, request, partial(self._open, connection, request))
        else:
            explanation = f"{request}: this port speaks HTTP and websockets only.\n"
            connection.say(Response(501, explanation.encode(), PLAIN))

    def _open(self, connection: Connection, request: Request, response: Response) -> None:
        if response.stream is None:
            connection.say(response)
        else:
            stream = StreamConnection(response.stream, self._asked.clock, self._listening.loop)
            connection.hand_over(request, stream)


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None
