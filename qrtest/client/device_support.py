"""What a device supports, by its configuration: instructions, on which qubits, and which are connected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from qiskit import QuantumCircuit

from qrtest.client.narrow_circuits import PASSIVE
from qrtest.client.readable_pubs import NotComputedError

__all__ = ["Device"]

NOT_SUPPORTED: Final = 1517
ALWAYS_SUPPORTED: Final = (*PASSIVE, "measure", "reset", "store", "break_loop", "continue_loop")


class Device:
    """What a device supports, by its configuration."""

    def __init__(self, names: set[str], pairs: set[tuple[int, ...]], qubits: int) -> None:
        self._names = names
        self._pairs = pairs
        self._qubits = qubits

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Device:
        """Return the device with this *configuration*."""
        supported = {*ALWAYS_SUPPORTED, *configuration.get("supported_instructions", ())}
        supported |= {gate["name"] for gate in configuration["gates"]}
        pairs = {tuple(pair) for pair in configuration["coupling_map"]}
        return cls(supported, pairs, configuration["n_qubits"])

    def check(self, circuit: QuantumCircuit) -> None:
        """Refuse an instruction that the device does not have, or not on these qubits."""
        places = {qubit: at for at, qubit in enumerate(circuit.qubits)}
        for name, qubits in _instructions(circuit, places):
            is_connected = (
                len(qubits) != 2
                or qubits in self._pairs
                or qubits[::-1] in self._pairs
                or name in PASSIVE
            )
            is_there = all(qubit < self._qubits for qubit in qubits)
            if name not in self._names or not is_connected or not is_there:
                raise NotComputedError(
                    NOT_SUPPORTED,
                    f"The instruction {name} on qubits {qubits} is not supported by the target system.",
                )


def _instructions(
    circuit: QuantumCircuit, places: Mapping[Any, int]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the instructions with their qubits, those in branches, loops and boxes included."""
    for instruction in circuit.data:
        qubits = tuple(places[qubit] for qubit in instruction.qubits)
        blocks = getattr(instruction.operation, "blocks", ())
        for block in blocks:
            yield from _instructions(block, dict(zip(block.qubits, qubits, strict=True)))
        if not blocks:
            yield instruction.operation.name, qubits
