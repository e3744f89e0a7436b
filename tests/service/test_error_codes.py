"""Failures by code alone: what the service says is that of its documentation."""

from __future__ import annotations

import pytest
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError

from qrtest import simulate
from qrtest.lifecycle.step import failed
from qrtest.service import parse, serialize
from qrtest.service.error_codes import explanation
from tests.asking import Asking


@pytest.mark.parametrize(
    ("code", "reason", "solution"),
    [
        (1500, "Internal error.", "Try again or contact support."),
        (5203, "Failed to run job.", "Try to run the job again."),
        (9999, "Internal error.", "Contact IBM Quantum through Slack for help."),
        (4242, "The job failed with error code 4242.", None),
    ],
)
def test_a_code_alone_has_the_words_of_the_documentation(
    code: int, reason: str, solution: str | None
) -> None:
    """Message, code and solution, as GET job says them."""
    expected = {"status": "Failed", "reason": reason, "reason_code": code}
    assert serialize.job_state(failed(code=code)) == expected | (
        {"reason_solution": solution} if solution else {}
    )


@pytest.mark.parametrize("code", [1500, 1517, 1603])
def test_the_client_says_the_code_of_a_failure_without_words(code: int) -> None:
    """The genuine client drops a code that comes without a reason."""
    with simulate() as sim:
        job = sim.job(f"ERROR {code}")
        with pytest.raises(RuntimeJobFailureError, match=f"Error code {code}; "):
            job.result()
        assert explanation(code).message in str(job.error_message())


def test_the_results_of_a_failed_job_are_its_reason() -> None:
    """In the words of the documentation, too."""
    ask = Asking("ERROR 1500")
    ask.result = None
    assert ask("GET", f"/jobs/{ask.submit()}/results").body == "Internal error."


def test_words_of_a_script_come_before_those_of_the_documentation() -> None:
    """And no solution is added to them."""
    state = serialize.job_state(failed("Out of memory.", 1500))
    assert state == {"status": "Failed", "reason": "Out of memory.", "reason_code": 1500}


def test_a_service_that_sends_codes_alone_keeps_doing_so() -> None:
    """`reason_code="alone"` is for that."""
    state = serialize.job_state(failed(code=1500), "alone")
    assert state == {"status": "Failed", "reason_code": 1500}
    assert parse.read_state(state) == failed(code=1500)
