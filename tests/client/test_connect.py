"""`qrtest.connect`: a genuine QiskitRuntimeService on a server, that talks to nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session

import qrtest
from qrtest import Instance, serve
from qrtest.cassette.model import Cassette
from qrtest.client import releases
from qrtest.client.runtime_service import clients
from qrtest.errors import ServerError, SimulationError
from qrtest.harness.serve import Server
from qrtest.transport.network_block import BLOCKED

pytestmark = pytest.mark.filterwarnings("ignore:The SamplerV2 class is deprecated")

INSTANCES = [Instance(name="mine", plan="open"), Instance(name="team", plan="premium")]


@pytest.fixture(scope="module")
def one() -> Iterator[Server]:
    """One server for all tests of this module."""
    with serve() as server:
        yield server


@pytest.fixture
def server(one: Server) -> Iterator[Server]:
    """The server in a fresh state, with two instances; a request to another machine is refused."""
    one.reset(clock="1000x", instances=INSTANCES)
    with BLOCKED:
        yield one


def bell(backend: Any) -> QuantumCircuit:
    """Return a Bell pair as the backend takes it."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return transpile(circuit, backend, seed_transpiler=1)


def test_it_is_a_genuine_service(server: Server) -> None:
    """The class of the installed release, with the backends of the server."""
    service = qrtest.connect(server.url)
    assert type(service) is QiskitRuntimeService
    assert {backend.name for backend in service.backends()} >= {"ibm_torino", "ibm_brisbane"}


def test_a_job_goes_the_whole_way(server: Server) -> None:
    """Backend, transpiler, session, sampler, computed result: over a real socket."""
    server.next_job(result="computed")
    backend = server.service(instance="team").backend("ibm_torino")
    with Session(backend=backend) as session:
        job = SamplerV2(mode=session).run([bell(backend)], shots=100)
        counts = job.result()[0].data.meas.get_counts()
    assert set(counts) <= {"00", "11"}
    assert server.journal.count("submit") == 1


def test_everything_that_a_service_asks_goes_to_the_server(server: Server) -> None:
    """Instances, usage, jobs of another instance, accounts: no other host is looked up."""
    service = qrtest.connect(server.url)
    backend = qrtest.connect(server.url, instance="team").backend("ibm_torino")
    job = SamplerV2(mode=backend).run([bell(backend)])
    service.instances()
    service.active_account()
    of_all = (
        "any" if releases.installed() >= (0, 40) else "team"
    )  # which looks in one instance only
    assert qrtest.connect(server.url, instance=of_all).job(job.job_id()).job_id() == job.job_id()
    assert len(qrtest.connect(server.url, instance="team").jobs()) == 1


def test_a_new_token_is_fetched_from_the_server(server: Server) -> None:
    """When the old one is over, as in a process that runs for hours; early releases have none."""
    service = qrtest.connect(server.url)
    before = server.journal.count("token")
    tokens = getattr(clients(service)[0]._session.auth, "tm", None)
    if tokens is not None:
        tokens.expire_time = 0
    service.jobs()
    assert server.journal.count("token") == before + (tokens is not None)
    assert (tokens is not None) == (releases.installed() >= (0, 39))


@pytest.mark.skipif(releases.installed() < (0, 40), reason="earlier releases keep to one instance")
def test_what_a_service_asks_later_goes_to_the_server_too(server: Server) -> None:
    """Its account looks for instances again, and a client is made for another instance."""
    service = qrtest.connect(server.url)
    crns = server.about["instances"]
    assert [each["crn"] for each in service._account.list_instances()] == crns
    service._get_or_create_cloud_client(crns[1])
    assert service._active_api_client.jobs_get()["count"] == 0
    assert server.journal.count("list") == 1


@pytest.mark.filterwarnings("ignore:Properties of fake_nighthawk")
@pytest.mark.parametrize("channel", releases.channels())
def test_every_channel_of_the_release(server: Server, channel: str) -> None:
    """The classic and the local one where the release has them."""
    service = qrtest.connect(server.url, channel=channel)
    assert service.backends()


def test_an_unknown_channel_is_refused(server: Server) -> None:
    """With those that the release knows."""
    with pytest.raises(SimulationError, match="the installed release knows"):
        qrtest.connect(server.url, channel="ibm_moon")


def test_nothing_of_the_process_is_changed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No environment variable, no saved account, and no proxy that the environment names."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    before = dict(os.environ)
    qrtest.connect(server.url).backend("ibm_torino").status()
    assert dict(os.environ) == before
    assert list(tmp_path.rglob("*.json")) == []


def test_a_server_is_found_by_https(tmp_path: Path) -> None:
    """With the certificate that it was given, and with no other."""
    with serve(https_port=0, clock="1000x") as server:
        assert server.https_url is not None
        assert server.authority is not None
        authority = tmp_path / "authority.pem"
        authority.write_text(server.authority)
        service = qrtest.connect(server.https_url, authority=str(authority))
        assert service.backend("ibm_torino").name == "ibm_torino"
        with pytest.raises(ServerError, match="SSLError"):
            qrtest.connect(server.https_url)


def test_a_port_without_a_server_is_a_clear_error() -> None:
    """Where nothing answers, and how to start what does; in a replay, what answers in its place."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(
        ServerError, match=f"No server of qrtest answers at {url}.*'qrtest serve'"
    ) as raised:
        qrtest.connect(url)
    assert raised.value.__suppress_context__
    with qrtest.replay(Cassette(())), pytest.raises(ServerError, match="a replay.*runtime_service"):
        qrtest.connect(url)


@pytest.mark.skipif(releases.installed() < (0, 49), reason="earlier releases read no IAM_URL")
def test_a_client_of_another_process_needs_the_environment_only(server: Server) -> None:
    """With what the server prints, and nothing of qrtest: no real host is asked."""
    about = server.about
    program = f"""
import socket
look_up = socket.getaddrinfo
def local_only(host, *rest, **options):
    assert host == "127.0.0.1", host
    return look_up(host, *rest, **options)
socket.getaddrinfo = local_only
from qiskit_ibm_runtime import QiskitRuntimeService
service = QiskitRuntimeService(
    token={about["api_key"]!r},
    instance={about["instances"][0]!r},
    url_resolver=lambda *_: {about["runtime_url"]!r},
)
print(service.backend("ibm_torino").num_qubits)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **about["environment"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "133\n"), done.stderr
