"""The older style: a job made of mocks. It knows the statuses that its author thought of."""

from __future__ import annotations

from unittest.mock import MagicMock, patch

import pytest

import sweep


@pytest.fixture(autouse=True)
def no_sleep():
    with patch("time.sleep"):
        yield


def job_with(*statuses):
    job = MagicMock()
    job.status.side_effect = statuses
    return job


def test_counts_of_a_job_that_is_done():
    job = job_with("QUEUED", "RUNNING", "DONE")
    job.result.return_value = [MagicMock()]
    job.result.return_value[0].data.meas.get_counts.return_value = {"0": 1024}
    assert sweep.collect(job) == [{"0": 1024}]


def test_a_job_that_failed():
    job = job_with("QUEUED", "ERROR")
    with pytest.raises(sweep.SweepFailedError):
        sweep.collect(job)
