"""The answers to one recorded request, in order: which is in force at a time, or by count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from qrtest.cassette.model import Interaction
from qrtest.http.messages import Request, Response
from qrtest.playback.recorded_jobs import RecordedJob, simulated, step_in
from qrtest.playback.stream import RESOLUTION
from qrtest.service.job_operations import respond

__all__ = ["SHORTEST_SECONDS", "USUAL_SECONDS", "Pace", "Track", "in_program_time"]

Pace = Literal["recorded", "polls", "instant"]
USUAL_SECONDS: Final = 0.05
SHORTEST_SECONDS: Final = 0.001
"""What an answer takes at least, and a token: code that never sleeps comes to an end."""

MARGIN_SECONDS: Final = 0.02
"""How far before it was first seen a change is dated, at most: half of the time since it was not there."""


class Track:
    """The answers to one request, in order."""

    def __init__(self) -> None:
        self.name = ""
        self._numbers: list[int] = []
        self._responses: list[Response] = []
        self._starts: list[float] = []
        self._seen: list[float] = []
        self._until = 0.0
        self._lasts: list[int] = []
        self._asked = 0
        self._settled = 0
        self._requests: list[Request] = []

    @property
    def request(self) -> Request:
        """The request as it was recorded first."""
        return self._requests[0]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its exchanges."""
        return tuple(self._numbers)

    @property
    def first(self) -> int:
        """The number of the first exchange."""
        return self._numbers[0]

    @property
    def is_used_up(self) -> bool:
        """Whether each recorded answer was given; from then on the last one holds."""
        return self._asked >= self._lasts[-1]

    def add(self, number: int, interaction: Interaction) -> None:
        """Append an interaction of this request."""
        where = interaction.request.route
        self.name = where.name if where is not None else ""
        self._requests.append(interaction.request)
        took = (
            USUAL_SECONDS if interaction.took is None else max(interaction.took, SHORTEST_SECONDS)
        )
        self._numbers.append(number)
        self._responses.append(replace(interaction.response, delay=took))
        self._add_start(interaction)
        self._lasts.append((self._lasts[-1] if self._lasts else 0) + interaction.repeat)
        if interaction.response.status < 400 and interaction.response.failure is None:
            self._settled = len(self._responses) - 1

    def _add_start(self, interaction: Interaction) -> None:
        """Note from when on the answer of *interaction* is in force."""
        if interaction.program is None:
            start = seen = interaction.at or 0.0
        else:
            start = seen = interaction.program
            if self._starts:
                start -= min(MARGIN_SECONDS, max(0.0, seen - self._until) / 2)
        self._until = max(self._until, interaction.program_end or interaction.end or 0.0)
        self._starts.append(max([start, *self._starts[-1:]]))
        self._seen.append(max([seen, *self._seen[-1:]]))

    def put_right(self, job: RecordedJob) -> None:
        """Let each step of *job* be the answer from its start on, one that no poll saw, too."""
        seen = 0
        for step, start in zip(job.scenario.script, job.starts, strict=True):
            wanted = replace(step, seconds=None, interim=())
            known = range(seen, len(self._responses))
            found = next((at for at in known if step_in(self._responses[at]) == wanted), None)
            if found is not None and start > self._starts[found]:
                self._starts[found] = min(start, self._seen[found])
                seen = found + 1
                continue
            before = bisect_right(self._starts, start)
            if before and step_in(self._responses[before - 1]) is None:
                seen = seen if found is None else found + 1
                continue
            number = min(seen if found is None else found, len(self._responses) - 1)
            response = self._responses[number]
            if found is None:
                simulated_answer = respond(simulated(job), self.request, start + RESOLUTION)
                response = replace(simulated_answer, delay=response.delay)
            self._starts.insert(before, start)
            self._seen.insert(before, start)
            self._responses.insert(before, response)
            self._numbers.insert(before, self._numbers[number])
            seen = before + 1 if found is None else found + 2

    def read(self, pace: Pace, at: float) -> tuple[int, Response]:
        """Return the number and the answer for a request that reads, at the recorded time *at*."""
        if pace == "polls":
            return self.next()
        if pace == "instant":
            position = self._settled
        else:
            position = max(0, bisect_right(self._starts, at + RESOLUTION) - 1)
        return self._numbers[position], self._responses[position]

    def next(self) -> tuple[int, Response]:
        """Return the number and the next answer; the last one holds."""
        position = min(bisect_right(self._lasts, self._asked), len(self._lasts) - 1)
        self._asked += 1
        return self._numbers[position], self._responses[position]


def in_program_time(job: RecordedJob, program_time: Callable[[float], float]) -> RecordedJob:
    """Return *job* with its moments in the time of the program."""
    submitted = None if job.submitted_at is None else program_time(job.submitted_at)
    return replace(
        job,
        created_at=program_time(job.created_at),
        starts=tuple(map(program_time, job.starts)),
        submitted_at=submitted,
    )
