"""Compares circuits that different releases of qiskit may have written."""

from __future__ import annotations

import io
import warnings
from typing import Any

from qiskit import qpy

__all__ = ["difference"]


def difference(wanted: bytes, known: bytes) -> str | None:
    """Return how the circuit in *wanted* (QPY) differs from the one in *known*; None if it does not."""
    # qpy documents no exceptions: a damaged file raises struct, zlib, index and other errors.
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
