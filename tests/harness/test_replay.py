"""Replay: advance then hold, by recorded time, through the genuine classes, and nothing gets out."""

from __future__ import annotations

import base64
import inspect
import io
import json
import queue
import socket
import threading
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import qiskit_ibm_runtime
import requests
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qpy
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound

import qrtest
from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.clock.moment import EPOCH
from qrtest.errors import CassetteError, NeverEnds, SimulationError, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.playback.player import Player
from tests.recordings import (
    HOST,
    JOB,
    PROVENANCE,
    exchange,
    job_body,
    poll,
    short,
    with_interim_results,
)

TRANSPORTS = ["direct", "requests"]
asks_as_recorded = pytest.mark.skipif(
    "exclude_params=False" in inspect.getsource(QiskitRuntimeService.job),
    reason="the service of old releases asks for the inputs, too, which were not recorded here",
)
RUN = Cassette(
    (
        poll("Queued", 0.0, repeat=3600, until=3599.0),
        poll("Running", 3600.0, repeat=30, until=3629.0),
        poll("Completed", 3630.0),
    ),
    PROVENANCE,
)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_job_is_the_genuine_class_and_its_result_the_recorded_one(transport: Any) -> None:
    """`sim.job()` is a RuntimeJobV2 that goes through its recorded statuses, and has the recorded result."""
    with qrtest.replay(short(), transport=transport) as sim:
        job = sim.job()
        assert isinstance(job, qiskit_ibm_runtime.RuntimeJobV2)
        assert job.status() == "QUEUED"
        assert job.result() == {"results": []}
        assert job.status() == "DONE"
        assert (job.job_id(), job.primitive_id, job.backend().name) == (
            JOB,
            "sampler",
            "ibm_torino",
        )


@asks_as_recorded
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_service_is_the_genuine_class(transport: Any) -> None:
    """`sim.service()` is a QiskitRuntimeService that knows the recorded job, and no other."""
    with qrtest.replay(short(), transport=transport) as sim:
        service = sim.service()
        assert isinstance(service, QiskitRuntimeService)
        assert service.job(JOB).job_id() == JOB
        with pytest.raises(UnansweredRequest):
            service.job("d5h6o44pe0pc73am1aaa")


def test_a_real_captured_result_is_replayed_as_it_was_decoded() -> None:
    """The result of a recorded job equals what the client makes of the very bytes recorded."""
    from importlib.resources import files

    body = (files("qrtest.captured") / "result-sampler-v2.json").read_bytes()
    result = exchange(path=f"/jobs/{JOB}/results", answer=body, at=6.0, took=0.1)
    with qrtest.replay(Cassette((*short().interactions[:3], result), PROVENANCE)) as sim:
        replayed = sim.job().result()
    with qrtest.simulate() as simulation:
        given_directly = simulation.job("DONE", result=body.decode()).result()
    assert replayed[0].data.meas.get_counts() == given_directly[0].data.meas.get_counts()


@given(interval=st.floats(0.01, 500))
def test_a_job_ends_at_its_recorded_time_whatever_the_poll_interval(interval: float) -> None:
    """At any poll interval the job is seen to end at the recorded time, give or take one poll."""
    with qrtest.replay(RUN, most_requests=1_000_000) as sim:
        job = sim.job()
        while job.status() != "DONE":
            sim.clock.sleep(interval)
        assert 3630 <= sim.clock.now() <= 3630 + interval + 0.2


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=20))
def test_a_poll_sees_what_a_poll_at_that_moment_saw(waits: list[float]) -> None:
    """At any sequence of moments, the status is the recorded one of that moment."""
    with qrtest.replay(RUN) as sim:
        job = sim.job()
        for wait in waits:
            sim.clock.sleep(wait)
            now = sim.clock.now()
            expected = "QUEUED" if now < 3600 else "RUNNING" if now < 3630 else "DONE"
            assert job.status() == expected


