"""What every transport has in common: one exchange, and what it costs.

An exchange takes *latency* and whatever the service adds, on the clock; it is cut short by the
client's own timeout, and counted by the watchdog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from qrtest.clock.clocks import Clock
from qrtest.errors import SimulationError, UnansweredRequest
from qrtest.http.messages import Request, Response, Service
from qrtest.transport.watchdog import Watchdog

__all__ = ["FOR_EVER", "Dispatcher", "Port", "Streaming"]

TIMED_OUT: Final = Response(0, failure="timeout")
FOR_EVER: Final = float("inf")


class Port(Protocol):
    """A port of this machine: what clients in this process need of it."""

    @property
    def number(self) -> int:
        """Its number."""

    def adapter(self, max_retries: Any) -> Any:
        """Return what a session of requests sends by."""


class Streaming(Protocol):
    """What carries the requests of a job, as far as its stream needs to know."""

    @property
    def clock(self) -> Clock:
        """What a stream that broke waits by before it is taken up again."""

    @property
    def websockets(self) -> str | None:
        """Where the websockets are, without a path; None for those of this process, without a socket."""

    @property
    def authority(self) -> str | None:
        """The file with the certificate to trust there, if the usual ones do not do."""

    def on_close(self, end_stream: Callable[[], None]) -> None:
        """Let *end_stream* be called when there is nothing to stream from any more."""


class Dispatcher:
    """Carries single requests to *service*. Safe under threads: one at a time.

    *watchdog* stops a client of this process that would wait for ever; None stops nobody. *port* is the
    one of this machine that answers by it, if there is one.
    """

    authority: Final = None

    def __init__(
        self, service: Service, clock: Clock, watchdog: Watchdog | None, *, latency: float
    ) -> None:
        self.clock: Final = clock
        self.port: Port | None = None
        self._handle = service.handle
        self._watchdog = watchdog
        self._latency = latency
        self._streams: list[Callable[[], None]] = []
        self._noting: list[Callable[[], None]] = []

    def carry(self, request: Request, timeout: float | None = None) -> Response:
        """Return the answer to *request*; the client waits *timeout* seconds at most (None: for ever)."""
        response, wait = self.ask(request, timeout)
        self.clock.sleep(wait)
        return response

    def ask(self, request: Request, timeout: float | None = None) -> tuple[Response, float]:
        """Return the answer to *request*, and how many seconds it takes on the clock, which is not moved."""
        with self.clock.lock:
            if self._watchdog is not None:
                self._watchdog.count_request()
            try:
                response = self._handle(request)
            except UnansweredRequest as unanswered:
                # Another error would keep this one as its context, with all that was asked in it.
                unanswered.args = (_shown(str(unanswered)),)
                raise
        if self._noting:
            for note in tuple(self._noting):
                note()
        wait = self._latency + response.delay if response.delay else self._latency
        if timeout is not None and wait > timeout:
            return TIMED_OUT, timeout
        if wait == FOR_EVER and self._watchdog is not None:
            self._watchdog.stop(
                f"{_shown(str(request))} gets no answer, and the client sets no timeout for it"
            )
        return response, wait

    @property
    def service(self) -> object:
        """The service that it carries requests to; None when it is closed."""
        return getattr(self._handle, "__self__", None)

    @property
    def websockets(self) -> str | None:
        """Where the websockets of its port are, without a path; None where there is no port."""
        return None if self.port is None else f"ws://127.0.0.1:{self.port.number}"

    @contextmanager
    def noting(self, note: Callable[[], None]) -> Iterator[None]:
        """Call *note* after each request within the block: it may have changed what a stream sends next."""
        self._noting.append(note)
        try:
            yield
        finally:
            self._noting.remove(note)

    def on_close(self, end_stream: Callable[[], None]) -> None:
        """Let *end_stream* be called when the simulation is over, before the dispatcher is closed."""
        self._streams.append(end_stream)

    def close(self) -> None:
        """End the streams, and carry nothing any more: the simulation is over."""
        for end_stream in self._streams:
            end_stream()
        self._handle = _over


def _shown(text: str) -> str:
    """*text* as an error may show it: a request that goes nowhere can have any secret in it."""
    from qrtest.redaction.redactor import shown

    return shown(text)


def _over(request: Request) -> Response:
    raise SimulationError(
        f"{_shown(str(request))} was asked after the simulation was over: use the job inside "
        "'with qrtest.simulate() as sim:'."
    )
