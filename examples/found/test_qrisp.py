"""Qrisp 0.9.10: a timeout is reported as the failure of a job that is in the queue."""

from __future__ import annotations

import pytest
from qrisp.interface.job import JobFailureError
from qrisp.interface.provider_backends.qiskit_backend import QiskitJob

import qrtest


@pytest.mark.filterwarnings("ignore")
def test_a_timeout_is_a_failure() -> None:
    """RuntimeJobTimeoutError of the client is no TimeoutError."""
    with qrtest.simulate(transport="requests") as sim:
        job = sim.job("QUEUED 2h; DONE")
        with pytest.raises(JobFailureError, match="Timed out"):
            QiskitJob(None, job, 1).result(timeout=60)
        assert job.status() == "QUEUED"
