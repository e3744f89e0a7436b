"""Whether two circuits are the same one, although different releases of qiskit wrote them."""

from __future__ import annotations

import io
import warnings
from typing import Any

from qiskit import qpy

__all__ = ["difference"]


def difference(wanted: bytes, known: bytes) -> str | None:
    """Why the circuit in *wanted* (QPY) is not the one in *known*; None when it is."""
    # A damaged file makes qpy raise whatever it stumbles over.
    try:
        one, other = _read(wanted), _read(known)
    except Exception as error:
        return f"one of the two cannot be read here ({type(error).__name__})"
    if one == other:
        return None
    for aspect in ("num_qubits", "num_clbits"):
        this, that = getattr(one, aspect), getattr(other, aspect)
        if this != that:
            return f"{aspect} is {this}, recorded {that}"
    this, that = dict(one.count_ops()), dict(other.count_ops())
    return (
        f"its operations are {this}, recorded {that}"
        if this != that
        else "its wiring or parameters differ"
    )


def _read(content: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [circuit] = qpy.load(io.BytesIO(content))
    return circuit
