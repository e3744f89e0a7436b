"""The documented surface: the constructor, and the members that later releases have dropped.

On releases that have a member, the genuine one runs here; on the others, qrtest's. The same tests hold.
"""

from __future__ import annotations

import inspect
import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit_ibm_runtime import RuntimeJobV2
from qiskit_ibm_runtime.exceptions import RuntimeInvalidStateError

import qrtest
from qrtest import Script, Simulation, cancelled, done, faults, queued, running, serve, simulate
from qrtest.client import releases
from qrtest.client import runtime_service as services
from qrtest.errors import RemovedFromClientWarning, SimulationError
from qrtest.http.messages import Request, Response
from qrtest.service.instances import CRN

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:.*(deprecated|was removed from RuntimeJobV2):DeprecationWarning"
    ),
    # The websocket client of the releases that have one leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

LONGEST_SECONDS = 30
INTERIM = [{"i": 1}, {"i": 2}]
SCRIPT = Script(queued(5), running(30, interim=INTERIM), done())
RESULT = '{"the": "result"}'
PARAMETERS = releases.client_parameters(token="t", url="https://cloud.ibm.com", instance=CRN)
EVERYTHING = [*INTERIM, {"the": "result"}]


@pytest.fixture(params=["direct", "requests", "sockets"])
def sim(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    """A simulation, by each transport."""
    with simulate(transport=request.param) as simulation:
        yield simulation


class Calls:
    """A callback that can be waited for."""

    def __init__(self) -> None:
        self._calls: queue.Queue[tuple[str, Any]] = queue.Queue()

    def __call__(self, job_id: str, result: Any) -> None:
        self._calls.put((job_id, result))

    def results(self, count: int) -> list[Any]:
        """Return the results of the next *count* calls."""
        return [self._calls.get(timeout=LONGEST_SECONDS)[1] for _ in range(count)]

    def so_far(self) -> list[Any]:
        """Return the results of the calls that there were."""
        return [self._calls.get_nowait()[1] for _ in range(self._calls.qsize())]


def ended(job: Any) -> bool:
    """Wait for the end of the job's stream, and of the thread that calls back.

    In the genuine client that one comes after the stream, and takes what a next stream has sent by then.
    """
    job._ws_client_future.result(timeout=LONGEST_SECONDS)
    time.sleep(0.01)
    return True


def connected(sim: Simulation) -> None:
    """Wait for the stream's connection: the genuine client forgets what is asked of it before."""
    for _ in range(100 * LONGEST_SECONDS):
        if sim.journal.count("stream"):
            return
        threading.Event().wait(0.01)
    raise AssertionError("the stream has not connected")


def decoder(word: str) -> Any:
    """Return a decoder that says *word* and what it got."""

    class Decoder(releases.result_decoder()):  # type: ignore[misc]
        @classmethod
        def decode(cls, data: str) -> Any:
            return f"{word} {data}"

    return Decoder


# --- the stream -------------------------------------------------------------------------------------


def test_interim_results_come_in_order_and_the_result_last(sim: Simulation) -> None:
    """Each when it appears in the life of the job: nobody else moves the clock here."""
    job, calls = sim.job(SCRIPT, result=RESULT), Calls()
    job.stream_results(calls)
    assert calls.results(3) == EVERYTHING
    assert ended(job)
    assert sim.clock.now() == pytest.approx(35, abs=0.2)


def test_a_callback_gets_the_job_id_in_another_thread(sim: Simulation) -> None:
    """The caller goes on at once."""
    job, seen = sim.job(SCRIPT), queue.Queue[Any]()
    job.stream_results(lambda job_id, _: seen.put((job_id, threading.get_ident())))
    assert seen.get(timeout=LONGEST_SECONDS)[0] == job.job_id()
    assert seen.get(timeout=LONGEST_SECONDS)[1] != threading.get_ident()


def test_a_stream_goes_by_the_time_of_the_code_under_test(sim: Simulation) -> None:
    """Waiting for the result moves the clock; the stream does not."""
    job, calls = sim.job(SCRIPT, result=RESULT, program_id="mine"), Calls()
    job.stream_results(calls)
    assert job.result() == {"the": "result"}
    assert sim.clock.now() == pytest.approx(35, abs=1)
    assert calls.results(3) == EVERYTHING
    assert ended(job)


def test_an_exception_in_a_callback_is_logged(
    sim: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    """Under the name of the client's own module; the next results come all the same."""
    job, calls = sim.job(SCRIPT, result=RESULT), Calls()

    def callback(job_id: str, result: Any) -> None:
        calls(job_id, result)
        raise ValueError("what a bad callback")

    with caplog.at_level(logging.WARNING, "qiskit_ibm_runtime.base_runtime_job"):
        job.stream_results(callback)
        assert calls.results(3) == EVERYTHING
        ended(job)
    assert "what a bad callback" in caplog.text
    assert f"streaming results for job {job.job_id()}" in caplog.text


def test_a_job_streams_to_one_callback_at_a_time(sim: Simulation) -> None:
    """A second one is refused, until the first stream has ended."""
    job, calls = sim.job(SCRIPT, result=RESULT), Calls()
    job.stream_results(calls)
    with pytest.raises(RuntimeInvalidStateError, match="already streaming"):
        job.stream_results(calls)
    assert calls.results(3) == EVERYTHING
    ended(job)
    job.stream_results(calls)
    assert calls.results(3) == EVERYTHING


def test_a_job_that_is_known_to_have_ended_streams_no_more(sim: Simulation) -> None:
    """The service would say it all again; the client refuses."""
    job = sim.job("DONE")
    assert job.done()
    with pytest.raises(RuntimeInvalidStateError, match="already finished"):
        job.stream_results(print)


def test_cancelling_the_stream_ends_it(sim: Simulation) -> None:
    """What was to come is not delivered; the job goes on."""
    job, calls = sim.job(SCRIPT, result=RESULT), Calls()
    job.stream_results(calls)
    connected(sim)
    job.cancel_result_streaming()
    ended(job)
    job.cancel_result_streaming()
    job.wait_for_final_state()
    assert (calls.so_far(), job.status()) == ([], "DONE")


def test_cancelling_the_job_ends_its_stream(sim: Simulation) -> None:
    """Even when the service takes no notice of the cancel."""
    job, calls = sim.job(SCRIPT, result=RESULT, cancel_takes_effect=False), Calls()
    job.stream_results(calls)
    connected(sim)
    job.cancel()
    ended(job)
    sim.clock.advance("1h")
    assert calls.so_far() == []


def test_a_job_that_does_not_complete_streams_no_result(sim: Simulation) -> None:
    """What appeared before it ended, and then the end."""
    job, calls = sim.job(Script(running(9, interim=INTERIM), cancelled())), Calls()
    job.stream_results(calls)
    ended(job)
    assert calls.results(2) == INTERIM
    assert calls.so_far() == []


def test_what_is_due_is_delivered_before_the_simulation_ends() -> None:
    """A test that looks afterwards sees all of it, and nothing that was still to come."""
    with simulate() as sim:
        job, calls = sim.job(SCRIPT), Calls()
        job.stream_results(calls)
        sim.clock.advance(16)
    assert calls.results(1) == INTERIM[:1]
    assert calls.so_far() == []


# --- a connection that breaks -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        faults.break_stream(1011),
        faults.break_stream(),
        faults.drop(on="stream", times=2),
        faults.status(401, on="stream", times=5),
        faults.html(on="stream"),
        faults.hang("1s", on="stream"),
    ],
    ids=repr,
)
def test_a_stream_that_breaks_is_taken_up_again(sim: Simulation, fault: faults.Fault) -> None:
    """Closed with 1011, reset, refused at the handshake: after a back-off comes a new connection."""
    job, calls = sim.job(SCRIPT, result=RESULT, faults=[fault]), Calls()
    job.stream_results(calls)
    assert calls.results(3) == EVERYTHING
    assert ended(job)
    assert sim.journal.count("stream") == 1 + (fault.times or 0)


