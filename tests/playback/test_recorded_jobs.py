"""The jobs in recordings, from whatever was answered."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qrtest import VirtualClock, faults
from qrtest.cassette.model import Cassette, Interaction
from qrtest.clock.moment import EPOCH
from qrtest.faults.kinds import BREAKS
from qrtest.http.messages import Request
from qrtest.lifecycle.script import Script
from qrtest.playback.interim import texts_in
from qrtest.playback.player import Player
from qrtest.playback.recorded_jobs import RecordedJob, jobs_in, simulated
from qrtest.service.job_operations import respond
from qrtest.service.serialize import timestamp
from tests.property_based.test_hostile_bodies import BODIES, NAMES, ODD
from tests.recordings import HOST, JOB, PROVENANCE, exchange, job_body, poll

WHOLE = {
    **job_body("Completed"),
    "ended": "2026-01-10T15:11:19Z",
    "usage": {"seconds": 2},
    "params": {"pubs": []},
}
STAMPS = {"created": "2026-01-01T00:00:00Z", "running": "2026-01-01T00:00:02Z", "finished": None}
ALMOST = st.one_of(
    st.builds(
        lambda body, name, value: json.dumps({**body, name: value}).encode(),
        st.sampled_from(
            [WHOLE, job_body("Running"), {"timestamps": STAMPS, "bss": {"seconds": 1}}]
        ),
        st.sampled_from([*NAMES, "usage", "timestamps", "bss"]),
        ODD,
    ),
    BODIES,
)
ASKED = st.sampled_from(
    [
        ("GET", f"/jobs/{JOB}?exclude_params=true"),
        ("GET", f"/jobs/{JOB}"),
        ("GET", f"/jobs/{JOB}/metrics"),
        ("GET", f"/jobs/{JOB}/results"),
        ("GET", f"/jobs/{JOB}/interim_results"),
        ("GET", f"/jobs/{JOB}/logs"),
        ("POST", f"/jobs/{JOB}/cancel"),
        ("POST", "/jobs"),
        ("GET", "/weather"),
    ]
)
EXCHANGES = st.builds(
    lambda asked, status, body, sends: exchange(
        *asked, answer=body, status=status, sends=sends if asked[0] == "POST" else b""
    ),
    ASKED,
    st.sampled_from([200, 200, 200, 204, 404, 503]),
    ALMOST,
    ALMOST,
)


@given(st.lists(EXCHANGES, max_size=5), st.booleans())
def test_a_recording_of_anything_has_jobs_or_none(
    exchanges: list[Interaction], timed: bool
) -> None:
    """Whatever was answered: no raw error, and each job can be written down, simulated and played."""
    kept = [replace(each, at=float(at)) if timed else each for at, each in enumerate(exchanges)]
    cassette = Cassette(tuple(kept), PROVENANCE)
    for job_id, job in jobs_in(cassette).items():
        written = Script.parse(str(job.scenario.script))
        assert [replace(step, interim=()) for step in written] == [
            replace(step, interim=()) for step in job.scenario.script
        ]
        respond(simulated(job), Request.to("GET", f"{HOST}/jobs/{job_id}"), job.created_at + 1)
    player = Player(cassette, VirtualClock(), epoch=EPOCH)
    for each in kept:
        player.handle(each.request)
    player.jobs()


def the_job(*exchanges: Interaction) -> RecordedJob:
    """Return the one job in a recording."""
    [job] = jobs_in(Cassette(exchanges, PROVENANCE)).values()
    return job


SUBMISSION = exchange(
    "POST",
    "/jobs",
    {"program_id": "estimator", "backend": "b", "tags": ["a"], "params": {"pubs": [1]}},
    answer={"id": JOB, "backend": "ibm_torino"},
    at=2.0,
)


def test_a_job_that_was_submitted_and_never_asked_for_waits() -> None:
    """With what its submission said of it, from then on."""
    job = the_job(SUBMISSION)
    assert (str(job.scenario.script), job.created_at, job.submitted_at) == ("QUEUED", 2.0, 2.0)
    assert (job.scenario.program_id, job.scenario.tags, job.scenario.params) == (
        "estimator",
        ("a",),
        {"pubs": [1]},
    )
    assert job.record.job["backend"] == "ibm_torino"
    answer = json.loads(respond(simulated(job), Request.to("GET", f"{HOST}/jobs/{JOB}"), 3.0).body)
    assert (answer["program"], answer["tags"]) == ({"id": "estimator"}, ["a"])
    assert (answer["params"], answer["backend"]) == ({"pubs": [1]}, "ibm_torino")


@pytest.mark.parametrize(
    "reported",
    [
        exchange(path=f"/jobs/{JOB}/results", answer={"results": []}, at=0.0),
        exchange("POST", "/jobs", {"backend": "b"}, answer={"id": JOB}, at=0.0),
        exchange("POST", "/jobs", {"program_id": "vqe", "tags": 7}, answer={"id": JOB}, at=0.0),
        exchange(answer={"state": {"status": "Queued"}}, at=0.0),
    ],
    ids=["a result", "a submission", "a strange submission", "a poll"],
)
def test_a_job_of_an_unknown_program_is_a_samplers(reported: Interaction) -> None:
    """Whatever else was recorded of it, it is one that a job can go through."""
    job = the_job(reported)
    assert (job.job_id, job.scenario.program_id, job.record.job["id"]) == (JOB, "sampler", JOB)
    answer = respond(simulated(job), Request.to("GET", f"{HOST}/jobs/{JOB}"), 0.0)
    assert json.loads(answer.body)["program"] == {"id": "sampler"}


@pytest.mark.parametrize(
    ("status", "script"),
    [("Completed", "RUNNING 7.5s; DONE"), ("Cancelled", "QUEUED 7.5s; CANCELLED")],
)
def test_a_job_that_was_found_at_its_end_has_a_past(status: str, script: str) -> None:
    """As long as it says; one that was cancelled is taken not to have run."""
    body = {**job_body(status), "ended": "2026-01-10T15:11:20.225382Z"}
    assert str(the_job(exchange(answer=body, at=0.0)).scenario.script) == script


def test_a_job_whose_result_alone_was_asked_for_is_done() -> None:
    """It had one; a job of which only logs are known could be anything."""
    result = exchange(path=f"/jobs/{JOB}/results", answer={"results": []}, at=0.0)
    assert str(the_job(result).scenario.script) == "DONE"
    logs = exchange(path=f"/jobs/{JOB}/logs", answer=b"a log", at=0.0)
    assert jobs_in(Cassette((logs,), PROVENANCE)) == {}


def test_a_job_that_was_seen_to_come_back_has_an_illegal_script() -> None:
    """A recording is what was answered, possible or not."""
    job = the_job(poll("Completed", 0.0), poll("Running", 2.0))
    assert str(job.scenario.script) == "ILLEGAL: DONE 2s; RUNNING"


def test_what_a_failed_job_says_as_its_result_is_its_reason() -> None:
    """The service sends the reason again: that is no result of its own."""
    state = {"status": "Failed", "reason": "Internal error.", "reason_code": 1500}
    failed = exchange(answer={**job_body("Failed"), "state": state}, at=0.0)

    def result(text: bytes) -> str | None:
        return the_job(
            failed, exchange(path=f"/jobs/{JOB}/results", answer=text, at=1.0)
        ).scenario.result

    assert result(b"Internal error.") is None
    assert result(b"Traceback") == "Traceback"


@pytest.mark.parametrize(
    ("path", "status", "chosen"),
    [
        ("results", 204, {"failed_results": "none"}),
        ("results", 200, {}),
        ("logs", 404, {"empty_logs": 404}),
        ("logs", 200, {}),
    ],
)
def test_how_the_service_behaved_is_how_it_will(path: str, status: int, chosen: object) -> None:
    """What it answered of a failed job that had nothing to respond."""
    asked = exchange(path=f"/jobs/{JOB}/{path}", status=status, answer=b"", at=1.0)
    assert the_job(poll("Failed", 0.0), asked).scenario.behaviour.chosen() == chosen


@pytest.mark.parametrize(
    ("path", "status", "state", "is_fault"),
    [
        ("logs", 404, "Running", False),
        ("logs", 503, "Running", True),
        ("cancel", 409, "Completed", False),
        ("cancel", 409, "Running", True),
    ],
)
def test_what_the_service_says_of_such_a_job_is_no_fault(
    path: str, status: int, state: str, is_fault: bool
) -> None:
    """Logs that are not there yet, a cancel that came too late; anything else is one."""
    asked = exchange(
        "POST" if path == "cancel" else "GET", f"/jobs/{JOB}/{path}", status=status, at=1.0
    )
    assert bool(the_job(poll(state, 0.0), asked).scenario.faults) == is_fault


def test_errors_are_faults_from_when_they_were_answered_to_when_they_were_not() -> None:
    """A broken connection as one, an error response with the pause that it asked for."""
    refused = exchange(status=503, at=2.0)
    response = replace(refused.response, headers={"retry-after": "7"}, body=b"{}")
    job = the_job(
        poll("Queued", 0.0),
        exchange(failure="reset", at=1.0),
        exchange(failure="cut", at=1.5),
        replace(refused, response=response),
        poll("Queued", 3.0),
    )
    span = {"on": "poll", "times": None}
    assert job.scenario.faults == (
        faults.drop(how="reset", since=1.0, until=1.5, **span),
        faults.drop(how="closed", since=1.5, until=2.0, **span),
        faults.Status(code=503, retry_after="7", body="{}", since=2.0, until=3.0, **span),
    )
    assert str(job.scenario.script) == "QUEUED"


def test_a_job_answers_what_was_recorded_of_it() -> None:
    """The metrics to the letter, once it has come to its end."""
    stamps = {**STAMPS, "finished": "2026-01-01T00:00:05.000Z"}
    metrics = {"timestamps": stamps, "bss": {"seconds": 3}, "more": "facts"}
    described = {**job_body("Completed"), "created": STAMPS["created"]}
    job = the_job(
        exchange(answer=described, at=6.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer=metrics, at=6.5),
    )
    assert str(job.scenario.script) == "QUEUED 2s; RUNNING 3s; DONE"
    asked = Request.to("GET", f"{HOST}/jobs/{JOB}/metrics")
    assert json.loads(respond(simulated(job), asked, 7.0).body) == metrics


def test_an_error_that_was_over_at_once_is_none() -> None:
    """No poll can fall into it; one that lasted is a fault for as long."""
    error = exchange(status=503, at=0.0)
    assert the_job(error, poll("Queued", 0.0)).scenario.faults == ()
    [fault] = the_job(error, poll("Queued", 3.0)).scenario.faults
    assert (fault.on, fault.since, fault.until) == ("poll", 0.0, 3.0)


def test_an_error_that_was_answered_first_was_the_answer_from_the_beginning() -> None:
    """Of each question by itself: an earlier request than the recorded one is answered so, too."""
    job = the_job(
        replace(SUBMISSION, at=0.0),
        exchange(status=503, at=2.0),
        poll("Queued", 3.0),
        exchange(path=f"/jobs/{JOB}/metrics", status=500, at=4.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer={}, at=5.0),
    )
    spans = {(fault.on, fault.since, fault.until) for fault in job.scenario.faults}
    assert spans == {("poll", 0.0, 3.0), ("metrics", 0.0, 5.0)}


@pytest.mark.parametrize("how", BREAKS)
def test_a_connection_that_broke_breaks_in_the_same_way(how: Any) -> None:
    """As a fault of the job, from when it broke until it was answered again."""
    broke = exchange(failure=how, status=0, at=2.0)
    reported = [poll("Queued", 0.0), broke, poll("Queued", 5.0), poll("Completed", 9.0)]
    [fault] = jobs_in(Cassette(tuple(reported), PROVENANCE))[JOB].scenario.faults
    assert fault == faults.Drop(on="poll", how=how, times=None, since=2.0, until=5.0)


def test_what_is_no_text_is_reported_as_far_as_it_is() -> None:
    """Of an error, a result and a log that somebody's cassette holds in an encoding of its own."""
    job = the_job(
        poll("Queued", 0.0),
        exchange(status=503, answer=b"caf\xe9", at=1.0),
        poll("Completed", 2.0),
        exchange(path=f"/jobs/{JOB}/results", answer=b"r\xe9sultat", at=3.0),
        exchange(path=f"/jobs/{JOB}/logs", answer=b"\xe9crit", at=4.0),
    )
    [fault] = job.scenario.faults
    assert isinstance(fault, faults.Status)
    assert (fault.body, job.scenario.result, job.record.logs) == (
        "caf\ufffd",
        "r\ufffdsultat",
        "\ufffdcrit",
    )


