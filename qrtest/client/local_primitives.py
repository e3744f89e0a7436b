"""Results that are computed: submitted circuits really run, on a simulator of this machine.

A circuit comes as its backend takes it, as wide as the device; it is narrowed to the qubits that it
uses before it runs. What the device cannot do is refused as the service refuses it (code 1517); what
cannot be computed here raises `NotComputedError` with the reason.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.bit_array import BitArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qrtest.client import releases, simulators
from qrtest.client.device_support import Device
from qrtest.client.fitted_programs import at_level, item_arguments, levels, program_body
from qrtest.client.fitted_results import (
    corrects_readout,
    default_precision,
    estimator_metadata,
    randomizations,
    sampled_shots,
    shots_for,
    submitted_options,
    zne_fields,
)
from qrtest.client.narrow_circuits import (
    narrowed,
    narrowed_observables,
    observed_qubits,
    used_qubits,
)
from qrtest.client.noise_model import RUNS, Noise
from qrtest.client.quiet_libraries import quiet_aer
from qrtest.client.readable_pubs import (
    NOT_COMPUTED,
    NotComputedError,
    Pub,
    check_finite,
    decoded_inputs,
    read_pub,
)
from qrtest.client.result_format import (
    Span,
    bit_array,
    data_bin,
    execution_spans,
    tagged,
    written,
)
from qrtest.client.simulation_work import noisy_work_of, work_of
from qrtest.client.simulators import Simulator, TooLargeError, ending_read, has_noise_model, unread
from qrtest.service.input_checks import PRIMITIVES, UNREADABLE_INPUT

__all__ = ["NOT_COMPUTED", "NotComputedError", "TooMuchWorkError", "computed"]


class TooMuchWorkError(Exception):
    """A job that takes more operations than this process may spend."""


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
        with quiet_aer():
            return _computed(program_id, params, configuration, simulator, span, noise, most_work)
    except (NotComputedError, TooMuchWorkError):
        raise
    except TooLargeError as error:
        raise NotComputedError(NOT_COMPUTED, f"qrtest cannot compute this job: {error}") from error
    except Exception as error:  # simulators document none, and what was submitted may be anything
        what = f"{type(error).__name__}: {error}"
        if not simulators.has_aer():
            what += " With qiskit-aer more circuits can be: pip install 'qrtest[aer]'."
        raise NotComputedError(NOT_COMPUTED, f"qrtest cannot compute this job: {what}") from error


def _computed(
    program_id: str,
    params: str,
    configuration: Mapping[str, Any],
    simulator: Simulator,
    span: Span,
    noise: Noise | None,
    most_work: float,
) -> str:
    if program_id == "executor":
        return json.dumps(_executed(params, configuration, simulator, span, noise, most_work))
    inputs = decoded_inputs(params)
    pubs = _pubs(program_id, inputs, configuration)
    options = submitted_options(inputs)
    if _work(program_id, pubs, options, simulator, noise) > most_work:
        raise TooMuchWorkError
    run = _sampled if program_id == "sampler" else _estimated
    result = run(pubs, options, simulator, noise)
    spans = {"execution": {"execution_spans": execution_spans(result["shapes"], span)}}
    value = {"pub_results": result["pub_results"], "metadata": {**result["metadata"], **spans}}
    return written(tagged("PrimitiveResult", value))


def _pubs(
    program_id: str, inputs: Mapping[str, Any], configuration: Mapping[str, Any]
) -> list[Pub]:
    """Return the pubs of a job. Raises `NotComputedError` for what the service would not run."""
    if program_id not in PRIMITIVES:
        raise NotComputedError(
            NOT_COMPUTED,
            f"qrtest computes sampler, estimator and executor jobs, not {program_id!r}.",
        )
    given = inputs.get("pubs")
    if not isinstance(given, list) or not given:
        raise NotComputedError(UNREADABLE_INPUT, "The input has no list of pubs.")
    device = Device.of(configuration)
    pubs = []
    for number, entries in enumerate(given):
        pub = read_pub(program_id, entries, f"pub {number}")
        device.check(pub.circuit)
        pubs.append(pub)
    return pubs


def _work(
    program_id: str,
    pubs: Sequence[Pub],
    options: Mapping[str, Any],
    simulator: Simulator,
    noise: Noise | None,
) -> float:
    """Return an estimate of the operations that a sampler or estimator job takes."""
    is_observed = program_id == "estimator"
    total = 0.0
    for pub in pubs:
        if is_observed:
            shots = shots_for(pub.wanted or default_precision(options))
        else:
            shots = pub.wanted or sampled_shots(options)
        work = _circuit_work(pub.circuit, shots, simulator, noise, is_observed=is_observed)
        total += work * pub.values.size
    return total


def _item_work(item: Any, *, shots: int, simulator: Simulator, noise: Noise | None) -> float:
    return _circuit_work(item.circuit, shots, simulator, noise) * float(math.prod(item.shape))


def _circuit_work(
    circuit: QuantumCircuit,
    shots: int,
    simulator: Simulator,
    noise: Noise | None,
    *,
    is_observed: bool = False,
) -> float:
    """Return an estimate of the operations. Raises `TooLargeError` for what has no place in the memory."""
    narrow = narrowed(circuit, sorted(used_qubits(circuit)))
    narrow = unread(narrow) if is_observed else narrow
    if noise is not None and has_noise_model(narrow):
        return noisy_work_of(narrow, shots, is_observed=is_observed)
    simulator.check(narrow, is_observed=is_observed)
    return work_of(narrow, shots, is_observed=is_observed)


def _executed(
    params: str,
    configuration: Mapping[str, Any],
    simulator: Simulator,
    span: Span,
    noise: Noise | None,
    most_work: float,
) -> Any:
    inputs = json.loads(params)
    try:
        program = releases.quantum_program(inputs)
    except Exception as error:  # the models of each schema raise errors of their own
        raise NotComputedError(
            UNREADABLE_INPUT, f"The input could not be parsed: {error}"
        ) from error
    work = partial(_item_work, shots=program.shots, simulator=simulator, noise=noise)
    if sum(map(work, program.items)) > most_work:
        raise TooMuchWorkError
    draw = np.random.default_rng(simulator.seed)
    items = []
    device = Device.of(configuration)
    for number, item in enumerate(program.items):
        device.check(item.circuit)
        values, found = item_arguments(item, draw)
        check_finite(item.circuit, values, f"item {number}")
        bindings = _of_program(item.circuit, values)
        data = _sampled_data(item.circuit, bindings, program.shots, simulator, noise)
        for name, each in data.items():
            found |= at_level(name, each.to_bool_array(order="little"), program, draw)
        items.append(found)
    return program_body(inputs, items, [tuple(item.shape) for item in program.items], span)


# --- the two primitives ------------------------------------------------------------------------


def _sampled(
    pubs: Sequence[Pub], options: Mapping[str, Any], simulator: Simulator, noise: Noise | None
) -> dict[str, Any]:
    usual = sampled_shots(options)
    meas_type = (options.get("execution") or {}).get("meas_type") or "classified"
    draw = np.random.default_rng(simulator.seed)
    pub_results, shapes = [], []
    for pub in pubs:
        circuit, shots, shape = pub.circuit, pub.wanted or usual, pub.values.shape
        data = _sampled_data(circuit, pub.values, shots, simulator, noise)
        fields = {name: _levels(each, meas_type, draw) for name, each in data.items()}
        value = {
            "data": data_bin(fields, shape),
            "metadata": {"circuit_metadata": _metadata(circuit)},
        }
        pub_results.append(tagged("SamplerPubResult", value))
        shapes.append((*shape, shots))
    return {"pub_results": pub_results, "metadata": {"version": 2}, "shapes": shapes}


def _sampled_data(
    circuit: QuantumCircuit,
    values: BindingsArray,
    shots: int,
    simulator: Simulator,
    noise: Noise | None,
) -> dict[str, BitArray]:
    """Return what *shots* runs of *circuit*, for each of *values*, measure into its registers."""
    if not values.size:
        empty = (*values.shape, shots)
        return {
            each.name: BitArray(np.zeros((*empty, -(-each.size // 8)), dtype=np.uint8), each.size)
            for each in circuit.cregs
        }
    kept = sorted(used_qubits(circuit))
    if noise is not None and has_noise_model(narrowed(circuit, kept)):
        device = noise.whole(kept)
        narrow = ending_read(device.relaxing(narrowed(circuit, kept, with_delays=True)))
        pub = SamplerPub(narrow, values, shots)
        [result] = simulator.sampler(narrow, device.model).run([pub]).result()
        return {register.name: result.data[register.name] for register in circuit.cregs}
    ready = []
    for taken, part in _runs(circuit, shots, noise):
        narrow = ending_read(narrowed(taken, kept))
        ready.append(SamplerPub(narrow, values, part))
    results = simulator.sampler(ready[0].circuit).run(ready).result()
    parts = [result.data for result in results]
    data = {
        register.name: BitArray.concatenate_shots([part[register.name] for part in parts])
        for register in circuit.cregs
    }
    if noise is not None:
        data = {name: noise.misread(circuit, name, data[name]) for name in data}
    return data


def _levels(bits: BitArray, meas_type: str, draw: np.random.Generator) -> Any:
    """Return the data of a register as *meas_type* says."""
    if meas_type == "classified":
        return bit_array(bits.array, bits.num_bits)
    found = levels(bits.to_bool_array(order="little"), draw)
    return found.mean(axis=-2) if meas_type == "avg_kerneled" else found


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
    pubs: Sequence[Pub], options: Mapping[str, Any], simulator: Simulator, noise: Noise | None
) -> dict[str, Any]:
    usual = default_precision(options)
    draw = np.random.default_rng(simulator.seed)
    pub_results, shapes = [], []
    for pub in pubs:
        precision = pub.wanted or usual
        evs = _expected(pub, precision, simulator, noise, is_corrected=corrects_readout(options))
        stds = np.full(evs.shape, precision)
        fields = {"evs": evs, "stds": stds, "ensemble_standard_error": stds}
        fields |= zne_fields(options, evs, precision, draw)
        taken = shots_for(precision)
        metadata: dict[str, Any] = {
            "shots": taken,
            "target_precision": precision,
            "circuit_metadata": _metadata(pub.circuit),
            "resilience": {},
            "num_randomizations": randomizations(options, taken),
        }
        pub_results.append(
            tagged("PubResult", {"data": data_bin(fields, evs.shape), "metadata": metadata})
        )
        shapes.append((*evs.shape, taken))
    return {"pub_results": pub_results, "metadata": estimator_metadata(options), "shapes": shapes}


def _expected(
    pub: Pub, precision: float, simulator: Simulator, noise: Noise | None, *, is_corrected: bool
) -> np.ndarray[Any, Any]:
    """Return the expectation values of the observables of *pub*, scattered by *precision*.

    Errors of readout are part of the noise unless the estimator *is_corrected* for them.
    """
    assert pub.observables is not None
    circuit, observables, values = pub.circuit, pub.observables, pub.values
    shape = np.broadcast_shapes(observables.shape, values.shape)
    if not math.prod(shape):
        return np.zeros(shape)
    kept = sorted(used_qubits(circuit) | observed_qubits(observables))
    model = None
    if not kept:
        noise = None  # which no qubit has
    if noise is not None and not is_corrected:
        observables = noise.misread_observables(observables)
    if noise is not None and has_noise_model(narrowed(circuit, kept)):
        device = noise.whole(kept)
        whole = device.relaxing(narrowed(circuit, kept, with_delays=True))
        model, runs = device.model, [unread(whole)]
    else:
        runs = [unread(narrowed(run, kept)) for run, _ in _runs(circuit, RUNS, noise)]
    narrow_observables = narrowed_observables(observables, kept)
    asked = [(narrow, narrow_observables, values) for narrow in runs]
    each = precision * math.sqrt(len(runs))
    estimator = simulator.estimator(runs[0], model, shots=shots_for(each))
    results = estimator.run(asked, precision=each).result()
    return np.asarray(np.mean([result.data.evs for result in results], axis=0))


def _of_program(circuit: QuantumCircuit, values: Any) -> BindingsArray:
    """Return the *values* of an item of a program by the names of the parameters of its *circuit*."""
    if values is None or not circuit.parameters:
        return BindingsArray()
    return BindingsArray({tuple(each.name for each in circuit.parameters): np.asarray(values)})
