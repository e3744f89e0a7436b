"""The suite against localqpu that docs/migration.md shows beside the same one with qrtest."""

import localqpu
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import SamplerV2


def bell(service, shots):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    backend = service.least_busy(operational=True)
    job = SamplerV2(backend).run([transpile(circuit, backend)], shots=shots)
    return job.result()[0].data.meas.get_counts()


@pytest.fixture
def local_service(monkeypatch):
    for variable in ("IAM_URL", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "")  # localqpu.connect sets them for the whole process
    server = localqpu.start_server(localqpu.ServerConfig(port=0))
    yield localqpu.connect(port=server.port)
    server.stop()


def test_before(local_service):
    assert set(bell(local_service, 200)) == {"00", "11"}