def test_an_error_keeps_its_words_and_when_to_come_back() -> None:
    """Whatever the case of the header."""
    [reported] = [exchange(answer={"errors": []}, status=503, at=2.0)]
    for name in ("Retry-After", "retry-after"):
        response = replace(reported.response, headers={name: "7"})
        exchanges = (
            poll("Queued", 0.0),
            replace(reported, response=response),
            poll("Completed", 9.0),
        )
        [fault] = jobs_in(Cassette(exchanges, PROVENANCE))[JOB].scenario.faults
        assert fault == faults.Status(
            code=503,
            body='{"errors": []}',
            retry_after="7",
            on="poll",
            times=None,
            since=2.0,
            until=9.0,
        )


def test_metrics_by_another_clock_are_those_of_the_script_that_was_seen() -> None:
    """A recording that says 4 hours and was seen to take 5 seconds has one length, not two."""
    stamps = {**STAMPS, "running": "2026-01-01T04:00:00Z", "finished": "2026-01-01T09:00:00Z"}
    described = {**job_body("Completed"), "created": STAMPS["created"]}
    job = the_job(
        poll("Queued", 0.0),
        poll("Running", 3.0),
        exchange(answer=described, at=5.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=6.0),
    )
    assert str(job.scenario.script) == "QUEUED 3s; RUNNING 2s; DONE"
    assert job.record.metrics == {
        "timestamps": {
            "created": "2026-01-01T00:00:00Z",
            "running": "2026-01-01T00:00:03Z",
            "finished": "2026-01-01T00:00:05Z",
        }
    }


