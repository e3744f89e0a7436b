"""The jobs in a cassette: what was recorded of each, as a script, faults and facts.

`timing` finds when each step began.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from qrtest import faults
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import ScriptError
from qrtest.faults import Fault
from qrtest.faults.kinds import BREAKS
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OF_A_JOB
from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step
from qrtest.playback.interim import texts_in, with_interim
from qrtest.playback.request_tree import hashed, tree_of
from qrtest.playback.scenario_values import ScenarioValues
from qrtest.playback.timing import DIGITS, Began, Sent, beginnings, stamps_of
from qrtest.service import parse
from qrtest.service.behaviour import Behaviour
from qrtest.service.jobs import Recorded, SimulatedJob
from qrtest.service.parse import job_in, named, step_of
from qrtest.service.payload_template import JobRecord, seconds_since_1970
from qrtest.service.script_cursor import ScriptCursor
from qrtest.service.serialize import timestamp

__all__ = ["RecordedJob", "is_stamped", "jobs_in", "of_the_job", "simulated", "step_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJob:
    """One job as it was recorded. All times are seconds since the recording began.

    *created_at* is before 0 if the recording began later than the job. *starts*: when each step of the
    script began. *submitted_at*: when the recorded program submitted it; None if it did not.
    """

    job_id: str
    scenario: ScenarioValues
    created_at: float
    starts: tuple[float, ...] = ()
    submitted_at: float | None

    @property
    def record(self) -> JobRecord:
        """The recorded facts."""
        return self.scenario.record or JobRecord(job={"id": self.job_id})


def jobs_in(cassette: Cassette) -> dict[str, RecordedJob]:
    """Return the jobs of *cassette* by their ids, in the order in which they appear.

    >>> jobs_in(Cassette())
    {}
    """
    timed = _timed(cassette)
    found: dict[str, list[Interaction]] = {}
    for interaction in timed:
        name = _job_of(interaction)
        if name:
            found.setdefault(name, []).append(interaction)
    read = {job_id: _recorded_job(job_id, about) for job_id, about in found.items()}
    return {job_id: job for job_id, job in read.items() if job is not None}


def simulated(job: RecordedJob) -> SimulatedJob:
    """Return a simulated job that goes through the scenario of *job* and answers with its facts."""
    scenario, record = job.scenario, job.record
    described = {
        **record.job,
        "id": job.job_id,
        "program": {"id": scenario.program_id},
        "tags": list(scenario.tags),
    }
    known = job_in(described)
    assert known is not None
    created = seconds_since_1970(known.created) or 0.0
    return SimulatedJob(
        replace(known, params=json.dumps(scenario.params or {})),
        ScriptCursor(scenario.script, created_at=job.created_at),
        Recorded(result=scenario.result, logs=record.logs, record=record),
        scenario.behaviour,
        epoch=created - job.created_at,
    )


def of_the_job(request: Request, job_id: str) -> bool:
    """Return whether *request* asks about the job *job_id*.

    >>> of_the_job(Request("GET", "host", "/jobs/j/results"), "j")
    True
    """
    where = request.route
    return where is not None and where.operation in OF_A_JOB and where.name == job_id


def is_stamped(interaction: Interaction) -> bool:
    """Return whether the answer has timestamps of the service."""
    operation = _operation(interaction)
    return operation == "metrics" or (
        operation == "poll" and b'"ended"' in interaction.response.body
    )


def step_in(response: Response) -> Step | None:
    """Return the step in the answer to a poll; None if there is none.

    >>> step_in(Response(200, b'{"state": {"status": "Completed"}}'))
    done()
    """
    if response.status != 200 or response.failure is not None:
        return None
    return step_of(response.body)


def _timed(cassette: Cassette) -> Iterable[Interaction]:
    """Return the interactions with times; in a cassette of another tool, each poll takes a second."""
    if cassette.is_timed:
        return sorted(cassette.interactions, key=lambda each: each.at or 0.0)
    timed, now = [], 0.0
    for each in cassette.interactions:
        timed.append(replace(each, at=now, until=now + each.repeat - 1))
        where = each.request.route
        now += each.repeat if where is not None and where.operation == "poll" else 0
    return timed


def _job_of(interaction: Interaction) -> str:
    where = interaction.request.route
    if where is None:
        return ""
    if where.operation == "submit" and interaction.response.status == 200:
        return named(interaction.response.body) or ""
    return where.name if where.operation in OF_A_JOB else ""


def _recorded_job(job_id: str, exchanges: list[Interaction]) -> RecordedJob | None:
    """Return the job that *exchanges* are about; None if they do not say what it went through."""
    bodies = [(each, body) for each, body in _bodies(exchanges, "poll") if _is_job(body, job_id)]
    submission = next((each for each in exchanges if _operation(each) == "submit"), None)
    seen = _seen(exchanges, bodies)
    if not seen:
        return None
    body = bodies[-1][1] if bodies else _submitted(submission, job_id)
    described = {**body, "id": job_id}
    known = job_in(described)
    assert known is not None
    metrics = next((body for _, body in reversed(list(_bodies(exchanges, "metrics")))), None)
    submitted = None if submission is None else _sent(submission)
    created_at, starts = beginnings(seen, stamps_of(described, metrics), submitted)
    steps = with_interim([each.step for _, each in starts], _interim(exchanges))
    script = _script(steps, [at for at, _ in starts])
    behaviour = _behaviour(exchanges, script)
    params = next((body["params"] for _, body in bodies if "params" in body), None)
    if params is None and submission is not None:
        params = _object(submission.request.body).get("params")
    record = replace(
        JobRecord.of(described), metrics=metrics, logs=_text(exchanges, "logs"), ran=_ran(script)
    )
    if metrics is not None:
        began = [(each.step, at) for at, each in starts]
        record = replace(record, metrics=_measured(record, metrics, began))
    scenario = ScenarioValues(
        script=script,
        faults=tuple(_faults(exchanges, created_at, script)),
        result=_result(exchanges, script.end),
        behaviour=behaviour,
        program_id=known.program_id,
        params=params or None,
        tags=tuple(map(str, (bodies[0][1] if bodies else described).get("tags") or ())),
        record=record,
    )
    return RecordedJob(
        job_id=job_id,
        scenario=scenario,
        created_at=created_at,
        starts=tuple(round(created_at + at, DIGITS) for at, _ in starts),
        submitted_at=None if submitted is None else submitted.at,
    )


# --- what was seen, and when ---------------------------------------------------------------------------


def _operation(interaction: Interaction) -> str:
    where = interaction.request.route
    return "" if where is None else where.operation


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that *body* is; an empty one if it is none."""
    parsed = _parsed(body)
    return parsed if isinstance(parsed, dict) else {}


