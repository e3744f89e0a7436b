"""Which recorded request a request is, where placeholders hide what it said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Interaction
from qrtest.http.messages import Request, Response
from qrtest.playback.request_index import RequestIndex
from qrtest.redaction.redactor import redacted

HOST = "https://quantum.cloud.ibm.com/api/v1"
KEY = b"key"


def submission(body: Any, query: str = "") -> Request:
    return Request.to("POST", f"{HOST}/jobs?{query}", body=json.dumps(body).encode())


def recorded(*requests: Request) -> RequestIndex[Request]:
    """Return the index of a cassette in which *requests* were recorded, each with itself as its entry."""
    interactions = [Interaction(request=each, response=Response(200)) for each in requests]
    session = redacted(interactions, key=KEY)
    index: RequestIndex[Request] = RequestIndex(session.digests)
    for request, interaction in zip(requests, session.interactions, strict=True):
        index.add(interaction.request, request)
    return index


NAMES = st.sampled_from(["name", "comment", "user", "email", "tags", "params", "note", "0"])
TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        "Alice was here",
        "a@b.example",
        "OPENQASM 3.0; h q;",
        "redacted",
        "0x3259695e815a47c5f0dfb4a5d8a064df",
    ]
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(NAMES, VALUES, min_size=1, max_size=4),
    st.dictionaries(NAMES, VALUES, max_size=4),
)
def test_two_submissions_are_distinguished_by_all_that_is_no_credential(
    one: Any, other: Any
) -> None:
    """Each is found again, whatever the recording replaced in it."""
    requests = submission(one), submission(other)
    plain: RequestIndex[int] = RequestIndex(Digests(salt="plain"))
    assume(plain.add(requests[0], 1) != plain.add(requests[1], 2))
    index = recorded(*requests)
    assert [index.find(each) for each in reversed(requests)] == list(reversed(requests))


@given(NAMES, TEXTS, TEXTS)
def test_a_submission_with_another_text_was_not_recorded(name: str, text: str, other: str) -> None:
    """Whether the recording kept the text or replaced it."""
    assume(text != other)
    index = recorded(submission({name: text}), submission({name: [text, 1]}))
    assert index.find(submission({name: other})) is None
    assert index.find(submission({name: [other, 1]})) is None


@pytest.mark.parametrize(
    "query", ["search=Alice+was+here", "search=caf%C3%A9", "tags=x&tags=Alice%20A."]
)
def test_a_query_that_was_replaced_is_found_by_its_value_alone(query: str) -> None:
    """Decoded, in whatever order the values of one name come."""
    index = recorded(submission({}, query))
    assert index.find(submission({}, "&".join(reversed(query.split("&"))))) is not None
    assert index.find(submission({}, query + "x")) is None


def test_a_credential_does_not_count() -> None:
    """Requests that differ in a credential alone are one, and have the first one's entry."""
    one, other, third = (submission({"api_token": f"aB3dE5fG7hI9{n}", "shots": 5}) for n in "xyz")
    index = recorded(one, other)
    assert index.find(third) is index.find(other) is one
    assert index.find(submission({"api_token": "aB3dE5fG7hI9z", "shots": 6})) is None


def test_a_placeholder_that_an_answer_taught_is_what_it_stands_for() -> None:
    """In a body, a query and a path; beside a value that the program has from elsewhere."""
    asked = Request.to("GET", f"{HOST}/repos/Zoe@b.example?owner=Zoe@b.example")
    session = redacted([Interaction(request=asked, response=Response(200))], key=KEY)
    index: RequestIndex[str] = RequestIndex(session.digests)
    clean = index.add(session.interactions[0].request, "recorded")
    [placeholder] = session.digests.of
    assert "Zoe" not in session.interactions[0].uri
    for path, query in ((placeholder, "Zoe@b.example"), ("Zoe@b.example", placeholder)):
        learnt = Request.to("GET", f"{HOST}/repos/{path}?owner={query}")
        assert index.find(learnt) == clean == "recorded"


def test_without_digests_a_placeholder_fits_anything() -> None:
    """As in cassettes that were recorded before there were digests."""
    index: RequestIndex[str] = RequestIndex(Digests())
    index.add(submission({"name": "redacted-text-0011223344", "shots": 1}), "recorded")
    assert index.find(submission({"name": "anything", "shots": 1})) == "recorded"
    assert index.find(submission({"name": "anything", "shots": 2})) is None


def test_a_name_that_was_replaced_is_found_by_its_digest() -> None:
    """An e-mail address as the name of a field."""
    one, other = (submission({"quota": {f"{who}@b.example": 1}}) for who in ("ann", "bob"))
    index = recorded(one, other)
    assert (index.find(other), index.find(one)) == (other, one)
    assert index.find(submission({"quota": {"eve@b.example": 1}})) is None


def test_what_stands_within_a_text_is_compared_piece_by_piece() -> None:
    """A text keeps its words around what was replaced."""
    one, other = (
        submission({"status": f"owned by {who}@b.example, 5 shots"}) for who in ("ann", "bob")
    )
    index = recorded(one, other)
    assert (index.find(other), index.find(one)) == (other, one)
    assert index.find(submission({"status": "owned by eve@b.example, 5 shots"})) is None
