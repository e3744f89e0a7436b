"""Compares circuits that other processes or other releases of qiskit may have written."""

from __future__ import annotations

import io
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from qiskit import qpy

from qrtest.cassette.digests import Digests
from qrtest.playback.request_index import fits
from qrtest.playback.request_tree import OWN_NAME
from qrtest.redaction.redactor import shown_place

__all__ = ["difference"]

NAMES: Final = uuid.UUID(int=0)
"""The namespace of the UUIDs that parameters and variables are given to be compared by name."""


def difference(wanted: bytes, known: bytes, digests: Digests | None = None) -> str | None:
    """Return how the circuit in *wanted* (QPY) differs from the one in *known*; None if it does not.

    Parameters and variables are compared by name and order: qiskit gives each a random UUID, another one
    in each process. A placeholder in the recorded name or metadata fits what it stands for by *digests*.
    """
    digests = digests or Digests()
    # qpy documents no exceptions: a damaged file raises struct, zlib, index and other errors.
    try:
        one, other = _read(wanted), _read(known)
    except Exception as error:
        return f"one of the two cannot be read here ({type(error).__name__})"
    for aspect in ("num_qubits", "num_clbits"):
        this, that = getattr(one, aspect), getattr(other, aspect)
        if this != that:
            return f"{aspect} is {this}, recorded {that}"
    this, that = (OWN_NAME.sub("", circuit.name or "") for circuit in (one, other))
    if not fits(that, this, digests):
        return "its name differs"
    this, that = (circuit.metadata or {} for circuit in (one, other))
    if this != that and not fits(that, this, digests):
        return f"its metadata differ{_where(this, that, digests)}"
    this, that = dict(one.count_ops()), dict(other.count_ops())
    if this != that:
        return f"its operations are {this}, recorded {that}"
    this, that = ([each.name for each in circuit.parameters] for circuit in (one, other))
    if this != that:
        return (
            f"its parameters are {', '.join(this) or 'none'}, recorded {', '.join(that) or 'none'}"
        )
    if _are_equal(one, other):
        return None
    one, other = _read(_by_name(wanted, one)), _read(_by_name(known, other))
    return None if _are_equal(one, other) else "its wiring or parameters differ"


def _where(wanted: dict[str, Any], known: dict[str, Any], digests: Digests) -> str:
    """Return under which names of their own two metadata differ; nothing if a name may be a secret."""
    names = {
        name
        for name in wanted.keys() | known.keys()
        if name not in wanted or name not in known or not fits(known[name], wanted[name], digests)
    }
    return f" in {', '.join(sorted(map(shown_place, names)))}" if names else ""


def _read(content: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [circuit] = qpy.load(io.BytesIO(content))
    return circuit


def _are_equal(one: Any, other: Any) -> bool:
    """Return whether two circuits are equal; a comparison that fails shows that they are not.

    qiskit raises CircuitError where two gates have parameters of one name with two UUIDs.
    """
    from qiskit.circuit.exceptions import CircuitError

    try:
        return bool(one == other)
    except CircuitError:
        return False


def _by_name(content: bytes, circuit: Any) -> bytes:
    """Return *content*, the QPY of *circuit*, with UUIDs that follow from names and order.

    QPY has a UUID as 16 bytes wherever a parameter or variable is used; that these bytes stand for
    anything else is as improbable as two equal random UUIDs.
    """
    new: dict[int, int] = {}
    seen: Counter[str] = Counter()
    for name, old, offset in _identities(circuit):
        if old - offset not in new:
            new[old - offset] = uuid.uuid5(NAMES, f"{name} {seen[name]}").int >> 32 << 32
            seen[name] += 1
        for shift in {0, offset}:  # from QPY version 18 an element has the UUID of its vector
            was, becomes = old - offset + shift, new[old - offset] + shift
            content = content.replace(was.to_bytes(16, "big"), becomes.to_bytes(16, "big"))
    return content


def _identities(circuit: Any) -> Iterator[tuple[str, int, int]]:
    """Yield the name and UUID of each parameter and variable of *circuit* and of its blocks.

    The last value is the index of an element of a parameter vector, whose UUID is the vector's plus the
    index; the name is the vector's.
    """
    for each in circuit.parameters:
        vector = getattr(each, "vector", None)
        if vector is None:
            yield f"parameter {each.name}", each.uuid.int, 0
        else:
            yield f"vector {vector.name}", each.uuid.int, each.index
    for variables in ("iter_vars", "iter_stretches"):  # later releases of qiskit have them
        for each in getattr(circuit, variables, tuple)():
            yield f"variable {each.name}", each.var.int, 0
    for instruction in circuit.data:
        for block in getattr(instruction.operation, "blocks", ()):
            yield from _identities(block)
