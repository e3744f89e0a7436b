"""qBraid's provider makes a service of its own, which is the simulated one while a simulation is entered."""

from __future__ import annotations

import pytest
from qbraid.runtime.ibm import QiskitRuntimeProvider
from qiskit import QuantumCircuit

from qrtest import simulate

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_job_of_the_provider_is_computed() -> None:
    """Its token is not looked at, and nothing leaves the machine."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    with simulate(transport="requests") as sim:
        sim.rule(result="computed")
        provider = QiskitRuntimeProvider(token="any", channel="ibm_quantum_platform")
        job = provider.get_device("ibm_torino").run(circuit, shots=100)
        counts = job.result().data.get_counts()
    assert set(counts) <= {"00", "11"}
    assert sum(counts.values()) == 100
