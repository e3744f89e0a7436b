"""What a client sends inside a tunnel (CONNECT): TLS, which is ended here, or HTTP as it is.

The first byte shows which. TLS is spoken over two buffers of the `ssl` module, so that it can begin in the
middle of a connection, with what has been received already.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from qrtest.transport.http_connection import Connection

__all__ = ["Tunnel"]

HANDSHAKE: Final = 0x16
"""The first byte of TLS: a record of the handshake."""

MOST_READ: Final = 2**18


class Tunnel(asyncio.Protocol):
    """Hands what comes by *outer* to *connection*, which is made for the scheme that the client speaks.

    *context* is what TLS is spoken by. *distrusted* is called with the reason when the client ends the
    handshake: it does not trust the certificate.
    """

    def __init__(
        self,
        outer: asyncio.Transport,
        context: Callable[[], ssl.SSLContext],
        connection: Callable[[str], Connection],
        distrusted: Callable[[str], None],
    ) -> None:
        self._outer = outer
        self._context = context
        self._connection = connection
        self._distrusted = distrusted
        self._inner: Connection | None = None
        self._tls: _TlsTransport | None = None

    def data_received(self, data: bytes) -> None:
        """Hand on what came, decrypted."""
        if self._inner is None:
            self._begin(is_tls=data[0] == HANDSHAKE)
        assert self._inner is not None
        if self._tls is None:
            self._inner.data_received(data)
            return
        try:
            for piece in self._tls.decrypted(data):
                self._inner.data_received(piece)
        except ssl.SSLError as error:
            self._distrusted(error.reason or str(error))
            self._outer.close()
        else:
            if self._tls.is_at_end:
                self._outer.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the connection inside end as well."""
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def _begin(self, *, is_tls: bool) -> None:
        self._inner = self._connection("https" if is_tls else "http")
        if is_tls:
            self._tls = _TlsTransport(self._outer, self._context())
        self._inner.connection_made(self._tls or self._outer)


class _TlsTransport(asyncio.Transport):
    """Writes to *outer* what is written to it, encrypted."""

    def __init__(self, outer: asyncio.Transport, context: ssl.SSLContext) -> None:
        super().__init__()
        self._outer = outer
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)
        self._is_begun = False
        self.is_at_end = False

    def decrypted(self, data: bytes) -> list[bytes]:
        """Return what *data* says, in pieces. Raises `ssl.SSLError` when the client breaks TLS off."""
        self._received.write(data)
        pieces: list[bytes] = []
        try:
            if not self._is_begun:
                self._tls.do_handshake()
                self._is_begun = True
            while piece := self._tls.read(MOST_READ):
                pieces.append(piece)
            self.is_at_end = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_at_end = True
        finally:
            self._flush()
        return pieces

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt *data* and send it."""
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        self._flush()

    def close(self) -> None:
        """Say by TLS that no more comes, and close the connection when all is sent."""
        if not self._outer.is_closing():
            with suppress(ssl.SSLError):  # the client has not said the same yet, and need not
                self._tls.unwrap()
            self._flush()
            self._outer.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._outer.abort()

    def is_closing(self) -> bool:
        """Return whether the connection is closed, or about to be."""
        return self._outer.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection."""
        return self._outer.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._to_send.pending and not self._outer.is_closing():
            self._outer.write(self._to_send.read())
