"""A server: the simulated service on a port, and what can be said to it over HTTP."""

from __future__ import annotations

import asyncio
import errno
import gc
import http.client
import itertools
import json
import re
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import connect

from qrtest import Instance, Limits, Scenario, Script, done, faults, running, serve
from qrtest.errors import ClockError, ServerError, SimulationError
from qrtest.harness.serve import ENTRIES, Server
from qrtest.harness.server_access import TOKEN_HEADER
from qrtest.transport.stream_client import StreamBroken
from qrtest.transport.websocket import received

AUTHORIZED = {"Authorization": "Bearer somebody", "IBM-API-Version": "2026-04-15"}
BELL = {"program_id": "sampler", "backend": "ibm_torino", "params": {"pubs": [], "version": 2}}


@pytest.fixture(scope="module")
def one() -> Iterator[Server]:
    """One server for all tests of this module."""
    with serve() as server:
        yield server


@pytest.fixture
def server(one: Server) -> Server:
    """The server in a fresh state, on a clock that only moves when it is asked to."""
    one.reset(clock="virtual", latency=0)
    return one


def ask(server: Server, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and decoded body, as a client gets them that knows nothing of qrtest."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    try:
        content = None if body is None else json.dumps(body)
        headers = {**AUTHORIZED, TOKEN_HEADER: server.control_token}
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        text = response.read().decode()
        is_json = response.headers.get("Content-Type") == "application/json"
        return response.status, json.loads(text) if is_json else text
    finally:
        connection.close()


def say(server: Server, what: str, body: Any) -> Any:
    """Return what the control endpoint answers to something that it can do."""
    status, answer = ask(server, "POST", f"/_qrtest/{what}", body)
    assert status == 200, answer
    return answer


def submit(server: Server, **changes: Any) -> str:
    """Return the id of a job that was just submitted."""
    status, answer = ask(server, "POST", "/api/v1/jobs", {**BELL, **changes})
    assert status == 200, answer
    job_id: str = answer["id"]
    return job_id


def state(server: Server, job_id: str) -> str:
    """Return what the job is doing."""
    text: str = ask(server, "GET", f"/api/v1/jobs/{job_id}?exclude_params=true")[1]["state"][
        "status"
    ]
    return text


# --- the control endpoint ---------------------------------------------------------------------------


def test_it_says_where_it_is_and_how_it_is_asked(server: Server) -> None:
    """Everything that a client of another language has to know."""
    about = ask(server, "GET", "/_qrtest")[1]
    assert about["url"] == server.url
    assert about["runtime_url"] == f"{server.url}/api/v1"
    assert about["instances"][0].startswith("crn:v1:bluemix:public:quantum-computing:")
    assert about["environment"]["IAM_URL"] == about["iam_url"]


def test_the_next_job_follows_the_chosen_script(server: Server) -> None:
    """And the one after it by the usual life again."""
    say(server, "next-job", {"script": "RUNNING 3s; ERROR 1517"})
    first, second = submit(server), submit(server)
    say(server, "clock", {"advance": "3s"})
    assert (state(server, first), state(server, second)) == ("Failed", "Queued")


def test_time_moves_when_it_is_advanced(server: Server) -> None:
    """By lengths as in a script; the answer is the time since the last reset."""
    assert say(server, "clock", {"advance": "1h30m"}) == {"now": 5400.0}
    assert ask(server, "GET", "/_qrtest/clock") == (200, {"now": 5400.0})


def test_a_rule_is_about_all_jobs_that_fit(server: Server) -> None:
    """By program and tags, as `Simulation.rule`."""
    say(server, "rules", {"script": "ERROR 9999", "tags": ["doomed"]})
    doomed, lucky = submit(server, tags=["doomed"]), submit(server, tags=["lucky"])
    assert (state(server, doomed), state(server, lucky)) == ("Failed", "Queued")


def test_faults_strike_all_requests(server: Server) -> None:
    """Written as in a scenario file."""
    say(server, "faults", {"faults": [{"fault": "status", "code": 503, "operation": "backends"}]})
    assert ask(server, "GET", "/api/v1/backends")[0] == 503
    assert ask(server, "GET", "/api/v1/backends")[0] == 200


def test_a_backend_goes_offline(server: Server) -> None:
    """Its jobs stay in the queue."""
    say(server, "backends", {"name": "ibm_torino", "status": "offline", "queue_length": 120})
    job_id = submit(server)
    say(server, "clock", {"advance": "1h"})
    assert state(server, job_id) == "Queued"


def test_tokens_are_rejected(server: Server) -> None:
    """Until another one is given."""
    say(server, "tokens", {"reject": True})
    assert ask(server, "GET", "/api/v1/backends")[0] == 401
    say(server, "tokens", {"reject": False})
    assert ask(server, "GET", "/api/v1/backends")[0] == 200


def test_the_journal_is_read_as_json(server: Server) -> None:
    """What was asked and answered, of one job if asked, and nothing of the control endpoint itself."""
    job_id = submit(server)
    state(server, job_id)
    state(server, job_id)
    [entry] = ask(server, "GET", f"/_qrtest/journal?job={job_id}")[1]["entries"]
    assert (entry["operation"], entry["answer"], entry["times"]) == ("poll", "200 Queued", 2)
    every = ask(server, "GET", "/_qrtest/journal")[1]["entries"]
    assert [each["operation"] for each in every] == ["submit", "poll"]
    assert "Authorization" not in json.dumps(every)


def test_what_jobs_have_come_to_is_known(server: Server) -> None:
    """Whatever a client was answered."""
    job_id = submit(server)
    say(server, "clock", {"advance": "7s"})
    jobs = ask(server, "GET", "/_qrtest/jobs")[1]["jobs"]
    assert jobs == [{"id": job_id, "status": "DONE", "ended": 7.0}]


@pytest.mark.parametrize("clock", ["virtual", "60x", "real"])
def test_the_moment_at_which_a_server_begins_can_be_chosen(server: Server, clock: str) -> None:
    """Jobs are created in its calendar, and `now` is today: a client then finds those "since yesterday"."""

    def created() -> datetime:
        _, answer = ask(server, "GET", f"/api/v1/jobs/{submit(server)}")
        return datetime.fromisoformat(answer["created"])

    say(server, "reset", {"clock": clock, "starts": "2031-07-01T00:00Z"})
    assert timedelta(0) <= created() - datetime(2031, 7, 1, tzinfo=UTC) < timedelta(days=1)
    say(server, "reset", {"clock": clock, "starts": "now"})
    assert abs(created() - datetime.now(UTC)) < timedelta(days=1)


@pytest.mark.parametrize("starts", ["0001-01-02T00:00Z", "1969-12-31T00:00Z", "8999-01-01T00:00Z"])
def test_a_server_may_begin_at_any_time_of_the_calendar(server: Server, starts: str) -> None:
    """Ids have four bytes for the time, and begin anew there."""
    say(server, "reset", {"clock": "virtual", "starts": starts})
    ids = [submit(server), submit(server)]
    say(server, "clock", {"advance": "1h"})
    listed = ask(server, "GET", "/api/v1/jobs")[1]["jobs"]
    assert [job["id"] for job in listed] == ids[::-1]
    assert {job["created"][:10] for job in listed} == {starts[:10]}


def test_a_reset_forgets_everything(server: Server) -> None:
    """Jobs, journal, time, and what was chosen for jobs to come."""
    say(server, "next-job", {"script": "ERROR 1500"})
    job_id = submit(server, tags=["a"])
    say(server, "next-job", {"script": "ERROR 1500"})
    assert say(server, "reset", {"clock": "virtual", "latency": 0}) == {"now": 0.0}
    assert ask(server, "GET", f"/api/v1/jobs/{job_id}")[0] == 404
    assert state(server, submit(server)) == "Queued"


def test_the_same_seed_gives_the_same_ids(server: Server) -> None:
    """On a clock that only moves when asked to."""
    first = [submit(server) for _ in range(3)]
    server.reset(clock="virtual", latency=0)
    assert [submit(server) for _ in range(3)] == first


@pytest.mark.parametrize(
    ("path", "body", "hint"),
    [
        ("next-job", {"script": "QUEUED 5s; DNOE"}, "DONE"),
        ("next-job", {"scrip": "QUEUED 5s; DONE"}, "Did you mean 'script'?"),
        ("next-job", [], "list, not an object"),
        ("rules", {"share": 7}, "0 to 1"),
        ("clock", {"advance": "-1h"}, "cannot go backwards"),
        ("clock", {"advnace": "1h"}, "it takes 'advance'"),
        ("backends", {"status": "offline"}, "which backend?"),
        ("backends", {"name": "ibm_nowhere", "status": "offline"}, "ibm_torino"),
        ("faults", {"faults": [{"fault": "satus", "code": 503}]}, "Did you mean 'status'?"),
        ("tokens", {}, "it takes 'reject'"),
        ("reset", {"clock": "60"}, ""),
        ("reset", {"clock": "backwards"}, "'60x'"),
        ("reset", {"colour": "red"}, "There is no option 'colour'"),
    ],
)
def test_a_mistake_is_reported_with_what_to_write(
    server: Server, path: str, body: Any, hint: str
) -> None:
    """400, the request, and the remedy; the server goes on."""
    status, answer = ask(server, "POST", f"/_qrtest/{path}", body)
    if hint:
        assert status == 400
        assert hint in answer["error"]
    assert ask(server, "GET", "/_qrtest")[0] == 200


def test_an_unknown_path_of_the_endpoint_names_those_there_are(server: Server) -> None:
    """404, as no service would answer it."""
    status, answer = ask(server, "GET", "/_qrtest/nothing")
    assert status == 404
    assert "POST /_qrtest/next-job" in answer["error"]


def plainly(server: Server, method: str, path: str, **headers: str) -> tuple[int, Any]:
    """Return the answer to a request with these headers and no token."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, b"{}", {"Authorization": "Bearer any", **sent})
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def test_the_control_endpoint_asks_for_its_token(server: Server) -> None:
    """All but where it is; the token may be shown in two ways, and another one does not do."""
    assert plainly(server, "GET", "/_qrtest")[0] == 200
    assert "control_token" not in plainly(server, "GET", "/_qrtest")[1]
    for path in ("reset", "clock", "next-job", "faults", "nothing"):
        status, answer = plainly(server, "POST", f"/_qrtest/{path}", X_Qrtest_Token="another")
        assert status == 401
        assert "X-Qrtest-Token" in answer["error"]
    token = server.control_token
    assert plainly(server, "POST", "/_qrtest/reset", X_Qrtest_Token=token)[0] == 200
    assert plainly(server, "POST", "/_qrtest/reset", Authorization=f"Bearer {token}")[0] == 200


@pytest.mark.parametrize("path", ["/_qrtest", "/api/v1/jobs"])
def test_no_web_page_can_drive_it(server: Server, path: str) -> None:
    """A foreign Origin is refused, with the token too; one's own is not."""
    token = server.control_token
    for origin in ("https://example.org", "null", "http://127.0.0.1:1"):
        status, answer = plainly(server, "GET", path, Origin=origin, X_Qrtest_Token=token)
        assert status == 403
        assert "Origin" in answer["error"]
    assert plainly(server, "GET", path, Origin=server.url)[0] == 200


@pytest.mark.parametrize("path", ["/_qrtest", "/api/v1/jobs"])
def test_a_name_that_is_bound_to_this_machine_by_somebody_is_refused(
    server: Server, path: str
) -> None:
    """Names of this machine and addresses are answered, others only if they were allowed."""
    status, answer = plainly(server, "GET", path, Host="rebound.example.org")
    assert status == 403
    assert "--allow-host rebound.example.org" in answer["error"]
    for host in ("localhost", "127.0.0.1:80", "192.0.2.7", "[::1]:8765"):
        assert plainly(server, "GET", path, Host=host)[0] == 200
    with serve(allow_hosts=["build.example.org"]) as allowing:
        assert plainly(allowing, "GET", path, Host="build.example.org:80")[0] == 200


def test_the_token_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the environment, which the programs that a test starts have, too; or in Python."""
    monkeypatch.setenv("QRTEST_SERVER_TOKEN", "of the environment")
    assert serve().control_token == "of the environment"
    assert serve(token="given").control_token == "given"
    monkeypatch.delenv("QRTEST_SERVER_TOKEN")
    assert serve().control_token != serve().control_token


@pytest.mark.parametrize("place", ["rules", "backends", "clock", "tokens", "faults", "reset"])
def test_a_value_of_another_kind_is_named(server: Server, place: str) -> None:
    """400 with a reason, whatever the value."""
    odd = [None, True, -1, 1e308, "x", [], {}, [[]], {"a": 1}, "1h" * 1000, 10**30, [None]]
    names = {
        "rules": ["tags", "nth", "share", "backend", "program_id"],
        "backends": ["status", "queue_length", "gone", "reason"],
        "clock": ["advance"],
        "tokens": ["reject"],
        "faults": ["faults"],
        "reset": [
            "clock",
            "starts",
            "seed",
            "latency",
            "scenario",
            "faults",
            "backends",
            "limits",
            "x",
        ],
    }
    for name, value in itertools.product(names[place], odd):
        body = {"name": "ibm_torino", name: value} if place == "backends" else {name: value}
        status, answer = ask(server, "POST", f"/_qrtest/{place}", body)
        assert status in (200, 400), (body, answer)
        if status == 400:
            assert "not of the kind" not in answer["error"], (body, answer)


def test_a_reset_that_is_refused_changes_nothing(server: Server) -> None:
    """The jobs are there, and the clock goes on."""
    job_id = submit(server)
    clock = server.clock
    assert ask(server, "POST", "/_qrtest/reset", {"clock": "virtual", "latency": "x"})[0] == 400
    assert server.job_ids() == (job_id,)
    assert server.clock is clock


HALF_SENT = b"POST /api/v1/jobs HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 10**6


def until(is_so: Callable[[], bool]) -> None:
    """Wait, for seconds at most, until something is so in another thread."""
    for _ in range(2_000):
        if is_so():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never was so")


def test_a_half_sent_request_is_forgotten_with_its_connection(server: Server) -> None:
    """A connection that is gone holds nothing of what came by it, garbage collected or not."""
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    gc.disable()
    tracemalloc.start()
    try:
        with socket.create_connection(address) as raw:
            raw.sendall(HALF_SENT)
            until(lambda: tracemalloc.get_traced_memory()[0] > 10**6)
        until(lambda: tracemalloc.get_traced_memory()[0] < 10**6 / 2)
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_request_whose_rest_does_not_come_ends_the_connection(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute, or what stands for it here."""
    monkeypatch.setattr("qrtest.transport.http_connection.HALF_SENT_SECONDS", 0.05)
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=20) as raw:
        raw.sendall(HALF_SENT[:500])
        with suppress(ConnectionResetError):
            assert raw.recv(1) == b""


