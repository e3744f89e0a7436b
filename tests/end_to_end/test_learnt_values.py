"""A program that asks with what it was answered replays, whatever redaction made of the answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

import qrtest
from qrtest.errors import UnansweredRequest
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


def replays(
    base: str, value: str, ask: Callable[[str, str], list[int]], path: Path, statuses: list[int]
) -> None:
    """Check that a program that learnt *value* from an answer, and one that knows it, get *statuses* again."""

    def learnt() -> str:
        answer = requests.get(f"{base}/first", params={"n": "whatever", "v": value}, timeout=5)
        return str(answer.json()["whatever"])

    with qrtest.record(path):
        recorded = ask(base, learnt())
    with qrtest.replay(path, transport="requests"):
        assert ask(base, learnt()) == recorded == statuses
    with qrtest.replay(path, transport="requests"):
        assert ask(base, value) == recorded


@pytest.mark.parametrize("value", [each for each in VALUES if not each.isalnum()][2:])
def test_every_encoding_of_a_value_replays(base: str, value: str, tmp_path: Path) -> None:
    """Of one that an answer taught the program, and of one that the program knows by itself."""
    replays(base, value, encodings, tmp_path / "session.yaml", [200] * 9)


def in_base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


CHANGES: dict[str, Callable[[str], str]] = {
    "base64": in_base64,
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64 without its end": lambda value: in_base64(value).rstrip("="),
    "base64 twice": lambda value: in_base64(in_base64(value)),
    "base64 of more": lambda value: in_base64(json.dumps({"owner": value})),
    "hexadecimal": lambda value: value.encode().hex(),
    "large letters": str.upper,
    "small letters": str.lower,
    "a title": str.title,
    "a large letter": str.capitalize,
    "other separators": lambda value: value.lower().replace(" ", "-"),
    "underscores": lambda value: value.replace("-", "_").replace(" ", "_"),
    "percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded twice": lambda value: quote(quote(value, safe=""), safe=""),
}


def changed(base: str, value: str) -> list[int]:
    """Return the statuses that a program gets that sends *value* with each change in it."""
    statuses = []
    for change in CHANGES.values():
        sent = change(value)
        quoted = quote(sent, safe="%")
        asked = [
            requests.get(f"{base}/repos/{quoted}/issues", timeout=5),
            requests.get(f"{base}/repos/pre-{quoted}.git", timeout=5),
            requests.get(f"{base}/s", params={"search": f"user:{sent} is:open"}, timeout=5),
            requests.post(f"{base}/s", json={"title": f"by {sent}, ok", "name": sent}, timeout=5),
            requests.post(f"{base}/s", data={"name": sent}, timeout=5),
        ]
        statuses += [each.status_code for each in asked]
    return statuses


@pytest.mark.parametrize(
    "value",
    ["jane-doe", "Jane Doe", "jane.doe@example.com", "00000000-0000-0000-0000-000000000000"],
)
def test_a_value_that_the_program_changed_is_asked_with_again(
    base: str, value: str, tmp_path: Path
) -> None:
    """A replayed program makes the same change to a placeholder; one that knows the value sends that."""
    replays(base, value, changed, tmp_path / "session.yaml", [200] * 5 * len(CHANGES))


@pytest.mark.parametrize("value", ["jane-doe/my-project", "org/jane-doe/project-x"])
def test_a_value_with_slashes_is_asked_with_as_parts_of_a_path(
    base: str, value: str, tmp_path: Path
) -> None:
    """One placeholder stands for it: a program that knows the value asks with more parts."""
    path = tmp_path / "session.yaml"

    def program(learnt: str) -> list[int]:
        ways = (f"repos/{learnt}/issues", f"repos/{learnt}", f"repos/pre-{learnt}.git?limit=1")
        return [requests.get(f"{base}/{way}", timeout=5).status_code for way in ways]

    def learnt() -> str:
        answer = requests.get(f"{base}/first", params={"n": "full_name", "v": value}, timeout=5)
        return str(answer.json()["full_name"])

    with qrtest.record(path):
        recorded = program(learnt())
    with qrtest.replay(path, transport="requests"):
        assert program(learnt()) == recorded == [200] * 3
    with qrtest.replay(path, transport="requests"):
        assert program(value) == recorded
    with (
        qrtest.replay(path, transport="requests"),
        pytest.raises(UnansweredRequest, match="the path is"),
    ):
        requests.get(f"{base}/repos/{value[::-1]}/issues", timeout=5)


def test_a_value_with_slashes_may_be_put_together_of_others_that_were_learnt(
    base: str, tmp_path: Path
) -> None:
    """An API answers with `owner/name`, and with the owner and the name by themselves."""
    path = tmp_path / "session.yaml"

    def learnt(value: str) -> str:
        answer = requests.get(f"{base}/first", params={"n": "whatever", "v": value}, timeout=5)
        return str(answer.json()["whatever"])

    def program() -> int:
        learnt("octo-cat/hello-wurld")
        owner, name = learnt("octo-cat"), learnt("hello-wurld")
        return requests.get(f"{base}/repos/{owner}/{name}/issues", timeout=5).status_code

    with qrtest.record(path):
        recorded = program()
    with qrtest.replay(path, transport="requests"):
        assert program() == recorded == 200
