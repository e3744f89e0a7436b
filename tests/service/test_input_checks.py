"""Inputs that are accepted and fail later: the code, the words, and when."""

from __future__ import annotations

from typing import Any

import pytest

from qrtest import simulate
from qrtest.service import result_payloads
from tests.asking import Asking


def after(ask: Asking, seconds: float, **params: Any) -> dict[str, Any]:
    """Return the state of a job with these *params*, so long after its submission."""
    job_id = ask.submit(params=params)
    ask.clock.sleep(seconds)
    state: dict[str, Any] = ask("GET", f"/jobs/{job_id}").body["state"]
    return state


def test_too_many_executions_fail_in_validation_before_the_queue() -> None:
    """Shots, times sets of parameter values, of all pubs together."""
    values = result_payloads.array([0.5] * 3_000, [3_000, 1])
    for pubs in ([["", None, 10_000_001]], [["", values, 4_000]], [["", None, 5_000_001]] * 2):
        state = after(Asking("QUEUED 1h; DONE"), 0, pubs=pubs)
        assert (state["status"], state["reason_code"]) == ("Failed", 1002)
        assert "of at most 10000000" in state["reason"]
    assert after(Asking("DONE"), 0, pubs=[["", None, 10_000_000]])["status"] == "Completed"


def test_a_job_that_fails_because_of_its_inputs_has_the_reason_as_its_results() -> None:
    """And not the result of the job that it would have been."""
    with simulate() as sim:
        sim.next_job("QUEUED 1h; DONE")
        ask = sim.api_client
        job_id = ask.program_run(
            program_id="sampler",
            backend_name="ibm_torino",
            params={"pubs": [["", None, 10_000_001]]},
            image=None,
            log_level=None,
            session_id=None,
        )["id"]
        assert ask.job_results(job_id).startswith("Error in the validation process")


@pytest.mark.parametrize("rep_delay", [0.0006, 1, -1])
def test_a_repetition_delay_out_of_range_fails_when_it_runs(rep_delay: float) -> None:
    """With the words and the code that the service was seen to use."""
    ask = Asking("QUEUED 5s; RUNNING 2s; DONE")
    options = {"execution": {"rep_delay": rep_delay}}
    assert after(ask, 6, pubs=[], options=options)["status"] == "Running"
    state = after(ask, 60, pubs=[], options=options)
    assert state["reason_code"] == 6050
    assert f"Rep delay {rep_delay} outside of valid range 0.0 - 0.0005" in state["reason"]


def test_inputs_of_a_wrong_type_fail_when_the_program_reads_them() -> None:
    """Code 1603."""
    state = after(Asking("DONE"), 0, options={"default_shots": "many"})
    assert (state["status"], state["reason_code"]) == ("Failed", 1603)
    assert "default_shots is not a number of shots" in state["reason"]


def test_a_script_that_fails_anyway_keeps_its_own_failure() -> None:
    """What a test has scripted is what happens."""
    state = after(Asking("ERROR 9999"), 0, pubs=[["", None, 10**9]])
    assert state["reason_code"] == 9999


@pytest.mark.parametrize(
    "pubs",
    [
        [{}],
        [["", {"__type__": "ndarray", "__value__": "?"}]],
        [["", {"__type__": "ndarray"}, 5]],
    ],
)
def test_pubs_that_cannot_be_read_here_are_left_to_the_program(pubs: list[Any]) -> None:
    """They are not counted, and nothing fails."""
    assert after(Asking("DONE"), 0, pubs=pubs)["status"] == "Completed"
