"""The genuine requests and urllib3 over a service in this process, without a socket.

`ServiceAdapter` takes the place of the adapter that a `requests.Session` sends by. A success is turned
into a `requests.Response` at once. An error status, a redirect or a broken connection goes through the
genuine `HTTPAdapter.send` and urllib3's own retry loop, over a pool whose connections ask the service:
retries, back-off, exceptions and messages are the client's own.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from responses import RequestsMock
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from qrtest.http.messages import Request, Response
from qrtest.transport.dispatcher import Dispatcher
from qrtest.transport.urllib3_connection import ServiceConnection, read_timeout

__all__ = [
    "FixedAuth",
    "RequestsCookieJar",
    "ServiceAdapter",
    "adapter_of",
    "genuine_send",
    "message",
    "needs_policy",
    "plain_response",
]


HANDLED: Final = frozenset({"retry-after", "content-encoding", "set-cookie"})
"""Headers that urllib3 and requests act on, in small letters, as HTTP/2 writes them."""


class FixedAuth(AuthBase):
    """Authorizes by the same *headers* every time."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)

    def get_headers(self) -> dict[str, str]:
        """Return the headers, as the client's own authorization gives them to a websocket."""
        return self.headers

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """*request* with the headers."""
        request.headers.update(self.headers)
        return request


def needs_policy(response: Response) -> bool:
    """Return whether more has to be done with *response* than to hand it over.

    urllib3 may retry it or decompress it, and requests keeps its cookies.
    """
    return (
        response.failure is not None
        or response.status >= 300
        or not HANDLED.isdisjoint(map(str.lower, response.headers))
    )


def plain_response(request: PreparedRequest, response: Response) -> requests.Response:
    """*response* as requests has it, for one that needs no policy."""
    answer = requests.Response()
    answer.status_code = response.status
    answer.headers = CaseInsensitiveDict(response.headers)
    answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
    answer.reason = response.status_text
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
        """Return the answer to *request*, or the exception that the genuine stack makes of it."""
        first = self._dispatcher.carry(message(request), read_timeout(timeout))
        if not stream and not needs_policy(first):
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
    """Return an adapter that sends to *dispatcher*: over its port if it has one, else in this process."""
    if dispatcher.port is not None:
        adapter: HTTPAdapter = dispatcher.port.adapter(max_retries)
        return adapter
    return ServiceAdapter(dispatcher, max_retries=max_retries)


genuine_send: Callable[..., requests.Response] = (
    inspect.signature(RequestsMock).parameters["real_adapter_send"].default
)
"""`HTTPAdapter.send` as `responses` kept it, even if something has replaced it by now."""


def message(request: PreparedRequest) -> Request:
    """Return *request* as a service takes it; a body that can be read only once is read, and kept in it."""
    content = _content(request.body or b"")
    if request.body and not isinstance(request.body, str | bytes):
        request.body = content
    return Request.to(
        request.method or "GET", request.url or "", headers=request.headers, body=content
    )


def _content(body: Any) -> bytes:
    """Return the bytes of *body*: a text, bytes, a file, or an iterable of texts or bytes."""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if hasattr(body, "read"):
        return _content(body.read())
    return b"".join(map(_content, body))


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
