"""The default result fits what was submitted; the genuine client submits, and its decoder is the judge."""

from __future__ import annotations

import base64
import io
import json
import keyword
import math
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import Parameter
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, SamplerV2

import qrtest
from qrtest import Scenario, Script, Simulation, done, queued, running, simulate
from qrtest.client import releases, submitted_pubs
from qrtest.client.submitted_pubs import CircuitFacts, circuit_facts
from qrtest.service.circuit_header import LAST_WITH_REGISTERS

pytestmark = pytest.mark.filterwarnings(
    "ignore:The (Sampler|Estimator)V2 class is deprecated", "ignore:Specifying different"
)

DEVICE = "ibm_torino"
QUBITS = 133
QPY_VERSIONS = range(13, qpy.common.QPY_VERSION + 1)
NAMES = st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True).filter(
    lambda name: (
        name not in ("get", "items", "keys", "ndim", "shape", "size", "values", "q")
        and not keyword.iskeyword(name)
    )
)
METADATA = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)
SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    with simulate(longest=None) as simulation:
        yield simulation


@pytest.fixture(scope="module")
def backend(sim: Simulation) -> Any:
    return sim.service().backend(DEVICE)


@st.composite
def circuits(draw: st.DrawFn, *, parameters: int = 0) -> QuantumCircuit:
    """Circuits of a device's width, with some registers, and metadata."""
    sizes = draw(st.dictionaries(NAMES, st.integers(1, 70), min_size=1, max_size=3))
    registers = [ClassicalRegister(size, name) for name, size in sizes.items()]
    circuit = QuantumCircuit(QuantumRegister(QUBITS, "q"), *registers, name=draw(st.text()))
    circuit.metadata = draw(METADATA)
    circuit.global_phase = draw(st.floats(0, 6))
    for number in range(parameters):
        circuit.rz(Parameter(f"p{number}"), number)
    for register in registers:
        circuit.measure(range(register.size), register)
    return circuit


@st.composite
def sampler_pubs(draw: st.DrawFn) -> tuple[QuantumCircuit, Any, int | None]:
    parameters = draw(st.integers(0, 2))
    values = np.zeros((*draw(SHAPES), parameters)) if parameters else None
    return draw(circuits(parameters=parameters)), values, draw(st.none() | st.integers(1, 20))


@st.composite
def estimator_pubs(draw: st.DrawFn) -> tuple[QuantumCircuit, Any, Any]:
    parameters = draw(st.integers(0, 2))
    circuit = QuantumCircuit(QUBITS, metadata=draw(METADATA))
    for number in range(parameters):
        circuit.rz(Parameter(f"p{number}"), number)
    shape = draw(SHAPES)
    labels = draw(st.lists(st.text("IXYZ", min_size=3, max_size=3), min_size=1, max_size=3))
    operator = SparsePauliOp(
        ["I" * (QUBITS - 3) + label for label in labels], np.arange(1, 1 + len(labels))
    )
    observables: Any = operator
    for size in reversed(shape):
        observables = [observables] * size
    ones = [draw(st.sampled_from([1, size])) for size in shape]
    values = np.zeros((*ones, parameters)) if parameters else None
    return circuit, observables, values


@given(pubs=st.lists(sampler_pubs(), min_size=1, max_size=3), default=st.none() | st.integers(1, 9))
@settings(deadline=None)
def test_a_sampler_result_fits(backend: Any, pubs: list[Any], default: int | None) -> None:
    """As many pubs, the registers by name and width, shots, shapes, metadata."""
    sampler = SamplerV2(mode=backend, options={"default_shots": default} if default else None)
    result = sampler.run(pubs).result()
    assert len(result) == len(pubs)
    for (circuit, values, shots), found in zip(pubs, result, strict=True):
        shape = () if values is None else values.shape[:-1]
        assert list(found.data) == [register.name for register in circuit.cregs]
        assert found.data.shape == shape
        for register in circuit.cregs:
            bits = found.data[register.name]
            assert (bits.num_bits, bits.shape) == (register.size, shape)
            assert bits.num_shots == (shots or default or 4096)
            assert sum(bits.get_counts().values()) == bits.num_shots * math.prod(shape)
        assert found.metadata == {"circuit_metadata": circuit.metadata}
        assert found.join_data().num_bits == circuit.num_clbits
    assert result.metadata["version"] == 2


@given(pubs=st.lists(estimator_pubs(), min_size=1, max_size=3), precision=st.floats(0.01, 0.5))
@settings(deadline=None)
def test_an_estimator_result_fits(backend: Any, pubs: list[Any], precision: float) -> None:
    """As many pubs, shapes broadcast from observables and values, precision as stds, values in their range."""
    result = EstimatorV2(mode=backend).run(pubs, precision=precision).result()
    assert len(result) == len(pubs)
    for (circuit, observables, values), found in zip(pubs, result, strict=True):
        shape = ObservablesArray.coerce(observables).shape
        assert values is None or np.broadcast_shapes(shape, values.shape[:-1]) == shape
        assert found.data.shape == found.data.evs.shape == found.data.stds.shape == shape
        assert np.all(found.data.stds == precision)
        assert np.all(np.abs(found.data.evs) <= 6)
        assert found.metadata["circuit_metadata"] == circuit.metadata
        assert found.metadata["target_precision"] == precision
        assert found.metadata["shots"] == math.ceil(1 / precision**2 * (1 - 1e-12))
        assert found.metadata["resilience"] == {}


