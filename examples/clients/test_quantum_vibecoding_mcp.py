"""An MCP server for IBM Quantum: its tools, unchanged, ask the simulated service."""

import json

import pytest
from quantum_vibecoding_mcp import ibm

import qrtest

PROGRAM = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; x q[0]; measure q -> c;'


@pytest.fixture
def sim(monkeypatch, tmp_path):
    """A simulation, and an environment as a user of the server has it, with a made-up token."""
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "x" * 44)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(ibm, "_service", None)
    with qrtest.simulate(transport="requests") as simulation:
        simulation.rule("QUEUED 5s; RUNNING 2s; DONE", result="computed")
        yield simulation


def called(tool, *arguments):
    """Return what a tool of the server answers."""
    answer = json.loads(tool(*arguments))
    assert "error" not in answer, answer
    return answer


@pytest.mark.usefixtures("sim")
def test_backends_are_listed_with_their_queues():
    [torino] = [each for each in called(ibm.ibm_list_backends) if each["name"] == "ibm_torino"]
    assert (torino["num_qubits"], torino["operational"]) == (133, True)
    assert torino["pending_jobs"] >= 0


def test_a_circuit_is_submitted_polled_and_read(sim):
    job_id = called(ibm.ibm_submit_circuit, PROGRAM, "ibm_torino", 16)["job_id"]
    assert called(ibm.ibm_check_job, job_id)["status"] == "QUEUED"
    assert "not yet completed" in called(ibm.ibm_get_results, job_id)["message"]
    sim.clock.advance("1m")
    assert called(ibm.ibm_check_job, job_id)["usage"]["status"] == "complete"
    assert called(ibm.ibm_get_results, job_id)["results"][0]["counts"] == {"01": 16}


@pytest.mark.usefixtures("sim")
def test_a_job_that_there_is_not_is_an_error_with_its_id():
    assert "nowhere" in json.loads(ibm.ibm_check_job("nowhere"))["error"]
