"""The simulated service: a request goes in, a response comes out.

It knows no sockets, starts no thread, reads no wall clock; the same seed and the same requests at the
same times give the same answers, byte for byte.
"""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from qrtest import lifecycle
from qrtest.errors import UnansweredRequest
from qrtest.script import Script
from qrtest.wire import payloads
from qrtest.wire.accounts import Account
from qrtest.wire.behaviour import Behaviour
from qrtest.wire.jobs import Life, Recorded, SimulatedJob
from qrtest.wire.messages import Request, Response
from qrtest.wire.payloads import JobFacts
from qrtest.wire.routes import Route

__all__ = ["Backends", "JobPlan", "SimulatedService", "Submission", "Time"]

PAGE_DEFAULT: Final = 200
PAGE_LONGEST: Final = 200


class Time(Protocol):
    """All that a service asks of a clock."""

    def now(self) -> float:
        """Seconds since the simulation began."""


class Backends(Protocol):
    """Where descriptions of backends come from: JSON as the service sends it."""

    def names(self) -> tuple[str, ...]:
        """The backends there are."""

    def describe(self, name: str, aspect: str) -> bytes | None:
        """The *aspect* ("configuration", "properties", ...) of a backend; None for an unknown one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job as it is submitted. *params* is JSON text."""

    backend: str
    program_id: str
    params: str = "{}"
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    image: str = ""
    private: bool = False
    cost: int | None = None
    calibration_id: str | None = None
    job_id: str | None = None
    estimated_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """What will become of a job: its life, what the service has to say, how the service behaves."""

    script: Script
    recorded: Recorded = field(default_factory=Recorded)
    behaviour: Behaviour = field(default_factory=Behaviour)


