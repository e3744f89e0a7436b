"""Every member of the genuine RuntimeJobV2, on a double that follows a script."""

from __future__ import annotations

import inspect
import logging
import warnings
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService, RuntimeJobV2
from qiskit_ibm_runtime.exceptions import (
    IBMNotAuthorizedError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobTimeoutError,
)

import qrtest
from qrtest import Script, Simulation, faults, simulate
from qrtest.client import releases
from qrtest.harness.scripted_service import OPTIONS_OF_A_JOB
from qrtest.harness.simulate import OPTIONS

USUAL = "QUEUED 5s; RUNNING 2s; DONE"


@pytest.fixture(params=["direct", "requests"])
def sim(request: pytest.FixtureRequest) -> Any:
    """A simulation, by each transport."""
    with simulate(transport=request.param) as simulation:
        yield simulation


def takes(method: Any, name: str) -> bool:
    """Return whether the installed release has a parameter."""
    return name in inspect.signature(method).parameters


def test_a_double_is_an_instance_of_the_installed_class(sim: Simulation) -> None:
    """Not a look-alike: its methods are those of qiskit_ibm_runtime."""
    job = sim.job()
    assert isinstance(job, RuntimeJobV2)
    for name in ("status", "result", "wait_for_final_state", "error_message", "metrics", "logs"):
        assert getattr(type(job), name) is getattr(RuntimeJobV2, name)
    assert repr(job) == f"<RuntimeJobV2('{job.job_id()}', 'sampler')>"


def test_status_follows_the_script(sim: Simulation) -> None:
    """In the words of the documentation, and one of the five questions is true at a time."""
    job = sim.job("QUEUED 5s; RUNNING 2s; DONE")
    seen = []
    for _ in range(4):
        seen.append((job.status(), job.running(), job.done(), job.errored(), job.cancelled()))
        sim.clock.advance("3s")
    assert seen == [
        ("QUEUED", False, False, False, False),
        ("QUEUED", False, False, False, False),
        ("RUNNING", True, False, False, False),
        ("DONE", False, True, False, False),
    ]


def test_an_unknown_status_is_passed_on_in_capitals(sim: Simulation) -> None:
    """And is not final."""
    job = sim.job(Script(qrtest.unknown("Validating", "5s"), qrtest.done()))
    assert job.status() == "VALIDATING"
    assert not job.in_final_state()
    job.wait_for_final_state()
    assert job.status() == "DONE"


def test_a_final_status_is_not_asked_for_again(sim: Simulation) -> None:
    """The client keeps it."""
    job = sim.job("DONE")
    assert job.in_final_state()
    polls = sim.journal.count("poll")
    assert job.done()
    assert sim.journal.count("poll") == polls


def test_waiting_in_a_queue_takes_no_time(sim: Simulation) -> None:
    """The job ends at its time, within a poll."""
    job = sim.job("QUEUED 5m; RUNNING 30s; DONE")
    job.wait_for_final_state()
    assert job.status() == "DONE"
    assert 330 <= sim.clock.now() < 331


def test_waiting_times_out_on_the_virtual_clock(sim: Simulation) -> None:
    """With the client's own exception."""
    job = sim.job("QUEUED")
    with pytest.raises(RuntimeJobTimeoutError, match="after 10 secs"):
        job.wait_for_final_state(timeout=10)
    assert 10 <= sim.clock.now() < 11


@pytest.mark.skipif(
    not takes(RuntimeJobV2.wait_for_final_state, "poll_interval"), reason="came with release 0.47"
)
def test_the_poll_interval_is_kept(sim: Simulation) -> None:
    """Chosen, a poll every so often; in a session, ten a second."""
    job = sim.job("QUEUED 60s; DONE")
    job.wait_for_final_state(poll_interval=10)
    assert sim.journal.count("poll") == 7
    in_session = sim.job("QUEUED 60s; DONE", session_id="s")
    in_session.wait_for_final_state()
    assert sim.journal.count("poll", job_id=in_session.job_id()) == 401


def test_result_waits_and_decodes(sim: Simulation) -> None:
    """What was given comes back, decoded by the client."""
    bits = BitArray(np.array([[1], [0], [1]], dtype=np.uint8), num_bits=1)
    given = PrimitiveResult([SamplerPubResult(DataBin(c=bits))], metadata={"version": 2})
    result = sim.job(USUAL, result=given).result()
    assert isinstance(result, PrimitiveResult)
    assert result[0].data.c == bits
    assert result.metadata == {"version": 2}


