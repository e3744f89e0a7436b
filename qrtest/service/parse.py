"""The service's JSON read back: steps, facts of jobs and accounts.

The other direction of `serialize`, for bodies that were not made here: any field may be missing or of
another type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qrtest.http.messages import Response
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import RAN_TOO_LONG, REASON_CODES, UNKNOWN, Step, cancelled, failed
from qrtest.service import error_responses
from qrtest.service.job_facts import JobFacts
from qrtest.service.serialize import WIRE_STATUS

__all__ = [
    "REQUIRED",
    "UNREADABLE",
    "JobRead",
    "access_token",
    "described_job",
    "device",
    "instance_names",
    "instances",
    "is_final",
    "job_in",
    "json_object",
    "missing",
    "named",
    "read_job",
    "read_state",
    "step_in",
    "step_of",
    "submitted_job",
    "tags_of",
]

UNREADABLE: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What reading a body raises that is no JSON, or other JSON than it should be."""

UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "poll": ("id", "created", "program", "state", "status"),
    "submit": ("id", "backend"),
    "list": ("jobs", "count"),
    "metrics": ("timestamps",),
    "backends": ("devices",),
    "search": ("items",),
}
"""The fields that the REST API's description requires in an answer with status 200, and clients read.

It requires `cost` of a job, `limit` and `offset` of a list, too; other servers of this API leave them out.
"""


@dataclass(frozen=True, slots=True)
class JobRead:
    """The status sequence and inputs of a job, as far as a GET job shows them."""

    steps: tuple[Step, ...]
    program_id: str
    params: Any
    tags: tuple[str, ...]


def read_job(body: Mapping[str, Any]) -> JobRead:
    """Read the body of GET job, of this service or the classic one.

    Raises one of UNREADABLE for a body that is none.
    """
    final = read_state(body["state"])
    steps = [final]
    created, ended = body.get("created"), body.get("ended")
    if created and ended and final.is_final:
        took = datetime.fromisoformat(ended) - datetime.fromisoformat(created)
        steps.insert(0, Step(transitions.RUNNING, max(0.0, round(took.total_seconds(), 6))))
    program = body.get("program") or {}
    return JobRead(
        tuple(steps),
        str(program.get("id", "sampler")),
        body.get("params"),
        tuple(body.get("tags") or ()),
    )


def read_state(state: Mapping[str, Any]) -> Step:
    """Return the step of the `state` of a job; the other direction of `serialize.job_state`.

    Raises one of UNREADABLE for a state that is none.

    >>> read_state({"status": "Cancelled", "reason": "Ran too long", "reason_code": 1305})
    ran_too_long()
    """
    word = str(state["status"])
    if not word:
        raise ValueError("the status is empty")
    reason = _text_in(state, "reason")
    code = _code_in(state)
    name = _NAMES.get(word.lower())
    if name is None:
        return Step(UNKNOWN, says=word)
    if name == transitions.ERROR or (name == transitions.CANCELLED and code == RAN_TOO_LONG):
        return failed(reason, code, _text_in(state, "reason_solution") if reason else None)
    return cancelled(reason) if name == transitions.CANCELLED else Step(name)


_NAMES: Final = {
    word.lower(): name for name, word in WIRE_STATUS.items() if name != transitions.INITIALIZING
}


def _text_in(state: Mapping[str, Any], name: str) -> str | None:
    value = state.get(name)
    return str(value) if value else None


def _code_in(state: Mapping[str, Any]) -> int | None:
    """Return the error code; one that the service does not have is none."""
    code = int(str(state.get("reason_code") or state.get("reasonCode") or 0))
    return code if code in REASON_CODES else None


def step_of(body: bytes) -> Step | None:
    """Return the step in the *body* of GET job; None if there is none.

    >>> step_of(b'{"state": {"status": "Completed"}}')
    done()
    """
    try:
        return step_in(json.loads(body))
    except UNREADABLE:
        return None


def step_in(body: Mapping[str, Any]) -> Step | None:
    """Return the step in the *body* of GET job, parsed; None if there is none."""
    try:
        return read_state(body["state"])
    except UNREADABLE:
        return None


def is_final(response: Response) -> bool:
    """Return whether *response* says that a job has ended.

    >>> is_final(Response(200, b'{"state": {"status": "Completed"}}'))
    True
    """
    step = step_of(response.body)
    return step is not None and step.is_final


