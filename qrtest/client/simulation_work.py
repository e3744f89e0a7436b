"""How much work a simulation is, estimated before it begins: what takes long runs in a process of its own.

An operation is that of a state vector: one gate on one amplitude, of which there are some 3e8 a second. The
constants were measured with qiskit-aer 0.18 on one core, shots from 100 to 10,000, as processor time.
"""

from __future__ import annotations

import math
from typing import Final

from qiskit import QuantumCircuit
from qiskit.circuit import Qubit

from qrtest.client.simulators import (
    CONTROL_FLOW,
    LITTLE_BOND_BITS,
    MOST_AMPLITUDES_QUBITS,
    Method,
    is_little_entangled,
    method_of,
    noisy_method_of,
    runs_by_shot,
)

__all__ = ["length", "noisy_work_of", "work_of"]

MODEL_WORK: Final = 1 << 23
"""What the noise model of one qubit takes."""

PRODUCT_WORK: Final = 1_000
"""What a shot of one noisy operation takes in a matrix product state."""

RUN_WORK: Final = 1 << 14
"""What a run takes beside its gates: 35 to 50 microseconds, where each shot is one."""

GATE_WORK: Final = 200
"""What a gate of a run takes beside its amplitudes: half a microsecond."""

SAMPLE_WORK: Final = 1 << 10
"""What a shot takes where all are drawn from one run: 1 to 4 microseconds."""

OUTCOME_WORK: Final = 1 << 13
"""What a reference primitive takes for each outcome that there can be: 26 microseconds."""


def noisy_work_of(circuit: QuantumCircuit, shots: int, *, is_observed: bool = False) -> float:
    """Return an estimate of the operations that *circuit* takes with the whole noise of a device."""
    by_shot = runs_by_shot(circuit, is_observed=is_observed)
    method = noisy_method_of(circuit, by_shot)
    model: float = MODEL_WORK * circuit.num_qubits
    if method == "matrix_product_state":
        return model + length(circuit) * PRODUCT_WORK * shots + RUN_WORK * shots
    return model + _work(circuit, method, shots, by_shot, is_observed)


def work_of(circuit: QuantumCircuit, shots: int, *, is_observed: bool = False) -> float:
    """Return an estimate of the operations that *circuit* takes; a thousand million are some seconds."""
    by_shot = runs_by_shot(circuit, is_observed=is_observed)
    return _work(circuit, method_of(circuit, by_shot), shots, by_shot, is_observed)


def _work(
    circuit: QuantumCircuit, method: Method, shots: int, by_shot: bool, is_observed: bool
) -> float:
    runs, gates = (shots if by_shot else 1), length(circuit)
    width: int = circuit.num_qubits
    drawn = 0.0 if is_observed else float(SAMPLE_WORK * shots)
    if method == "stabilizer":  # which draws each shot gate by gate, also where all are of one run
        return drawn + runs * (RUN_WORK + gates * GATE_WORK) + shots * gates * width
    if method == "matrix_product_state":
        if width > MOST_AMPLITUDES_QUBITS and not is_little_entangled(circuit):
            return math.inf
        one_run: float = gates * (1 << 3 * LITTLE_BOND_BITS) + PRODUCT_WORK * width
        return drawn + one_run * runs + PRODUCT_WORK * width * shots
    amplitudes = math.pow(4 if method == "density_matrix" else 2, width)
    work = drawn + runs * (RUN_WORK + gates * (GATE_WORK + amplitudes))
    if method == "reference" and not is_observed:
        work += OUTCOME_WORK * math.pow(2, len(_measured(circuit)))
    return work


def _measured(circuit: QuantumCircuit) -> set[Qubit]:
    return {each.qubits[0] for each in circuit.data if each.operation.name == "measure"}


def length(circuit: QuantumCircuit) -> float:
    """Return how many operations *circuit* has, each turn of its loops included.

    A loop with a condition may never end: its length is infinite.
    """
    total = 0.0
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name == "while_loop":
            return math.inf
        if operation.name not in CONTROL_FLOW:
            total += 1
            continue
        turns = len(operation.params[0]) if operation.name == "for_loop" else 1
        total += 1 + turns * sum(map(length, operation.blocks))
    return total
