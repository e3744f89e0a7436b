"""Everybody's cassettes: what stock vcrpy and pytest-recording write is written here by them, and replays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr

import qrtest
from qrtest.cassette import codec, store
from qrtest.cassette.model import Cassette
from qrtest.errors import CassetteError
from qrtest.http.messages import Request, Response
from tests import forked_pytest
from tests.recordings import HOST, JOB
from tests.servers import serving

POLLS = ["Queued", "Running", "Completed"]


@pytest.fixture
def base() -> Iterator[str]:
    """A service whose job is one step further at every poll, and whose logs are binary."""
    asked: list[str] = []

    def answer(request: Request) -> Response:
        if request.path.endswith("/logs"):
            return Response(200, bytes(range(256)), {"Content-Type": "application/octet-stream"})
        if request.method == "POST":
            return Response(200, request.body, {"Content-Type": "application/json"})
        asked.append(request.path)
        status = POLLS[min(len(asked), 3) - 1]
        body = {"id": JOB, "backend": "ibm_torino", "state": {"status": status}, "status": status,
                "program": {"id": "sampler"}, "created": "2026-01-01T00:00:00Z", "cost": 600}  # fmt: skip
        return Response(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    with serving(answer) as address:
        yield address


def use(base: str, *, binary: bool) -> None:
    """Run a session of a program."""
    for _ in POLLS:
        requests.get(f"{base}/jobs/{JOB}?exclude_params=true", timeout=5)
    requests.post(f"{base}/jobs/{JOB}/cancel", json={"message": "é"}, timeout=5)
    if binary:
        requests.get(f"{base}/jobs/{JOB}/logs", timeout=5)


def check(path: Path, *, binary: bool) -> None:
    """Replay the recorded session through the genuine class, and through requests."""
    with qrtest.replay(path) as sim:
        job = sim.job()
        assert [job.status() for _ in range(4)] == ["QUEUED", "RUNNING", "DONE", "DONE"]
    with qrtest.replay(path, transport="requests"):
        assert requests.post(
            f"{HOST}/jobs/{JOB}/cancel", json={"message": "é"}, timeout=5
        ).json() == {"message": "é"}
        if binary:
            assert requests.get(f"{HOST}/jobs/{JOB}/logs", timeout=5).content == bytes(range(256))


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_what_stock_vcrpy_recorded_replays(base: str, tmp_path: Path, serializer: str) -> None:
    """YAML with binary bodies, and JSON, with metadata at the top."""
    path = tmp_path / f"stock.{serializer}"
    binary = serializer == "yaml"
    with vcr.use_cassette(str(path), serializer=serializer) as tape:
        tape.get_metadata("seed", 7)
        use(base, binary=binary)
    text = path.read_text()
    assert "metadata" in text
    assert ("!!binary" in text) == binary
    assert codec.loads(text).provenance is None
    check(path, binary=binary)


def test_what_stock_vcrpy_rewrote_replays(base: str, tmp_path: Path) -> None:
    """A cassette of ours that vcrpy has written again is one of another tool, and replays."""
    path = tmp_path / "x.yaml"
    with qrtest.record(path):
        use(base, binary=False)
    with vcr.use_cassette(str(path), record_mode="new_episodes"):
        requests.get(f"{base}/jobs/another", timeout=5)
    assert codec.loads(path.read_text()).provenance is None
    check(path, binary=False)


def test_what_pytest_recording_wrote_replays(base: str, pytester: pytest.Pytester) -> None:
    """A test marked vcr records; the same file, in its place, replays with the marker qrtest."""
    pytester.makepyfile(
        test_it=f"""
        import pytest, requests

        @pytest.mark.vcr
        @pytest.mark.parametrize("n", [1])
        def test_session(n):
            for _ in range(3):
                requests.get("{base}/jobs/{JOB}?exclude_params=true")
            requests.post("{base}/jobs/{JOB}/cancel", json={{"message": "é"}})
        """
    )
    forked_pytest.run(pytester.path, "--record-mode=once").assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "test_it" / "test_session[1].yaml"
    check(path, binary=False)
    marked = (
        (pytester.path / "test_it.py").read_text().replace("mark.vcr", "mark.qrtest(cassette=True)")
    )
    (pytester.path / "test_it.py").write_text(marked)
    forked_pytest.run(pytester.path).assert_outcomes(passed=1)


def one(
    response: str, request: str = "{method: GET, uri: 'https://h/jobs/j', headers: {}, body: null}"
) -> str:
    return f"version: 1\ninteractions:\n- request: {request}\n  response: {response}\n"


USUAL = "{status: {code: 200, message: OK}, headers: {A: [b, c]}, body: {string: text}}"


NAMED = {"A": "b"}
HALF = {
    "request": {"method": "PUT", "uri": "https://h/j", "headers": {}, "body": "\ud800"},
    "response": {"status": {"code": 200}, "headers": {}, "body": {"string": ""}},
}


@pytest.mark.parametrize(
    ("text", "body", "headers"),
    [
        (one("{status: {code: 200}, headers: {}, body: {string: !!binary aGk=}}"), b"hi", {}),
        (one("{status: {code: 200}, headers: {}, body: {string: !!python/str hi}}"), b"hi", {}),
        (one("{status: {code: 200}, headers: {}, body: {string: !!python/unicode hi}}"), b"hi", {}),
        (
            one("{status_code: 200, http_version: HTTP/1.1, headers: {A: b}, content: hi}"),
            b"hi",
            NAMED,
        ),
        (
            one("{status: {code: 200}, headers: !!python/tuple [[A, b]], body: {string: hi}}"),
            b"hi",
            NAMED,
        ),
        (
            one("{status: {code: 200}, headers: [[A, b], [A, c]], body: {string: hi}}"),
            b"hi",
            {"A": "b, c"},
        ),
        (one("{status: {code: 200}, headers: null, body: {string: null}}"), b"", {}),
        (
            one("{status: {code: 200}, headers: {A: null, B: !!binary Yg==}, body: null}"),
            b"",
            {"A": "", "B": "b"},
        ),
        (
            one("{status: {code: 200}, headers: {A: []}, body: {base64_string: aGk=}}"),
            b"hi",
            {"A": ""},
        ),
        (
            "- request: {method: GET, protocol: https, host: h, port: 443, path: /jobs/j,"
            " headers: {Accept: [x, y]}, body: asked}\n"
            "  response: {status: {code: 200, message: OK}, headers: ['A: b'], body: {string: hi}}\n",
            b"hi",
            NAMED,
        ),
        (
            "- request: {method: !!binary R0VU, uri: 'https://h/jobs/j', headers: {Accept: [x, y]}, body: asked}\n"
            "  response: {status: {code: 200}, headers: {A: [1, 2.5]}, body: {string: hi}}\n",
            b"hi",
            {"A": "1, 2.5"},
        ),
    ],
)
def test_old_and_odd_shapes_are_read(text: str, body: bytes, headers: dict[str, str]) -> None:
    """Tags of old releases, httpx's old shape, pairs for headers, and cassettes before version 1."""
    [interaction] = codec.loads(text).interactions
    assert interaction.response == Response(200, body, headers)
    assert (interaction.request.method, interaction.uri) == ("GET", "https://h/jobs/j")
    is_old = text.startswith("- ")
    assert interaction.request.headers == ({"Accept": "x, y"} if is_old else {})
    assert interaction.request.body == (b"asked" if is_old else b"")


