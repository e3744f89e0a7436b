"""Circuits that are too long for the service: the limits on gates in a circuit.

The header of a circuit says how many instructions it has, so that only a long one is decoded.

Source: IBM's guide "Job limits", section "Maximum number of single- and two-qubit gates per circuit".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from qrtest.client.lasting_import import import_qiskit
from qrtest.client.submitted_pubs import circuit_facts, decoded

__all__ = ["MOST_TWO_QUBIT_GATES", "too_long"]

MOST_TWO_QUBIT_GATES: Final[Mapping[bool, int]] = {False: 400_000, True: 100_000}
"""The most gates on two qubits in a circuit, by whether it is dynamic."""

PASSIVE: Final = ("barrier", "delay")
MOST_OF_GATE: Final[Mapping[str, int]] = {"rz": 2_400_000, "sx": 1_600_000}


def too_long(params: Mapping[str, Any]) -> str | None:
    """Return what is too much in a circuit of a job with the inputs *params*; None if nothing is.

    >>> too_long({"pubs": [["OPENQASM 3.0; bit c; measure $0;"]]}) is None
    True
    """
    # Inputs may be damaged on purpose: the program that reads them later says so.
    try:
        pubs = params.get("pubs") or ()
        circuits = [pub[0] if isinstance(pub, list) else pub for pub in pubs]
        long = [each for each in circuits if _is_long(each)]
        found = [_excess(decoded(each)) for each in long if not isinstance(each, str)]
    except Exception:
        return None
    return next((each for each in found if each is not None), None)


def _is_long(circuit: Any) -> bool:
    shortest = min(*MOST_TWO_QUBIT_GATES.values(), *MOST_OF_GATE.values())
    if isinstance(circuit, str) or circuit_facts(circuit).instructions <= shortest:
        return False
    import_qiskit()
    return True


def _excess(circuit: Any) -> str | None:
    names: Counter[str] = Counter()
    on_two = 0
    is_dynamic = False
    for instruction in _instructions(circuit):
        name = instruction.operation.name
        names[name] += 1
        has_blocks = bool(getattr(instruction.operation, "blocks", ()))
        is_dynamic = is_dynamic or has_blocks
        on_two += len(instruction.qubits) == 2 and not has_blocks and name not in PASSIVE
    most = MOST_TWO_QUBIT_GATES[is_dynamic]
    if on_two > most:
        kind = "dynamic" if is_dynamic else "static"
        return f"A {kind} circuit has {on_two} gates on two qubits, of at most {most}."
    for name, limit in MOST_OF_GATE.items():
        if names[name] > limit:
            return f"A circuit has {names[name]} gates {name}, of at most {limit}."
    return None


def _instructions(circuit: Any) -> Iterator[Any]:
    """Yield the instructions, those in branches and loops included, each once."""
    for instruction in circuit.data:
        yield instruction
        for block in getattr(instruction.operation, "blocks", ()):
            yield from _instructions(block)
