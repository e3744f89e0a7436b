"""Recordings of lives that were not lived: exchanges as a client would have seen them.

The other direction of `lives`. A job answers for itself, in the service's words; this module knows when
a client asks: at every change, then every so often, and for what it asked when it was recorded.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.clock.clocks import EPOCH
from qrtest.errors import ScenarioError
from qrtest.faults import Drop, Fault, Status
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OF_A_JOB
from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step
from qrtest.playback.recorded_jobs import RecordedLife, lives, of_the_job, simulated
from qrtest.redaction.allowlist import project_rules
from qrtest.redaction.sanitize import KEY_VARIABLE, sanitized
from qrtest.service import api_versions, serialize
from qrtest.service.fault_injection import FaultyService
from qrtest.service.job_operations import respond
from qrtest.service.jobs import SimulatedJob
from qrtest.service.payload_template import JobRecord
from qrtest.service.serialize import JobFacts

if TYPE_CHECKING:
    from qrtest.scenario.scenario import Scenario

__all__ = ["SCRIPTED", "kept", "life_of", "recording_of", "rescripted", "shifted"]

SCRIPTED: Final = "scripted"
"""What such a cassette says of its service."""

BASE: Final = "https://quantum.cloud.ibm.com/api/v1"
USUAL_SECONDS: Final = 1.0
"""From one poll to the next."""

TOOK_SECONDS: Final = 0.05
MADE_UP_ID: Final = "d0000000000000000000"
SHORTEST_SECONDS: Final = 0.001
NUDGE: Final = 1e-9
"""A change at a time is there at that time, however sums of seconds are rounded."""

DIGITS: Final = 9
CHANGES: Final = ("POST", "PUT", "DELETE", "PATCH")


def recording_of(life: RecordedLife) -> Cassette:
    """A cassette that holds *life* and nothing else.

    Raises `ScenarioError` for faults that a recording cannot hold: those which are not errors between
    two moments.
    """
    path = f"/jobs/{life.job_id}"
    asked = [_asks(f"{path}?exclude_params=true", 0.0)]
    if life.params:
        asked.append(_asks(path, 0.0))
    end = _end(life)
    if life.record.metrics is not None:
        asked.append(_asks(f"{path}/metrics", _changes_of(life)[-1][0] if end is None else end))
    if interim := sum(len(step.interim) for step in life.script):
        last, _ = _changes_of(life)[-1]
        asked.append(_asks(f"{path}/interim_results", last + interim if end is None else end))
    if end is not None:
        if life.result is not None or life.script.end.status != transitions.DONE:
            asked.append(_asks(f"{path}/results", end))
        if life.record.logs is not None or life.behaviour.empty_logs == 404:
            asked.append(_asks(f"{path}/logs", end))
    return Cassette(_in_order(_exchanges(asked, None, life)), Provenance(service=SCRIPTED))


def rescripted(cassette: Cassette, life: RecordedLife) -> Cassette:
    """*cassette* in which the job of *life* lives that instead; what comes after its end comes later.

    Raises `ScenarioError` as `recording_of`.
    """
    before = lives(cassette)[life.job_id]
    old_end, new_end = _end(before), _end(life)
    about = [each for each in cassette.interactions if of_the_job(each.request, life.job_id)]
    rest = [each for each in cassette.interactions if not of_the_job(each.request, life.job_id)]
    later = 0.0 if old_end is None or new_end is None else new_end - old_end
    moved = [_moved(each, later) if _is_after(each, old_end) else each for each in rest]
    provenance = replace(cassette.provenance or Provenance(), service=SCRIPTED)
    return Cassette(_in_order([*moved, *_exchanges(about, before, life)]), provenance)


# --- when who asks what -------------------------------------------------------------------------------


def _asks(path: str, at: float) -> Interaction:
    request = Request.to("GET", BASE + path, headers={api_versions.HEADER: api_versions.newest()})
    return Interaction(request=request, response=Response(204), at=at, took=TOOK_SECONDS)


def _in_order(exchanges: Iterable[Interaction]) -> tuple[Interaction, ...]:
    return tuple(sorted(exchanges, key=lambda each: each.at or 0.0))


def _end(life: RecordedLife) -> float | None:
    """When the job ends, in the recording's seconds; None if it does not."""
    lasts = life.script.seconds
    return None if lasts is None else round(life.born + lasts, DIGITS)


def _is_after(each: Interaction, end: float | None) -> bool:
    return end is not None and each.at is not None and each.at >= end


def _moved(each: Interaction, by: float) -> Interaction:
    assert each.at is not None
    until = None if each.until is None else round(each.until + by, DIGITS)
    return replace(each, at=round(each.at + by, DIGITS), until=until)


