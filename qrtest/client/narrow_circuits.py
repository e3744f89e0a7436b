"""Circuits and observables on the qubits that are used: a circuit comes as wide as its device."""

from __future__ import annotations

from collections.abc import Sequence

from qiskit import QuantumCircuit
from qiskit.primitives.containers.observables_array import ObservablesArray

__all__ = ["PASSIVE", "narrowed", "narrowed_observables", "observed_qubits", "used_qubits"]

PASSIVE = ("barrier", "delay")
"""Instructions that change no result."""


def used_qubits(circuit: QuantumCircuit) -> set[int]:
    """Return the qubits that are acted on."""
    return {
        circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.operation.name not in PASSIVE
        for qubit in instruction.qubits
    }


def narrowed(
    circuit: QuantumCircuit, kept: Sequence[int], *, with_delays: bool = False
) -> QuantumCircuit:
    """Return *circuit* on the qubits *kept* only, with its classical bits, registers and variables.

    Barriers are left out, and delays but for those of kept qubits if it is to be *with_delays*.
    """
    place = {index: number for number, index in enumerate(kept)}
    narrow = QuantumCircuit(len(kept), global_phase=circuit.global_phase)
    narrow.add_bits([bit for bit in circuit.clbits if not circuit.find_bit(bit).registers])
    for register in circuit.cregs:
        narrow.add_register(register)
    for variable in circuit.iter_declared_vars() if hasattr(circuit, "iter_declared_vars") else ():
        narrow.add_uninitialized_var(variable)
    for instruction in circuit.data:
        indices = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        name = instruction.operation.name
        if name not in PASSIVE or (with_delays and name == "delay" and indices[0] in place):
            places = [place[index] for index in indices]
            narrow.append(instruction.operation, places, instruction.clbits)
    return narrow


def observed_qubits(observables: ObservablesArray) -> set[int]:
    """Return the qubits that at least one of *observables* measures."""
    return {
        qubit
        for observable in observables.ravel().tolist()
        for label in observable
        for qubit, letter in enumerate(reversed(label))
        if letter != "I"
    }


def narrowed_observables(observables: ObservablesArray, kept: Sequence[int]) -> ObservablesArray:
    """Return *observables* on the qubits *kept* only."""

    def narrow(label: str) -> str:
        backwards = label[::-1]
        return "".join(backwards[index] for index in kept)[::-1]

    flat = []
    for observable in observables.ravel().tolist():
        terms: dict[str, float] = {}
        for label, factor in observable.items():
            terms[narrow(label)] = terms.get(narrow(label), 0.0) + factor
        flat.append(terms)
    return ObservablesArray(flat).reshape(observables.shape)
