"""A port that listens: its socket, its event loop, and the thread that both live in.

What is spoken on a connection is the business of the protocol that it gets.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Final

from qrtest.clock.patch_threads import outside_of_time
from qrtest.errors import ServerError

__all__ = ["Listening", "handle_exception"]

OUT_OF_RESOURCES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
LAST_PORT: Final = 65_535


class Listening:
    """Listens on *number* of *host* (0: a free one); every connection gets a new *protocol*.

    *tls* is what HTTPS is spoken by. `loop` runs in a thread of its own, on real time. Raises `ServerError`
    when the port cannot be had.
    """

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        *,
        host: str,
        number: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._protocol = protocol
        self._tls = tls
        self._socket = _listening(host, number)
        self.number: Final[int] = self._socket.getsockname()[1]
        self.loop: Final = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._run, name="qrtest port", daemon=True)
        self._listens = threading.Event()
        outside_of_time(self._thread)
        self._listens.wait()

    def wait(self) -> None:
        """Wait until the port is closed."""
        self._thread.join()

    def close(self) -> None:
        """Close all connections and stop listening."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    # --- in the thread ---

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(handle_exception)
        listening = self.loop.create_server(self._protocol, sock=self._socket, ssl=self._tls)
        server = self.loop.run_until_complete(listening)
        self.loop.call_soon(self._listens.set)
        self.loop.run_forever()
        self.loop.run_until_complete(self._hang_up(server))
        self.loop.close()

    async def _hang_up(self, server: asyncio.Server) -> None:
        """End all connections, those too that have just come, or are still shaking hands."""
        self.loop.remove_reader(self._socket)
        await asyncio.sleep(0)
        server.close()
        known_to_the_loop = self.loop._transports  # type: ignore[attr-defined]  # and to nobody else
        for transport in list(known_to_the_loop.values()):
            transport.abort()
        await asyncio.sleep(0)


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
