"""What is found in a cassette before a test fails over it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qrtest.cassette import store
from qrtest.cassette.model import Cassette
from qrtest.http.messages import Request, Response
from qrtest.playback.rehearsal import rehearsed
from tests.recordings import HOST, JOB, exchange, poll, short

ROOT = Path(__file__).parents[2]
SUBMISSION = exchange("POST", "/jobs", {"backend": "b"}, answer={"id": JOB}, at=0.0, took=0.1)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "cassettes").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_cassette_that_replays_has_no_problem(path: Path) -> None:
    """Those that are in this repository."""
    assert list(rehearsed(store.load(path))) == []


def test_a_request_that_was_made_and_is_not_in_the_cassette_is_found() -> None:
    """Whatever became of it; a token exchange is never in one."""
    asked = [
        Request.to("GET", f"{HOST}/jobs/{JOB}?exclude_params=true"),
        Request.to("POST", "https://iam.cloud.ibm.com/identity/token"),
        Request.to("GET", f"{HOST}/jobs/another"),
    ]
    assert list(rehearsed(short(), asked)) == [
        "GET /api/v1/jobs/another was made and is not in the cassette"
    ]


def test_an_answer_that_a_replay_gives_at_another_time_is_found() -> None:
    """Two answers at one moment: the first could never be given."""
    same_time = (poll("Queued", 1.0), poll("Running", 1.0))
    [problem] = rehearsed(Cassette(same_time))
    assert problem.startswith(
        f"interaction 1, GET /api/v1/jobs/{JOB}?exclude_params=true: a replay answers"
    )


def test_a_job_with_two_names_is_found() -> None:
    """One in the answer that made it, another in the requests about it: no program finds from one to the other."""
    renamed = replace(SUBMISSION, response=Response(200, b'{"id": "another-name"}'))
    unnamed = replace(
        poll("Queued", 1.0), response=Response(200, b'{"state": {"status": "Queued"}}')
    )
    assert list(rehearsed(Cassette((SUBMISSION, unnamed)))) == []
    [problem] = rehearsed(Cassette((renamed, unnamed)))
    assert problem.startswith(f"interaction 2: no answer names the job {JOB}")
