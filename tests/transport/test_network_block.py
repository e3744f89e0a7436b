"""Nothing leaves the machine while a simulation is active."""

from __future__ import annotations

import asyncio
import io
import json
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import types
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import websockets.sync.client

from qrtest import simulate
from qrtest.errors import NetworkBlocked, QrtestError, SimulationError, UnansweredRequest
from qrtest.harness.simulate import Transport
from tests.http_clients import CLIENTS

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
        lambda: with_a_socket(lambda udp: udp.connect((OUTSIDE, 53)), socket.SOCK_DGRAM),
        lambda: with_a_socket(
            lambda udp: udp.sendmsg([b"x"], [], 0, (OUTSIDE, 53)), socket.SOCK_DGRAM
        ),
        lambda: with_a_socket(
            lambda udp: udp.sendto(b"x", ("255.255.255.255", 9)), socket.SOCK_DGRAM
        ),
        lambda: with_a_socket(lambda tcp: tcp.connect_ex((OUTSIDE, 80))),
        lambda: socket.gethostbyname("example.org"),
        lambda: socket.gethostbyname_ex("example.org"),
        lambda: socket.gethostbyaddr(OUTSIDE),
        lambda: socket.getnameinfo((OUTSIDE, 80), 0),
        lambda: socket.getfqdn("example.org"),
        lambda: asyncio.run(asyncio.open_connection(OUTSIDE, 80)),
        lambda: asyncio.run(asyncio.open_connection("example.org", 80)),
        lambda: smtplib.SMTP(OUTSIDE, 25, timeout=1),
        lambda: websockets.sync.client.connect("wss://example.org/", open_timeout=1),
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


def test_nothing_leaves_by_a_datagram_of_an_event_loop() -> None:
    """The loop ends the transport, and hands the error to its protocol."""
    lost: list[BaseException | None] = []

    class Noting(asyncio.DatagramProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.append(exc)

    async def send() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Noting, local_addr=("127.0.0.1", 0))
        transport.sendto(b"x", (OUTSIDE, 53))
        while not lost:
            await asyncio.sleep(0)

    with simulate():
        asyncio.run(send())
    assert isinstance(lost[0], NetworkBlocked)


@contextmanager
def connected_before() -> Iterator[socket.socket]:
    """Provide a socket that looks as if it had been connected to another machine before the simulation."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with ToOutside() as made:
            made.connect(server.getsockname())
            yield made


class ToOutside(socket.socket):
    """There is no other machine to connect to in a test: this socket says that there is."""

    def getpeername(self) -> Any:
        return OUTSIDE, 80


@pytest.mark.parametrize(
    "send",
    [
        lambda made: made.send(b"x"),
        lambda made: made.sendall(b"x"),
        lambda made: made.sendmsg([b"x"]),
        lambda made: made.sendfile(io.BytesIO(b"x")),
    ],
)
def test_nothing_leaves_by_a_connection_of_before(send: Any) -> None:
    """A pool of connections that a program keeps does not lead out of the simulation."""
    with connected_before() as made:
        send(made)
        with simulate(), pytest.raises(NetworkBlocked, match=r"to redacted-ip-\w{10}:80 was"):
            send(made)
        send(made)


class TlsToOutside(ssl.SSLSocket):
    """As `ToOutside`, with TLS."""

    def getpeername(self) -> Any:
        return OUTSIDE, 80


@pytest.mark.parametrize("method", ["send", "sendall", "write"])
def test_nothing_leaves_by_a_tls_connection_of_before(method: str) -> None:
    """It is stopped before anything is encrypted."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.sslsocket_class = TlsToOutside
    with connected_before() as plain:
        plain.setblocking(False)  # a handshake, which nobody answers, would end at once
        with context.wrap_socket(plain, do_handshake_on_connect=False) as made, simulate():
            with pytest.raises(NetworkBlocked, match=r"to redacted-ip-\w{10}:80 was"):
                getattr(made, method)(b"x")


