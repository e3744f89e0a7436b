"""Noisy results: a device's calibrated errors, in what would be computed without."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import PauliGate
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, Executor, QuantumProgram, SamplerV2

from qrtest import simulate
from qrtest.client.backend_snapshots import Snapshots
from qrtest.client.noise_model import Noise
from qrtest.client.simulation_work import work_of

pytestmark = pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated")

DEVICE = "ibm_torino"
SHOTS = 4_000


def readout(qubit: int) -> Mapping[str, float]:
    """Return what the device's snapshot says of a qubit."""
    properties = json.loads(Snapshots((DEVICE,)).describe(DEVICE, "properties") or b"")
    return {each["name"]: each["value"] for each in properties["qubits"][qubit]}


def counts(circuit: QuantumCircuit, where: list[int], *, result: str = "noisy") -> dict[str, int]:
    """Return what a sampler counts on the qubits *where*."""
    with simulate() as sim:
        sim.next_job(result=result)
        backend = sim.service().backend(DEVICE)
        placed = transpile(circuit, backend, initial_layout=where, optimization_level=0)
        job = SamplerV2(mode=backend).run([placed], shots=SHOTS)
        found: dict[str, int] = job.result()[0].data.meas.get_counts()
        return found


def flips(gates: int) -> QuantumCircuit:
    """Return a qubit that is turned so many times, and measured."""
    circuit = QuantumCircuit(1)
    for _ in range(gates):
        circuit.x(0)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("qubit", [0, 1, 19])
@pytest.mark.parametrize("prepared", [0, 1])
def test_a_qubit_is_misread_as_often_as_it_was_calibrated(qubit: int, prepared: int) -> None:
    """Within five standard deviations, for good and bad qubits, 0 and 1."""
    name = "prob_meas0_prep1" if prepared else "prob_meas1_prep0"
    expected = readout(qubit)[name] * SHOTS
    misread = counts(flips(prepared), [qubit]).get("10"[prepared], 0)
    assert abs(misread - expected) < 5 * expected**0.5 + SHOTS * 0.002


def test_errors_of_gates_add_up() -> None:
    """A long circuit errs more often than its readout alone."""
    assert counts(flips(400), [1]).get("1", 0) > counts(flips(0), [1]).get("1", 0) + SHOTS // 50


def test_the_same_seed_gives_the_same_noise() -> None:
    """To the last count."""
    assert counts(flips(20), [0]) == counts(flips(20), [0])


def test_every_shot_is_counted_and_registers_stay() -> None:
    """The runs that share the shots come back as one."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    noisy = counts(circuit, [0, 1])
    assert sum(noisy.values()) == SHOTS
    assert {"01", "10"} & set(noisy)
    assert set(counts(circuit, [0, 1], result="computed")) == {"00", "11"}


def test_an_estimator_errs_by_its_gates() -> None:
    """A long way back to the same state costs expectation; shape and precision stay."""

    def value(result: str) -> Any:
        with simulate() as sim:
            sim.next_job(result=result)
            backend = sim.service().backend(DEVICE)
            circuit = QuantumCircuit(2)
            for _ in range(40):
                circuit.cx(0, 1)
                circuit.barrier()
            placed = transpile(circuit, backend, initial_layout=[0, 1], optimization_level=0)
            observable = SparsePauliOp("ZZ").apply_layout(placed.layout)
            job = EstimatorV2(mode=backend).run([(placed, [observable], None, 0.01)])
            return job.result()[0].data

    clean, noisy = value("computed"), value("noisy")
    assert clean.evs.shape == noisy.evs.shape == (1,)
    assert clean.evs[0] > 0.95
    assert noisy.evs[0] < clean.evs[0] - 0.05


@pytest.mark.parametrize(
    ("level", "mitigates", "is_corrected"),
    [(0, None, False), (1, None, True), (0, True, True), (1, False, False)],
)
def test_an_estimator_corrects_the_readout_as_its_options_say(
    level: int, mitigates: bool | None, is_corrected: bool
) -> None:
    """From level 1 on, unless measure_mitigation says otherwise."""
    qubit = max(range(50), key=lambda index: readout(index)["prob_meas0_prep1"])
    wrong = readout(qubit)["prob_meas0_prep1"]
    circuit = QuantumCircuit(133)
    circuit.x(qubit)
    with simulate() as sim:
        sim.next_job(result="noisy")
        estimator = EstimatorV2(mode=sim.service().backend(DEVICE))
        estimator.options.resilience_level = level
        if mitigates is not None:
            estimator.options.resilience.measure_mitigation = mitigates
        observable = SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0)], 133)
        result = estimator.run([(circuit, observable, None, 0.005)]).result()
    assert result.metadata["resilience"]["measure_mitigation"] is is_corrected
    expected = -1.0 if is_corrected else 2 * wrong - 1
    assert wrong > 0.05
    assert float(result[0].data.evs) == pytest.approx(expected, abs=0.03)


def test_readout_errors_of_several_qubits_multiply() -> None:
    """Each turns its letter by its own probabilities: the values of all outcomes agree with counting."""
    properties = {
        "gates": [],
        "qubits": [
            [
                {"name": "prob_meas1_prep0", "value": ones},
                {"name": "prob_meas0_prep1", "value": zeros},
            ]
            for ones, zeros in ((0.1, 0.2), (0.05, 0.3))
        ],
    }
    noise = Noise(json.dumps(properties), {}, seed=0)
    read = noise.misread_observables(ObservablesArray({"ZZ": 2.0, "IX": 1.0}))
    terms = read.ravel().tolist()[0]
    first, second, both = (0.7, 0.1), (0.65, 0.25), 2.0
    assert terms["ZZ"] == pytest.approx(both * first[0] * second[0])
    assert terms["ZI"] == pytest.approx(both * first[1] * second[0])
    assert terms["IZ"] == pytest.approx(both * first[0] * second[1])
    assert terms["IX"] == pytest.approx(0.7)
    assert terms["II"] == pytest.approx(both * first[1] * second[1] + 0.1)


# --- relaxation, with qiskit-aer ---

MICROSECONDS = 0.004
"""The device's unit of delays. QPY, by which circuits are sent, keeps no other unit of a delay."""


