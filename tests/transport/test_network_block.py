"""Nothing leaves the machine while a simulation is active."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections import Counter
from typing import Any

import pytest
import requests

from qrtest import simulate
from qrtest.errors import NetworkBlocked, QrtestError, SimulationError, UnansweredRequest
from qrtest.harness.simulate import Transport

TRANSPORTS: list[Transport] = ["direct", "requests"]
OUTSIDE = "192.0.2.1"  # TEST-NET-1: an address that is nobody's
THREADS, REQUESTS = 8, 1_000
KEY = {"Authorization": "Bearer anything"}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_eight_threads_lose_nothing_and_mix_nothing_up(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asks about a job of its own a thousand times, and is answered about that job each time."""
    connections: list[Any] = []
    answers: Counter[tuple[str, str]] = Counter()
    monkeypatch.setattr(socket.socket, "connect", lambda *asked: connections.append(asked))
    with simulate(transport=transport, longest=None) as sim:
        jobs = [sim.job("QUEUED", tags=[f"tag{number}"]) for number in range(THREADS)]

        def ask(job: Any) -> None:
            for _ in range(REQUESTS):
                body = job._api_client.job_get(job.job_id())
                answers[job.tags[0], body["id"] + body["tags"][0]] += 1

        threads = [threading.Thread(target=ask, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asked = sim.journal.count("poll")
    assert answers == {(job.tags[0], job.job_id() + job.tags[0]): REQUESTS for job in jobs}
    assert asked == THREADS * REQUESTS
    assert connections == []


def with_a_socket(use: Any, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(socket.AF_INET, kind) as made:
        use(made)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    "leave",
    [
        lambda: requests.get("https://example.org/x", timeout=1),
        lambda: urllib.request.urlopen("https://example.org/x", timeout=1),
        lambda: socket.create_connection((OUTSIDE, 80), timeout=1),
        lambda: socket.create_connection(("2001:db8::1", 80), timeout=1),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: with_a_socket(lambda udp: udp.sendto(b"x", (OUTSIDE, 53)), socket.SOCK_DGRAM),
        lambda: with_a_socket(lambda tcp: tcp.connect_ex((OUTSIDE, 80))),
    ],
)
def test_nothing_leaves_by_any_client(transport: Transport, leave: Any) -> None:
    """Not by requests, urllib, or a bare socket; in the thread of the test or another."""
    raised: list[BaseException] = []

    def try_to_leave() -> None:
        try:
            leave()
        except BaseException as error:
            raised.append(error)

    with simulate(transport=transport):
        thread = threading.Thread(target=try_to_leave)
        thread.start()
        thread.join()
        try_to_leave()
    assert len(raised) == 2
    for error in raised:
        assert isinstance(error, QrtestError)


def test_this_machine_can_be_reached_as_ever() -> None:
    """Loopback works: a database on localhost is none of our business."""
    with simulate(), socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=1) as connection:
            connection.sendall(b"hello")
            accepted, _ = server.accept()
            with accepted:
                assert accepted.recv(5) == b"hello"
        assert socket.getaddrinfo("localhost", 80)


def test_sockets_are_as_before_afterwards() -> None:
    """Nothing stays replaced, also after an exception, also when simulations are nested."""
    before = (socket.socket.connect, socket.socket.sendto, socket.getaddrinfo)
    with pytest.raises(ZeroDivisionError), simulate(), simulate():
        _ = 1 / 0
    assert (socket.socket.connect, socket.socket.sendto, socket.getaddrinfo) == before
    assert "connect" not in vars(socket.socket)


def test_the_block_explains_itself() -> None:
    """What was refused, and what to do."""
    with simulate(), pytest.raises(NetworkBlocked) as caught:
        socket.create_connection((OUTSIDE, 80))
    assert str(caught.value).startswith(
        f"A connection to {OUTSIDE}:80 was refused: while a simulation"
    )


def test_a_request_that_nothing_answers_lists_what_there_is() -> None:
    """Over requests, the service is asked, and says what it has."""
    with simulate(transport="requests") as sim:
        job = sim.job()
        with pytest.raises(UnansweredRequest) as caught:
            requests.get("https://example.org/things?key=secret", timeout=1)
    assert "Nothing in this simulation answers GET https://example.org/things" in str(caught.value)
    assert job.job_id() in str(caught.value)
    assert "secret" not in str(caught.value)


def test_any_session_of_the_process_reaches_the_service_over_requests() -> None:
    """Code with a session of its own, as a client deep inside a library."""
    with simulate(transport="requests") as sim:
        job = sim.job("QUEUED")
        url = f"https://quantum.cloud.ibm.com/api/v1/jobs/{job.job_id()}"
        assert requests.get(url, headers=KEY, timeout=1).json()["status"] == "Queued"


def test_two_simulations_in_two_threads_answer_their_own() -> None:
    """A request goes to the simulation that its thread is in."""
    both_are_in = threading.Barrier(2)
    seen: dict[str, Any] = {}

    def live(tag: str) -> None:
        with simulate(transport="requests") as sim:
            job = sim.job("QUEUED", tags=[tag])
            both_are_in.wait()
            url = f"https://quantum.cloud.ibm.com/api/v1/jobs/{job.job_id()}"
            seen[tag] = json.loads(requests.get(url, headers=KEY, timeout=1).text)["tags"]
            both_are_in.wait()

    threads = [threading.Thread(target=live, args=(tag,)) for tag in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"a": ["a"], "b": ["b"]}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_job_that_outlives_its_simulation_says_so(transport: Transport) -> None:
    """Instead of asking the real service."""
    with simulate(transport=transport) as sim:
        job = sim.job("QUEUED")
    with pytest.raises(SimulationError, match="after the simulation was over"):
        job.status()
    with pytest.raises(SimulationError, match="on a simulation that is over"):
        sim.job()
    with pytest.raises(SimulationError, match="on a simulation that has not begun"):
        simulate().job()
    with pytest.raises(SimulationError, match="was entered before"), sim:
        pass


def test_the_network_can_be_let_through() -> None:
    """network=True, for code that must reach a service of its own."""
    connect = socket.socket.connect
    with simulate(network=True):
        assert socket.socket.connect is connect
