"""The whole genuine client over a service in this process: requests and urllib3 run, sockets do not.

`ServiceAdapter` takes the place of the adapter that a `requests.Session` sends by. An answer that
needs no policy becomes a `requests.Response` at once. Anything else (an error status, a redirect, a
broken connection) goes through the genuine `HTTPAdapter.send` and urllib3's own retry loop, over a
connection pool whose connections ask the service instead of a socket: so the retries, back-off,
exceptions and messages are not imitated, they are the client's.

`Mount` puts that under every session of this process, by the `responses` library: for clients that
are made deep inside the code under test.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import RemoteDisconnected
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from responses import PassthroughResponse, RequestsMock
from responses.registries import FirstMatchRegistry
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util import Timeout

from qrtest.clock.clocks import Clock, current
from qrtest.http.messages import Request, Response, phrase
from qrtest.patching import PATCHING
from qrtest.transport.dispatcher import Dispatcher

__all__ = [
    "MOUNT",
    "FixedAuth",
    "Mount",
    "RequestsCookieJar",
    "ServiceAdapter",
    "ServiceConnection",
    "adapter_of",
    "genuine_send",
    "needs_policy",
    "plain_response",
    "read_timeout",
]

NO_HEADERS: Final[Mapping[str, str]] = {}


class FixedAuth(AuthBase):
    """Authorizes by the same *headers* every time."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)

    def get_headers(self) -> dict[str, str]:
        """The headers, as the client's own authorization gives them to a websocket."""
        return self.headers

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """*request* with the headers."""
        request.headers.update(self.headers)
        return request


def needs_policy(response: Response) -> bool:
    """Whether the client's retry policy has anything to say to *response*."""
    return (
        response.failure is not None or response.status >= 300 or "Retry-After" in response.headers
    )


def plain_response(request: PreparedRequest, response: Response) -> requests.Response:
    """*response* as requests has it, for one that needs no policy."""
    answer = requests.Response()
    answer.status_code = response.status
    answer.headers = CaseInsensitiveDict(response.headers)
    answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
    answer.reason = phrase(response.status)
    answer.url = request.url or ""
    answer.request = request
    answer.raw = io.BytesIO(response.body)
    answer._content = response.body
    answer._content_consumed = True  # type: ignore[attr-defined]
    return answer


class ServiceAdapter(HTTPAdapter):
    """Sends what a session sends to a service, by a `Dispatcher`, with the retry policy *max_retries*."""

    def __init__(self, dispatcher: Dispatcher, *, max_retries: Any = 0) -> None:
        super().__init__(max_retries=max_retries)
        self._dispatcher = dispatcher

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """The answer to *request*, or the exception that the genuine stack makes of it."""
        first = self._dispatcher.carry(message(request), read_timeout(timeout))
        if not needs_policy(first):
            return plain_response(request, first)
        return self.send_on(first, request, stream=stream, timeout=timeout)

    def send_on(
        self,
        first: Response,
        request: PreparedRequest,
        *,
        stream: bool = False,
        timeout: Any = None,
    ) -> requests.Response:
        """Go on, with urllib3's policy, from the *first* answer to *request*."""
        carrier = _Carrier(self._dispatcher, self.max_retries, first)
        try:
            return genuine_send(carrier, request, stream=stream, timeout=timeout, verify=False)
        finally:
            carrier.close()


def adapter_of(dispatcher: Dispatcher, max_retries: Any) -> HTTPAdapter:
    """What a session sends by to *dispatcher*: over its port if it has one, else within this process."""
    if dispatcher.port is not None:
        adapter: HTTPAdapter = dispatcher.port.adapter(max_retries)
        return adapter
    return ServiceAdapter(dispatcher, max_retries=max_retries)


genuine_send: Callable[..., requests.Response] = (
    inspect.signature(RequestsMock).parameters["real_adapter_send"].default
)
"""`HTTPAdapter.send` as `responses` kept it, even if something has replaced it by now."""


