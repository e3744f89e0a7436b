"""Results that are computed: submitted circuits really run, on a simulator of this machine.

A circuit comes as its backend takes it, as wide as the device; it is narrowed to the qubits that it
uses before it runs. What the device cannot do is refused as the service refuses it (code 1517); what
cannot be computed here raises `NotComputedError` with the reason.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.bit_array import BitArray
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qrtest.client import releases
from qrtest.client.fitted_programs import item_arguments, program_body
from qrtest.client.fitted_results import (
    default_precision,
    estimator_metadata,
    randomizations,
    sampled_shots,
    shots_for,
    submitted_options,
    zne_fields,
)
from qrtest.client.narrow_circuits import (
    PASSIVE,
    narrowed,
    narrowed_observables,
    observed_qubits,
    used_qubits,
)
from qrtest.client.noise_model import RUNS, Noise
from qrtest.client.qasm_circuits import from_qasm, unreadable
from qrtest.client.result_format import (
    Span,
    bit_array,
    data_bin,
    execution_spans,
    tagged,
    written,
)
from qrtest.client.simulators import Simulator, has_noise_model, noisy_work_of, work_of

__all__ = ["NOT_COMPUTED", "NotComputedError", "TooMuchWorkError", "computed"]

NOT_SUPPORTED: Final = 1517
NOT_READABLE: Final = 1603
NOT_COMPUTED: Final = 1500
ALWAYS_SUPPORTED: Final = (*PASSIVE, "measure", "reset", "store", "break_loop", "continue_loop")


class TooMuchWorkError(Exception):
    """A job that takes more operations than this process may spend."""


class NotComputedError(Exception):
    """A job whose result cannot be computed: how the service would say that it failed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def computed(
    program_id: str,
    params: str,
    configuration: Mapping[str, Any],
    *,
    simulator: Simulator,
    span: Span,
    noise: Noise | None = None,
    most_work: float = float("inf"),
) -> str:
    """Return the result of a sampler, estimator or executor job, as the text that GET results answers with.

    *params* is the JSON of its inputs, *configuration* that of its backend. A *simulator* of the same seed
    gives the same result. *noise* is that of the device, None for none. Raises `NotComputedError` for what
    the backend does not support and for what cannot be simulated here, `TooMuchWorkError` before it starts
    for what takes more than *most_work* operations.
    """
    try:
        if program_id == "executor":
            return json.dumps(_executed(params, configuration, simulator, span, noise, most_work))
        inputs = _submitted(program_id, params, configuration)
        if _work(program_id, inputs, simulator, noise) > most_work:
            raise TooMuchWorkError
        run = _sampled if program_id == "sampler" else _estimated
        result = run(inputs["pubs"], submitted_options(inputs), simulator, noise)
    except (NotComputedError, TooMuchWorkError):
        raise
    except (
        Exception
    ) as error:  # simulators document no exceptions, and what was submitted may be anything
        raise NotComputedError(NOT_COMPUTED, f"qrtest cannot compute this job: {error}") from error
    spans = {"execution": {"execution_spans": execution_spans(result["shapes"], span)}}
    value = {"pub_results": result["pub_results"], "metadata": {**result["metadata"], **spans}}
    return written(tagged("PrimitiveResult", value))


