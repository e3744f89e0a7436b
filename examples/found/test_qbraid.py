"""qbraid 0.13.0: the status of a job that ran too long is a ValueError."""

from __future__ import annotations

import pytest
from qbraid.runtime.ibm.job import QiskitJob

import qrtest


@pytest.mark.filterwarnings("ignore")
def test_a_job_that_ran_too_long_has_no_status() -> None:
    """The service's word is none of the seven that are mapped."""
    with qrtest.simulate(transport="requests") as sim:
        job = sim.job('UNKNOWN "Cancelled - Ran too long"')
        with pytest.raises(ValueError, match="Unknown IBM job status 'CANCELLED - RAN TOO LONG'"):
            QiskitJob(job.job_id(), job=job).status()
