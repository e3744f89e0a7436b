"""The documented surface of RuntimeJobV2, member by member, as its documentation describes it.

Attributes, then methods, in alphabetical order: what each gives, when it gives None, what it raises.
All of it holds on every release that qrtest supports. What was dropped from the client, and how a
stream behaves, is tested in test_documented.py.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from qiskit.primitives import PrimitiveResult
from qiskit_ibm_runtime import IBMBackend
from qiskit_ibm_runtime.exceptions import (
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobTimeoutError,
)

import qrtest
from qrtest import Script, Simulation, done, faults, running, simulate
from qrtest.client import releases
from qrtest.http.messages import Request, Response

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(deprecated|was removed from RuntimeJobV2):DeprecationWarning"
)

ATTRIBUTES = [
    "ERROR",
    "JOB_FINAL_STATES",
    "creation_date",
    "image",
    "inputs",
    "instance",
    "primitive_id",
    "program_id",
    "session_id",
    "tags",
    "usage_estimation",
]
METHODS = [
    "backend",
    "cancel",
    "cancel_result_streaming",
    "cancelled",
    "done",
    "error_message",
    "errored",
    "in_final_state",
    "interim_results",
    "job_id",
    "logs",
    "metrics",
    "properties",
    "result",
    "running",
    "status",
    "stream_results",
    "update_tags",
    "wait_for_final_state",
]


@pytest.fixture
def sim() -> Iterator[Simulation]:
    """A simulation below HTTP; that the transports agree is tested elsewhere."""
    with simulate() as simulation:
        yield simulation


class Answers:
    """A service that answers everything alike."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def handle(self, request: Request) -> Response:
        """Return the body, as JSON."""
        return Response(200, self._body, {"Content-Type": "application/json"})


def bare_job(body: bytes) -> qrtest.RuntimeJobV2:
    """Return a job that knows its id and its program only, of a service that says *body*."""
    return qrtest.RuntimeJobV2(None, Answers(body), None, "a-job", "sampler", None)


@pytest.mark.parametrize("member", [*ATTRIBUTES, *METHODS])
def test_every_documented_member_is_there(sim: Simulation, member: str) -> None:
    """On every double, and described below."""
    assert hasattr(sim.job(), member)
    assert any(name.startswith(f"test_{member.lower()}_") for name in globals())


# --- attributes -------------------------------------------------------------------------------------


def test_error_is_the_status_of_a_job_that_failed(sim: Simulation) -> None:
    """A text."""
    job = sim.job("RUNNING 1s; ERROR 1500")
    job.wait_for_final_state()
    assert job.status() == job.ERROR == "ERROR"


def test_job_final_states_are_those_that_a_job_ends_in(sim: Simulation) -> None:
    """A tuple of three."""
    job = sim.job()
    assert sorted(job.JOB_FINAL_STATES) == ["CANCELLED", "DONE", "ERROR"]
    job.wait_for_final_state()
    assert job.status() in job.JOB_FINAL_STATES


def test_creation_date_is_a_time_in_the_local_zone(sim: Simulation) -> None:
    """When the job was made."""
    sim.clock.advance("90m")
    created = sim.job().creation_date
    assert isinstance(created, datetime)
    assert created.utcoffset() == created.astimezone().utcoffset()
    assert created.astimezone(UTC) == datetime(2026, 1, 1, 1, 30, tzinfo=UTC)


def test_creation_date_is_asked_for_if_it_is_not_known(sim: Simulation) -> None:
    """Once; the job remembers."""
    job = qrtest.RuntimeJobV2(None, sim, None, sim.job().job_id(), "sampler", None)
    assert job.creation_date == job.creation_date
    assert job.creation_date is not None
    assert sim.journal.count("poll") == 1


def test_creation_date_is_none_if_the_service_does_not_say() -> None:
    """No exception."""
    assert bare_job(b'{"id": "a-job"}').creation_date is None


def test_image_is_the_one_the_job_runs_on(sim: Simulation) -> None:
    """An empty text is the usual one."""
    assert sim.job(image="runtime:1.2").image == "runtime:1.2"
    assert sim.job().image == ""


