"""Fitting results of the executor, of what is based on it, and of the noise learners: decoded by the client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, Executor, NoiseLearner, QuantumProgram
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler
from qiskit_ibm_runtime.noise_learner_v3 import NoiseLearnerV3
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic import build
from samplomatic.transpiler import generate_boxing_pass_manager
from samplomatic.utils import find_unique_box_instructions

from qrtest import Simulation, simulate
from qrtest.client import releases

QUBITS = 133

pytestmark = [
    pytest.mark.filterwarnings("ignore:The NoiseLearner class is deprecated"),
    pytest.mark.filterwarnings("ignore:The EstimatorV2 class is deprecated"),
]


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    with simulate(longest=None) as simulation:
        yield simulation


@pytest.fixture(scope="module")
def backend(sim: Simulation) -> Any:
    return sim.service().backend("ibm_torino")


def circuit(*sizes: int, metadata: Any = None) -> QuantumCircuit:
    """Return a circuit with a parameter, an entangling gate, and a register of each of *sizes*."""
    registers = [ClassicalRegister(size, f"r{number}") for number, size in enumerate(sizes)]
    made = QuantumCircuit(QuantumRegister(QUBITS, "q"), *registers, metadata=metadata)
    made.rz(Parameter("p"), 0)
    made.cz(0, 1)
    for register in registers:
        made.measure(range(register.size), register)
    return made


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    shapes=st.lists(st.lists(st.integers(1, 3), max_size=2).map(tuple), min_size=1, max_size=3),
    shots=st.integers(1, 20),
)
@settings(deadline=None)
def test_an_executor_result_fits(
    backend: Any, sizes: list[int], shapes: list[tuple[int, ...]], shots: int
) -> None:
    """An item each, with its registers, the shape of its arguments, and the shots of the program."""
    program = QuantumProgram(shots=shots, passthrough_data={"mine": [1, "two"]})
    for shape in shapes:
        program.append_circuit_item(circuit(*sizes), circuit_arguments=np.zeros((*shape, 1)))
    result = Executor(mode=backend).run(program).result()
    assert result.passthrough_data == {"mine": [1, "two"]}
    assert len(result) == len(shapes)
    for shape, item in zip(shapes, result, strict=True):
        assert {name: (array.shape, array.dtype.kind) for name, array in item.items()} == {
            f"r{number}": ((*shape, shots, size), "b") for number, size in enumerate(sizes)
        }


@pytest.mark.parametrize("version", sorted(QUANTUM_PROGRAM_PARAMS_CONVERTERS))
def test_every_schema_version_is_answered_in_kind(sim: Simulation, version: str) -> None:
    """What an older release sends gets the result that it decodes."""
    program = QuantumProgram(shots=5)
    program.append_circuit_item(circuit(2), circuit_arguments=np.zeros((3, 1)))
    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version]
    options = Executor(mode=sim.service().backend("ibm_torino")).options
    params = converter.encoder(program, options).model_dump_json()
    text = sim.job("DONE", program_id="executor", params=params).result()
    assert text[0]["r0"].shape == (3, 5, 2)
    assert version in releases.schema_versions("executor")


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("classified", {"r0": ((4, 7, 2), "b")}),
        ("kerneled", {"r0_iq": ((4, 7, 2), "c")}),
        ("avg_kerneled", {"r0_avg_iq": ((4, 2), "c")}),
        ("both", {"r0": ((4, 7, 2), "b"), "r0_iq": ((4, 7, 2), "c")}),
    ],
)
@pytest.mark.parametrize("result", [None, "computed"])
def test_the_measurement_level_gives_name_and_shape(
    sim: Simulation, backend: Any, level: Any, expected: Any, result: Any
) -> None:
    """Bits, or complex levels of each shot or their mean, under the names that the client's decoder knows."""
    program = QuantumProgram(shots=7, meas_level=level)
    program.append_circuit_item(circuit(2), circuit_arguments=np.zeros((4, 1)))
    sim.next_job("DONE", result=result)
    item = Executor(mode=backend).run(program).result()[0]
    assert {name: (each.shape, each.dtype.kind) for name, each in item.items()} == expected


@pytest.mark.parametrize("result", [None, "computed"])
@pytest.mark.parametrize(("level", "shape"), [("kerneled", (64, 2)), ("avg_kerneled", (2,))])
def test_the_sampler_on_the_executor_gets_levels(
    sim: Simulation, backend: Any, level: Any, shape: Any, result: Any
) -> None:
    """Under the name of the register, also where they are computed: around -1 for bits that are 0."""
    sampler = Sampler(mode=backend)
    sampler.options.execution.meas_type = level
    sim.next_job("DONE", result=result)
    levels = sampler.run([(circuit(2), [0.0])], shots=64).result()[0].data.r0
    assert levels.shape == shape
    if result == "computed":
        assert abs(levels.mean() + 1) < 0.2


