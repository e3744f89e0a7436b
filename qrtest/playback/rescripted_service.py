"""A recorded session in which jobs live other lives: a service made of two.

What is asked about such a job, the job answers for itself, from its life and its recorded facts; what
else is asked, the player answers from the cassette. An answer takes as long as the recorded one did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from qrtest.http.messages import Request, Response
from qrtest.http.operations import OF_A_JOB
from qrtest.playback.player import Player
from qrtest.playback.recorded_jobs import RecordedLife, simulated
from qrtest.playback.rescript import shifted
from qrtest.playback.stream import RESOLUTION
from qrtest.service.fault_injection import FaultyService
from qrtest.service.job_operations import respond
from qrtest.service.jobs import SimulatedJob
from qrtest.service.parse import named
from qrtest.service.service import Time

__all__ = ["Relived"]


class Relived:
    """Answers as *player* does, but for the jobs of *lives*, which live those.

    A job whose submission was recorded is born when it is submitted again.
    """

    def __init__(self, player: Player, clock: Time, lives: Mapping[str, RecordedLife]) -> None:
        self._player = player
        self._clock = clock
        self._lives = lives
        self._jobs: dict[str, SimulatedJob] = {}
        self._told = FaultyService(_Telling(self._jobs, clock), clock)
        self._again: dict[str, tuple[Response, float, Response]] = {}
        for job_id, life in lives.items():
            if life.submitted_at is None:
                self._bear(job_id, life.born)

    def handle(self, request: Request) -> Response:
        """The answer to *request*. Raises `UnansweredRequest` as the player does."""
        where = request.route
        if where is not None and where.operation in OF_A_JOB and where.name in self._lives:
            if where.name not in self._jobs:
                self._bear(where.name, self._lives[where.name].born)
            return self._timed(where.name, request)
        answer = self._player.handle(request)
        if where is not None and where.operation == "submit" and answer.status == 200:
            made = named(answer.body)
            if made is not None and made in self._lives and made not in self._jobs:
                life = self._lives[made]
                lag = life.born - (life.submitted_at or 0.0)
                self._bear(made, self._clock.now() + lag)
        if where is not None and where.operation == "list" and answer.status == 200:
            return self._listed(answer)
        return answer

    def _bear(self, job_id: str, born: float) -> None:
        life = replace(self._lives[job_id], born=born)
        self._jobs[job_id] = simulated(life)
        self._told.add(shifted(life.faults, born), job_id=job_id)

    def _timed(self, name: str, request: Request) -> Response:
        """What the job says; the same object for as long as that and its delay are the same."""
        took = self._player.seconds_for(request)
        answer = self._told.handle(request)
        again = self._again.get(name)
        if again is not None and again[0] is answer and again[1] == took:
            return again[2]
        timed = replace(answer, delay=answer.delay + took)
        self._again[name] = answer, took, timed
        return timed

    def _listed(self, answer: Response) -> Response:
        """The recorded list of jobs, in which those that live otherwise are what they are by now."""
        body = json.loads(answer.body)
        now = self._clock.now() + RESOLUTION
        for entry in body.get("jobs", []):
            job = self._jobs.get(entry.get("id"))
            if job is not None:
                told = job.describe(now, "", with_params="params" in entry)
                entry.clear()
                entry.update(told)
        return replace(answer, body=json.dumps(body).encode())


@dataclass(frozen=True, slots=True)
class _Telling:
    """The jobs as a service."""

    jobs: Mapping[str, SimulatedJob]
    clock: Time

    def handle(self, request: Request) -> Response:
        """What the job that *request* names says."""
        assert request.route is not None
        return respond(self.jobs[request.route.name], request, self.clock.now() + RESOLUTION)
