"""Leads what a client sends to any host to one address instead: a server that answers for all of them.

For clients that cannot be pointed at another host for each of those that they talk to. Nothing is sent
to the host that is meant, and no proxy of the environment is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from requests.models import Response as RequestsResponse

from qrtest.clock.clocks import WallClock
from qrtest.transport.requests_adapter import genuine_send

__all__ = ["ServerStreaming", "TowardsAdapter"]


class TowardsAdapter(HTTPAdapter):
    """Sends everything to *base*, as `http://127.0.0.1:8765`, by the retry policy *max_retries*.

    *authority*: a file with the certificate to trust, for https.
    """

    def __init__(self, base: str, *, authority: str | None = None, max_retries: Any = 0) -> None:
        super().__init__(max_retries=max_retries)
        self._base = base
        self._authority = authority

    def with_policy(self, max_retries: Any) -> TowardsAdapter:
        """Return the same with another retry policy."""
        return TowardsAdapter(self._base, authority=self._authority, max_retries=max_retries)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> RequestsResponse:
        """Return the server's answer to *request*."""
        parts = urlsplit(request.url or "")
        led = request.copy()
        led.url = f"{self._base}{parts.path}{'?' + parts.query if parts.query else ''}"
        verify = self._authority or True
        return genuine_send(self, led, stream=stream, timeout=timeout, verify=verify)


class ServerStreaming:
    """What the stream of a job needs to know of the server at *base*, which goes by a time of its own."""

    def __init__(self, base: str, *, authority: str | None) -> None:
        self.clock: Final = WallClock()
        self.websockets: Final = f"ws{base.removeprefix('http')}"
        self.authority: Final = authority

    def on_close(self, end_stream: Callable[[], None]) -> None:
        """Nothing to note: a server does not announce to its clients that it is closed."""
