"""The client's side of a port: genuine requests, whose sockets lead to this machine.

A client in this process keeps the addresses it knows, and only its sockets lead elsewhere. It follows the
virtual clock, which its socket does not: so each request says in a header how long the client would wait.
When that time is over on the clock, or the simulation raises an exception, the server closes the
connection and keeps the exception for the client that asked.
"""

from __future__ import annotations

import socket
from typing import Any, Final, Protocol

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from requests.models import Response as RequestsResponse
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from qrtest.http.messages import Failure
from qrtest.transport.interception import hidden
from qrtest.transport.requests_adapter import genuine_send
from qrtest.transport.urllib3_connection import broken, read_timeout

__all__ = ["EXCHANGE", "LOOPBACK", "TIMEOUT", "SocketAdapter"]

LOOPBACK: Final = "127.0.0.1"
EXCHANGE: Final = "x-qrtest-exchange"
"""The header that names one exchange of a client in this process."""

TIMEOUT: Final = "x-qrtest-timeout"
"""The header that says how many seconds the client waits."""


class Port(Protocol):
    """What a client in this process needs of the port that it asks."""

    @property
    def number(self) -> int:
        """Return its number."""

    def new_exchange(self) -> str:
        """Return a name for one exchange."""

    def failed(self, exchange: str) -> BaseException | Failure | None:
        """Return why an exchange got no answer; None if it got one."""


class SocketAdapter(HTTPAdapter):
    """The genuine adapter, all of whose connections lead to a port of this machine."""

    def __init__(self, port: Port, *, max_retries: Any = 0) -> None:
        super().__init__(max_retries=max_retries)
        self._port = port
        self._pools: dict[tuple[str, int, bool], Any] = {}

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> RequestsResponse:
        """Return the answer to *request*, by the genuine policy."""
        with hidden("simulations"):
            return genuine_send(self, request, *arguments, **{**options, "verify": False})

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool for the address of *request*."""
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

    def __str__(self) -> str:
        return f"HTTPSConnection(host={self.host!r}, port={self.port})"

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
            failed = self.qrtest_port.failed(self._exchange)
            if failed is None:
                raise
            raise (broken(failed, self) if isinstance(failed, str) else failed) from None


class _LeadsHere:
    """What both kinds of pool do: connect to the port, and give the connection its timeout."""

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
