"""A genuine QiskitRuntimeService of the installed release: backends, sessions, primitives, jobs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ibm_cloud_sdk_core.http_adapter import SSLHTTPAdapter
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import (
    Batch,
    EstimatorV2,
    IBMBackend,
    QiskitRuntimeService,
    RuntimeJobV2,
    SamplerV2,
    Session,
)
from qiskit_ibm_runtime.exceptions import IBMRuntimeError, RuntimeJobFailureError
from requests import certs

import qrtest
from qrtest import Limits, Simulation, failed, faults, simulate
from qrtest.client import releases
from qrtest.errors import SimulationError
from qrtest.service.instances import Instance

TRANSPORTS = ["direct", "requests"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated"),
    pytest.mark.filterwarnings("ignore:Properties of fake_nighthawk:UserWarning"),
]


@pytest.fixture(params=TRANSPORTS)
def sim(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    """A simulation, by each of the transports."""
    with simulate(transport=request.param) as simulation:
        yield simulation


def bell(backend: Any, *, measured: bool = True) -> QuantumCircuit:
    """Return a Bell pair as *backend* takes it."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return transpile(circuit, backend, optimization_level=0)


# --- the service ---


def test_the_service_is_genuine(sim: Simulation) -> None:
    """No class of ours stands between, and it is the same one every time."""
    service = sim.service()
    assert type(service) is QiskitRuntimeService
    assert sim.service() is service


@pytest.mark.parametrize("channel", releases.channels())
def test_every_channel_of_the_release_works(sim: Simulation, channel: str) -> None:
    """Whichever way a user's code names it."""
    service = sim.service(channel)
    if channel == "local":
        assert service.backend("fake_torino").num_qubits == 133
    else:
        assert service.active_account()["channel"] == channel
        assert service.backend("ibm_torino").num_qubits == 133


def test_a_channel_that_the_release_does_not_know_is_refused(sim: Simulation) -> None:
    """The message names those that it knows."""
    with pytest.raises(SimulationError, match="ibm_cloud"):
        sim.service("ibm_clowd")


@pytest.mark.skipif(releases.installed() < (0, 40), reason="instances came with the platform")
def test_a_service_finds_its_backends_in_every_instance() -> None:
    """What one instance does not offer another may; a name stands for its CRN."""
    small = Instance(name="small", plan="open", backends=("ibm_torino",))
    large = Instance(name="large", plan="premium", backends=("ibm_brisbane",))
    with simulate(transport="requests", instances=[small, large]) as sim:
        found = {backend.name for backend in sim.service(instance="any").backends()}
        assert found == {"ibm_torino", "ibm_brisbane"}
        (only,) = sim.service(instance="large").backends()
        assert only.name == "ibm_brisbane"
        listed = {entry["name"]: entry["plan"] for entry in sim.service().instances()}
        assert listed == {"small": "open", "large": "premium"}


