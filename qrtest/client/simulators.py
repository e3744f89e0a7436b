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
from pathlib import Path
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.circuit import Operation
from qiskit.primitives import StatevectorEstimator, StatevectorSampler

__all__ = [
    "MOST_QUBITS",
    "Simulator",
    "TooLargeError",
    "free_memory",
    "has_aer",
    "has_noise_model",
    "is_dynamic",
    "length",
    "noisy_work_of",
    "work_of",
]

MOST_QUBITS: Final = 22
"""The most qubits of a reference primitive: beyond them a state vector takes longer than a test has."""

MOST_AMPLITUDES_QUBITS: Final = 30
"""The most qubits of a state vector in Aer, 16 GB; wider circuits run as matrix product states."""

SINGLE_PRECISION_FROM: Final = 28
"""From here on amplitudes have single precision, which halves the memory."""

BOND_DIMENSION: Final = 256
"""Limits matrix product states; the results of more entangled circuits are approximate."""

MOST_NOISY_QUBITS: Final = 10
"""The most entangled qubits with the whole noise of a device: beyond them a density matrix takes minutes."""

MOST_NOISY_PRODUCT_QUBITS: Final = 30
"""The most qubits that are not entangled with the whole noise, a tenth of a second each."""

MODEL_WORK: Final = 1 << 23
"""What the noise model of one qubit takes, in the operations of a state vector."""

PRODUCT_WORK: Final = 1_000
"""What a shot of one noisy operation takes in a matrix product state, in the operations of a state vector."""

LITTLE_BOND_BITS: Final = 5
"""Up to two to this power a bond is small: the state of hundreds of qubits takes milliseconds."""

DOUBLING_GATES: Final = frozenset(
    {"cx", "cy", "cz", "ecr", "rzz", "rxx", "ryy", "rzx", "cp", "crz"}
)

