"""Cassettes for tests: a short one to read, and hypothesis strategies for any."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.http.messages import FAILURES, Request, Response

JOB = "d5h6o44pe0pc73am1f1g"
HOST = "https://quantum.cloud.ibm.com/api/v1"
JSON = {"Content-Type": "application/json"}
PROVENANCE = Provenance(
    client="qiskit-ibm-runtime 0.51.0",
    qrtest="0.1.0",
    recorded="2026-01-01T00:00:00Z",
    service="simulated",
)


def job_body(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": JOB,
        "backend": "ibm_torino",
        "state": {"status": status},
        "status": status,
        "program": {"id": "sampler"},
        "user_id": "redacted-user-0011223344",
        "created": "2026-01-10T15:11:12.725382Z",
        "cost": 600,
        **more,
    }


def exchange(
    method: str = "GET",
    path: str = f"/jobs/{JOB}?exclude_params=true",
    body: Any = None,
    *,
    answer: Any = None,
    status: int = 200,
    failure: Any = None,
    sends: bytes = b"",
    headers: dict[str, str] | None = None,
    **timing: Any,
) -> Interaction:
    """Return an exchange with the service; *body* and *answer* are JSON values."""
    request = Request.to(
        method,
        HOST + path,
        headers=headers or {},
        body=sends if body is None else json.dumps(body).encode(),
    )
    content = (
        answer
        if isinstance(answer, bytes)
        else b""
        if answer is None
        else json.dumps(answer).encode()
    )
    response = (
        Response(0, failure=failure)
        if failure
        else Response(status, content, JSON if content else {})
    )
    return Interaction(request=request, response=response, **timing)


def poll(status: str, at: float | None, **more: Any) -> Interaction:
    return exchange(answer=job_body(status), at=at, took=None if at is None else 0.05, **more)


def short() -> Cassette:
    """Return a job that was queued for 3 seconds, ran for 2, and has a result."""
    result = exchange(path=f"/jobs/{JOB}/results", answer={"results": []}, at=5.5, took=0.1)
    return Cassette(
        (
            poll("Queued", 0.0, repeat=6, until=2.5),
            poll("Running", 3.0, repeat=4, until=4.5),
            poll("Completed", 5.0),
            result,
        ),
        PROVENANCE,
    )


def with_interim_results() -> Cassette:
    """Return the same job, and the interim results that were asked for as it ran and when it had ended."""
    asked = [
        exchange(path=f"/jobs/{JOB}/interim_results", answer=texts, at=at, took=0.1)
        for at, texts in ((3.2, []), (4.2, ["first"]), (6.0, ['{"i": 2}', "first"]))
    ]
    return Cassette((*short().interactions, *asked), PROVENANCE)


seconds = st.one_of(st.none(), st.floats(0, 10**6, allow_nan=False))
words = st.text(st.characters(categories=["L", "N"], max_codepoint=0x24F), min_size=1, max_size=8)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.builds(
        lambda value, style: json.dumps(value, **style).encode(),
        json_values,
        st.sampled_from(
            [
                {},
                {"separators": (",", ":")},
                {"indent": 2},
                {"ensure_ascii": False},
                {"indent": "\t"},
            ]
        ),
    ),
)
header_maps = st.dictionaries(
    st.from_regex(r"[A-Z][a-z]{1,8}(-[A-Z][a-z]{1,8})?", fullmatch=True), words, max_size=3
)
requests = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    st.just("quantum.cloud.ibm.com"),
    words.map(lambda word: f"/api/v1/jobs/{word}"),
    st.sampled_from(["", "exclude_params=true", "limit=2&tags=a&tags=b"]),
    header_maps,
    bodies,
)
responses = st.one_of(
    st.builds(Response, st.sampled_from([200, 204, 404, 503]), bodies, header_maps),
    st.builds(lambda failure: Response(0, failure=failure), st.sampled_from(FAILURES[:4])),
)
interactions = st.builds(
    Interaction,
    request=requests,
    response=responses,
    at=seconds,
    took=seconds,
    repeat=st.integers(1, 9),
    until=st.none(),
    scheme=st.sampled_from(["https", "http"]),
)
cassettes = st.builds(
    lambda items, provenance: Cassette(tuple(items), provenance),
    st.lists(interactions, max_size=4),
    st.sampled_from([None, PROVENANCE]),
)
