"""Submitted pubs as simulators take them: decoded, checked against their circuits, and finite."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Qubit
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qrtest.client import releases
from qrtest.client.qasm_circuits import from_qasm, unreadable
from qrtest.service.input_checks import UNREADABLE_INPUT

__all__ = [
    "NOT_COMPUTED",
    "NotComputedError",
    "Pub",
    "check_finite",
    "decoded_inputs",
    "read_pub",
]

NOT_COMPUTED: Final = 1500


class NotComputedError(Exception):
    """A job whose result cannot be computed: how the service would say that it failed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pub:
    """A circuit, its parameter *values* by name, and the shots or the precision that are *wanted*, if any.

    A sampler has no *observables*.
    """

    circuit: QuantumCircuit
    values: BindingsArray
    wanted: Any = None
    observables: ObservablesArray | None = None


def decoded_inputs(params: str) -> Mapping[str, Any]:
    """Return the inputs of a job from their JSON. Raises `NotComputedError` for what cannot be decoded."""
    try:
        inputs = json.loads(params, cls=releases.json_decoder())
    except Exception as error:  # whatever a damaged QPY or array makes of the decoder
        raise NotComputedError(
            UNREADABLE_INPUT, f"The input could not be parsed: {error}"
        ) from error
    return inputs if isinstance(inputs, dict) else {}


def read_pub(program_id: str, entries: Any, which: str) -> Pub:
    """Return the pub with these decoded *entries* of a sampler or estimator job.

    Raises `NotComputedError`: as the service says it for a pub that does not fit its own circuit, and with a
    reason of qrtest's for numbers that are not finite, of which it is not known what the service does.
    """
    entries = list(entries) if isinstance(entries, list | tuple) else [entries]
    given = [*entries, None, None, None, None]
    circuit = _circuit(given[0])
    try:
        if program_id == "sampler":
            values = _bound(circuit, given[1])
            SamplerPub(circuit, values, validate=True)
            pub = Pub(circuit, values, given[2])
        else:
            values = _bound(circuit, given[2])
            observables = ObservablesArray.coerce(given[1])
            if isinstance(entries[0], str):
                circuit = _with_all_qubits(circuit, observables)
            EstimatorPub(circuit, observables, values, validate=True)
            pub = Pub(circuit, values, given[3], observables)
    except (TypeError, ValueError, KeyError) as error:
        words = error.args[0] if error.args else type(error).__name__
        reason = f"The input could not be parsed: {which}: {words}"
        raise NotComputedError(UNREADABLE_INPUT, reason) from error
    check_finite(circuit, values, which)
    return pub


def check_finite(circuit: QuantumCircuit, values: Any, which: str) -> None:
    """Raise `NotComputedError` for a *circuit* or parameter *values* with numbers that are not finite.

    *values*: a BindingsArray, or an array over the parameters of the circuit; None for none.
    """
    arrays: Mapping[Any, Any] = values.data if isinstance(values, BindingsArray) else {"": values}
    for names, array in arrays.items():
        if array is not None and not np.isfinite(np.asarray(array, dtype=complex)).all():
            named = f" of {', '.join(names)}" if names else ""
            raise NotComputedError(
                NOT_COMPUTED,
                f"qrtest cannot compute this job: {which} has parameter values{named} that are not finite.",
            )
    for name, number in _numbers(circuit):
        if not math.isfinite(number):
            raise NotComputedError(
                NOT_COMPUTED,
                f"qrtest cannot compute this job: {which} has {name} with {number}, which is not finite.",
            )


def _numbers(circuit: QuantumCircuit) -> Iterator[tuple[str, float]]:
    """Yield the numbers in *circuit*, with what they are of, those in branches and loops included."""
    if isinstance(circuit.global_phase, float):
        yield "a global phase", circuit.global_phase
    for instruction in circuit.data:
        operation = instruction.operation
        for block in getattr(operation, "blocks", ()):
            yield from _numbers(block)
        for number in operation.params:
            if isinstance(number, float):
                yield f"the instruction {operation.name}", number


def _circuit(circuit: Any) -> QuantumCircuit:
    if isinstance(circuit, str):
        try:
            circuit = from_qasm(circuit)
        except Exception as error:  # the importer's parsers raise errors of their own
            what = unreadable(error)
            raise NotComputedError(
                UNREADABLE_INPUT, f"The input could not be parsed: {what}"
            ) from error
    if not isinstance(circuit, QuantumCircuit):
        raise NotComputedError(UNREADABLE_INPUT, "A pub does not begin with a circuit.")
    return circuit


def _with_all_qubits(circuit: QuantumCircuit, observables: ObservablesArray) -> QuantumCircuit:
    """Return *circuit*, of a text that names physical qubits, with those that it leaves alone."""
    width = max((len(term) for each in observables.ravel().tolist() for term in each), default=0)
    wide = circuit.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a layout, which nobody asks for here
        wide.add_bits([Qubit() for _ in range(width - circuit.num_qubits)])
    return wide


def _bound(circuit: QuantumCircuit, values: Any) -> BindingsArray:
    """Return *values* by the names of the parameters of *circuit*, in the order of which they are.

    Raises `ValueError` for values of parameters that it does not have.
    """
    if values is None:
        return BindingsArray()
    if isinstance(values, Mapping):
        values = BindingsArray({_names(key): np.asarray(value) for key, value in values.items()})
    if isinstance(values, BindingsArray):
        _check_names(circuit, values)
        return values
    array = np.asarray(values, dtype=float)
    if circuit.parameters:
        return BindingsArray({tuple(each.name for each in circuit.parameters): array})
    if array.size:
        raise ValueError(f"{array.size} values for a circuit without parameters.")
    # A pub without parameters has an array with none, of whatever shape.
    return BindingsArray(shape=array.shape[:-1])


def _check_names(circuit: QuantumCircuit, values: BindingsArray) -> None:
    known = {each.name for each in circuit.parameters}
    known |= {each.vector.name for each in circuit.parameters if hasattr(each, "vector")}
    unknown = [name for names in values.data for name in names if name not in known]
    if unknown:
        raise ValueError(f"values for {', '.join(unknown)}, which is no parameter of the circuit.")


def _names(key: Any) -> tuple[str, ...]:
    return tuple(key.split(",")) if isinstance(key, str) else tuple(map(str, key))