def test_the_time_that_a_job_ran_is_from_its_first_run_to_its_end() -> None:
    """With what came in between, and without what came after."""
    polls = [poll("Queued", 0.0), poll("Running", 3.0), poll("Validating", 5.0)]
    polls += [poll("Running", 6.0), poll("Completed", 9.0), poll("Running", 19.0)]
    job = the_job(*polls)
    assert str(job.scenario.script) == (
        'ILLEGAL: QUEUED 3s; RUNNING 2s; UNKNOWN "Validating" 1s; RUNNING 3s; DONE 10s; RUNNING'
    )
    assert job.record.ran == 6.0


def test_the_timestamp_of_the_run_is_that_of_its_first_beginning() -> None:
    """When a job ran again, only those know who saw it."""
    stamps = {**STAMPS, "finished": "2026-01-01T00:00:08Z"}
    polls = [poll("Queued", 0.0), poll("Running", 3.0), poll("Validating", 5.0)]
    polls += [poll("Running", 6.0), poll("Completed", 9.0)]
    asked = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=9.5)
    assert str(the_job(*polls, asked).scenario.script) == (
        'QUEUED 2s; RUNNING 3s; UNKNOWN "Validating" 1s; RUNNING 2s; DONE'
    )


def test_timestamps_that_any_poll_contradicts_are_not_believed() -> None:
    """It cannot have run from the second on if it was still being validated in the third."""
    polls = [poll("Queued", 0.0), poll("Validating", 2.9), poll("Running", 3.0)]
    polls.append(poll("Completed", 9.0))
    stamps = {**STAMPS, "finished": "2026-01-01T00:00:08Z"}
    asked = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=9.5)
    script = 'QUEUED 2.9s; UNKNOWN "Validating" 0.1s; RUNNING 6s; DONE'
    assert str(the_job(*polls, asked).scenario.script) == script


