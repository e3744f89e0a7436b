"""The MCP server for Qiskit runtime: its tools, unchanged, ask the simulated service."""

import asyncio

import pytest
from qiskit_ibm_runtime_mcp_server import ibm_runtime

import qrtest

PROGRAM = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[0]; c = measure q;'


@pytest.fixture
def sim(monkeypatch, tmp_path):
    """A simulation, and an environment as a user of the server has it, with a made-up token."""
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "x" * 44)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(ibm_runtime, "service", None)
    with qrtest.simulate(transport="requests") as simulation:
        simulation.rule("QUEUED 5s; RUNNING 2s; DONE", result="computed")
        yield simulation


def called(tool, *arguments, **options):
    """Return what a tool of the server answers."""
    answer = asyncio.run(tool(*arguments, **options))
    assert answer["status"] == "success", answer
    return answer


@pytest.mark.usefixtures("sim")
def test_backends_are_listed_and_described():
    names = [each["name"] for each in called(ibm_runtime.list_backends)["backends"]]
    assert "ibm_torino" in names
    assert called(ibm_runtime.least_busy_backend)["backend_name"] in names
    assert called(ibm_runtime.get_backend_properties, "ibm_torino")["num_qubits"] == 133
    called(ibm_runtime.get_backend_calibration, "ibm_torino")


def test_a_circuit_is_submitted_polled_and_read(sim):
    job_id = called(ibm_runtime.run_sampler, PROGRAM, backend_name="ibm_torino", shots=16)["job_id"]
    assert called(ibm_runtime.get_job_status, job_id)["job_status"] in ("QUEUED", "RUNNING")
    sim.clock.advance("1m")
    assert called(ibm_runtime.get_job_status, job_id)["job_status"] == "DONE"
    assert called(ibm_runtime.get_job_results, job_id)["counts"] == {"01": 16}
    assert job_id in [each["job_id"] for each in called(ibm_runtime.list_my_jobs)["jobs"]]


@pytest.mark.usefixtures("sim")
def test_a_job_is_cancelled():
    job_id = called(ibm_runtime.run_sampler, PROGRAM, backend_name="ibm_torino")["job_id"]
    called(ibm_runtime.cancel_job, job_id)
    assert called(ibm_runtime.get_job_status, job_id)["job_status"] == "CANCELLED"


@pytest.mark.usefixtures("sim")
def test_the_instance_and_its_usage_are_shown():
    called(ibm_runtime.available_instances)
    called(ibm_runtime.usage_info)
