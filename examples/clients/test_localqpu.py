"""The client of localqpu, which goes by a proxy of its own, asks the simulated service on a port instead."""

import localqpu
import pytest
from localqpu.client import FAKE_CLOUD_HOST, LOCAL_INSTANCE_CRN
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import Batch, SamplerV2

import qrtest


@pytest.fixture
def service(monkeypatch):
    """What localqpu's own connect makes, with a server of qrtest's on the port."""
    for variable in ("IAM_URL", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "")  # localqpu.connect sets them for the whole process
    hosts = [FAKE_CLOUD_HOST, f"iam.{FAKE_CLOUD_HOST}", f"quantum.{FAKE_CLOUD_HOST}"]
    hosts += [
        f"{kind}.{FAKE_CLOUD_HOST}" for kind in ("api.global-search-tagging", "globalcatalog")
    ]
    instance = qrtest.Instance(crn=LOCAL_INSTANCE_CRN)
    with qrtest.serve(clock="60x", allow_hosts=hosts, instances=[instance]) as server:
        server.rule("QUEUED 5s; RUNNING 2s; DONE", result="computed")
        yield localqpu.connect(port=int(server.url.rpartition(":")[2]))


def bell(backend):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return transpile(circuit, backend)


def test_a_job_is_submitted_and_read(service):
    backend = service.least_busy(operational=True)
    job = SamplerV2(backend).run([bell(backend)], shots=100)
    assert set(job.result()[0].data.meas.get_counts()) == {"00", "11"}
    assert job.metrics()["usage"]["status"] == "complete"
    assert service.job(job.job_id()).status() == "DONE"


def test_a_job_in_a_batch_is_cancelled(service):
    backend = service.least_busy(operational=True)
    with Batch(backend) as batch:
        job = SamplerV2(batch).run([bell(backend)])
        job.cancel()
    assert service.job(job.job_id()).status() == "CANCELLED"
    assert "Closed" in batch.status()
