"""The messages on the websocket of a job: an acknowledgement, interim results, the result, the end.

Source: the client's own code and tests up to release 0.31, which swallows the first message of each
connection whatever it is, and takes the close code 1000 for the end. A connection to a job that has
ended gets everything again. What the service sends for a job that failed or was cancelled is not documented:
here it closes the stream after the interim results.
"""

from __future__ import annotations

from typing import Final

from qrtest.http.messages import Close, Request, Response, Stream
from qrtest.lifecycle import transitions
from qrtest.service import error_responses
from qrtest.service.jobs import SimulatedJob

__all__ = ["BreakingStream", "opened"]

ACKNOWLEDGEMENT: Final = "ACK"


def opened(job: SimulatedJob, request: Request) -> Response:
    """Return the answer to a handshake. Raises `RequestError` for one that is plain HTTP."""
    if (request.header("Upgrade") or "").lower() != "websocket":
        raise error_responses.no_websocket()
    return Response(101, stream=JobStream(job))


class JobStream:
    """One connection to the stream of *job*."""

    def __init__(self, job: SimulatedJob) -> None:
        self._job = job
        self._sent = 0
        self._has_acknowledged = False
        self._has_sent_result = False

    def next(self, now: float) -> str | Close | float:
        """Return the next message or the end by the time *now*, or the time before which nothing comes."""
        if not self._has_acknowledged:
            self._has_acknowledged = True
            return ACKNOWLEDGEMENT
        cursor = self._job.cursor
        appeared = cursor.interim(now)
        if self._sent < len(appeared):
            self._sent += 1
            return appeared[self._sent - 1][1]
        if cursor.ended is None:
            return cursor.next_event(now)
        result = self._job.stored_result
        if cursor.step.status == transitions.DONE and result and not self._has_sent_result:
            self._has_sent_result = True
            return self._job.sent_result(result)
        return Close()


class BreakingStream:
    """*stream*, broken off after *messages* (the acknowledgement does not count) with a close *code*."""

    def __init__(self, stream: Stream, *, messages: int, code: int | None) -> None:
        self._stream = stream
        self._left = messages + 1
        self._code = code

    def next(self, now: float) -> str | Close | float:
        """Return the next message or the end by the time *now*, or the time before which nothing comes."""
        if not self._left:
            return Close(self._code)
        message = self._stream.next(now)
        if isinstance(message, str):
            self._left -= 1
        return message