def _is_job(body: dict[str, Any], job_id: str) -> bool:
    """Return whether *body* can be the description of the job *job_id*."""
    return job_in({**body, "id": job_id}) is not None


def _is_answered(interaction: Interaction) -> bool:
    return interaction.response.status == 200 and interaction.response.failure is None


def _bodies(
    exchanges: list[Interaction], operation: str
) -> Iterator[tuple[Interaction, dict[str, Any]]]:
    """Yield the answers to *operation* that are objects."""
    for each in exchanges:
        if _operation(each) == operation and _is_answered(each):
            body = _object(each.response.body)
            if body:
                yield each, body


def _sent(submission: Interaction) -> Sent:
    at = submission.at or 0.0
    return Sent(at, at + (submission.took or 0.0))


def _submitted(submission: Interaction | None, job_id: str) -> dict[str, Any]:
    """Return what is known of a job that was submitted and never polled."""
    if submission is None:
        return {}
    asked, made = _object(submission.request.body), _object(submission.response.body)
    kept: dict[str, Any] = {name: asked[name] for name in ("tags", "session_id") if name in asked}
    if "program_id" in asked:
        kept["program"] = {"id": asked["program_id"]}
    body = made | kept
    return body if _is_job(body, job_id) else {}


def _seen(
    exchanges: list[Interaction], bodies: list[tuple[Interaction, dict[str, Any]]]
) -> list[Began]:
    """Return the steps that polls saw, equal neighbours as one."""
    seen: list[Began] = []
    for each, body in bodies:
        step = parse.step_in(body)
        if step is None:
            continue
        at = each.at or 0.0
        until = at if each.end is None else each.end
        if seen and seen[-1].step == step:
            seen[-1] = replace(seen[-1], until=max(until, seen[-1].until))
        else:
            seen.append(Began(step, at, until, at + (each.took or 0.0)))
    if not seen and exchanges:
        first = exchanges[0]
        at = first.at or 0.0
        has_result = any(_operation(each) == "result" and _is_answered(each) for each in exchanges)
        if has_result or _operation(first) == "submit":
            step = Step(transitions.DONE if has_result else transitions.QUEUED)
            seen.append(Began(step, at, at, at + (first.took or 0.0)))
    return seen