def test_running_out_of_descriptors_is_waited_for_in_silence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The loop tries again by itself; other mishaps are reported as ever."""
    from qrtest.transport.listening import handle_exception

    loop = asyncio.new_event_loop()
    handle_exception(loop, {"message": "accept", "exception": OSError(errno.EMFILE, "too many")})
    loop.close()
    assert capfd.readouterr() == ("", "")


@given(body=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_body_breaks_the_endpoint(one: Server, body: bytes) -> None:
    """Whatever is sent, the answer is JSON."""
    for place in ("next-job", "rules", "faults", "backends", "clock", "tokens"):
        connection = http.client.HTTPConnection(one.url.removeprefix("http://"), timeout=30)
        headers = {TOKEN_HEADER: one.control_token}
        connection.request("POST", f"/_qrtest/{place}", body, headers)
        response = connection.getresponse()
        assert response.status in (200, 400)
        json.loads(response.read())
        connection.close()


# --- time ----------------------------------------------------------------------------------------------


def test_accelerated_time_passes_by_itself(server: Server) -> None:
    """An hour of the job's life in a few thousandths of a second."""
    server.reset(clock="1000000x")
    job_id = submit(server, tags=["a"])
    while state(server, job_id) != "Completed":
        pass
    assert server.clock.now() >= 7


