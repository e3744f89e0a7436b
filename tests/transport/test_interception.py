"""Every HTTP client of Python is answered in every simulation, in its own types and exceptions."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

import qrtest
from qrtest import faults
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import NeverEnds, QrtestError, UnansweredRequest
from qrtest.http.messages import Request, Response
from tests.http_clients import CLIENTS, EXCEPTIONS, KEY
from tests.recordings import JOB, short
from tests.servers import serving

TRANSPORTS: list[Any] = ["direct", "in-process", "sockets"]
URL = "https://quantum.cloud.ibm.com/api/v1"
every_client = pytest.mark.parametrize("client", CLIENTS)
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@every_transport
@every_client
def test_every_client_is_answered(client: str, transport: Any) -> None:
    """With the same status, words and body; each request takes the latency on the virtual clock."""
    with qrtest.simulate(transport=transport) as sim:
        job = sim.job("QUEUED 10s; DONE")
        answer = CLIENTS[client]("GET", f"{URL}/jobs/{job.job_id()}")
        missing = CLIENTS[client]("GET", f"{URL}/jobs/none")
        now = sim.clock.now()
    assert (answer.status, answer.reason) == (200, "OK")
    assert json.loads(answer.body)["status"] == "Queued"
    assert (missing.status, missing.reason) == (404, "Not Found")
    assert now == pytest.approx(0.1)


@every_client
def test_a_body_is_sent_by_every_client(client: str) -> None:
    """A job that is submitted by hand follows the given script."""
    with qrtest.simulate() as sim:
        sim.next_job("QUEUED 1h; ERROR 1517")
        body = json.dumps({"program_id": "sampler", "backend": "ibm_torino", "params": {}}).encode()
        answer = CLIENTS[client]("POST", f"{URL}/jobs", body)
        assert json.loads(answer.body)["backend"] == "ibm_torino"
        [job_id] = sim.job_ids()
        assert json.loads(answer.body)["id"] == job_id


@pytest.mark.parametrize("failure", ["refused", "dns", "tls", "reset", "closed", "timeout"])
@every_client
def test_a_broken_connection_is_the_exception_of_the_client(client: str, failure: Any) -> None:
    """That is what the code under test catches."""
    with qrtest.simulate(faults=[faults.drop(how=failure, times=None)]) as sim:
        job = sim.job()
        with pytest.raises(EXCEPTIONS[client][failure]):
            CLIENTS[client]("GET", f"{URL}/jobs/{job.job_id()}")


@every_client
def test_a_timeout_passes_on_the_virtual_clock(client: str) -> None:
    """Five seconds of waiting take none."""
    with qrtest.simulate(faults=[faults.hang(times=None)]) as sim:
        job = sim.job()
        with pytest.raises(EXCEPTIONS[client]["timeout"]):
            CLIENTS[client]("GET", f"{URL}/jobs/{job.job_id()}", timeout=5)
        assert sim.clock.now() == 5


@every_client
def test_an_answer_that_is_cut_is_not_taken_for_whole(client: str) -> None:
    """A replay of a connection that was closed within the body."""
    broken = qrtest.replay(_cassette(Response(200, b'{"half": ', failure="cut")))
    with broken, pytest.raises(Exception, match=r"(?i)incomplete|complete|payload"):
        CLIENTS[client]("GET", f"{URL}/thing")


@every_client
def test_what_nothing_answers_lists_what_there_is(client: str) -> None:
    """The error of the simulation reaches the caller, whatever it was called by."""
    with qrtest.simulate() as sim, pytest.raises(UnansweredRequest, match="Nothing in this simul"):
        sim.job()
        CLIENTS[client]("GET", "https://example.org/things")


@every_client
def test_a_client_that_would_wait_for_ever_is_stopped(client: str) -> None:
    """By the number of its requests, as every other code under test."""
    with qrtest.simulate(most_requests=3) as sim, pytest.raises(NeverEnds, match="3 requests"):
        job = sim.job("QUEUED")
        for _ in range(5):
            CLIENTS[client]("GET", f"{URL}/jobs/{job.job_id()}")


@every_client
def test_the_words_of_a_status_line_are_those_that_were_recorded(client: str) -> None:
    """A cassette keeps them, and every client hands them on."""
    with qrtest.replay(_cassette(Response(409, b"{}", reason="Job is already final"))):
        answer = CLIENTS[client]("GET", f"{URL}/thing")
    assert (answer.status, answer.reason) == (409, "Job is already final")


@every_client
def test_a_replay_answers_every_client(client: str) -> None:
    """Each from the same cassette."""
    with qrtest.replay(short()) as sim:
        answer = CLIENTS[client]("GET", f"{URL}/jobs/{JOB}?exclude_params=true")
        sim.clock.advance("10s")
        later = CLIENTS[client]("GET", f"{URL}/jobs/{JOB}?exclude_params=true")
    assert json.loads(answer.body)["status"] == "Queued"
    assert json.loads(later.body)["status"] == "Completed"


@every_client
def test_this_machine_is_reached_as_ever(client: str) -> None:
    """A server on localhost is none of the simulation's business."""
    with serving(lambda request: Response(200, request.body + b"!")) as base, qrtest.simulate():
        assert CLIENTS[client]("POST", f"{base}/x", b"hello").body == b"hello!"


