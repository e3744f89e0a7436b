"""When a job was what, in a recording: from what its polls saw, and what the service's clock says.

When a job began to be something lies between two polls. The service's own timestamps say when, to the
microsecond: they are believed where what was seen allows them. They say it on the service's clock;
where that one's zero lies on the recording's is found from the polls, which saw each beginning after
one answer and before another. A recording whose times do not fit (its service had a clock of
its own) is taken by its own times.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

from qrtest.cassette.model import Interaction
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import Step
from qrtest.service.payload_template import seconds_since_1970

__all__ = ["DIGITS", "Began", "Sent", "Stamps", "beginnings", "program_time_of", "stamps_of"]

RESOLUTION: Final = 2e-6
"""Timestamps have microseconds: what was seen so near to one is when it was."""

DIGITS: Final = 9
NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Began:
    """When the job was seen to be in *step* first and last (*until*), in the recording's seconds.

    *answered*: when the first of these answers had come.
    """

    step: Step
    at: float
    until: float
    answered: float


@dataclass(frozen=True, slots=True)
class Sent:
    """When the job was submitted, and when the answer to that had come, in the recording's seconds."""

    at: float
    answered: float


@dataclass(frozen=True, slots=True)
class Stamps:
    """Seconds from the creation to the beginning of the run and to the end, by the service's clock."""

    running: float | None = None
    finished: float | None = None


def program_time_of(interactions: Iterable[Interaction]) -> Callable[[float], float]:
    """Return a function from seconds of the recording to the time of the program, by what was asked when.

    Between two requests it goes on evenly. Without such times it returns what it is given.

    >>> program_time_of([])(7.0)
    7.0
    """
    points = sorted(
        (at, program)
        for each in interactions
        for at, program in ((each.at, each.program), (each.end, each.program_end))
        if at is not None and program is not None
    )
    moments = [at for at, _ in points]
    programs = list(accumulate((program for _, program in points), max))

    def program_time(moment: float) -> float:
        after = bisect_right(moments, moment)
        if not points:
            return moment
        if after in (0, len(points)):
            nearest = min(after, len(points) - 1)
            return moment + programs[nearest] - moments[nearest]
        (start, end), (first, last) = (
            moments[after - 1 : after + 1],
            programs[after - 1 : after + 1],
        )
        return round(first + (last - first) * (moment - start) / (end - start), DIGITS)

    return program_time


def stamps_of(described: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> Stamps:
    """Return the times of a job by the service's own clock: from its metrics, else from its description.

    >>> stamps_of({"created": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:00:07.5Z"}, None)
    Stamps(running=None, finished=7.5)
    """
    stamped = (metrics or {}).get("timestamps")
    if isinstance(stamped, Mapping):
        created, running, finished = (
            seconds_since_1970(stamped.get(name)) for name in ("created", "running", "finished")
        )
    else:
        created, running, finished = (
            seconds_since_1970(described.get("created")),
            None,
            seconds_since_1970(described.get("ended")),
        )
    if created is None:
        return Stamps()
    ran_from, over_at = (
        None if at is None else round(at - created, 6) for at in (running, finished)
    )
    times = [at for at in (0.0, ran_from, over_at) if at is not None]
    return Stamps(ran_from, over_at) if times == sorted(times) else Stamps()


def beginnings(
    seen: list[Began], stamps: Stamps, submitted: Sent | None
) -> tuple[float, list[tuple[float, Began]]]:
    """Return when the job was created, in seconds of the recording, and its steps, each with its start."""
    created_at = _created_at(seen, stamps, submitted)
    if created_at is None:
        created_at, stamps = 0.0 if submitted is None else submitted.at, Stamps()
    starts: list[tuple[float, Began]] = []
    begun: set[str] = set()
    for each in _with_what_was_missed(seen, stamps):
        at = None if each.step.status in begun else _stamp_of(each.step, stamps)
        begun.add(each.step.status)
        observed = max(0.0, each.at - created_at)
        if at is None or (abs(at - observed) <= RESOLUTION and each.at > created_at):
            at = observed
        if not starts:
            at = 0.0
        starts.append((max(at, starts[-1][0] if starts else 0.0), each))
    return created_at, starts


def _created_at(seen: list[Began], stamps: Stamps, submitted: Sent | None) -> float | None:
    """Return when the job was created, in seconds of the recording; None if no time fits all answers."""
    earliest, latest, latest_answer = -NEVER, seen[0].at, seen[0].answered
    if submitted is not None:
        earliest, latest = submitted.at, min(latest, submitted.at)
        latest_answer = min(latest_answer, submitted.answered)
    for stamp, is_past in ((stamps.running, _has_run), (stamps.finished, _is_over)):
        if stamp is None:
            continue
        first = next((at for at, each in enumerate(seen) if is_past(each.step)), len(seen))
        before, after = seen[:first], seen[first:]
        if before:
            earliest = max(earliest, before[-1].until - stamp)
        if after:
            latest = min(latest, after[0].at - stamp)
            latest_answer = min(latest_answer, after[0].answered - stamp)
        elif is_past is _is_over:
            return None
    if stamps.running is None and stamps.finished is None:
        return None
    if latest >= earliest - RESOLUTION:
        return round(latest, DIGITS)
    return round(earliest, DIGITS) if latest_answer >= earliest else None


def _has_run(step: Step) -> bool:
    return step.status == transitions.RUNNING or step.is_final


def _is_over(step: Step) -> bool:
    return step.is_final


def _stamp_of(step: Step, stamps: Stamps) -> float | None:
    if step.status == transitions.RUNNING:
        return stamps.running
    return stamps.finished if step.is_final else None


def _with_what_was_missed(seen: list[Began], stamps: Stamps) -> list[Began]:
    """*seen*, and the queue and the run that no poll saw and the timestamps show."""
    whole = list(seen)
    statuses = [each.step.status for each in whole]
    if (
        stamps.running is not None
        and transitions.RUNNING not in statuses
        and whole[-1].step.is_final
    ):
        last = len(whole) - 1
        whole.insert(last, replace(whole[last], step=Step(transitions.RUNNING)))
    first = whole[0].step
    if stamps.running and first.status == transitions.RUNNING:
        whole.insert(0, replace(whole[0], step=Step(transitions.QUEUED)))
    elif stamps.running is None and stamps.finished and first.is_final:
        never_ran = first.status == transitions.CANCELLED
        status = transitions.QUEUED if never_ran else transitions.RUNNING
        whole.insert(0, replace(whole[0], step=Step(status)))
    return whole