def test_real_time_can_be_moved_ahead(server: Server) -> None:
    """Nobody has to wait for a queue."""
    server.reset(clock="real")
    server.next_job("QUEUED 3h; DONE")
    job_id = submit(server)
    assert state(server, job_id) == "Queued"
    server.clock.advance("3h")
    assert state(server, job_id) == "Completed"


def test_a_slow_answer_takes_its_time_and_nobody_else_waits(server: Server) -> None:
    """The answer to the one comes after the answer to the other, although it was asked before."""
    server.reset(clock="real", faults=[faults.slow("700ms", on="backends")])
    order: list[str] = []

    def note(path: str) -> None:
        ask(server, "GET", path)
        order.append(path)

    slow = threading.Thread(target=note, args=("/api/v1/backends",))
    slow.start()
    while not server.journal.count("backends"):
        pass
    note("/api/v1/versions")
    slow.join()
    assert order == ["/api/v1/versions", "/api/v1/backends"]


def test_an_unknown_clock_is_refused() -> None:
    """With those there are."""
    with pytest.raises(ClockError, match="'60x'"), serve(clock="fast"):
        pass


# --- what it serves ---------------------------------------------------------------------------------


def test_a_scenario_governs_all_jobs(server: Server) -> None:
    """Faults on the submission included."""
    stuck = Scenario("QUEUED", faults=[faults.status(429, on="submit"), faults.drop(on="logs")])
    server.reset(scenario=stuck, clock="virtual")
    assert ask(server, "POST", "/api/v1/jobs", BELL)[0] == 429
    job_id = submit(server)
    say(server, "clock", {"advance": "1d"})
    assert state(server, job_id) == "Queued"
    with pytest.raises(ConnectionResetError):
        ask(server, "GET", f"/api/v1/jobs/{job_id}/logs")