@pytest.mark.filterwarnings("ignore:.*(deprecated|was removed from):DeprecationWarning")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("transport", ["direct", "sockets"])
@pytest.mark.parametrize("script", [None, "QUEUED 6h; RUNNING 1m [7]; DONE"])
def test_a_replayed_job_streams(transport: Any, script: Any) -> None:
    """What was recorded of it, or what another life of it says; in the end the recorded result."""
    arrived: queue.Queue[tuple[str, Any]] = queue.Queue()
    with qrtest.replay(with_interim_results(), script=script, transport=transport) as sim:
        sim.job().stream_results(lambda *both: arrived.put(both))
        interim = ["first", {"i": 2}] if script is None else [7]
        sim.clock.advance("1h" if script is None else "7h")
        for expected in (*interim, {"results": []}):
            assert arrived.get(timeout=30) == (JOB, expected)


@pytest.mark.filterwarnings("ignore:.*(deprecated|was removed from):DeprecationWarning")
def test_a_result_that_cannot_be_streamed_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """Where the client reports errors in a stream, with what to record."""
    with qrtest.replay(Cassette(short().interactions[:3], PROVENANCE)) as sim:
        job = sim.job()
        job.stream_results(print)
        job._ws_client_future.result(timeout=30)
    assert "was not recorded. Let the program that is recorded ask for it" in caplog.text


def test_by_polls_each_poll_takes_its_recorded_turn_and_the_last_holds() -> None:
    """With pace="polls" the number of polls decides, and the last answer holds."""
    with qrtest.replay(short(), pace="polls") as sim:
        job = sim.job()
        seen = [job.status() for _ in range(13)]
    assert seen == ["QUEUED"] * 6 + ["RUNNING"] * 4 + ["DONE"] * 3


def test_instantly_the_job_is_at_its_end() -> None:
    """With pace="instant" the first poll has the last word."""
    with qrtest.replay(short(), pace="instant") as sim:
        assert sim.job().status() == "DONE"


def test_a_cassette_without_times_is_played_by_polls() -> None:
    """What another tool recorded has no times: it advances by polls, then holds."""
    untimed = Cassette(tuple(poll(status, None) for status in ("Queued", "Running", "Completed")))
    with qrtest.replay(untimed) as sim:
        job = sim.job()
        assert [job.status() for _ in range(4)] == ["QUEUED", "RUNNING", "DONE", "DONE"]


def test_an_unknown_pace_is_named() -> None:
    """A pace that does not exist is an error with those that do."""
    with pytest.raises(CassetteError, match="there are 'recorded', 'polls', 'instant'"):
        qrtest.replay(short(), pace="slow")  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("failure", ["refused", "reset", "closed", "timeout"])
def test_a_recorded_error_is_one_again(failure: Any, transport: Any) -> None:
    """A broken connection that was recorded breaks again, and the genuine client retries it."""
    broken = exchange(failure=failure, at=1.0, took=0.2)
    cassette = Cassette((poll("Queued", 0.0), broken, poll("Completed", 1.4)), PROVENANCE)
    with qrtest.replay(cassette, transport=transport) as sim:
        job = sim.job()
        sim.clock.advance(1)
        assert job.status() == "DONE"
        assert f"connection {failure}" in sim.journal.timeline()


def test_what_was_submitted_begins_with_its_submission() -> None:
    """However late a test submits, the job takes as long from there as it took when recorded."""
    body = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}
    submitted = exchange(
        "POST", "/jobs", body, answer={"id": JOB, "backend": "ibm_torino"}, at=10.0
    )
    later = [replace(each, at=(each.at or 0) + 10) for each in RUN.interactions]
    with qrtest.replay(Cassette((submitted, *later), PROVENANCE)) as sim:
        sim.clock.advance("5h")
        sim.service()
        assert requests.post(f"{HOST}/jobs", json=body, timeout=5).json()["id"] == JOB
        start = sim.clock.now()
        job = sim.job()
        assert job.status() == "QUEUED"
        job.wait_for_final_state(timeout=None)
        assert 3630 <= sim.clock.now() - start <= 3632