@given(circuit=circuits(parameters=1), version=st.sampled_from(QPY_VERSIONS))
def test_the_header_of_a_circuit_says_what_the_whole_circuit_says(
    circuit: QuantumCircuit, version: int
) -> None:
    """In every version of QPY that the service takes, without decoding the circuit; later ones are decoded."""
    circuit.add_var("counter", False)
    content = io.BytesIO()
    qpy.dump(circuit, content, releases.json_encoder(), version=version)
    header = submitted_pubs._of_header(content.getvalue())
    packed = base64.b64encode(zlib.compress(content.getvalue())).decode()
    facts = circuit_facts({"__type__": "QuantumCircuit", "__value__": packed})
    sizes = {register.name: register.size for register in circuit.cregs}
    metadata = json.loads(json.dumps(circuit.metadata))
    assert facts == CircuitFacts(sizes, metadata, len(circuit.data), circuit.num_qubits)
    assert list(facts.registers) == list(sizes)
    assert header == (facts if version <= LAST_WITH_REGISTERS else None)


def test_the_span_is_when_the_job_ran(sim: Simulation, backend: Any) -> None:
    """From its start to its end, as the metrics say."""
    circuit = QuantumCircuit(QUBITS, 1)
    circuit.measure(0, 0)
    sim.next_job(Script(queued("1h"), running("30s"), done()))
    job = SamplerV2(mode=backend).run([circuit] * 2)
    spans = job.result().metadata["execution"]["execution_spans"]
    stamps = job.metrics()["timestamps"]
    ran = [datetime.fromisoformat(stamps[name].rstrip("Z")) for name in ("running", "finished")]
    assert [spans.start, spans.stop] == ran
    assert spans[0].pub_idxs == [0, 1]
    assert spans[0].mask(0).shape == (4096,)


@pytest.mark.parametrize(
    ("options", "shots"),
    [
        (
            {
                "twirling": {
                    "enable_gates": True,
                    "num_randomizations": 5,
                    "shots_per_randomization": 7,
                }
            },
            35,
        ),
        ({"twirling": {"enable_gates": True, "num_randomizations": 5}}, 4096),
        ({"twirling": {"num_randomizations": 5, "shots_per_randomization": 7}}, 4096),
        ({"default_shots": 10}, 10),
    ],
)
def test_options_decide_the_shots(backend: Any, options: dict[str, Any], shots: int) -> None:
    """The product of a twirling takes precedence over the default, a pub's own shots over both."""
    circuit = QuantumCircuit(QUBITS, 1)
    circuit.measure(0, 0)
    result = SamplerV2(mode=backend, options=options).run([circuit, (circuit, None, 3)]).result()
    assert [pub.data.c.num_shots for pub in result] == [shots, 3]


@pytest.mark.parametrize(
    ("meas_type", "shape"), [("kerneled", (2, 8, 3)), ("avg_kerneled", (2, 3))]
)
def test_levels_are_complex(backend: Any, meas_type: Any, shape: tuple[int, ...]) -> None:
    """Of each shot, or their mean."""
    circuit = QuantumCircuit(QUBITS, 3)
    circuit.rz(Parameter("p"), 0)
    circuit.measure([0, 1, 2], [0, 1, 2])
    sampler = SamplerV2(mode=backend, options={"execution": {"meas_type": meas_type}})
    data = sampler.run([(circuit, np.zeros((2, 1)))], shots=8).result()[0].data
    assert (data.c.shape, data.c.dtype) == (shape, np.complex128)


@pytest.mark.parametrize(
    ("options", "shots", "circuits"),
    [
        ({"default_shots": 400}, 400, 32),
        ({"default_shots": 400, "default_precision": 0.5}, 400, 32),
        ({"twirling": {"num_randomizations": 16, "shots_per_randomization": 100}}, 1600, 16),
        ({"default_shots": 1000, "twirling": {"shots_per_randomization": 64}}, 1000, 16),
    ],
)
@pytest.mark.parametrize("result", [None, "computed"])
def test_options_decide_the_shots_of_an_estimator(
    options: dict[str, Any], shots: int, circuits: int, result: Any
) -> None:
    """Those of twirling, then the default; a precision that is given goes before all of them."""
    with simulate() as sim:
        sim.rule(result=result)
        estimator = EstimatorV2(sim.service().backend("ibm_torino"), options=options)
        pub = (QuantumCircuit(QUBITS), SparsePauliOp("Z" * QUBITS))
        usual, precise = estimator.run([pub, (*pub, None, 0.1)]).result()
    assert (usual.metadata["shots"], usual.metadata["num_randomizations"]) == (shots, circuits)
    assert usual.data.stds == usual.metadata["target_precision"] == 1 / math.sqrt(shots)
    assert precise.metadata["shots"] == 100