def test_what_came_before_a_stream_broke_comes_again(sim: Simulation) -> None:
    """A new connection begins at the beginning, so a consumer sees duplicates."""
    plan = [faults.break_stream(messages=2), faults.break_stream(1011, messages=1, after=1)]
    job, calls = sim.job(SCRIPT, result=RESULT, faults=plan), Calls()
    job.stream_results(calls)
    assert calls.results(6) == [*INTERIM, INTERIM[0], *EVERYTHING]
    assert ended(job)


def test_a_stream_that_never_comes_is_given_up(sim: Simulation) -> None:
    """After six connections and 23.5 seconds, silently."""
    job, calls = sim.job(SCRIPT, faults=[faults.drop(on="stream", times=None)]), Calls()
    job.stream_results(calls)
    ended(job)
    assert sim.journal.count("stream") == 6
    assert sim.clock.now() == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 8, abs=0.5)
    assert calls.so_far() == []


# --- decoders ---------------------------------------------------------------------------------------


def test_a_stream_is_decoded_by_the_decoder_of_the_call(sim: Simulation) -> None:
    """Interim results and the final one."""
    job, calls = sim.job(SCRIPT, result=RESULT), Calls()
    job.stream_results(calls, decoder=decoder("call"))
    assert calls.results(3) == ['call {"i": 1}', 'call {"i": 2}', f"call {RESULT}"]
    assert ended(job)


