"""What the simulated service assumes of the real one, each assumption by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from qrtest.service.behaviour import USUAL, Behaviour

__all__ = ["ASSUMPTIONS", "OF_THE_SIMULATION", "Assumption", "Outcome", "Verdict", "decided_by"]

Outcome = Literal["held", "fell", "not checked"]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A *claim* about the real service, and the *source* that it rests on.

    One that bears the name of an option of `Behaviour` is decided by that option: `decided_by`.
    """

    name: str
    claim: str
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking the assumption *name*: what was *seen*, or why it could not be checked."""

    name: str
    outcome: Outcome
    seen: str


OF_THE_SIMULATION: Final = frozenset(
    {"queued_polls", "not_computed", "compute_seconds", "compute_megabytes"}
)
"""The options of `Behaviour` that say how to simulate, and assume nothing of the real service."""


def decided_by(name: str) -> str:
    """Return the option of `Behaviour` that decides an assumption, with its default; "" for none.

    >>> decided_by("delete_queued"), decided_by("cost_bounds")
    ('delete_queued=204', '')
    """
    if name not in {field.name for field in dataclasses.fields(Behaviour)}:
        return ""
    return f"{name}={usual(name)!r}"


def usual(name: str) -> Any:
    """Return the default of the option *name* of `Behaviour`: what is assumed."""
    return getattr(USUAL, name)


_ALL: Final = (
    Assumption("unknown_backend", "a submission to an unknown backend is a 404 with code 1007",
               "code from the registry, status assumed"),
    Assumption("unknown_session", "a submission into an unknown session is a 404 with code 1290",
               "code from the registry, status assumed"),
    Assumption("cost_bounds", "a cost of -1 is a 400 with code 1208",
               "bounds of the REST description, code assumed"),
    Assumption("log_level", "an unknown log_level is a 400 with code 1208",
               "values of the REST description, code assumed"),
    Assumption("tag_bounds", "a job with nine tags is a 400 with code 1204",
               "bounds of the REST description, code from the registry"),
    Assumption("wrong_method", "a method that a path does not have is a 405", "HTTP"),
    Assumption("unknown_path", "a path that does not exist is a 404", "HTTP"),
    Assumption("short_tag_search", "a search of tags by one letter is a 400", "observed by others"),
    Assumption("interactive_ttl", "a session without a job stays active for 60 s",
               "observed by others"),
    Assumption("results_before_end", "results of a queued job are a 204 without a body",
               "REST description; inferred for queued jobs"),
    Assumption("metrics_before_start", "metrics of a queued job leave out what was not reached",
               "REST description; one report has null"),
    Assumption("logs_before_end", "logs of a queued job are a 404",
               "inferred: the client expects 404"),
    Assumption("interim_before_any", "interim results of a queued job are an empty list",
               "inferred; absent from the newest REST description"),
    Assumption("empty_logs", "logs of a job that has none are a 200 without a body",
               "both 200 and 404 observed by others"),
    Assumption("usage_lag", "the usage of a job that has ended is complete at once",
               "87 captured metrics; the client's pull request 2884 disagrees"),
    Assumption("delete_running", "a running job cannot be deleted: 400", "REST description"),
    Assumption("delete_queued", "a queued job can be deleted: 204",
               "integration tests of the client; the REST description says 400"),
    Assumption("cost", "a job submitted without a cost has one of 600 s (open plan)",
               "observed by others"),
    Assumption("cancel_takes_effect", "a job whose cancellation was accepted is cancelled",
               "the client's pull request 1013 disagrees"),
    Assumption("cancel_lag", "it is cancelled at the next look",
               "integration tests of the client wait 5 to 15 s"),
    Assumption("failed_results", "results of a failed job are the reason as text", "unknown"),
    Assumption("reason_code", "a failed job has a reason, and a number as its code",
               "observed by others; the client's pull request 1760"),
    Assumption("private_results_once", "results of a private job can be read once",
               "integration tests of the client"),
    Assumption("offline", "a backend that is not online takes jobs into its queue",
               "not observed"),
    Assumption("session_expiry", "queued jobs are cancelled when the time of their batch is over",
               "documentation of 2026; that of 2024 says they fail"),
)  # fmt: skip

ASSUMPTIONS: Final[Mapping[str, Assumption]] = {each.name: each for each in _ALL}
"""Each assumption by its name, in the order of the report."""