def test_result_takes_a_decoder(sim: Simulation) -> None:
    """For this call, or for the job."""

    class Loud(releases.result_decoder()):  # type: ignore[misc]
        @classmethod
        def decode(cls, data: str) -> Any:
            return data.upper()

    assert sim.job("DONE", result="abc").result(decoder=Loud) == "ABC"
    assert sim.job("DONE", result="abc", result_decoder=Loud).result() == "ABC"


def test_result_times_out(sim: Simulation) -> None:
    """As waiting does."""
    with pytest.raises(RuntimeJobTimeoutError):
        sim.job("RUNNING").result(timeout=5)


def test_the_result_of_a_failed_job_raises_its_reason(sim: Simulation) -> None:
    """With the code."""
    job = sim.job('RUNNING 1s; ERROR 1517 "The instruction h is not supported"')
    with pytest.raises(RuntimeJobFailureError, match="Error code 1517; The instruction h"):
        job.result()
    assert job.errored()


def test_the_result_of_a_job_that_ran_too_long_has_an_exception_of_its_own(sim: Simulation) -> None:
    """Code 1305."""
    with pytest.raises(RuntimeJobMaxTimeoutError, match="1305"):
        sim.job("RUNNING 1m; ERROR 1305").result()


def test_the_result_of_a_cancelled_job_raises(sim: Simulation) -> None:
    """There is none."""
    with pytest.raises(RuntimeInvalidStateError, match="Job was cancelled"):
        sim.job("QUEUED 1s; CANCELLED").result()


def test_error_message_is_none_unless_the_job_failed(sim: Simulation) -> None:
    """And then gives the reason."""
    assert sim.job("QUEUED").error_message() is None
    assert sim.job("DONE").error_message() is None
    message = sim.job('ERROR 1500 "Internal error."').error_message()
    assert message is not None
    assert "Error code 1500; Internal error." in message


def test_cancel_cancels(sim: Simulation) -> None:
    """For the client at once, and for the service."""
    job = sim.job("QUEUED 1h; DONE")
    job.cancel()
    assert job.cancelled()
    assert sim.service().job(job.job_id()).status() == "CANCELLED"


def test_cancelling_a_job_that_has_ended_is_an_invalid_state(sim: Simulation) -> None:
    """The service says 409."""
    job = sim.job("DONE")
    with pytest.raises(RuntimeInvalidStateError, match="cannot be cancelled"):
        job.cancel()


def test_a_cancel_that_fails_is_a_runtime_error(sim: Simulation) -> None:
    """Any other status than 409."""
    job = sim.job("QUEUED", faults=[faults.status(403, on="cancel")])
    with pytest.raises(IBMRuntimeError, match="Failed to cancel job"):
        job.cancel()


def test_a_cancel_may_lose_the_race(sim: Simulation) -> None:
    """The client says CANCELLED for ever; a job fetched afresh is DONE."""
    job = sim.job("RUNNING 3s; DONE", cancel_takes_effect=False)
    job.cancel()
    sim.clock.advance("5s")
    assert job.status() == "CANCELLED"
    assert sim.service().job(job.job_id()).status() == "DONE"