class SimulatedService:
    """IBM Quantum's REST service, as far as jobs, backends and accounts go.

    *plan* decides what becomes of a job that a client submits, given the id it will have.
    """

    def __init__(
        self,
        clock: Time,
        *,
        epoch: float,
        seed: int,
        backends: Backends,
        plan: Callable[[Submission, str], JobPlan],
    ) -> None:
        self.account: Final = Account(epoch=epoch)
        self._clock = clock
        self._epoch = epoch
        self._random = random.Random(f"qrtest service {seed}")
        self._machine = self._random.randbytes(5)
        self._backends = backends
        self._plan = plan
        self._jobs: dict[str, SimulatedJob] = {}
        self._answers: Mapping[str, Callable[[Request, Route], Response]] = {
            "submit": self._submit,
            "list": self._list,
            "poll": self._poll,
            "delete": self._delete,
            "result": lambda _, where: self._job(where).result(self._clock.now(), self._trace()),
            "interim_results": lambda _, where: self._job(where).interim_results(self._clock.now()),
            "logs": lambda _, where: self._job(where).logs(self._clock.now(), self._trace()),
            "metrics": self._metrics,
            "cancel": lambda _, where: self._job(where).cancel(self._clock.now(), self._trace()),
            "tags": self._tags,
            "backends": self._list_backends,
            "backend": self._backend,
            "usage": lambda *_: self.account.usage(self._seconds_used(), self._clock.now()),
            "instance": lambda *_: payloads.json_response({"qctrl_enabled": False}),
            "token": lambda *_: self.account.token(self._clock.now()),
            "search": lambda *_: self.account.search(),
            "plan": lambda _, where: self.account.plan_of(where.name),
        }

    def handle(self, request: Request) -> Response:
        """The answer to *request*. Raises `UnansweredRequest` for one that the service has no route for."""
        where = request.route
        if where is None:
            raise UnansweredRequest(self._explain(request))
        if where.operation == "poll":
            return self._poll(request, where)
        try:
            return self._answers[where.operation](request, where)
        except _NotFound as absent:
            return payloads.job_not_found(absent.name, trace=self._trace())

    def add(self, submission: Submission, plan: JobPlan) -> SimulatedJob:
        """Take a job in, now."""
        now = self._clock.now()
        job_id = submission.job_id or self._new_id(now)
        facts = JobFacts(
            job_id=job_id,
            created=payloads.timestamp(self._epoch + now),
            backend=submission.backend,
            program_id=submission.program_id,
            params=submission.params,
            tags=submission.tags,
            session_id=submission.session_id,
            image=submission.image,
            private=submission.private,
            cost=submission.cost if submission.cost is not None else plan.behaviour.cost,
            calibration_id=submission.calibration_id,
            estimated_seconds=submission.estimated_seconds,
        )
        job = SimulatedJob(
            facts, Life(plan.script, born=now), plan.recorded, plan.behaviour, epoch=self._epoch
        )
        self._jobs[job_id] = job
        return job

    def job_ids(self) -> tuple[str, ...]:
        """The jobs there are, in the order they came."""
        return tuple(self._jobs)

    def job(self, job_id: str) -> SimulatedJob | None:
        """The job with that id; None when there is none."""
        return self._jobs.get(job_id)

    # --- jobs ---

    def _job(self, where: Route) -> SimulatedJob:
        job = self._jobs.get(where.name)
        if job is None:
            raise _NotFound(where.name)
        return job

    def _poll(self, request: Request, where: Route) -> Response:
        job = self._jobs.get(where.name)
        if job is None:
            return payloads.job_not_found(where.name, trace=self._trace())
        with_params = request.query != _WITHOUT_PARAMS and not _is_true(request, "exclude_params")
        return job.poll(self._clock.now(), with_params=with_params)

    def _submit(self, request: Request, where: Route) -> Response:
        try:
            submission = _submission(json.loads(request.body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return payloads.invalid_body(f"{type(error).__name__} {error}", trace=self._trace())
        job_id = self._new_id(self._clock.now())
        plan = self._plan(submission, job_id)
        job = self.add(replace(submission, job_id=job_id), plan)
        return payloads.json_response(payloads.submitted(job.facts))

    def _list(self, request: Request, where: Route) -> Response:
        asked = request.parameters
        now = self._clock.now()
        jobs = [job for job in self._jobs.values() if _matches(job, asked, now)]
        if asked.get("sort") != ["ASC"]:
            jobs.reverse()
        limit = _number(asked, "limit", PAGE_DEFAULT)
        if not 1 <= limit <= PAGE_LONGEST:
            limit = PAGE_DEFAULT
        offset = max(0, _number(asked, "offset", 0))
        with_params = not _is_true(request, "exclude_params")
        shown = [
            job.describe(now, with_params=with_params) for job in jobs[offset : offset + limit]
        ]
        return payloads.json_response(
            payloads.page(shown, count=len(jobs), limit=limit, offset=offset)
        )

    def _delete(self, request: Request, where: Route) -> Response:
        status = self._job(where).may_be_deleted(self._clock.now())
        if status != 204:
            return payloads.not_deletable(where.name, status, trace=self._trace())
        del self._jobs[where.name]
        return payloads.empty(204)

    def _metrics(self, request: Request, where: Route) -> Response:
        version = payloads.api_version(request.header("IBM-API-Version"))
        return self._job(where).metrics(self._clock.now(), version)

    def _tags(self, request: Request, where: Route) -> Response:
        tags = payloads.tags_of(request.body)
        if tags is None:
            return payloads.invalid_body("tags must be a list of texts", trace=self._trace())
        return self._job(where).tag(tags)

    # --- backends ---

    def _list_backends(self, request: Request, where: Route) -> Response:
        version = payloads.api_version(request.header("IBM-API-Version"))
        names = self._backends.names()
        devices = {
            name: json.loads(self._backends.describe(name, "device") or b"{}") for name in names
        }
        return payloads.json_response(payloads.devices(names, version, devices))

    def _backend(self, request: Request, where: Route) -> Response:
        described = self._backends.describe(where.name, where.action)
        if described is None:
            return payloads.text_response("device not found", 404)
        return Response(200, described, payloads.JSON)

    # --- odds ---

    def _seconds_used(self) -> float:
        now = self._clock.now()
        return sum(job.life.running_seconds(now) for job in self._jobs.values())

    def _trace(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _new_id(self, now: float) -> str:
        """An xid: seconds since 1970, machine and process, a counter; 20 characters."""
        second = int(self._epoch + now).to_bytes(4, "big")
        number = (len(self._jobs) + 1).to_bytes(3, "big")
        return base64.b32hexencode(second + self._machine + number).decode().rstrip("=").lower()

    def _explain(self, request: Request) -> str:
        jobs = ", ".join(list(self._jobs)[:5]) or "none"
        return (
            f"Nothing in this simulation answers {request.method} https://{request.host}{request.path}; "
            "it was not sent anywhere. There is the service of IBM Quantum, with the jobs "
            f"{jobs}{', ...' if len(self._jobs) > 5 else ''} and the backends "
            f"{', '.join(self._backends.names()[:5])}. To answer other hosts, use the responses library "
            "outside the simulation's hosts."
        )


_WITHOUT_PARAMS: Final = "exclude_params=true"


class _NotFound(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _submission(body: Mapping[str, Any]) -> Submission:
    cost = body.get("cost")
    return Submission(
        backend=str(body["backend"]),
        program_id=str(body["program_id"]),
        params=json.dumps(body.get("params", {})),
        tags=tuple(map(str, body.get("tags", ()))),
        session_id=body.get("session_id"),
        image=body.get("runtime", ""),
        private=bool(body.get("private", False)),
        cost=None if cost is None else int(cost),
        calibration_id=body.get("calibration_id"),
    )


def _is_true(request: Request, name: str) -> bool:
    return request.parameters.get(name, [""])[-1].lower() == "true"


def _number(asked: Mapping[str, list[str]], name: str, default: int) -> int:
    try:
        return int(asked[name][-1])
    except (KeyError, ValueError):
        return default


def _matches(job: SimulatedJob, asked: Mapping[str, list[str]], now: float) -> bool:
    facts = job.facts
    job.life.advance(now)
    pending = {"true": True, "false": False}.get(asked.get("pending", [""])[-1])
    return (
        asked.get("backend", [facts.backend]) == [facts.backend]
        and asked.get("program", [facts.program_id]) == [facts.program_id]
        and asked.get("session_id", [facts.session_id]) == [facts.session_id]
        and set(asked.get("tags", ())) <= set(facts.tags)
        and (pending is None or pending != (job.life.step.status in lifecycle.FINAL))
        and asked.get("created_after", [""])[-1][:19] <= facts.created[:19]
        and facts.created[:19] <= asked.get("created_before", ["9"])[-1][:19]
    )