def test_nothing_leaves_by_a_transport_of_before() -> None:
    """An event loop that connected before the simulation ends what it sends by."""
    lost: list[BaseException | None] = []

    class Noting(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.append(exc)

    async def send(made: socket.socket) -> None:
        made.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_connection(Noting, sock=made)
        with simulate():
            transport.write(b"x")
            for _ in range(10):
                await asyncio.sleep(0)

    with connected_before() as made:
        asyncio.run(send(made))
    assert isinstance(lost[0], NetworkBlocked)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_nothing_leaves_by_a_proxy_on_this_machine(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent to a proxy leaves, although the proxy itself is here."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        number = proxy.getsockname()[1]
        monkeypatch.setenv(variable, f"http://127.0.0.1:{number}")
        with simulate(), pytest.raises(NetworkBlocked, match=f"the proxy of {variable}"):
            socket.create_connection(("localhost", number))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_with_a_proxy_is_answered(
    scheme: str, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if there were none; nothing is sent to it."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with simulate() as sim:
        job = sim.job("QUEUED")
        url = f"{scheme}://quantum.cloud.ibm.com/api/v1/jobs/{job.job_id()}"
        assert json.loads(CLIENTS[client]("GET", url).body)["status"] == "Queued"


def test_a_debugger_stays_connected_and_what_it_runs_does_not() -> None:
    """The nearest module that is not Python's own decides, not one further up."""
    debugger = types.ModuleType("pydevd")
    exec("def call(do): do()\ndef send(made): made.send(b'x')", vars(debugger))
    with connected_before() as made, simulate():
        debugger.send(made)
        with pytest.raises(NetworkBlocked):
            debugger.call(lambda: made.send(b"x"))


def test_nothing_leaves_by_a_forked_child() -> None:
    """A child that is forked inside has what its parent had."""
    code = f"""
import os, socket, qrtest
with qrtest.simulate():
    child = os.fork()
    if not child:
        try:
            socket.create_connection(("{OUTSIDE}", 80), timeout=1)
        except qrtest.errors.NetworkBlocked:
            os._exit(7)
        os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("7\n", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "localhost", socket.gethostname()])
def test_this_machine_can_be_reached_as_ever(host: str) -> None:
    """Loopback works, by every name: a database on localhost is none of our business."""
    with simulate(), socket.create_server(("", 0)) as server:
        address = (host, server.getsockname()[1])
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(b"hello")
            accepted, _ = server.accept()
            with accepted:
                assert accepted.recv(5) == b"hello"
        assert socket.getaddrinfo("localhost", 80)
        assert socket.gethostbyname("localhost") == "127.0.0.1"


def test_an_ipv4_address_within_ipv6_is_this_machine_too() -> None:
    """`::ffff:127.0.0.1`, as a socket of both kinds names it."""
    with simulate(), socket.create_server(("127.0.0.1", 0)) as server:
        with socket.socket(socket.AF_INET6) as both:
            both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            both.connect(("::ffff:127.0.0.1", server.getsockname()[1]))


def test_sockets_without_the_internet_work_as_ever(tmp_path: Path) -> None:
    """Pairs of sockets, and those with a path."""
    with simulate(), socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "here"))
        listening.listen()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "here"))
            connection.sendall(b"x")
        one, other = socket.socketpair()
        with one, other:
            one.sendmsg([b"x"])
            assert other.recv(1) == b"x"


def test_datagrams_on_this_machine_work_as_ever() -> None:
    """A collector of metrics on localhost is reached."""
    with simulate(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", receiver.getsockname())
            sender.connect(receiver.getsockname())
            sender.send(b"y")
        assert receiver.recv(1) + receiver.recv(1) == b"xy"


def test_sockets_are_as_before_afterwards() -> None:
    """Nothing stays replaced, also after an exception, also when simulations are nested."""
    names = ("connect", "connect_ex", "sendto", "sendmsg", "send", "sendall", "sendfile")

    def guarded() -> list[Any]:
        of_sockets = [getattr(socket.socket, name) for name in names]
        return [*of_sockets, ssl.SSLSocket.send, ssl.SSLSocket.write, socket.getaddrinfo]

    before = guarded()
    with pytest.raises(ZeroDivisionError), simulate(), simulate():
        assert not set(before) & set(guarded())
        _ = 1 / 0
    assert guarded() == before
    assert "connect" not in vars(socket.socket)


def test_the_block_explains_itself() -> None:
    """What was refused, and what to do."""
    with simulate(), pytest.raises(NetworkBlocked) as caught:
        socket.create_connection(("db.example.org", 80))
    assert str(caught.value).startswith(
        "A connection to db.example.org:80 was refused: while a simulation"
    )


def test_the_block_shows_no_secret_of_where_a_connection_was_to_go() -> None:
    """A name that was made from a key; the address of a machine is somebody's, too."""
    for host in ("aB3dE5fG7hI9jK1lM2nO4p.example.org", OUTSIDE):
        with simulate(), pytest.raises(NetworkBlocked) as caught:
            socket.create_connection((host, 80))
        assert host.partition(".example")[0] not in str(caught.value)
        assert ":80 was refused" in str(caught.value)


def test_a_request_that_nothing_answers_lists_what_there_is() -> None:
    """Over requests, the service is asked, and says what it has."""
    with simulate(transport="requests") as sim:
        job = sim.job()
        with pytest.raises(UnansweredRequest) as caught:
            requests.get("https://example.org/things?key=secret", timeout=1)
    assert "Nothing in this simulation answers GET example.org/things" in str(caught.value)
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
