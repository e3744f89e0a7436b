"""Reads one response from a connection of asyncio."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from qrtest.http.messages import Failure, Response
from qrtest.transport.http_bytes import (
    FIRST_FINAL,
    OF_THE_BODY,
    MessageReader,
    response_of,
    status_of,
)
from qrtest.transport.socket_errors import failure_of

__all__ = ["ResponseReader"]


class ResponseReader(asyncio.Protocol):
    """Reads the response to a request by *method*: `response` is a future of it, `raw` are its bytes.

    `has_end` says whether the bytes show where the body ends, and `keeps_alive` whether the connection can
    be used again. *owner* is the protocol that the connection belongs to: it hears that it ended, too.
    """

    def __init__(self, method: str, owner: asyncio.BaseProtocol | None = None) -> None:
        self._owner = owner
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.raw = b""
        self.has_end = False
        self.keeps_alive = False
        self._reader = MessageReader(is_response=True, has_body=method != "HEAD")

    def data_received(self, data: bytes) -> None:
        """Read *data*."""
        try:
            message = None if self.response.done() else self._reader.read(data)
            if message is not None and status_of(message) < FIRST_FINAL:
                message = self._reader.read(b"")
        except ValueError:
            self._end("closed")
            return
        if message is not None:
            self.raw, self.has_end = message.raw, True
            self.keeps_alive = message.header("connection") != "close"
            self.response.set_result(response_of(message))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the response: a body without a length ends so, every other one is cut off."""
        self.keeps_alive = False
        if self._owner is not None:
            self._owner.connection_lost(exc)
        rest = self._reader.rest()
        if self.response.done():
            return
        if rest is None:
            self._end((failure_of(exc) if exc else None) or "closed")
            return
        self.raw = rest.raw
        is_whole = exc is None and not any(map(rest.header, OF_THE_BODY))
        self.response.set_result(replace(response_of(rest), failure=None if is_whole else "cut"))

    def _end(self, failure: Failure) -> None:
        self.response.set_result(Response(0, failure=failure))
