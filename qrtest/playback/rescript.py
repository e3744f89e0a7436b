"""A job and its scenario as the interactions that a recording of it would hold.

The other direction of `recorded_jobs`. A simulated job gives the answers; this module knows when a client
asks: at every change, then at regular intervals, and for what it asked when it was recorded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.errors import ScenarioError
from qrtest.faults import Drop, Fault, Status
from qrtest.faults.injection import FaultyService
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OF_A_JOB
from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.playback.recorded_jobs import RecordedJob, jobs_in, of_the_job, simulated
from qrtest.service import api_versions
from qrtest.service.job_operations import respond
from qrtest.service.jobs import SimulatedJob

__all__ = ["SCRIPTED", "recording_of", "rescripted", "shifted"]

SCRIPTED: Final = "scripted"
"""The `service` that such a cassette names."""

BASE: Final = "https://quantum.cloud.ibm.com/api/v1"
USUAL_SECONDS: Final = 1.0
"""From one poll to the next."""

TOOK_SECONDS: Final = 0.05
SHORTEST_SECONDS: Final = 0.001
NUDGE: Final = 1e-9
"""A change at a time is there at that time, however sums of seconds are rounded."""

DIGITS: Final = 9
CHANGES: Final = ("POST", "PUT", "DELETE", "PATCH")


def recording_of(job: RecordedJob) -> Cassette:
    """Return a cassette that holds *job* and nothing else.

    Raises `ScenarioError` for faults that a recording cannot hold: those which are not errors between
    two moments.
    """
    path = f"/jobs/{job.job_id}"
    asked = [_asks(f"{path}?exclude_params=true", 0.0)]
    if job.scenario.params:
        asked.append(_asks(path, 0.0))
    end = _end(job)
    if job.record.metrics is not None:
        asked.append(_asks(f"{path}/metrics", _changes_of(job)[-1][0] if end is None else end))
    if interim := sum(len(step.interim) for step in job.scenario.script):
        last, _ = _changes_of(job)[-1]
        asked.append(_asks(f"{path}/interim_results", last + interim if end is None else end))
    if end is not None:
        if job.scenario.result is not None or job.scenario.script.end.status != transitions.DONE:
            asked.append(_asks(f"{path}/results", end))
        if job.record.logs is not None or job.scenario.behaviour.empty_logs == 404:
            asked.append(_asks(f"{path}/logs", end))
    return Cassette(_in_order(_exchanges(asked, None, job)), Provenance(service=SCRIPTED))


def rescripted(cassette: Cassette, job: RecordedJob) -> Cassette:
    """Return *cassette* with *job* in place of the recorded one; what followed its end follows the new end.

    Raises `ScenarioError` as `recording_of`.
    """
    cassette = _in_recorded_time(cassette)
    before = jobs_in(cassette)[job.job_id]
    old_end, new_end = _end(before), _end(job)
    about = [each for each in cassette.interactions if of_the_job(each.request, job.job_id)]
    rest = [each for each in cassette.interactions if not of_the_job(each.request, job.job_id)]
    later = 0.0 if old_end is None or new_end is None else new_end - old_end
    moved = [_moved(each, later) if _is_after(each, old_end) else each for each in rest]
    provenance = replace(cassette.provenance or Provenance(), service=SCRIPTED)
    return Cassette(_in_order([*moved, *_exchanges(about, before, job)]), provenance)


# --- when a client asks what ---------------------------------------------------------------------------


def _in_recorded_time(cassette: Cassette) -> Cassette:
    """Return *cassette* without the time of the program, which waits for another script otherwise."""
    interactions = (
        replace(each, program=None, program_until=None) for each in cassette.interactions
    )
    return replace(cassette, interactions=tuple(interactions))


def _asks(path: str, at: float) -> Interaction:
    request = Request.to("GET", BASE + path, headers={api_versions.HEADER: api_versions.newest()})
    return Interaction(request=request, response=Response(204), at=at, took=TOOK_SECONDS)


def _in_order(exchanges: Iterable[Interaction]) -> tuple[Interaction, ...]:
    return tuple(sorted(exchanges, key=lambda each: each.at or 0.0))


def _end(job: RecordedJob) -> float | None:
    """Return when the job ends, in seconds of the recording; None if it does not."""
    lasts = job.scenario.script.seconds
    return None if lasts is None else round(job.created_at + lasts, DIGITS)


def _is_after(each: Interaction, end: float | None) -> bool:
    return end is not None and each.at is not None and each.at >= end


def _moved(each: Interaction, by: float) -> Interaction:
    assert each.at is not None
    until = None if each.until is None else round(each.until + by, DIGITS)
    return replace(each, at=round(each.at + by, DIGITS), until=until)


def _exchanges(
    asked: Sequence[Interaction], before: RecordedJob | None, job: RecordedJob
) -> Iterator[Interaction]:
    """Yield the answers to a client that asked *asked* about the job as it was *before*."""
    _refuse_what_no_recording_holds(job.scenario.faults)
    tracks: dict[tuple[str, str, str], list[Interaction]] = {}
    for each in asked:
        key = (each.request.method, each.request.path, each.request.query)
        tracks.setdefault(key, []).append(each)
    polls = [track for track in tracks.values() if _operation(track[0]) == "poll"]
    usual = [_asks(f"/jobs/{job.job_id}?exclude_params=true", 0.0)]
    main = max(polls, key=lambda track: sum(each.repeat for each in track), default=usual)
    yield from _polls(main, job)
    others = [track for track in tracks.values() if track is not main]
    end = _end(job)
    has_result = job.scenario.script.end.status in (transitions.DONE, transitions.ERROR)
    if (
        end is not None
        and has_result
        and not any(_operation(each[0]) == "result" for each in others)
    ):
        yield from _questions([_asks_for_the_result(main[0], end)], None, job)
    for track in others:
        changes = track[0].request.method in CHANGES
        yield from (_changes if changes else _questions)(track, before, job)


def _operation(interaction: Interaction) -> str:
    where = interaction.request.route
    return "" if where is None else where.operation


def _asks_for_the_result(poll: Interaction, at: float) -> Interaction:
    request = replace(poll.request, path=f"{poll.request.path}/results", query="")
    return replace(poll, request=request, at=at, repeat=1, until=None)


def _polls(track: Sequence[Interaction], job: RecordedJob) -> Iterator[Interaction]:
    """Yield a poll at every change, and at regular intervals in between."""
    every = _cadence(track)
    answered: list[tuple[float, int, Response]] = []
    for at, number in _changes_of(job):
        response = _answer(track[0].request, _cut(job, number), at)
        if not (answered and _is_error(response) and answered[-1][2] == response):
            answered.append((at, number, response))
    for (at, number, response), then in zip(
        answered, [*(at for at, *_ in answered[1:]), None], strict=True
    ):
        once = then is None or job.scenario.script.steps[number].is_final or _is_error(response)
        times = 1 if once or then is None else max(1, math.ceil((then - at) / every - NUDGE))
        yield replace(
            track[0],
            response=response,
            at=at,
            repeat=times,
            until=None if times == 1 else round(at + every * (times - 1), DIGITS),
        )


def _cadence(track: Sequence[Interaction]) -> float:
    """Return the seconds between two polls of *track*."""
    gaps = [
        (each.until - each.at) / (each.repeat - 1)
        for each in track
        if each.repeat > 1 and each.until is not None and each.at is not None
    ]
    return max(median(gaps), SHORTEST_SECONDS) if gaps else USUAL_SECONDS


def _changes_of(job: RecordedJob) -> list[tuple[float, int]]:
    """Return when the answer to a poll changes, from the recording's beginning on, and the step by then."""
    starts = [job.created_at]
    for step in job.scenario.script.steps[:-1]:
        starts.append(round(starts[-1] + (step.seconds or 0.0), DIGITS))
    first = max(sum(at < 0 for at in starts) - 1, 0)
    changes = [(max(at, 0.0), number) for number, at in enumerate(starts)][first:]
    for edge in _edges(job, "poll"):
        number = sum(at <= edge for at in starts) - 1
        changes.append((edge, max(number, first)))
    return sorted(dict.fromkeys(changes))