@pytest.mark.parametrize("result", [None, "computed"])
def test_the_two_parts_of_a_level_scatter_independently(
    sim: Simulation, backend: Any, result: Any
) -> None:
    """A discriminator that is fitted to them meets a cloud, not a line."""
    program = QuantumProgram(shots=2000, meas_level="kerneled")
    program.append_circuit_item(circuit(1), circuit_arguments=np.zeros((1, 1)))
    sim.next_job("DONE", result=result)
    levels = Executor(mode=backend).run(program).result()[0]["r0_iq"].ravel()
    residues = levels.real - np.sign(levels.real)
    assert abs(np.corrcoef(residues, levels.imag)[0, 1]) < 0.2


def test_a_samplex_item_has_the_outputs_of_its_samplex(backend: Any) -> None:
    """Beside the registers: the flips of measurements, over the randomizations."""
    boxed = generate_boxing_pass_manager(enable_measures=True).run(circuit(2))
    template, samplex = build(boxed)
    program = QuantumProgram(shots=6)
    program.append_samplex_item(
        template, samplex=samplex, samplex_arguments={"parameter_values": np.zeros(1)}, shape=(5,)
    )
    item = Executor(mode=backend).run(program).result()[0]
    assert {name: array.shape for name, array in item.items()} == {
        "measurement_flips.r0": (5, 1, 2),
        "r0": (5, 6, 2),
    }


@pytest.mark.parametrize("is_twirled", [False, True])
def test_the_sampler_on_the_executor_gets_its_pubs(backend: Any, is_twirled: bool) -> None:
    """Registers, shapes, shots and circuit metadata, through the client's own post-processing."""
    sampler = Sampler(mode=backend)
    sampler.options.twirling.enable_gates = is_twirled
    pubs = [(circuit(2, 3, metadata={"of": 1}), np.zeros((2, 1)), 64)] * 2
    result = sampler.run(pubs).result()
    assert len(result) == 2
    for pub in result:
        assert {
            name: (bits.num_bits, bits.shape, bits.num_shots) for name, bits in pub.data.items()
        } == {
            "r0": (2, (2,), 64),
            "r1": (3, (2,), 64),
        }
        assert pub.metadata["circuit_metadata"] == {"of": 1}


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_estimator_on_the_executor_gets_its_shapes(backend: Any, level: int) -> None:
    """At every resilience level, extrapolation included."""
    estimator = Estimator(mode=backend)
    estimator.options.resilience_level = level
    operators = [SparsePauliOp("I" * (QUBITS - 2) + label) for label in ("ZZ", "XX")]
    result = estimator.run([(circuit(), operators, np.zeros(1))], precision=0.1).result()
    assert result[0].data.evs.shape == result[0].data.stds.shape == (2,)
    assert ("evs_extrapolated" in result[0].data) == (level == 2)


def two_layers() -> QuantumCircuit:
    """Return a circuit with a layer of its own qubits after another."""
    made = circuit()
    made.cz(0, 1)
    made.barrier()
    made.cz(1, 2)
    return made


def test_the_first_noise_learner_gets_an_error_for_each_unique_layer(backend: Any) -> None:
    """On the qubits that are twirled so far, unless the strategy is another; with the name of the device."""
    result = NoiseLearner(backend).run([two_layers(), two_layers()]).result()
    [first, second] = result.data
    assert (first.qubits, second.qubits) == ([0, 1], [0, 1, 2])
    assert len(first.error.generators) == len(first.error.rates) == 6
    assert result.metadata["backend"] == backend.name
    assert result.metadata["input_options"]["layer_pair_depths"] == [0, 1, 2, 4, 16, 32]
    active = NoiseLearner(backend, options={"twirling_strategy": "active"})
    assert active.run([two_layers()]).result().data[1].qubits == [1, 2]


def test_the_first_noise_learner_learns_the_most_frequent_layers(backend: Any) -> None:
    """As many as it asks for at most."""
    rare = circuit()
    rare.cz(3, 4)
    learner = NoiseLearner(backend, options={"max_layers_to_learn": 1})
    [layer] = learner.run([rare, two_layers(), two_layers()]).result().data
    assert layer.qubits == [0, 1]


def test_an_estimator_names_the_noise_that_it_was_given(backend: Any) -> None:
    """The learner's result, as its errors were sent."""
    learnt = NoiseLearner(backend).run([two_layers()]).result()
    estimator = EstimatorV2(backend)
    estimator.options.resilience.layer_noise_model = learnt.data
    observable = SparsePauliOp("Z" * QUBITS)
    found = estimator.run([(two_layers(), observable, np.zeros(1))]).result().metadata["resilience"]
    assert [each.qubits for each in found["layer_noise_model"]] == [[0, 1], [0, 1, 2]]


def test_the_third_noise_learner_gets_an_error_for_each_instruction(backend: Any) -> None:
    """Of gates and of measurements."""
    boxing = generate_boxing_pass_manager(
        enable_measures=True,
        inject_noise_targets="all",
        inject_noise_strategy="uniform_modification",
    )
    boxes = find_unique_box_instructions(boxing.run(circuit(2)))
    result = NoiseLearnerV3(backend).run(boxes).result()
    assert len(result.data) == len(boxes) == 2
