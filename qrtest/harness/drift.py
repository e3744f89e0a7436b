"""Drift: where the answers of a service have changed since a recording was made.

What was recorded is asked again, of qrtest's own service as it is today, or it is compared with another
recording. The tiers are those of `qrtest.playback.diff`: shape breaks programs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.clock.clocks import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.errors import Drifted, SimulationError, UnansweredRequest
from qrtest.harness.scripted_service import ScriptedService
from qrtest.http.messages import Request, Response
from qrtest.playback.diff import TIERS, Difference, Tier, differences
from qrtest.playback.recorded_jobs import RecordedJob, jobs_in
from qrtest.redaction.redactor import Redactor
from qrtest.scenario.scenario import Scenario
from qrtest.service.behaviour import USUAL
from qrtest.service.instances import CRN
from qrtest.service.parse import described_job, named

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SERVE", "asked_again", "check_drift", "drift"]

SERVE: Final = "serve"
"""What stands for qrtest's own service of today."""

MOST: Final = 20
NUDGE: Final = 1e-6
"""What was seen at a time is there at that time, however sums of seconds are rounded."""

CREDENTIALS: Final = {"Authorization": "Bearer of-nobody", "Service-CRN": CRN}


def check_drift(
    recorded: str | os.PathLike[str] | Cassette,
    against: str | os.PathLike[str] | Cassette = SERVE,
    *,
    tier: Tier = "shape",
) -> None:
    """Raise `Drifted`, an AssertionError, if the service answers otherwise than *recorded*; for a test.

    *against*: "serve" (qrtest's own service of today, asked what was recorded) or another recording.
    *tier*: down to which; "shape" is fields that came, went or changed type, and new statuses and codes.

    Raises `CassetteError` for a cassette that cannot be read, and `Drifted` as said.

    >>> check_drift("cassettes/sampler.yaml")
    """
    found = drift(recorded, against, tier=tier)
    if found:
        name = "The recording" if isinstance(recorded, Cassette) else os.fspath(recorded)
        lines = [f"  {difference}" for difference in found[:MOST]]
        more = [f"  and {len(found) - MOST:,} more"] if len(found) > MOST else []
        reported = "\n".join([*lines, *more])
        raise Drifted(
            f"{name}: the service has changed since it was recorded, in {len(found)} place(s).\n{reported}\n"
            "If the change is the real service's, record again: pytest --qrtest-record=rewrite."
        )


def drift(
    recorded: str | os.PathLike[str] | Cassette,
    against: str | os.PathLike[str] | Cassette = SERVE,
    *,
    tier: Tier = "shape",
) -> tuple[Difference, ...]:
    """Return where *against* answers otherwise than *recorded*, down to *tier*; as `check_drift`.

    >>> drift("cassettes/sampler.yaml", "cassettes/sampler.yaml")
    ()
    """
    before = _loaded(recorded)
    if against == SERVE:
        before = Cassette(tuple(_answered(before)), before.provenance)
        after = asked_again(before)
    else:
        after = _loaded(against)
    wanted = TIERS[: TIERS.index(tier) + 1]
    return tuple(each for each in differences(before, after) if each.tier in wanted)


def asked_again(recorded: Cassette) -> Cassette:
    """Return what qrtest's service of today answers to the requests of *recorded*, at their times.

    The jobs go through their recorded scripts. A request that the service has no answer for is left out.
    """
    known = jobs_in(recorded)
    clock = VirtualClock(longest=None)
    first = min((job.created_at for job in known.values()), default=0.0)
    start = max(0.0, -first)
    service = ScriptedService(clock, epoch=EPOCH, backends=None)
    ids: dict[str, str] = {}
    waiting = sorted(
        (job for job in known.values() if job.submitted_at is None), key=lambda job: job.created_at
    )
    exchanges = []
    for each in sorted(recorded.interactions, key=lambda each: each.at or 0.0):
        is_submission = each.request.method == "POST"
        at = start + (each.at or 0.0) + (0.0 if is_submission else NUDGE)
        while waiting and start + waiting[0].created_at <= at:
            job = waiting.pop(0)
            clock.sleep(max(0.0, start + job.created_at - clock.now()))
            _take_in(service, job)
        clock.sleep(max(0.0, at - clock.now()))
        answer = _asked(service, each, known, ids)
        if answer is not None:
            exchanges.append(replace(each, response=answer))
    redactor = Redactor(b"drift")
    return Cassette(tuple(map(redactor.interaction, exchanges)), recorded.provenance)


def _loaded(cassette: str | os.PathLike[str] | Cassette) -> Cassette:
    return cassette if isinstance(cassette, Cassette) else store.load(cassette)


def _answered(cassette: Cassette) -> Iterator[Interaction]:
    """Yield the interactions in which the service answered: a broken connection has no shape."""
    for each in cassette.interactions:
        if each.response.failure is None and each.response.status < 500:
            yield each


def _take_in(service: ScriptedService, job: RecordedJob) -> None:
    program, tags = {"id": job.scenario.program_id}, list(job.scenario.tags)
    described = {**job.record.job, "program": program, "tags": tags}
    facts = described_job(json.dumps(described).encode())
    assert facts is not None
    service.add(replace(facts, job_id=job.job_id), _plain(job), logs=job.record.logs)


def _plain(job: RecordedJob) -> Scenario:
    """Return the scenario without its errors and recorded facts: the service has its own."""
    return replace(Scenario.of_job(job), faults=(), record=None, behaviour=USUAL)


def _asked(
    service: ScriptedService,
    recorded: Interaction,
    known: Mapping[str, RecordedJob],
    ids: dict[str, str],
) -> Response | None:
    """Return today's answer to what was *recorded*, asked with the *ids* of today."""
    request, where = recorded.request, recorded.request.route
    if where is None:
        return None
    path = request.path
    if where.name in ids:
        path = path.replace(where.name, ids[where.name])
    asked = Request(
        request.method,
        request.host,
        path,
        request.query,
        {**request.headers, **CREDENTIALS},
        request.body,
    )
    made = named(recorded.response.body) if request.method == "POST" else None
    if made is not None and made in known and where.operation == "submit":
        service.rules.enqueue(_plain(known[made]))
    try:
        answer = service.handle(asked)
    except (UnansweredRequest, SimulationError):
        return None
    made_now = named(answer.body) if made is not None else None
    if made is not None and made_now is not None:
        ids[made] = made_now
    return answer
