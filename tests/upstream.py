"""A pytest plugin: runs the client's own integration tests, unchanged, against the simulated service.

    python -m pytest -p tests.upstream PATH/test/integration/test_job.py

PATH is a checkout of qiskit-ibm-runtime in the release that is installed. Nothing of it is copied. By default
the tests ask `qrtest.serve`; with QRTEST_UPSTREAM=process, a simulation in this process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import requests

import qrtest
from qrtest import Instance

INSTANCES = (
    Instance(name="open", plan="open", tags=("services",)),
    Instance(name="internal", plan="internal"),
    Instance(name="premium", plan="premium", region="eu-de"),
)
BACKENDS = ("ibm_torino", "ibm_brisbane", "ibm_sherbrooke")
SCRIPT = "QUEUED 2s; RUNNING 2s; DONE"
COMPUTED = ("sampler", "estimator")
"""The programs whose results are computed; those of others fit what was submitted."""


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests the variables that they ask for."""
    crn = Instance(name="internal", plan="internal").resource_name
    os.environ.update(
        QISKIT_IBM_TOKEN="any", QISKIT_IBM_URL="https://cloud.ibm.com", QISKIT_IBM_INSTANCE=crn,
        QISKIT_IBM_QPU=BACKENDS[0],
    )  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def simulated() -> Iterator[None]:
    """The service that every test of the session asks."""
    if os.environ.get("QRTEST_UPSTREAM") == "process":
        with qrtest.simulate(transport="requests", instances=INSTANCES, backends=BACKENDS) as sim:
            for program_id in COMPUTED:
                sim.rule(SCRIPT, program_id=program_id, result="computed")
            for instance in INSTANCES:
                _used("https://quantum.cloud.ibm.com", instance)
            yield
        return
    from qrtest.transport.redirect import TowardsAdapter
    from qrtest.transport.requests_mount import MOUNT

    with qrtest.serve(port=0, instances=INSTANCES, backends=BACKENDS) as server:
        for program_id in COMPUTED:
            server.rule(SCRIPT, program_id=program_id, result="computed")
        for instance in INSTANCES:
            _used(server.url, instance)
        with MOUNT.leading(TowardsAdapter(server.url)):
            yield


def _used(url: str, instance: Instance) -> None:
    """Submit a job to *instance*: the account of a tester has a history."""
    body = {"program_id": "sampler", "backend": BACKENDS[0], "params": {"pubs": []}}
    headers = {"Authorization": "Bearer any", "Service-CRN": instance.resource_name}
    requests.post(f"{url}/api/v1/jobs", json=body, headers=headers, timeout=60).raise_for_status()
