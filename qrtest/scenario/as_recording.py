"""A scenario as a recorded job, and as a cassette in a file: the way back from `playback.recorded_jobs`."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from qrtest.cassette.model import Cassette
from qrtest.clock.moment import EPOCH
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import Step
from qrtest.playback.recorded_jobs import RecordedJob
from qrtest.playback.scenario_values import ScenarioValues
from qrtest.redaction.allowlist import project_rules
from qrtest.redaction.sanitize import KEY_VARIABLE, sanitized
from qrtest.service import serialize
from qrtest.service.job_facts import JobFacts
from qrtest.service.payload_template import JobRecord

__all__ = ["recorded_job_of", "save_sanitized"]

MADE_UP_ID: Final = "d0000000000000000000"


def recorded_job_of(scenario: ScenarioValues, recorded: RecordedJob | None = None) -> RecordedJob:
    """Return the job that goes through *scenario*, in place of *recorded*, if there is one.

    A job whose script stays as it was recorded is created when it was recorded; any other when it was
    submitted, or at 0. Raises `ScenarioError` for a result that the service could not send.
    """
    record = scenario.record
    if record is None:
        record = JobRecord(job=_made_up(scenario)) if recorded is None else recorded.record
    result = _sent(scenario, is_made_up=scenario.record is None or recorded is not None)
    values = replace(scenario, result=result, record=record)
    if recorded is None:
        return RecordedJob(
            job_id=str(record.job["id"]), scenario=values, created_at=0.0, submitted_at=None
        )
    is_unchanged = recorded.scenario.script == scenario.script
    return replace(
        recorded,
        scenario=values,
        created_at=recorded.created_at if is_unchanged else recorded.submitted_at or 0.0,
        starts=(),
    )


def _made_up(scenario: ScenarioValues) -> dict[str, Any]:
    """Return what the service says of a job that was never recorded."""
    facts = JobFacts(
        job_id=MADE_UP_ID,
        created=serialize.timestamp(EPOCH),
        backend="ibm_torino",
        program_id=scenario.program_id,
        cost=scenario.behaviour.cost,
    )
    state = serialize.job_state(Step(transitions.QUEUED))
    return dict(JobRecord.of(serialize.job(facts, state, usage=None, with_params=False)).job)


def _sent(scenario: ScenarioValues, *, is_made_up: bool) -> str | None:
    """Return the result as the service sends it; a job that is done has one, unless none was recorded."""
    is_needed = is_made_up and scenario.script.end.status == transitions.DONE
    if scenario.result is None and not is_needed:
        return None
    from qrtest.client.result_encoder import encoded

    return encoded(scenario.result, scenario.program_id)


def save_sanitized(cassette: Cassette, path: str | os.PathLike[str] | None) -> Cassette:
    """Return *cassette* without secrets, as a file holds it, and write it to *path* if there is one.

    Raises `SecretFound` when the scan of the text finds something; nothing is written then.
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
