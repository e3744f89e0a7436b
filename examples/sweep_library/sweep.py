"""A sweep of phases on a device: one job, in a session of its own, waited for with patience."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from qiskit.circuit import QuantumCircuit
from qiskit_ibm_runtime import SamplerV2, Session

__all__ = ["SweepFailedError", "collect", "sweep"]

FINAL = ("DONE", "ERROR", "CANCELLED")
POLL_SECONDS = 30
PATIENCE_SECONDS = 6 * 3600


class SweepFailedError(Exception):
    """The sweep has no counts: its job failed, was cancelled, took too long, or cannot be reached."""


def sweep(backend: Any, phases: Sequence[float], *, shots: int = 1024) -> list[dict[str, int]]:
    """Return the counts for each of *phases*. Raises `SweepFailedError`."""
    with Session(backend=backend) as session:
        job = SamplerV2(mode=session).run([_fringe(phase) for phase in phases], shots=shots)
        return collect(job)


def collect(job: Any) -> list[dict[str, int]]:
    """Return the counts of *job*, once it is done. Raises `SweepFailedError`."""
    try:
        status = _settled(job)
        if status != "DONE":
            raise SweepFailedError(f"the job ended as {status}: {job.error_message()}")
        return [pub.data.meas.get_counts() for pub in job.result()]
    except SweepFailedError:
        raise
    except Exception as error:
        raise SweepFailedError(f"the job has no counts: {error}") from error


def _settled(job: Any) -> str:
    """Return the status in which *job* ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := job.status()) not in FINAL:
        if time.monotonic() > deadline:
            raise SweepFailedError(f"the job is {status} after {PATIENCE_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return str(status)


def _fringe(phase: float) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.sx(0)
    circuit.rz(phase, 0)
    circuit.sx(0)
    circuit.measure_all()
    return circuit
