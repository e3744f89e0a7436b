"""The simulators that compute results: qiskit-aer if it is installed, else qiskit's reference primitives.

Aer runs dynamic circuits (measurements in the middle, conditions, loops, resets), up to 30 qubits by state
vector, and hundreds by stabilizers or matrix product states. The reference primitives run circuits that
measure at the end, on up to 22 qubits.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.circuit import Operation
from qiskit.primitives import StatevectorEstimator, StatevectorSampler

__all__ = ["MOST_QUBITS", "Simulator", "TooLargeError", "has_aer", "work_of"]

MOST_QUBITS: Final = 22
"""The most qubits of a reference primitive: beyond them a state vector takes longer than a test has."""

MOST_AMPLITUDES_QUBITS: Final = 30
"""The most qubits of a state vector in Aer, 16 GB; wider circuits run as matrix product states."""

SINGLE_PRECISION_FROM: Final = 28
"""From here on amplitudes have single precision, which halves the memory."""

BOND_DIMENSION: Final = 256
"""Limits matrix product states; the results of more entangled circuits are approximate."""

AMPLITUDE_BYTES: Final = 16
SHARE_OF_MEMORY: Final = 0.75
CONTROL_FLOW: Final = ("if_else", "for_loop", "while_loop", "switch_case")
CLIFFORD_GATES: Final = frozenset(
    {"id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "ecr", "swap"}
    | {"measure", "reset", "barrier", "delay"}
)


class TooLargeError(Exception):
    """A circuit that cannot be simulated here; the message says what would help."""


@cache
def has_aer() -> bool:
    """Say whether qiskit-aer is installed."""
    return find_spec("qiskit_aer") is not None


@dataclass(frozen=True, slots=True)
class Simulator:
    """Makes the primitives that run the circuits of one pub; *memory_bytes* None is most of the machine's."""

    seed: int
    memory_bytes: int | None = None

    def sampler(self, circuit: QuantumCircuit) -> Any:
        """Return a SamplerV2 that can run *circuit*. Raises `TooLargeError` if there is none."""
        method = self._method(circuit)
        if method is None:
            return StatevectorSampler(seed=self.seed)
        from qiskit_aer.primitives import SamplerV2

        return SamplerV2(
            seed=self.seed, options={"backend_options": self._options(method, circuit)}
        )

    def estimator(self, circuit: QuantumCircuit) -> Any:
        """Return an EstimatorV2 that can run *circuit*. Raises `TooLargeError` if there is none."""
        method = self._method(circuit)
        if method is None:
            return StatevectorEstimator(seed=self.seed)
        from qiskit_aer.primitives import EstimatorV2

        seed = {"seed_simulator": self.seed}
        options = {"backend_options": self._options(method, circuit) | seed, "run_options": seed}
        return EstimatorV2(options=options)

    def _method(self, circuit: QuantumCircuit) -> str | None:
        """Return Aer's method for *circuit*, None for the reference primitives."""
        width = circuit.num_qubits
        if not has_aer():
            if width > MOST_QUBITS:
                raise TooLargeError(
                    f"qrtest computes circuits on up to {MOST_QUBITS} qubits; this one uses {width}. "
                    f"With qiskit-aer there are more: pip install 'qrtest[aer]'."
                )
            return None
        if width <= MOST_QUBITS and not is_dynamic(circuit):
            return None
        if _is_clifford(circuit):
            return "stabilizer"
        if width > MOST_AMPLITUDES_QUBITS:
            return "matrix_product_state"
        needed = AMPLITUDE_BYTES << width
        if width >= SINGLE_PRECISION_FROM:
            needed //= 2
        if needed > self._memory():
            raise TooLargeError(
                f"A state vector of {width} qubits needs {needed >> 20:,} MB of memory, and there are "
                f"{self._memory() >> 20:,} MB: use fewer qubits, or raise compute_megabytes."
            )
        return "statevector"

    def _options(self, method: str, circuit: QuantumCircuit) -> dict[str, Any]:
        is_wide = circuit.num_qubits >= SINGLE_PRECISION_FROM
        options: dict[str, Any] = {
            "method": method,
            "max_memory_mb": self._memory() >> 20,
            "precision": "single" if method == "statevector" and is_wide else "double",
        }
        if method == "matrix_product_state":
            options["matrix_product_state_max_bond_dimension"] = BOND_DIMENSION
        return options

    def _memory(self) -> int:
        return self.memory_bytes or _machine_memory()


@cache
def _machine_memory() -> int:
    """Return most of the machine's memory in bytes; a guess where the system does not say."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        total = 4 << 30
    return int(total * SHARE_OF_MEMORY)


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Say whether something follows a measurement, resets, or branches: every shot runs on its own."""
    measured: set[Any] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name in CONTROL_FLOW or name == "reset" or measured & set(instruction.qubits):
            return True
        if name == "measure":
            measured |= set(instruction.qubits)
    return False


def work_of(circuit: QuantumCircuit, shots: int) -> float:
    """Return an estimate of the operations that *circuit* takes; a thousand million are some seconds."""
    runs = shots if is_dynamic(circuit) else 1
    if _is_clifford(circuit):
        return float(len(circuit.data) * circuit.num_qubits * shots)
    if circuit.num_qubits > MOST_AMPLITUDES_QUBITS:
        return float("inf")
    return float(len(circuit.data) * 2.0**circuit.num_qubits * runs)


def _is_clifford(circuit: QuantumCircuit) -> bool:
    """Say whether all gates are Clifford gates, rotations about Z by quarters of a turn included."""
    return all(_is_clifford_gate(instruction.operation) for instruction in circuit.data)


def _is_clifford_gate(operation: Operation) -> bool:
    if operation.name in CLIFFORD_GATES:
        return True
    if operation.name != "rz":
        return False
    [angle] = operation.params
    return isinstance(angle, float) and math.isclose(math.sin(2 * angle), 0.0, abs_tol=1e-9)