def test_half_a_character_in_a_body_is_kept() -> None:
    """As the three bytes that it would be: JSON can say it, UTF-8 cannot."""
    text = json.dumps({"version": 1, "interactions": [HALF]})
    [interaction] = codec.loads(text).interactions
    assert interaction.request.body == b"\xed\xa0\x80"


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        ("protocol: https, host: h, port: 443, path: /j", "https://h/j"),
        ("protocol: http, host: h, port: 80, path: /j", "http://h/j"),
        ("protocol: http, host: h, port: 443, path: /j", "http://h:443/j"),
        ("protocol: https, host: h, port: 8080, path: /j", "https://h:8080/j"),
        ("protocol: https, host: h, path: /j", "https://h/j"),
        ("protocol: http, host: h, path: /j", "http://h/j"),
    ],
)
def test_an_address_in_parts_is_put_together(parts: str, address: str) -> None:
    """As cassettes before version 1 have it; a port that goes without saying is not said."""
    text = f"- {{request: {{method: GET, {parts}}}, response: {{status: {{code: 200}}}}}}"
    [interaction] = codec.loads(text).interactions
    assert interaction.uri == address


@pytest.mark.parametrize(
    "body",
    [
        "!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary aGk=, 0, null]}",
        "!!python/object/apply:builtins.iter {args: [[!!binary aA==, i]]}",
        "!!python/tuple [h, i]",
        "{string: hi}",
        "hi",
    ],
)
def test_bodies_of_any_kind_are_read(body: str) -> None:
    """Buffers, iterators and tuples, as old releases wrote bodies of requests."""
    text = one(
        USUAL, f"{{method: POST, uri: 'https://h/j', headers: {{A: b, C: [d]}}, body: {body}}}"
    )
    [interaction] = codec.loads(text).interactions
    assert interaction.request.body == b"hi"
    assert interaction.request.headers == {"A": "b", "C": "d"}
    assert interaction.response.headers == {"A": "b, c"}


def test_a_foreign_cassette_that_was_cut_is_noticed(base: str, tmp_path: Path) -> None:
    """Stock vcrpy writes the version last: cut between two exchanges, it is missed."""
    path = tmp_path / "stock.yaml"
    with vcr.use_cassette(str(path)):
        use(base, binary=False)
    text = path.read_text()
    with pytest.raises(CassetteError, match="not a whole cassette"):
        codec.loads(text[: text.rindex("- request")])


def test_an_empty_recording_of_stock_vcrpy_is_read(tmp_path: Path) -> None:
    """No exchange at all is a cassette, too."""
    path = tmp_path / "none.yaml"
    path.write_text("interactions: []\nversion: 1\n")
    assert store.load(path) == Cassette()


def test_an_error_of_ours_is_a_503_to_vcrpy_and_is_retried_by_it(tmp_path: Path) -> None:
    """What vcrpy cannot express it can still replay."""
    from tests.recordings import exchange

    path = tmp_path / "x.yaml"
    store.save(
        path, Cassette((exchange(failure="reset", at=0.0), exchange(answer={"id": JOB}, at=1.0)))
    )
    url: Any = f"{HOST}/jobs/{JOB}?exclude_params=true"
    with vcr.use_cassette(str(path), record_mode="none"):
        assert [requests.get(url, timeout=5).status_code for _ in range(2)] == [503, 200]
