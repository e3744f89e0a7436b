"""A job as it is submitted, and the plan for it: its script and answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from qrtest.lifecycle.script import Script
from qrtest.service import error_responses, input_checks, parse
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

    def checked(
        self, program_id: str, params: Mapping[str, Any], rep_delays: tuple[float, float] | None
    ) -> JobPlan:
        """Return itself, or the plan of a job which fails because of its *params*: it has no result.

        *rep_delays*: the backend's range in seconds, None if it has none.
        """
        script = input_checks.checked(self.script, program_id, params, rep_delays)
        if script is self.script:
            return self
        return replace(self, script=script, recorded=replace(self.recorded, result=None))


PROGRAMS: Final = (
    *("sampler", "estimator", "executor", "noise-learner", "calibrate"),
    *("circuit-runner", "qasm3-runner"),
)
"""The programs that releases 0.26 to 0.51 of the client submit."""

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MOST_COST_SECONDS: Final = 10_800
"""The longest maximum execution time (REST description)."""


def read_submission(body: bytes) -> tuple[Submission, dict[str, Any]]:
    """Return the submission in the body of POST jobs, and its params parsed.

    Raises `RequestError` for one that is not valid.

    >>> submission, params = read_submission(b'{"backend": "ibm_torino", "program_id": "sampler"}')
    >>> submission.program_id, params
    ('sampler', {})
    """
    asked = parse.json_object(body)
    for name in ("program_id", "backend"):
        if asked.get(name) is None:
            raise error_responses.body_invalid(f"{name!r} is missing")
    for name, (is_valid, rule) in RULES.items():
        if asked.get(name) is not None and not is_valid(asked[name]):
            raise error_responses.body_invalid(f"{name} {rule}")
    if asked["program_id"] not in PROGRAMS:
        raise error_responses.program_unknown(asked["program_id"])
    params = asked.get("params") or {}
    submission = Submission(
        backend=asked["backend"],
        program_id=asked["program_id"],
        params=json.dumps(params),
        tags=tuple(asked.get("tags") or ()),
        session_id=asked.get("session_id"),
        image=asked.get("runtime") or "",
        private=bool(asked.get("private")),
        cost=asked.get("cost"),
        calibration_id=asked.get("calibration_id"),
        start_session=bool(asked.get("start_session")),
    )
    return submission, params


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_cost(value: Any) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_COST_SECONDS
    )


_TEXT: Final = (_is_text, "must be a text")
_FLAG: Final = (lambda value: isinstance(value, bool), "must be true or false")
RULES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "program_id": _TEXT,
    "backend": _TEXT,
    "params": (lambda value: isinstance(value, dict), "must be an object"),
    "tags": (
        lambda value: isinstance(value, list) and all(map(_is_text, value)),
        "must be a list of texts",
    ),
    "session_id": _TEXT,
    "runtime": _TEXT,
    "calibration_id": _TEXT,
    "private": _FLAG,
    "start_session": _FLAG,
    "cost": (_is_cost, f"must be a whole number from 0 to {MOST_COST_SECONDS}"),
    "log_level": (
        lambda value: _is_text(value) and value.upper() in LOG_LEVELS,
        f"must be one of {', '.join(LOG_LEVELS)}",
    ),
}
"""The fields of a submission that are checked, and what is said of one that is not valid."""