def test_no_saved_account_and_no_environment_is_touched(tmp_path: Path) -> None:
    """With a broken account file and an environment full of other services, nothing is read or left."""
    accounts = tmp_path / ".qiskit" / "qiskit-ibm.json"
    accounts.parent.mkdir()
    accounts.write_text("not JSON")
    code = (
        "import os, qrtest, qiskit_ibm_runtime\n"
        "before = dict(os.environ)\n"
        "with qrtest.simulate() as sim:\n"
        "    print(sim.service().backend('ibm_torino').name)\n"
        "assert dict(os.environ) == before\n"
    )
    environment = {
        "HOME": str(tmp_path),
        "PYTHONPATH": str(Path(qrtest.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "QISKIT_IBM_TOKEN": "somebody's",
        "QISKIT_IBM_INSTANCE": "somebody's",
        "IAM_URL": "https://iam.example.com",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("ibm_torino\n", 0), done.stderr
    assert accounts.read_text() == "not JSON"
    assert [path.name for path in tmp_path.rglob("*")] == [".qiskit", "qiskit-ibm.json"]


# --- backends ---


def test_making_a_service_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The client warns that a saved account is not used, which a simulation never does."""
    with qrtest.simulate() as sim:
        sim.service()
    assert caplog.records == []


def test_a_backend_is_the_real_device(sim: Simulation) -> None:
    """Target, properties and status of the genuine IBMBackend, from the real snapshot."""
    backend = sim.service().backend("ibm_torino")
    assert isinstance(backend, IBMBackend)
    assert {"cz", "sx", "rz", "measure"} <= set(backend.target.operation_names)
    assert backend.target["cz"][(0, 1)].error is not None
    properties = backend.properties()
    assert len(properties.qubits) == 133
    assert properties.t1(0) > 0
    assert backend.status().operational


def test_a_circuit_is_transpiled_to_a_backend(sim: Simulation) -> None:
    """What comes out has only what the device can do, where it can."""
    backend = sim.service().backend("ibm_torino")
    for instruction in bell(backend).data:
        if instruction.operation.name == "barrier":
            continue
        assert backend.target.instruction_supported(
            instruction.operation.name, tuple(bit._index for bit in instruction.qubits)
        )


def test_the_least_busy_backend_is_the_one_with_the_shortest_queue(sim: Simulation) -> None:
    """And it is online."""
    sim.change_backend("ibm_torino", queue_length=9)
    sim.change_backend("ibm_brisbane", queue_length=2)
    sim.change_backend("ibm_sherbrooke", queue_length=1, status="offline")
    assert sim.service().least_busy(operational=True).name == "ibm_brisbane"


# --- jobs ---


def test_a_submitted_job_is_a_genuine_job_that_follows_its_script(sim: Simulation) -> None:
    """From run() to result()."""
    sim.next_job("QUEUED 10m; RUNNING 30s; DONE")
    backend = sim.service().backend("ibm_torino")
    job = SamplerV2(mode=backend).run([bell(backend)])
    assert isinstance(job, RuntimeJobV2)
    assert type(job) is qrtest.RuntimeJobV2
    assert job.status() == "QUEUED"
    assert job.result()[0].data.meas.num_bits == 2
    assert sim.clock.now() > 630
    assert job.inputs["pubs"][0][0].count_ops()["measure"] == 2


def test_jobs_live_by_rules(sim: Simulation) -> None:
    """By program, backend, tags and order; the next in line goes before all rules."""
    service = sim.service()
    backend = service.backend("ibm_torino")
    sim.rule(failed("By tag", code=1500), tags=["doomed"])
    sim.rule(failed("The second one", code=1500), backend="ibm_torino", nth=2)
    sim.next_job(failed("In line", code=1500))
    sampler, circuit = SamplerV2(mode=backend), bell(backend)

    def message(*tags: str) -> str | None:
        sampler.options.environment.job_tags = list(tags)
        job = sampler.run([circuit])
        job.wait_for_final_state()
        text: str | None = job.error_message()
        return text

    answer = [message(), message(), message("doomed"), message()]
    assert [next((word for word in WORDS if word in str(text)), None) for text in answer] == [
        "In line",
        "The second one",
        "By tag",
        None,
    ]


WORDS = ["In line", "The second one", "By tag"]


def test_a_share_of_the_jobs_fails() -> None:
    """The same ones for the same seed."""

    def lives(seed: int) -> list[str]:
        with simulate(seed=seed) as sim:
            sim.rule("ERROR 1500", share=0.3)
            backend = sim.service().backend("ibm_torino")
            circuit = bell(backend)
            jobs = [SamplerV2(mode=backend).run([circuit]) for _ in range(20)]
            sim.clock.advance("1m")
            return [job.status() for job in jobs]

    first = lives(1)
    assert 2 <= first.count("ERROR") <= 12
    assert first == lives(1)


def test_jobs_are_found_listed_and_deleted(sim: Simulation) -> None:
    """service.job, jobs and delete_job."""
    service = sim.service()
    backend = service.backend("ibm_torino")
    circuit = bell(backend)
    jobs = [SamplerV2(mode=backend).run([circuit]) for _ in range(3)]
    sim.clock.advance("1h")
    assert service.job(jobs[0].job_id()).status() == "DONE"
    assert [job.job_id() for job in service.jobs()] == [job.job_id() for job in jobs[::-1]]
    assert service.jobs(pending=True) == []
    service.delete_job(jobs[0].job_id())
    assert len(service.jobs()) == 2


@pytest.mark.parametrize("mode", [Session, Batch])
def test_primitives_run_in_sessions_and_batches(sim: Simulation, mode: type) -> None:
    """Estimator and sampler, each with the session's id; closing closes it."""
    service = sim.service()
    backend = service.backend("ibm_torino")
    pair = bell(backend, measured=False)
    observable = SparsePauliOp("ZZ").apply_layout(pair.layout)
    with mode(backend=backend) as session:
        jobs = [
            EstimatorV2(mode=session).run([(pair, observable)]),
            SamplerV2(mode=session).run([bell(backend)]),
        ]
        assert {job.session_id for job in jobs} == {session.session_id}
        assert session.status() == "Pending"
        assert [len(job.result()) for job in jobs] == [1, 1]
        assert session.status() == "In progress, accepting new jobs"
        assert session.details()["mode"] == ("batch" if mode is Batch else "dedicated")
    assert session.status() == "Closed"
    assert [job.job_id() for job in service.jobs(session_id=session.session_id)] == [
        job.job_id() for job in jobs[::-1]
    ]


def test_a_job_in_a_session_that_closed_meanwhile_is_refused(sim: Simulation) -> None:
    """The local flag says active, the service knows better."""
    backend = sim.service().backend("ibm_torino")
    session = Session(backend=backend, max_time=60)
    sampler = SamplerV2(mode=session)
    sampler.run([bell(backend)]).result()
    sim.clock.advance("2m")
    with pytest.raises(IBMRuntimeError, match=r"1217"):
        sampler.run([bell(backend)])


def test_the_limits_of_the_service_reach_the_caller() -> None:
    """Too many submissions in a minute."""
    with simulate(limits=Limits(submissions_per_minute=1)) as sim:
        backend = sim.service().backend("ibm_torino")
        circuit = bell(backend)
        SamplerV2(mode=backend).run([circuit])
        with pytest.raises(IBMRuntimeError, match="1202"):
            SamplerV2(mode=backend).run([circuit])
        sim.clock.advance("1m")
        SamplerV2(mode=backend).run([circuit])


def test_a_lost_answer_makes_a_second_job(sim: Simulation) -> None:
    """A submission that took effect and says 502 is retried by the client, and there are two jobs."""
    with simulate(
        transport=sim.transport, faults=[faults.status(502, on="submit", takes_effect=True)]
    ) as unlucky:
        backend = unlucky.service().backend("ibm_torino")
        SamplerV2(mode=backend).run([bell(backend)])
        assert len(unlucky.service().jobs()) == 2


def test_a_failed_estimation_says_why(sim: Simulation) -> None:
    """RuntimeJobFailureError with the service's reason."""
    sim.rule(failed("The circuit is too deep", code=1500), program_id="estimator")
    backend = sim.service().backend("ibm_torino")
    pair = bell(backend, measured=False)
    job = EstimatorV2(mode=backend).run([(pair, SparsePauliOp("ZZ").apply_layout(pair.layout))])
    with pytest.raises(RuntimeJobFailureError, match="too deep"):
        job.result()


def test_rejected_tokens_reach_the_caller(sim: Simulation) -> None:
    """A service that was fine is refused from one moment to the next."""
    service = sim.service()
    backend = service.backend("ibm_torino")
    sim.reject_tokens()
    with pytest.raises(Exception, match=r"401|nauthorized|credentials"):
        backend.status()
    sim.reject_tokens(False)
    assert backend.status().operational


@pytest.mark.skipif(releases.installed() < (0, 40), reason="older releases ask for no token")
def test_a_token_is_renewed_on_the_virtual_clock(sim: Simulation) -> None:
    """A day of polling needs a token an hour, and never meets an error response."""
    sim.next_job("QUEUED 1d; DONE")
    backend = sim.service().backend("ibm_torino")
    job = SamplerV2(mode=backend).run([bell(backend)])
    before = sim.journal.count("token")
    for _ in range(24):
        assert job.status() == "QUEUED"
        sim.clock.advance("59m")
    assert sim.journal.count("token") - before >= 12


@pytest.mark.skipif(releases.installed() < (0, 50), reason="they came with 0.50")
@pytest.mark.parametrize("program", ["executor_sampler.Sampler", "executor_estimator.Estimator"])
def test_executor_based_primitives_end_in_a_job(sim: Simulation, program: str) -> None:
    """Programs that are put together by the client."""
    from importlib import import_module

    module, _, name = program.partition(".")
    primitive = getattr(import_module(f"qiskit_ibm_runtime.{module}"), name)
    sim.next_job("QUEUED 5s; RUNNING 2s; ERROR 1500")
    backend = sim.service().backend("ibm_torino")
    if name == "Sampler":
        job = primitive(mode=backend).run([bell(backend)])
    else:
        pair = bell(backend, measured=False)
        observable = SparsePauliOp("ZZ").apply_layout(pair.layout)
        job = primitive(mode=backend).run([(pair, observable)])
    job.wait_for_final_state()
    assert (job.status(), job.primitive_id) == ("ERROR", "executor")


def test_a_job_that_is_made_and_one_that_is_submitted_never_share_an_id() -> None:
    """Ids are counted in one place, however a job comes about."""
    with simulate() as sim:
        backend = sim.service().backend("ibm_torino")
        sampler, circuit = SamplerV2(mode=backend), bell(backend)
        made = []
        for _ in range(3):
            made += [sim.job("DONE").job_id(), sampler.run([circuit]).job_id()]
    assert len(set(made)) == 6


def test_clients_of_the_cloud_still_verify_whom_they_connect_to() -> None:
    """In a simulation they read the authorities' certificates when they connect; after it, as ever."""
    genuine = SSLHTTPAdapter.init_poolmanager
    with qrtest.simulate(network=True):
        assert SSLHTTPAdapter.init_poolmanager is not genuine
        adapter = SSLHTTPAdapter()
        pool = adapter.poolmanager.connection_from_url("https://example.org")
        adapter.cert_verify(pool, "https://example.org", True, None)
        assert (pool.cert_reqs, pool.ca_certs) == ("CERT_REQUIRED", certs.where())
    assert SSLHTTPAdapter.init_poolmanager is genuine