def test_one_decoder_decodes_everything(sim: Simulation) -> None:
    """The stream, the interim results and the result."""
    job, calls = sim.job(SCRIPT, result=RESULT, result_decoder=decoder("job")), Calls()
    job.stream_results(calls)
    assert calls.results(1) == ['job {"i": 1}']
    assert job.result() == f"job {RESULT}"
    assert job.interim_results().startswith("job [")
    assert ended(job)


def test_of_two_decoders_the_first_decodes_interim_results(sim: Simulation) -> None:
    """And the second the result, whatever later releases make of a sequence."""
    both = (decoder("interim"), decoder("final"))
    job, calls = sim.job(SCRIPT, result=RESULT, result_decoder=both), Calls()
    job.stream_results(calls)
    assert calls.results(3)[2] == f"interim {RESULT}"
    assert ended(job)
    assert job.interim_results().startswith("interim [")
    if releases.version_text() < "0.32" or releases.chains_decoders():
        assert job.result() == f"final {RESULT}"


# --- interim results --------------------------------------------------------------------------------


def test_interim_results_are_those_so_far_the_newest_first(sim: Simulation) -> None:
    """Each a text of JSON, as the service keeps them."""
    job = sim.job(SCRIPT)
    assert job.interim_results() == []
    sim.clock.advance(16)
    assert job.interim_results() == ['{"i": 1}']
    sim.clock.advance("1h")
    assert job.interim_results() == ['{"i": 2}', '{"i": 1}']


def test_interim_results_of_a_job_that_has_ended_are_fetched_once(sim: Simulation) -> None:
    """Even if another decoder is asked for."""
    job = sim.job("RUNNING 1s; DONE")
    job.interim_results()
    assert sim.journal.count("interim_results") == 1
    sim.clock.advance("1h")
    first = job.interim_results()
    assert job.interim_results(decoder=decoder("other")) is first
    assert sim.journal.count("interim_results") == 2


def test_interim_results_take_a_decoder(sim: Simulation) -> None:
    """For this call."""
    assert sim.job("RUNNING").interim_results(decoder=decoder("call")) == "call []"


# --- the constructor --------------------------------------------------------------------------------

THIRTEEN = [
    "backend",
    "api_client",
    "client_params",
    "job_id",
    "program_id",
    "service",
    "creation_date",
    "user_callback",
    "result_decoder",
    "image",
    "session_id",
    "tags",
    "version",
]


def test_the_constructor_has_the_thirteen_documented_arguments() -> None:
    """In their order; what later releases added can only be named."""
    parameters = inspect.signature(qrtest.RuntimeJobV2).parameters.values()
    assert [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY] == THIRTEEN


