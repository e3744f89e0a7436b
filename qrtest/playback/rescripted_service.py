"""A recorded session in which jobs go through other scenarios: a service made of two.

What is asked about such a job is answered by a simulated job, from its scenario and its recorded facts;
everything else by the player, from the cassette. An answer takes as long as the recorded one took.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from qrtest.faults.injection import FaultyService
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OF_A_JOB
from qrtest.playback.player import Player
from qrtest.playback.recorded_jobs import RecordedJob, simulated
from qrtest.playback.rescript import shifted
from qrtest.playback.stream import RESOLUTION
from qrtest.service.job_operations import respond
from qrtest.service.jobs import SimulatedJob
from qrtest.service.parse import named
from qrtest.service.service import Time

__all__ = ["RescriptedService"]


class RescriptedService:
    """A service that answers as *player* does, but for the *recorded* jobs, which have other scenarios.

    A job whose submission was recorded is created when it is submitted again.
    """

    def __init__(self, player: Player, clock: Time, recorded: Mapping[str, RecordedJob]) -> None:
        self._player = player
        self._clock = clock
        self._recorded = recorded
        self._jobs: dict[str, SimulatedJob] = {}
        self._faulty = FaultyService(_Jobs(self._jobs, clock), clock)
        self._last_timed: dict[str, tuple[Response, float, Response]] = {}
        for job_id, job in recorded.items():
            if job.submitted_at is None:
                self._create(job_id, job.created_at)

    def handle(self, request: Request) -> Response:
        """Return the answer to *request*. Raises `UnansweredRequest` as the player does."""
        where = request.route
        if where is not None and where.operation in OF_A_JOB and where.name in self._recorded:
            if where.name not in self._jobs:
                self._create(where.name, self._recorded[where.name].created_at)
            return self._timed(where.name, request)
        answer = self._player.handle(request)
        if where is not None and where.operation == "submit" and answer.status == 200:
            made = named(answer.body)
            if made is not None and made in self._recorded and made not in self._jobs:
                job = self._recorded[made]
                lag = job.created_at - (job.submitted_at or 0.0)
                self._create(made, self._clock.now() + lag)
        if where is not None and where.operation == "list" and answer.status == 200:
            return self._listed(answer)
        return answer

    def _create(self, job_id: str, created_at: float) -> None:
        job = replace(self._recorded[job_id], created_at=created_at)
        self._jobs[job_id] = simulated(job)
        self._faulty.add(shifted(job.scenario.faults, created_at), job_id=job_id)

    def _timed(self, name: str, request: Request) -> Response:
        """Return the job's answer with its delay; the same object as long as both stay the same."""
        took = self._player.seconds_for(request)
        answer = self._faulty.handle(request)
        last = self._last_timed.get(name)
        if last is not None and last[0] is answer and last[1] == took:
            return last[2]
        timed = replace(answer, delay=answer.delay + took)
        self._last_timed[name] = answer, took, timed
        return timed

    def _listed(self, answer: Response) -> Response:
        """Return the recorded list of jobs, with what the rescripted ones are by now."""
        body = json.loads(answer.body)
        now = self._clock.now() + RESOLUTION
        for entry in body.get("jobs", []):
            job = self._jobs.get(entry.get("id"))
            if job is not None:
                described = job.describe(now, "", with_params="params" in entry)
                entry.clear()
                entry.update(described)
        return replace(answer, body=json.dumps(body).encode())


@dataclass(frozen=True, slots=True)
class _Jobs:
    """The jobs as a service."""

    jobs: Mapping[str, SimulatedJob]
    clock: Time

    def handle(self, request: Request) -> Response:
        """Return the answer of the job that *request* names."""
        assert request.route is not None
        return respond(self.jobs[request.route.name], request, self.clock.now() + RESOLUTION)