def test_inputs_are_the_parameters_of_the_job(sim: Simulation) -> None:
    """A dictionary, decoded; empty if the service gives none."""
    assert sim.job(params={"shots": 1024, "moment": 1 + 2j}).inputs == {
        "shots": 1024,
        "moment": 1 + 2j,
    }
    assert bare_job(b'{"id": "a-job"}').inputs == {}


def test_instance_is_that_of_the_backend(sim: Simulation) -> None:
    """A CRN; None in releases whose backends know only hub, group and project."""
    job = sim.job()
    assert job.instance == job.backend()._instance
    assert job.instance is None or job.instance.startswith("crn:")


def test_primitive_id_is_the_program(sim: Simulation) -> None:
    """Sampler or estimator, mostly."""
    assert sim.job(program_id="estimator").primitive_id == "estimator"


def test_program_id_is_the_same(sim: Simulation) -> None:
    """Under its old name."""
    assert sim.job(program_id="estimator").program_id == "estimator"


def test_session_id_is_the_session_the_job_belongs_to(sim: Simulation) -> None:
    """Given, or asked for."""
    job = sim.job(session_id="a-session")
    assert job.session_id == "a-session"
    again = qrtest.RuntimeJobV2(None, sim, None, job.job_id(), "sampler", None)
    assert again.session_id == "a-session"


def test_session_id_is_none_without_a_session(sim: Simulation) -> None:
    """For a job on its own."""
    assert sim.job().session_id is None


def test_tags_are_those_given(sim: Simulation) -> None:
    """A list; None if the job was made without any."""
    assert sim.job(tags=["a", "b"]).tags == ["a", "b"]
    assert sim.job().tags == []
    assert bare_job(b"{}").tags is None


def test_usage_estimation_is_what_the_service_estimates(sim: Simulation) -> None:
    """Seconds on the device, None if it does not say."""
    assert sim.job(usage_estimation=12.5).usage_estimation == {"quantum_seconds": 12.5}
    assert bare_job(b'{"id": "a-job"}').usage_estimation == {"quantum_seconds": None}


# --- methods ----------------------------------------------------------------------------------------


def test_backend_is_the_one_the_job_runs_on(sim: Simulation) -> None:
    """A genuine backend, at once."""
    backend = sim.job(backend="ibm_brisbane").backend()
    assert isinstance(backend, IBMBackend)
    assert backend.name == "ibm_brisbane"
    assert sim.clock.now() < 1


def test_backend_is_looked_up_when_the_job_has_ended(sim: Simulation) -> None:
    """If it is not known."""
    backend = sim.job("RUNNING 20s; DONE", backend=None).backend()
    assert backend is not None
    assert backend.name == "ibm_torino"
    assert sim.clock.now() >= 20


def test_backend_waits_no_longer_than_its_timeout(sim: Simulation) -> None:
    """For the job to end."""
    with pytest.raises(RuntimeJobTimeoutError, match="after 5 secs"):
        sim.job("RUNNING", backend=None).backend(timeout=5)


def test_backend_cannot_be_had_over_a_broken_network(sim: Simulation) -> None:
    """Said as the client says it."""
    job = sim.job("DONE", backend=None, faults=[faults.status(404, on="poll", after=1)])
    with pytest.raises(IBMRuntimeError, match="Failed to get job backend"):
        job.backend()


def test_cancel_cancels_the_job(sim: Simulation) -> None:
    """And returns nothing."""
    job = sim.job("QUEUED")
    job.cancel()
    assert job.status() == "CANCELLED"


def test_cancel_is_refused_for_a_job_that_has_ended(sim: Simulation) -> None:
    """It is in a state that cannot be cancelled."""
    with pytest.raises(RuntimeInvalidStateError, match="cannot be cancelled"):
        sim.job("DONE").cancel()


def test_cancel_raises_if_it_fails(sim: Simulation) -> None:
    """Any other answer."""
    job = sim.job("QUEUED", faults=[faults.status(403, on="cancel")])
    with pytest.raises(IBMRuntimeError, match="Failed to cancel job"):
        job.cancel()


def test_cancel_result_streaming_does_nothing_without_a_stream(sim: Simulation) -> None:
    """No exception."""
    sim.job("QUEUED").cancel_result_streaming()
    assert len(sim.journal) == 0


SCRIPTS = ("QUEUED", "RUNNING", "DONE", "ERROR 1500", "CANCELLED")


