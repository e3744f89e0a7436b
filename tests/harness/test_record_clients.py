"""Recordings of every HTTP client of Python: one cassette, whatever library asked."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

import qrtest
from qrtest.cassette import store
from qrtest.errors import RecordingError, RecordingWarning
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
def test_a_client_that_waits_no_longer_is_recorded_and_waits_no_longer_again(
    client: str, path: Path
) -> None:
    """The server takes the connection, and never answers: the client's own timeout ends both."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/jobs/x"
        with qrtest.record(path), pytest.raises(EXCEPTIONS[client]["timeout"]):
            CLIENTS[client]("GET", url, timeout=0.05)
    assert {each.response.failure for each in store.load(path).interactions} == {"timeout"}
    with qrtest.replay(path), pytest.raises(EXCEPTIONS[client]["timeout"]):
        CLIENTS[client]("GET", url, timeout=0.05)


@pytest.mark.parametrize("client", ["httpx", "aiohttp"])
def test_a_task_that_is_cancelled_is_recorded_and_cancelled_again(client: str, path: Path) -> None:
    """By a deadline of the program's own, which the client knows nothing of."""

    async def ask(url: str) -> None:
        if client == "httpx":
            async with httpx.AsyncClient() as session:
                await session.get(url)
        else:
            async with aiohttp.ClientSession() as session:
                await session.get(url)

    def program(url: str) -> None:
        asyncio.run(asyncio.wait_for(ask(url), 0.05))

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/jobs/x"
        with qrtest.record(path), pytest.raises(asyncio.TimeoutError):
            program(url)
    with qrtest.replay(path), pytest.raises(asyncio.TimeoutError):
        program(url)


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


@pytest.mark.parametrize("client", ["requests", "urllib3", "httpx", "httpx-async"])
def test_a_password_in_the_address_is_not_recorded(client: str, base: str, path: Path) -> None:
    """Whether the client sends it in a header, or nowhere."""
    address = base.replace("http://", "http://somebody:Zq7Kp2mXw9Lr4TvB@")
    with qrtest.record(path):
        CLIENTS[client]("GET", f"{address}/jobs/one")
    assert "Zq7Kp2mXw9Lr4TvB" not in path.read_text()
    [kept] = store.load(path).interactions
    assert kept.request.host == base.removeprefix("http://")


def test_a_recording_of_nothing_does_not_pass_in_silence(path: Path) -> None:
    """A warning says so, or an error if one is asked for; a good cassette stays."""
    with pytest.warns(RecordingWarning, match="no request was made that it could see"):
        with qrtest.record(path):
            pass
    with pytest.raises(RecordingError, match="no request was made"):
        with qrtest.record(path, unrecorded="error"):
            pass
    with qrtest.record(path, unrecorded="ignore"):
        pass
    with pytest.raises(RecordingError, match="unrecorded='never': there are 'warn'"):
        qrtest.record(path, unrecorded="never")  # type: ignore[arg-type]


def test_a_program_shows_the_warning_of_its_recording(path: Path) -> None:
    """Also where a library that looks for secrets is installed, which would hide all warnings after it."""
    program = f"import qrtest\nwith qrtest.record({str(path)!r}): pass"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "RecordingWarning: The recording of" in ran.stderr


def test_a_recording_of_nothing_leaves_the_cassette_that_was_there(base: str, path: Path) -> None:
    """A run whose requests were missed does not empty it."""
    with qrtest.record(path):
        CLIENTS["requests"]("GET", f"{base}/jobs/one")
    before = path.read_bytes()
    with qrtest.record(path, unrecorded="ignore"):
        pass
    assert path.read_bytes() == before


def test_what_is_replayed_is_not_nothing(base: str, path: Path) -> None:
    """mode="once" with a cassette records nothing, and needs no warning."""
    for _ in range(2):
        with qrtest.record(path, mode="once"):
            CLIENTS["httpx"]("GET", f"{base}/jobs/one")


def test_a_connection_that_cannot_be_recorded_is_named(base: str, path: Path) -> None:
    """With its host and its library; what could be recorded is saved all the same."""
    host = base.removeprefix("http://")
    library = types.ModuleType("some_library")
    exec("import socket\ndef ask(at): socket.create_connection(at).close()", vars(library))
    with pytest.warns(RecordingWarning, match=f"{host} by some_library connected and was not"):
        with qrtest.record(path):
            library.ask(("127.0.0.1", int(host.partition(":")[2])))
            CLIENTS["requests"]("GET", f"{base}/jobs/one")
    assert len(store.load(path).interactions) == 1


def test_a_program_that_asks_by_itself_is_named(base: str, path: Path) -> None:
    """curl is no library of this process."""
    with pytest.warns(RecordingWarning, match=f"{base}/jobs/one by the program curl"):
        with qrtest.record(path):
            subprocess.run(["curl", "-s", f"{base}/jobs/one"], capture_output=True, check=True)


def test_a_library_with_sockets_of_its_own_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pycurl and gRPC connect in C; these stand in for them, with the names that they have."""

    class Curl:
        def perform(self) -> None:
            """Ask, in C."""

        def getinfo(self, what: int) -> str:
            return "https://cloud.ibm.com/x"

    class Channel:
        def __init__(self, target: str, *rest: Any) -> None:
            """Connect, in C."""

    curl, grpc = types.ModuleType("pycurl"), types.ModuleType("grpc._channel")
    vars(curl).update(Curl=Curl, EFFECTIVE_URL=1)
    vars(grpc).update(Channel=Channel)
    monkeypatch.setitem(sys.modules, "pycurl", curl)
    monkeypatch.setitem(sys.modules, "grpc._channel", grpc)
    with pytest.warns(RecordingWarning) as warned, qrtest.record(path):
        vars(curl)["Curl"]().perform()
        Channel("grpc.example.org:443")
    [message] = [str(each.message) for each in warned]
    assert "https://cloud.ibm.com/x by pycurl connected" in message
    assert "grpc.example.org:443 by grpc connected" in message
    assert vars(curl)["Curl"] is Curl


def test_clients_that_are_recorded_are_not_named(base: str, path: Path) -> None:
    """Their own connections are part of what is recorded: no warning."""
    with qrtest.record(path):
        for client in CLIENTS.values():
            client("GET", f"{base}/jobs/one")
