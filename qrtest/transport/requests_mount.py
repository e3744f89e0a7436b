"""Answers every `requests.Session` of this process, by the `responses` library.

For clients that are created deep inside the code under test, where nobody can hand them an adapter. It is
the quick way for requests: the tap of urllib3 would answer them, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from responses import PassthroughResponse, RequestsMock
from responses.registries import FirstMatchRegistry

from qrtest.patching import PATCHING
from qrtest.transport.interception import INTERCEPTION
from qrtest.transport.requests_adapter import adapter_of, genuine_send, message

__all__ = ["MOUNT", "Mount"]


class _EverythingPasses(FirstMatchRegistry):
    """What `responses` is asked for every request: let it pass, to the mount."""

    def find(self, request: PreparedRequest) -> tuple[Any, list[str]]:
        return PassthroughResponse(request.method or "GET", request.url or ""), []


_LEADING: Final[ContextVar[HTTPAdapter | None]] = ContextVar("qrtest_leading", default=None)


class Mount:
    """Replaces what every `requests.Session` of this process sends by, for as long as it is entered.

    A request goes to the simulation that its thread follows, or on as ever.
    """

    def __init__(self) -> None:
        self._users = 0
        self._mock: RequestsMock | None = None

    @contextmanager
    def leading(self, adapter: HTTPAdapter) -> Iterator[None]:
        """Send by *adapter* whatever this thread asks, and no other."""
        with self.entered():
            before = _LEADING.set(adapter)
            try:
                yield
            finally:
                _LEADING.reset(before)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Answer by the simulations of this process while the block lasts."""
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
        handler = INTERCEPTION.simulated(urlsplit(request.url or "").netloc)
        if handler is None or not handler.answers(message(request)):
            return genuine_send(adapter, request, **options)
        return adapter_of(handler.dispatcher, adapter.max_retries).send(request, **options)

    def _forget(self, response: Any) -> Any:
        if self._mock is not None:
            self._mock.calls.reset()
        return response


MOUNT: Final = Mount()