MILLISECONDS = st.integers(1, 2_000).map(lambda number: number / 1_000)
ANSWERS = {"QUEUED": "Queued", "RUNNING": "Running", "DONE": "Completed"}
TOOK = 0.05


@example(found=None, waited=0.1, ran=0.001, polls=2, decided=0.049)
@given(
    found=st.none() | MILLISECONDS,
    waited=MILLISECONDS,
    ran=MILLISECONDS,
    polls=st.integers(1, 20),
    decided=st.sampled_from([0.0, 0.02, 0.049]),
)
def test_a_script_by_timestamps_is_at_every_poll_what_that_saw(
    found: float | None, waited: float, ran: float, polls: int, decided: float
) -> None:
    """However seldom it was asked for, whenever it was found, and whenever within a poll it changed."""
    began = decided if found is None else -found
    every = (waited + ran) / polls
    moments = [round(TOOK + number * every, 6) for number in range(polls + 2)]

    def status(moment: float) -> str:
        job_followed = round(moment + decided - began, 6)
        return (
            "Queued"
            if job_followed < waited
            else "Running"
            if job_followed < waited + ran
            else "Completed"
        )

    created, running, finished = (timestamp(EPOCH + at) for at in (0.0, waited, waited + ran))
    stamps = {"created": created, "running": running, "finished": finished}
    asked = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=999.0)
    submission = [] if found is not None else [replace(SUBMISSION, at=0.0, took=TOOK)]
    job = the_job(*submission, *[poll(status(at), at) for at in moments], asked)

    assert [step.status for step in job.scenario.script] == ["QUEUED", "RUNNING", "DONE"]
    lengths = [step.seconds for step in job.scenario.script.steps[:2]]
    assert lengths == pytest.approx([waited, ran], abs=3e-6)
    assert found is not None or -3e-6 <= job.created_at <= TOOK
    for moment in moments:
        spans = zip(job.starts, [*job.starts[1:], inf], job.scenario.script, strict=True)
        answers = [
            ANSWERS[step.status]
            for start, end, step in spans
            if start <= moment + TOOK and end >= moment - 3e-6
        ]
        assert status(moment) in answers