def scripts_for_which(sim: Simulation, question: str) -> list[str]:
    """Return the scripts whose job answers *question* with True; with False, all the others do."""
    answers = {script: getattr(sim.job(script), question)() for script in SCRIPTS}
    assert set(answers.values()) == {True, False}
    return [script for script, answer in answers.items() if answer]


def test_cancelled_asks_whether_it_was_cancelled(sim: Simulation) -> None:
    """True or False."""
    assert scripts_for_which(sim, "cancelled") == ["CANCELLED"]


def test_done_asks_whether_it_completed(sim: Simulation) -> None:
    """True or False."""
    assert scripts_for_which(sim, "done") == ["DONE"]


def test_error_message_is_the_reason_for_which_a_job_failed(sim: Simulation) -> None:
    """With the service's code, in a sentence of the client's."""
    message = sim.job('RUNNING 0s; ERROR 1517 "The instruction h is not supported"').error_message()
    assert isinstance(message, str)
    assert message.endswith("has failed:\nError code 1517; The instruction h is not supported")


def test_error_message_is_none_unless_the_job_failed(sim: Simulation) -> None:
    """Whatever else it is."""
    assert [sim.job(script).error_message() for script in ("QUEUED", "RUNNING", "DONE")] == [
        None
    ] * 3


def test_errored_asks_whether_it_failed(sim: Simulation) -> None:
    """True or False; a job that ran too long failed, too."""
    assert scripts_for_which(sim, "errored") == ["ERROR 1500"]
    assert sim.job("ERROR 1305").errored()


def test_in_final_state_asks_whether_it_is_over(sim: Simulation) -> None:
    """True or False."""
    assert scripts_for_which(sim, "in_final_state") == ["DONE", "ERROR 1500", "CANCELLED"]


def test_interim_results_are_those_that_have_appeared(sim: Simulation) -> None:
    """The newest first, each a text."""
    job = sim.job(Script(running(30, interim=[1, 2]), done()))
    sim.clock.advance(21)
    assert job.interim_results() == ["2", "1"]


def test_job_id_is_the_id_of_the_job(sim: Simulation) -> None:
    """The service's."""
    assert sim.job(job_id="d5h6o44pe0pc73am1f1g").job_id() == "d5h6o44pe0pc73am1f1g"


def test_logs_are_a_text(sim: Simulation) -> None:
    """Of a job that has ended."""
    assert sim.job("DONE", logs="it ran\n").logs() == "it ran\n"


def test_logs_are_empty_before_the_end(sim: Simulation, caplog: pytest.LogCaptureFixture) -> None:
    """With a warning in the client's log."""
    assert sim.job("RUNNING", logs="it ran").logs() == ""
    assert "only available after the job finishes" in caplog.text


def test_logs_raise_if_they_cannot_be_had(sim: Simulation) -> None:
    """Anything but not found."""
    job = sim.job("DONE", faults=[faults.status(403, on="logs")])
    with pytest.raises(IBMRuntimeError, match="Failed to get job logs"):
        job.logs()


def test_metrics_are_a_dictionary_with_times(sim: Simulation) -> None:
    """In UTC; what has not happened is left out."""
    job = sim.job("QUEUED 5s; RUNNING 2s; DONE")
    assert job.metrics()["timestamps"] == {"created": "2026-01-01T00:00:00Z"}
    sim.clock.advance("1h")
    assert job.metrics()["timestamps"] == {
        "created": "2026-01-01T00:00:00Z",
        "running": "2026-01-01T00:00:05Z",
        "finished": "2026-01-01T00:00:07Z",
    }


def test_metrics_raise_if_they_cannot_be_had(sim: Simulation) -> None:
    """As the client says it."""
    job = sim.job(faults=[faults.status(404, on="metrics")])
    with pytest.raises(IBMRuntimeError, match="Failed to get job metadata"):
        job.metrics()


@pytest.mark.parametrize("refresh", [False, True])
def test_properties_are_those_of_the_backend_when_the_job_was_made(
    sim: Simulation, refresh: bool
) -> None:
    """Asked for with the creation date of the job."""
    properties = sim.job(backend="ibm_brisbane").properties(refresh=refresh)
    assert properties is not None
    assert properties.backend_name == "ibm_brisbane"
    asked = [str(entry.request) for entry in sim.journal if "properties" in entry.request.path]
    assert len(asked) == 1
    assert "updated_before=2026-01-01T00" in asked[0]


