"""pytket-qiskit 0.79.0: get_result(timeout=60) waits for the queue, and the session stays open."""

from __future__ import annotations

import pytest
from pytket import Circuit
from pytket.extensions.qiskit import IBMQBackend

import qrtest


@pytest.mark.filterwarnings("ignore")
def test_a_timeout_does_not_hold_and_the_session_stays_open() -> None:
    """The status is polled without the timeout, before the result is asked for with it."""
    with qrtest.simulate(transport="requests") as sim:
        sim.rule("QUEUED 2h; RUNNING 5s; DONE")
        backend = IBMQBackend("ibm_torino", service=sim.service())
        circuit = backend.get_compiled_circuit(Circuit(1, 1).H(0).measure_all())
        backend.get_result(backend.process_circuit(circuit, n_shots=10), timeout=60)
        assert sim.clock.now() > 7_200
        asked = [(entry.request.method, entry.operation) for entry in sim.journal]
        assert asked.count(("POST", "session")) == 1
        assert ("DELETE", "session") not in asked
