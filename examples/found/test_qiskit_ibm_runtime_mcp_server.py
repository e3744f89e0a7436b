"""qiskit-ibm-runtime-mcp-server 0.6.2: no execution time, and a wait for ever for a job that ran too long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from qiskit_ibm_runtime_mcp_server import ibm_runtime

import qrtest

pytestmark = pytest.mark.filterwarnings("ignore")


def results_of(
    monkeypatch: pytest.MonkeyPatch, sim: qrtest.Simulation, script: str
) -> dict[str, Any]:
    """Return what the tool get_job_results answers for a job with *script*."""
    job = sim.job(script)
    sim.clock.advance("1m")
    monkeypatch.setattr(ibm_runtime, "service", sim.service())
    answer: dict[str, Any] = asyncio.run(ibm_runtime.get_job_results(job.job_id()))
    return answer


def test_the_execution_time_of_a_job_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read from `quantum_seconds` of the metrics, which name it `qpu_charge_time_seconds` today."""
    with qrtest.simulate(transport="requests") as sim:
        answer = results_of(monkeypatch, sim, "RUNNING 8s; DONE")
        assert sim.service().job(sim.job_ids()[0]).usage() > 0
    assert answer["status"] == "success"
    assert answer["execution_time"] is None


def test_the_result_of_a_job_that_ran_too_long_is_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its status is none of the five that the tool knows: it asks for the result, without a timeout."""
    with qrtest.simulate(transport="requests", longest="2h") as sim:
        answer = results_of(monkeypatch, sim, 'UNKNOWN "Cancelled - Ran too long"')
        assert sim.clock.now() >= 2 * 3600
    assert "would have waited for ever" in answer["message"]  # what ends the simulation
