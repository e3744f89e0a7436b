"""Values to the service's JSON: the only place that writes its field names and its spelling of a status.

Sources: the REST API's published description (0.45.3), answers captured from the real service, and
what releases 0.26 to 0.51 of the client read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from qrtest.http.messages import Response
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import RAN_TOO_LONG, UNKNOWN, Step
from qrtest.service import api_versions
from qrtest.service.error_codes import explanation
from qrtest.service.job_facts import JobFacts

__all__ = [
    "devices",
    "empty",
    "error",
    "job",
    "job_state",
    "job_usage",
    "json_response",
    "metrics",
    "page",
    "submitted",
    "text_response",
    "timestamp",
    "whole_seconds",
]

WIRE_STATUS: Final = {
    transitions.INITIALIZING: "Queued",
    transitions.QUEUED: "Queued",
    transitions.RUNNING: "Running",
    transitions.DONE: "Completed",
    transitions.ERROR: "Failed",
    transitions.CANCELLED: "Cancelled",
}
USUAL_QISKIT: Final = "2.1.0"
"""The version of qiskit of a job whose client did not send one (the REST description's example)."""

USER_ID: Final = "IBMid-6960000QRT"
MORE_INFO: Final = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"
JSON: Final = {"Content-Type": "application/json"}
TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


_1970: Final = datetime(1970, 1, 1)


@lru_cache(maxsize=1024)
def timestamp(seconds_since_1970: float) -> str:
    """RFC 3339 in UTC with microseconds, trailing zeros trimmed, as the service writes it.

    >>> timestamp(1767225600.59163)
    '2026-01-01T00:00:00.59163Z'
    """
    moment = _1970 + timedelta(seconds=seconds_since_1970)
    return moment.isoformat(timespec="microseconds").rstrip("0").rstrip(".") + "Z"


def job_state(step: Step, reason_code: str = "number") -> dict[str, Any]:
    """Return the `state` of a job in *step*, in the service's own form.

    Ran too long is a Cancelled with code 1305; what does not apply is absent, not null. A failure with a code
    and no reason has those of the documentation. *reason_code*: the form of a code, as in `Behaviour`.

    >>> job_state(Step("ERROR", code=1500))["reason"]
    'Internal error.'
    """
    state: dict[str, Any] = {"status": _status_word(step)}
    reason, code, solution = step.reason, step.code, step.solution
    if code is not None and reason is None:
        reason, solution = explanation(code)
    if code is not None and reason_code == "alone":
        reason = solution = None
    if reason is not None:
        state["reason"] = reason
    if code is not None:
        state["reason_code"] = str(code) if reason_code == "text" else code
    if solution:
        state["reason_solution"] = solution
    return state


def _status_word(step: Step) -> str:
    if step.status == UNKNOWN:
        return str(step.says)
    if step.status == transitions.ERROR and step.code == RAN_TOO_LONG:
        return WIRE_STATUS[transitions.CANCELLED]
    return WIRE_STATUS[step.status]


def job(
    facts: JobFacts, state: dict[str, Any], *, usage: dict[str, Any] | None, with_params: bool
) -> dict[str, Any]:
    """Return the body of GET job, of its *state* by `job_state` and *usage* by `job_usage`.

    Absent fields are absent, not null.
    """
    body: dict[str, Any] = {"id": facts.job_id, "backend": facts.backend, "state": state}
    body["status"] = state["status"]
    if with_params:
        body["params"] = {} if facts.private else json.loads(facts.params)
    body["program"] = {"id": facts.program_id}
    body["user_id"] = USER_ID
    body["created"] = facts.created
    body["cost"] = facts.cost
    if facts.image:
        body["runtime"] = facts.image
    if facts.tags:
        body["tags"] = list(facts.tags)
    if facts.session_id:
        body["session_id"] = facts.session_id
    if facts.private:
        body["private"] = True
    if facts.calibration_id:
        body["calibration_id"] = facts.calibration_id
    if usage is not None:
        body["usage"] = usage
    if facts.estimated_seconds is not None:
        body["estimated_running_time_seconds"] = facts.estimated_seconds
    return body


def job_usage(version: str, seconds: float, *, complete: bool) -> dict[str, Any]:
    """Return the `usage` of a job that has run for *seconds*, in the form of the API *version*.

    >>> job_usage("2025-05-01", 1.5, complete=True), job_usage("2026-04-15", 1.5, complete=True)
    ({'seconds': 2}, {'qpu_charge_time_seconds': 2, 'status': 'complete'})
    """
    charged = whole_seconds(seconds)
    if version < api_versions.CHARGE_TIME:
        return {"seconds": charged}
    return {"qpu_charge_time_seconds": charged, "status": _completeness(complete)}


def whole_seconds(seconds: float) -> int:
    """Return *seconds* rounded up, but for the error of a difference of two times."""
    return math.ceil(round(seconds, 6))


def _completeness(complete: bool) -> str:
    return "complete" if complete else "pending"


def metrics(
    version: str,
    *,
    created: str,
    running: str | None,
    finished: str | None,
    seconds: float,
    complete: bool,
    client: str = "",
) -> dict[str, Any]:
    """Return the body of GET metrics in the form of the API *version*; *seconds* of QPU time.

    A moment that the job has not reached is left out. *client*: the header X-Qx-Client-Application of the
    submission.
    """
    charged = whole_seconds(seconds)
    moments = {"created": created, "running": running, "finished": finished}
    body: dict[str, Any] = {
        "timestamps": {name: moment for name, moment in moments.items() if moment is not None}
    }
    status = _completeness(complete)
    if version < api_versions.CHARGE_TIME:
        body["bss"] = {"seconds": charged}
        body["usage"] = {"quantum_seconds": charged, "seconds": charged, "status": status}
    else:
        body["usage"] = {"qpu_charge_time_seconds": charged, "status": status}
        if version >= api_versions.EXECUTION_TIME_BESIDE_USAGE:
            body["circuits_execution_time_ns"] = round(seconds * 1e9)
        else:
            body["usage"]["circuits_execution_time_ns"] = round(seconds * 1e9)
    return body | _client_of(version, client)


def _client_of(version: str, client: str) -> dict[str, str]:
    """Return what metrics say of the client that submitted a job.

    The REST description has a version of qiskit and, as caller, its name with it. In answers of before
    CHARGE_TIME (87 of client 0.47.0) these are the second and the third part of the client's header.
    """
    _, *parts = client.split("/")
    if version < api_versions.CHARGE_TIME and len(parts) > 1:
        return {"qiskit_version": parts[0], "caller": "/".join(parts[1:])}
    found = _QISKIT.search(client)
    qiskit = found[1] if found is not None else USUAL_QISKIT
    return {"qiskit_version": qiskit, "caller": f"qiskit/{qiskit}"}


_QISKIT: Final = re.compile(r"\bqiskit-(\d+(?:\.\d+)*)")


def page(jobs: Sequence[dict[str, Any]], *, count: int, limit: int, offset: int) -> dict[str, Any]:
    """Return the body of GET jobs."""
    return {"jobs": list(jobs), "count": count, "limit": limit, "offset": offset}


def json_response(body: object, status: int = 200) -> Response:
    """*body* as JSON."""
    return Response(status, json.dumps(body).encode(), JSON)


def text_response(body: str, status: int = 200) -> Response:
    """*body* as plain text, as results and logs are served."""
    return Response(status, body.encode(), TEXT)


def empty(status: int = 204) -> Response:
    """No body."""
    return Response(status)


def error(
    status: int,
    code: int,
    message: str,
    *,
    solution: str | None = None,
    trace: str,
    headers: Mapping[str, str] = JSON,
) -> Response:
    """Return the service's error body: a numeric code, a message, sometimes a solution, and a trace."""
    entry: dict[str, Any] = {"code": code, "message": message}
    if solution:
        entry["solution"] = solution
    entry["more_info"] = MORE_INFO
    return Response(status, json.dumps({"errors": [entry], "trace": trace}).encode(), headers)


def devices(
    names: Sequence[str], version: str, describe: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the body of GET backends: names, or objects from API version 2025-01-01 on."""
    if version < api_versions.BACKENDS_AS_OBJECTS:
        return {"devices": list(names)}
    return {"devices": [{"name": name, **describe[name]} for name in names]}


def submitted(facts: JobFacts) -> dict[str, Any]:
    """Return the body of the answer to POST jobs."""
    body: dict[str, Any] = {"id": facts.job_id, "backend": facts.backend}
    if facts.session_id:
        body["session_id"] = facts.session_id
    if facts.private:
        body["private"] = True
    if facts.calibration_id:
        body["calibration_id"] = facts.calibration_id
    return body
