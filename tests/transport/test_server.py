"""A real port: broken connections are really broken, and nothing is left when it closes."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import SamplerV2

from qrtest import NeverEnds, Simulation, faults, simulate

pytestmark = pytest.mark.filterwarnings("ignore:The SamplerV2 class is deprecated")

AUTHORIZED = {"Authorization": "Bearer somebody"}


@pytest.fixture
def sim() -> Iterator[Simulation]:
    """A simulation on a port of this machine."""
    with simulate(transport="sockets") as simulation:
        yield simulation


def connect(sim: Simulation) -> http.client.HTTPConnection:
    """Return a connection of a client that knows nothing of qrtest."""
    assert sim.port is not None
    return http.client.HTTPConnection("127.0.0.1", sim.port)


def get(sim: Simulation, path: str, headers: dict[str, str] = AUTHORIZED) -> tuple[int, bytes]:
    """Return what that client gets."""
    connection = connect(sim)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_any_client_is_answered(sim: Simulation) -> None:
    """Status, headers and body over a socket, by a client of the standard library."""
    job = sim.job("QUEUED 5s; DONE")
    status, body = get(sim, f"/api/v1/jobs/{job.job_id()}")
    assert (status, json.loads(body)["state"]) == (200, {"status": "Queued"})


def test_several_requests_go_by_one_connection(sim: Simulation) -> None:
    """It is kept open."""
    job = sim.job("DONE")
    connection = connect(sim)
    connection.request("GET", f"/v1/jobs/{job.job_id()}", headers=AUTHORIZED)
    connection.getresponse().read()
    first = connection.sock
    connection.request("GET", f"/v1/jobs/{job.job_id()}/results", headers=AUTHORIZED)
    assert connection.getresponse().read().startswith(b"{")
    assert connection.sock is first
    connection.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.drop(times=None), ConnectionResetError),
        (faults.hang("5s", times=None), http.client.RemoteDisconnected),
        (faults.lose_response(times=None), http.client.RemoteDisconnected),
    ],
)
def test_connections_are_really_broken(fault: Any, error: type[Exception]) -> None:
    """Reset, and closed without a word, as a socket sees it."""
    with simulate(transport="sockets", faults=[fault]) as sim, pytest.raises(error) as caught:
        get(sim, "/v1/backends")
    assert type(caught.value) is error


def test_an_unknown_path_is_explained_to_any_client(sim: Simulation) -> None:
    """There is no exception to raise in another process: 404, and what there is."""
    status, body = get(sim, "/v1/nothing")
    assert status == 404
    assert b"Nothing in this simulation answers" in body


def test_what_cannot_be_parsed_is_refused(sim: Simulation) -> None:
    """400 from the HTTP server, and the simulation goes on."""
    assert sim.port is not None
    port = sim.port
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(b"NONSENSE\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 400")
    assert get(sim, "/v1/versions")[0] == 200


def test_a_client_that_would_wait_for_ever_is_stopped(sim: Simulation) -> None:
    """The exception comes out where the client waits, though the server noticed."""
    job = sim.job("DONE", faults=[faults.hang()])
    with pytest.raises(NeverEnds):
        job.status()


def test_a_genuine_service_works_over_the_port(sim: Simulation) -> None:
    """Tokens, search, catalog and service: every host leads to this machine."""
    sim.next_job("QUEUED 5s; RUNNING 2s; DONE")
    backend = sim.service().backend("ibm_torino")
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = SamplerV2(mode=backend).run([circuit])
    assert job.result()[0].data.meas.num_bits == 1
    assert sim.journal.count("submit") == 1


def test_real_time_passes_over_the_port() -> None:
    """The client sleeps and the job goes by the same, real clock."""
    with simulate(transport="sockets", clock="real") as sim:
        job = sim.job("QUEUED 300ms; RUNNING 300ms; DONE")
        job.wait_for_final_state(timeout=30)
        assert (job.status(), sim.clock.now() >= 0.6) == ("DONE", True)
        assert sim.journal.count("poll") >= 2


def test_in_real_time_nobody_waits_for_the_slow_answer_of_another() -> None:
    """The one that was asked first comes last."""
    with simulate(transport="sockets", clock="real") as sim:
        slow = sim.job("DONE", faults=[faults.slow("700ms")])
        quick = sim.job("DONE")
        order = []

        def ask(job: Any) -> None:
            job.status()
            order.append(job.job_id())

        waiting = threading.Thread(target=ask, args=(slow,))
        waiting.start()
        while not sim.journal.count("poll"):
            pass
        ask(quick)
        waiting.join()
    assert order == [quick.job_id(), slow.job_id()]


def test_in_real_time_a_client_gives_up_when_it_reported_it_would() -> None:
    """After its own timeout, with the exception of a socket."""
    hanging = faults.hang(times=None)
    with simulate(transport="sockets", clock="real", faults=[hanging]) as sim:
        with requests.Session() as session, pytest.raises(requests.ReadTimeout):
            session.get("https://quantum.cloud.ibm.com/api/v1/backends", timeout=0.3)
        assert 0.3 <= sim.clock.now() < 20


def test_nothing_is_left_when_the_simulation_is_over() -> None:
    """No thread, no listening socket."""
    before = threading.active_count()
    with simulate(transport="sockets") as sim:
        assert sim.port is not None
        port = sim.port
        sim.job("DONE").result()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
