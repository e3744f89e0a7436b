"""The simulated service: a request goes in, a response comes out.

It opens no socket, starts no thread, reads no wall clock; the same seed and the same requests at the
same times give the same answers, byte for byte. `_let_in` authenticates a request; the rest of this
module routes each operation to the part that answers it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import unquote

from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OPEN_TO_ALL, Route, allowed_methods
from qrtest.service import (
    analytics,
    api_versions,
    error_responses,
    job_list,
    job_operations,
    openapi,
    parse,
    serialize,
    sessions,
    workloads,
)
from qrtest.service.accounts import Account
from qrtest.service.ask import Ask
from qrtest.service.backends import Backends, Devices
from qrtest.service.behaviour import USUAL, Behaviour
from qrtest.service.error_responses import RequestError
from qrtest.service.ids import Names
from qrtest.service.instances import Instance
from qrtest.service.job_facts import JobFacts, Submission
from qrtest.service.jobs import SimulatedJob
from qrtest.service.limits import USUAL_LIMITS, Limits, Turnstile
from qrtest.service.script_cursor import ScriptCursor
from qrtest.service.sessions import SessionFacts, SimulatedSession
from qrtest.service.submissions import JobPlan, read_submission

__all__ = ["ANSWERS", "SimulatedService", "Time"]


class Time(Protocol):
    """What a service needs of a clock."""

    def now(self) -> float:
        """Return seconds since the simulation began."""


class _Again(NamedTuple):
    """A poll that was authenticated before: the same request object is answered without doing so again."""

    request: Request
    job: SimulatedJob
    version: str


class SimulatedService:
    """IBM Quantum's REST service.

    *plan* chooses the script and answers of a job that a client submits, given the id it will have.
    *token_time*: the time that tokens expire by, in seconds since 1970; by *clock* if not given. `account`
    and `devices` may be changed while it serves.
    """

    def __init__(
        self,
        clock: Time,
        *,
        epoch: float,
        seed: int,
        backends: Backends,
        plan: Callable[[Submission, str], JobPlan],
        instances: Sequence[Instance] = (Instance(),),
        limits: Limits | None = None,
        behaviour: Behaviour = USUAL,
        token_time: Callable[[], float] | None = None,
    ) -> None:
        self.account: Final = Account(instances, epoch=epoch)
        self.devices: Final = Devices(backends)
        self._clock = clock
        self._epoch = epoch
        self._names = Names(seed=seed, epoch=epoch)
        self._plan = plan
        self._token_time = token_time or (lambda: epoch + clock.now())
        self._limits = limits or USUAL_LIMITS
        self._turnstile = Turnstile(self._limits.submissions_per_minute)
        self._behaviour = behaviour
        self._jobs: dict[str, SimulatedJob] = {}
        self._sessions: dict[str, SimulatedSession] = {}
        self._again: _Again | None = None

    def handle(self, request: Request) -> Response:
        """Return the answer to *request*. Raises `UnansweredRequest` for one that there is no route for."""
        again = self._again
        if again is not None and again.request is request:
            return again.job.poll(self._clock.now(), again.version, with_params=False)
        where = request.route
        if where is None:
            if known := allowed_methods(request.path):
                refused = error_responses.method_not_allowed(request.method, known)
                return refused.answer(trace=self._names.uuid())
            raise UnansweredRequest(self._explain(request))
        try:
            return ANSWERS[where.operation](self, self._let_in(request, where))
        except RequestError as refused:
            return refused.answer(trace=self._names.uuid())

    def add(self, submission: Submission, plan: JobPlan, *, crn: str | None = None) -> SimulatedJob:
        """Create a job, now, for the instance *crn*: the first one for None."""
        now = self._clock.now()
        facts = JobFacts.of(
            submission,
            job_id=submission.job_id or self._names.xid(now),
            created=serialize.timestamp(self._epoch + now),
            cost=plan.behaviour.cost,
        )
        is_online = self.devices.condition(submission.backend).status == "online"
        held = not is_online or plan.behaviour.queued_polls > 0
        cursor = ScriptCursor(plan.script, created_at=now, held=held)
        job = SimulatedJob(
            facts,
            cursor,
            plan.recorded,
            plan.behaviour,
            epoch=self._epoch,
            crn=crn or self.account.crn,
        )
        session = self._sessions.get(submission.session_id or "")
        if session is not None:
            session.add(cursor)
        self._jobs[facts.job_id] = job
        return job

    def settle(self, job_id: str, plan: JobPlan) -> None:
        """Give a job that was added with a script without an end its plan, if it still exists."""
        job = self._jobs.get(job_id)
        if job is not None:
            params = json.loads(job.facts.params)
            plan = plan.checked(
                job.facts.program_id, params, self.devices.rep_delays(job.facts.backend)
            )
            job.settle(plan.script, plan.recorded, self._clock.now())

    def job_ids(self) -> tuple[str, ...]:
        """Return the jobs there are, in the order they came."""
        return tuple(self._jobs)

    def job(self, job_id: str) -> SimulatedJob | None:
        """Return the job with that id; None when there is none."""
        return self._jobs.get(job_id)

    def change_backend(self, name: str, changes: Mapping[str, Any]) -> None:
        """Change a backend's condition: jobs wait in its queue for as long as it is not online."""
        now = self._clock.now()
        condition = self.devices.change(name, changes)
        for job in self._jobs.values():
            if job.facts.backend == name:
                (job.cursor.release if condition.status == "online" else job.cursor.hold)(now)

    def reject_tokens(self, rejects: bool) -> None:
        """Reject all tokens, or stop rejecting."""
        self.account.rejects_tokens = rejects
        self._again = None

    def _let_in(self, request: Request, where: Route) -> Ask:
        now = self._clock.now()
        instances, oldest = self.account.instances, api_versions.VERSIONS[0]
        if where.operation in OPEN_TO_ALL:
            return Ask(request, where, instances.named(None), instances.crn, oldest, now)
        self.account.admit(request, self._token_time())
        crn = request.headers.get("Service-CRN") or request.header("Service-CRN")
        instance = instances.named(crn)
        version = api_versions.named(request)
        if version not in api_versions.VERSIONS:
            raise error_responses.api_version_unknown(version, api_versions.VERSIONS)
        return Ask(request, where, instance, instances.own_crn(crn or None), version, now)

    # --- jobs ---

    def _job(self, ask: Ask) -> SimulatedJob:
        job = self._jobs.get(ask.where.name)
        if job is None or job.crn != ask.crn:
            raise error_responses.job_unknown(ask.where.name)
        if job.facts.session_id is not None:
            self._settle(job, ask.now)
        return job

    def _settle(self, job: SimulatedJob, now: float) -> None:
        session = self._sessions.get(job.facts.session_id or "")
        if session is not None:
            session.settle(now)

    def _ask_job(self, ask: Ask) -> Response:
        answer = job_operations.ANSWERS[ask.where.operation]
        return answer(self._job(ask), ask.request, ask.version, ask.now)

    def _poll(self, ask: Ask) -> Response:
        answer = self._ask_job(ask)
        job = self._jobs[ask.where.name]
        if (
            job.facts.session_id is None
            and ask.request.is_true("exclude_params")
            and not self.account.expires(ask.request)
        ):
            self._again = _Again(ask.request, job, ask.version)
        return answer

    def _submit(self, ask: Ask) -> Response:
        self._limits.check_body(ask.request.body)
        submission, params = read_submission(ask.request.body)
        self._limits.check_tags(submission.tags)
        self._check_backend(submission.backend, ask.instance)
        if ask.instance.is_used_up(self._seconds_used(ask)):
            raise error_responses.usage_exceeded()
        if submission.session_id is not None:
            session = self._session(submission.session_id, ask)
            if not session.is_open(ask.now):
                raise error_responses.session_closed(submission.session_id)
        self._turnstile.check(ask.now)
        job_id = self._names.xid(ask.now)
        client = ask.request.header("X-Qx-Client-Application") or ""
        submission = replace(submission, job_id=job_id, client=client)
        if submission.start_session and submission.session_id is None:
            submission = replace(submission, session_id=job_id)
            self._open_session(job_id, submission.backend, "dedicated", sessions.MAX_TTL, ask)
        rep_delays = self.devices.rep_delays(submission.backend)
        plan = self._plan(submission, job_id).checked(submission.program_id, params, rep_delays)
        job = self.add(submission, plan, crn=ask.crn)
        return serialize.json_response(serialize.submitted(job.facts))

    def _check_backend(self, name: str, instance: Instance) -> None:
        is_offered = instance.backends is None or name in instance.backends
        if name not in self.devices.names() or not is_offered:
            raise error_responses.backend_unknown(name)
        if self._behaviour.offline == "refuse" and self.devices.condition(name).status != "online":
            raise error_responses.backend_unavailable(name)

    def _list(self, ask: Ask) -> Response:
        listing = job_list.Listing(ask.request.parameters)
        for session in self._sessions.values():
            session.settle(ask.now)
        mine = (job for job in self._jobs.values() if job.crn == ask.crn)
        jobs = listing.selected(mine, ask.now)
        shown = [
            job.describe(ask.now, ask.version, with_params=listing.with_params)
            for job in listing.page(jobs)
        ]
        return serialize.json_response(
            serialize.page(shown, count=len(jobs), limit=listing.limit, offset=listing.offset)
        )

    def _delete(self, ask: Ask) -> Response:
        answer = self._ask_job(ask)
        del self._jobs[ask.where.name]
        self._again = None
        return answer

    def _tag(self, ask: Ask) -> Response:
        self._limits.check_tags(parse.tags_of(ask.request.body) or ())
        return self._ask_job(ask)

    def _search_tags(self, ask: Ask) -> Response:
        jobs = [job for job in self._jobs.values() if job.crn == ask.crn]
        return job_list.tags_found(jobs, ask.request.parameter)

    # --- sessions ---

    def _session(self, session_id: str, ask: Ask) -> SimulatedSession:
        session = self._sessions.get(session_id)
        if session is None or session.facts.crn != ask.crn:
            raise error_responses.session_unknown(session_id)
        return session

    def _session_asked(self, ask: Ask) -> Response:
        if ask.request.method == "POST":
            asked = sessions.read_session(ask.request.body)
            backend = str(asked["backend"] or next(iter(self.devices.names()), ""))
            self._check_backend(backend, ask.instance)
            if asked["mode"] == "dedicated" and ask.instance.plan == "open":
                raise error_responses.session_not_allowed()
            session_id = self._names.uuid()
            self._open_session(session_id, backend, asked["mode"], asked["max_ttl"], ask)
            return serialize.json_response(self._sessions[session_id].describe(ask.now))
        session = self._session(ask.where.name, ask)
        if ask.request.method == "GET":
            return serialize.json_response(session.describe(ask.now))
        if ask.request.method == "PATCH":
            session.accept(sessions.read_accepting(ask.request.body), ask.now)
        else:
            session.close(ask.now)
        return serialize.empty(204)

    def _open_session(
        self, session_id: str, backend: str, mode: str, max_ttl: float, ask: Ask
    ) -> None:
        facts = SessionFacts(
            session_id=session_id,
            backend=backend,
            mode=mode,
            max_ttl=max_ttl,
            created_at=ask.now,
            crn=ask.crn,
        )
        self._sessions[session_id] = SimulatedSession(facts, self._behaviour, epoch=self._epoch)

    # --- backends and accounts ---

    def _list_backends(self, ask: Ask) -> Response:
        return self.devices.listed(
            ask.version,
            ask.instance.backends,
            mocks=ask.request.is_true("include_mocks"),
            wait_time="wait_time_seconds" in ask.request.parameters.get("fields", ()),
        )

    def _backend(self, ask: Ask) -> Response:
        offered = ask.instance.backends
        if offered is not None and ask.where.name not in offered:
            return serialize.text_response("device not found", 404)
        return self.devices.aspect(
            ask.where.name,
            ask.where.action,
            updated_before=ask.request.parameter("updated_before"),
            calibration_id=ask.request.parameter("calibration_id"),
        )

    def _usage(self, ask: Ask) -> Response:
        used = self._seconds_used(ask)
        if ask.where.action == "usage":
            return self.account.classic_usage(ask.instance, used)
        return self.account.instances.usage(ask.instance, used, ask.now)

    def _seconds_used(self, ask: Ask) -> float:
        return sum(
            job.charged_seconds(ask.now) for job in self._jobs.values() if job.crn == ask.crn
        )

    def _analytics(self, ask: Ask) -> Response:
        instances = self.account.instances.all()
        jobs = self._jobs.values()
        return analytics.answer(
            ask.where.action, ask.request, jobs, instances, epoch=self._epoch, now=ask.now
        )

    def _explain(self, request: Request) -> str:
        more = ", ..." if len(self._jobs) > 5 else ""
        jobs = f"the jobs {', '.join(list(self._jobs)[:5])}{more}" if self._jobs else "no job yet"
        return (
            f"Nothing in this simulation answers {request.method} {request.host}{request.path}; "
            f"it was not sent anywhere. There is the service of IBM Quantum, with {jobs} and the backends "
            f"{', '.join(self.devices.names()[:5])}. Requests to other hosts leave this machine with "
            "simulate(network=True)."
        )


