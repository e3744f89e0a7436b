"""A job's stream of results: what a websocket carries, on the clock, with and without a socket.

`messages` is one connection within this process: it asks the service's stream what comes next, and
waits for it. A virtual clock moves when somebody sleeps; while the code under test does, the stream
only watches. When the clock has stood still for a while (somebody waits for a callback, really), the
stream moves it to where the next message is: see `Patience`.

`Streamer` is what a client makes of its connections: the policy of release 0.29.1, which takes the
first message for an acknowledgement, and connects again when a connection breaks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from qrtest.clock.clocks import Clock, VirtualClock
from qrtest.clock.installed import participant
from qrtest.http.messages import Close, Request
from qrtest.transport.dispatcher import Dispatcher

__all__ = ["TICK_SECONDS", "Patience", "StreamBroken", "Streamer", "messages"]

TICK_SECONDS: Final = 0.01
"""How often, in real time, a stream looks whether its next message is due."""

PATIENCE_TICKS: Final = 10
"""For how many ticks a virtual clock must have stood still before a stream moves it."""

RESOLUTION: Final = 1e-9
"""A virtual clock counts in nanoseconds: a moment may lie between two."""

FOR_EVER: Final = float("inf")
NORMAL: Final = 1000
RETRIES: Final = 5
BACK_OFF_SECONDS: Final = 0.5
LONGEST_BACK_OFF_SECONDS: Final = 8.0


class StreamBroken(Exception):
    """A connection that was refused, or ended otherwise than by the code 1000."""


class Patience:
    """Waits for a time on *clock*, and moves a virtual one there if nobody else moves it at all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = clock.now()
        self._idle_ticks = 0

    def tick(self, due: float) -> None:
        """Note that TICK_SECONDS of real time have passed, and that nothing will come before *due*."""
        now = self._clock.now()
        self._idle_ticks = self._idle_ticks + 1 if now == self._seen else 0
        self._seen = now
        is_still = self._idle_ticks >= PATIENCE_TICKS
        if isinstance(self._clock, VirtualClock) and is_still and now < due:
            self._idle_ticks = 0
            self._clock.move_on(max(due - now, RESOLUTION))


def messages(dispatcher: Dispatcher, request: Request, ended: threading.Event) -> Iterator[str]:
    """Yield the messages of one connection, each when it is due.

    Once the client has *ended* it, only what is due by then still comes. Raises `StreamBroken` when
    the handshake is refused, or the service breaks the connection.
    """
    answer = dispatcher.carry(request)
    if answer.stream is None:
        raise StreamBroken(f"Handshake: {answer.failure or answer.status}")
    patience, has_ended = Patience(dispatcher.clock), False
    while True:
        with dispatcher.clock.lock:
            received = answer.stream.next(dispatcher.clock.now())
        if isinstance(received, str):
            yield received
        elif isinstance(received, Close):
            if received.code != NORMAL:
                raise StreamBroken(f"Closed with {received.code}")
            return
        elif has_ended:
            return
        else:
            has_ended = _wait(ended, received - dispatcher.clock.now(), dispatcher)
            if participant() is None:
                patience.tick(received)


class StreamEnd(threading.Event):
    """Set when a client has ended a stream; what waits for it can be made to look at the stream again."""

    def nudge(self) -> None:
        """Let `wait` return early."""
        with self._cond:  # type: ignore[attr-defined]
            self._cond.notify_all()  # type: ignore[attr-defined]


def _nothing() -> None:
    pass


def _wait(ended: threading.Event, seconds: float, dispatcher: Dispatcher) -> bool:
    """Wait until a stream has ended, *seconds* have passed, or a request may have changed what is due."""
    if participant() is None:
        return ended.wait(TICK_SECONDS)
    with dispatcher.noting(ended.nudge if isinstance(ended, StreamEnd) else _nothing):
        ended.wait(None if seconds == FOR_EVER else max(seconds, RESOLUTION))
    return ended.is_set()


class Streamer:
    """Receives the stream of a job, and hands on each message but the acknowledgements.

    It stands in the place of the websocket client of releases up to 0.31, under the names that the
    genuine code calls. *connect* makes one connection, which comes to its end soon after the event that
    it is given is set.
    """

    def __init__(
        self,
        connect: Callable[[threading.Event], Iterator[str]],
        clock: Clock,
        hand_on: Callable[[str], Any],
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._hand_on = hand_on
        self._ended = StreamEnd()

    def job_results(self) -> None:
        """Receive everything up to the end, or up to six failures in a row. Returns in either case."""
        try:
            self._receive()
        finally:
            self._ended.clear()

    def _receive(self) -> None:
        failures = 0
        while failures <= RETRIES:
            has_acknowledged = False
            try:
                for message in self._connect(self._ended):
                    if has_acknowledged:
                        failures = 0
                        self._hand_on(message)
                    has_acknowledged = True
            except StreamBroken:
                failures += 1
            else:
                return
            if self._ended.is_set():
                return
            self._pause(min(LONGEST_BACK_OFF_SECONDS, BACK_OFF_SECONDS * 2 ** (failures - 1)))

    def _pause(self, seconds: float) -> None:
        if isinstance(self._clock, VirtualClock) and participant() is None:
            # A thread that receives from a socket takes no part in the clock: it moves it.
            self._clock.spend(seconds)
        else:
            self._clock.sleep(seconds)

    def disconnect(self, close_code: object = None) -> None:
        """End the connection, after what is due by now."""
        self._ended.set()