AMPLITUDE_BYTES: Final = 16
SHARE_OF_MEMORY: Final = 0.75
CONTROL_FLOW: Final = ("if_else", "for_loop", "while_loop", "switch_case")
CLIFFORD_GATES: Final = frozenset(
    {"id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "ecr", "swap", "pauli"}
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
    """Makes the primitives that run the circuits of one pub; *memory_bytes* None is most of what is free."""

    seed: int
    memory_bytes: int | None = None

    def check(self, circuit: QuantumCircuit) -> None:
        """Raise `TooLargeError` for a *circuit* that cannot be simulated here."""
        self._method(circuit)

    def sampler(self, circuit: QuantumCircuit, noise_model: Any = None) -> Any:
        """Return a SamplerV2 that can run *circuit*, with a *noise_model* of Aer if there is one.

        Raises `TooLargeError` if there is none.
        """
        method = _noisy_method(circuit) if noise_model is not None else self._method(circuit)
        if method is None:
            return StatevectorSampler(seed=self.seed)
        from qiskit_aer.primitives import SamplerV2

        options = self._options(method, circuit, noise_model)
        return SamplerV2(seed=self.seed, options={"backend_options": options})

    def estimator(self, circuit: QuantumCircuit, noise_model: Any = None) -> Any:
        """Return an EstimatorV2 that can run *circuit*, as `sampler` does."""
        method = _noisy_method(circuit) if noise_model is not None else self._method(circuit)
        if method is None:
            return StatevectorEstimator(seed=self.seed)
        from qiskit_aer.primitives import EstimatorV2

        seed = {"seed_simulator": self.seed}
        options = self._options(method, circuit, noise_model) | seed
        return EstimatorV2(options={"backend_options": options, "run_options": seed})

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
        if width > MOST_AMPLITUDES_QUBITS or _is_little_entangled(circuit):
            return "matrix_product_state"
        needed = AMPLITUDE_BYTES << width
        if width >= SINGLE_PRECISION_FROM:
            needed //= 2
        if needed > self._memory():
            raise TooLargeError(
                f"A state vector of {width} qubits needs {needed >> 20:,} MB of memory, and there are "
                f"{self._memory() >> 20:,} MB: use fewer qubits, free memory, or raise compute_megabytes."
            )
        return "statevector"

    def _options(self, method: str, circuit: QuantumCircuit, noise_model: Any) -> dict[str, Any]:
        is_wide = circuit.num_qubits >= SINGLE_PRECISION_FROM
        options: dict[str, Any] = {
            "method": method,
            "max_memory_mb": self._memory() >> 20,
            "precision": "single" if method == "statevector" and is_wide else "double",
        }
        if noise_model is not None:
            options["noise_model"] = noise_model
        if method == "matrix_product_state":
            options["matrix_product_state_max_bond_dimension"] = BOND_DIMENSION
        return options

    def _memory(self) -> int:
        return self.memory_bytes or free_memory()


def free_memory() -> int:
    """Return most of the memory in bytes that a computation can have now; a guess where no system says it.

    What other programs use is left to them: a machine without memory ends programs, and not only this one.
    """
    try:
        content = Path("/proc/meminfo").read_text(encoding="ascii")
        kilobytes = int(content.partition("MemAvailable:")[2].split()[0])
        return int((kilobytes << 10) * SHARE_OF_MEMORY)
    except (OSError, ValueError, IndexError):
        pass
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


def has_noise_model(circuit: QuantumCircuit) -> bool:
    """Say whether *circuit* can have the whole noise of a device: it is small, or not entangled."""
    most = MOST_NOISY_PRODUCT_QUBITS if _is_product(circuit) else MOST_NOISY_QUBITS
    return has_aer() and circuit.num_qubits <= most


def _is_product(circuit: QuantumCircuit) -> bool:
    return all(len(instruction.qubits) == 1 for instruction in circuit.data)


def _noisy_method(circuit: QuantumCircuit) -> str:
    if circuit.num_qubits > MOST_NOISY_QUBITS:
        return "matrix_product_state"
    # A density matrix has the noise of all shots at once; what follows a measurement is a run for each shot.
    return "statevector" if is_dynamic(circuit) else "density_matrix"


def noisy_work_of(circuit: QuantumCircuit, shots: int) -> float:
    """Return an estimate of the operations that *circuit* takes with the whole noise of a device."""
    of_instruction = {
        "matrix_product_state": PRODUCT_WORK * shots,
        "statevector": shots << circuit.num_qubits,
        "density_matrix": 1 << 2 * circuit.num_qubits,
    }
    work = length(circuit) * of_instruction[_noisy_method(circuit)]
    return float(MODEL_WORK * circuit.num_qubits + work)


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


def work_of(circuit: QuantumCircuit, shots: int) -> float:
    """Return an estimate of the operations that *circuit* takes; a thousand million are some seconds."""
    runs = shots if is_dynamic(circuit) else 1
    if _is_clifford(circuit):
        return float(length(circuit) * circuit.num_qubits * shots)
    if circuit.num_qubits > MOST_QUBITS and _is_little_entangled(circuit):
        one_run = length(circuit) * (1 << 3 * LITTLE_BOND_BITS) + PRODUCT_WORK * circuit.num_qubits
        return float(one_run * runs + PRODUCT_WORK * circuit.num_qubits * shots)
    if circuit.num_qubits > MOST_AMPLITUDES_QUBITS:
        return float("inf")
    return float(length(circuit) * 2.0**circuit.num_qubits * runs)


def _is_little_entangled(circuit: QuantumCircuit) -> bool:
    """Say whether few gates act across any cut between neighbours: a matrix product state is small then.

    A gate on two qubits at most doubles the dimension of a bond if it is one of `DOUBLING_GATES`, and
    quadruples it otherwise.
    """
    if circuit.num_qubits <= MOST_QUBITS:
        return False
    bits = [0] * circuit.num_qubits
    for instruction in circuit.data:
        places = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        more = 1 if instruction.operation.name in DOUBLING_GATES else 2 * (len(places) - 1)
        for cut in range(min(places, default=0), max(places, default=0)):
            bits[cut] += more
    return max(bits) <= LITTLE_BOND_BITS


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