def waiting(microseconds: float, *, in_a_branch: bool = False) -> QuantumCircuit:
    """Qubit 1 of the device, excited, and measured after a while."""
    circuit = QuantumCircuit(133, 2)
    circuit.x(1)
    circuit.measure(1, 0)
    if in_a_branch:
        with circuit.if_test((0, 1)):
            circuit.delay(round(microseconds / MICROSECONDS), 1)
    else:
        circuit.delay(round(microseconds / MICROSECONDS), 1)
    circuit.measure(1, 1)
    return circuit


@pytest.mark.parametrize("in_a_branch", [False, True])
def test_a_qubit_that_waits_decays(in_a_branch: bool) -> None:
    """By the device's T1, in a branch, too: after one T1 an e-th part is left."""
    calibrated = readout(1)["T1"]
    with simulate(not_computed="fail") as sim:
        sim.rule(result="noisy")
        backend = sim.service().backend(DEVICE)
        circuits = [waiting(share * calibrated, in_a_branch=in_a_branch) for share in (0, 1, 3)]
        results = SamplerV2(mode=backend).run(circuits, shots=1_000).result()
    left = [result.data.c.slice_bits([1]).get_counts().get("1", 0) / 1_000 for result in results]
    for seen, expected in zip(left, (1, math.exp(-1), math.exp(-3)), strict=True):
        assert abs(seen - expected) < 0.1


def test_an_estimate_and_an_executor_program_decay_too() -> None:
    """A qubit that waited for three times its T1 is in its ground state."""
    circuit = QuantumCircuit(133, 1)
    circuit.x(1)
    circuit.delay(round(3 * readout(1)["T1"] / MICROSECONDS), 1)
    with simulate(not_computed="fail") as sim:
        sim.rule(result="noisy")
        backend = sim.service().backend(DEVICE)
        observable = SparsePauliOp("I" * 131 + "ZI")
        value = EstimatorV2(mode=backend).run([(circuit, observable)]).result()[0].data.evs
        circuit.measure(1, 0)
        program = QuantumProgram(shots=1_000)
        program.append_circuit_item(circuit)
        ones = Executor(mode=backend).run(program).result()[0]["c"].mean()
    assert value > 0.8
    assert ones < 0.15


def test_qubits_that_are_not_entangled_decay_in_any_number() -> None:
    """Each by its own T1."""
    circuit = QuantumCircuit(133, 12)
    circuit.x(range(12))
    circuit.delay(round(1_000 / MICROSECONDS), range(12))
    circuit.measure(range(12), range(12))
    with simulate(not_computed="fail") as sim:
        sim.rule(result="noisy")
        backend = sim.service().backend(DEVICE)
        bits = SamplerV2(mode=backend).run([circuit], shots=100).result()[0].data.c
    assert bits.bitcount().mean() < 4


@pytest.mark.parametrize("result", ["noisy", "computed"])
@pytest.mark.parametrize("qubits", [0, 133])
def test_an_estimate_of_no_qubit_is_that_of_the_identity(qubits: int, result: str) -> None:
    """Which no noise changes."""
    pub = [QuantumCircuit(qubits), {"I" * qubits: 2.0}, None, 0.01]
    with simulate(not_computed="fail") as sim:
        job = sim.job("DONE", program_id="estimator", result=result, params={"pubs": [pub]})
        assert math.isclose(job.result()[0].data.evs, 2, abs_tol=0.1)


def test_a_wide_noisy_circuit_stays_as_cheap_as_without_noise() -> None:
    """Errors that are drawn are Paulis, which stabilizers take: no state vector of 30 qubits."""
    circuit = QuantumCircuit(30)
    circuit.append(PauliGate("X"), [0])
    circuit.cz(0, 1)
    assert work_of(circuit, 100) < 1e6