def test_extrapolation_adds_its_fields(backend: Any) -> None:
    """With the noise factors and extrapolators that were asked for."""
    zne = {"noise_factors": [1, 2, 4, 6], "extrapolator": ["linear"]}
    options = {"resilience": {"zne_mitigation": True, "zne": zne}}
    estimator = EstimatorV2(mode=backend, options=options)
    operators = [SparsePauliOp("I" * (QUBITS - 1) + "Z")] * 2
    result = estimator.run([(QuantumCircuit(QUBITS), operators)]).result()
    assert result[0].data.evs_noise_factors.shape == (2, 4)
    assert result[0].data.evs_extrapolated.shape == (2, 1, 5)
    assert result.metadata["resilience"]["zne_mitigation"] is True


@pytest.mark.parametrize(("chosen", "points"), [("auto", 4), ([0, 0.5], 2)])
def test_extrapolated_noise_factors_are_those_chosen_or_0_and_the_noise_factors(
    chosen: Any, points: int
) -> None:
    """The text "auto" is the default in the schema of the service."""
    zne = {"noise_factors": [1, 2, 3], "extrapolated_noise_factors": chosen}
    options = {"resilience": {"zne_mitigation": True, "zne": zne}}
    params = {"pubs": [[QuantumCircuit(1), {"Z": 1.0}]], "options": options, "version": 2}
    with simulate() as sim:
        [pub] = sim.job("DONE", program_id="estimator", params=params).result()
    assert pub.data.evs_extrapolated.shape == (2, points)


def test_the_seed_gives_the_values() -> None:
    """The same submission, the same seed: the same text; another job draws other values."""

    def texts(seed: int) -> list[str]:
        with simulate(seed=seed) as sim:
            backend = sim.service().backend(DEVICE)
            circuit = QuantumCircuit(QUBITS, 9)
            circuit.measure(range(9), range(9))
            jobs = [SamplerV2(mode=backend).run([circuit]) for _ in range(2)]
            for job in jobs:
                job.wait_for_final_state()
            return [sim.api_client.job_results(job.job_id()) for job in jobs]

    first, again, other = texts(1), texts(1), texts(2)
    assert first == again
    assert len({*first, *other}) == 4


@pytest.mark.parametrize(
    "circuit",
    ["OPENQASM 3.0;\nbit[2] c;\nbit d; // bit[9] e;\n", "OPENQASM 2.0;\ncreg c[2];\ncreg d[1];"],
)
def test_openqasm_is_read_for_its_registers(sim: Simulation, circuit: str) -> None:
    """Clients in other languages submit it."""
    params = {"pubs": [[circuit, [0.5], 7], [circuit]], "version": 2}
    result = sim.job("DONE", params=params).result()
    assert [{name: bits.num_bits for name, bits in pub.data.items()} for pub in result] == [
        {"c": 2, "d": 1}
    ] * 2
    assert [pub.data.c.num_shots for pub in result] == [7, 4096]


@pytest.mark.parametrize(
    "params",
    [
        {"pubs": [[{"__type__": "QuantumCircuit", "__value__": "eJw="}]]},
        {"pubs": [[{"__type__": "QuantumCircuit", "__value__": "no base64"}]]},
        {"pubs": [["OPENQASM 3.0; bit[999999] c;", None, 10**6]]},
        {"circuits": []},
    ],
)
def test_what_cannot_be_read_gives_the_small_result(sim: Simulation, params: Any) -> None:
    """A damaged or hostile submission breaks nothing and takes no memory."""
    assert len(sim.job("DONE", params=json.dumps(params)).result()) == 1


def test_a_job_without_inputs_keeps_the_small_result(sim: Simulation) -> None:
    """As ever."""
    assert sim.job("DONE").result()[0].data.meas.get_counts() == {"00": 2, "11": 2}


def collected(service: Any) -> list[Any]:
    """Return a correct consumer: it finds everything by pub, register, shape and metadata."""
    backend = service.backend(DEVICE)
    circuit = QuantumCircuit(
        QuantumRegister(QUBITS),
        ClassicalRegister(3, "left"),
        ClassicalRegister(2, "right"),
        metadata={"of": 7},
    )
    circuit.rz(Parameter("p"), 0)
    for register in circuit.cregs:
        circuit.measure(range(register.size), register)
    result = SamplerV2(mode=backend).run([(circuit, np.zeros((4, 1)), 50)] * 3).result()
    return [
        (
            result[number].metadata["circuit_metadata"]["of"],
            result[number].data.right[row].get_counts(),
        )
        for number in range(3)
        for row in range(4)
    ]


def test_a_correct_consumer_of_submitted_jobs_is_not_accused() -> None:
    """check_consumer goes by the fitting result."""
    qrtest.check_consumer(
        collected,
        takes="service",
        lives=[Scenario("DONE"), Scenario("QUEUED 2h; RUNNING 30s; DONE")],
    )