def stamped(*polls: Interaction, **after: float) -> RecordedJob:
    """Return the job that *polls* saw, with stamps so long *after* the creation."""
    stamps = {name: timestamp(EPOCH + at) for name, at in {"created": 0.0, **after}.items()}
    asked = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=99.0)
    return the_job(*polls, asked)


@pytest.mark.parametrize(
    ("ran_from", "began", "script"),
    [
        (2.5, 0.0, "QUEUED 2.5s; RUNNING 5.5s; DONE"),
        (1.99, 0.01, "QUEUED 1.99s; RUNNING 6.01s; DONE"),
        (1.94, 0.0, "QUEUED 3s; RUNNING 6s; DONE"),
    ],
)
def test_a_job_is_created_between_its_submission_and_the_answer_to_that(
    ran_from: float, began: float, script: str
) -> None:
    """As early in it as the polls allow; if none is, the timestamps are not believed."""
    submission = replace(SUBMISSION, at=0.0, took=0.05)
    polls = [poll("Queued", 1.0), poll("Queued", 2.0), poll("Running", 3.0), poll("Completed", 9.0)]
    read = stamped(submission, *polls, running=ran_from, finished=8.0)
    assert (read.created_at, str(read.scenario.script)) == (began, script)


@pytest.mark.parametrize(
    ("polls", "after", "script"),
    [
        ([poll("Queued", 0.0), poll("Running", 3.0)], {"running": 2.0}, "QUEUED 2s; RUNNING"),
        ([poll("Running", 3.0)], {"running": 2.0}, "QUEUED 2s; RUNNING"),
        (
            [poll("Completed", 3.0)],
            {"running": 2.0, "finished": 3.0},
            "QUEUED 2s; RUNNING 1s; DONE",
        ),
        ([poll("Completed", 3.0)], {"finished": 3.0}, "RUNNING 3s; DONE"),
        (
            [poll("Running", 0.0), poll("Completed", 9.0)],
            {"running": -1.0, "finished": 8.0},
            "RUNNING 9s; DONE",
        ),
        (
            [poll("Running", 0.0), poll("Completed", 9.0)],
            {"running": 2.0, "finished": 1.0},
            "RUNNING 9s; DONE",
        ),
        (
            [poll("Queued", 0.0), poll("Running", 2.000001)],
            {"running": 2.0},
            "QUEUED 2.000001s; RUNNING",
        ),
        ([poll("Queued", 0.0), poll("Running", 2.000004)], {"running": 2.0}, "QUEUED 2s; RUNNING"),
    ],
)
def test_timestamps_report_what_no_poll_saw(
    polls: list[Interaction], after: dict[str, float], script: str
) -> None:
    """As far as there are any, and they are in order; what was seen so near to one is when it was."""
    assert str(stamped(*polls, **after).scenario.script) == script


