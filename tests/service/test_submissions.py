"""Submissions: which fields are checked, and what is said of one that is not valid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asking import Asking

WHOLE = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}


def test_every_field_of_a_submission_is_accepted() -> None:
    """With the values that the client sends, upper and lower case."""
    for level in ("WARNING", "debug"):
        fields = {"cost": 10_800, "log_level": level, "tags": ["a"], "private": True, "runtime": ""}
        assert Asking()("POST", "/jobs", {**WHOLE, **fields, "session_id": None}).status == 200


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("cost", -1, "a whole number from 0 to 10800"),
        ("cost", 999_999, "a whole number from 0 to 10800"),
        ("cost", 1.5, "a whole number from 0 to 10800"),
        ("cost", True, "a whole number from 0 to 10800"),
        ("log_level", "LOUD", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("log_level", 3, "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("tags", "abc", "a list of texts"),
        ("tags", [1], "a list of texts"),
        ("params", [], "an object"),
        ("private", "yes", "true or false"),
        ("backend", 7, "a text"),
        ("program_id", ["sampler"], "a text"),
    ],
)
def test_a_field_out_of_its_bounds_is_rejected(field: str, value: Any, rule: str) -> None:
    """400 with code 1208, and the rule in the message."""
    answer = Asking()("POST", "/jobs", {**WHOLE, field: value})
    assert (answer.status, answer.code) == (400, 1208)
    message = answer.body["errors"][0]["message"]
    assert message == f"Request validation of body failed, because: {field} must be {rule}."


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 5_000, "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'"sampler"', "the body is not a JSON object"),
        (b"{}", "'program_id' is missing"),
        (b'{"program_id": "sampler", "backend": null}', "'backend' is missing"),
    ],
)
def test_a_body_that_is_no_submission_is_rejected_without_words_of_python(
    body: bytes, why: str
) -> None:
    """A reader in another language understands why."""
    answer = Asking()("POST", "/jobs", body)
    assert (answer.status, answer.code) == (400, 1208)
    message = answer.body["errors"][0]["message"]
    assert message == f"Request validation of body failed, because: {why}."


def test_an_unknown_program_is_not_found() -> None:
    """404, which the client raises as a program that is not found."""
    answer = Asking()("POST", "/jobs", {**WHOLE, "program_id": "novel"})
    assert answer.status == 404
    assert "novel" in answer.body["errors"][0]["message"]


def test_metrics_name_the_client_that_submitted() -> None:
    """By version and name; in older API versions as the parts of its header, as captured answers have them."""
    ask = Asking("DONE")
    header = (
        "qiskit-version-2/qiskit_ibm_runtime-0.47.0,qiskit-2.4.1*/qiskit_ibm_runtime~sampler.py"
    )
    job_id = ask.submit(client=header)
    body = ask("GET", f"/jobs/{job_id}/metrics").body
    assert (body["qiskit_version"], body["caller"]) == ("2.4.1", "qiskit/2.4.1")
    ask.version = "2025-05-01"
    body = ask("GET", f"/jobs/{job_id}/metrics").body
    assert body["qiskit_version"] == "qiskit_ibm_runtime-0.47.0,qiskit-2.4.1*"
    assert body["caller"] == "qiskit_ibm_runtime~sampler.py"


def test_metrics_of_a_job_that_is_done_at_once_say_when_it_ran() -> None:
    """Of 87 captured metrics none is without; what was not reached is left out."""
    ask = Asking("DONE")
    stamps = ask("GET", f"/jobs/{ask.submit()}/metrics").body["timestamps"]
    assert set(stamps) == {"created", "running", "finished"}
    ask.script = "QUEUED 1h; DONE"
    stamps = ask("GET", f"/jobs/{ask.submit()}/metrics").body["timestamps"]
    assert set(stamps) == {"created"}