ANSWERS: Final[Mapping[str, Callable[[SimulatedService, Ask], Response]]] = {
    **dict.fromkeys(job_operations.ANSWERS, SimulatedService._ask_job),
    "poll": SimulatedService._poll,
    "tags": SimulatedService._tag,
    "delete": SimulatedService._delete,
    "submit": SimulatedService._submit,
    "list": SimulatedService._list,
    "tag_search": SimulatedService._search_tags,
    "session": SimulatedService._session_asked,
    "backends": SimulatedService._list_backends,
    "backend": SimulatedService._backend,
    "versions": lambda *_: serialize.json_response(api_versions.versions()),
    "openapi": lambda _, ask: openapi.answer(ask.request),
    "instances": lambda service, _: service.account.instances.listed(),
    "configuration": lambda service, ask: service.account.instances.configuration(
        ask.instance, ask.change
    ),
    "account": lambda service, ask: service.account.instances.account(
        unquote(ask.where.name), ask.request.parameter("plan_id"), service.devices.names()
    ),
    "usage": SimulatedService._usage,
    "analytics": SimulatedService._analytics,
    "workloads": lambda service, ask: workloads.answer(
        ask, service._jobs.values(), service._sessions.values()
    ),
    "instance": lambda service, ask: service.account.instances.details(
        ask.instance, service.devices.names()
    ),
    "token": lambda service, _: service.account.token(service._token_time()),
    "search": lambda service, _: service.account.instances.search(),
    "plan": lambda service, ask: service.account.instances.plan(ask.where.name),
    "resources": lambda service, ask: service.account.instances.resources(ask.request.parameter),
    "resource": lambda service, ask: service.account.instances.resource(
        unquote(ask.where.name), ask.change
    ),
    "login": lambda service, ask: service.account.classic(ask.where.action, ask.request),
}
"""The answer to each operation; those about one job are the job's."""
