"""HTTP/1.1 as clients really speak it: pipelined, in pieces, with HEAD, with Expect, with an end."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Simulation, simulate
from qrtest.http.messages import Response
from qrtest.transport.http_connection import Connection, encoded

AUTHORIZED = "Host: quantum.cloud.ibm.com\r\nAuthorization: Bearer somebody\r\n"


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    """A simulation on a port of this machine."""
    with simulate(transport="sockets", longest=None) as simulation:
        yield simulation


def answered(sim: Simulation, *pieces: bytes, ends: bool = True) -> bytes:
    """Return all that the port says to *pieces*, each sent by itself, until it or the client is done."""
    assert sim.port is not None
    with socket.create_connection(("127.0.0.1", sim.port), timeout=20) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            raw.sendall(piece)
        if ends:
            raw.shutdown(socket.SHUT_WR)
        answer = b""
        while data := raw.recv(65_536):
            answer += data
        return answer


def asking(method: str, path: str, headers: str = "", body: bytes = b"") -> bytes:
    """Return a request as it stands on the wire."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\n{AUTHORIZED}{headers}{length}\r\n"
    return head.encode() + body


def bodies(answer: bytes) -> list[bytes]:
    """Return the bodies of the answers in *answer*."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        size = int(length[1]) if length else 0
        found.append(rest[:size])
        answer = rest[size:]
    return found


def test_pipelined_requests_are_answered_in_their_order(sim: Simulation) -> None:
    """Three questions in one packet, three answers."""
    jobs = [sim.job("QUEUED").job_id() for _ in range(3)]
    answer = answered(sim, b"".join(asking("GET", f"/v1/jobs/{job}") for job in jobs))
    assert [json.loads(body)["id"] for body in bodies(answer)] == jobs


@given(cuts=st.lists(st.integers(1, 200), max_size=6))
def test_it_does_not_matter_where_the_bytes_are_cut(sim: Simulation, cuts: list[int]) -> None:
    """A request in any pieces is the same request."""
    whole = asking("PUT", "/v1/jobs/none/tags", body=b'{"tags": ["a"]}') * 2
    places = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    pieces = [whole[start:end] for start, end in pairwise(places)]
    answers = [json.loads(body)["errors"][0]["message"] for body in bodies(answered(sim, *pieces))]
    assert answers == ["Job not found. Job ID: none"] * 2


def test_the_same_bytes_are_asked_anew_every_time(sim: Simulation) -> None:
    """A poll that is repeated to the letter sees what has become of the job, and what it was asked for."""
    asked = asking("GET", f"/v1/jobs/{sim.job('QUEUED 10s; DONE').job_id()}")
    other = asking("GET", "/v1/versions")
    assert sim.port is not None
    seen = []
    with socket.create_connection(("127.0.0.1", sim.port), timeout=20) as raw:
        for wish in (asked, asked, other, asked):
            raw.sendall(wish)
            answer = b""
            while not (
                answer and len(bodies(answer)[0]) == int(re.findall(rb"Length: (\d+)", answer)[0])
            ):
                answer += raw.recv(65_536)
            seen.append(json.loads(bodies(answer)[0]).get("status"))
            sim.clock.advance("6s")
    assert seen == ["Queued", "Queued", None, "Completed"]


def test_a_chunked_body_is_read_whole(sim: Simulation) -> None:
    """As clients send whose bodies have no known length."""
    job = sim.job("QUEUED")
    asked = asking("PUT", f"/v1/jobs/{job.job_id()}/tags", "Transfer-Encoding: chunked\r\n")
    answer = answered(sim, asked, b'8\r\n{"tags":\r\n', b"4\r\n [7]\r\n1\r\n}\r\n0\r\n\r\n")
    assert b"tags must be a list of texts" in answer


def test_a_client_that_waits_for_100_continue_gets_it(sim: Simulation) -> None:
    """curl does, before a large body."""
    answer = answered(sim, asking("PUT", "/v1/jobs/none/tags", "Expect: 100-continue\r\n", b"{}"))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 4")


def test_head_has_the_length_and_no_body(sim: Simulation) -> None:
    """There is no HEAD in the service: 405, with the length of the reason that is not sent."""
    answer = answered(sim, asking("HEAD", "/v1/versions"))
    assert answer.startswith(b"HTTP/1.1 405")
    assert b"Content-Length: " in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_connection_closes_when_the_client_says_so(sim: Simulation) -> None:
    """Connection: close, and HTTP/1.0 without a word."""
    closing = asking("GET", "/v1/versions", "Connection: close\r\n")
    old = asking("GET", "/v1/versions").replace(b"HTTP/1.1", b"HTTP/1.0")
    for asked in (closing, old):
        answer = answered(sim, asked, ends=False)
        assert b"Connection: close\r\n" in answer


def test_a_whole_address_is_understood_as_proxies_get_it(sim: Simulation) -> None:
    """A client that takes the port for a proxy is answered, too."""
    answer = answered(sim, asking("GET", "http://quantum.cloud.ibm.com/api/v1/versions?a=1"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_tunnel_is_refused(sim: Simulation) -> None:
    """CONNECT would lead out of this machine."""
    asked = asking("CONNECT", "iam.cloud.ibm.com:443", "Connection: close\r\n")
    assert answered(sim, asked).startswith(b"HTTP/1.1 501")


class Echo(asyncio.Protocol):
    """Says what it hears, and ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)
        self.transport.close()


def test_another_protocol_takes_the_connection_over_whole() -> None:
    """It gets the request that asked for it, and what came behind."""

    async def conversation() -> bytes:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(
                lambda *_: None,
                lambda connection, request: connection.hand_over(request, Echo()),
            ),
            "127.0.0.1",
            0,
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(wish + b"and more")
            answer = await reader.read()
            writer.close()
            return answer

    wish = asking("GET", "/stream/jobs/x?a=1", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
    assert asyncio.run(conversation()) == wish + b"and more"


def test_a_cut_body_is_shorter_than_was_announced() -> None:
    """The client waits for the rest, and the connection ends instead."""
    answer = encoded(Response(200, b"half a body", failure="cut"))
    announced = re.search(rb"Content-Length: (\d+)", answer)
    assert announced is not None
    assert bodies(answer) == [b"half a body"]
    assert int(announced[1]) > len(b"half a body")