def test_logs_are_there_when_the_job_has_ended(
    sim: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    """Before, there are none, and the client warns."""
    job = sim.job("RUNNING 5s; DONE", logs="all is well\n")
    logging.getLogger("qiskit_ibm_runtime").propagate = True
    assert job.logs() == ""
    job.wait_for_final_state()
    assert job.logs() == "all is well\n"


def test_logs_that_cannot_be_had_raise(sim: Simulation) -> None:
    """Any other status than 404."""
    with pytest.raises(IBMRuntimeError, match="Failed to get job logs"):
        sim.job("DONE", faults=[faults.status(403, on="logs")]).logs()


def test_metrics_report_when_the_job_was_where(sim: Simulation) -> None:
    """Created, running, finished."""
    job = sim.job("QUEUED 1m; RUNNING 30s; DONE")
    assert job.metrics()["timestamps"] == {"created": "2026-01-01T00:00:00Z"}
    job.wait_for_final_state()
    assert job.metrics()["timestamps"] == {
        "created": "2026-01-01T00:00:00Z",
        "running": "2026-01-01T00:01:00Z",
        "finished": "2026-01-01T00:01:30Z",
    }


def test_metrics_that_cannot_be_had_raise(sim: Simulation) -> None:
    """With the client's own exception."""
    with pytest.raises(IBMRuntimeError, match="Failed to get job metadata"):
        sim.job("DONE", faults=[faults.status(404, on="metrics")]).metrics()


@pytest.mark.skipif(not hasattr(RuntimeJobV2, "usage"), reason="came with release 0.30")
def test_usage_is_reported_when_the_job_has_run(sim: Simulation) -> None:
    """In seconds; where the release waits for the account, nothing before it is settled."""
    job = sim.job("RUNNING 30s; DONE")
    job.wait_for_final_state()
    sim.clock.advance("10s")
    assert job.usage() == 30
    if takes(RuntimeJobV2.usage, "partial"):
        later = sim.job("RUNNING 30s; DONE", usage_lag="1h")
        later.wait_for_final_state()
        assert later.usage() == 0
        assert later.usage(partial=True) == 30


def test_usage_estimation_is_what_the_service_estimated(sim: Simulation) -> None:
    """None where it did not."""
    assert sim.job(usage_estimation=6.5).usage_estimation == {"quantum_seconds": 6.5}
    assert sim.job().usage_estimation == {"quantum_seconds": None}


def test_inputs_are_what_was_submitted_decoded(sim: Simulation) -> None:
    """Circuits come back as circuits."""
    circuit = QuantumCircuit(1, name="c")
    circuit.h(0)
    inputs = sim.job(params={"pubs": [[circuit, None, 100]], "version": 2}).inputs
    assert inputs["version"] == 2
    assert inputs["pubs"][0][0] == circuit
    assert sim.job().inputs == {"pubs": [], "version": 2}


def test_tags_can_be_read_and_changed(sim: Simulation) -> None:
    """The service has them, too."""
    job = sim.job(tags=["old"])
    assert job.tags == ["old"]
    assert sorted(job.update_tags(["a", "b"])) == ["a", "b"]
    assert sorted(sim.service().job(job.job_id()).tags) == ["a", "b"]


def test_the_session_is_known_or_none(sim: Simulation) -> None:
    """Asked for when it is not known."""
    assert sim.job(session_id="s1").session_id == "s1"
    assert sim.job().session_id is None


def test_the_image_is_the_one_given_or_the_default(sim: Simulation) -> None:
    """An empty text is the default."""
    assert sim.job(image="name:tag").image == "name:tag"
    assert sim.job().image == ""


def test_the_creation_date_is_in_local_time(sim: Simulation) -> None:
    """And is when the simulation says."""
    sim.clock.advance("1h")
    created = sim.job().creation_date
    assert created is not None
    assert created.tzinfo is not None
    assert created.astimezone(UTC) == datetime(2026, 1, 1, 1, tzinfo=UTC)


@pytest.mark.skipif(not takes(RuntimeJobV2, "private"), reason="came with release 0.32")
def test_a_private_job_gives_its_result_once(sim: Simulation) -> None:
    """And no inputs."""
    job = sim.job("DONE", private=True, params={"a": 1})
    assert job.private is True
    assert job.inputs == {}
    assert isinstance(job.result(), PrimitiveResult)
    assert job.result() is None


def test_the_backend_is_a_genuine_one(sim: Simulation) -> None:
    """With the properties of the real device."""
    job = sim.job(backend="ibm_torino")
    backend = job.backend()
    assert isinstance(backend, IBMBackend)
    assert (backend.name, backend.num_qubits) == ("ibm_torino", 133)
    properties = job.properties()
    assert properties is not None
    assert properties.backend_name == "ibm_torino"


def test_a_backend_that_is_not_known_is_looked_up(sim: Simulation) -> None:
    """When the job has ended, by its service."""
    job = sim.job("RUNNING 5s; DONE", backend=None)
    backend = job.backend()
    assert backend is not None
    assert backend.name == "ibm_torino"


def test_the_instance_is_that_of_the_backend(sim: Simulation) -> None:
    """A CRN, or None in the releases whose backends keep only hub, group and project."""
    instance = sim.job().instance
    assert instance is None or instance.startswith("crn:v1:bluemix:public:quantum-computing:")


def test_the_ids_are_those_of_the_job(sim: Simulation) -> None:
    """Chosen, or made up."""
    job = sim.job(job_id="d5h6o44pe0pc73am1f1g", program_id="estimator")
    assert job.job_id() == "d5h6o44pe0pc73am1f1g"
    assert job.primitive_id == "estimator"
    assert job.JOB_FINAL_STATES == ("DONE", "CANCELLED", "ERROR")
    assert job.ERROR == "ERROR"


def test_an_expired_token_ends_the_wait(sim: Simulation) -> None:
    """With an exception of its own, which is no RequestsApiError."""
    job = sim.job("QUEUED 1h; DONE", faults=[faults.expired_token(on="poll", after=5)])
    with pytest.raises(IBMNotAuthorizedError):
        job.wait_for_final_state()
    assert sim.journal.count("poll") == 6


def test_retries_back_off_on_the_virtual_clock(sim: Simulation) -> None:
    """Five hundreds are asked again after 0, 1, 2, 4 seconds; a Retry-After is heeded."""
    job = sim.job("DONE", faults=[faults.status(500, times=4, on="poll")])
    assert job.status() == "DONE"
    assert sim.clock.now() == pytest.approx(7 + 5 * 0.05)
    before = sim.clock.now()
    job = sim.job("DONE", faults=[faults.status(500, retry_after="30s", on="poll")])
    assert job.status() == "DONE"
    assert sim.clock.now() - before == pytest.approx(30.1)


def test_a_result_that_does_not_decode_comes_back_as_text(sim: Simulation) -> None:
    """A trap of the client: no exception, a str."""
    job = sim.job("DONE", faults=[faults.truncate(on="result")])
    assert isinstance(job.result(), str)


def test_a_job_from_the_service_is_the_same_job(sim: Simulation) -> None:
    """A genuine QiskitRuntimeService finds it, lists it, and deletes it."""
    job = sim.job("DONE", tags=["t"])
    service = sim.service()
    assert isinstance(service, QiskitRuntimeService)
    assert service is sim.service()
    assert service.job(job.job_id()).status() == "DONE"
    assert [each.job_id() for each in service.jobs(job_tags=["t"])] == [job.job_id()]
    service.delete_job(job.job_id())
    with pytest.raises(Exception, match="not found"):
        service.job(job.job_id())


def test_jobs_of_two_simulations_do_not_meet() -> None:
    """An id of one is unknown to the other, though both made their first."""
    with simulate(seed=1) as one, simulate(seed=2) as other:
        job = one.job()
        assert one.job().job_id() != other.job().job_id()
        with pytest.raises(Exception, match="not found"):
            other.service().job(job.job_id())


def test_the_same_seed_gives_the_same_story() -> None:
    """Ids, times, answers: the journal to the last letter."""

    def story(seed: int) -> list[str]:
        with simulate(seed=seed) as sim:
            job = sim.job("QUEUED 5s; ERROR 1500", faults=[faults.status(404, on="logs")])
            with pytest.raises(RuntimeJobFailureError):
                job.result()
            with pytest.raises(IBMRuntimeError), warnings.catch_warnings():
                sim.job("DONE", faults=[faults.status(403, on="logs")]).logs()
            return [f"{entry} {entry.request} {entry.response.body!r}" for entry in sim.journal]

    assert story(1) == story(1)
    assert story(1) != story(2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: simulate(transport="carrier pigeon"),
            "transport='carrier pigeon': there are 'direct'",
        ),
        (lambda: simulate(clock="sundial"), "clock='sundial': there are 'virtual' and 'real'"),
        (lambda: simulate(cancel_lagg=1), "There is no option 'cancel_lagg'"),
        (lambda: simulate(sed=3), "There is no option 'sed'.*Did you mean 'seed'"),
        (lambda: simulate(latency="soon"), "'soon' is not a length of time"),
    ],
)
def test_a_simulation_that_cannot_be_is_refused(wrong: Any, message: str) -> None:
    """With what there is."""
    with pytest.raises(qrtest.QrtestError, match=message):
        wrong()


