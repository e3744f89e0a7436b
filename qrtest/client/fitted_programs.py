"""Fitting results of the programs beside sampler and estimator: the executor and the noise learners.

The client's own models read what was submitted and write the result, so that every schema version that the
installed release sends and decodes is covered. The sampler, estimator and noise learner that are based on the
executor are executor jobs: what they pass through is returned as it was sent.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from qrtest.client import releases
from qrtest.client.result_format import Span, check_size
from qrtest.client.submitted_pubs import decoded

__all__ = [
    "at_level",
    "executor_result",
    "item_arguments",
    "levels",
    "noise_learner_result",
    "program_body",
]

LEARNER_DEFAULTS: Final[Mapping[str, Any]] = {
    "max_execution_time": None,
    "max_layers_to_learn": 4,
    "shots_per_randomization": 128,
    "num_randomizations": 32,
    "layer_pair_depths": [0, 1, 2, 4, 16, 32],
    "twirling_strategy": "active-accum",
}
"""The options of the first noise learner, as its results have them (the client's integration tests)."""

LARGEST_RATE: Final = 0.01

Draw = np.random.Generator
Array = np.ndarray[Any, Any]


def executor_result(inputs: Mapping[str, Any], draw: Draw, span: Span, _: str) -> Any:
    """Return a result for each item of a quantum program: its registers, and what its samplex gives."""
    program = releases.quantum_program(inputs)
    items = []
    for item in program.items:
        check_size(math.prod(item.shape) * program.shots * item.circuit.num_clbits)
        data: dict[str, Array] = {}
        for register in item.circuit.cregs:
            size = (*item.shape, program.shots, register.size)
            bits = draw.integers(0, 2, size=size, dtype=np.uint8).astype(bool)
            data |= at_level(register.name, bits, program, draw)
        items.append({**_sampled(item, draw), **data})
    return program_body(inputs, items, [tuple(item.shape) for item in program.items], span)


def program_body(
    inputs: Mapping[str, Any],
    items: Sequence[Mapping[str, Array]],
    shapes: Sequence[tuple[int, ...]],
    span: Span,
) -> Any:
    """Return the JSON of an executor's result with the arrays of *items*, in the schema of the *inputs*."""
    version = inputs["schema_version"]
    model = releases.program_result_model(version)
    tensor = releases.program_tensor_model(version)
    data = [
        {
            "results": {name: tensor.from_numpy(value) for name, value in item.items()},
            "metadata": None if version == "v0.1" else {},
        }
        for item in items
    ]
    timing = {
        "start": datetime.fromtimestamp(span.start, UTC).replace(tzinfo=None),
        "stop": datetime.fromtimestamp(span.stop, UTC).replace(tzinfo=None),
        "parts": [_part(number, shape) for number, shape in enumerate(shapes)],
    }
    body = {"schema_version": version, "data": data, "metadata": {"chunk_timing": [timing]}}
    program = inputs["quantum_program"]
    kept = {
        name: program[name] for name in ("passthrough_data", "semantic_role") if name in program
    }
    return model.model_validate({**body, **kept}).model_dump(mode="json")


def _part(number: int, shape: tuple[int, ...]) -> dict[str, Any]:
    size = math.prod(shape)
    where = {"permutation": list(range(len(shape))), "element_range": [0, size, 1]}
    return {"idx_item": number, "size": size, **where}


def at_level(name: str, bits: Array, program: Any, draw: Draw) -> dict[str, Array]:
    """Return the arrays of a register, of which *bits* were measured, as the program's meas_level says.

    Levels have names of their own, which the client's decoder for samplers takes off again: its source.
    """
    level = getattr(program, "meas_level", "classified")
    found = {name: bits} if level in ("classified", "both") else {}
    if level in ("kerneled", "both"):
        found[f"{name}_iq"] = levels(bits, draw)
    if level == "avg_kerneled":
        found[f"{name}_avg_iq"] = levels(bits, draw).mean(axis=-2)
    return found


def levels(bits: Array, draw: Draw) -> Array:
    """Return complex levels of *bits*: around -1 for 0 and around 1 for 1, each part with its own scatter."""
    real, imaginary = draw.normal(scale=0.2, size=(2, *bits.shape))
    found: Array = 2.0 * bits - 1 + real + 1j * imaginary
    return found


def _sampled(item: Any, draw: Draw) -> dict[str, Any]:
    """Return what the samplex of an item gives beside its circuit's parameters."""
    samplex = getattr(item, "samplex", None)
    if samplex is None:
        return {}
    found = {}
    for spec in _outputs(samplex):
        if spec.name != "parameter_values":
            shape = (*item.shape, *spec.shape[1:])
            found[spec.name] = (
                draw.integers(0, 2, size=shape).astype(bool)
                if spec.dtype == np.bool_
                else np.ones(shape, dtype=spec.dtype)
            )
    return found


def item_arguments(item: Any, draw: Draw) -> tuple[Any, dict[str, Any]]:
    """Return the values of the circuit's parameters for an item, and what its samplex gives beside them."""
    samplex = getattr(item, "samplex", None)
    if samplex is None:
        return item.circuit_arguments, {}
    samplex.finalize()
    arguments = item.samplex_arguments
    shape = tuple(item.shape)
    padded = (1,) * (len(shape) - arguments.ndim) + tuple(arguments.shape)
    swept = tuple(size if size > 1 else 1 for size in padded)
    found: dict[str, Any] = {}
    for index in np.ndindex(swept):
        # Axes over which arguments are swept are sampled one by one; the others are randomizations.
        where = tuple(
            at if size > 1 else slice(None) for at, size in zip(index, swept, strict=True)
        )
        left = tuple(size for size, sweep in zip(shape, swept, strict=True) if sweep == 1)
        own = index[len(shape) - arguments.ndim :]
        sampled = samplex.sample(arguments[own], num_randomizations=math.prod(left), rng=draw)
        for name, value in dict(sampled).items():
            whole = found.setdefault(name, np.empty((*shape, *value.shape[1:]), dtype=value.dtype))
            whole[where] = value.reshape(*left, *value.shape[1:])
    return found.pop("parameter_values", None), found


def _outputs(samplex: Any) -> Sequence[Any]:
    """Return what a samplex gives; earlier releases of samplomatic ask for how many randomizations."""
    takes_number = len(inspect.signature(samplex.outputs).parameters) > 0
    specs: Sequence[Any] = (samplex.outputs(1) if takes_number else samplex.outputs()).specs
    return specs


# --- noise learners ----------------------------------------------------------------------------


def noise_learner_result(inputs: Mapping[str, Any], draw: Draw, _: Span, backend: str) -> Any:
    """Return an error for each instruction (third learner) or for each unique layer (the first)."""
    if "schema_version" in inputs:
        return _instruction_errors(inputs, draw)
    sent = {**(inputs.get("options") or {})}
    sent.pop("support_qiskit", None)
    options = {**LEARNER_DEFAULTS, **sent}
    layers = _unique_layers(decoded(inputs["circuits"]), options["twirling_strategy"])
    make, error = releases.layer_error_classes()
    data = []
    for circuit, qubits in layers[: options["max_layers_to_learn"]]:
        paulis = _paulis(len(qubits), draw)
        data.append(make(circuit, qubits, error(*paulis)))
    return {"data": data, "metadata": {"backend": backend, "input_options": options}}


def _unique_layers(circuits: Sequence[Any], strategy: str) -> list[tuple[Any, list[int]]]:
    """Return each different layer of gates on two qubits, as a circuit on the qubits that are twirled in it.

    The most frequent are first, and of equally frequent ones those with most gates (documentation of
    `max_layers_to_learn`).
    """
    found: dict[Any, tuple[Any, list[int]]] = {}
    times: Counter[Any] = Counter()
    for circuit in circuits:
        for gates, qubits in _twirled_layers(circuit, strategy):
            key = frozenset((gate.name, *acted_on) for gate, acted_on in gates), tuple(qubits)
            times[key] += 1
            if key not in found:
                found[key] = _layer_circuit(gates, qubits), qubits
    return [found[key] for key in sorted(found, key=lambda key: (-times[key], -len(key[0])))]


def _twirled_layers(
    circuit: Any, strategy: str
) -> Iterator[tuple[list[tuple[Any, list[int]]], list[int]]]:
    """Yield the gates of each layer, and the qubits that *strategy* twirls in it (TwirlingOptions)."""
    from qiskit.converters import circuit_to_dag

    layers = []
    for layer in circuit_to_dag(circuit).layers():
        gates = [
            (node.op, [circuit.find_bit(qubit).index for qubit in node.qargs])
            for node in layer["graph"].two_qubit_ops()
        ]
        if gates:
            layers.append((gates, {qubit for _, acted_on in gates for qubit in acted_on}))
    in_circuit = {qubit for _, active in layers for qubit in active}
    so_far: set[int] = set()
    for gates, active in layers:
        so_far |= active
        twirled = {
            "active": active,
            "active-circuit": in_circuit,
            "all": set(range(circuit.num_qubits)),
        }
        yield gates, sorted(twirled.get(strategy, so_far))


def _layer_circuit(gates: Sequence[tuple[Any, list[int]]], qubits: Sequence[int]) -> Any:
    from qiskit import QuantumCircuit

    narrow = QuantumCircuit(len(qubits))
    for gate, acted_on in gates:
        narrow.append(gate, [qubits.index(qubit) for qubit in acted_on])
    return narrow


def _paulis(qubits: int, draw: Draw) -> tuple[Any, Array]:
    """Return the generators of errors on one qubit, and a rate for each."""
    from qiskit.quantum_info import PauliList

    labels = [
        "I" * (qubits - 1 - at) + letter + "I" * at for at in range(qubits) for letter in "XYZ"
    ]
    return PauliList(labels), draw.uniform(0, LARGEST_RATE, size=len(labels))


def _instruction_errors(inputs: Mapping[str, Any], draw: Draw) -> Any:
    version = inputs["schema_version"]
    data = []
    for instruction in releases.learner_instructions(inputs):
        size = len(instruction.qubits)
        is_read = any(each.operation.name == "measure" for each in _body(instruction))
        letters = "X" if is_read else "XYZ"
        generators = [[[letter, [at]]] for at in range(size) for letter in letters]
        rates = draw.uniform(0, LARGEST_RATE, size=len(generators))
        data.append(
            {
                "generators_sparse": generators,
                "num_qubits": size,
                "rates": releases.tensor(rates),
                "rates_std": releases.tensor(rates / 10),
                "metadata": {
                    "learning_protocol": "trex" if is_read else "lindblad",
                    "post_selection": {
                        "fraction_kept": 1.0 if is_read else {},
                        "success_rates": {},
                    },
                },
            }
        )
    return {"schema_version": version, "data": data}


def _body(instruction: Any) -> Sequence[Any]:
    blocks = getattr(instruction.operation, "blocks", ())
    return [each for block in blocks for each in block.data]
