"""Qrisp's backend makes a service of its own, which is the simulated one while a simulation is entered."""

from __future__ import annotations

import pytest
from qrisp import QuantumFloat
from qrisp.interface import QiskitRuntimeBackend

from qrtest import simulate

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_sum_is_measured() -> None:
    """An addition, transpiled for the device: the measured value is the sum."""
    with simulate(transport="requests") as sim:
        sim.rule(result="computed")
        backend = QiskitRuntimeBackend(
            api_token="any",
            backend="ibm_torino",
            channel="ibm_quantum_platform",
        )
        number = QuantumFloat(2)
        number[:] = 1
        number += 1
        assert number.get_measurement(backend=backend, shots=100) == {2: 1.0}