def test_instances_and_limits_are_those_it_was_given(server: Server) -> None:
    """As in a simulation."""
    server.reset(instances=[Instance(name="mine", plan="open")], limits=Limits(tags=1))
    assert ask(server, "POST", "/api/v1/jobs", {**BELL, "tags": ["a", "b"]})[0] == 400


def test_interim_results_are_streamed(server: Server) -> None:
    """By a websocket on the same port: an acknowledgement, what appears, the result, the end."""
    server.reset(clock="10x")
    server.next_job(Script(running("1s", interim=["one", "two"]), done()), result='"the result"')
    url = server.url.replace("http", "ws")
    with connect(
        f"{url}/api/v1/stream/jobs/{submit(server)}", additional_headers=AUTHORIZED, proxy=None
    ) as stream:
        stream_messages = list(stream)
    assert [json.loads(each) for each in stream_messages[1:]] == ["one", "two", "the result"]


def test_a_thousand_jobs_at_once(server: Server) -> None:
    """Submitted by eight clients, each polled to its end by the client that submitted it."""
    server.reset(clock="virtual", latency=0)
    ended: list[str] = []

    def client() -> None:
        mine = [submit(server) for _ in range(125)]
        server.clock.advance("10s")
        ended.extend(state(server, job_id) for job_id in mine)

    clients = [threading.Thread(target=client) for _ in range(8)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert ended == ["Completed"] * 1000
    assert len(server.job_ids()) == 1000


def test_the_journal_keeps_the_last_entries(server: Server) -> None:
    """A server may run for weeks: what is kept is bounded, whatever is asked for."""
    for number in range(ENTRIES + 50):
        server.ask(request("GET", f"/api/v1/jobs/unknown-{number}"))
    assert len(server.journal) == ENTRIES
    assert len(server.journal._last) <= ENTRIES


def test_large_bodies_are_not_kept_in_the_journal(server: Server) -> None:
    """Only what was said about them."""
    server.next_job("DONE", result="x" * 100_000)
    job_id = submit(server)
    ask(server, "GET", f"/api/v1/jobs/{job_id}/results")
    *_, entry = server.journal
    assert (entry.answer, entry.response.body) == ("200 100,000 bytes", b"")


def request(method: str, path: str) -> Any:
    """Return a request with a token."""
    from qrtest.http.messages import Request

    return Request(method, "localhost", path, headers=AUTHORIZED)


# --- the port ------------------------------------------------------------------------------------------


def test_https_is_trusted_by_its_own_authority_only() -> None:
    """The same service on another port, with a certificate that was made for it."""
    with serve(https_port=0) as server:
        assert server.https_url is not None
        number = int(server.https_url.rpartition(":")[2])
        trusting = ssl.create_default_context(cadata=server.authority)
        connection = http.client.HTTPSConnection("localhost", number, context=trusting)
        connection.request("GET", "/api/v1/versions")
        assert connection.getresponse().status == 200
        connection.close()
        wary = http.client.HTTPSConnection(
            "localhost", number, context=ssl.create_default_context()
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            wary.request("GET", "/api/v1/versions")


def test_a_busy_port_is_a_clear_error(one: Server) -> None:
    """Which port, why, and what to do."""
    number = int(one.url.rpartition(":")[2])
    with pytest.raises(ServerError) as caught, serve(number):
        pass
    assert str(caught.value) == (
        f"Port {number} of 127.0.0.1 cannot be had: Address already in use. Take another one "
        f"(--port 0 is a free one), or end the program that has it (lsof -i :{number} shows which)."
    )


def test_a_number_that_is_no_port_is_a_clear_error() -> None:
    """As those that the system refuses."""
    with pytest.raises(ServerError, match="There is no port 70000: ports are"), serve(70_000):
        pass


def test_it_listens_to_this_machine_only_by_default() -> None:
    """Loopback is the default, any other interface a decision."""
    with serve() as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
    with serve(host="0.0.0.0") as server:
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))):
            pass