def test_the_constructor_takes_all_arguments_by_position(sim: Simulation) -> None:
    """Each ends where it belongs."""
    job_id = sim.job(SCRIPT, result=RESULT).job_id()
    backend, service, calls = sim.service().backend("ibm_torino"), sim.service(), Calls()
    both = (decoder("interim"), decoder("final"))
    created = "2026-01-01T12:00:00Z"
    job = qrtest.RuntimeJobV2(
        *(backend, sim.api_client, None, job_id, "sampler", service, created),
        *(calls, both, "image:1", "session", ["tag"], 2),
    )
    assert isinstance(job, RuntimeJobV2)
    assert (job.job_id(), job.primitive_id, job.backend()) == (job_id, "sampler", backend)
    assert (job.image, job.session_id, job.tags) == ("image:1", "session", ["tag"])
    assert job.creation_date is not None
    assert job.creation_date.timestamp() == 1767268800
    assert calls.results(1) == ['interim {"i": 1}']


def test_the_constructor_takes_all_arguments_by_name(sim: Simulation) -> None:
    """`client_params` and `user_callback` included."""
    calls = Calls()
    job = qrtest.RuntimeJobV2(
        backend=None,
        api_client=sim,
        client_params=PARAMETERS,
        job_id=sim.job(SCRIPT, result=RESULT).job_id(),
        program_id="sampler",
        service=sim.service(),
        creation_date=None,
        user_callback=calls,
        result_decoder=decoder("one"),
        image="",
        session_id=None,
        tags=None,
        version=None,
    )
    assert calls.results(1) == ['one {"i": 1}']
    assert job.backend().name == "ibm_torino"


def test_an_argument_that_is_missing_is_named() -> None:
    """As Python does."""
    with pytest.raises(TypeError, match="job_id"):
        qrtest.RuntimeJobV2(None, None, None)


class OneAnswer:
    """A service that is asked by nothing but `handle`."""

    def handle(self, request: Request) -> Response:
        """Answer that it is done, whatever it is."""
        return Response(
            200, b'{"state": {"status": "Completed"}}', {"Content-Type": "application/json"}
        )


def test_any_service_can_be_the_api_client(sim: Simulation) -> None:
    """The simulation, its client, its journal, or a service of your own."""
    job_id = sim.job("QUEUED").job_id()
    for api_client in (sim, sim.api_client, sim.journal):
        assert (
            qrtest.RuntimeJobV2(None, api_client, None, job_id, "sampler", None).status()
            == "QUEUED"
        )
    assert qrtest.RuntimeJobV2(None, OneAnswer(), None, "j", "sampler", None).status() == "DONE"


def test_a_job_that_the_service_gives_has_the_surface_too(sim: Simulation) -> None:
    """By its id and from the list: it is the same double as that of the simulation."""
    double, service, calls = sim.job(SCRIPT, result=RESULT), sim.service(), Calls()
    [listed], job = service.jobs(), service.job(double.job_id())
    assert type(listed) is type(job) is type(double) is qrtest.RuntimeJobV2
    assert (job.program_id, job.backend().name) == ("sampler", "ibm_torino")
    job.stream_results(calls)
    assert calls.results(3) == EVERYTHING
    assert ended(job)
    assert job.interim_results() == double.interim_results()


@pytest.fixture(params=["ws", "wss"])
def connected_service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A service on a server, and what the job that it submits next will come to: by each protocol."""
    with serve(https_port=0, clock="1000x") as server:
        server.next_job(SCRIPT, result=RESULT)
        if request.param == "ws":
            yield qrtest.connect(server.url)
        else:
            authority = tmp_path / "authority.pem"
            authority.write_text(str(server.authority))
            yield qrtest.connect(str(server.https_url), authority=str(authority))


def test_a_job_of_a_connected_service_streams_by_a_websocket(
    connected_service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Genuine code receives it where the release has any; no proxy of the environment is asked."""
    monkeypatch.setenv("NO_PROXY", "example.com")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    asked = {"program_id": "sampler", "backend": "ibm_torino", "params": {"version": 2}}
    submitted = services.clients(connected_service)[0]._session.post("/jobs", json=asked).json()
    job, calls = connected_service.job(submitted["id"]), Calls()
    assert type(job) is qrtest.RuntimeJobV2
    assert job.program_id == "sampler"
    job.stream_results(calls)
    assert calls.results(3) == EVERYTHING
    assert ended(job)
    assert job.interim_results() == [json.dumps(each) for each in reversed(INTERIM)]


