"""What makes two requests the same one, and what is said of two that are not."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette.digests import Digests
from qrtest.http.messages import Request
from qrtest.playback.matching import reasons, similarity, without
from qrtest.playback.request_index import RequestIndex
from qrtest.playback.request_tree import tree_of

HOST = "https://quantum.cloud.ibm.com/api/v1"


def packed(content: bytes, kind: object = "ndarray") -> dict[str, object]:
    return {"__type__": kind, "__value__": base64.b64encode(zlib.compress(content)).decode()}


LEAVES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        1.0,
        2.5,
        "a",
        "b",
        "redacted-token-0011223344",
        "redacted-token-5566778899",
    ]
)
PACKED = st.sampled_from(
    [
        packed(b"one"),
        packed(b"two"),
        {**packed(b"one"), "__value__": base64.b64encode(zlib.compress(b"one", 0)).decode()},
        packed(b"one", "QuantumCircuit"),
        packed(b"one", ["odd"]),
        {"__type__": "settings", "__value__": {"shots": 1}},
        {"__type__": "settings", "__value__": "not packed"},
        {"__type__": None, "__value__": "x"},
    ]
)
NAMES = st.sampled_from(["tags", "job_tags", "cost", "params", "a.tags"])
VALUES = st.recursive(
    LEAVES | PACKED,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)
BODIES = st.one_of(
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [b"", b"a=1&b=2", b"b=2&a=1", b"\xff", b"\xfe", b'"\xff"', b'"\xfe"', b"[" * 9999]
    ),
)
URLS = st.builds(
    lambda base, path, query: f"{base}{path}?{query}",
    st.sampled_from([HOST, "https://eu-de.quantum.cloud.ibm.com/api/v1", "http://127.0.0.1:8765"]),
    st.sampled_from(
        ["/jobs", "/jobs/j", "/jobs/k", "/jobs/j/results", "/backends/b/status", "/nowhere"]
    ),
    st.sampled_from(
        ["", "tags=a", "tags=a&tags=b", "tags=b&tags=a", "tags=x&tags=b", "limit=1", "n="]
    ),
)
REQUESTS = st.builds(
    lambda method, url, body: Request.to(method, url, body=body),
    st.sampled_from(["GET", "POST"]),
    URLS,
    BODIES,
)


NONE = Digests()


def is_same(wanted: Request, known: Request, digests: Digests = NONE) -> bool:
    """Return whether *wanted* is found where *known* alone was recorded."""
    index: RequestIndex[str] = RequestIndex(digests)
    index.add(known, "recorded")
    return index.find(wanted) == "recorded"


@given(REQUESTS, REQUESTS)
def test_there_is_a_reason_exactly_where_two_requests_are_not_the_same(
    one: Request, other: Request
) -> None:
    """Whatever they ask for: what is said to differ differs, and what differs is said."""
    assert (reasons(one, other) == ()) == is_same(one, other)


@given(URLS, BODIES, BODIES)
def test_there_is_a_reason_exactly_where_two_bodies_are_not_the_same(
    url: str, one: bytes, other: bytes
) -> None:
    """The same, where all else is equal."""
    this, that = (Request.to("POST", url, body=body) for body in (one, other))
    assert (reasons(this, that) == ()) == is_same(this, that)


@given(REQUESTS)
def test_a_request_is_nearest_to_itself(request: Request) -> None:
    """No other is as near."""
    own = tree_of(request)
    assert reasons(request, request) == ()
    for other in (Request.to("GET", f"{HOST}/tags"), Request.to("DELETE", f"{HOST}/jobs/z")):
        assert similarity(own, own) > similarity(own, tree_of(other))


def why(one: Any, other: Any, **options: Any) -> list[str]:
    """Return the reasons why a submission of *one* is not that of *other*."""
    this, that = (
        Request.to("POST", f"{HOST}/jobs", body=json.dumps(body).encode()) for body in (one, other)
    )
    return list(reasons(this, that, **options))


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"cost": 1}, {"cost": 2}, "body.cost is 1, recorded 2"),
        ({"cost": 1}, {"cost": True}, "body.cost is 1, recorded true"),
        ({"cost": 1}, {}, "body.cost is not recorded"),
        ({}, {"cost": 1}, "body.cost is recorded and missing"),
        ({"cost": [1, 2]}, {"cost": [1, 3]}, "body.cost[1] is 2, recorded 3"),
        ({"cost": [1]}, {"cost": [1, 2]}, "body.cost is [1], recorded [1, 2]"),
        (
            {"tags": ["a", "b"]},
            {"tags": ["b", "c"]},
            'body.tags is ["a", "b"], recorded ["b", "c"]',
        ),
        (
            {"cost": [0] * 99},
            {"cost": 1},
            f"body.cost is [{'0, ' * 8}0, [... 244 characters ...] {'0, ' * 8}0], recorded 1",
        ),
        (
            {"params": packed(b"one")},
            {"params": packed(b"two")},
            "body.params is another ndarray: its content differs",
        ),
        (
            {"params": packed(b"one")},
            {"params": packed(b"one", "QuantumCircuit")},
            "body.params is of type 'ndarray', recorded 'QuantumCircuit'",
        ),
        (
            {"params": {"__type__": ["odd"], "__value__": 1}},
            {"params": {"__type__": ["odd"], "__value__": 2}},
            "body.params is another ['odd']",
        ),
    ],
)
def test_a_body_that_differs_is_explained(one: Any, other: Any, reason: str) -> None:
    """By the path to the value, and both values."""
    assert why(one, other) == [reason]


def test_only_what_differs_is_reported() -> None:
    """Tags in another order, 1 for 1.0, another compression, a placeholder for whatever it stands for."""
    zipped = {**packed(b"one"), "__value__": base64.b64encode(zlib.compress(b"one", 0)).decode()}
    settings = {"__type__": "settings", "__value__": {"shots": 1}}
    one = {"tags": ["a", "b"], "cost": 1.0, "params": {"token": "secret-of-today"}}
    other = {"tags": ["b", "a"], "cost": 1, "params": {"token": "redacted-token-0011223344"}}
    one |= {"in": [settings, packed(b"one")], "x": 1}
    other |= {"in": [settings, zipped], "x": 2}
    assert why(one, other) == ["body.x is 1, recorded 2"]


def test_a_circuit_is_compared_as_a_circuit() -> None:
    """Bytes that differ are the same circuit if they say so; an array is never asked about."""
    one, other = ({"params": packed(each, "QuantumCircuit")} for each in (b"one", b"two"))
    assert why(one, other, same_circuit=lambda this, that: None) == []
    assert why(one, other, same_circuit=lambda this, that: f"{this!r} {that!r}") == [
        "body.params is another QuantumCircuit: b'one' b'two'"
    ]
    arrays = ({"params": packed(each)} for each in (b"one", b"two"))
    assert len(why(*arrays, same_circuit=lambda this, that: None)) == 1


def test_the_reason_names_a_circuit_that_redaction_replaced() -> None:
    """Its bytes are compared: one that is built again need not fit it."""
    wanted, known = packed(b"one", "QuantumCircuit"), packed(b"two", "QuantumCircuit")
    placeholder = "redacted-data-0123456789"
    digests = Digests.salted_by(b"key").with_values({placeholder: str(known["__value__"])})
    hidden = {**known, "__value__": placeholder}
    assert why({"params": wanted}, {"params": hidden}, digests=digests) == [
        "body.params is another QuantumCircuit: the recorded one held a secret, and its bytes are compared"
    ]
    assert why({"params": known}, {"params": hidden}, digests=digests) == []


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("GET /jobs/j", "POST /jobs/j/cancel", ["the method is 'GET', recorded 'POST'"]),
        ("GET /jobs/j", "GET /jobs/k", ["the name is 'j', recorded 'k'"]),
        ("GET /jobs", "GET /backends", ["the operation is 'list', recorded 'backends'"]),
        ("GET /jobs", "GET /nowhere", ["it asks for something else"]),
        ("GET /here", "GET /there", ["the path is '/api/v1/here', recorded '/api/v1/there'"]),
        ("GET /jobs?limit=1", "GET /jobs", ["the query has limit='1', recorded without it"]),
        ("GET /jobs", "GET /jobs?limit=1", ["the query lacks limit='1'"]),
        ("GET /jobs?limit=1", "GET /jobs?limit=2", ["the query has limit='1', recorded '2'"]),
        (
            "GET /jobs?tags=a&tags=b",
            "GET /jobs?tags=b&tags=c",
            ["the query has tags='a', 'b', recorded 'b', 'c'"],
        ),
    ],
)
def test_an_address_that_differs_is_explained(one: str, other: str, reason: list[str]) -> None:
    """What it asks for, and its parameters."""
    this, that = (
        Request.to(method, HOST + path)
        for method, path in (line.split(" ") for line in (one, other))
    )
    assert list(reasons(this, that))[: len(reason)] == reason


def test_bodies_that_are_no_json_are_compared_as_forms_or_texts() -> None:
    """The order of a form's fields does not matter; of texts and bytes only that they differ is reported."""
    form, same, other, binary = (
        Request.to("POST", f"{HOST}/jobs", body=body)
        for body in (b"limit=1&scope=a", b"scope=a&limit=1", b"limit=2", b"\xff\x00")
    )
    assert reasons(form, same) == ()
    assert reasons(form, other) == (
        'body.form.limit[0] is "1", recorded "2"',
        "body.form.scope is not recorded",
    )
    assert reasons(form, binary) == ("the body has 15 bytes, recorded 2, and differs",)
    json_body = Request.to("POST", f"{HOST}/jobs", body=b'{"limit": 2}')
    assert reasons(form, json_body) == (
        "body.form is not recorded",
        "body.limit is recorded and missing",
    )


@pytest.mark.parametrize("depth", [99, 101, 600, 980, 3_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_a_body_of_any_depth_is_compared(start: str, end: str, depth: int) -> None:
    """As JSON as deep as any service sends it, as bytes beyond."""
    body = start * depth + "1" + end * depth
    one, same, other = (
        Request.to("POST", f"{HOST}/jobs", body=each.encode())
        for each in (body, body, body.replace("1", "2"))
    )
    assert is_same(one, same)
    assert len(reasons(one, other)) == 1
    assert is_same(without(one, frozenset({"other"})), one)


@given(REQUESTS, st.integers(), st.integers())
def test_what_is_ignored_does_not_distinguish_requests(
    request: Request, one: int, other: int
) -> None:
    """In the query and at any depth of a body, however it is spelt."""
    ignored = frozenset({"traceid"})

    def asked(number: int) -> Request:
        body = {"trace_id": number, "inner": [{"Trace-Id": number}], "own": request.method}
        url = f"{HOST}/jobs?limit=1&trace%5Fid={number}"
        return without(Request.to("POST", url, body=json.dumps(body).encode()), ignored)

    assert is_same(asked(one), asked(other))
    assert is_same(without(request, ignored), request)
    assert without(request, frozenset()) is request
