"""Circuits that clients in other languages submit as text: OpenQASM 2 and 3."""

from __future__ import annotations

import re
from typing import Final

from qiskit import ClassicalRegister, QuantumCircuit, qasm2, qasm3

from qrtest.client.quiet_libraries import quiet_parser
from qrtest.client.submitted_pubs import QASM_COMMENT, single_bits

__all__ = ["from_qasm", "unreadable"]

VERSION: Final = re.compile(r"^(?:\s|//[^\n]*\n|/\*.*?\*/)*OPENQASM\s+(\d+)", re.DOTALL)

INCLUDE: Final = re.compile(r"\binclude\s*[\"']([^\"']*)")
LIBRARIES: Final = frozenset({"qelib1.inc", "stdgates.inc"})
"""What a text may include: a parser would open any other name as a file of this machine."""

MOST_BITS: Final = 999_999
SIZES: Final = re.compile(r"(?:\b(?:qu)?bit\s*\[|\b[qc]reg\s+\w+\s*\[|\$)\s*(\d{7,})")
"""Where a text has a register, or a physical qubit, of a number that is too large to be built."""


def from_qasm(text: str) -> QuantumCircuit:
    """Return the circuit of an OpenQASM *text*; physical qubits, as $3, stay where they are.

    A single bit (`bit c;`) becomes a register of its name: results have one for each declaration.
    Raises what qiskit raises for a text that it cannot read, and ValueError for an empty one, registers
    of millions of bits, and includes of anything but the two libraries of gates. A text without a version
    is taken as OpenQASM 3.

    >>> from_qasm('OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $2; c[0] = measure $2;').num_qubits
    3
    """
    if not text.strip():
        raise ValueError("the text is empty")
    foreign = {*INCLUDE.findall(QASM_COMMENT.sub(" ", text))} - LIBRARIES
    if foreign:
        raise ValueError(
            f"only {', '.join(sorted(LIBRARIES))} can be included, not {min(foreign)!r}"
        )
    size = SIZES.search(text)
    if size is not None:
        raise ValueError(f"{size[1]} is more than {MOST_BITS:,} bits")
    found = VERSION.match(text)
    if found is not None and found[1] == "2":
        return qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    with quiet_parser():
        circuit = qasm3.loads(text)
    loose = [bit for bit in circuit.clbits if not circuit.find_bit(bit).registers]
    for name, bit in zip(single_bits(text), loose, strict=True):
        circuit.add_register(ClassicalRegister(name=name, bits=[bit]))
    return circuit


def unreadable(error: Exception) -> str:
    """Return what an *error* of `from_qasm` says in words, with the line and the column where it can.

    The parser of OpenQASM 3 has no words in its own error: the place is in what caused it.
    """
    words = getattr(error, "message", None) or str(error)
    if words:
        return str(words)
    cause: BaseException | None = error
    while cause is not None:
        for each in (cause, *cause.args):
            token = getattr(each, "offendingToken", None)
            if token is not None:
                return f"{token.line},{token.column}: {token.text!r} was not expected here"
        cause = cause.__cause__ or cause.__context__
    return "the text is no program"
