"""With qrtest: the genuine service, which can be down, and jobs that live on while we are not there."""

from __future__ import annotations

from contextlib import closing

import pytest
from qiskit.circuit import QuantumCircuit

from collector import Collector, Store
from qrtest import faults


def flipped():
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


@pytest.fixture
def restarted(runtime_service, tmp_path):
    """Makes a collector on the one file, as after a restart."""
    stores = []

    def restarted():
        stores.append(Store(tmp_path / "jobs.db"))
        return Collector(runtime_service, stores[-1]), stores[-1]

    yield restarted
    for store in stores:
        store.close()


@pytest.mark.qrtest(script="QUEUED 3h; RUNNING 10s; DONE", result="computed")
def test_a_job_is_collected_after_a_restart(restarted, runtime_service, virtual_clock):
    """It ran while nobody was there."""
    collector, store = restarted()
    job_id = collector.submit(runtime_service.backend("ibm_torino"), [flipped()])
    virtual_clock.advance("4h")
    again, store = restarted()
    again.resume()
    assert store.ones(job_id) == 100


@pytest.mark.qrtest(
    script="QUEUED 5m; DONE", result="computed", faults=[faults.status(503, times=12, on="poll")]
)
def test_an_outage_loses_nothing(restarted, runtime_service, virtual_clock):
    """While the gateway is down nothing is known of the job: neither that it is done, nor that it is gone."""
    collector, store = restarted()
    job_id = collector.submit(runtime_service.backend("ibm_torino"), [flipped()])
    virtual_clock.advance("1h")
    again, store = restarted()
    again.resume()
    assert store.jobs("pending") == [job_id]
    while store.jobs("pending"):
        virtual_clock.advance("10m")
        again.resume()
    assert store.ones(job_id) == 100


def test_a_job_that_was_deleted_is_forgotten(restarted, tmp_path):
    """The platform says so, and says it with another status than an outage."""
    with closing(Store(tmp_path / "jobs.db")) as before:
        before.put("d5h6o44pe0pc73am1f1g", "pending")
    collector, store = restarted()
    collector.resume()
    assert store.jobs("pending") == []