def _script(steps: list[Step], starts: list[float]) -> Script:
    lengths = [round(after - before, DIGITS) for before, after in pairwise(starts)]
    timed = [
        replace(step, seconds=seconds)
        for step, seconds in zip(steps, [*lengths, None], strict=True)
    ]
    try:
        return Script(*timed)
    except ScriptError:
        return Script(*timed, legal=False)


def _ran(script: Script) -> float:
    """Return how many seconds a job of *script* has run when it ends."""
    ran, is_running = 0.0, False
    for step in script:
        is_running = is_running or step.status == transitions.RUNNING
        if step.is_final:
            break
        ran += (step.seconds or 0.0) if is_running else 0.0
    return round(ran, DIGITS)


def _measured(
    record: JobRecord, metrics: dict[str, Any], starts: list[tuple[Step, float]]
) -> dict[str, Any]:
    """Return the recorded *metrics* with the times of the script that was read."""
    created = seconds_since_1970(record.job.get("created"))
    if created is None:
        return metrics
    began = {step.status: timestamp(created + at) for step, at in reversed(starts)}
    finished = next((timestamp(created + at) for step, at in starts if step.is_final), None)
    return record.measured(
        created=str(record.job["created"]),
        running=began.get(transitions.RUNNING),
        finished=finished,
        seconds=record.ran,
    )


# --- facts and errors -----------------------------------------------------------------------------------


def _text(exchanges: list[Interaction], operation: str) -> str | None:
    answers = [each for each in exchanges if _operation(each) == operation and _is_answered(each)]
    return answers[-1].response.body.decode(errors="replace") if answers else None


def _interim(exchanges: list[Interaction]) -> tuple[str, ...]:
    answers = [each for each in exchanges if _operation(each) == "interim_results"]
    return texts_in(_parsed(each.response.body) for each in answers if _is_answered(each))


def _result(exchanges: list[Interaction], end: Step) -> str | None:
    text = _text(exchanges, "result")
    says_no_more = end.status == transitions.ERROR and text == (end.reason or "")
    return None if says_no_more else text


def _behaviour(exchanges: list[Interaction], script: Script) -> Behaviour:
    chosen: dict[str, Any] = {}
    last = {_operation(each): each.response.status for each in exchanges}
    if script.end.status == transitions.ERROR and last.get("result") == 204:
        chosen["failed_results"] = "none"
    if script.end.code is not None and script.end.reason is None:
        chosen["reason_code"] = "alone"
    if script.end.is_final and last.get("logs") == 404:
        chosen["empty_logs"] = 404
    return Behaviour.of(chosen)


def _faults(exchanges: list[Interaction], created_at: float, script: Script) -> Iterator[Fault]:
    """Yield the recorded errors as faults, each from the first answer with it to the next without.

    The first answer of all holds from the beginning on.
    """
    tracks: dict[Any, list[Interaction]] = {}
    for each in exchanges:
        if _operation(each) != "submit":
            tracks.setdefault(hashed(tree_of(each.request)), []).append(each)
    for track in tracks.values():
        for each, after in zip(track, [*track[1:], None], strict=True):
            if _is_error(each, script):
                is_first = each is track[0]
                since = 0.0 if is_first else max(0.0, round((each.at or 0.0) - created_at, DIGITS))
                until = None if after is None else round((after.at or 0.0) - created_at, DIGITS)
                if until is None or until > since:
                    yield _fault(each, since, until)


def _is_error(interaction: Interaction, script: Script) -> bool:
    """Return whether it is an error, and not the usual answer for a job in such a state."""
    status, operation = interaction.response.status, _operation(interaction)
    if interaction.response.failure is not None:
        return True
    usual = {("logs", 404), ("delete", 400)}
    if script.end.is_final:
        usual.add(("cancel", 409))
    return status >= 300 and (operation, status) not in usual


def _fault(interaction: Interaction, since: float, until: float | None) -> Fault:
    response = interaction.response
    on = _operation(interaction)
    if response.failure is not None:
        how = response.failure if response.failure in BREAKS else "closed"
        return faults.Drop(on=on, how=how, times=None, since=since, until=until)
    return faults.Status(
        code=response.status,
        body=response.body.decode(errors="replace"),
        retry_after=next(
            (value for name, value in response.headers.items() if name.lower() == "retry-after"),
            None,
        ),
        on=on,
        times=None,
        since=since,
        until=until,
    )
