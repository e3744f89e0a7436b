"""One connection of a client, by HTTP/1.1: bytes in, `Request` out; `Response` in, bytes out.

httptools parses. Requests are answered one at a time and in their order, at once or later, by
the callback that the connection was made for. A connection breaks as an answer says: reset, closed
without a response, or cut within the body. What to answer is not its business.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from qrtest.extras import needed
from qrtest.http.messages import Request, Response
from qrtest.transport.http_bytes import encoded

with needed("serve"):
    import httptools

__all__ = ["Answer", "Connection", "reset"]

RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
MOST_REMEMBERED: Final = 16_384
"""Bytes of the longest answer that is kept as it was sent, to be sent again."""

HALF_SENT_SECONDS: Final = 60.0
"""How long, in real time, a client may take for the rest of a request that it has begun."""

LARGE_BODY_BYTES: Final = 2**20
MOST_BODY_BYTES: Final = 256 * 1024 * 1024
NOTHING: Final = Request("GET", "", "")
MALFORMED: Final = Response(
    400, b"This is no HTTP request.\n", {"Content-Type": "text/plain; charset=utf-8"}
)

Answer = Callable[["Connection", Request], None]
"""Callback that answers: gets the connection and the request, and calls `say` once, now or later."""


class Connection(asyncio.Protocol):
    """Gives each request to *answer*; *upgrade* gets those that want another protocol.

    *authority* is the host of requests that name none in their first line; None: that of the header Host.
    """

    def __init__(self, answer: Answer, upgrade: Answer, *, authority: str | None = None) -> None:
        self.transport: asyncio.Transport
        self._authority = authority
        self._answer = answer
        self._upgrade = upgrade
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._in_line: deque[tuple[Request, bool]] = deque()
        self._is_busy = False
        self._keeps_alive = True
        self._method = ""
        self._rest = b""
        self._begun = self._complete = 0
        self._current = NOTHING
        self._giving_up: asyncio.TimerHandle | None = None
        self._again: tuple[bytes, Request] | None = None
        self._last: tuple[Response, bytes] | None = None

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in."""
        assert isinstance(transport, asyncio.Transport)
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget all that was sent: the parser and this connection hold each other for a while."""
        self._in_line.clear()
        was_large = self._body_bytes > LARGE_BODY_BYTES and self._begun > self._complete
        self._headers, self._body, self._url, self._rest = {}, [], b"", b""
        self._again = self._last = None
        self._current = NOTHING
        if was_large:
            _return_memory()
        self._watch_half_sent()

    def data_received(self, data: bytes) -> None:
        """Read on; every request that is complete is answered.

        A client that polls sends the same bytes again: they are the same request, and not read anew.
        """
        again = self._again
        if again is not None and again[0] == data and not self._is_busy:
            self._take(again[1], keeps_alive=True)
            return
        is_within = self._begun > self._complete
        self._again, self._begun, self._complete = None, int(is_within), 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._is_busy = True
            self._rest = data[upgrade.args[0] :]
            self._upgrade(self, self._request())
        except httptools.HttpParserError:
            self._keeps_alive = False
            self.say(MALFORMED)
        else:
            if self._is_whole_poll(data) and not is_within:
                self._again = data, self._current
        self._watch_half_sent()

    def _watch_half_sent(self) -> None:
        """Give the client some time for the rest of a request that has begun."""
        is_half_sent = self._begun > self._complete and not self.transport.is_closing()
        if is_half_sent and self._giving_up is None:
            loop = asyncio.get_running_loop()
            self._giving_up = loop.call_later(HALF_SENT_SECONDS, self.transport.abort)
        elif not is_half_sent and self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    # --- what the parser calls ---

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._begun += 1
        self._url = b""
        self._headers = {}
        self._body = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address that is asked for."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that comes again is joined to the first."""
        key, text = name.decode("latin-1"), value.decode("latin-1")
        before = self._headers.get(key)
        self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """Ask the client for the body, if it waits for that (Expect: 100-continue)."""
        for name, value in self._headers.items():
            if name.lower() == "expect" and value.lower() == "100-continue":
                self.transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body; the connection to a client that sends too much is closed."""
        self._body.append(body)
        self._body_bytes += len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            self._body = []
            self.transport.abort()

    def on_message_complete(self) -> None:
        """Queue the complete request: it is answered after those before it."""
        self._complete += 1
        if self._parser.should_upgrade():
            return
        self._current = self._request()
        asked = self._current, self._parser.should_keep_alive()
        if self._is_busy:
            self._in_line.append(asked)
        else:
            self._take(*asked)

    # --- answering ---

    def say(self, response: Response) -> None:
        """Answer the request that is being answered, or break the connection as *response* says."""
        self._is_busy = False
        if self.transport.is_closing():
            return
        if response.failure not in (None, "cut"):
            self._break(with_reset=response.failure == "reset")
            return
        last = self._last
        if last is not None and last[0] is response and self._keeps_alive:
            self.transport.write(last[1])
        else:
            self.transport.write(self._remembered(response))
        if response.failure == "cut" or not self._keeps_alive:
            self.transport.close()
        elif self._in_line:
            self._take(*self._in_line.popleft())

    def hand_over(self, request: Request, protocol: asyncio.Protocol) -> None:
        """Let *protocol* go on instead, from *request* on, as if the client had come to it."""
        query = f"?{request.query}" if request.query else ""
        lines = [f"{request.method} {request.path}{query} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received("\r\n".join([*lines, "", ""]).encode("latin-1") + self._rest)

    def _is_whole_poll(self, data: bytes) -> bool:
        """Return whether *data* was one request and nothing else, of a kind that comes again."""
        return (
            self._begun == self._complete == 1
            and data.startswith(b"GET ")
            and self._keeps_alive
            and not self._in_line
        )

    def _remembered(self, response: Response) -> bytes:
        """*response* as bytes, kept for the next time if a poll may get it again."""
        content = encoded(response, self._method, keeps_alive=self._keeps_alive)
        may_come_again = self._method == "GET" and len(content) <= MOST_REMEMBERED
        self._last = (response, content) if may_come_again else None
        return content

    def _take(self, request: Request, keeps_alive: bool) -> None:
        self._is_busy = True
        self._method = request.method
        self._keeps_alive = keeps_alive
        self._answer(self, request)

    def _break(self, *, with_reset: bool) -> None:
        if with_reset:
            reset(self.transport)
        else:
            self.transport.close()

    def _request(self) -> Request:
        path, _, query = self._url.decode("latin-1").partition("?")
        method = self._parser.get_method().decode("ascii")
        host = self._authority
        if method == "CONNECT":
            host, path = path, ""
        elif not path.startswith(("/", "*")):
            whole = Request.to("GET", path)
            host, path = whole.host, whole.path or "/"
        elif host is None:
            host = self._headers.get("Host") or self._headers.get("host", "")
        return Request(method, host, path, query, self._headers, b"".join(self._body))


def _return_memory() -> None:
    """Give memory that is free again back to the system: glibc keeps the place of many pieces of a body."""
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def reset(transport: asyncio.Transport) -> None:
    """Reset the connection of *transport*."""
    connected = transport.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()
