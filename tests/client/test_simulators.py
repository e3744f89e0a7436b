"""Circuits that qiskit-aer computes: dynamic ones, and more qubits than a state vector of a test has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerError
from qiskit_aer.primitives import SamplerV2 as AerSampler
from qiskit_ibm_runtime import EstimatorV2, Executor, QuantumProgram, SamplerV2
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError
from qiskit_ibm_runtime.executor_sampler import Sampler

from qrtest import Simulation, simulate
from qrtest.client.computing_process import WORK_IN_THIS_PROCESS
from qrtest.client.quiet_libraries import quiet_aer
from qrtest.client.simulation_work import length, work_of
from qrtest.client.simulators import (
    Simulator,
    TooLargeError,
    ending_read,
    is_dynamic,
    method_of,
    runs_by_shot,
)
from qrtest.errors import NotComputedWarning

pytestmark = pytest.mark.filterwarnings(
    "ignore:The (Sampler|Estimator)V2 class is deprecated", "ignore:.*Aer.*:DeprecationWarning"
)

QUBITS = 133


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    with simulate(longest=None, not_computed="fail") as simulation:
        simulation.rule(result="computed")
        yield simulation


@pytest.fixture(scope="module")
def backend(sim: Simulation) -> Any:
    return sim.service().backend("ibm_torino")


def counts(backend: Any, circuit: QuantumCircuit, shots: int = 50) -> dict[str, int]:
    data = SamplerV2(mode=backend).run([circuit], shots=shots).result()[0].data
    found: dict[str, int] = next(iter(data.values())).get_counts()
    return found


def test_a_measurement_decides_what_follows(backend: Any) -> None:
    """A condition on a bit that was measured in the middle."""
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    assert set(counts(backend, circuit)) == {"00", "11"}


def test_loops_and_resets_are_run(backend: Any) -> None:
    """A loop that flips three times, and a qubit that starts anew."""
    circuit = QuantumCircuit(2, 2)
    with circuit.for_loop(range(3)):
        circuit.x(0)
    circuit.x(1)
    circuit.reset(1)
    circuit.measure([0, 1], [0, 1])
    assert set(counts(backend, circuit)) == {"01"}


def test_what_is_measured_in_a_branch_alone_is_run(backend: Any) -> None:
    """Aer runs no circuit without a measurement outside of branches: it has one that is left out again."""
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((0, 0)):
        circuit.x(0)
        circuit.measure(0, 0)
    data = SamplerV2(mode=backend).run([circuit], shots=50).result()[0].data
    assert {name: bits.get_counts() for name, bits in data.items()} == {"c": {"1": 50}}


def test_a_loop_that_never_ends_and_measures_nothing_is_run() -> None:
    """Until the limit of time stops it: without a measurement its result would be all zero, at once."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.x(0)
    made = ending_read(circuit)
    assert made.data[-1].operation.name == "measure"
    assert made.cregs[:-1] == circuit.cregs
    assert ending_read(made) is made


