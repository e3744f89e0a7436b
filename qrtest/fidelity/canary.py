"""The canary: all checks of assumptions, one after the other, within a budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from qrtest.errors import QrtestError, SettingError
from qrtest.fidelity.assumption import ASSUMPTIONS, Verdict, decided_by
from qrtest.fidelity.experiments import CHECKS
from qrtest.fidelity.lab import JOB_SECONDS, UNKNOWN_FORM, Lab

__all__ = ["chosen_backend", "most_seconds", "plan", "remaining_seconds", "report", "run"]

NO_RESULT: Final = "its check ended before"


def most_seconds() -> int:
    """Return the seconds of QPU time that all jobs may take, by the bounds that they are submitted with."""
    return JOB_SECONDS * sum(check.jobs for check in CHECKS)


def plan() -> Iterator[str]:
    """Yield what the checks do, a line each, before anything is done."""
    for check in CHECKS:
        jobs = {0: "no job", 1: "1 job"}.get(check.jobs, f"{check.jobs} jobs")
        yield f"{check.does} ({jobs}): {', '.join(check.names)}"


def chosen_backend(lab: Lab, named: str | None = None) -> str:
    """Return the backend that was *named*, or the online one with the shortest queue.

    Raises `SettingError` if there is none.
    """
    if named is not None:
        answer = lab.ask("GET", f"/backends/{named}/status")
        if answer.body is None:
            raise SettingError(f"There is no backend {named!r} to use: {answer}.")
        return named
    devices = (lab.ask("GET", "/backends").body or {}).get("devices") or []
    described = [each if isinstance(each, dict) else {"name": each} for each in devices]
    online = [
        each
        for each in described
        if each.get("status", {}).get("name", "online") == "online"
        and not each.get("is_simulator")
        and each.get("class") != "mock"
    ]
    if not online:
        raise SettingError("No backend is online: name one with --backend, or try again later.")
    return str(min(online, key=lambda each: each.get("queue_length", 0))["name"])


def remaining_seconds(lab: Lab) -> float | None:
    """Return the seconds of QPU time that the instance has left; None where it does not say."""
    usage: dict[str, Any] = lab.ask("GET", "/instances/usage").body or {}
    if usage.get("usage_remaining_seconds") is not None:
        return float(usage["usage_remaining_seconds"])
    limit = usage.get("usage_limit_seconds", usage.get("usage_allocation_seconds"))
    return None if limit is None else float(limit) - float(usage.get("usage_consumed_seconds", 0))


def run(lab: Lab) -> list[str]:
    """Run every check; `lab.verdicts` has what came of each. Return the jobs that could not be deleted.

    A check that cannot go on leaves the others alone. Jobs and sessions are ended and deleted in any
    case, an interruption included.
    """
    try:
        for check in CHECKS:
            lab.say(check.does)
            why = NO_RESULT
            try:
                check.run(lab)
            except QrtestError as error:
                why = str(error)
            except UNKNOWN_FORM as error:
                why = f"an answer has another form than is known: {type(error).__name__} {error}"
            for name in check.names:
                lab.cannot(name, why)
    finally:
        left = lab.clean_up()
    return left


def report(lab: Lab) -> Iterator[tuple[Verdict, str]]:
    """Yield the verdict of each assumption with its line of text, in the order of `ASSUMPTIONS`."""
    for name, assumption in ASSUMPTIONS.items():
        verdict = lab.verdicts.get(name) or Verdict(name, "not checked", NO_RESULT)
        outcome = "FELL" if verdict.outcome == "fell" else verdict.outcome
        line = f"{outcome:<12}{name:<22}{assumption.claim}: {verdict.seen}"
        if verdict.outcome == "fell":
            option = decided_by(name) or "the simulated service"
            line += f"\n{'':<12}{'':<22}assumed by {option}; source: {assumption.source}"
        yield verdict, line
