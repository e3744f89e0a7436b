"""PennyLane's device for Qiskit sends its circuits to the simulated service and reads their results."""

from __future__ import annotations

from typing import Any

import pennylane as qml
import pytest

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def backend(runtime_service: Any, runtime_simulation: Any) -> Any:
    """A device whose jobs are computed."""
    runtime_simulation.rule(result="computed")
    return runtime_service.backend("ibm_torino")


def test_counts_and_expectation_values_are_those_of_the_circuit(backend: Any) -> None:
    """Sampler and estimator jobs of one program."""
    device = qml.device("qiskit.remote", wires=2, backend=backend, shots=500)

    @qml.qnode(device)
    def bell() -> Any:
        qml.Hadamard(wires=0)
        qml.CNOT(wires=[0, 1])
        return qml.counts(), qml.expval(qml.PauliZ(0) @ qml.PauliZ(1)), qml.expval(qml.PauliX(0))

    counts, both, alone = bell()
    assert set(counts) == {"00", "11"}
    assert both > 0.9
    assert abs(alone) < 0.2