def test_nothing_is_left_when_it_is_over() -> None:
    """No thread, no listening socket, and no address any more."""
    before = threading.active_count()
    with serve(https_port=0) as server:
        number = int(server.url.rpartition(":")[2])
        submit(server)
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", number))


def test_a_server_that_has_not_begun_has_no_address() -> None:
    """The error says how it begins."""
    with pytest.raises(SimulationError, match=r"with qrtest\.serve\(\) as server:"):
        print(serve().url)


def test_jobs_that_fail_to_be_computed_fail(server: Server) -> None:
    """Computed while the job is in the queue, and nobody waits for it; what cannot be, is reported."""
    server.reset(clock="1000x")
    server.next_job("QUEUED 5s; RUNNING 2s; DONE", result="computed")
    job_id = submit(server)
    while server.truth(job_id).step.status != "ERROR":
        pass
    shown = ask(server, "GET", f"/api/v1/jobs/{job_id}")[1]["state"]
    assert shown["reason_code"] == 1603, shown


def test_inputs_of_a_computed_job_are_checked_as_those_of_others_are(server: Server) -> None:
    """It waits for its result with a script of its own; the checks are of the one that follows."""
    server.reset(clock="1000x")
    server.next_job("QUEUED 5s; RUNNING 2s; DONE", result="computed")
    options = {"execution": {"rep_delay": 0.9}}
    body = {"program_id": "sampler", "backend": "ibm_torino"}
    pub = ["OPENQASM 3.0; bit[1] c; c[0] = measure $0;", None, 5]
    params = {"pubs": [pub], "options": options, "version": 2}
    job_id = ask(server, "POST", "/api/v1/jobs", body | {"params": params})[1]["id"]
    while not server.truth(job_id).step.is_final:
        pass
    assert ask(server, "GET", f"/api/v1/jobs/{job_id}")[1]["state"]["reason_code"] == 6050


