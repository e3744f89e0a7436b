"""GET /analytics/...: the QPU time of jobs, filtered and summed. Figures are milliseconds.

Sources: the REST description (0.45.3) and its generated clients for parameters; the client qauvern for the
unit and for `data`, `interval_start` and `usage` of the figures by date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from qrtest.http.messages import Request, Response
from qrtest.service import error_responses, serialize
from qrtest.service.instances import Instance
from qrtest.service.jobs import SimulatedJob

__all__ = ["answer"]

DAY: Final = 86_400
LONGEST_DAYS: Final = 366
GROUPS: Final = ("instance", "backend", "plan", "user_id")


class Run(NamedTuple):
    """The time of one job on a QPU, in seconds since 1970, and what it can be filtered by."""

    start: float
    end: float
    instance: str
    backend: str
    plan: str
    user_id: str

    def within(self, start: float, end: float) -> float:
        """Return the seconds between *start* and *end*."""
        return max(0.0, min(self.end, end) - max(self.start, start))


def answer(
    action: str,
    request: Request,
    jobs: Iterable[SimulatedJob],
    instances: Sequence[Instance],
    *,
    epoch: float,
    now: float,
) -> Response:
    """Return the answer to GET /analytics/{action}."""
    runs = [run for run in _runs(jobs, instances, epoch, now) if _is_selected(run, request)]
    if action == "filters":
        return serialize.json_response(_filters(runs, instances))
    start = _moment(request, "interval_start", epoch)
    end = _moment(request, "interval_end", epoch + now)
    if action == "usage":
        return serialize.json_response({"usage": _milliseconds(runs, start, end)})
    group = request.parameter("group_by")
    if group not in GROUPS:
        raise error_responses.body_invalid(f"group_by must be one of {', '.join(GROUPS)}")
    values = sorted({str(getattr(run, group)) for run in runs})
    data = []
    for since, until in _days(start, end) if action.endswith("by_date") else [(start, end)]:
        for value in values:
            of_group = [run for run in runs if getattr(run, group) == value]
            entry: dict[str, Any] = {
                "group": value,
                "usage": _milliseconds(of_group, max(since, start), min(until, end)),
            }
            if action.endswith("by_date"):
                entry["interval_start"] = serialize.timestamp(since)
            data.append(entry)
    return serialize.json_response({"data": data})


def _runs(
    jobs: Iterable[SimulatedJob], instances: Sequence[Instance], epoch: float, now: float
) -> Iterator[Run]:
    plans = {each.resource_name: each.plan for each in instances}
    for job in jobs:
        seconds = job.charged_seconds(now)
        if seconds:
            end = epoch + (now if job.cursor.ended is None else job.cursor.ended)
            plan = plans.get(job.crn, "")
            yield Run(end - seconds, end, job.crn, job.facts.backend, plan, serialize.USER_ID)


def _is_selected(run: Run, request: Request) -> bool:
    asked = request.parameters
    return all(str(getattr(run, name)) in asked.get(name, (getattr(run, name),)) for name in GROUPS)


def _filters(runs: Sequence[Run], instances: Sequence[Instance]) -> dict[str, Any]:
    return {
        "backends": [{"name": name} for name in sorted({run.backend for run in runs})],
        "instances": [{"id": each.resource_name, "deleted": False} for each in instances],
        "users": [{"id": serialize.USER_ID}],
        "plans": [{"name": name} for name in sorted({each.plan for each in instances})],
        "subscriptions": [],
    }


def _milliseconds(runs: Iterable[Run], start: float, end: float) -> int:
    return round(1000 * sum(run.within(start, end) for run in runs))


def _days(start: float, end: float) -> Iterator[tuple[float, float]]:
    """Yield the days in UTC that the interval touches, as begin and end. Raises for more than a year."""
    if end - start > LONGEST_DAYS * DAY:
        raise error_responses.body_invalid(f"the interval is longer than {LONGEST_DAYS} days")
    day = start // DAY * DAY
    while day < end:
        yield day, day + DAY
        day += DAY


def _moment(request: Request, name: str, default: float) -> float:
    text = request.parameter(name)
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        raise error_responses.body_invalid(f"{name} must be a time in RFC 3339") from None