@pytest.mark.parametrize(
    ("seen", "stamps", "script", "starts"),
    [
        (
            [("Running", 0.0), ("Validating", 2.0), ("Running", 4.0), ("Completed", 6.0)],
            ("00.5", "15"),
            'QUEUED 0.5s; RUNNING 10.5s; UNKNOWN "Validating" 2s; RUNNING 2s; DONE',
            (-9.0, -8.5, 2.0, 4.0, 6.0),
        ),
        (
            [("Queued", 0.0), ("Validating", 0.25), ("Running", 0.6), ("Completed", 2.0)],
            ("00.5", "01.9"),
            'QUEUED 0.25s; UNKNOWN "Validating" 0.25s; RUNNING 1.4s; DONE',
            (0.0, 0.25, 0.5, 1.9),
        ),
    ],
    ids=["under way", "at its creation"],
)
def test_what_has_no_timestamp_lies_among_what_has_one(
    seen: list[tuple[str, float]],
    stamps: tuple[str, str],
    script: str,
    starts: tuple[float, ...],
) -> None:
    """Counted from its creation, whenever the recording found the job."""
    running, finished = (f"2026-01-01T00:00:{second}Z" for second in stamps)
    reported = {"timestamps": {**STAMPS, "running": running, "finished": finished}}
    read = the_job(
        *(poll(status, at) for status, at in seen),
        exchange(path=f"/jobs/{JOB}/metrics", answer=reported, at=9.5),
    )
    assert (str(read.scenario.script), read.starts, read.created_at) == (script, starts, starts[0])


@pytest.mark.parametrize(
    ("ran_from", "script"),
    [("2.5", "QUEUED 2.5s; RUNNING 1.5s; DONE"), ("1.5", "QUEUED 3s; RUNNING 1s; DONE")],
)
def test_without_times_a_poll_takes_a_second(ran_from: str, script: str) -> None:
    """Timestamps are believed where they fit: it was still queued when the third poll was made."""
    stamps = {
        "created": "2026-01-01T00:00:00Z",
        "running": f"2026-01-01T00:00:0{ran_from}Z",
        "finished": "2026-01-01T00:00:04Z",
    }
    polls = [poll("Queued", None, repeat=3), poll("Running", None), poll("Completed", None)]
    asked = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps})
    assert str(the_job(*polls, asked).scenario.script) == script


