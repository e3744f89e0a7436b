"""The result stream of a recorded job, made of its recorded answers.

No cassette holds a websocket. What the service would have sent on one came by requests: the interim
results, the result, and when each step of the job began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Close, Request, Response, Stream
from qrtest.lifecycle import transitions
from qrtest.playback.recorded_jobs import RecordedJob, simulated
from qrtest.service.job_operations import respond

__all__ = ["AT_ONCE", "RESOLUTION", "streamed"]

AT_ONCE: Final = float("inf")
"""How far a stream is ahead that has no times to go by."""

RESOLUTION: Final = 1e-9
"""A change at a time is there at that time, however sums of seconds are rounded."""


def streamed(job: RecordedJob, request: Request, ahead: Callable[[], float]) -> Response:
    """Return the answer to the handshake *request* for the stream of *job*.

    *ahead* returns how far the recorded time is ahead of the clock now. Raises `UnansweredRequest` when
    the job completed and its result was not recorded.
    """
    if job.scenario.script.end.status == transitions.DONE and job.scenario.result is None:
        raise UnansweredRequest(
            f"{request} cannot be answered: the stream of a job ends in its result, and that of "
            f"{job.job_id} was not recorded. Let the program that is recorded ask for it: job.result()."
        )
    answer = respond(simulated(job), request, job.created_at)
    if answer.stream is None:
        return answer
    return replace(answer, stream=_Ahead(answer.stream, ahead))


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A *stream* that goes by the recorded time, on the clock of the replay."""

    stream: Stream
    ahead: Callable[[], float]

    def next(self, now: float) -> str | Close | float:
        """Return what comes next at the time *now*: a message, the end, or the next time to ask."""
        ahead = self.ahead()
        comes = self.stream.next(now + ahead + RESOLUTION)
        return comes - ahead if isinstance(comes, float) and comes != AT_ONCE else comes
