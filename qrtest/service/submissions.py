"""A job as it is submitted, and the plan for it: its script and answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from qrtest.lifecycle.script import Script
from qrtest.service import error_responses, parse
from qrtest.service.behaviour import USUAL, Behaviour
from qrtest.service.job_facts import Submission
from qrtest.service.jobs import Recorded

__all__ = ["JobPlan", "read_submission"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """The script of a job, what the service answers about it, and how the service behaves."""

    script: Script
    recorded: Recorded = field(default_factory=Recorded)
    behaviour: Behaviour = USUAL


def read_submission(body: bytes) -> Submission:
    """Return the submission in the body of POST jobs.

    >>> read_submission(b'{"backend": "ibm_torino", "program_id": "sampler"}').program_id
    'sampler'
    """
    try:
        return _read(json.loads(body))
    except KeyError as error:
        raise error_responses.body_invalid(f"{error.args[0]!r} is missing") from None
    except parse.UNREADABLE as error:
        raise error_responses.body_invalid(f"{type(error).__name__} {error}") from None


def _read(asked: dict[str, Any]) -> Submission:
    cost = asked.get("cost")
    params = asked.get("params")
    if params is not None and not isinstance(params, dict):
        raise TypeError("params is not an object")
    return Submission(
        backend=str(asked["backend"]),
        program_id=str(asked["program_id"]),
        params=json.dumps(params or {}),
        tags=tuple(map(str, asked.get("tags") or ())),
        session_id=_text(asked, "session_id"),
        image=_text(asked, "runtime") or "",
        private=bool(asked.get("private")),
        cost=None if cost is None else int(cost),
        calibration_id=_text(asked, "calibration_id"),
        start_session=bool(asked.get("start_session")),
    )


def _text(asked: dict[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value
