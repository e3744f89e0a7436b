"""A job's stream over a real socket: the websocket of the port, and a client's end of it.

The websockets library speaks the protocol; what is said, and when, is `qrtest.transport.stream_client`'s
and the service's. A stream that is to break really does: its connection is reset.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from qrtest.clock.clocks import Clock, held
from qrtest.extras import needed
from qrtest.http.messages import Stream
from qrtest.transport.http_connection import reset
from qrtest.transport.stream_client import TICK_SECONDS, Patience, StreamBroken

with needed("serve"):
    from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, WebSocketException
    from websockets.http11 import Request
    from websockets.server import ServerProtocol
    from websockets.sync.client import connect

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["StreamConnection", "received"]


# --- the port's end ---------------------------------------------------------------------------------


class StreamConnection(asyncio.Protocol):
    """Takes a connection over and says what *stream* says, on *clock*, until either end closes it."""

    def __init__(self, stream: Stream, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.transport: asyncio.Transport
        self._stream = stream
        self._clock = clock
        self._loop = loop
        self._patience = Patience(clock)
        self._holding = ExitStack()
        self._protocol = ServerProtocol(max_size=None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, on *transport*."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # What it sends arrives in real time: meanwhile, virtual time moves by `Patience` alone.
        self._holding.enter_context(held(self._clock))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the clock move by itself again."""
        self._holding.close()

    def data_received(self, data: bytes) -> None:
        """Answer a handshake, and what the protocol wants answered."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
                self._loop.call_soon(self._say_what_is_due)
        self._send()

    def _say_what_is_due(self) -> None:
        while not self.transport.is_closing() and self._protocol.close_sent is None:
            with self._clock.lock:
                message = self._stream.next(self._clock.now())
            if isinstance(message, float):
                self._loop.call_later(TICK_SECONDS, self._wait, message)
                return
            if isinstance(message, str):
                self._protocol.send_text(message.encode())
            elif message.code is None:
                reset(self.transport)
            else:
                self._protocol.send_close(message.code)
            self._send()

    def _wait(self, due: float) -> None:
        self._patience.tick(due)
        self._say_what_is_due()

    def _send(self) -> None:
        for piece in self._protocol.data_to_send():
            if piece:
                self.transport.write(piece)
        if self._protocol.close_expected():
            self.transport.close()


# --- a client's end ---------------------------------------------------------------------------------


def received(
    url: str,
    headers: Mapping[str, str],
    ended: threading.Event,
    *,
    tls: SSLContext | None = None,
) -> Iterator[str]:
    """Yield what comes on one connection to *url*, until the client has *ended* it; by *tls* for wss.

    Raises `StreamBroken` when the handshake is refused, or the connection breaks. All waiting is real:
    the deadlines of the websockets library are left out, because they would go by a virtual clock.
    """
    try:
        with connect(
            url,
            ssl=tls,
            additional_headers=dict(headers),
            compression=None,
            proxy=None,
            open_timeout=None,
            ping_interval=None,
            close_timeout=None,
            max_size=None,
        ) as connection:
            has_ended = False
            while True:
                try:
                    yield connection.recv(timeout=0, decode=True)
                except TimeoutError:
                    if has_ended:
                        return
                    has_ended = ended.wait(TICK_SECONDS)
    except ConnectionClosedOK:
        return
    except ConnectionClosed as error:
        raise StreamBroken(f"Closed with {error.rcvd and error.rcvd.code}") from error
    except (OSError, WebSocketException, EOFError) as error:
        raise StreamBroken(f"Handshake: {error}") from error
