"""qiskit-experiments on the simulated service: circuits are computed, its own analysis is the judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_experiments.library import T1, LocalReadoutError, StateTomography

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def backend(runtime_service: Any, runtime_simulation: Any) -> Any:
    """A device whose jobs are computed."""
    runtime_simulation.rule(result="computed")
    return runtime_service.backend("ibm_torino")


def test_state_tomography_finds_the_state(backend: Any) -> None:
    """Nine circuits, distinguished by the metadata of their pubs."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    data = StateTomography(circuit, physical_qubits=[0, 1]).run(backend, seed_simulator=1)
    data.block_for_results()
    assert data.analysis_results("state_fidelity", dataframe=False).value > 0.97


def test_the_readout_is_characterized(backend: Any) -> None:
    """A device that makes no errors is read without any."""
    data = LocalReadoutError([0, 1]).run(backend)
    data.block_for_results()
    mitigator = data.analysis_results("Local Readout Mitigator", dataframe=False).value
    assert np.allclose(mitigator.assignment_matrix(), np.eye(4), atol=0.01)


def test_a_qubit_decays_by_its_calibrated_t1(backend: Any, runtime_simulation: Any) -> None:
    """The device's noise is in what is computed: the fitted time is the one in its properties."""
    runtime_simulation.next_job(result="noisy")
    data = T1([1], delays=np.linspace(1e-6, 800e-6, 15)).run(backend, shots=2000)
    data.block_for_results()
    found = data.analysis_results("T1", dataframe=False)
    assert found.quality.value == "good"
    assert abs(found.value.nominal_value / backend.properties().t1(1) - 1) < 0.2
