"""The calibrated errors of a device as a noise model of qiskit-aer: gates, readout, and relaxation in time.

Each gate has its error and the relaxation during its length; a delay has the relaxation of its duration (T1
and T2), so that an experiment that waits sees its qubits decay; a measurement is misread as often as it was
calibrated. Source of the values: the device's properties.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Delay
from qiskit.circuit.library import standard_gates
from qiskit.transpiler import InstructionProperties, QubitProperties, Target

__all__ = ["DeviceNoise", "device_noise"]

SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "": 1.0}
Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DeviceNoise:
    """The noise *model* of some qubits of a device, numbered as in a narrowed circuit.

    *t1s* and *t2s* are in seconds, *dt* is the unit of delays, also in seconds.
    """

    model: Any
    t1s: Sequence[float]
    t2s: Sequence[float]
    dt: float | None

    def relaxing(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return *circuit* with the relaxation of each delay after it, those in branches included."""
        return self._relaxing(circuit, range(circuit.num_qubits))

    def _relaxing(self, circuit: QuantumCircuit, places: Sequence[int]) -> QuantumCircuit:
        """Return *circuit*, whose qubits are those at *places*."""
        from qiskit_aer.noise import RelaxationNoisePass

        t1s, t2s = [self.t1s[place] for place in places], [self.t2s[place] for place in places]
        passed = RelaxationNoisePass(t1s, t2s, dt=self.dt, op_types=Delay)
        relaxing: QuantumCircuit = passed(circuit)
        # The pass leaves the branches of a circuit as they are.
        for number, instruction in enumerate(relaxing.data):
            if getattr(instruction.operation, "blocks", ()):
                where = [places[relaxing.find_bit(qubit).index] for qubit in instruction.qubits]
                blocks = [self._relaxing(block, where) for block in instruction.operation.blocks]
                operation = instruction.operation.replace_blocks(blocks)
                relaxing.data[number] = instruction.replace(operation=operation)
        return relaxing


def device_noise(
    properties: Mapping[str, Any], configuration: Mapping[str, Any], kept: Sequence[int]
) -> DeviceNoise:
    """Return the noise of the qubits *kept* of a device; the first of them is qubit 0.

    *properties* and *configuration* are the JSON of a backend. A time or error that is not calibrated is no
    noise.
    """
    from qiskit_aer.noise import NoiseModel, ReadoutError
    from qiskit_aer.noise.device import basic_device_gate_errors

    qubits = [_values(properties["qubits"][index]) for index in kept]
    t1s = [qubit.get("T1", np.inf) for qubit in qubits]
    # A qubit cannot lose its phase more slowly than 2 T1 allows; calibrations say so by their own errors.
    t2s = [min(qubit.get("T2", np.inf), 2 * t1) for qubit, t1 in zip(qubits, t1s, strict=True)]
    target = _target(properties, kept, t1s, t2s)
    model = NoiseModel(basis_gates=[*target.operation_names, "unitary", "delay"])
    # Aer warns of calibrations that contradict each other, which are not the user's to mend.
    with warnings.catch_warnings(action="ignore"):
        errors = basic_device_gate_errors(target=target)
    for name, places, error in errors:
        model.add_quantum_error(error, name, places, warnings=False)
    for place, qubit in enumerate(qubits):
        ones, zeros = qubit.get("prob_meas1_prep0", 0.0), qubit.get("prob_meas0_prep1", 0.0)
        model.add_readout_error(ReadoutError([[1 - ones, ones], [zeros, 1 - zeros]]), [place])
    nanoseconds = configuration.get("dt")
    dt = None if nanoseconds is None else nanoseconds * SECONDS["ns"]
    return DeviceNoise(model, t1s, t2s, dt)


def _target(
    properties: Mapping[str, Any], kept: Sequence[int], t1s: Sequence[float], t2s: Sequence[float]
) -> Target:
    """Return the gates among the qubits *kept*, with their errors and lengths."""
    place = {index: number for number, index in enumerate(kept)}
    gates: dict[str, dict[tuple[int, ...], InstructionProperties]] = {}
    for gate in properties["gates"]:
        if all(qubit in place for qubit in gate["qubits"]):
            values = _values(gate["parameters"])
            where = tuple(place[qubit] for qubit in gate["qubits"])
            gates.setdefault(gate["gate"], {})[where] = InstructionProperties(
                duration=values.get("gate_length"), error=values.get("gate_error")
            )
    known = standard_gates.get_standard_gate_name_mapping()
    target = Target(
        num_qubits=len(kept),
        qubit_properties=[QubitProperties(t1=t1, t2=t2) for t1, t2 in zip(t1s, t2s, strict=True)],
    )
    for name, places in gates.items():
        if name in known:
            target.add_instruction(known[name], places, name=name)
    return target


def _values(parameters: Sequence[Mapping[str, Any]]) -> Values:
    """Return calibrated values by name, times in seconds."""
    return {
        each["name"]: each["value"] * SECONDS.get(each.get("unit") or "", 1.0)
        for each in parameters
    }
