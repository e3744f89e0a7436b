"""Bodies that nobody expects: whatever is sent or was recorded is read, or said to be none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.errors import ResultError
from qrtest.http.messages import Response
from qrtest.lifecycle.script import Script
from qrtest.scenario.scenario import Scenario
from qrtest.service import circuit_header, parse
from qrtest.service.job_facts import JobFacts, Submission
from qrtest.timeline.journal import summary
from tests.asking import Asking
from tests.recordings import bodies, json_values

NAMES = (
    "id", "state", "status", "reason", "reason_code", "program", "program_id", "backend", "tags",
    "cost", "created", "ended", "params", "session_id", "runtime", "calibration_id", "private",
    "mode", "max_ttl", "accepting_jobs", "items", "crn", "errors", "code",
)  # fmt: skip
ODD = json_values | st.sampled_from(
    [1e999, -1, 10**400, "", "2026-01-01T00:00:00Z", "2026-01-01", "Completed", [], {}]
)
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), ODD, max_size=6),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner | ODD, max_size=4),
    max_leaves=4,
)
DEEP = [b"[" * 3_000, b'{"id":' * 3_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000]
BODIES = st.one_of(
    OBJECTS.map(lambda body: json.dumps(body).encode()), bodies, st.sampled_from(DEEP)
)
WHOLE = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}


@given(BODIES, BODIES)
def test_what_was_recorded_is_facts_or_none(body: bytes, answered: bytes) -> None:
    """Facts of a job, names, lacking fields: no body raises."""
    for job in (parse.described_job(body), parse.submitted_job(body, answered)):
        assert job is None or isinstance(job, JobFacts)
    assert isinstance(parse.named(body), str | None)
    assert all(isinstance(each, str) for each in parse.instances(body))
    assert set(parse.missing("submit", body)) <= {"id", "backend", "(JSON)"}
    assert parse.missing("logs", body) == ()


@given(BODIES)
def test_what_a_poll_says_is_a_step_or_none(body: bytes) -> None:
    """And one line for the timeline, whatever it is."""
    step = parse.step_of(body)
    assert parse.is_final(Response(200, body)) == (step is not None and step.is_final)
    assert summary(Response(200, body)).startswith("200")


@given(BODIES)
def test_tags_are_texts_or_refused(body: bytes) -> None:
    """Whatever else stands in the body of PUT tags."""
    ask = Asking()
    job_id = ask.submit(tags=["before"])
    answer = ask("PUT", f"/jobs/{job_id}/tags", body)
    tags = parse.tags_of(body)
    assert answer.status == (400 if tags is None else 204)
    shown = ask("GET", f"/jobs/{job_id}").body.get("tags", [])
    assert shown == (["before"] if tags is None else list(tags))


@given(st.one_of(BODIES, OBJECTS.map(lambda more: json.dumps({**WHOLE, **more}).encode())))
def test_a_submission_is_a_job_or_refused(body: bytes) -> None:
    """With an answer of the service; and a job that there is can be asked for."""
    ask = Asking()
    answer = ask("POST", "/jobs", body)
    assert answer.status in (200, 400, 404)
    if answer.status == 200:
        assert ask("GET", f"/jobs/{answer.body['id']}").status == 200


@given(BODIES, BODIES)
def test_a_session_is_one_or_refused(body: bytes, change: bytes) -> None:
    """As is what would change it."""
    ask = Asking()
    opened = ask("POST", "/sessions", body)
    assert opened.status in (200, 400, 404)
    session = ask("POST", "/sessions", {"mode": "batch"}).body["id"]
    assert ask("PATCH", f"/sessions/{session}", change).status in (204, 400)


@given(OBJECTS)
def test_a_script_is_read_from_an_info_or_the_info_is_refused(body: dict[str, Any]) -> None:
    """ResultError and nothing else; what is read is a life that can be written down."""
    try:
        scenario = Scenario.from_info(body)
    except ResultError:
        return
    assert Script.parse(str(scenario.script)) == scenario.script


def test_a_job_of_which_only_the_end_is_known_has_only_that() -> None:
    """Without both times it is not known how long it took; one that has not ended takes longer yet."""
    done, created = {"state": {"status": "Completed"}}, {"created": "2026-01-01T00:00:00Z"}
    assert str(Scenario.from_info({**done, **created}).script) == "DONE"
    assert str(Scenario.from_info({**done, "ended": "2026-01-01T00:00:01Z"}).script) == "DONE"
    running = {"state": {"status": "Running"}, **created, "ended": "2026-01-01T00:00:01Z"}
    assert str(Scenario.from_info(running).script) == "RUNNING"


def test_a_job_that_ended_before_it_was_created_ran_no_time() -> None:
    """The clocks of two machines do not agree to the microsecond."""
    info = {"state": {"status": "Completed"}, "created": "2026-01-01T00:00:01Z"}
    parsed = Scenario.from_info({**info, "ended": "2026-01-01T00:00:00Z"}).script
    assert str(parsed) == "RUNNING 0s; DONE"


@pytest.mark.parametrize("name", ["session_id", "runtime", "calibration_id"])
def test_a_field_that_should_be_a_text_is_named(name: str) -> None:
    """In the error response."""
    answer = Asking()("POST", "/jobs", {**WHOLE, name: ["x"]})
    assert answer.status == 400
    assert f"{name} must be a text" in answer.body["errors"][0]["message"]


def test_a_cost_beyond_all_numbers_is_refused() -> None:
    """JSON can say 1e999."""
    answer = Asking()(
        "POST", "/jobs", b'{"program_id": "p", "backend": "ibm_torino", "cost": 1e999}'
    )
    assert (answer.status, answer.code) == (400, 1208)


def test_a_calibration_is_reported_for_the_job_that_asked_for_it() -> None:
    """In the answer to the submission, and in the job."""
    ask = Asking()
    made = ask("POST", "/jobs", {**WHOLE, "calibration_id": "c1"}).body
    assert made["calibration_id"] == "c1"
    assert ask("GET", f"/jobs/{made['id']}").body["calibration_id"] == "c1"
    assert Submission(backend="b", program_id="p").calibration_id is None


@given(st.binary(min_size=40, max_size=90), st.sampled_from(circuit_header.KNOWN_VERSIONS))
def test_a_circuit_whose_sizes_are_anything_has_a_header_or_none(rest: bytes, version: int) -> None:
    """A recording of it is saved: sizes that no memory holds are no error."""
    content = b"QISKIT" + bytes([version]) + bytes(3) + (1).to_bytes(8, "big") + b"x" + rest
    found = circuit_header.header_of(content)
    assert found is None or found.end_of_texts <= len(content)


def test_a_circuit_with_a_size_that_no_memory_holds_has_no_header() -> None:
    """Eight bytes of a size say anything up to 2**64."""
    header = circuit_header.CIRCUIT_HEADER.pack(1, b"f", 0, 1, 0, 2**64 - 1, 0, 0)
    content = b"QISKIT" + bytes([13, 0, 0, 0]) + (1).to_bytes(8, "big") + b"q" + header + bytes(40)
    assert circuit_header.header_of(content) is None
