"""Results that are computed: submitted circuits really run, on qiskit's own reference primitives.

A circuit comes as its backend takes it, as wide as the device; it is narrowed to the qubits that it
uses before it runs. What the device cannot do is refused as the service refuses it (code 1517), what
cannot be computed here is refused with the reason.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.bit_array import BitArray
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qrtest.client import releases
from qrtest.client.noise_model import RUNS, Noise
from qrtest.client.qasm_circuits import from_qasm
from qrtest.client.result_format import Span, bit_array, data_bin, execution_spans, tagged

__all__ = ["NotComputedError", "computed"]

DEFAULT_SHOTS: Final = 4096
MOST_QUBITS: Final = 22
"""Above this a state vector takes longer than a test has (4 million amplitudes)."""

NOT_SUPPORTED: Final = 1517
NOT_READABLE: Final = 1603
NOT_COMPUTED: Final = 1500
PASSIVE: Final = ("barrier", "delay")
ALWAYS_SUPPORTED: Final = (*PASSIVE, "measure", "reset")


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
    seed: int,
    span: Span,
    noise: Noise | None = None,
) -> str:
    """Return the result of a sampler or estimator job, as the text that GET results answers with.

    *params* is the JSON of its inputs, *configuration* that of its backend. The same *seed* gives the
    same result. *noise* is that of the device, None for none. Raises `NotComputedError` for what the
    backend does not support, and for what a state vector cannot do.
    """
    if program_id not in ("sampler", "estimator"):
        raise NotComputedError(
            NOT_COMPUTED, f"qrtest computes sampler and estimator jobs, not {program_id!r}."
        )
    inputs = _decoded(params)
    pubs, options = inputs.get("pubs"), inputs.get("options") or {}
    if not isinstance(pubs, list) or not pubs:
        raise NotComputedError(NOT_READABLE, "The input has no list of pubs.")
    for pub in pubs:
        _check_supported(_circuit(pub), configuration)
    run = _sampled if program_id == "sampler" else _estimated
    try:
        result = run(pubs, options, seed, noise)
    except (QiskitError, ValueError, TypeError, IndexError) as error:
        raise NotComputedError(NOT_COMPUTED, f"qrtest cannot compute this job: {error}") from error
    result["metadata"] |= {
        "execution": {"execution_spans": execution_spans(result["shapes"], span)}
    }
    value = {"pub_results": result["pub_results"], "metadata": result["metadata"]}
    return json.dumps(tagged("PrimitiveResult", value), cls=releases.json_encoder())


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
            what = str(error) or type(error).__name__
            raise NotComputedError(
                NOT_READABLE, f"The input could not be parsed: {what}"
            ) from error
    if not isinstance(circuit, QuantumCircuit):
        raise NotComputedError(NOT_READABLE, "A pub does not begin with a circuit.")
    return circuit


# --- what a device supports --------------------------------------------------------------------


def _check_supported(circuit: QuantumCircuit, configuration: Mapping[str, Any]) -> None:
    """Refuse an instruction that the device does not have, or not on these qubits."""
    supported = {*ALWAYS_SUPPORTED, *configuration.get("supported_instructions", ())}
    supported |= {gate["name"] for gate in configuration["gates"]}
    pairs = {tuple(pair) for pair in configuration["coupling_map"]}
    for instruction in circuit.data:
        name = instruction.operation.name
        qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        is_connected = (
            len(qubits) != 2 or qubits in pairs or qubits[::-1] in pairs or name in PASSIVE
        )
        is_there = all(qubit < configuration["n_qubits"] for qubit in qubits)
        if name not in supported or not is_connected or not is_there:
            raise NotComputedError(
                NOT_SUPPORTED,
                f"The instruction {name} on qubits {qubits} is not supported by the target system.",
            )


# --- narrowing ---------------------------------------------------------------------------------


def _used(circuit: QuantumCircuit) -> set[int]:
    """Return the qubits that are acted on."""
    return {
        circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.operation.name not in PASSIVE
        for qubit in instruction.qubits
    }


def _narrowed(circuit: QuantumCircuit, kept: Sequence[int]) -> QuantumCircuit:
    """*circuit* on the qubits *kept* only, with its registers of classical bits."""
    if len(kept) > MOST_QUBITS:
        raise NotComputedError(
            NOT_COMPUTED,
            f"qrtest computes circuits on up to {MOST_QUBITS} qubits; this one uses {len(kept)}.",
        )
    place = {index: number for number, index in enumerate(kept)}
    narrow = QuantumCircuit(len(kept), global_phase=circuit.global_phase)
    narrow.add_bits(bit for bit in circuit.clbits if not circuit.find_bit(bit).registers)
    for register in circuit.cregs:
        narrow.add_register(register)
    for instruction in circuit.data:
        if instruction.operation.name not in PASSIVE:
            places = [place[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
            narrow.append(instruction.operation, places, instruction.clbits)
    return narrow


# --- the two primitives ------------------------------------------------------------------------


def _sampled(
    pubs: list[Any], options: Mapping[str, Any], seed: int, noise: Noise | None
) -> dict[str, Any]:
    usual = options.get("default_shots") or DEFAULT_SHOTS
    sampler = StatevectorSampler(seed=seed)
    pub_results, shapes = [], []
    for pub in pubs:
        circuit, shots = _circuit(pub), _rest(pub, 2) or usual
        kept = sorted(_used(circuit))
        ready = []
        for taken, part in _runs(circuit, shots, noise):
            narrow = _narrowed(taken, kept)
            values = _bound(circuit, narrow, _rest(pub, 1))
            ready.append(SamplerPub.coerce((narrow, values), part))
        parts = [result.data for result in sampler.run(ready).result()]
        data = {
            name: BitArray.concatenate_shots([part[name] for part in parts]) for name in parts[0]
        }
        if noise is not None:
            data = {name: noise.misread(circuit, name, data[name]) for name in data}
        fields = {name: bit_array(each.array, each.num_bits) for name, each in data.items()}
        value = {"data": data_bin(fields, parts[0].shape), **_NONE}
        pub_results.append(tagged("SamplerPubResult", value))
        shapes.append((*parts[0].shape, shots))
    return {"pub_results": pub_results, "metadata": {"version": 2}, "shapes": shapes}


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
    pubs: list[Any], options: Mapping[str, Any], seed: int, noise: Noise | None
) -> dict[str, Any]:
    shots = options.get("default_shots")
    usual = options.get("default_precision") or 1 / math.sqrt(shots or DEFAULT_SHOTS)
    estimator = StatevectorEstimator(seed=seed)
    pub_results, shapes = [], []
    for pub in pubs:
        precision = _rest(pub, 3) or usual
        circuit, observables = _circuit(pub), ObservablesArray.coerce(_rest(pub, 1))
        kept = sorted(_used(circuit) | _observed(observables))
        narrow_observables = _narrowed_observables(observables, kept)
        runs = [_narrowed(run, kept) for run, _ in _runs(circuit, RUNS, noise)]
        asked = [
            (narrow, narrow_observables, _bound(circuit, narrow, _rest(pub, 2))) for narrow in runs
        ]
        results = estimator.run(asked, precision=precision * math.sqrt(len(runs))).result()
        evs = np.asarray(np.mean([result.data.evs for result in results], axis=0))
        stds = np.full(evs.shape, precision)
        fields = {"evs": evs, "stds": stds, "ensemble_standard_error": stds}
        taken = math.ceil(1 / precision**2)
        metadata: dict[str, Any] = {
            "shots": taken,
            "target_precision": precision,
            "circuit_metadata": {},
        }
        metadata |= {"resilience": {}, "num_randomizations": 1}
        pub_results.append(
            tagged("PubResult", {"data": data_bin(fields, evs.shape), "metadata": metadata})
        )
        shapes.append((*evs.shape, taken))
    options_used = {"dynamical_decoupling": {"enable": False}, "twirling": {}, "resilience": {}}
    return {
        "pub_results": pub_results,
        "metadata": {**options_used, "version": 2},
        "shapes": shapes,
    }


_NONE: Final[dict[str, Any]] = {"metadata": {"circuit_metadata": {}}}


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


def _observed(observables: ObservablesArray) -> set[int]:
    return {
        qubit
        for observable in observables.ravel().tolist()
        for label in observable
        for qubit, letter in enumerate(reversed(label))
        if letter != "I"
    }


def _narrowed_observables(observables: ObservablesArray, kept: Sequence[int]) -> ObservablesArray:
    def narrowed(label: str) -> str:
        backwards = label[::-1]
        return "".join(backwards[index] for index in kept)[::-1]

    flat = []
    for observable in observables.ravel().tolist():
        terms: dict[str, float] = {}
        for label, factor in observable.items():
            terms[narrowed(label)] = terms.get(narrowed(label), 0.0) + factor
        flat.append(terms)
    return ObservablesArray(flat).reshape(observables.shape)
