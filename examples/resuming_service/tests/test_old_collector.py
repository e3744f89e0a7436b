"""The older style: a fake service, written by hand. It is up, or it has no such job."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound

from collector import Collector, Store


class FakeJob:
    def __init__(self, is_done):
        self.is_done = is_done

    def done(self):
        return self.is_done

    def in_final_state(self):
        return True

    def result(self):
        meas = SimpleNamespace(get_counts=lambda: {"0": 60, "1": 40})
        return [SimpleNamespace(data=SimpleNamespace(meas=meas))]


class FakeService:
    def __init__(self):
        self.jobs = {"good": FakeJob(True), "bad": FakeJob(False)}

    def job(self, job_id):
        if job_id not in self.jobs:
            raise RuntimeJobNotFound("not found")
        return self.jobs[job_id]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "jobs.db")
    for job_id in ("good", "bad", "gone"):
        store.put(job_id, "pending")
    Collector(FakeService(), store).resume()
    yield store
    store.close()


def test_a_good_job_is_collected(store):
    assert store.jobs("collected") == ["good"]
    assert store.ones("good") == 40


def test_a_bad_job_has_failed(store):
    assert store.jobs("failed") == ["bad"]


def test_a_job_that_was_deleted_is_forgotten(store):
    assert store.jobs("pending") == []