def _exchanges(
    asked: Sequence[Interaction], before: RecordedLife | None, life: RecordedLife
) -> Iterator[Interaction]:
    """What is said to a client that asked *asked* about the job in its life *before*."""
    _refuse_what_no_recording_holds(life.faults)
    tracks: dict[tuple[str, str, str], list[Interaction]] = {}
    for each in asked:
        key = (each.request.method, each.request.path, each.request.query)
        tracks.setdefault(key, []).append(each)
    polls = [track for track in tracks.values() if _operation(track[0]) == "poll"]
    usual = [_asks(f"/jobs/{life.job_id}?exclude_params=true", 0.0)]
    main = max(polls, key=lambda track: sum(each.repeat for each in track), default=usual)
    yield from _polls(main, life)
    others = [track for track in tracks.values() if track is not main]
    end = _end(life)
    has_result = life.script.end.status in (transitions.DONE, transitions.ERROR)
    if (
        end is not None
        and has_result
        and not any(_operation(each[0]) == "result" for each in others)
    ):
        yield from _questions([_asks_for_the_result(main[0], end)], None, life)
    for track in others:
        changes = track[0].request.method in CHANGES
        yield from (_changes if changes else _questions)(track, before, life)


def _operation(interaction: Interaction) -> str:
    where = interaction.request.route
    return "" if where is None else where.operation


def _asks_for_the_result(poll: Interaction, at: float) -> Interaction:
    request = replace(poll.request, path=f"{poll.request.path}/results", query="")
    return replace(poll, request=request, at=at, repeat=1, until=None)


def _polls(track: Sequence[Interaction], life: RecordedLife) -> Iterator[Interaction]:
    """A poll at every change, and every so often in between."""
    every = _cadence(track)
    said: list[tuple[float, int, Response]] = []
    for at, number in _changes_of(life):
        response = _answer(track[0].request, _cut(life, number), at)
        if not (said and _is_error(response) and said[-1][2] == response):
            said.append((at, number, response))
    for (at, number, response), then in zip(
        said, [*(at for at, *_ in said[1:]), None], strict=True
    ):
        once = then is None or life.script.steps[number].is_final or _is_error(response)
        times = 1 if once or then is None else max(1, math.ceil((then - at) / every - NUDGE))
        yield replace(
            track[0],
            response=response,
            at=at,
            repeat=times,
            until=None if times == 1 else round(at + every * (times - 1), DIGITS),
        )


def _cadence(track: Sequence[Interaction]) -> float:
    """How far apart the polls of *track* are."""
    gaps = [
        (each.until - each.at) / (each.repeat - 1)
        for each in track
        if each.repeat > 1 and each.until is not None and each.at is not None
    ]
    return max(median(gaps), SHORTEST_SECONDS) if gaps else USUAL_SECONDS


def _changes_of(life: RecordedLife) -> list[tuple[float, int]]:
    """When what a poll is told changes, from the recording's beginning on, and the step by then."""
    starts = [life.born]
    for step in life.script.steps[:-1]:
        starts.append(round(starts[-1] + (step.seconds or 0.0), DIGITS))
    first = max(sum(at < 0 for at in starts) - 1, 0)
    changes = [(max(at, 0.0), number) for number, at in enumerate(starts)][first:]
    for edge in _edges(life, "poll"):
        number = sum(at <= edge for at in starts) - 1
        changes.append((edge, max(number, first)))
    return sorted(dict.fromkeys(changes))


def _edges(life: RecordedLife, operation: str) -> list[float]:
    """When an error begins or ends."""
    moments = [
        moment
        for fault in life.faults
        if fault.on == operation
        for moment in (fault.since, fault.until)
        if moment is not None
    ]
    return [round(max(life.born + moment, 0.0), DIGITS) for moment in moments]


def _cut(life: RecordedLife, number: int) -> RecordedLife:
    """*life* that stays in its step *number* for ever."""
    *steps, last = life.script.steps[: number + 1]
    return replace(
        life, script=Script(*steps, replace(last, seconds=None), legal=life.script.legal)
    )


