"""The stream of a recorded job, made of what was recorded of it.

No cassette holds a websocket. What the service would have said on one came by requests: the interim
results, the result, and when the job was what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Close, Request, Response, Stream
from qrtest.lifecycle import transitions
from qrtest.playback.recorded_jobs import RecordedLife, simulated
from qrtest.service.job_operations import respond

__all__ = ["AT_ONCE", "RESOLUTION", "streamed"]

AT_ONCE: Final = float("inf")
"""How far a stream is ahead that has no times to go by."""

RESOLUTION: Final = 1e-9
"""A change at a time is there at that time, however sums of seconds are rounded."""


def streamed(life: RecordedLife, request: Request, ahead: Callable[[], float]) -> Response:
    """The answer to the handshake *request* for the stream of the job that lives *life*.

    *ahead* tells how far the recorded time is ahead of the clock, by now. Raises `UnansweredRequest` when
    the job completed and its result was not recorded.
    """
    if life.script.end.status == transitions.DONE and life.result is None:
        raise UnansweredRequest(
            f"{request} cannot be answered: the stream of a job ends in its result, and that of "
            f"{life.job_id} was not recorded. Let the program that is recorded ask for it: job.result()."
        )
    answer = respond(simulated(life), request, life.born)
    if answer.stream is None:
        return answer
    return replace(answer, stream=_Ahead(answer.stream, ahead))


@dataclass(frozen=True, slots=True)
class _Ahead:
    """*stream*, which goes by the recorded time, by the clock."""

    stream: Stream
    ahead: Callable[[], float]

    def next(self, now: float) -> str | Close | float:
        """What comes next at the time *now*: a message, the end, or the time before which nothing will."""
        ahead = self.ahead()
        said = self.stream.next(now + ahead + RESOLUTION)
        return said - ahead if isinstance(said, float) and said != AT_ONCE else said
