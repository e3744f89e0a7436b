"""Errors of a device, as calibrated, for computed results.

With qiskit-aer, a circuit that is small or not entangled has the whole noise of `device_noise`. Otherwise a
gate error is a random Pauli after the gate, drawn anew for each of a few runs that share the shots; a
readout error turns single bits; and a qubit that waits stays as it is. The probabilities are those of the
device's properties (`gate_error`, `prob_meas1_prep0`, `prob_meas0_prep1`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliGate
from qiskit.primitives.containers.bit_array import BitArray
from qiskit.primitives.containers.observables_array import ObservablesArray

from qrtest.client.device_noise import DeviceNoise, device_noise

__all__ = ["RUNS", "Noise"]

RUNS: Final = 32
"""The number of runs, each with errors of its own, that share the shots of a circuit."""

LEAST_SHARE: Final = 1e-5
"""The smallest part of an observable that readout errors add."""

PAULIS: Final = {
    width: ["".join(letters) for letters in product("IXYZ", repeat=width)][1:] for width in (1, 2)
}
PAULI_SHARE: Final = {1: 3 / 2, 2: 5 / 4}
"""The probability of a Pauli error for an average gate error of 1, by number of qubits."""


class Noise:
    """The errors of the device whose *properties* and *configuration* (JSON) are given, drawn by *seed*."""

    def __init__(
        self, properties: str | bytes, configuration: Mapping[str, Any], *, seed: int
    ) -> None:
        body: Mapping[str, Any] = json.loads(properties)
        self._body = body
        self._configuration = configuration
        self._random = np.random.default_rng(seed)
        self._of_gates = {
            (gate["gate"], tuple(gate["qubits"])): value
            for gate in body["gates"]
            if (value := _values(gate["parameters"]).get("gate_error")) is not None
        }
        self._of_readout = [_values(qubit) for qubit in body["qubits"]]

    def whole(self, kept: Sequence[int]) -> DeviceNoise:
        """Return the whole noise of the qubits *kept*."""
        return device_noise(self._body, self._configuration, kept)

    def erring(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return *circuit*, on the qubits of the device, with gate errors drawn once."""
        erring = circuit.copy_empty_like()
        for instruction in circuit.data:
            erring.append(instruction)
            qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
            error = self._of_gates.get((instruction.operation.name, qubits), 0.0)
            if self._random.random() < error * PAULI_SHARE.get(len(qubits), 0.0):
                erring.append(PauliGate(self._random.choice(PAULIS[len(qubits)])), qubits)
        return erring

    def misread(self, circuit: QuantumCircuit, register: str, read: BitArray) -> BitArray:
        """Return what was *read* into a register of *circuit*, with readout errors."""
        backwards = np.unpackbits(read.array, axis=-1)[..., ::-1]
        bits = backwards[..., : read.num_bits].astype(bool)
        measured = _measured(circuit, register)
        for place, qubit in measured.items():
            known = self._of_readout[qubit]
            turned = np.where(
                bits[..., place],
                known.get("prob_meas0_prep1", 0.0),
                known.get("prob_meas1_prep0", 0.0),
            )
            bits[..., place] ^= self._random.random(turned.shape) < turned
        return BitArray.from_bool_array(bits, order="little")

    def misread_observables(self, observables: ObservablesArray) -> ObservablesArray:
        """Return *observables* whose values are those of the given ones, read with readout errors.

        A letter on a qubit that is read as 1 instead of 0 with probability p, and as 0 instead of 1 with q,
        has the value (1 - p - q) times its own, plus q - p. Terms that are too small to matter are left out.
        """
        flat = []
        for observable in observables.ravel().tolist():
            terms: dict[str, float] = {}
            for label, factor in observable.items():
                for read, share in self._misread_label(label).items():
                    terms[read] = terms.get(read, 0.0) + factor * share
            flat.append(terms)
        return ObservablesArray(flat).reshape(observables.shape)

    def _misread_label(self, label: str) -> dict[str, float]:
        shares = {label: 1.0}
        for place, letter in enumerate(label):
            if letter == "I":
                continue
            known = self._of_readout[len(label) - 1 - place]
            ones = known.get("prob_meas1_prep0", 0.0)
            zeros = known.get("prob_meas0_prep1", 0.0)
            found = {}
            for read, share in shares.items():
                found[read] = share * (1 - ones - zeros)
                found[f"{read[:place]}I{read[place + 1 :]}"] = share * (zeros - ones)
            shares = {read: share for read, share in found.items() if abs(share) > LEAST_SHARE}
        return shares or {label: 0.0}


def _values(parameters: list[Mapping[str, Any]]) -> dict[str, float]:
    return {each["name"]: each["value"] for each in parameters}


def _measured(circuit: QuantumCircuit, register: str) -> dict[int, int]:
    """Return, for each measured position of a register, its qubit."""
    [classical] = [each for each in circuit.cregs if each.name == register]
    places = {bit: place for place, bit in enumerate(classical)}
    return {
        places[bit]: circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.operation.name == "measure"
        for qubit, bit in zip(instruction.qubits, instruction.clbits, strict=True)
        if bit in places
    }
