"""Answers captured from the real service come back through the genuine class as they are."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from qiskit.primitives import PrimitiveResult
from qiskit_ibm_runtime import RuntimeJobV2
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError

from qrtest import Scenario, replay, simulate
from qrtest.client import releases
from qrtest.errors import ResultError

CAPTURED = Path(str(files("qrtest.captured")))
RESULT = CAPTURED / "result-sampler-v2.json"
FAILED = CAPTURED / "job-failed-1500.json"
METRICS = json.loads((CAPTURED / "metrics-87-jobs.json").read_text())


@pytest.mark.parametrize("given", [RESULT, str(RESULT), RESULT.read_text(), RESULT.read_bytes()])
def test_a_captured_result_is_what_decoding_the_file_gives(given: Any) -> None:
    """From a path, the name of a file, its text or its bytes."""
    expected = json.loads(RESULT.read_text(), cls=releases.json_decoder())
    with simulate() as sim:
        result = sim.job("QUEUED 5m; DONE", result=given).result()
    assert isinstance(result, PrimitiveResult)
    assert result[0].data.meas == expected[0].data.meas
    assert result.metadata == expected.metadata
    assert result[0].metadata == expected[0].metadata


def test_a_captured_failure_is_the_clients_own_exception() -> None:
    """With the reason of the service."""
    reason = json.loads(FAILED.read_text())["state"]["reason"]
    scenario = Scenario.from_info(FAILED)
    assert scenario.program_id == "estimator"
    assert str(scenario.script).startswith("RUNNING 2.958s; ERROR 1500 ")
    with simulate() as sim:
        job = sim.job(scenario)
        with pytest.raises(RuntimeJobFailureError) as caught:
            job.result()
    assert f"Error code 1500; {reason}" in str(caught.value)


def test_a_described_job_has_the_facts_of_its_description() -> None:
    """Program, parameters and tags; of one that names no program, it is a sampler's."""
    info = {"id": "j", "state": {"status": "Completed"}, "params": {"pubs": [1]}, "tags": ["a"]}
    scenario = Scenario.from_info({**info, "program": {"id": "estimator"}})
    assert (scenario.program_id, scenario.params, scenario.tags) == (
        "estimator",
        {"pubs": [1]},
        ("a",),
    )
    for program in ({}, {"program": None}, {"program": {}}):
        assert Scenario.from_info({**info, **program}).program_id == "sampler"


def cassette_of_vcrpy(path: Path, answers: dict[str, tuple[str, str]]) -> Path:
    """Write a cassette as vcrpy does, by hand: GET of the real service, with type and body by path."""
    entries = [
        {
            "request": {
                "method": "GET",
                "uri": f"https://quantum.cloud.ibm.com/api/v1{asked}",
                "body": None,
                "headers": {"Accept": ["application/json"], "Service-CRN": ["crn:v1:x"]},
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": [kind], "Server": ["cloudflare"]},
                "body": {"string": body},
            },
        }
        for asked, (kind, body) in answers.items()
    ]
    path.write_text(yaml.safe_dump({"interactions": entries, "version": 1}))
    return path


def test_a_captured_failure_in_a_cassette_of_vcrpy_is_the_clients_own_exception(
    tmp_path: Path,
) -> None:
    """The description of a real job, of the classic form, as another tool recorded it with its results."""
    info = json.loads(FAILED.read_text())
    answers = {
        f"/jobs/{info['id']}": ("application/json", FAILED.read_text()),
        f"/jobs/{info['id']}/results": ("text/plain", info["state"]["reason"]),
    }
    with replay(cassette_of_vcrpy(tmp_path / "wild.yaml", answers)) as played:
        job = played.job()
        assert isinstance(job, RuntimeJobV2)
        assert job.job_id() == info["id"]
        assert job.status() == "ERROR"
        with pytest.raises(RuntimeJobFailureError, match="Error code 1500"):
            job.result()


def test_a_captured_result_in_a_cassette_of_vcrpy_is_a_genuine_one(tmp_path: Path) -> None:
    """With the metrics of each of the real jobs beside it; the same result is decoded for a few."""
    expected = json.loads(RESULT.read_text(), cls=releases.json_decoder())
    answers = {}
    for captured in METRICS:
        job_id = captured["job_id"]
        state = {"id": job_id, "state": {"status": "Completed"}, "status": "Completed"}
        described = {"backend": "ibm_torino", "program": {"id": "sampler"}, "cost": 600}
        created = {"created": captured["metrics"]["timestamps"]["created"]}
        body = json.dumps({**state, **described, **created})
        answers[f"/jobs/{job_id}"] = ("application/json", body)
        answers[f"/jobs/{job_id}/results"] = ("text/plain", RESULT.read_text())
        metrics = json.dumps(captured["metrics"])
        answers[f"/jobs/{job_id}/metrics"] = ("application/json", metrics)
    with replay(cassette_of_vcrpy(tmp_path / "wild.yaml", answers)) as played:
        for captured in METRICS:
            job = played.job(captured["job_id"])
            assert isinstance(job, RuntimeJobV2)
            assert job.status() == "DONE"
            assert job.metrics() == captured["metrics"]
        for captured in METRICS[:3]:
            result = played.job(captured["job_id"]).result()
            assert isinstance(result, PrimitiveResult)
            assert result[0].data.meas == expected[0].data.meas


@pytest.mark.parametrize("captured", METRICS, ids=[entry["job_id"] for entry in METRICS])
def test_captured_metrics_come_back_unchanged(captured: dict[str, Any]) -> None:
    """All eighty-seven."""
    with simulate() as sim:
        job = sim.job("DONE", metrics=captured["metrics"], job_id=captured["job_id"])
        assert job.metrics() == captured["metrics"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is not JSON"),
        (b'{"state": {"sta', "is not JSON"),
        (b"[]", "holds a list, not a job"),
        (b"{}", "is not the description of a job: KeyError 'state'"),
        (b'{"state": null}', "is not the description of a job: TypeError"),
        (b'{"state": {"status": "Failed", "reason_code": "many"}}', "ValueError"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_job_file_that_is_none_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """By name, with what is wrong."""
    path = tmp_path / "job-x-info.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultError, match=message) as caught:
        Scenario.from_info(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("nowhere.json", "The result file nowhere.json cannot be read: No such file"),
        (Path("/"), "cannot be read: Is a directory"),
        (b"\xff", "is not text in UTF-8: byte 0"),
        (object(), "cannot be encoded as the service would"),
    ],
)
def test_a_result_that_is_none_is_refused(result: Any, message: str) -> None:
    """Before any job is made of it."""
    with simulate() as sim:
        with pytest.raises(ResultError, match=message):
            sim.job("DONE", result=result)
        assert sim.service().jobs() == []


@pytest.mark.parametrize(
    "program_id", ["sampler", "estimator", "noise-learner", "executor", "other"]
)
def test_without_a_result_there_is_a_small_valid_one(program_id: str) -> None:
    """That the client decodes."""
    with simulate() as sim:
        assert sim.job("DONE", program_id=program_id).result() is not None