def test_a_scenario_may_be_a_script(server: Server) -> None:
    """As everywhere."""
    server.next_job(Script.parse("ERROR 1500"))
    assert state(server, submit(server)) == "Failed"


# --- streams ----------------------------------------------------------------------------------------


def stream(server: Server, job_id: str) -> Iterator[str]:
    """Return what the websocket of a job says, to the end."""
    address = server.url.replace("http", "ws")
    return received(f"{address}/api/v1/stream/jobs/{job_id}", AUTHORIZED, threading.Event())


def test_a_job_streams_by_a_websocket_on_the_same_port(server: Server) -> None:
    """An acknowledgement, the interim results, the result, and the end."""
    server.next_job(Script(running(30, interim=[1, 2]), done()), result="the result")
    _, made = ask(server, "POST", "/api/v1/jobs", BELL)
    assert list(stream(server, made["id"])) == ["ACK", "1", "2", "the result"]


def test_a_handshake_is_refused_as_any_request_is(server: Server) -> None:
    """With the status of the answer."""
    with pytest.raises(StreamBroken, match="404"):
        list(stream(server, "no-such-job"))


def test_a_stream_is_no_plain_http(server: Server) -> None:
    """A request for it is answered so."""
    _, made = ask(server, "POST", "/api/v1/jobs", BELL)
    status, _ = ask(server, "GET", f"/api/v1/stream/jobs/{made['id']}")
    assert status == 426
