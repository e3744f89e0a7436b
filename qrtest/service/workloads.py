"""GET /workloads: jobs, sessions and batches in one list, filtered, ordered and page by page.

Source: the REST description (0.45.3). Assumed: a job of a session or batch is part of its entry, and has none
of its own; a closed session is completed; a cursor is opaque.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from qrtest.http.messages import Request, Response
from qrtest.lifecycle import transitions
from qrtest.service import api_versions, error_responses, serialize
from qrtest.service.accounts import scheme_of
from qrtest.service.ask import Ask
from qrtest.service.job_list import EARLIEST, LATEST, moment_of
from qrtest.service.jobs import SimulatedJob
from qrtest.service.sessions import SimulatedSession

__all__ = ["LARGEST_PAGE", "WORKLOAD_MODES", "WORKLOAD_STATUSES", "answer"]

USUAL: Final = 10
LARGEST_PAGE: Final = 50
WORKLOAD_MODES: Final = ("job", "session", "batch")
WORKLOAD_STATUSES: Final = ("completed", "canceled", "failed", "pending", "in_progress")
SORTS: Final = ("createdAt", "-createdAt")
OF_A_JOB: Final = {
    transitions.QUEUED: "pending",
    transitions.RUNNING: "in_progress",
    transitions.DONE: "completed",
    transitions.ERROR: "failed",
    transitions.CANCELLED: "canceled",
}
OF_A_SESSION: Final = {"open": "pending", "closed": "completed"}
"""All other states are in progress, of sessions and of jobs."""

Entry = dict[str, Any]


def answer(
    ask: Ask, jobs: Iterable[SimulatedJob], sessions: Iterable[SimulatedSession]
) -> Response:
    """Return the page that *ask* asks for, of those of *jobs* and *sessions* that are of its instance."""
    request, version, now = ask.request, ask.version, ask.now
    wanted = Wanted(request)
    mine = [job for job in jobs if job.crn == ask.crn]
    entries = [
        _of_session(each, mine, version, now) for each in sessions if each.facts.crn == ask.crn
    ]
    entries += [_of_job(job, version, now) for job in mine if job.facts.session_id is None]
    found = wanted.selected(entries)
    limit, start = wanted.limit, _start(request, found)
    body: dict[str, Any] = {
        "workloads": found[start : start + limit],
        "total_count": len(found),
        "limit": limit,
    }
    if start:
        body["previous"] = _link(request, "previous", found[max(0, start - limit)])
    if start + limit < len(found):
        body["next"] = _link(request, "next", found[start + limit])
    return serialize.json_response(body)


def _of_job(job: SimulatedJob, version: str, now: float) -> Entry:
    shown = job.describe(now, version, with_params=False)
    facts, state = job.facts, shown["state"]
    entry = {
        "id": facts.job_id,
        "created": facts.created,
        "backend": facts.backend,
        "instance": job.crn,
        "user_id": serialize.USER_ID,
        "accepting_jobs": None,
        "mode": "job",
        "status": OF_A_JOB.get(job.cursor.step.status, "in_progress"),
        "tags": list(facts.tags),
    }
    if "reason" in state:
        entry["status_reason"] = state["reason"]
    if "estimated_running_time_seconds" in shown:
        entry["estimated_running_time_seconds"] = shown["estimated_running_time_seconds"]
    ended = job.moment(job.cursor.ended)
    if ended is not None:
        entry |= {"ended": ended, **_usage(version, job.charged_seconds(now))}
    return entry


def _of_session(
    session: SimulatedSession, jobs: Sequence[SimulatedJob], version: str, now: float
) -> Entry:
    shown, facts = session.describe(now), session.facts
    mine = [job for job in jobs if job.facts.session_id == facts.session_id]
    entry = {
        "id": facts.session_id,
        "created": shown["started_at"],
        "backend": facts.backend,
        "instance": facts.crn,
        "user_id": serialize.USER_ID,
        "accepting_jobs": shown["accepting_jobs"],
        "mode": "batch" if facts.mode == "batch" else "session",
        "status": OF_A_SESSION.get(shown["state"], "in_progress"),
        "tags": sorted({tag for job in mine for tag in job.facts.tags}),
    }
    if "closed_at" in shown:
        used = sum(job.charged_seconds(now) for job in mine)
        entry |= {"ended": shown["closed_at"], **_usage(version, used)}
    return entry


def _usage(version: str, seconds: float) -> dict[str, Any]:
    charged = serialize.whole_seconds(seconds)
    if version < api_versions.CHARGE_TIME:
        return {"usage_seconds": charged}
    return {"usage_seconds": charged, "usage": {"qpu_charge_time_seconds": charged}}


class Wanted:
    """The filters, the order and the page that a query asks for; `RequestError` for what it cannot mean."""

    def __init__(self, request: Request) -> None:
        self.limit = _limit(request)
        self.newest_first = _choice(request, "sort", SORTS) == "-createdAt"
        _choice(request, "user", ("me",))
        self._mode = _choice(request, "mode", WORKLOAD_MODES)
        self._backend = request.parameter("backend")
        self._search = (request.parameter("search") or "").lower()
        self._statuses = [
            _checked("status", each, WORKLOAD_STATUSES) for each in _listed(request, "status")
        ]
        self._tags = set(_listed(request, "tags"))
        self._after = moment_of(request.parameter("created_after") or EARLIEST)
        self._before = moment_of(request.parameter("created_before") or LATEST)

    def selected(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return those of *entries* that pass the filters, in order."""
        found = [entry for entry in entries if self._passes(entry)]
        return sorted(
            found, key=lambda entry: moment_of(entry["created"]), reverse=self.newest_first
        )

    def _passes(self, entry: Entry) -> bool:
        return (
            self._backend in (None, entry["backend"])
            and self._mode in (None, entry["mode"])
            and (not self._statuses or entry["status"] in self._statuses)
            and self._tags <= set(entry["tags"])
            and any(self._search in text.lower() for text in (entry["id"], *entry["tags"]))
            and self._after <= moment_of(entry["created"]) <= self._before
        )


def _listed(request: Request, name: str) -> Iterator[str]:
    """Yield the values of a parameter that is repeated, or a list with commas."""
    for value in request.parameters.get(name, ()):
        yield from filter(None, value.split(","))


def _choice(request: Request, name: str, known: Sequence[str]) -> str | None:
    value = request.parameter(name)
    return None if value is None else _checked(name, value, known)


def _checked(name: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise error_responses.body_invalid(f"{name} must be one of {', '.join(known)}")
    return value


def _limit(request: Request) -> int:
    text = request.parameter("limit") or str(USUAL)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise error_responses.body_invalid(f"limit must be a number from 1 to {LARGEST_PAGE}")
    return int(text)


def _start(request: Request, found: Sequence[Entry]) -> int:
    """Return where the page begins that a cursor names: at the workload with its id."""
    cursor = request.parameter("next") or request.parameter("previous")
    if cursor is None:
        return 0
    for number, entry in enumerate(found):
        if entry["id"] == cursor:
            return number
    raise error_responses.body_invalid(f"{cursor!r} is no cursor of this list")


def _link(request: Request, name: str, entry: Entry) -> dict[str, str]:
    kept = [
        (key, value)
        for key, values in request.parameters.items()
        for value in values
        if key not in ("next", "previous")
    ]
    query = urlencode([*kept, (name, entry["id"])])
    return {"href": f"{scheme_of(request)}://{request.host}{request.path}?{query}"}
