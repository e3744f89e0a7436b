"""Cassettes of any content, as stock vcrpy reads them: qrtest gives the client the answers that vcrpy gives.

Where it does better is tested by name: compressed bodies, statuses without a body, wrong lengths.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qrtest

BASE = "https://api.example.org"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
BODIES = st.one_of(
    TEXTS,
    st.binary(max_size=20),
    st.sampled_from(
        ['{"a": 1}', '{"a":1}', '{\n  "a": [1, 2.50]\n}', "a\r\nb", " x\n", "null", "1:20:30", ""]
    ),
)
NAMES = st.sampled_from(["Content-Type", "content-type", "X-Thing", "Set-Cookie", "ETag"])
VALUES = {
    "content-type": st.sampled_from([["application/json"], ["text/plain; charset=utf-8"]]),
    "x-thing": st.sampled_from([["a"], ["a", "b"]]),
    "set-cookie": st.sampled_from(
        [["s=1; Path=/"], ["s=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT", "t=2"]]
    ),
    "etag": st.sampled_from([['W/"1"']]),
}
HEADERS = st.lists(
    NAMES.flatmap(lambda name: st.tuples(st.just(name), VALUES[name.lower()])),
    max_size=3,
    unique_by=lambda pair: pair[0].lower(),
).map(dict)
ANSWERS = st.fixed_dictionaries(
    {
        "status": st.fixed_dictionaries(
            {
                "code": st.sampled_from([200, 201, 299, 302, 404, 409, 500, 503]),
                "message": st.sampled_from(["OK", "Not Found", "Of My Own"]),
            }
        ),
        "headers": HEADERS,
        "body": st.fixed_dictionaries({"string": BODIES}),
    }
)


def recording(answers: list[Any], method: str = "GET") -> dict[str, Any]:
    """Return what vcrpy writes of a session that was given *answers*."""
    interactions = [
        {
            "request": {"method": method, "uri": f"{BASE}/{n}", "body": None, "headers": {}},
            "response": answer,
        }
        for n, answer in enumerate(answers)
    ]
    return {"version": 1, "interactions": interactions}


def observed(session: AbstractContextManager[Any], count: int) -> list[Any]:
    """Return what a client of requests sees in *session*, the length of the body apart."""
    with session, requests.Session() as client:
        answers = [
            client.get(f"{BASE}/{n}", timeout=5, allow_redirects=False) for n in range(count)
        ]
    return [
        (
            answer.status_code,
            answer.reason,
            {name.lower(): value for name, value in answer.headers.items()}
            | {"content-length": None},
            answer.content,
            answer.cookies.get_dict(),
        )
        for answer in answers
    ]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(ANSWERS, min_size=1, max_size=4), st.sampled_from(["yaml", "flow", "json"]))
def test_a_client_sees_what_it_sees_with_vcrpy(answers: list[Any], form: str) -> None:
    """Words of the status line, headers and cookies that stand twice, every byte of the body."""
    has_bytes = any(isinstance(each["body"]["string"], bytes) for each in answers)
    as_json = form == "json" and not has_bytes
    data = recording(answers)
    text = json.dumps(data) if as_json else yaml.dump(data, default_flow_style=form == "flow")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.json" if as_json else "a.yaml")
        path.write_text(text)
        judge = vcr.use_cassette(
            str(path), record_mode="none", serializer="json" if as_json else "yaml"
        )
        wanted = observed(judge, len(answers))
        assert observed(qrtest.replay(path, transport="requests"), len(answers)) == wanted


@pytest.mark.parametrize("transport", ["requests", "sockets", "direct"])
@pytest.mark.parametrize("name", ["content-encoding", "Content-Encoding"])
def test_a_compressed_body_is_decompressed_by_the_client(
    tmp_path: Path, transport: Any, name: str
) -> None:
    """However the name of the header is written: servers of HTTP/2 write small letters."""
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {name: ["gzip"]},
        "body": {"string": gzip.compress(b"hello")},
    }
    path = tmp_path / "a.yaml"
    path.write_text(yaml.dump(recording([answer])))
    with qrtest.replay(path, transport=transport):
        assert requests.get(f"{BASE}/0", timeout=5).content == b"hello"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(tmp_path: Path, status: int) -> None:
    """Whatever the cassette has in it, and whatever its headers say of it."""
    answer = {
        "status": {"code": status, "message": "No Body"},
        "headers": {"Transfer-Encoding": ["chunked"], "Content-Length": ["5"]},
        "body": {"string": "hello"},
    }
    path = tmp_path / "a.yaml"
    path.write_text(yaml.dump(recording([answer])))
    with qrtest.replay(path):
        answered = requests.get(f"{BASE}/0", timeout=5)
    assert (answered.status_code, answered.content) == (status, b"")