def test_a_gate_inside_of_a_branch_is_held_to_the_device(sim: Simulation, backend: Any) -> None:
    """On the qubits of the circuit, not of the branch."""
    circuit = QuantumCircuit(QUBITS, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.cz(0, 70)
    job = sim.job("DONE", result="computed", params={"pubs": [[circuit]]})
    with pytest.raises(RuntimeJobFailureError, match=r"cz on qubits \(0, 70\)"):
        job.result()


def test_a_clifford_circuit_has_the_width_of_the_device(backend: Any) -> None:
    """All of its qubits, entangled: the first and the last of a chain agree."""
    circuit = QuantumCircuit(QUBITS, 2)
    circuit.x(0)
    for low, high in backend.coupling_map.get_edges():
        circuit.cz(low, high)
    circuit.rz(math.pi / 2, 0)
    circuit.measure([0, 132], [0, 1])
    assert counts(backend, circuit) == {"01": 50}


def test_a_wide_circuit_with_little_entanglement_is_computed(backend: Any) -> None:
    """As a matrix product state."""
    circuit = QuantumCircuit(40, 40)
    for qubit in range(40):
        circuit.rz(0.3, qubit)
        circuit.x(qubit)
    circuit.measure(range(40), range(40))
    assert counts(backend, circuit) == {"1" * 40: 50}


def test_a_state_that_is_little_entangled_takes_no_state_vector(backend: Any) -> None:
    """A chain of 30 qubits, all of which agree, with rotations that are no Clifford gates."""
    edges = {frozenset(edge) for edge in backend.coupling_map.get_edges()}
    chain = [*range(14, -1, -1), 15, *range(19, 33)]
    assert all({low, high} in edges for low, high in pairwise(chain))
    circuit = QuantumCircuit(QUBITS, 30)
    for qubit in chain:
        circuit.rz(math.pi / 2, qubit)
        circuit.sx(qubit)
        circuit.rz(0.3 if qubit == chain[0] else math.pi / 2, qubit)
    for low, high in pairwise(chain):
        circuit.cz(low, high)
        circuit.rz(math.pi / 2, high)
        circuit.sx(high)
        circuit.rz(math.pi / 2, high)
    circuit.measure(chain, range(30))
    assert set(counts(backend, circuit)) == {"0" * 30, "1" * 30}


def test_an_observable_of_a_wide_circuit_is_estimated(backend: Any) -> None:
    """Over all qubits at once."""
    circuit = QuantumCircuit(QUBITS)
    circuit.x(range(QUBITS))
    operator = SparsePauliOp("Z" * QUBITS)
    result = EstimatorV2(mode=backend).run([(circuit, operator)], precision=0.01).result()
    assert math.isclose(result[0].data.evs, -1, abs_tol=0.1)


@given(angle=st.floats(0, 3.1), shots=st.just(2000))
@settings(max_examples=5, deadline=None)
def test_the_executor_computes_what_the_sampler_computes(
    backend: Any, angle: float, shots: int
) -> None:
    """The same circuit, alone and in a sampler based on the executor."""
    circuit = QuantumCircuit(1, 1)
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    expected = math.cos(angle / 2) ** 2
    program = QuantumProgram(shots=shots)
    program.append_circuit_item(circuit)
    alone = Executor(mode=backend).run(program).result()[0]["c"].mean()
    based = Sampler(mode=backend).run([circuit], shots=shots).result()[0].data.c
    sampled = counts(backend, circuit, shots).get("1", 0) / shots
    for share in (alone, based.get_counts().get("1", 0) / shots, sampled):
        assert math.isclose(share, expected, abs_tol=0.1)


@pytest.mark.parametrize(("meas_type", "shape"), [("kerneled", (50, 1)), ("avg_kerneled", (1,))])
def test_levels_follow_what_was_computed(backend: Any, meas_type: Any, shape: Any) -> None:
    """Around 1 for a bit that is 1."""
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    sampler = SamplerV2(mode=backend, options={"execution": {"meas_type": meas_type}})
    levels = sampler.run([circuit], shots=50).result()[0].data.c
    assert levels.shape == shape
    assert abs(levels.mean() - 1) < 0.2


def test_metadata_of_the_circuit_is_kept(backend: Any) -> None:
    """As it was submitted, by sampler and estimator."""
    circuit = QuantumCircuit(1, 1, metadata={"experiment": "T1", "xval": 1e-6})
    result = EstimatorV2(mode=backend).run([(circuit, SparsePauliOp("Z"))]).result()
    assert result[0].metadata["circuit_metadata"] == circuit.metadata
    circuit.measure(0, 0)
    result = SamplerV2(mode=backend).run([circuit]).result()
    assert result[0].metadata["circuit_metadata"] == circuit.metadata


def test_a_computation_ends_at_its_limit() -> None:
    """Of real time: the process that computes ends itself, and the job says what would help."""
    circuit = QuantumCircuit(28, 28)
    for _ in range(30):
        circuit.rz(0.3, range(28))
        circuit.sx(range(28))
        circuit.cz(0, 1)
    circuit.measure(range(28), range(28))
    with simulate(compute_seconds=1) as sim:
        with pytest.warns(NotComputedWarning, match="stopped after 1 seconds.*compute_seconds"):
            job = sim.job("DONE", result="computed", params={"pubs": [[circuit, None, 5]]})
        assert job.result()[0].data.c.num_shots == 5


def test_a_state_vector_beyond_the_memory_is_not_begun() -> None:
    """With what it needs, and what there is."""
    circuit = QuantumCircuit(26)
    circuit.append(UnitaryGate(np.eye(16)), range(4))
    with pytest.raises(TooLargeError, match=r"26 qubits needs 1,024 MB.*there are 512 MB"):
        Simulator(1, 512 << 20).sampler(circuit)


def test_aer_says_nothing_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """The job says why it is not computed; what another part of the program runs warns as it did."""
    circuit = QuantumCircuit(20, 20)
    circuit.sx(range(20))
    circuit.measure(range(20), range(20))
    options = {"backend_options": {"method": "statevector", "max_memory_mb": 1}}
    with pytest.raises(AerError), quiet_aer():
        AerSampler(options=options).run([circuit]).result()
    assert caplog.text == ""
    with pytest.raises(AerError):
        AerSampler(options=options).run([circuit]).result()
    assert "Insufficient memory" in caplog.text


def test_what_is_dynamic() -> None:
    """A measurement at the end is not; anything after one is."""
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.measure(1, 1)
    assert not is_dynamic(circuit)
    circuit.x(0)
    assert is_dynamic(circuit)


def conditional(qubits: int) -> QuantumCircuit:
    """Return a circuit in which each shot runs on its own."""
    circuit = QuantumCircuit(qubits, 1)
    circuit.sx(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    return circuit


@pytest.mark.parametrize("qubits", [1, 5, 12, 25, 40])
def test_a_million_shots_one_by_one_are_not_computed_in_this_process(qubits: int) -> None:
    """Each takes tens of microseconds beside its gates, few as these may be; a thousand are no work."""
    assert work_of(conditional(qubits), 1_000_000) > WORK_IN_THIS_PROCESS
    assert work_of(conditional(1), 1_000) < WORK_IN_THIS_PROCESS / 10


def test_what_is_reset_after_a_measurement_takes_a_state_vector_for_each_shot() -> None:
    """A density matrix for each takes half a second at ten qubits; without measurements before, one has all."""
    circuit = QuantumCircuit(10, 10)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.rz(0.3, range(10))
    assert method_of(circuit, runs_by_shot(circuit, is_observed=False)) == "statevector"
    circuit = QuantumCircuit(10)
    circuit.reset(0)
    assert method_of(circuit, runs_by_shot(circuit, is_observed=False)) == "density_matrix"


def test_twenty_qubits_that_are_read_at_once_take_no_reference_primitive(backend: Any) -> None:
    """It makes a text of each of a million outcomes: 5 GB."""
    circuit = QuantumCircuit(QUBITS, 20)
    for qubit in range(20):
        circuit.sx(qubit)
        circuit.rz(0.3, qubit)
    circuit.measure(range(20), range(20))
    assert len(counts(backend, circuit)) > 40


def test_the_turns_of_a_loop_are_counted_and_a_condition_may_hold_for_ever() -> None:
    """What takes too long for this process runs in one that can be stopped."""
    counted = QuantumCircuit(1, 1)
    with counted.for_loop(range(1_000)):
        counted.x(0)
        counted.x(0)
    endless = QuantumCircuit(1, 1)
    with endless.if_test((endless.clbits[0], 0)):
        with endless.while_loop((endless.clbits[0], 0)):
            endless.measure(0, 0)
    assert length(counted) == 2_001
    assert work_of(endless, 1) == float("inf")