def _submitted(program_id: str, params: str, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the decoded inputs of a job. Raises `NotComputedError` for what the service would not run."""
    if program_id not in ("sampler", "estimator"):
        raise NotComputedError(
            NOT_COMPUTED,
            f"qrtest computes sampler, estimator and executor jobs, not {program_id!r}.",
        )
    inputs = _decoded(params)
    pubs = inputs.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise NotComputedError(NOT_READABLE, "The input has no list of pubs.")
    for pub in pubs:
        check_supported(_circuit(pub), configuration)
    return inputs


def _work(
    program_id: str, inputs: Mapping[str, Any], simulator: Simulator, noise: Noise | None
) -> float:
    """Return an estimate of the operations that a sampler or estimator job takes."""
    is_sampler = program_id == "sampler"
    usual = sampled_shots(submitted_options(inputs))
    total = 0.0
    for pub in inputs["pubs"]:
        shots = (_rest(pub, 2) if is_sampler else None) or usual
        bindings = math.prod(np.shape(_rest(pub, 1 if is_sampler else 2))[:-1])
        total += _circuit_work(_circuit(pub), shots, simulator, noise) * float(bindings)
    return total


def _item_work(item: Any, *, shots: int, simulator: Simulator, noise: Noise | None) -> float:
    return _circuit_work(item.circuit, shots, simulator, noise) * float(math.prod(item.shape))


def _circuit_work(
    circuit: QuantumCircuit, shots: int, simulator: Simulator, noise: Noise | None
) -> float:
    """Return an estimate of the operations. Raises `TooLargeError` for what has no place in the memory."""
    narrow = narrowed(circuit, sorted(used_qubits(circuit)))
    if noise is not None and has_noise_model(narrow):
        return noisy_work_of(narrow, shots)
    simulator.check(narrow)
    return work_of(narrow, shots)


def _executed(
    params: str,
    configuration: Mapping[str, Any],
    simulator: Simulator,
    span: Span,
    noise: Noise | None,
    most_work: float,
) -> Any:
    inputs = json.loads(params)
    program = releases.quantum_program(inputs)
    work = partial(_item_work, shots=program.shots, simulator=simulator, noise=noise)
    if sum(map(work, program.items)) > most_work:
        raise TooMuchWorkError
    draw = np.random.default_rng(simulator.seed)
    items = []
    for item in program.items:
        check_supported(item.circuit, configuration)
        values, found = item_arguments(item, draw)
        data = _sampled_data(item.circuit, values, program.shots, simulator, noise)
        bits = {name: each.to_bool_array(order="little") for name, each in data.items()}
        items.append({**found, **bits})
    return program_body(inputs, items, [tuple(item.shape) for item in program.items], span)


def _decoded(params: str) -> Mapping[str, Any]:
    try:
        inputs = json.loads(params, cls=releases.json_decoder())
    except Exception as error:  # whatever a damaged QPY or array makes of the decoder
        raise NotComputedError(NOT_READABLE, f"The input could not be parsed: {error}") from error
    return inputs if isinstance(inputs, dict) else {}


def _circuit(pub: Any) -> QuantumCircuit:
    circuit = pub[0] if isinstance(pub, (list, tuple)) and pub else pub
    if isinstance(circuit, str):
        try:
            circuit = from_qasm(circuit)
        except Exception as error:  # the importer's parsers raise errors of their own
            what = unreadable(error)
            raise NotComputedError(
                NOT_READABLE, f"The input could not be parsed: {what}"
            ) from error
    if not isinstance(circuit, QuantumCircuit):
        raise NotComputedError(NOT_READABLE, "A pub does not begin with a circuit.")
    return circuit


# --- what a device supports --------------------------------------------------------------------


def check_supported(circuit: QuantumCircuit, configuration: Mapping[str, Any]) -> None:
    """Refuse an instruction that the device does not have, or not on these qubits."""
    supported = {*ALWAYS_SUPPORTED, *configuration.get("supported_instructions", ())}
    supported |= {gate["name"] for gate in configuration["gates"]}
    pairs = {tuple(pair) for pair in configuration["coupling_map"]}
    places = {qubit: circuit.find_bit(qubit).index for qubit in circuit.qubits}
    for name, qubits in _instructions(circuit, places):
        is_connected = (
            len(qubits) != 2 or qubits in pairs or qubits[::-1] in pairs or name in PASSIVE
        )
        is_there = all(qubit < configuration["n_qubits"] for qubit in qubits)
        if name not in supported or not is_connected or not is_there:
            raise NotComputedError(
                NOT_SUPPORTED,
                f"The instruction {name} on qubits {qubits} is not supported by the target system.",
            )


def _instructions(
    circuit: QuantumCircuit, places: Mapping[Any, int]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the instructions with their qubits, those in branches, loops and boxes included."""
    for instruction in circuit.data:
        qubits = tuple(places[qubit] for qubit in instruction.qubits)
        blocks = getattr(instruction.operation, "blocks", ())
        for block in blocks:
            yield from _instructions(block, dict(zip(block.qubits, qubits, strict=True)))
        if not blocks:
            yield instruction.operation.name, qubits


# --- the two primitives ------------------------------------------------------------------------


def _sampled(
    pubs: list[Any], options: Mapping[str, Any], simulator: Simulator, noise: Noise | None
) -> dict[str, Any]:
    usual = sampled_shots(options)
    meas_type = (options.get("execution") or {}).get("meas_type") or "classified"
    draw = np.random.default_rng(simulator.seed)
    pub_results, shapes = [], []
    for pub in pubs:
        circuit, shots = _circuit(pub), _rest(pub, 2) or usual
        data = _sampled_data(circuit, _rest(pub, 1), shots, simulator, noise)
        shape = next(iter(data.values())).shape if data else ()
        fields = {name: _levels(each, meas_type, draw) for name, each in data.items()}
        value = {
            "data": data_bin(fields, shape),
            "metadata": {"circuit_metadata": _metadata(circuit)},
        }
        pub_results.append(tagged("SamplerPubResult", value))
        shapes.append((*shape, shots))
    return {"pub_results": pub_results, "metadata": {"version": 2}, "shapes": shapes}


def _sampled_data(
    circuit: QuantumCircuit, values: Any, shots: int, simulator: Simulator, noise: Noise | None
) -> dict[str, BitArray]:
    """Return what *shots* runs of *circuit*, for each of *values*, measure into its registers."""
    kept = sorted(used_qubits(circuit))
    if noise is not None and has_noise_model(narrowed(circuit, kept)):
        device = noise.whole(kept)
        narrow = device.relaxing(narrowed(circuit, kept, with_delays=True))
        pub = SamplerPub.coerce((narrow, _bound(circuit, narrow, values)), shots)
        [result] = simulator.sampler(narrow, device.model).run([pub]).result()
        return dict(result.data.items())
    ready = []
    for taken, part in _runs(circuit, shots, noise):
        narrow = narrowed(taken, kept)
        ready.append(SamplerPub.coerce((narrow, _bound(circuit, narrow, values)), part))
    results = simulator.sampler(ready[0].circuit).run(ready).result()
    parts = [result.data for result in results]
    data = {name: BitArray.concatenate_shots([part[name] for part in parts]) for name in parts[0]}
    if noise is not None:
        data = {name: noise.misread(circuit, name, data[name]) for name in data}
    return data


def _levels(bits: BitArray, meas_type: str, draw: np.random.Generator) -> Any:
    """Return the data of a register as *meas_type* says; levels are around -1 for 0 and around 1 for 1."""
    if meas_type == "classified":
        return bit_array(bits.array, bits.num_bits)
    signs = 2.0 * bits.to_bool_array(order="little") - 1
    levels = signs + draw.normal(scale=0.2, size=signs.shape) * (1 + 1j)
    return levels.mean(axis=-2) if meas_type == "avg_kerneled" else levels


def _metadata(circuit: QuantumCircuit) -> Any:
    return circuit.metadata or {}


def _runs(
    circuit: QuantumCircuit, shots: int, noise: Noise | None
) -> list[tuple[QuantumCircuit, int]]:
    """Return the runs that share *shots*: one, or several with gate errors drawn for each."""
    if noise is None:
        return [(circuit, shots)]
    runs = min(RUNS, shots)
    parts = [shots // runs + (number < shots % runs) for number in range(runs)]
    return [(noise.erring(circuit), part) for part in parts]


def _estimated(
    pubs: list[Any], options: Mapping[str, Any], simulator: Simulator, noise: Noise | None
) -> dict[str, Any]:
    usual = default_precision(options)
    draw = np.random.default_rng(simulator.seed)
    pub_results, shapes = [], []
    for pub in pubs:
        precision = _rest(pub, 3) or usual
        circuit, observables = _circuit(pub), ObservablesArray.coerce(_rest(pub, 1))
        evs = _expected(circuit, observables, _rest(pub, 2), precision, simulator, noise)
        stds = np.full(evs.shape, precision)
        fields = {"evs": evs, "stds": stds, "ensemble_standard_error": stds}
        fields |= zne_fields(options, evs, precision, draw)
        taken = shots_for(precision)
        metadata: dict[str, Any] = {
            "shots": taken,
            "target_precision": precision,
            "circuit_metadata": _metadata(circuit),
            "resilience": {},
            "num_randomizations": randomizations(options, taken),
        }
        pub_results.append(
            tagged("PubResult", {"data": data_bin(fields, evs.shape), "metadata": metadata})
        )
        shapes.append((*evs.shape, taken))
    return {"pub_results": pub_results, "metadata": estimator_metadata(options), "shapes": shapes}


def _expected(
    circuit: QuantumCircuit,
    observables: ObservablesArray,
    values: Any,
    precision: float,
    simulator: Simulator,
    noise: Noise | None,
) -> np.ndarray[Any, Any]:
    """Return the expectation values of *observables* for *values*, scattered by *precision*."""
    kept = sorted(used_qubits(circuit) | observed_qubits(observables))
    model = None
    if noise is not None and has_noise_model(narrowed(circuit, kept)):
        device = noise.whole(kept)
        model, runs = device.model, [device.relaxing(narrowed(circuit, kept, with_delays=True))]
    else:
        runs = [narrowed(run, kept) for run, _ in _runs(circuit, RUNS, noise)]
    narrow_observables = narrowed_observables(observables, kept)
    asked = [(narrow, narrow_observables, _bound(circuit, narrow, values)) for narrow in runs]
    estimator = simulator.estimator(runs[0], model)
    results = estimator.run(asked, precision=precision * math.sqrt(len(runs))).result()
    return np.asarray(np.mean([result.data.evs for result in results], axis=0))


def _rest(pub: Any, position: int) -> Any:
    return pub[position] if isinstance(pub, (list, tuple)) and len(pub) > position else None


def _bound(circuit: QuantumCircuit, narrow: QuantumCircuit, values: Any) -> BindingsArray:
    """Values in the order of the parameters of *circuit*, by name, for *narrow*."""
    if values is None or not circuit.parameters:
        return BindingsArray()
    if isinstance(values, Mapping):
        return BindingsArray({_names(key): np.asarray(value) for key, value in values.items()})
    assert [each.name for each in narrow.parameters] == [each.name for each in circuit.parameters]
    return BindingsArray({tuple(each.name for each in circuit.parameters): np.asarray(values)})


def _names(key: Any) -> tuple[str, ...]:
    return tuple(key.split(",")) if isinstance(key, str) else tuple(map(str, key))