@every_client
def test_a_recorded_server_of_this_machine_is_replayed(client: str) -> None:
    """The cassette answers for a local address that it holds; there is no server any more."""
    cassette = _cassette(Response(200, b"recorded"), "http://127.0.0.1:9/thing")
    with qrtest.replay(cassette):
        assert CLIENTS[client]("GET", "http://127.0.0.1:9/thing").body == b"recorded"


def _cassette(response: Response, url: str = f"{URL}/thing") -> Cassette:

    scheme = url.partition(":")[0]
    return Cassette(
        (Interaction(request=Request.to("GET", url), response=response, at=0.0, scheme=scheme),)
    )


@every_transport
def test_a_service_that_the_users_code_builds_works_from_the_first_line(transport: Any) -> None:
    """No fixture, no connect(): QiskitRuntimeService(channel, token), deep inside of some library."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    with qrtest.simulate(transport=transport) as sim:
        sim.next_job("QUEUED 2h; RUNNING 30s; DONE")
        service = QiskitRuntimeService(channel="ibm_quantum_platform", token="any key")
        assert "ibm_torino" in [backend.name for backend in service.backends()]
        assert sim.journal.count("token")


def test_a_connection_of_before_the_simulation_is_answered_too() -> None:
    """A session with connections that it keeps does not lead out; afterwards it is as it was."""
    with serving(lambda _: Response(200, b"network")) as base, httpx.Client() as client:
        session = requests.Session()
        assert session.get(base).content == client.get(base).content == b"network"
        cassette = _cassette(Response(200, b"recorded"), f"{base}/thing")
        with qrtest.replay(cassette):
            assert session.get(f"{base}/thing").content == b"recorded"
            assert client.get(f"{base}/thing").content == b"recorded"
        assert session.get(base).content == client.get(base).content == b"network"
        session.close()


def test_a_connection_is_used_again_within_a_simulation() -> None:
    """http.client keeps it between two requests."""
    import http.client

    with qrtest.simulate() as sim:
        job = sim.job("QUEUED")
        connection = http.client.HTTPSConnection("quantum.cloud.ibm.com")
        for _ in range(2):
            connection.request("GET", f"/api/v1/jobs/{job.job_id()}", headers=KEY)
            assert connection.getresponse().read()
    with qrtest.simulate() as sim:
        job = sim.job("QUEUED")
        connection.request("GET", f"/api/v1/jobs/{job.job_id()}", headers=KEY)
        assert connection.getresponse().status == 200
        assert sim.journal.count("poll") == 1


def test_the_clients_own_retries_go_on() -> None:
    """urllib3 retries as it was configured, and its back-off passes on the virtual clock."""
    with qrtest.simulate(faults=[faults.status(503, times=2)]) as sim:
        job = sim.job("QUEUED")
        policy = urllib3.Retry(total=3, backoff_factor=1, status_forcelist=[503])
        with urllib3.PoolManager(retries=policy) as pool:
            assert pool.request("GET", f"{URL}/jobs/{job.job_id()}", headers=KEY).status == 200
        assert sim.clock.now() == pytest.approx(2.15)


def test_httpx_connects_again_as_often_as_its_transport_says() -> None:
    """Twice refused, then answered: after 0 and 0.5 seconds, as httpcore does."""
    with qrtest.simulate(faults=[faults.drop(how="refused", times=2)]) as sim:
        job = sim.job("QUEUED")
        with httpx.Client(transport=httpx.HTTPTransport(retries=2), headers=KEY) as client:
            assert client.get(f"{URL}/jobs/{job.job_id()}").status_code == 200
        assert sim.clock.now() == pytest.approx(0.65)


def test_a_client_that_asked_for_http_2_sees_it() -> None:
    """HTTP/2 has no reason phrase; without TLS it is spoken by clients that speak nothing else."""
    with qrtest.simulate() as sim:
        url = f"{URL}/jobs/{sim.job('DONE').job_id()}"
        with httpx.Client(transport=httpx.HTTPTransport(http2=True), headers=KEY) as client:
            answer = client.get(url)
            plain = client.get(url.replace("https", "http"))
    assert (answer.http_version, answer.status_code, answer.reason_phrase) == ("HTTP/2", 200, "OK")
    assert plain.http_version == "HTTP/1.1"


def test_tasks_of_one_loop_ask_at_once() -> None:
    """Twenty by aiohttp and twenty by httpx: each gets the answer to its own request."""

    async def all_of_them(ids: list[str]) -> list[str]:
        async with (
            aiohttp.ClientSession(headers=KEY) as session,
            httpx.AsyncClient(headers=KEY) as client,
        ):

            async def by_aiohttp(job_id: str) -> str:
                async with session.get(f"{URL}/jobs/{job_id}") as answer:
                    return str((await answer.json(content_type=None))["id"])

            async def by_httpx(job_id: str) -> str:
                return str((await client.get(f"{URL}/jobs/{job_id}")).json()["id"])

            return await asyncio.gather(*map(by_aiohttp, ids), *map(by_httpx, ids))

    with qrtest.simulate() as sim:
        ids = [sim.job("QUEUED").job_id() for _ in range(20)]
        assert asyncio.run(all_of_them(ids)) == ids * 2


@every_client
def test_eight_threads_each_follow_their_own_simulation(client: str) -> None:
    """A request goes to the simulation that its thread is in."""
    seen: dict[int, str] = {}
    all_are_in = threading.Barrier(8)

    def ask(number: int) -> None:
        with qrtest.simulate(seed=number) as sim:
            job = sim.job("QUEUED", tags=[f"tag{number}"])
            all_are_in.wait()
            answer = CLIENTS[client]("GET", f"{URL}/jobs/{job.job_id()}")
            seen[number] = json.loads(answer.body)["tags"][0]
            all_are_in.wait()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {number: f"tag{number}" for number in range(8)}


def test_a_library_that_is_imported_within_a_simulation_is_answered() -> None:
    """In a process of its own, in which neither httpx nor aiohttp was imported before."""
    program = f"""