def test_properties_are_asked_for_each_time(sim: Simulation) -> None:
    """A moment in the past is never cached, refreshed or not."""
    job = sim.job()
    job.properties()
    job.properties()
    asked = [entry for entry in sim.journal if "properties" in entry.request.path]
    assert sum(entry.times for entry in asked) == 2


def test_result_is_what_the_job_came_to(sim: Simulation) -> None:
    """After as long as it takes."""
    assert isinstance(sim.job("QUEUED 2h; RUNNING 5s; DONE").result(), PrimitiveResult)
    assert sim.clock.now() >= 7205


def test_result_is_none_if_the_service_has_none(sim: Simulation) -> None:
    """No exception."""
    assert sim.job("DONE", faults=[faults.empty(on="result")]).result() is None


def test_result_waits_no_longer_than_its_timeout(sim: Simulation) -> None:
    """On the virtual clock."""
    with pytest.raises(RuntimeJobTimeoutError, match="after 30 secs"):
        sim.job("QUEUED").result(timeout=30)


def test_result_takes_a_decoder(sim: Simulation) -> None:
    """For this call."""

    class Length(releases.result_decoder()):  # type: ignore[misc]
        @classmethod
        def decode(cls, data: str) -> Any:
            return len(data)

    assert sim.job("DONE", result="12345").result(decoder=Length) == 5


def test_result_of_a_job_that_failed_raises(sim: Simulation) -> None:
    """Its reason; and that it ran too long in a class of its own."""
    with pytest.raises(RuntimeJobFailureError, match="Error code 1500; Internal error"):
        sim.job('RUNNING 1s; ERROR 1500 "Internal error"').result()
    with pytest.raises(RuntimeJobMaxTimeoutError, match="Error code 1305"):
        sim.job("RUNNING 1m; ERROR 1305").result()


def test_result_of_a_job_that_was_cancelled_raises(sim: Simulation) -> None:
    """It is in a state that has no result."""
    with pytest.raises(RuntimeInvalidStateError, match="Job was cancelled"):
        sim.job("CANCELLED").result()


def test_running_asks_whether_it_runs(sim: Simulation) -> None:
    """True or False."""
    assert scripts_for_which(sim, "running") == ["RUNNING"]


def test_status_is_a_word(sim: Simulation) -> None:
    """In capitals."""
    assert [sim.job(script).status() for script in SCRIPTS] == [
        "QUEUED",
        "RUNNING",
        "DONE",
        "ERROR",
        "CANCELLED",
    ]


def test_stream_results_calls_back_with_each_result(sim: Simulation) -> None:
    """The id and the result, interim and final; in order, in another thread."""
    calls: queue.Queue[tuple[str, Any]] = queue.Queue()
    job = sim.job(Script(running(30, interim=[1]), done()), result="2")
    job.stream_results(lambda *both: calls.put(both))
    assert [calls.get(timeout=30) for _ in range(2)] == [(job.job_id(), 1), (job.job_id(), 2)]


def test_update_tags_changes_the_tags(sim: Simulation) -> None:
    """And returns them, in any order."""
    job = sim.job(tags=["old"])
    assert sorted(job.update_tags(["b", "a", "b"])) == ["a", "b"]
    assert sorted(job.tags) == ["a", "b"]


def test_update_tags_takes_a_list_of_texts(sim: Simulation) -> None:
    """Anything else is refused before it is sent."""
    with pytest.raises(Exception, match="job_tags needs to be a list of strings"):
        sim.job().update_tags("a")
    assert len(sim.journal) == 0


def test_wait_for_final_state_returns_nothing_when_the_job_has_ended(sim: Simulation) -> None:
    """However it did."""
    for script in ("RUNNING 5s; DONE", "RUNNING 5s; ERROR 1500", "RUNNING 5s; CANCELLED"):
        job = sim.job(script)
        job.wait_for_final_state()
        assert job.in_final_state()


def test_wait_for_final_state_waits_no_longer_than_its_timeout(sim: Simulation) -> None:
    """And leaves the job as it is."""
    job = sim.job("RUNNING")
    with pytest.raises(RuntimeJobTimeoutError, match="after 60 secs"):
        job.wait_for_final_state(timeout=60)
    assert job.running()
