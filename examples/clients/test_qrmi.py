"""QRMI, a client in Rust, with both of its kinds of IBM resource, against the simulated service on a port."""

import json

import pytest
import qrmi

import qrtest

BACKEND = "ibm_torino"
PROGRAM = (
    'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'
)
INPUT = {"pubs": [[PROGRAM, None, 16]], "version": 2, "support_qiskit": False}
KINDS = {
    "QRS": qrmi.ResourceType.IBMQiskitRuntimeService,
    "QCS": qrmi.ResourceType.IBMQuantumComputeService,
}


@pytest.fixture(params=KINDS)
def resource(request, monkeypatch):
    """A resource of QRMI on a server, by its environment."""
    with qrtest.serve(clock="60x") as server:
        server.rule("QUEUED 5s; RUNNING 2s; DONE", result="computed")
        about = server.about
        settings = {
            "ENDPOINT": about["runtime_url"],
            "IAM_ENDPOINT": about["iam_url"],
            "IAM_APIKEY": about["api_key"],
            "SERVICE_CRN": about["instances"][0],
            "SESSION_MODE": "batch",
            "SESSION_MAX_TTL": "600",
            "TIMEOUT_SECONDS": "600",
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"{BACKEND}_QRMI_IBM_{request.param}_{name}", value)
        monkeypatch.setenv("QRMI_JOB_TIMEOUT_SECONDS", "600")
        yield qrmi.QuantumResource(BACKEND, KINDS[request.param])


def submitted(resource):
    """Return the id of a task that the resource was given."""
    payload = qrmi.Payload.QiskitPrimitive(input=json.dumps(INPUT), program_id="sampler")
    return resource.task_start(payload)


def waited_for(resource, task):
    """Return the status of a task that has ended."""
    while True:
        status = resource.task_status(task)
        if status not in (qrmi.TaskStatus.Queued, qrmi.TaskStatus.Running):
            return status


def test_a_task_is_submitted_polled_and_read(resource):
    assert resource.is_accessible()
    token = resource.acquire()
    assert json.loads(resource.target().value)
    task = submitted(resource)
    assert waited_for(resource, task) == qrmi.TaskStatus.Completed
    result = json.loads(resource.task_result(task).value)
    assert result["results"][0]["data"]["c"]["samples"] == ["0x1"] * 16
    resource.task_stop(task)
    resource.release(token)


def test_a_task_is_cancelled(resource):
    token = resource.acquire()
    task = submitted(resource)
    resource.task_stop(task)
    assert waited_for(resource, task) == qrmi.TaskStatus.Cancelled
    resource.release(token)