@pytest.mark.parametrize(
    "spelling",
    [
        '{"tags": ["a", "b"], "cost": 1, "backend": "x"}',
        '{"backend":"x","cost":1.0,"tags":["b","a"]}',
        '{ "cost": 1, "backend": "\\u0078", "tags": ["a", "b"] }',
    ],
)
def test_how_json_is_spelt_does_not_matter(spelling: str) -> None:
    """Key order, spaces, escapes and the order of tags do not make another request."""
    recorded = exchange(
        "POST", "/jobs", {"backend": "x", "cost": 1, "tags": ["a", "b"]}, answer={"id": JOB}
    )
    with qrtest.replay(Cassette((recorded,)), transport="requests"):
        answer = requests.post(f"{HOST}/jobs", data=spelling, timeout=5)
    assert answer.json() == {"id": JOB}


@pytest.mark.parametrize(
    "host",
    [
        "https://eu-de.quantum.cloud.ibm.com/api/v1",
        "http://127.0.0.1:8765",
        "https://us-east.quantum-computing.cloud.ibm.com",
    ],
)
def test_host_region_and_port_do_not_distinguish_requests(host: str) -> None:
    """A session recorded in one region, or on a local port, is replayed for any other."""
    with qrtest.replay(short(), transport="requests"):
        answer = requests.get(
            f"{host}/jobs/{JOB}?exclude_params=true", timeout=5, headers={"User-Agent": "any"}
        )
    assert answer.json()["id"] == JOB


def test_a_poll_without_params_is_answered_by_a_recorded_one_with_them() -> None:
    """Older releases ask for more: their answer has what newer ones want."""
    cassette = Cassette(
        (exchange(path=f"/jobs/{JOB}", answer=job_body("Completed"), at=0.0),), PROVENANCE
    )
    with qrtest.replay(cassette) as sim:
        assert sim.job().status() == "DONE"


def _circuit(*gates: str, version: int) -> dict[str, str]:
    circuit = QuantumCircuit(1, 1)
    for gate in gates:
        getattr(circuit, gate)(0)
    circuit.measure(0, 0)
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=version)
    return {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode(),
    }


def _submission(circuit: dict[str, str]) -> dict[str, Any]:
    return {"program_id": "sampler", "params": {"pubs": [[circuit]]}}


@pytest.mark.skipif(qpy.common.QPY_VERSION < 14, reason="this qiskit cannot write it")
def test_a_circuit_written_by_another_release_of_qiskit_matches() -> None:
    """The same circuit in another version of QPY is the same request."""
    recorded = exchange("POST", "/jobs", _submission(_circuit("h", version=13)), answer={"id": JOB})
    with qrtest.replay(Cassette((recorded,)), transport="requests"):
        answer = requests.post(
            f"{HOST}/jobs", json=_submission(_circuit("h", version=14)), timeout=5
        )
    assert answer.json() == {"id": JOB}


def test_another_circuit_is_explained() -> None:
    """A circuit that differs is not found, and the message says in what."""
    recorded = exchange("POST", "/jobs", _submission(_circuit("h", version=13)), answer={"id": JOB})
    with (
        qrtest.replay(Cassette((recorded,)), transport="requests"),
        pytest.raises(UnansweredRequest) as refused,
    ):
        requests.post(f"{HOST}/jobs", json=_submission(_circuit("x", version=13)), timeout=5)
    assert (
        "body.params.pubs[0][0] is another QuantumCircuit: its operations are {'x': 1, 'measure': 1}, "
        "recorded {'h': 1, 'measure': 1}" in str(refused.value)
    )


def test_a_request_that_was_not_recorded_shows_the_nearest_ones(tmp_path: Path) -> None:
    """The message has the request without its secrets, the nearest interactions, why not, and what to do."""
    path = tmp_path / "bell.yaml"
    store.save(path, short())
    with qrtest.replay(path, transport="requests"), pytest.raises(UnansweredRequest) as refused:
        requests.get(
            f"{HOST}/jobs/{JOB}?exclude_params=false&apikey=Zq7Kp2mXw9Lr4TvB8nYc", timeout=5
        )
    message = str(refused.value)
    assert "Zq7Kp2mXw9Lr4TvB8nYc" not in message
    assert "the query has exclude_params='false', recorded 'true'" in message
    assert f"none of the 4 interactions of {path}, and was not sent anywhere" in message
    assert message.endswith("pytest --qrtest-record=new_episodes, or qrtest record.")


