"""qBraid's provider asks by urllib, beside the genuine client; both reach the simulated service."""

import pytest
from qbraid.runtime.exceptions import JobNotFoundError, RuntimeAPIError
from qbraid.runtime.ibm import QiskitRuntimeProvider
from qiskit import QuantumCircuit

import qrtest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def sim():
    """A simulation whose jobs take their time."""
    with qrtest.simulate(transport="requests") as simulation:
        simulation.rule("QUEUED 1h; RUNNING 2s; DONE", result="computed")
        yield simulation


@pytest.fixture
def provider(sim):
    """A provider with a made-up token, on the simulated account's instance."""
    crn = sim.service().active_instance()
    return QiskitRuntimeProvider(token="any", channel="ibm_quantum_platform", instance=crn)


def submitted(provider):
    """Submit a circuit that flips its qubit."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return provider.get_device("ibm_torino").run(circuit, shots=10)


def test_a_job_is_submitted_polled_and_read(sim, provider):
    job = submitted(provider)
    assert provider.get_job(job.id)["status"] == "Queued"
    sim.clock.advance("2h")
    assert provider.get_job(job.id)["status"] == "Completed"
    assert job.result().data.get_counts() == {"1": 10}


def test_a_job_is_cancelled(provider):
    job = submitted(provider)
    job.cancel()
    assert provider.get_job(job.id)["status"] == "Cancelled"


def test_jobs_are_listed_by_what_they_are(provider):
    first, second = submitted(provider), submitted(provider)
    assert provider.list_jobs()["count"] == 2
    oldest = provider.list_jobs(limit=1, sort="ASC", pending=True, backend="ibm_torino")
    assert [job["id"] for job in oldest["jobs"]] == [first.id]
    second.cancel()
    assert provider.list_jobs(pending=True, program="sampler")["count"] == 1
    assert provider.list_jobs(tags=["nightly"], created_after="2020-01-01T00:00:00Z")["count"] == 0


def test_errors_have_the_code_and_the_advice_of_the_service(provider):
    with pytest.raises(JobNotFoundError) as missing:
        provider.get_job("nowhere")
    assert (missing.value.status_code, missing.value.error_code) == (404, "1291")
    assert missing.value.solution.startswith("Verify the job ID")
    with pytest.raises(RuntimeAPIError, match="not a time"):
        provider.list_jobs(created_after="yesterday")
