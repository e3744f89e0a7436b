"""pytket-qiskit compiles for the simulated device, submits to it, and reads its counts."""

from __future__ import annotations

from typing import Any

import pytest
from pytket import Circuit
from pytket.extensions.qiskit import IBMQBackend

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_bell_pair_is_read_by_its_registers(
    runtime_service: Any, runtime_simulation: Any
) -> None:
    """Through a handle, as its own tests do."""
    runtime_simulation.rule(result="computed")
    backend = IBMQBackend("ibm_torino", service=runtime_service, monitor=False)
    circuit = Circuit(2, 2).H(0).CX(0, 1).measure_all()
    handle = backend.process_circuit(backend.get_compiled_circuit(circuit), n_shots=500)
    counts = backend.get_result(handle).get_counts()
    assert set(counts) == {(0, 0), (1, 1)}
    assert sum(counts.values()) == 500
