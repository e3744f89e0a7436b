"""Promises that the genuine client is known to break: tried by `check_job` where they are not left out.

Each was seen with release 0.51.0; docs/found.md has a program of a few lines for each. Their jobs
have faults, so the maker of jobs is given a `Scenario`.
"""

from __future__ import annotations

import time
from typing import Final

from qrtest import faults
from qrtest.lifecycle import transitions
from qrtest.properties.promise import LONG_ENOUGH_SECONDS, MakeJob, Promise, raised
from qrtest.scenario.scenario import Scenario
from qrtest.service.behaviour import Behaviour

__all__ = ["KNOWN_DEFECTS"]

LATE_SECONDS: Final = 5
TIMEOUT_SECONDS: Final = 1
TRUNCATED: Final = faults.truncate(on="result")
PAGE: Final = faults.html(on="poll", times=None)
THROTTLED: Final = faults.status(429, retry_after="30s", on="poll")
NO_REASON: Final = faults.status(500, on="result", times=None)


def _a_page(make_job: MakeJob) -> str | None:
    kinds = raised(make_job(Scenario("RUNNING 5s; DONE", faults=(PAGE,))).status)
    if "IBMError" in kinds:
        return None
    return f"status() raised {kinds}, which is no IBMError."


def _throttled(make_job: MakeJob) -> str | None:
    job = make_job(Scenario("QUEUED", faults=(THROTTLED,)))
    began = time.time()
    raised(lambda: job.wait_for_final_state(timeout=TIMEOUT_SECONDS))
    took = time.time() - began
    if took <= LATE_SECONDS:
        return None
    return f"wait_for_final_state(timeout={TIMEOUT_SECONDS}) took {took:.1f} s."


def _undecoded(make_job: MakeJob) -> str | None:
    found: list[object] = []
    job = make_job(Scenario("DONE", faults=(TRUNCATED,)))
    raised(lambda: found.append(job.result()))
    if found and isinstance(found[0], str):
        return f"result() returned a text of {len(found[0]):,} characters."
    return None


def _two_messages(make_job: MakeJob) -> str | None:
    job = make_job(Scenario("ERROR 1500", faults=(NO_REASON,)))
    answers = []
    for _ in range(2):
        found: list[object] = []
        kinds = raised(lambda found=found: found.append(job.error_message()))  # type: ignore[misc]
        answers.append(f"raised {kinds}" if kinds else f"returned {found[0]!r}")
    return None if len(set(answers)) == 1 else f"It {answers[0]}, then it {answers[1]}."


def _cancelled_though_done(make_job: MakeJob) -> str | None:
    goes_on = Behaviour(cancel_takes_effect=False)
    job = make_job(Scenario("RUNNING 5s; DONE", behaviour=goes_on))
    job.cancel()
    time.sleep(LONG_ENOUGH_SECONDS)
    status = job.status()
    return None if status == transitions.DONE else f"The job was DONE; status() returned {status}."


def _undocumented(make_job: MakeJob) -> str | None:
    status = make_job('UNKNOWN "Validating"').status()
    return None if status in transitions.STATUSES else f"status() returned {status!r}."


KNOWN_DEFECTS: Final = (
    Promise("page-for-status", "A page of HTML instead of a status is an IBMError.", _a_page),
    Promise("timeout-when-throttled", "A timeout holds when requests are throttled.", _throttled),
    Promise("undecoded-result", "result() never returns undecoded text.", _undecoded),
    Promise("two-messages", "error_message() says the same twice.", _two_messages),
    Promise(
        "cancelled-though-done",
        "status() goes by the service after cancel().",
        _cancelled_though_done,
    ),
    Promise("undocumented-status", "status() is one of the documented six.", _undocumented),
)
"""What the genuine client does not keep; `check_job(..., known=False)` tries these, too."""
