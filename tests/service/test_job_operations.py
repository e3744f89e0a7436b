"""A job that answers by itself says what the whole service says of the same job."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.lifecycle.script import Script
from qrtest.service.api_versions import VERSIONS, WITHOUT_TRANSPILED_CIRCUITS
from qrtest.service.job_operations import respond
from tests.asking import Asking
from tests.drawn_scripts import scripts

BASE = "https://quantum.cloud.ibm.com/api/v1"
ASKED = [
    ("GET", "", b""),
    ("GET", "?exclude_params=true", b""),
    ("GET", "?exclude_params=true&extra=1", b""),
    ("GET", "?exclude_params=false&extra=1&exclude_params=True", b""),
    ("GET", "/results", b""),
    ("GET", "/interim_results", b""),
    ("GET", "/logs", b""),
    ("GET", "/metrics", b""),
    ("GET", "/transpiled_circuits", b""),
    ("POST", "/cancel", b""),
    ("PUT", "/tags", b'{"tags": ["a", "b"]}'),
    ("PUT", "/tags", b'{"tags": "a"}'),
    ("DELETE", "", b""),
]
VERSIONS_WITHOUT_CIRCUITS = st.sampled_from(
    [version for version in VERSIONS if version >= WITHOUT_TRANSPILED_CIRCUITS]
)


def without_trace(answer: Response) -> tuple[int, Any]:
    """Status and body, but for the number that every error has of its own."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer.status, answer.body
    return answer.status, {**body, "trace": ""} if isinstance(body, dict) else body


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
@given(script=scripts(), at=st.floats(0, 60), version=VERSIONS_WITHOUT_CIRCUITS)
def test_a_job_says_of_itself_what_the_service_says(
    method: str, path: str, body: bytes, script: Script, at: float, version: str
) -> None:
    """Every operation, at any time of any script, error responses included."""
    ask = Asking(str(script))
    job_id = ask.submit()
    job = ask.service.job(job_id)
    assert job is not None
    ask.clock.sleep(at)
    headers = {"IBM-API-Version": version, "Authorization": "Bearer somebody"}
    url = f"{BASE}/jobs/{job_id}{path}"
    by_itself = respond(job, Request.to(method, url, headers=headers, body=body), ask.clock.now())

    other = Asking(str(script))
    assert other.submit() == job_id
    other.clock.sleep(at)
    whole = other.service.handle(Request.to(method, url, headers=headers, body=body))
    assert without_trace(by_itself) == without_trace(whole)


def test_a_stream_is_for_who_speaks_websocket() -> None:
    """By plain HTTP it is refused; an upgrade opens it."""
    ask = Asking()
    job = ask.service.job(ask.submit())
    assert job is not None
    plain, upgrade = (
        respond(job, Request.to("GET", f"{BASE}/stream/jobs/j", headers=headers), 0.0)
        for headers in ({}, {"upgrade": "WebSocket"})
    )
    assert (plain.status, plain.stream) == (426, None)
    assert upgrade.status == 101
    assert upgrade.stream is not None


@pytest.mark.parametrize("path", ["/backends", "/nowhere"])
def test_what_is_not_about_a_job_is_not_answered(path: str) -> None:
    """There is nobody but the job to ask."""
    ask = Asking()
    job = ask.service.job(ask.submit())
    assert job is not None
    with pytest.raises(UnansweredRequest, match=f"GET /api/v1{path} is not about a job"):
        respond(job, Request.to("GET", BASE + path), 0.0)


def test_a_version_to_come_is_spoken_as_the_newest_one() -> None:
    """The recording that a job is of shows that the service knows it."""
    ask = Asking("DONE")
    job = ask.service.job(ask.submit())
    assert job is not None

    def answer_of(version: str, path: str) -> Response:
        headers = {"IBM-API-Version": version}
        return respond(job, Request.to("GET", f"{BASE}/jobs/j{path}", headers=headers), 9.0)

    for path in ("?exclude_params=true", "/metrics"):
        assert answer_of("2099-01-01", path) == answer_of(VERSIONS[-1], path)
