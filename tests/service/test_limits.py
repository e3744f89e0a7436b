"""What the service refuses when it is made strict, and how backends stand in a job's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.errors import SimulationError
from qrtest.lifecycle.script import Script
from qrtest.service.behaviour import Behaviour
from qrtest.service.instances import Instance
from qrtest.service.jobs import Recorded
from qrtest.service.limits import Limits
from qrtest.service.submissions import JobPlan
from tests.asking import Asking

SUBMISSION = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}


def test_rate_and_size_are_not_limited_unless_asked_for() -> None:
    """A hundred large jobs in one moment are all there, in the order they came."""
    ask = Asking()
    jobs = [ask.submit(params={"x": "x" * 100_000}) for _ in range(100)]
    assert ask.service.job_ids() == tuple(jobs)


def test_the_bounds_of_tags_can_be_lifted() -> None:
    """A hundred tags of two hundred characters."""
    ask = Asking(limits=Limits(tags=None, tag_length=None))
    job_id = ask.submit(tags=["t" * 200] * 100)
    assert len(ask("GET", f"/jobs/{job_id}").body["tags"]) == 100


@given(st.lists(st.floats(0, 90), max_size=30))
def test_no_minute_has_more_submissions_than_allowed(pauses: list[float]) -> None:
    """Whenever they come: five in any sixty seconds, and the error response is 429 with code 1202."""
    ask = Asking(limits=Limits(submissions_per_minute=5))
    accepted: list[float] = []
    for pause in pauses:
        ask.clock.sleep(pause)
        now = ask.clock.now()
        recent = [at for at in accepted if at > now - 60]
        answer = ask("POST", "/jobs", SUBMISSION)
        assert answer.status == (429 if len(recent) >= 5 else 200)
        if answer.status == 200:
            accepted.append(now)
        else:
            assert answer.code == 1202


def test_the_sixth_submission_waits_for_its_minute() -> None:
    """Five in one moment are let in, the next one when the first of them are a minute old."""
    ask = Asking(limits=Limits.documented())
    for _ in range(5):
        ask.submit()
    refused = ask("POST", "/jobs", SUBMISSION)
    assert (refused.status, refused.code) == (429, 1202)
    ask.clock.advance("59s")
    assert ask("POST", "/jobs", SUBMISSION).status == 429
    ask.clock.advance("1s")
    assert ask("POST", "/jobs", SUBMISSION).status == 200


@pytest.mark.parametrize(
    ("tags", "code"), [(["t"] * 8, None), (["t"] * 9, 1204), (["t" * 86], None), (["t" * 87], 1205)]
)
def test_tags_are_counted_and_measured(tags: list[str], code: int | None) -> None:
    """On submission and on change: eight of 86 characters, whether or not limits were asked for."""
    ask = Asking()
    submitted = ask("POST", "/jobs", {**SUBMISSION, "tags": tags})
    assert submitted.status == (200 if code is None else 400)
    changed = ask("PUT", f"/jobs/{ask.submit()}/tags", {"tags": tags})
    assert changed.status == (204 if code is None else 400)
    if code is not None:
        assert submitted.code == changed.code == code


def test_a_submission_that_is_too_large_is_refused() -> None:
    """413, and there is no job."""
    ask = Asking(limits=Limits(body_bytes=1000))
    large = {**SUBMISSION, "params": {"x": "x" * 1000}}
    assert ask("POST", "/jobs", large).status == 413
    assert ask("GET", "/jobs").body["count"] == 0


def test_an_instance_that_has_used_up_its_time_takes_no_job() -> None:
    """409, as the REST description says; the usage endpoint says so before."""
    ask = Asking("RUNNING 400s; DONE", instances=[Instance(usage_limit=600, usage_consumed=250)])
    ask.submit()
    assert ask("GET", "/instances/usage").body["usage_limit_reached"] is False
    ask.clock.advance("10m")
    usage = ask("GET", "/instances/usage").body
    assert (usage["usage_consumed_seconds"], usage["usage_limit_seconds"]) == (650, 600)
    assert usage["usage_limit_reached"] is True
    assert ask("POST", "/jobs", SUBMISSION).status == 409


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        {},
        {"program_id": "sampler"},
        {**SUBMISSION, "params": []},
        {**SUBMISSION, "cost": "much"},
        {**SUBMISSION, "tags": 3},
    ],
)
def test_a_submission_that_cannot_be_read_is_refused(body: Any) -> None:
    """400 with code 1208, which says what is wrong."""
    answer = Asking()("POST", "/jobs", body)
    assert (answer.status, answer.code) == (400, 1208)


# --- backends ---


def test_jobs_wait_for_a_backend_that_is_offline() -> None:
    """Queued for as long as it is not online; then their time in the queue goes on where it stood."""
    ask = Asking("QUEUED 10s; RUNNING 10s; DONE")
    before = ask.submit()
    ask.clock.advance("4s")
    ask.service.change_backend("ibm_torino", {"status": "offline"})
    meanwhile = ask.submit()
    ask.clock.advance("1h")
    assert (ask.state(before), ask.state(meanwhile)) == ("Queued", "Queued")
    ask.service.change_backend("ibm_torino", {"status": "online"})
    ask.clock.advance("7s")
    assert (ask.state(before), ask.state(meanwhile)) == ("Running", "Queued")
    ask.clock.advance("4s")
    assert ask.state(meanwhile) == "Running"


def test_what_runs_goes_on_when_its_backend_goes_offline() -> None:
    """Only the queue stands still."""
    ask = Asking("RUNNING 10s; DONE")
    job = ask.submit()
    ask.service.change_backend("ibm_torino", {"status": "paused"})
    ask.clock.advance("11s")
    assert ask.state(job) == "Completed"


def test_a_job_can_be_cancelled_while_its_backend_is_offline() -> None:
    """Waiting is no reason not to end."""
    ask = Asking()
    ask.service.change_backend("ibm_torino", {"status": "offline"})
    job = ask.submit()
    ask("POST", f"/jobs/{job}/cancel")
    assert ask.state(job) == "Cancelled"


def test_a_job_that_was_cancelled_offline_stays_so_when_its_backend_is_back() -> None:
    """There is nothing to go on with."""
    ask = Asking()
    job = ask.submit()
    ask.service.change_backend("ibm_torino", {"status": "offline"})
    ask("POST", f"/jobs/{job}/cancel")
    ask.service.change_backend("ibm_torino", {"status": "online"})
    ask.clock.advance("1h")
    assert ask.state(job) == "Cancelled"


def test_a_change_that_leaves_a_backend_online_leaves_its_jobs_alone() -> None:
    """And one of a backend concerns its own jobs only."""
    ask = Asking("QUEUED 10s; RUNNING 10s; DONE")
    job = ask.submit()
    ask.clock.advance("4s")
    ask.service.change_backend("ibm_torino", {"queue_length": 99})
    ask.service.change_backend("ibm_brisbane", {"status": "offline"})
    ask.clock.advance("7s")
    assert ask.state(job) == "Running"


# --- jobs whose script is decided later ---

LATER_SCRIPT = JobPlan(script=Script.parse("RUNNING 10s; DONE"), recorded=Recorded(result="{}"))


def test_a_job_whose_script_is_set_later_goes_on_from_then() -> None:
    """As one whose result is computed while it waits."""
    ask = Asking("QUEUED")
    job = ask.submit()
    ask.clock.advance("1h")
    ask.service.settle(job, LATER_SCRIPT)
    assert ask.state(job) == "Running"
    ask.clock.advance("11s")
    assert ask("GET", f"/jobs/{job}/results").body == "{}"


def test_metrics_that_are_given_are_reported_as_they_are() -> None:
    """Whatever the life and the version."""
    ask = Asking("QUEUED")
    job = ask.submit()
    ask.service.settle(
        job, replace(LATER_SCRIPT, recorded=Recorded(metrics='{"bss": {"seconds": 7}}'))
    )
    assert ask("GET", f"/jobs/{job}/metrics").body == {"bss": {"seconds": 7}}


def test_a_job_that_ended_before_its_script_was_set_has_no_other() -> None:
    """Cancelled is cancelled; and a job that was deleted is nowhere."""
    ask = Asking("QUEUED")
    cancelled, deleted = ask.submit(), ask.submit()
    ask("POST", f"/jobs/{cancelled}/cancel")
    ask("DELETE", f"/jobs/{deleted}")
    for job in (cancelled, deleted):
        ask.service.settle(job, LATER_SCRIPT)
    ask.clock.advance("1h")
    assert ask.state(cancelled) == "Cancelled"
    assert ask("GET", f"/jobs/{deleted}").status == 404


def test_a_script_that_no_job_can_have_is_followed_all_the_same() -> None:
    """What is illegal on purpose stays possible for a job that waited for its script."""
    ask = Asking("RUNNING")
    job = ask.submit()
    later_script = Script.parse("ILLEGAL: QUEUED 5s; DONE 5s; RUNNING")
    ask.service.settle(job, replace(LATER_SCRIPT, script=later_script))
    seen = [ask.state(job)]
    for _ in range(2):
        ask.clock.advance("5s")
        seen.append(ask.state(job))
    assert seen == ["Queued", "Completed", "Running"]


@pytest.mark.parametrize("first", ["the job", "the outage"])
def test_a_job_whose_script_is_set_offline_waits_for_its_backend(first: str) -> None:
    """Whether it was submitted before or after the backend went away."""
    ask = Asking("QUEUED")
    jobs = [ask.submit()] if first == "the job" else []
    ask.service.change_backend("ibm_torino", {"status": "offline"})
    job = jobs[0] if jobs else ask.submit()
    ask.service.settle(job, LATER_SCRIPT)
    ask.clock.advance("1h")
    assert ask.state(job) == "Queued"
    ask.service.change_backend("ibm_torino", {"status": "online"})
    ask.clock.advance("5s")
    assert ask.state(job) == "Running"
    ask.clock.advance("6s")
    assert ask.state(job) == "Completed"


def test_an_offline_backend_can_refuse_jobs_instead() -> None:
    """Code 1004, by option."""
    ask = Asking(behaviour=Behaviour(offline="refuse"))
    ask.service.change_backend("ibm_torino", {"status": "offline"})
    answer = ask("POST", "/jobs", SUBMISSION)
    assert (answer.status, answer.code) == (400, 1004)


@pytest.mark.parametrize(
    ("status", "operational", "word"),
    [("online", True, "active"), ("paused", True, "paused"), ("offline", False, "off")],
)
@pytest.mark.parametrize("queue", [0, 120])
def test_a_backend_says_how_it_is(status: str, operational: bool, word: str, queue: int) -> None:
    """In the list and by itself, with its queue."""
    ask = Asking()
    ask.service.change_backend("ibm_torino", {"status": status, "queue_length": queue})
    shown = ask("GET", "/backends/ibm_torino/status").body
    assert (shown["state"], shown["status"], shown["length_queue"]) == (operational, word, queue)
    listed = ask("GET", "/backends?fields=wait_time_seconds").body["devices"][0]
    assert (listed["status"]["name"], listed["queue_length"]) == (status, queue)
    minute = 60 * queue
    assert listed["wait_time_seconds"] == {"average": minute, "p50": minute, "p95": 3 * minute}


def test_a_backend_says_why_it_is_as_it_is() -> None:
    """A reason of its own, or the usual one of its status."""
    ask = Asking()
    usual = {"online": "available", "paused": "paused", "offline": "offline"}
    for status, reason in usual.items():
        for own, shown in (("", reason), ("calibrating", "calibrating")):
            ask.service.change_backend("ibm_torino", {"status": status, "reason": own})
            assert ask("GET", "/backends").body["devices"][0]["status"]["reason"] == shown
            assert ask("GET", "/backends/ibm_torino/status").body["message"] == shown


def test_a_backend_can_be_gone() -> None:
    """Not listed, not described, no jobs."""
    ask = Asking()
    ask.service.change_backend("ibm_torino", {"gone": True})
    assert "ibm_torino" not in [entry["name"] for entry in ask("GET", "/backends").body["devices"]]
    assert ask("GET", "/backends/ibm_torino/status").status == 404
    assert ask("POST", "/jobs", SUBMISSION).status == 404


def test_a_mock_is_listed_to_who_asks_for_mocks() -> None:
    """With its class."""
    ask = Asking()
    ask.service.change_backend("ibm_torino", {"mock": True})
    names = [entry["name"] for entry in ask("GET", "/backends").body["devices"]]
    assert "ibm_torino" not in names
    mock = ask("GET", "/backends?include_mocks=True").body["devices"][0]
    assert (mock["name"], mock["class"], mock["physical_qubits"]) == ("ibm_torino", "mock", 133)


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("ibm_nowhere", {}, "ibm_torino"),
        ("ibm_torino", {"status": "of"}, "offline"),
        ("ibm_torino", {"queue": 3}, "queue_length"),
        ("ibm_torino", {"queue_length": -1}, "0 jobs or more"),
    ],
)
def test_a_change_that_cannot_be_is_an_error_that_says_what_can(
    name: str, changes: dict[str, Any], says: str
) -> None:
    """The message names the choices."""
    with pytest.raises(SimulationError, match=says):
        Asking().service.change_backend(name, changes)


# --- behaviour ---


@given(polls=st.integers(0, 5))
def test_a_job_can_be_queued_for_a_number_of_polls(polls: int) -> None:
    """Whatever the time: seen queued that often, then its script goes on."""
    ask = Asking("RUNNING 10s; DONE", behaviour=Behaviour(queued_polls=polls))
    job = ask.submit()
    ask.clock.advance("1h")
    states = [ask.state(job) for _ in range(polls)]
    assert states == ["Queued"] * polls
    ask.clock.advance("5s")
    assert ask.state(job) == ("Running" if polls else "Completed")


def test_a_private_job_keeps_its_inputs_and_gives_its_result_once() -> None:
    """Parameters are never returned, results are deleted when they have been read."""
    ask = Asking("DONE")
    answer = ask("POST", "/jobs", {**SUBMISSION, "params": {"secret": 1}, "private": True})
    assert answer.body["private"] is True
    path = f"/jobs/{answer.body['id']}"
    assert ask("GET", path).body["params"] == {}
    assert [ask("GET", f"{path}/results").status for _ in range(3)] == [200, 204, 204]