import asyncio, sys, qrtest
with qrtest.simulate() as sim:
    job = sim.job("QUEUED")
    assert not {{"httpx", "aiohttp"}} & set(sys.modules)
    import httpx
    print(httpx.get("{URL}/jobs/" + job.job_id(), headers={KEY!r}).json()["status"])
    import aiohttp
    async def ask():
        async with aiohttp.ClientSession() as session:
            async with session.get("{URL}/jobs/" + job.job_id(), headers={KEY!r}) as answer:
                return (await answer.json(content_type=None))["status"]
    print(asyncio.run(ask()))
print(httpx.HTTPTransport.handle_request.__module__, aiohttp.TCPConnector.connect.__module__)
print(type(httpx.__spec__.loader).__name__, [f for f in sys.meta_path if "qrtest" in repr(f)])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "Queued",
        "Queued",
        "httpx._transports.default aiohttp.connector",
        "SourceFileLoader []",
    ]


def test_nothing_stays_replaced() -> None:
    """Also after an exception, and when simulations are nested."""
    import http.client

    def replaceable() -> list[Any]:
        return [
            http.client.HTTPConnection.connect,
            http.client.HTTPSConnection.connect,
            http.client.HTTPConnection.putrequest,
            urllib3.HTTPConnectionPool._make_request,
            httpx.HTTPTransport.handle_request,
            httpx.AsyncHTTPTransport.handle_async_request,
            aiohttp.TCPConnector.connect,
            *sys.meta_path,
        ]

    before = replaceable()
    with pytest.raises(ZeroDivisionError), qrtest.simulate(), qrtest.simulate():
        assert replaceable() != before
        _ = 1 / 0
    assert replaceable() == before


def test_a_mock_of_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-httpx and respx replace httpx's transport: what they answer is theirs."""

    def mocked(transport: Any, request: Any) -> Any:
        return httpx.Response(200, text="mocked")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", mocked)
    with qrtest.simulate():
        assert httpx.get("https://example.org/").text == "mocked"


def test_the_network_that_is_let_through_leaves_ibm_to_the_simulation() -> None:
    """network=True is for services of one's own."""
    with qrtest.simulate(network=True) as sim:
        job = sim.job("QUEUED")
        assert requests.get(f"{URL}/jobs/{job.job_id()}", headers=KEY).status_code == 200
        with pytest.raises(requests.ConnectionError):
            requests.get("http://nowhere.invalid/")


def test_something_else_than_http_is_refused_by_name() -> None:
    """What http.client is made to send is not HTTP."""
    import http.client

    with qrtest.simulate():
        connection = http.client.HTTPSConnection("quantum.cloud.ibm.com")
        connection.connect()
        with pytest.raises(QrtestError, match="quantum.cloud.ibm.com was sent something else"):
            connection.send(b"\x16\x03\x01 no HTTP\r\n\r\n")
