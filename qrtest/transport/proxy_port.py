"""A port that is an HTTP proxy: takes requests to any host, HTTPS included, and has them answered.

What answers may take its time: each request has a thread. A tunnel (CONNECT) leads nowhere but here: TLS is
ended with a certificate of the proxy's own authority, and what is inside is answered as everything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol
from urllib.parse import urlsplit

from qrtest.clock.patch_threads import outside_of_time
from qrtest.errors import QrtestError
from qrtest.http.messages import BEFORE_THE_REQUEST, Request, Response
from qrtest.service import serialize
from qrtest.service.error_responses import NO_TRACE
from qrtest.transport.dispatcher import FOR_EVER
from qrtest.transport.http_connection import Connection
from qrtest.transport.listening import Listening
from qrtest.transport.tls import Authority
from qrtest.transport.tls_tunnel import Tunnel

__all__ = ["Answering", "ProxyPort", "error_response"]

USUAL_PORTS: Final = {"http": ":80", "https": ":443"}
BAD_REQUEST: Final = 400
FAILED: Final = 502
TIMED_OUT: Final = 504
NOT_IMPLEMENTED: Final = 501
CODE: Final = 1000
"""The code of error responses that the service does not have."""


class Answering(Protocol):
    """What answers the requests that come to a proxy."""

    def answer(self, request: Request, scheme: str) -> tuple[Response, float]:
        """Return the answer to *request*, and the seconds (inf: for ever) before it is handed on.

        It may wait, in a thread of its own.
        """


class ProxyPort:
    """A proxy on *number* of *host* (0: a free one) that answers by *answering*.

    *authority* issues its certificates. *note* is called with a line of text for what somebody should know
    who looks for the reason of a failure. Raises `ServerError` when the port cannot be had.
    """

    def __init__(
        self,
        answering: Answering,
        authority: Authority,
        *,
        host: str,
        number: int = 0,
        note: Callable[[str], object] = str,
    ) -> None:
        self._answering = answering
        self._authority = authority
        self._note = note
        self._listening = Listening(self._connection, host=host, number=number)
        self.number: Final[int] = self._listening.number
        written = f"[{host}]" if ":" in host else host
        self.url: Final = f"http://{written}:{self.number}"

    def wait(self) -> None:
        """Wait until the port is closed."""
        self._listening.wait()

    def close(self) -> None:
        """Close all connections and stop listening."""
        self._listening.close()

    # --- in the thread of the port ---

    def _connection(self) -> Connection:
        return Connection(partial(self._answer, "http"), self._upgrade, authority="")

    def _answer(self, scheme: str, connection: Connection, request: Request) -> None:
        if not request.host or f"http://{request.host}" == self.url:
            connection.say(
                error_response(
                    BAD_REQUEST,
                    f"This is an HTTP proxy, and {request} names no other host: set HTTP_PROXY and "
                    f"HTTPS_PROXY to {self.url}.",
                )
            )
            return
        answering = threading.Thread(
            target=self._find_answer, args=(scheme, connection, request), daemon=True
        )
        outside_of_time(answering)

    def _upgrade(self, connection: Connection, request: Request) -> None:
        """Open a tunnel; nothing else than HTTP passes."""
        if request.method != "CONNECT":
            wanted = request.header("Upgrade") or "another protocol"
            self._note(f"{request}: {wanted} was refused, the proxy passes HTTP/1.1 only")
            connection.say(
                error_response(
                    NOT_IMPLEMENTED,
                    f"{request} asks for {wanted}: the proxy of qrtest passes HTTP/1.1 only, no websockets.",
                )
            )
            return
        try:
            parts = urlsplit(f"//{request.host}")
            name, number = parts.hostname, parts.port
        except ValueError:
            name = number = None
        if not name or number is None:
            connection.say(
                error_response(
                    BAD_REQUEST, f"CONNECT {request.host!r} names no host with its port."
                )
            )
            return
        connection.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        tunnel = Tunnel(
            connection.transport,
            partial(self._authority.context_for, name),
            partial(self._inside, request.host),
            partial(self._distrusted, name),
        )
        connection.transport.set_protocol(tunnel)

    def _inside(self, authority: str, scheme: str) -> Connection:
        """Return the connection inside a tunnel to *authority*."""
        host = authority.removesuffix(USUAL_PORTS[scheme])
        return Connection(partial(self._answer, scheme), self._refuse_upgrade, authority=host)

    def _refuse_upgrade(self, connection: Connection, request: Request) -> None:
        if request.method == "CONNECT":
            connection.say(error_response(BAD_REQUEST, "A tunnel within a tunnel is not opened."))
        else:
            self._upgrade(connection, request)

    def _distrusted(self, host: str, why: str) -> None:
        self._note(
            f"TLS with a client of {host} failed ({why}): let it trust the proxy's certificate"
        )

    # --- in a thread for each request ---

    def _find_answer(self, scheme: str, connection: Connection, request: Request) -> None:
        try:
            response, wait = self._answering.answer(request, scheme)
        except Exception as error:
            message = (
                str(error) if isinstance(error, QrtestError) else f"{type(error).__name__}: {error}"
            )
            self._note(f"{request} to {request.host}: {message}")
            response, wait = error_response(FAILED, message), 0.0
        if response.failure in BEFORE_THE_REQUEST or response.failure == "timeout":
            self._note(f"{request} to {request.host}: the connection failed ({response.failure})")
            response = error_response(
                TIMED_OUT if response.failure == "timeout" else FAILED,
                f"The connection to {request.host} failed: {response.failure}.",
            )
        if wait < FOR_EVER:
            loop = self._listening.loop
            with suppress(RuntimeError):  # the port was closed meanwhile, and so is its loop
                loop.call_soon_threadsafe(loop.call_later, wait, connection.say, response)


def error_response(status: int, message: str) -> Response:
    """Return an answer of the proxy's own, in the form of the API's error responses."""
    return serialize.error(status, CODE, message, trace=NO_TRACE, headers=serialize.JSON)