def _edges(job: RecordedJob, operation: str) -> list[float]:
    """Return when an error begins or ends."""
    moments = [
        moment
        for fault in job.scenario.faults
        if fault.on == operation
        for moment in (fault.since, fault.until)
        if moment is not None
    ]
    return [round(max(job.created_at + moment, 0.0), DIGITS) for moment in moments]


def _cut(job: RecordedJob, number: int) -> RecordedJob:
    """Return *job* with a script that stays in its step *number* for ever."""
    whole = job.scenario.script
    *steps, last = whole.steps[: number + 1]
    script = Script(*steps, replace(last, seconds=None), legal=whole.legal)
    return replace(job, scenario=replace(job.scenario, script=script))


def _answer(request: Request, job: RecordedJob, at: float) -> Response:
    """Return the answer to *request* at the time *at*: the job's, or the error of that moment."""
    moment = _Moment(simulated(job), at + NUDGE)
    service = FaultyService(moment, moment)
    service.add(shifted(job.scenario.faults, job.created_at), job_id=job.job_id)
    return replace(service.handle(request), struck=(), delay=0.0)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A job at one moment: a service whose time stands still."""

    job: SimulatedJob
    at: float

    def now(self) -> float:
        """Return the moment."""
        return self.at

    def handle(self, request: Request) -> Response:
        """Return the answer of the job."""
        return respond(self.job, request, self.at)


def shifted(plan: Sequence[Fault], by: float) -> tuple[Fault, ...]:
    """Return *plan* moved *by* seconds; what is over before 0 is left out.

    >>> shifted([Drop(on="poll", since=1.0, until=2.0)], 0.5)
    (faults.drop(on='poll', since='1.5s', until='2.5s'),)
    """
    later = [
        (fault, fault.since + by, None if fault.until is None else fault.until + by)
        for fault in plan
    ]
    return tuple(
        replace(
            fault,
            since=round(max(since, 0.0), DIGITS),
            until=None if until is None else round(until, DIGITS),
        )
        for fault, since, until in later
        if until is None or until > max(since, 0.0)
    )


def _is_error(response: Response) -> bool:
    return response.failure is not None or response.status >= 300


def _questions(
    track: Sequence[Interaction], before: RecordedJob | None, job: RecordedJob
) -> Iterator[Interaction]:
    """Yield what was asked in between and after the end, and once more at every change of an error."""
    asked = [each for each in track if not _is_error(each.response)] or track
    moments = [_when(each.at or 0.0, before, job) for each in asked]
    edges = _edges(job, _operation(track[0]))
    for at in sorted({moment for moment in (*moments, *edges) if moment is not None}):
        response = _answer(track[0].request, job, at)
        yield replace(track[0], response=response, at=at, repeat=1, until=None)


def _changes(
    track: Sequence[Interaction], before: RecordedJob | None, job: RecordedJob
) -> Iterator[Interaction]:
    """Yield what changed the job, as it was answered; a cancel belongs to a job that ends cancelled."""
    for each in track:
        at = _when(each.at or 0.0, before, job)
        if _operation(each) == "cancel":
            at = None
            if job.scenario.script.end.status == transitions.CANCELLED and before is not None:
                lead = (_end(before) or 0.0) - (each.at or 0.0)
                at = max(0.0, round((_end(job) or 0.0) - lead, DIGITS))
        if at is not None:
            yield replace(each, at=at, until=None, repeat=1)


def _when(at: float, before: RecordedJob | None, job: RecordedJob) -> float | None:
    """Return when something is asked that was asked at *at*; None if that never comes."""
    old_end = None if before is None else _end(before)
    if old_end is None or at < old_end:
        return at
    new_end = _end(job)
    return None if new_end is None else round(new_end + at - old_end, DIGITS)


def _refuse_what_no_recording_holds(plan: Sequence[Fault]) -> None:
    for fault in plan:
        is_error = isinstance(fault, (Status, Drop)) and not getattr(fault, "takes_effect", False)
        if not is_error or fault.times is not None or fault.after or fault.on not in OF_A_JOB:
            raise ScenarioError(
                f"A cassette cannot hold {fault!r}: it holds what was answered at a time. Write the "
                "fault as one, faults.status(503, on='poll', since='10s', until='12s', times=None), or "
                "keep the scenario in a scenario file."
            )
