"""Computed results: submitted circuits really run, and come back in the service's own format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Clbit, Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_ibm_runtime import EstimatorV2, SamplerV2
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError

from qrtest import Simulation, simulate
from qrtest.client import simulators
from qrtest.errors import NotComputedWarning

pytestmark = pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated")


@pytest.fixture
def sim() -> Iterator[Simulation]:
    """A simulation in which every submitted job is computed."""
    with simulate() as simulation:
        simulation.rule(result="computed")
        yield simulation


@pytest.fixture
def backend(sim: Simulation) -> Any:
    """A device with 133 qubits."""
    return sim.service().backend("ibm_torino")


def bell(*, measured: bool = True) -> QuantumCircuit:
    """Return a Bell pair."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def placed(circuit: QuantumCircuit, backend: Any, where: list[int] | None = None) -> QuantumCircuit:
    """*circuit* as the device takes it, on the qubits *where*."""
    return transpile(circuit, backend, initial_layout=where, optimization_level=0)


def test_a_bell_pair_gives_00_and_11_only(backend: Any) -> None:
    """Every shot of as many as were asked for, in the middle of a large device."""
    isa = placed(bell(), backend, [71, 72])
    counts = SamplerV2(mode=backend).run([isa], shots=500).result()[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 500
    assert min(counts.values()) > 150


def test_registers_keep_their_names_and_sizes(backend: Any) -> None:
    """Two registers come back as two, each with its bits."""
    circuit = QuantumCircuit(
        QuantumRegister(3), ClassicalRegister(2, "alpha"), ClassicalRegister(1, "beta")
    )
    circuit.x(1)
    circuit.measure([0, 1, 2], [0, 1, 2])
    data = SamplerV2(mode=backend).run([placed(circuit, backend)], shots=7).result()[0].data
    assert data.alpha.get_counts() == {"10": 7}
    assert data.beta.get_counts() == {"0": 7}


def test_bits_without_a_register_are_measured_and_no_part_of_the_result(backend: Any) -> None:
    """The register beside them has its own."""
    circuit = QuantumCircuit(QuantumRegister(133, "q"), [Clbit()], ClassicalRegister(1, "c"))
    circuit.x(3)
    circuit.measure([3, 3], [0, 1])
    data = SamplerV2(mode=backend).run([circuit], shots=5).result()[0].data
    assert {name: bits.get_counts() for name, bits in data.items()} == {"c": {"1": 5}}


@pytest.mark.filterwarnings("ignore:Specifying different 'shots' across pubs is deprecated")
def test_every_pub_has_its_shots(backend: Any) -> None:
    """Those of the pub, of the call, or of the options."""
    isa = placed(bell(), backend)
    sampler = SamplerV2(mode=backend)
    sampler.options.default_shots = 10
    results = sampler.run([(isa,), (isa, None, 20)]).result()
    assert [result.data.meas.num_shots for result in results] == [10, 20]


def test_parameters_are_broadcast_in_the_sampler(backend: Any) -> None:
    """A grid of angles: as many bit arrays, each with its own odds."""
    angle = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    circuit.measure_all()
    angles = np.array([[0.0], [np.pi], [np.pi / 2]])
    result = SamplerV2(mode=backend).run([(placed(circuit, backend), angles, 1000)]).result()[0]
    assert result.data.meas.shape == (3,)
    ones = [result.data.meas[index].get_counts().get("1", 0) for index in range(3)]
    assert (ones[0], ones[1]) == (0, 1000)
    assert 400 < ones[2] < 600


@settings(max_examples=10)
@given(angles=st.lists(st.floats(-3, 3), min_size=1, max_size=4), factor=st.floats(0.5, 2))
def test_an_estimate_over_a_grid_has_its_shape_and_is_within_its_precision(
    angles: list[float], factor: float
) -> None:
    """Observables by angles, against the state vector of the circuit before it was placed."""
    first, second = Parameter("z"), Parameter("a")
    circuit = QuantumCircuit(2)
    circuit.ry(first, 0)
    circuit.cx(0, 1)
    circuit.rx(second, 1)
    with simulate() as sim:
        sim.rule(result="computed")
        backend = sim.service().backend("ibm_torino")
        isa = placed(circuit, backend, [15, 4])
        operators = [SparsePauliOp(["ZZ", "IX"], [factor, 1.0]), SparsePauliOp("YI")]
        observables = [[operator.apply_layout(isa.layout)] for operator in operators]
        values = {first: angles, second: angles[::-1]}
        array = np.array(
            [[dict_value(values, p, i) for p in isa.parameters] for i in range(len(angles))]
        )
        pub = (isa, observables, array)
        data = EstimatorV2(mode=backend).run([pub], precision=0.01).result()[0].data
    assert data.evs.shape == data.stds.shape == (2, len(angles))
    for row, operator in enumerate(operators):
        for column, _ in enumerate(angles):
            bound = circuit.assign_parameters({first: angles[column], second: angles[::-1][column]})
            exact = Statevector(bound).expectation_value(operator).real
            assert abs(data.evs[row, column] - exact) < 0.1


def dict_value(values: dict[Parameter, list[float]], parameter: Parameter, index: int) -> float:
    """Return the value of *parameter*, whichever copy of it the transpiler made."""
    return next(each[index] for known, each in values.items() if known.name == parameter.name)


def test_an_observable_on_a_qubit_that_nothing_happens_to(backend: Any) -> None:
    """It is in its ground state."""
    isa = placed(bell(measured=False), backend, [0, 1])
    labels = ["I" * 132 + "Z", "Z" + "I" * 132, "X" + "I" * 132]
    pub = (isa, [SparsePauliOp(label) for label in labels])
    evs = EstimatorV2(mode=backend).run([pub], precision=0.001).result()[0].data.evs
    assert np.allclose(evs, [0, 1, 0], atol=0.01)


def test_the_answer_is_in_the_format_of_the_service(sim: Simulation, backend: Any) -> None:
    """Field types, execution spans at the times of the job, metadata: as the real service has them."""
    sim.next_job("QUEUED 1m; RUNNING 10s; DONE", result="computed")
    job = SamplerV2(mode=backend).run([placed(bell(), backend)], shots=5)
    result = job.result()
    (answer,) = [entry.response for entry in sim.journal if entry.operation == "result"]
    body = json.loads(answer.body)["__value__"]
    data = body["pub_results"][0]["__value__"]["data"]["__value__"]
    assert data["field_types"] == ["<class 'qiskit.primitives.containers.bit_array.BitArray'>"]
    (span,) = body["metadata"]["execution"]["execution_spans"]["__value__"]["spans"]
    assert span["__value__"]["data_slices"] == {"0": [[5], 0, 1, 0, 5]}
    spans = result.metadata["execution"]["execution_spans"]
    if not isinstance(spans, dict):
        assert spans.duration == 10
        assert spans[0].mask(0).all()


def test_the_same_seed_gives_the_same_shots() -> None:
    """And another seed others."""

    def shots(seed: int) -> list[str]:
        with simulate(seed=seed) as sim:
            sim.rule(result="computed")
            backend = sim.service().backend("ibm_torino")
            job = SamplerV2(mode=backend).run([placed(bell(), backend)], shots=64)
            found: list[str] = job.result()[0].data.meas.get_bitstrings()
            return found

    assert shots(1) == shots(1) != shots(2)


def test_what_the_device_cannot_do_is_accepted_and_fails_later(
    sim: Simulation, backend: Any
) -> None:
    """The client checks its circuits; one that slips through fails with 1517, as in life."""
    job = sim.job(
        "QUEUED 5s; RUNNING 2s; DONE",
        result="computed",
        params={"pubs": [[bell(), None, 10]], "version": 2},
    )
    assert job.status() == "QUEUED"
    with pytest.raises(RuntimeJobFailureError, match=r"1517.*instruction h on qubits \(0,\)"):
        job.result()


WIDE = QuantumCircuit(30)
for qubit in range(30):
    WIDE.sx(qubit)
WIDE.measure_all()

TWICE = QuantumCircuit(1, 2)
TWICE.measure(0, 0)
TWICE.sx(0)
TWICE.measure(0, 1)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"pubs": [[WIDE, None, 1]]}, "up to 22 qubits; this one uses 30"),
        ({"pubs": [[TWICE, None, 1]]}, "cannot compute"),
        ({"pubs": []}, "no list of pubs"),
        ({"pubs": [["circuit"]]}, "not be parsed"),
        ({"pubs": [[5]]}, "begin with a circuit"),
        ({"pubs": [[{"__type__": "QuantumCircuit", "__value__": "AAAA"}]]}, "not be parsed"),
        ({}, "no list of pubs"),
    ],
)
def test_what_cannot_be_computed_fails_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], reason: str
) -> None:
    """If that is wanted; never with a hang, never with an exception in the middle of the simulation."""
    monkeypatch.setattr(simulators, "has_aer", lambda: False)
    with simulate(not_computed="fail") as sim:
        job = sim.job("RUNNING 2s; DONE", result="computed", params=params)
        with pytest.raises(RuntimeJobFailureError, match=reason):
            job.result()