def described_job(body: bytes) -> JobFacts | None:
    """Return the facts in the *body* of GET job; None when it is no such body.

    >>> described_job(b'{"id": "j", "backend": "ibm_torino"}').backend
    'ibm_torino'
    """
    try:
        return job_in(json.loads(body))
    except UNREADABLE:
        return None


def job_in(body: Mapping[str, Any]) -> JobFacts | None:
    """Return the facts in the *body* of GET job, parsed; None when it is no such body.

    >>> job_in({"id": "j", "tags": ["a"]}).tags
    ('a',)
    """
    try:
        return _facts(body)
    except UNREADABLE:
        return None


def submitted_job(asked: bytes, answered: bytes) -> JobFacts | None:
    """Return the facts of the job that was submitted; None when it was not."""
    try:
        wanted, made = json.loads(asked), json.loads(answered)
        return _facts({**wanted, **made, "program": {"id": wanted["program_id"]}})
    except UNREADABLE:
        return None


def _facts(body: Mapping[str, Any]) -> JobFacts:
    program = body.get("program") or {}
    return JobFacts(
        job_id=str(body["id"]),
        created=str(body.get("created") or UNKNOWN_TIME),
        backend=str(body.get("backend") or ""),
        program_id=str(program.get("id", "sampler")),
        tags=tuple(map(str, body.get("tags") or ())),
        session_id=body.get("session_id") or None,
        image=str(body.get("runtime") or ""),
        private=bool(body.get("private")),
        cost=int(body.get("cost") or 0),
        estimated_seconds=body.get("estimated_running_time_seconds"),
    )


def missing(operation: str, body: bytes) -> tuple[str, ...]:
    """Return the required fields that the *body* of an answer to *operation* lacks.

    >>> missing("submit", b'{"id": "j"}')
    ('backend',)
    """
    try:
        found = json.loads(body)
    except UNREADABLE:
        return ("(JSON)",) if operation in REQUIRED else ()
    names = REQUIRED.get(operation, ())
    return tuple(name for name in names if not isinstance(found, dict) or name not in found)


def named(body: bytes) -> str | None:
    """Return the id of the job or session that was created, from the answer to its submission.

    >>> named(b'{"id": "j"}'), named(b'{"id": 7}'), named(b"<html>")
    ('j', None, None)
    """
    try:
        made = json.loads(body)["id"]
    except UNREADABLE:
        return None
    return made if isinstance(made, str) else None


def instances(body: bytes) -> list[str]:
    """Return the CRNs of the instances in the answer to a search.

    >>> instances(b'{"items": [{"crn": "crn:v1:one"}, {"crn": "crn:v1:other"}]}')
    ['crn:v1:one', 'crn:v1:other']
    """
    try:
        found = [each["crn"] for each in json.loads(body)["items"]]
    except UNREADABLE:
        return []
    return [crn for crn in found if isinstance(crn, str)]


def instance_names(body: bytes) -> dict[str, str]:
    """Return the names of the instances in the answer to a search, by their CRNs.

    >>> instance_names(b'{"items": [{"crn": "crn:v1:one", "name": "team"}, {"crn": "crn:v1:other"}]}')
    {'crn:v1:one': 'team'}
    """
    try:
        found = {each["crn"]: each.get("name") for each in json.loads(body)["items"]}
    except UNREADABLE:
        return {}
    return {crn: name for crn, name in found.items() if isinstance(name, str)}


def access_token(response: Response) -> str:
    """Return the token in the answer of a token exchange."""
    return str(json.loads(response.body)["access_token"])


def device(described: bytes | None) -> dict[str, Any]:
    """Return a backend as GET backends lists it, from its description, or the fields that it always has."""
    if described is None:
        return {"status": {"name": "online", "reason": "available"}, "queue_length": 0}
    found: dict[str, Any] = json.loads(described)
    return found


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the *body* of a request. Raises `RequestError` for anything else.

    >>> json_object(b'{"a": 1}')
    {'a': 1}
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise error_responses.body_invalid("the body is not JSON") from None
    if not isinstance(value, dict):
        raise error_responses.body_invalid("the body is not a JSON object")
    return value


def tags_of(body: bytes) -> tuple[str, ...] | None:
    """Return the tags in the body of PUT tags; None if it is not one."""
    try:
        tags = json.loads(body)["tags"]
    except UNREADABLE:
        return None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return None
    return tuple(tags)
