"""What recorded payloads tell: the facts of jobs and accounts, read back from the service's JSON.

The other direction of `payloads`, for answers that were not made here: nothing in them is certain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from qrtest.http.messages import Response
from qrtest.service.serialize import UNREADABLE, JobFacts

__all__ = [
    "REQUIRED",
    "access_token",
    "described_job",
    "device",
    "first_instance",
    "job_in",
    "missing",
    "named",
    "submitted_job",
]

UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "poll": ("id", "created", "program", "state", "status", "cost"),
    "submit": ("id", "backend"),
    "list": ("jobs", "count", "limit", "offset"),
    "metrics": ("timestamps",),
    "backends": ("devices",),
    "search": ("items",),
}
"""The fields that the REST API's description requires in an answer with status 200."""


def described_job(body: bytes) -> JobFacts | None:
    """The facts of the job that the body of GET job describes; None when it is no such body.

    >>> described_job(b'{"id": "j", "backend": "ibm_torino"}').backend
    'ibm_torino'
    """
    try:
        return job_in(json.loads(body))
    except UNREADABLE:
        return None


def job_in(body: Mapping[str, Any]) -> JobFacts | None:
    """The facts of the job that the *body* of GET job, parsed, describes; None when it is no such body.

    >>> job_in({"id": "j", "tags": ["a"]}).tags
    ('a',)
    """
    try:
        return _facts(body)
    except UNREADABLE:
        return None


def submitted_job(asked: bytes, answered: bytes) -> JobFacts | None:
    """The facts of the job that was submitted; None when it was not."""
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
    """The required fields that the *body* of an answer to *operation* lacks.

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
    """The id that the answer to a submission, of a job or a session, gives what was made.

    >>> named(b'{"id": "j"}'), named(b'{"id": 7}'), named(b"<html>")
    ('j', None, None)
    """
    try:
        made = json.loads(body)["id"]
    except UNREADABLE:
        return None
    return made if isinstance(made, str) else None


def first_instance(body: bytes) -> str | None:
    """The CRN of the first instance in the answer to a search.

    >>> first_instance(b'{"items": [{"crn": "crn:v1:one"}, {"crn": "crn:v1:other"}]}')
    'crn:v1:one'
    """
    try:
        crn = json.loads(body)["items"][0]["crn"]
    except UNREADABLE:
        return None
    return crn if isinstance(crn, str) else None


def access_token(response: Response) -> str:
    """The token in the answer of a token exchange."""
    return str(json.loads(response.body)["access_token"])


def device(described: bytes | None) -> dict[str, Any]:
    """A backend as GET backends lists it, from its description, or the little that is always said."""
    if described is None:
        return {"status": {"name": "online", "reason": "available"}, "queue_length": 0}
    found: dict[str, Any] = json.loads(described)
    return found