def test_the_nearest_of_what_was_recorded_comes_first() -> None:
    """A few of many: the same operation on the same job before anything else."""
    others = [exchange(path=f"/backends/ibm_{number}/status") for number in range(9)]
    near = exchange(path=f"/jobs/{JOB}/metrics")
    with qrtest.replay(Cassette((*others, near), PROVENANCE), transport="requests"):
        with pytest.raises(UnansweredRequest) as refused:
            requests.get(f"{HOST}/jobs/{JOB}/logs", timeout=5)
    _, _, nearest = str(refused.value).partition("The nearest:\n")
    assert nearest.startswith(f"  interaction 10, GET /api/v1/jobs/{JOB}/metrics: ")


def test_tokens_are_made_afresh_and_are_valid_on_the_virtual_clock() -> None:
    """The account service answers on replay: a decodable token that has not expired yet."""
    with qrtest.replay(short(), transport="requests") as sim:
        sim.clock.advance("20d")
        url = "https://iam.cloud.ibm.com/identity/token"
        token = requests.post(url, data={"apikey": "any"}, timeout=5).json()["access_token"]
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        import time

        assert claims["iat"] <= time.time() < claims["exp"]
        login = "https://auth.quantum.ibm.com/api/users/loginWithToken"
        assert requests.post(login, json={"apiToken": "any"}, timeout=5).json()["id"]


@pytest.mark.parametrize("starts", [None, "2026-03-29T00:30:00.75Z"])
def test_tokens_and_dates_agree_to_the_second_in_a_replay(starts: str | None) -> None:
    """When a token was issued and when it expires, by the same clock as datetime.now and time.time."""
    with qrtest.replay(short(), transport="requests", starts=starts) as sim:
        for _ in range(3):
            now = datetime.now(UTC)
            url = "https://iam.cloud.ibm.com/identity/token"
            answer = requests.post(url, data={"apikey": "any"}, timeout=5).json()
            payload = answer["access_token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            issued = datetime.fromtimestamp(claims["iat"], UTC)
            assert abs(issued - now) <= timedelta(seconds=1)
            expires = datetime.fromtimestamp(claims["exp"], UTC)
            assert expires - issued == timedelta(seconds=answer["expires_in"])
            sim.clock.advance("90m")


def test_two_jobs_have_scripts_of_their_own() -> None:
    """Polls of one job do not advance another; which is which has to be said."""
    other = JOB[:-1] + "h"
    polls = [
        replace(
            one,
            request=replace(one.request, path=one.request.path.replace(JOB, other)),
            response=replace(
                one.response, body=one.response.body.replace(JOB.encode(), other.encode())
            ),
        )
        for one in short().interactions[:3]
    ]
    with qrtest.replay(Cassette((*short().interactions, *polls), PROVENANCE), pace="polls") as sim:
        assert sim.jobs == (JOB, other)
        with pytest.raises(SimulationError, match="has not exactly one job"):
            sim.job()
        one, two = sim.job(JOB), sim.job(other)
        for _ in range(12):
            one.status()
        assert (one.status(), two.status()) == ("DONE", "QUEUED")


def test_what_was_not_asked_for_is_unused() -> None:
    """`unused` has the exchanges that nobody asked for."""
    with qrtest.replay(short()) as sim:
        sim.job().wait_for_final_state()
    assert [str(one.request) for one in sim.unused] == [f"GET /api/v1/jobs/{JOB}/results"]


def test_nothing_gets_out_of_a_replay_with_eight_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """10,000 requests in 8 threads, of jobs and of sessions: all answered, none of them a connection."""
    connections: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: connections.append(address))
    answers: list[str] = []

    def in_eight_threads(work: Callable[[], None]) -> None:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def by_job() -> None:
        answers.extend(job.status() for _ in range(1_000))

    def by_session() -> None:
        with requests.Session() as session:
            wanted = requests.Request("GET", f"{HOST}/jobs/{JOB}?exclude_params=true").prepare()
            for _ in range(250):
                answers.append(session.send(wanted, timeout=5).json()["id"])

    with qrtest.replay(Cassette((poll("Queued", 0.0),)), pace="instant") as sim:
        job = sim.job()
        in_eight_threads(by_job)
        assert sim.journal.count("poll") == 8_000
    with qrtest.replay(short(), transport="requests"):
        in_eight_threads(by_session)
    assert answers == ["QUEUED"] * 8_000 + [JOB] * 2_000
    assert connections == []


