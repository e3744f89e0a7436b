"""A program that asks with what it was answered replays, whatever redaction made of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

import qrtest
from qrtest.http.messages import Request, Response
from tests.servers import serving

NAMES = ("owner", "id", "email", "token", "whatever")
VALUES = (
    "alice",
    "Alice Smith",
    "00000000-0000-0000-0000-000000000000",
    "a@b.example",
    "0123456789abcdef0123456789abcdef",
    "x7",
    "x",
    "12345678901",
    "d5h6o44pe0pc73am1f1g",
    "aGVsbG8gd29ybGQhIQ==",
    "Ünï/cö?de",
    "a/0123456789abcdef0123456789abcdef",
    "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:6ba7b810-9dad-11d1-80b4-00c04fd430c8::",
)


def service(request: Request) -> Response:
    """Answer with what the path of the first request says; else with how much was asked."""
    answer: object = [len(request.path), len(request.query), len(request.body)]
    if request.path == "/first":
        answer = {request.parameter("n") or "": request.parameter("v")}
    return Response(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving(service) as address:
        yield address


def program(base: str, name: str, number: int) -> list[int]:
    """Return the statuses that a program gets that asks with what the first answer taught it."""
    answer = requests.get(f"{base}/first", params={"n": name, "v": VALUES[number]}, timeout=5)
    value = answer.json()[name]
    quoted = quote(value, safe="")
    asked = [
        requests.get(f"{base}/repos/{quoted}/issues?limit=5", timeout=5),
        requests.get(f"{base}/repos/{quoted}.git", timeout=5),
        requests.get(f"{base}/s", params={"search": f"user:{value} is:open"}, timeout=5),
        requests.post(f"{base}/s", json={"title": f"by {value}, ok", "name": value}, timeout=5),
        requests.post(f"{base}/s", data={"name": value}, timeout=5),
        requests.post(f"{base}/s", json={"owner": value}, timeout=5),
        requests.put(f"{base}/s", data=value.encode(), timeout=5),
        requests.post(f"{base}/s", data=f"hello {value}\n".encode(), timeout=5),
    ]
    return [each.status_code for each in asked]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", range(len(VALUES)))
def test_a_value_learnt_from_an_answer_is_asked_with_again(
    base: str, name: str, number: int, tmp_path: Path
) -> None:
    """As a part of a path, and of a part; in a query, a form, JSON and a text."""
    path = tmp_path / "session.yaml"
    with qrtest.record(path):
        recorded = program(base, name, number)
    with qrtest.replay(path, transport="requests"):
        assert program(base, name, number) == recorded == [200] * 8


def encodings(base: str, value: str) -> list[int]:
    """Return the statuses that a program gets that writes *value* in every way that clients write one."""
    quoted = quote(value, safe="")
    lower = quoted.replace("%2F", "%2f").replace("%3A", "%3a")
    text = json.dumps({"a": value})
    asked = [
        *(requests.get(f"{base}/repos/{each}", timeout=5) for each in (lower, quote(value, ":@"))),
        requests.get(f"{base}/s?x={quote(value, '/:')}", timeout=5),
        requests.get(f"{base}/s?y={quote(value, ':@')}", timeout=5),
        requests.get(f"{base}/s", params={"filter": text}, timeout=5),
        requests.post(f"{base}/s", json={"nested": text}, timeout=5),
        requests.post(f"{base}/s", json={value: 1}, timeout=5),
        requests.post(f"{base}/s", data=text.replace("/", "\\/").encode(), timeout=5),
        requests.post(f"{base}/s", data=f"<a><b>{escape(value)}</b></a>".encode(), timeout=5),
    ]
    return [each.status_code for each in asked]


@pytest.mark.parametrize("value", [each for each in VALUES if not each.isalnum()][2:])
def test_every_encoding_of_a_value_replays(base: str, value: str, tmp_path: Path) -> None:
    """Of one that an answer taught the program, and of one that the program knows by itself."""
    path = tmp_path / "session.yaml"

    def learnt() -> str:
        answer = requests.get(f"{base}/first", params={"n": "whatever", "v": value}, timeout=5)
        return str(answer.json()["whatever"])

    with qrtest.record(path):
        recorded = encodings(base, learnt())
    with qrtest.replay(path, transport="requests"):
        assert encodings(base, learnt()) == recorded == [200] * 9
    with qrtest.replay(path, transport="requests"):
        assert encodings(base, value) == recorded