def test_metrics_of_a_undescribed_job_are_reported_as_they_were() -> None:
    """Without a date of its creation there is nothing to reckon from."""
    metrics = {"timestamps": {"created": None}, "usage": {"seconds": 2}}
    asked = exchange(path=f"/jobs/{JOB}/metrics", answer=metrics, at=3.0)
    assert the_job(replace(SUBMISSION, at=0.0), asked).record.metrics == metrics


def test_an_end_that_no_poll_saw_is_none() -> None:
    """Whatever the metrics say: the recording ends before the job does. So with its run."""
    ended = {**STAMPS, "finished": "2026-01-01T00:00:05Z"}
    for stamps, polls, script in (
        (ended, [poll("Queued", 0.0), poll("Running", 3.0)], "QUEUED 3s; RUNNING"),
        (STAMPS, [poll("Queued", 0.0)], "QUEUED"),
    ):
        asked = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=9.0)
        assert str(the_job(*polls, asked).scenario.script) == script


@pytest.mark.parametrize("answer", [b"<html>", b"[]", {}, {"id": JOB}, {"id": JOB, "state": 7}])
def test_an_answer_without_a_state_says_nothing(answer: object) -> None:
    """What was answered before still holds."""
    job = the_job(poll("Queued", 0.0), exchange(answer=answer, at=1.0), poll("Running", 2.0))
    assert str(job.scenario.script) == "QUEUED 2s; RUNNING"


@given(st.sampled_from(["created", "running", "finished"]), st.sampled_from([None, "soon", 5]))
def test_a_timestamp_that_is_none_is_not_believed(name: str, value: object) -> None:
    """What was seen is all there is then."""
    whole = {**STAMPS, "finished": "2026-01-01T00:00:09Z"}
    asked = exchange(
        path=f"/jobs/{JOB}/metrics", answer={"timestamps": {**whole, name: value}}, at=9.0
    )
    job = the_job(poll("Queued", 0.0), poll("Running", 3.0), poll("Completed", 9.0), asked)
    assert [step.status for step in job.scenario.script] == ["QUEUED", "RUNNING", "DONE"]
    if name == "created":
        assert str(job.scenario.script) == "QUEUED 3s; RUNNING 6s; DONE"


@given(st.lists(st.integers(0, 9).map(str), min_size=1, max_size=5), st.randoms())
def test_the_longest_list_of_interim_results_is_all_of_them(texts: list[str], random: Any) -> None:
    """The service lists the newest first, and at the end all of them; in whichever order it was asked."""
    lists = [texts[at:] for at in range(len(texts) + 1)]
    random.shuffle(lists)
    assert texts_in(lists) == tuple(reversed(texts))


@pytest.mark.parametrize(
    ("answers", "texts"),
    [
        ([["2", "1"], ["1"]], ("1", "2")),
        (["no list", b"<html>", ["1"]], ("1",)),
        ([["not JSON", {"i": 1}]], ('{"i": 1}', '"not JSON"')),
        ([["NaN", float("nan")]], ('"NaN"', '"NaN"')),
        ([[]], ()),
    ],
)
def test_interim_results_are_json_whatever_was_recorded(answers: list[Any], texts: Any) -> None:
    """In the order in which they appeared; they stand in the step that runs."""
    asked = [
        exchange(path=f"/jobs/{JOB}/interim_results", answer=each, at=1.0 + number)
        for number, each in enumerate(answers)
    ]
    job = the_job(poll("Running", 0.0), *asked, poll("Completed", 9.0))
    assert job.scenario.script.steps[0].interim == texts
    assert the_job(poll("Queued", 0.0), *asked).scenario.script.end.interim == ()