def test_a_client_of_no_simulation_has_nothing_to_stream_from() -> None:
    """Said where it is called."""
    if releases.streams():
        pytest.skip("the genuine client streams by itself")
    job = qrtest.RuntimeJobV2(None, releases.client_class()(PARAMETERS), None, "j", "sampler", None)
    with pytest.raises(SimulationError, match="nothing to stream from"):
        job.stream_results(print)


# --- what was dropped -------------------------------------------------------------------------------

USES = {
    "program_id": lambda job: job.program_id,
    "interim_results": lambda job: job.interim_results(),
    "stream_results": lambda job: job.stream_results(print),
    "cancel_result_streaming": lambda job: job.cancel_result_streaming(),
}


@pytest.mark.parametrize("member", USES)
def test_a_member_that_was_dropped_warns_and_names_the_release(member: str) -> None:
    """The client's own deprecation where it is still there (where it has one), ours where it is not."""
    since = releases.dropped(member)
    with simulate() as sim:
        job = sim.job("QUEUED")
        if since is None:
            assert hasattr(RuntimeJobV2, member)
            return
        with pytest.warns(
            RemovedFromClientWarning, match=f"{member}.* removed .* {since}, and"
        ) as seen:
            USES[member](job)
    assert [warning.filename for warning in seen] == [__file__]


@pytest.mark.parametrize("member", ["program_id", "stream_results", "interim_results"])
def test_what_is_declared_as_dropped_is(member: str) -> None:
    """And what is not, is there."""
    assert hasattr(RuntimeJobV2, member) == (releases.dropped(member) is None)


@pytest.mark.parametrize("argument", ["client_params", "user_callback"])
def test_an_argument_that_is_declared_as_dropped_is(argument: str) -> None:
    """Of the constructor."""
    taken = releases.job_arguments(RuntimeJobV2, {argument: None})
    assert bool(taken) == (releases.dropped(argument) is None)


def test_program_id_is_the_program() -> None:
    """The old name of primitive_id."""
    with simulate() as sim:
        assert sim.job(program_id="estimator").program_id == "estimator"


def test_the_surface_can_be_that_of_the_installed_release(pytester: pytest.Pytester) -> None:
    """What was dropped is no more, for hasattr, too, and the constructor is the installed one."""
    pytester.makeini("[pytest]\nqrtest_surface = installed\n")
    pytester.makepyfile(
        """
        import inspect
        import pytest, qrtest
        from qiskit_ibm_runtime import RuntimeJobV2
        from tests.client.test_removed_members import PARAMETERS

        @pytest.mark.parametrize("name", ["program_id", "interim_results", "stream_results",
                                          "cancel_result_streaming", "status"])
        def test_it(runtime_job, name):
            job = runtime_job("QUEUED")
            assert hasattr(job, name) == hasattr(RuntimeJobV2, name)
            assert hasattr(qrtest.RuntimeJobV2, name) == hasattr(RuntimeJobV2, name)
            if not hasattr(job, name):
                with pytest.raises(AttributeError, match=f"'RuntimeJobV2' object has no attribute '{name}'"):
                    getattr(job, name)

        def test_constructor(runtime_simulation):
            sim = runtime_simulation
            wanted = dict(backend=None, api_client=sim.api_client, client_params=PARAMETERS,
                          job_id="j", program_id="sampler", service=None)
            takes = inspect.signature(RuntimeJobV2).parameters
            qrtest.RuntimeJobV2(**{name: value for name, value in wanted.items() if name in takes})
            if "client_params" not in takes:
                with pytest.raises(TypeError, match="client_params"):
                    qrtest.RuntimeJobV2(**wanted)
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=6)


def test_a_surface_that_does_not_exist_is_refused(pytester: pytest.Pytester) -> None:
    """Before any test runs."""
    pytester.makeini("[pytest]\nqrtest_surface = whole\n")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*qrtest_surface = whole: there are 'documented', 'installed'.*"])
