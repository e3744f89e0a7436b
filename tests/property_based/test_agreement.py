"""The same script through every transport gives one trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qrtest import Script, errors, faults, queued, simulate
from qrtest.faults import Fault
from tests.drawn_scripts import FAULTS, scripts

CALLS = {
    "status": lambda job: job.status(),
    "done": lambda job: job.done(),
    "in_final_state": lambda job: job.in_final_state(),
    "wait": lambda job: job.wait_for_final_state(),
    "wait for 3 s": lambda job: job.wait_for_final_state(timeout=3),
    "result": lambda job: repr(job.result()),
    "result in 20 s": lambda job: repr(job.result(timeout=20)),
    "error_message": lambda job: job.error_message(),
    "cancel": lambda job: job.cancel(),
    "logs": lambda job: job.logs(),
    "metrics": lambda job: job.metrics(),
    "usage": lambda job: job.usage(),
    "usage_estimation": lambda job: job.usage_estimation,
    "inputs": lambda job: job.inputs,
    "update_tags": lambda job: job.update_tags(["a"]),
    "tags": lambda job: job.tags,
    "session_id": lambda job: job.session_id,
    "creation_date": lambda job: job.creation_date,
}
OTHER_TRANSPORTS = ["requests", "sockets"]


def trace(transport: str, script: Script, plan: list[Fault], calls: list[str], options: Any) -> Any:
    """Everything that can be observed: values, exceptions, times, requests, the journal."""
    observed: list[Any] = []
    with simulate(transport=transport, longest="20m", most_requests=400) as sim:  # type: ignore[arg-type]
        job = sim.job(script, faults=plan, params={"a": 1}, session_id="s", **options)
        for name in calls:
            try:
                outcome = CALLS[name](job)
            except (Exception, errors.Stop) as error:
                outcome = (type(error).__name__, str(error), repr(error.__cause__))
            observed.append((name, outcome, sim.clock.now(), sim.journal.count()))
        observed += [str(entry) for entry in sim.journal]
    return observed


@pytest.mark.parametrize("transport", OTHER_TRANSPORTS)
@given(
    script=scripts(),
    plan=st.lists(FAULTS, max_size=3),
    calls=st.lists(st.sampled_from(sorted(CALLS)), min_size=1, max_size=5),
    options=st.fixed_dictionaries(
        {
            "cancel_lag": st.sampled_from([0, 4]),
            "private": st.booleans(),
            "logs": st.sampled_from([None, "L"]),
        }
    ),
)
@example(Script(queued()), [faults.hang()], ["status"], {})
@example(Script.parse("RUNNING 5s; DONE"), [faults.status(503, times=None)], ["result"], {})
@example(Script.parse("RUNNING 5s; DONE"), [faults.drop(times=None)], ["result", "cancel"], {})
@example(Script.parse("DONE"), [faults.drop(how="refused", times=None)], ["status", "cancel"], {})
@example(Script.parse("DONE"), [faults.drop(how="dns", times=None)], ["status", "cancel"], {})
@example(Script.parse("DONE"), [faults.drop(how="tls", times=None)], ["status", "cancel"], {})
@example(Script.parse("RUNNING 5s; DONE"), [faults.html(times=None)], ["status", "metrics"], {})
@example(
    Script.parse("QUEUED 5s; DONE"),
    [
        faults.slow("2s", times=None),
        faults.status(429, retry_after=7, times=2),
        faults.drop(after=2),
    ],
    ["wait for 3 s", "result"],
    {},
)
def test_every_transport_gives_the_trace_of_the_direct_one(
    transport: str, script: Script, plan: list[Fault], calls: list[str], options: dict[str, Any]
) -> None:
    """Values, exceptions and their texts, virtual times, numbers of requests and journals agree."""
    assert trace(transport, script, plan, calls, options) == trace(
        "direct", script, plan, calls, options
    )
