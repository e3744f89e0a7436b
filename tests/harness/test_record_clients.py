"""Recordings of every HTTP client of Python: one cassette, whoever asked."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qrtest
from qrtest.cassette import store
from qrtest.http.messages import Response
from tests.http_clients import CLIENTS, EXCEPTIONS
from tests.servers import serving

JSON = {"Content-Type": "application/json"}
every_client = pytest.mark.parametrize("client", CLIENTS)


def service(request: Any) -> Response:
    """Answers by the last word of the path."""
    mood = request.path.rpartition("/")[2]
    if mood in ("reset", "closed"):
        return Response(0, failure=mood)
    if mood == "gzip":
        body = gzip.compress(json.dumps({"id": "zipped"}).encode())
        return Response(200, body, {**JSON, "Content-Encoding": "gzip"})
    if mood == "final":
        return Response(409, b'{"id": "final"}', JSON, reason="Job is already final")
    if mood == "gone":
        return Response(204)
    if mood == "echo":
        return Response(200, request.body, JSON)
    return Response(200, json.dumps({"id": mood}).encode(), JSON)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.yaml"


@every_client
def test_what_a_client_asks_is_recorded_and_replayed_by_every_other(
    client: str, base: str, path: Path
) -> None:
    """The client itself sees what it would see without a recording."""
    asked = [
        ("GET", f"{base}/jobs/one?limit=2", b""),
        ("POST", f"{base}/jobs/echo", b'{"a": 1}'),
        ("GET", f"{base}/jobs/final", b""),
        ("DELETE", f"{base}/jobs/gone", b""),
    ]
    plain = [CLIENTS[client](*each) for each in asked]
    with qrtest.record(path) as recording:
        recorded = [CLIENTS[client](*each) for each in asked]
        assert recording.count == len(asked)
    assert recorded == plain
    for other in CLIENTS.values():
        with qrtest.replay(path, transport="in-process"):
            assert [other(*each) for each in asked] == plain


@every_client
def test_a_compressed_answer_is_recorded_as_what_it_says(
    client: str, base: str, path: Path
) -> None:
    """And the client that decompresses it does so."""
    plain = CLIENTS[client]("GET", f"{base}/jobs/gzip")
    with qrtest.record(path):
        assert CLIENTS[client]("GET", f"{base}/jobs/gzip") == plain
    [kept] = store.load(path).interactions
    assert json.loads(kept.response.body) == {"id": "zipped"}


@pytest.mark.parametrize("mood", ["reset", "closed"])
@every_client
def test_a_broken_connection_is_recorded_and_breaks_again(
    client: str, mood: Any, base: str, path: Path
) -> None:
    """In the client's own exception, in both."""
    with qrtest.record(path), pytest.raises(EXCEPTIONS[client][mood]):
        CLIENTS[client]("GET", f"{base}/jobs/{mood}")
    assert {each.response.failure for each in store.load(path).interactions} == {mood}
    with qrtest.replay(path), pytest.raises(EXCEPTIONS[client][mood]):
        CLIENTS[client]("GET", f"{base}/jobs/{mood}")


@every_client
def test_a_refused_connection_is_recorded_and_refused_again(client: str, path: Path) -> None:
    """Nobody listens at the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/jobs/x"
    with qrtest.record(path), pytest.raises(EXCEPTIONS[client]["refused"]):
        CLIENTS[client]("GET", url)
    assert {each.response.failure for each in store.load(path).interactions} == {"refused"}
    with qrtest.replay(path), pytest.raises(EXCEPTIONS[client]["refused"]):
        CLIENTS[client]("GET", url)


@every_client
def test_a_known_answer_is_replayed_and_the_rest_recorded(
    client: str, base: str, path: Path
) -> None:
    """mode="new_episodes" holds for every client."""
    with qrtest.record(path):
        CLIENTS[client]("GET", f"{base}/jobs/one")
    with qrtest.record(path, mode="new_episodes") as recording:
        assert CLIENTS[client]("GET", f"{base}/jobs/one").status == 200
        assert CLIENTS[client]("GET", f"{base}/jobs/two").status == 200
        assert recording.count == 1
    assert len(store.load(path).interactions) == 2
