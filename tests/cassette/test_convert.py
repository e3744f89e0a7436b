"""Recordings of other tools as interactions, and what is said of those that are none."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from qrtest.cassette import codec
from qrtest.cassette.convert import from_download, from_text, is_download
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import CassetteError
from qrtest.http.messages import Request, Response
from tests import recordings
from tests.recordings import HOST, JOB, PROVENANCE, job_body, short


def betamax(*times: object, **response: Any) -> str:
    """Return a cassette of betamax with an interaction at each of *times*."""
    body = {"encoding": "utf-8", "string": "hi"}
    exchanges = [
        {
            "request": {
                "body": body,
                "headers": {"A": ["b"]},
                "method": "GET",
                "uri": f"{HOST}/jobs/j",
            },
            "response": {"body": body, "headers": {}, "status": {"code": 200}, **response},
            "recorded_at": time,
        }
        for time in times
    ]
    return json.dumps({"http_interactions": exchanges, "recorded_with": "betamax/0.9.0"})


def test_betamax_is_timed_from_its_first_exchange_on() -> None:
    """One that claims to be earlier than the first was not."""
    read = from_text(betamax("2026-01-01T00:00:05", "2026-01-01T00:00:07", "2026-01-01T00:00:01"))
    assert [each.at for each in read.interactions] == [0.0, 2.0, 0.0]
    assert {each.request.body for each in read.interactions} == {b"hi"}


def test_betamax_is_read_whole() -> None:
    """Both sides of an interaction with their headers."""
    [one] = from_text(betamax(None, headers={"Age": ["1", "2"]})).interactions
    request = Request.to("GET", f"{HOST}/jobs/j", headers={"A": "b"}, body=b"hi")
    assert one == Interaction(request=request, response=Response(200, b"hi", {"Age": "1, 2"}))


def test_betamax_without_times_is_read_without_times() -> None:
    """Which is played by polls."""
    read = from_text(betamax(None, None))
    assert [each.at for each in read.interactions] == [None, None]
    assert not read.is_timed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (betamax("yesterday"), r"recorded_at should be a time"),
        (betamax(None, body=7), r"response\.body should be a text or binary"),
        (betamax(None, body={"base64_string": "!"}), "base64_string should be base64"),
        (betamax(None, status=None), "status.code should be a whole number and is not there"),
        ('{"http_interactions": 7}', "http_interactions should be a list and is a number"),
        ('{"http_interactions": [{}]}', "method should be a text and is not there"),
        ("{http_interactions: []", "x.json: .*cannot be read"),
    ],
)
def test_what_is_wrong_in_a_foreign_recording_is_named_by_its_place(text: str, says: str) -> None:
    """As in a cassette of our own."""
    with pytest.raises(CassetteError, match=says) as refused:
        from_text(text, name="x.json")
    assert str(refused.value).startswith("x.json: ")


@given(recordings.json_values, recordings.json_values)
def test_any_value_in_betamax_is_a_cassette_or_refused(value: object, time: object) -> None:
    """Nothing ends in a raw error."""
    for text in (
        json.dumps({"http_interactions": value}),
        betamax(time),
        betamax(None, body=value),
    ):
        with suppress(CassetteError):
            assert isinstance(from_text(text), Cassette)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_cassette_of_ours_is_read_although_it_was_edited(as_json: bool) -> None:
    """It is what convert is for."""
    edited = codec.dumps(short(), as_json=as_json).replace("600", "601")
    read = from_text(edited)
    assert (len(read), read.provenance) == (4, PROVENANCE)


def test_a_download_is_the_end_of_a_job() -> None:
    """As it would be polled, with its inputs and its result; without a result there is none."""
    info = json.dumps({**job_body("Completed"), "params": {"pubs": []}})
    for result, status in (("{}", 200), (None, 204)):
        answers = [each.response for each in from_download(info, result).interactions]
        assert [answer.status for answer in answers] == [200, 200, status]
        assert (b"params" in answers[0].body, b"params" in answers[1].body) == (False, True)
        kinds = [answer.headers.get("Content-Type") for answer in answers]
        json_kind, text = "application/json", "text/plain; charset=utf-8"
        assert kinds == [json_kind, json_kind, text if result else None]


def test_a_download_that_describes_no_job_is_refused() -> None:
    """It says what it lacks."""
    with pytest.raises(CassetteError, match="^job.json: it describes no job: it has no id"):
        from_download('{"state": {}}', None, name="job.json")


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        (json.dumps(job_body("Completed")), True),
        (json.dumps({"id": JOB}), False),
        (codec.dumps(short(), as_json=True), False),
        (codec.dumps(short()), False),
        ("[" * 100_000, False),
        ("[]", False),
    ],
)
def test_a_download_is_recognised_by_the_state_of_a_job(text: str, yes: bool) -> None:
    """A cassette has interactions and no state."""
    assert is_download(text) is yes
