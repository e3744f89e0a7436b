"""The simulators that compute results: qiskit-aer if it is installed, else qiskit's reference primitives.

Aer runs dynamic circuits (measurements in the middle, conditions, loops, resets), up to 30 qubits by state
vector, and hundreds by stabilizers or matrix product states. The reference primitives run circuits that
measure at the end, on up to 22 qubits; beside Aer they run those that are too small for it to be faster.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Operation, Qubit
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.quantum_info import Kraus

__all__ = [
    "CONTROL_FLOW",
    "LITTLE_BOND_BITS",
    "MOST_AMPLITUDES_QUBITS",
    "MOST_QUBITS",
    "Method",
    "Simulator",
    "TooLargeError",
    "ending_read",
    "free_memory",
    "has_aer",
    "has_noise_model",
    "is_dynamic",
    "is_little_entangled",
    "method_of",
    "noisy_method_of",
    "runs_by_shot",
    "unread",
]

MOST_QUBITS: Final = 22
"""The most qubits of a reference primitive: beyond them a state vector takes longer than a test has."""

MOST_SMALL_QUBITS: Final = 12
"""The most qubits that a reference primitive runs where Aer is installed: beyond them Aer takes less time.

To sample, the reference primitive makes a text of each outcome that there can be: 27 seconds and 5 GB for
20 qubits, where Aer takes a third of a second and no memory to speak of.
"""

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

MOST_ESTIMATED_SHOTS: Final = 10_000_000
"""The most runs that an expectation value is the mean of: a precision of 0.0003."""

LITTLE_BOND_BITS: Final = 5
"""Up to two to this power a bond is small: the state of hundreds of qubits takes milliseconds."""

DOUBLING_GATES: Final = frozenset(
    {"cx", "cy", "cz", "ecr", "rzz", "rxx", "ryy", "rzx", "cp", "crz"}
)

AMPLITUDE_BYTES: Final = 16
SHARE_OF_MEMORY: Final = 0.75

SPARE_REGISTER: Final = "_qrtest_end"
"""The register of a measurement that only makes a circuit run."""

Method = Literal["reference", "density_matrix", "stabilizer", "matrix_product_state", "statevector"]
"""How a circuit is simulated: by qiskit's reference primitives, or by a method of Aer."""

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

    def check(self, circuit: QuantumCircuit, *, is_observed: bool = False) -> None:
        """Raise `TooLargeError` for a *circuit* that cannot be simulated here.

        *is_observed*: an observable of it is estimated.
        """
        self._method(circuit, runs_by_shot(circuit, is_observed=is_observed))

    def sampler(self, circuit: QuantumCircuit, noise_model: Any = None) -> Any:
        """Return a SamplerV2 that can run *circuit*, with a *noise_model* of Aer if there is one.

        Raises `TooLargeError` if there is none.
        """
        by_shot = runs_by_shot(circuit, is_observed=False)
        method = self._chosen(circuit, noise_model, by_shot)
        if method == "reference":
            return StatevectorSampler(seed=self.seed)
        from qiskit_aer.primitives import SamplerV2

        options = self._options(method, circuit, noise_model)
        return SamplerV2(seed=self.seed, options={"backend_options": options})

    def estimator(self, circuit: QuantumCircuit, noise_model: Any = None, *, shots: int) -> Any:
        """Return an EstimatorV2 that can run *circuit*, as `sampler` does.

        *shots*: of how many runs the values are the mean where each run is another.
        """
        by_shot = runs_by_shot(circuit, is_observed=True)
        method = self._chosen(circuit, noise_model, by_shot)
        if method == "reference":
            return StatevectorEstimator(seed=self.seed)
        is_one_run = not by_shot and (noise_model is None or method == "density_matrix")
        if not is_one_run and shots > MOST_ESTIMATED_SHOTS:
            raise TooLargeError(
                f"The precision takes {shots:,} runs of a circuit of which each run is another; there are "
                f"{MOST_ESTIMATED_SHOTS:,} at most: ask for less precision."
            )
        from qiskit_aer.primitives import EstimatorV2

        run = {"seed_simulator": self.seed, "shots": 1 if is_one_run else shots}
        options = self._options(method, circuit, noise_model) | {"seed_simulator": self.seed}
        return EstimatorV2(options={"backend_options": options, "run_options": run})

    def _chosen(self, circuit: QuantumCircuit, noise_model: Any, by_shot: bool) -> Method:
        if noise_model is not None:
            return noisy_method_of(circuit, by_shot)
        return self._method(circuit, by_shot)

    def _method(self, circuit: QuantumCircuit, by_shot: bool) -> Method:
        """Return how *circuit* is simulated. Raises `TooLargeError` if it has no place here."""
        width = circuit.num_qubits
        method = method_of(circuit, by_shot)
        if method == "reference" and width > MOST_QUBITS:
            raise TooLargeError(
                f"qrtest computes circuits on up to {MOST_QUBITS} qubits; this one uses {width}. "
                f"With qiskit-aer there are more: pip install 'qrtest[aer]'."
            )
        needed = AMPLITUDE_BYTES << width if method == "statevector" else 0
        if width >= SINGLE_PRECISION_FROM:
            needed //= 2
        if needed > self._memory():
            raise TooLargeError(
                f"A state vector of {width} qubits needs {needed >> 20:,} MB of memory, and there are "
                f"{self._memory() >> 20:,} MB: use fewer qubits, free memory, or raise compute_megabytes."
            )
        return method

    def _options(self, method: Method, circuit: QuantumCircuit, noise_model: Any) -> dict[str, Any]:
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


