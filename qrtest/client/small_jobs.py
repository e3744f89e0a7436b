"""Small jobs by the genuine primitives, sessions and batches, for checks of a service."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

__all__ = ["client_exception", "encoded_values", "run_sampler", "session_kinds"]


def run_sampler(mode: Any, *, shots: int = 8, tags: Sequence[str] = ()) -> Any:
    """Submit one circuit of one qubit to *mode*, a backend, a session or a batch; return the job."""
    from qiskit import QuantumCircuit
    from qiskit_ibm_runtime import SamplerV2

    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    # What the installed release deprecates is no matter of the service.
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        sampler = SamplerV2(mode=mode)
        sampler.options.environment.job_tags = list(tags)
        return sampler.run([circuit], shots=shots)


def session_kinds() -> tuple[Any, Any]:
    """Return the classes Session and Batch."""
    from qiskit_ibm_runtime import Batch, Session

    return Session, Batch


def client_exception(name: str) -> Any:
    """Return what is called *name* in the client's module of exceptions, or None."""
    from qiskit_ibm_runtime import exceptions

    return getattr(exceptions, name, None)


def encoded_values() -> Mapping[str, Any]:
    """Return a value of each kind that the client's encoder has a form for."""
    import numpy as np
    from qiskit.circuit import Parameter

    return {
        "complex": 1 - 2j,
        "set": {1},
        "datetime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "array": np.array([[1, 2], [3, 4]]),
        "number": np.int64(3),
        "parameter": Parameter("a"),
        "tuple": (1, 2),
    }