def _answer(request: Request, life: RecordedLife, at: float) -> Response:
    """The answer to *request* at the time *at*: the job's, or the error that there is just then."""
    moment = _Moment(simulated(life), at + NUDGE)
    service = FaultyService(moment, moment)
    service.add(shifted(life.faults, life.born), job_id=life.job_id)
    return replace(service.handle(request), struck=(), delay=0.0)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A job at one moment: a service whose time stands still."""

    job: SimulatedJob
    at: float

    def now(self) -> float:
        """The moment."""
        return self.at

    def handle(self, request: Request) -> Response:
        """What the job says."""
        return respond(self.job, request, self.at)


def shifted(plan: Sequence[Fault], by: float) -> tuple[Fault, ...]:
    """*plan* so many seconds later; what is over before 0 is left out.

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
    track: Sequence[Interaction], before: RecordedLife | None, life: RecordedLife
) -> Iterator[Interaction]:
    """What was asked in between and after the end, asked again; and asked again after an error."""
    asked = [each for each in track if not _is_error(each.response)] or track
    moments = [_when(each.at or 0.0, before, life) for each in asked]
    edges = _edges(life, _operation(track[0]))
    for at in sorted({moment for moment in (*moments, *edges) if moment is not None}):
        response = _answer(track[0].request, life, at)
        yield replace(track[0], response=response, at=at, repeat=1, until=None)


def _changes(
    track: Sequence[Interaction], before: RecordedLife | None, life: RecordedLife
) -> Iterator[Interaction]:
    """What was changed, as it was answered; a cancel belongs to a life that ends cancelled."""
    for each in track:
        at = _when(each.at or 0.0, before, life)
        if _operation(each) == "cancel":
            at = None
            if life.script.end.status == transitions.CANCELLED and before is not None:
                lead = (_end(before) or 0.0) - (each.at or 0.0)
                at = max(0.0, round((_end(life) or 0.0) - lead, DIGITS))
        if at is not None:
            yield replace(each, at=at, until=None, repeat=1)


def _when(at: float, before: RecordedLife | None, life: RecordedLife) -> float | None:
    """When something is asked that was asked at *at*; None if the time for it never comes."""
    old_end = None if before is None else _end(before)
    if old_end is None or at < old_end:
        return at
    new_end = _end(life)
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


# --- scenarios as lives -------------------------------------------------------------------------------


def life_of(scenario: Scenario, recorded: RecordedLife | None = None) -> RecordedLife:
    """The life that *scenario* is, in place of the one that was *recorded*, if there is one.

    A job that lives as it was recorded is born when it was; else with the recording, or when it was
    submitted. Raises `ScenarioError` for a result that the service could not send.
    """
    record = scenario.record
    if record is None:
        record = recorded.record if recorded is not None else JobRecord(job=_made_up(scenario))
    is_unchanged = recorded is not None and recorded.script == scenario.script
    submitted_at = None if recorded is None else recorded.submitted_at
    return RecordedLife(
        job_id=recorded.job_id if recorded is not None else str(record.job["id"]),
        script=scenario.script,
        born=recorded.born if recorded is not None and is_unchanged else submitted_at or 0.0,
        starts=(),
        faults=scenario.faults,
        behaviour=scenario.behaviour,
        program_id=scenario.program_id,
        params=scenario.params,
        tags=scenario.tags,
        result=_sent(scenario, is_made_up=scenario.record is None or recorded is not None),
        record=record,
        submitted_at=submitted_at,
    )


def _made_up(scenario: Scenario) -> dict[str, Any]:
    """What the service says of a job that nobody recorded."""
    facts = JobFacts(
        job_id=MADE_UP_ID,
        created=serialize.timestamp(EPOCH),
        backend="ibm_torino",
        program_id=scenario.program_id,
        cost=scenario.behaviour.cost,
    )
    state = serialize.job_state(Step(transitions.QUEUED))
    return dict(JobRecord.of(serialize.job(facts, state, usage=None, with_params=False)).job)


def _sent(scenario: Scenario, *, is_made_up: bool) -> str | None:
    """The result as the service sends it; a job that is done has one, unless none was recorded."""
    is_needed = is_made_up and scenario.script.end.status == transitions.DONE
    if scenario.result is None and not is_needed:
        return None
    from qrtest.client.result_encoder import encoded

    return encoded(scenario.result, scenario.program_id)


def kept(cassette: Cassette, path: str | os.PathLike[str] | None) -> Cassette:
    """*cassette* without secrets, as a file holds it; written to *path* if there is one.

    Raises `SecretFound` when the scan of the text finds something: nothing is written then.
    """
    from qrtest.cassette import store

    target = Path("the cassette" if path is None else path)
    key = os.environ.get(KEY_VARIABLE)
    text, final = sanitized(
        list(cassette.interactions),
        key=key.encode() if key else secrets.token_bytes(32),
        rules=project_rules(target),
        name=os.fspath(target),
        as_json=target.suffix == ".json",
        provenance=cassette.provenance,
        digests=cassette.digests,
    )
    if path is not None:
        with store.held(target):
            store.save_text(target, text)
    return final
