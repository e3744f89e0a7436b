"""What the shape of a result depends on, read from submitted pubs without decoding whole circuits.

A circuit is sent as QPY, of which the header and the registers suffice: reading them takes a fraction of
the time of `qpy.load`. Where the header is not as expected, the client decodes the circuit. Clients in other
languages send OpenQASM.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qrtest.client import releases
from qrtest.service.circuit_header import (
    HEADER_BYTES,
    header_of,
    may_have_parameters,
    unpacked,
)

__all__ = [
    "CircuitFacts",
    "bindings_shape",
    "circuit_facts",
    "decoded",
    "may_have_values",
    "qasm_inputs",
    "single_bits",
]

QASM_REGISTER: Final = re.compile(
    r"(?:^|[;{}])\s*(?:output\s+)?"
    r"(?:bit(?:\[(?P<size>\d+)\])?\s+(?P<name>\w+)|creg\s+(?P<old>\w+)\[(?P<length>\d+)\])",
    re.MULTILINE,
)
QASM_INPUT: Final = re.compile(r"(?:^|[;}])\s*input\s+(?:float|angle)\b", re.MULTILINE)
QASM_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CircuitFacts:
    """The classical *registers* of a circuit by name with their sizes, and its *metadata* as JSON.

    *instructions*: how many there are, those in branches and loops left out; 0 for a program in OpenQASM.
    *qubits*: how many it has; None for a program in OpenQASM.
    """

    registers: Mapping[str, int]
    metadata: Any
    instructions: int = 0
    qubits: int | None = None


def circuit_facts(circuit: Any) -> CircuitFacts:
    """Return the facts of a *circuit*, given as the JSON that was submitted.

    Raises whatever the client's decoder raises for what is no circuit.
    """
    if isinstance(circuit, str):
        return _of_qasm(circuit)
    known = _of_header(unpacked(circuit["__value__"], HEADER_BYTES))
    return _of_circuit(decoded(circuit)) if known is None else known


def may_have_values(circuit: Mapping[str, Any]) -> bool:
    """Say whether a *circuit*, the JSON that was submitted, may have parameters; nothing is decoded."""
    return may_have_parameters(unpacked(circuit["__value__"]))


def qasm_inputs(text: str) -> int:
    """Return how many parameters an OpenQASM *text* declares.

    >>> qasm_inputs("OPENQASM 3.0; input float[64] a; input angle b; input bit c;")
    2
    """
    return len(QASM_INPUT.findall(QASM_COMMENT.sub("", text)))


def decoded(value: Any) -> Any:
    """Return what the client's decoder makes of *value*, a part of submitted JSON."""
    return json.loads(json.dumps(value), cls=releases.json_decoder())


def bindings_shape(circuit: Any, values: Any) -> tuple[int, ...]:
    """Return the shape of the parameter *values* of a pub; their last axis is over the circuit's parameters.

    Both are given as the JSON that was submitted.
    """
    return () if values is None else tuple(_bindings_shape(circuit, values))


def _bindings_shape(circuit: Any, values: Any) -> Sequence[int]:
    given = decoded(values)
    if isinstance(given, np.ndarray) and given.dtype != object:
        shape: Sequence[int] = given.shape[:-1]
        return shape
    from qiskit.primitives.containers.bindings_array import BindingsArray

    if isinstance(given, BindingsArray):
        bindings = given
    elif isinstance(given, Mapping):
        bindings = BindingsArray({_names(key): each for key, each in given.items()})
    else:
        shape = np.shape(given)[:-1]
        parameters = () if isinstance(circuit, str) else tuple(decoded(circuit).parameters)
        if not parameters:
            return shape
        bindings = BindingsArray({parameters: np.asarray(given, dtype=float)})
    found: Sequence[int] = bindings.shape
    return found


def _names(key: Any) -> tuple[str, ...]:
    return tuple(key.split(",")) if isinstance(key, str) else tuple(map(str, key))


def _of_header(content: bytes) -> CircuitFacts | None:
    """Return the facts in the header of a QPY file with one circuit; None if it is not as expected."""
    found = header_of(content)
    if found is None or found.registers is None:
        return None
    metadata = json.loads(found.metadata) or {}
    return CircuitFacts(found.registers, metadata, found.instructions, found.qubits)


def _of_circuit(circuit: Any) -> CircuitFacts:
    metadata = json.dumps(circuit.metadata or {}, cls=releases.json_encoder())
    registers = {each.name: each.size for each in circuit.cregs}
    return CircuitFacts(registers, json.loads(metadata), len(circuit.data), circuit.num_qubits)


def _of_qasm(text: str) -> CircuitFacts:
    """Return the facts of a circuit in OpenQASM 2 or 3."""
    return CircuitFacts(dict(_qasm_registers(QASM_COMMENT.sub("", text))), {})


def single_bits(text: str) -> list[str]:
    """Return the names of the bits that an OpenQASM *text* declares one by one, in its order.

    >>> single_bits("bit[2] c; bit first; output bit second;")
    ['first', 'second']
    """
    found = QASM_REGISTER.finditer(QASM_COMMENT.sub("", text))
    return [each["name"] for each in found if each["name"] and not each["size"]]


def _qasm_registers(text: str) -> Iterator[tuple[str, int]]:
    for found in QASM_REGISTER.finditer(text):
        yield found["name"] or found["old"], int(found["size"] or found["length"] or 1)
