"""The entries of the gallery, and what its consumers share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from qiskit.primitives import PrimitiveResult
from qiskit_ibm_runtime import Session

from qrtest import Scenario, faults

FINAL = ("DONE", "ERROR", "CANCELLED")
HOUR = 3_600


class GaveUp(Exception):
    """What a consumer raises when it has given up."""


@dataclass(frozen=True)
class Bug:
    """A consumer with a bug, and the rule that it breaks."""

    consumer: Callable[[Any], Any]
    rule: str
    options: dict[str, Any] = field(default_factory=dict)


SUBMITTED = (
    Scenario("DONE"),
    Scenario("QUEUED 10m; ERROR"),
    Scenario("CANCELLED"),
    Scenario("QUEUED"),
    Scenario("DONE", faults=[faults.status(503, on="submit")]),
    Scenario("DONE", faults=[faults.drop(on="submit")]),
    Scenario("DONE", faults=[faults.html(on="result", times=None)]),
)
"""Scenarios for consumers that take a service: a genuine one takes a tenth of a second to make."""

BUGS: dict[str, Bug] = {}
RIGHT: dict[str, Bug] = {}


def bug(rule: str, **options: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Put a consumer that breaks *rule* into the gallery."""

    def keep(consumer: Callable[[Any], Any]) -> Callable[[Any], Any]:
        BUGS[consumer.__name__] = Bug(consumer, rule, options)
        return consumer

    return keep


def right(**options: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Put a consumer that does nothing wrong into the gallery."""

    def keep(consumer: Callable[[Any], Any]) -> Callable[[Any], Any]:
        RIGHT[consumer.__name__] = Bug(consumer, "", options)
        return consumer

    return keep


def checked(get: Callable[[], Any]) -> Any:
    """Return a result, if it is one; else raise `GaveUp`."""
    try:
        result = get()
    except Exception as error:
        raise GaveUp from error
    if not isinstance(result, PrimitiveResult):
        raise GaveUp(result)
    return result


def status_of(job: Any) -> str:
    """Return a status, or raise `GaveUp`."""
    try:
        return job.status()
    except Exception as error:
        raise GaveUp from error


def submitted(service: Any) -> Any:
    """Return a new job, or raise `GaveUp`."""
    try:
        return service._run("sampler", {"pubs": []}, {"backend": service.backend("ibm_torino")})
    except Exception as error:
        raise GaveUp from error


def checked_type(result):
    if not isinstance(result, PrimitiveResult):
        raise GaveUp(result)
    return result


def checked_wait(job):
    try:
        job.wait_for_final_state(timeout=HOUR)
    except Exception as error:
        raise GaveUp from error
    if status_of(job) != "DONE":
        raise GaveUp


def opened(service: Any) -> Session:
    """Return a new session, or raise `GaveUp`."""
    try:
        return Session(backend=service.backend("ibm_torino"))
    except Exception as error:
        raise GaveUp from error


def run_in(session: Session) -> Any:
    """Return a new job in a session, or raise `GaveUp`."""
    try:
        return session._run("sampler", {"pubs": []})
    except Exception as error:
        raise GaveUp from error