def test_a_misspelt_option_of_a_job_is_named_beside_the_right_one() -> None:
    """Whether it is one of the job, or of the service's behaviour."""
    with simulate() as sim:
        for wrong, right in (
            ("reslut", "result"),
            ("fault", "faults"),
            ("cancel_lagg", "cancel_lag"),
        ):
            with pytest.raises(qrtest.QrtestError, match=f"Did you mean {right!r}"):
                sim.job("DONE", **{wrong: 3})


@pytest.mark.parametrize(
    ("function", "options"),
    [(qrtest.simulate, OPTIONS), (Simulation.job, OPTIONS_OF_A_JOB)],
)
def test_all_options_are_listed(function: Any, options: tuple[str, ...]) -> None:
    """As the function takes them."""
    assert {"self", "behaviour", *options} == {"self", *inspect.signature(function).parameters}


def test_a_backend_that_has_no_snapshot_is_refused() -> None:
    """With the ones there are."""
    with pytest.raises(qrtest.QrtestError, match="There is no snapshot of a backend 'ibm_nowhere'"):
        simulate(backends=["ibm_nowhere"])


@pytest.mark.skipif(not releases.exchanges_tokens(), reason="came with release 0.39")
def test_the_token_of_a_service_expires_on_the_virtual_clock(sim: Simulation) -> None:
    """A wait of three hours asks for a new one; a job's own client needs none."""
    service = sim.service()
    job = sim.job("QUEUED 3h; DONE")
    before = sim.journal.count("token")
    found = service.job(job.job_id())
    while not found.in_final_state():
        sim.clock.advance("10m")
    assert 3 <= sim.journal.count("token") - before <= 5