def test_a_job_that_never_ends_is_stopped() -> None:
    """Waiting on a recording that stops before the end is stopped with the timeline."""
    with (
        qrtest.replay(Cassette((poll("Queued", 0.0),)), longest="1h") as sim,
        pytest.raises(NeverEnds, match=r"Queued(.|\n)*say replay\(longest=\.\.\., most_requests"),
    ):
        sim.job().wait_for_final_state(timeout=None)


def test_a_replay_serves_once_and_only_while_it_lasts() -> None:
    """Used before or after, a replay says how to use it."""
    sim = qrtest.replay(short())
    with pytest.raises(SimulationError, match="has not begun"):
        sim.job()
    with sim:
        job = sim.job()
    with pytest.raises(SimulationError):
        job.status()
    with pytest.raises(SimulationError, match="entered before"):
        sim.__enter__()


@asks_as_recorded
def test_a_recorded_error_response_is_the_same_exception() -> None:
    """A recorded 404 becomes the client's own exception."""
    refused = exchange(
        status=404, answer={"errors": [{"code": 1291, "message": "Job not found."}]}, at=0.0
    )
    with qrtest.replay(Cassette((refused,), PROVENANCE)) as sim, pytest.raises(RuntimeJobNotFound):
        sim.service().job(JOB)


@pytest.mark.parametrize("pace", ["recorded", "polls", "instant"])
def test_a_circuit_that_is_built_twice_is_two_jobs(pace: Any) -> None:
    """It is written differently each time it is built; the recorded order says which job is meant."""

    def submission(name: str, job_id: str, at: float) -> Interaction:
        body = json.dumps({"program_id": "sampler", "params": {"pubs": [packed(name)]}}).encode()
        request = Request.to("POST", "https://quantum.cloud.ibm.com/api/v1/jobs", body=body)
        answer = Response(200, json.dumps({"id": job_id, "backend": "b"}).encode())
        return Interaction(request=request, response=answer, at=at, took=0.1)

    first, second = submission("a", "j1", 0.0), submission("b", "j2", 1.0)
    again = [submission(name, "", 0.0).request for name in ("c", "d")]
    player = Player(
        Cassette((first, second)),
        qrtest.VirtualClock(),
        epoch=EPOCH,
        pace=pace,
        same_circuit=lambda this, that: None,
    )
    assert [json.loads(player.handle(each).body)["id"] for each in again] == ["j1", "j2"]


def packed(name: str) -> Any:
    """Return a circuit as the client sends it; its name changes the bytes, not what it does."""
    circuit = QuantumCircuit(1, name=name)
    written = io.BytesIO()
    qpy.dump(circuit, written)
    text = base64.b64encode(zlib.compress(written.getvalue())).decode()
    return [{"__type__": "QuantumCircuit", "__value__": text}]


def recorded_in_june() -> Cassette:
    """Return a recording whose service dated its answers in June 2025."""
    cassette = store.load(Path(__file__).parents[2] / "cassettes" / "sampler.yaml")
    interactions = [
        replace(
            each,
            response=replace(
                each.response, body=each.response.body.replace(b"2026-01-01T", b"2025-06-03T")
            ),
        )
        for each in cassette.interactions
    ]
    return replace(cassette, interactions=tuple(interactions))


def test_a_replay_begins_when_it_was_recorded() -> None:
    """The dates of the job and that of the program agree to the second."""
    with qrtest.replay(recorded_in_june()) as sim:
        age = datetime.now(UTC) - sim.job().creation_date
    assert abs(age.total_seconds()) < 1


def test_the_beginning_of_a_replay_can_be_chosen() -> None:
    """Then it does not begin when it was recorded."""
    with qrtest.replay(recorded_in_june(), starts="2026-03-01T12:00Z"):
        assert f"{datetime.now(UTC):%Y-%m-%d %H:%M}" == "2026-03-01 12:00"