def message(request: PreparedRequest) -> Request:
    """*request* as a service takes it."""
    body = request.body or b""
    return Request.to(
        request.method or "GET",
        request.url or "",
        headers=request.headers,
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def read_timeout(timeout: Any) -> float | None:
    """The seconds that a client waits for an answer, of any form of timeout that requests takes."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    elif isinstance(timeout, Timeout):
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None


class _Carrier(HTTPAdapter):
    """The genuine adapter for one request, over pools that ask the service."""

    def __init__(self, dispatcher: Dispatcher, max_retries: Any, first: Response) -> None:
        super().__init__(max_retries=max_retries)
        self._dispatcher = dispatcher
        self._first: list[Response] = [first]

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        parts = urlsplit(request.url or "")
        if parts.scheme == "https":
            pool: HTTPConnectionPool = _SecurePool(parts.hostname or "", parts.port or 443)
        else:
            pool = _Pool(parts.hostname or "", parts.port or 80)
        pool.ConnectionCls = self._connect  # type: ignore[assignment]
        return pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """There is no certificate to verify."""

    def _connect(self, **options: Any) -> ServiceConnection:
        return ServiceConnection(self._exchange, **options)

    def _exchange(self, request: Request, timeout: float | None) -> Response:
        return self._first.pop() if self._first else self._dispatcher.carry(request, timeout)


class _Pool(HTTPConnectionPool):
    def _validate_conn(self, conn: Any) -> None:
        """There is no connection to validate."""


class _SecurePool(HTTPSConnectionPool):
    def _validate_conn(self, conn: Any) -> None:
        """There is no connection to validate."""


_Pool.__name__ = HTTPConnectionPool.__name__
_SecurePool.__name__ = HTTPSConnectionPool.__name__


class ServiceConnection:
    """What urllib3 takes for a connection: asks the service, and fails as a socket would."""

    is_closed = False
    is_connected = True
    is_verified = True
    proxy = None
    proxy_is_verified = None
    has_connected_to_proxy = False

    def __init__(
        self,
        exchange: Callable[[Request, float | None], Response],
        *,
        host: str,
        port: int | None = None,
        timeout: Any = None,
        **_: Any,
    ) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout
        self._exchange = exchange
        self._request = Request("GET", host, "/")
        self._preload = False

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        preload_content: bool = True,
        **_: Any,
    ) -> None:
        """Note what is asked."""
        content = body.encode() if isinstance(body, str) else bytes(body or b"")
        parts = urlsplit(url)
        self._request = Request(
            method, self.host, parts.path, parts.query, headers or NO_HEADERS, content
        )
        self._preload = preload_content

    def getresponse(self) -> HTTPResponse:
        """The service's answer, or the error of a socket."""
        response = self._exchange(self._request, read_timeout(self.timeout))
        if response.failure is not None and response.failure != "cut":
            raise self._failure(response.failure)
        length = len(response.body) * 2 + 1 if response.failure == "cut" else len(response.body)
        has_body = response.status not in (204, 304)
        return HTTPResponse(
            body=io.BytesIO(response.body),
            headers={**response.headers, **({"Content-Length": str(length)} if has_body else {})},
            status=response.status,
            reason=phrase(response.status),
            version=11,
            version_string="HTTP/1.1",
            preload_content=self._preload,
            decode_content=False,
            request_method=self._request.method,
            request_url=self._request.path,
        )

    def _failure(self, failure: str) -> Exception:
        if failure == "refused":
            return NewConnectionError(self, "[Errno 111] Connection refused")  # type: ignore[arg-type]
        if failure == "timeout":
            return TimeoutError("timed out")
        if failure == "reset":
            return ConnectionResetError(104, "Connection reset by peer")
        return RemoteDisconnected("Remote end closed connection without response")

    def close(self) -> None:
        """There is nothing to close."""


class _EverythingPasses(FirstMatchRegistry):
    """What `responses` is asked for every request: let it pass, to the mount."""

    def find(self, request: PreparedRequest) -> tuple[Any, list[str]]:
        return PassthroughResponse(request.method or "GET", request.url or ""), []


_LEADING: Final[ContextVar[HTTPAdapter | None]] = ContextVar("qrtest_leading", default=None)


class Mount:
    """Puts services under every `requests.Session` of this process, for as long as they are entered.

    A request goes to the service of the simulation that its thread follows.
    """

    def __init__(self) -> None:
        self._dispatchers: dict[int, Dispatcher] = {}
        self._users = 0
        self._mock: RequestsMock | None = None

    @contextmanager
    def entered(self, clock: Clock, dispatcher: Dispatcher) -> Iterator[None]:
        """Answer by *dispatcher* what threads ask that follow *clock*."""
        with self._started():
            self._dispatchers[id(clock)] = dispatcher
            try:
                yield
            finally:
                del self._dispatchers[id(clock)]

    @contextmanager
    def leading(self, adapter: HTTPAdapter) -> Iterator[None]:
        """Send by *adapter* whatever this thread asks, and no other."""
        with self._started():
            before = _LEADING.set(adapter)
            try:
                yield
            finally:
                _LEADING.reset(before)

    @contextmanager
    def _started(self) -> Iterator[None]:
        with PATCHING:
            self._users += 1
            if self._mock is None:
                self._mock = RequestsMock(
                    assert_all_requests_are_fired=False,
                    registry=_EverythingPasses,
                    response_callback=self._forget,
                    real_adapter_send=cast("Any", self._send),
                )
                self._mock.start()
        try:
            yield
        finally:
            with PATCHING:
                self._users -= 1
                if not self._users and self._mock is not None:
                    self._mock.stop(allow_assert=False)
                    self._mock = None

    def _send(
        self, adapter: HTTPAdapter, request: PreparedRequest, **options: Any
    ) -> requests.Response:
        leading = _LEADING.get()
        if leading is not None:
            return leading.send(request, **options)
        dispatcher = self._dispatchers.get(id(current()))
        if dispatcher is None:
            return genuine_send(adapter, request, **options)
        return adapter_of(dispatcher, adapter.max_retries).send(request, **options)

    def _forget(self, response: Any) -> Any:
        if self._mock is not None:
            self._mock.calls.reset()
        return response


MOUNT: Final = Mount()
