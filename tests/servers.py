"""Real servers on local sockets, for tests that record: any function that answers requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from qrtest.clock.clocks import WallClock
from qrtest.http.messages import Request, Response
from qrtest.transport.server import LOOPBACK, Port


class _Answering:
    """What a port asks: a function, in real time."""

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self.clock = WallClock()
        self._handle = handle

    def ask(self, request: Request, timeout: float | None = None) -> tuple[Response, float]:
        del timeout
        response = self._handle(request)
        return response, response.delay


@contextmanager
def serving(handle: Callable[[Request], Response]) -> Iterator[str]:
    """Answer with *handle* on a local port; gives the base address."""
    with closing(Port(_Answering(handle), host=LOOPBACK)) as port:
        yield f"http://{LOOPBACK}:{port.number}"