def test_a_dynamic_circuit_says_what_would_compute_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference primitives know no control flow; Aer does."""
    monkeypatch.setattr(simulators, "has_aer", lambda: False)
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    with simulate() as sim, pytest.warns(NotComputedWarning, match=r"pip install 'qrtest\[aer\]'"):
        sim.job("DONE", result="computed", params={"pubs": [[circuit, None, 9]]})


@pytest.mark.parametrize("circuit", [WIDE, TWICE], ids=["wide", "measured in the middle"])
def test_what_cannot_be_computed_gets_a_result_that_fits(
    monkeypatch: pytest.MonkeyPatch, circuit: QuantumCircuit
) -> None:
    """With a warning that says what would help."""
    monkeypatch.setattr(simulators, "has_aer", lambda: False)
    with simulate() as sim:
        with pytest.warns(NotComputedWarning, match="fits what was submitted"):
            job = sim.job("DONE", result="computed", params={"pubs": [[circuit, None, 9]]})
        [pub] = job.result()
    assert [bits.num_bits for bits in pub.data.values()] == [reg.size for reg in circuit.cregs]


def test_a_job_that_is_not_to_end_well_is_not_computed(sim: Simulation) -> None:
    """A script that fails fails, with whatever was submitted."""
    job = sim.job("RUNNING 2s; ERROR 1500", result="computed", params={"pubs": [[WIDE]]})
    with pytest.raises(RuntimeJobFailureError, match=r"1500|has failed"):
        job.result()


def test_a_program_that_is_not_computed_fails_and_says_so() -> None:
    """Which programs are."""
    with simulate(not_computed="fail") as sim:
        job = sim.job("DONE", result="computed", program_id="noise-learner")
        with pytest.raises(RuntimeJobFailureError, match="sampler, estimator and executor"):
            job.result()


def test_an_estimate_of_a_measured_circuit_is_that_without_coherence(backend: Any) -> None:
    """To measure and to forget the outcome loses the phase: the estimate of X is 0, not 1."""
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    isa = placed(circuit, backend)
    observable = SparsePauliOp("X").apply_layout(isa.layout)
    result = EstimatorV2(mode=backend).run([(isa, observable)], precision=0.01).result()
    assert abs(float(result[0].data.evs)) < 0.1