def method_of(circuit: QuantumCircuit, by_shot: bool) -> Method:
    """Return how *circuit* is simulated without noise; *by_shot* if each of its shots runs on its own."""
    width = circuit.num_qubits
    if not has_aer():
        return "reference"
    # A density matrix has all that resets can give, in one run; of many runs a state vector takes far less.
    if _is_mixed(circuit) and not by_shot:
        return "density_matrix"
    if width <= MOST_SMALL_QUBITS and not by_shot:
        return "reference"
    if _is_clifford(circuit):
        return "stabilizer"
    if width > MOST_AMPLITUDES_QUBITS or is_little_entangled(circuit):
        return "matrix_product_state"
    return "statevector"


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
    """Say whether something follows a measurement, or branches."""
    measured: set[Any] = set()
    for instruction in circuit.data:
        name = instruction.operation.name
        if name in CONTROL_FLOW or measured & set(instruction.qubits):
            return True
        if name == "measure":
            measured |= set(instruction.qubits)
    return False


def runs_by_shot(circuit: QuantumCircuit, *, is_observed: bool) -> bool:
    """Say whether each shot of *circuit* runs on its own: it acts on what it measured, or is wide and resets.

    Where it *is_observed*, an observable of it is estimated: what is measured is used by conditions alone,
    and a density matrix has all that can come of the rest.
    """
    is_wide = circuit.num_qubits > MOST_NOISY_QUBITS
    if is_wide and _is_mixed(circuit):
        return True
    if is_observed and not is_wide:
        return any(each.operation.name in CONTROL_FLOW for each in circuit.data)
    return is_dynamic(circuit)


def unread(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return *circuit* with what measurements do to its qubits, without outcomes that nothing uses.

    An estimator has no place for outcomes. To measure and forget is to lose the phase.
    """
    names = {each.operation.name for each in circuit.data}
    if "measure" not in names or names & set(CONTROL_FLOW):
        return circuit
    forgotten = Kraus([math.sqrt(0.5) * np.eye(2), math.sqrt(0.5) * np.diag([1, -1])])
    made = QuantumCircuit(circuit.num_qubits, global_phase=circuit.global_phase)
    for instruction in circuit.data:
        places = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        is_read = instruction.operation.name == "measure"
        made.append(forgotten.to_instruction() if is_read else instruction.operation, places)
    return made


def ending_read(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return *circuit* with one more measurement at its end where all others are in branches and loops.

    Aer does not run a circuit without measurements outside of them, and says that all was zero: also of a
    loop that never ends.
    """
    names = {each.operation.name for each in circuit.data}
    if "measure" in names or not names & set(CONTROL_FLOW):
        return circuit
    made = circuit.copy()
    if not made.num_qubits:
        made.add_bits([Qubit()])
    made.add_register(ClassicalRegister(1, SPARE_REGISTER))
    made.measure(0, made.cregs[-1][0])
    return made


def _is_mixed(circuit: QuantumCircuit) -> bool:
    """Say whether *circuit* has what makes a mixed state, beside measurements."""
    return any(each.operation.name in ("kraus", "reset") for each in circuit.data)


def has_noise_model(circuit: QuantumCircuit) -> bool:
    """Say whether *circuit* can have the whole noise of a device: it is small, or not entangled."""
    most = MOST_NOISY_PRODUCT_QUBITS if _is_product(circuit) else MOST_NOISY_QUBITS
    return has_aer() and circuit.num_qubits <= most


def _is_product(circuit: QuantumCircuit) -> bool:
    return all(len(instruction.qubits) == 1 for instruction in circuit.data)


def noisy_method_of(circuit: QuantumCircuit, by_shot: bool) -> Method:
    """Return how *circuit* is simulated with the whole noise of a device."""
    if circuit.num_qubits > MOST_NOISY_QUBITS:
        return "matrix_product_state"
    # A density matrix has the noise of all shots at once; what follows a measurement is a run for each shot.
    return "statevector" if by_shot else "density_matrix"


def is_little_entangled(circuit: QuantumCircuit) -> bool:
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
