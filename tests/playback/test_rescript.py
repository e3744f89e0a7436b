"""One good run becomes every bad one: recordings as scenarios, and scenarios as recordings."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError, RuntimeJobMaxTimeoutError

import qrtest
from qrtest import Scenario, Script, cancelled, done, failed, faults, queued, running
from qrtest import strategies as qst
from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction, collapsed
from qrtest.clock.clocks import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.errors import ScenarioError, ScriptError, SimulationError
from qrtest.http.messages import Request, Response
from qrtest.playback.diff import differences
from qrtest.playback.interim import with_interim
from qrtest.playback.recorded_jobs import jobs_in
from qrtest.playback.rehearsal import rehearsed
from qrtest.playback.rescript import rescripted
from qrtest.scenario.as_recording import recorded_job_of
from qrtest.service.behaviour import Behaviour
from qrtest.service.instances import CRN
from qrtest.service.job_facts import Submission
from qrtest.service.jobs import Recorded
from qrtest.service.payload_template import JobRecord
from qrtest.service.service import SimulatedService
from qrtest.service.submissions import JobPlan
from tests.asking import NoBackends
from tests.command_line import qrtest as qrtest_command
from tests.command_line import qrtest_process
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

SHIPPED = sorted((Path(__file__).parents[2] / "cassettes").glob("*.yaml"))
HEADERS = {"IBM-API-Version": "2026-04-15", "Service-CRN": CRN, "Authorization": "Bearer x"}
RESULT = '{"results": []}'


def recorded(
    given_script: Script | str,
    *,
    every: float = 1.0,
    first: float = 0.0,
    after: tuple[str, ...] = ("results", "metrics", "logs"),
    broken: tuple[int, ...] = (),
    took: float = 0.05,
    logs: str | None = "a log\n",
) -> Cassette:
    """Return the recording of a client that polls qrtest's own service to the end, then asks more."""
    clock = VirtualClock(longest=None)
    service = SimulatedService(clock, epoch=EPOCH, seed=0, backends=NoBackends(), plan=no_plan)
    script = Script.of(given_script)
    result = RESULT if script.end.status == "DONE" else None
    service.add(
        Submission(backend="ibm_torino", program_id="sampler", job_id=JOB, tags=("a",)),
        JobPlan(
            script=script,
            recorded=Recorded(result=result, logs=logs),
            behaviour=Behaviour(usage_lag=0),
        ),
    )
    clock.sleep(first)
    kept: list[Interaction] = []

    def ask(path: str) -> Response:
        request = Request.to("GET", HOST + path, headers=HEADERS)
        response = service.handle(request)
        if len(kept) in broken:
            response = Response(0, failure="closed")
        headers = {"IBM-API-Version": HEADERS["IBM-API-Version"]}
        kept.append(
            Interaction(
                request=replace(request, headers=headers),
                response=response,
                at=round(clock.now() - first, 9),
                took=took,
            )
        )
        clock.sleep(took)
        return response

    for _ in range(20_000):
        answer = ask(f"/jobs/{JOB}?exclude_params=true")
        if (
            answer.failure is None
            and b'"Queued"' not in answer.body
            and b'"Running"' not in answer.body
        ):
            break
        clock.sleep(every)
    for path in after:
        ask(f"/jobs/{JOB}/{path}")
    return Cassette(collapsed(kept), PROVENANCE)


def no_plan(submission: Submission, job_id: str) -> JobPlan:
    raise AssertionError("nothing is submitted here")


def trace(sim: qrtest.Replay, interval: float, asked: set[str]) -> list[Any]:
    """Return all that a client can see that polls every so often, and asks for what was recorded."""
    job, seen = sim.job(), []
    for _ in range(2_000):
        try:
            seen.append((job.status(), sim.clock.now()))
        except Exception as error:
            seen.append((repr(error), sim.clock.now()))
        if seen[-1][0] in ("DONE", "ERROR", "CANCELLED"):
            break
        sim.clock.sleep(interval)
    for name in sorted(asked & {"result", "metrics", "logs"}):
        try:
            seen.append((repr(getattr(job, name)()), sim.clock.now()))
        except Exception as error:
            seen.append((repr(error), sim.clock.now()))
    return seen


def asked_in(cassette: Cassette) -> set[str]:
    return {each.request.route.operation for each in cassette.interactions if each.request.route}


# --- reading -----------------------------------------------------------------------------------------

CAPTURED = json.loads((files("qrtest.captured") / "metrics-87-jobs.json").read_text())


def captured_session(job: dict[str, Any]) -> Cassette:
    """Return what a client would have recorded of a captured job that polled it every two seconds."""
    from datetime import datetime

    times = {name: datetime.fromisoformat(at) for name, at in job["metrics"]["timestamps"].items()}
    created = times["created"]
    offsets = {name: (at - created).total_seconds() for name, at in times.items()}
    polls, at, last_status = [], 0.7, ""
    while last_status != "Completed":
        past = [
            word
            for word, name in (("Running", "running"), ("Completed", "finished"))
            if at >= offsets[name]
        ]
        last_status = past[-1] if past else "Queued"
        polls.append(poll(last_status, round(at - 0.7, 9)))
        at += 2
    metrics = exchange(
        path=f"/jobs/{JOB}/metrics", answer=job["metrics"], at=round(at, 9), took=0.1
    )
    return Cassette(collapsed([*polls, metrics]), PROVENANCE)


@pytest.mark.parametrize("job", CAPTURED, ids=lambda job: job["job_id"])
def test_a_recorded_script_has_the_services_own_times(job: dict[str, Any]) -> None:
    """To the microsecond, from the captured metrics of real jobs, however seldom one polled."""
    given_script = Scenario.from_cassette(captured_session(job)).script
    waited, ran = (step.seconds for step in given_script.steps[:2])
    stamps = job["metrics"]["timestamps"]
    assert [step.status for step in given_script] == ["QUEUED", "RUNNING", "DONE"]
    assert waited == pytest.approx(seconds(stamps["created"], stamps["running"]), abs=1e-9)
    assert ran == pytest.approx(seconds(stamps["running"], stamps["finished"]), abs=1e-9)


def seconds(start: str, stop: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(stop) - datetime.fromisoformat(start)).total_seconds()


def test_without_timestamps_a_change_is_when_it_was_first_seen() -> None:
    """A recording without metrics has its own times."""
    assert str(Scenario.from_cassette(short()).script) == "QUEUED 3s; RUNNING 2s; DONE"


def test_timestamps_that_cannot_be_are_not_believed() -> None:
    """A service with a clock of its own shows nothing about when its answers were seen."""
    stamps = {
        "created": "2026-01-01T00:00:00Z",
        "running": "2026-01-01T04:00:00Z",
        "finished": "2026-01-01T09:00:00Z",
    }
    metrics = exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=6.0, took=0.1)
    cassette = Cassette((*short().interactions, metrics), PROVENANCE)
    assert str(Scenario.from_cassette(cassette).script) == "QUEUED 3s; RUNNING 2s; DONE"


def test_a_job_that_was_found_under_way_has_its_whole_status_sequence() -> None:
    """Recorded when it had ended long ago, it still shows how long it waited and ran; replayed, it has ended."""
    cassette = recorded("QUEUED 2h; RUNNING 30s; DONE", first=9_000)
    scenario = Scenario.from_cassette(cassette)
    assert str(scenario.script) == "QUEUED 2h; RUNNING 30s; DONE"
    with qrtest.replay(cassette, script=scenario) as sim:
        assert sim.job().status() == "DONE"


def test_the_facts_are_those_recorded() -> None:
    """Program, tags, result, logs, metrics and the fields of the job."""
    scenario = Scenario.from_cassette(recorded("QUEUED 3s; RUNNING 2s; DONE"))
    assert (scenario.program_id, scenario.tags, scenario.result) == ("sampler", ("a",), RESULT)
    record = scenario.record
    assert record is not None
    assert (record.logs, record.job["backend"], record.ran) == ("a log\n", "ibm_torino", 2.0)
    assert record.metrics is not None
    assert record.metrics["timestamps"]["finished"] == "2026-01-01T00:00:05Z"


def test_interim_results_are_in_the_step_that_ran() -> None:
    """All that were recorded; they follow another life, as long as the job runs in it."""
    scenario = Scenario.from_cassette(with_interim_results())
    assert str(scenario.script) == 'QUEUED 3s; RUNNING 2s ["first", {"i": 2}]; DONE'
    longer = scenario.but(run="1h", ends="ERROR 1500").script
    assert str(longer) == 'QUEUED 3s; RUNNING 1h ["first", {"i": 2}]; ERROR 1500'
    never_ran = Cassette(with_interim_results().interactions[2:], PROVENANCE)
    assert str(Scenario.from_cassette(never_ran).script) == "DONE"


def test_errors_are_faults_between_two_moments() -> None:
    """From when it was the answer to when it was not any more."""
    gateway = exchange(status=504, answer={"errors": []}, at=1.0, took=0.1)
    cassette = Cassette((poll("Queued", 0.0), gateway, poll("Completed", 2.5)), PROVENANCE)
    [fault] = Scenario.from_cassette(cassette).faults
    assert fault == faults.status(
        504, body='{"errors": []}', on="poll", since=1.0, until=2.5, times=None
    )


def test_a_cassette_of_several_jobs_has_a_scenario_for_each(tmp_path: Path) -> None:
    """All of them by id; one by its id; without one, the message says which there are."""
    other = "d5h6o44pe0pc73am1zzz"
    second = [
        exchange(
            path=f"/jobs/{other}?exclude_params=true",
            answer={**job_body(status), "id": other},
            at=at,
        )
        for status, at in (("Running", 0.5), ("Failed", 9.0))
    ]
    session = exchange("PATCH", "/sessions/s1", {"accepting_jobs": False}, status=204, at=10.0)
    cassette = Cassette((*short().interactions, *second, session), PROVENANCE)
    both = Scenario.all_from_cassette(cassette)
    assert {job_id: str(each.script) for job_id, each in both.items()} == {
        JOB: "QUEUED 3s; RUNNING 2s; DONE",
        other: "RUNNING 9s; ERROR",
    }
    assert Scenario.from_cassette(cassette, other) == both[other]
    with pytest.raises(ScenarioError, match=rf"has not exactly one job. There are {JOB}, {other}"):
        Scenario.from_cassette(cassette)
    with pytest.raises(SimulationError, match="script={job_id: script}"):
        qrtest.replay(cassette, script="DONE")
    with qrtest.replay(cassette, script={other: "DONE"}) as sim:
        assert (sim.job(other).status(), sim.job(JOB).status()) == ("DONE", "QUEUED")
    with qrtest.replay(cassette, script={"*": "CANCELLED", other: "ERROR 1500"}) as sim:
        assert (sim.job(other).status(), sim.job(JOB).status()) == ("ERROR", "CANCELLED")
    written, every = tmp_path / "two.yaml", tmp_path / "every.yaml"
    store.save(written, cassette)
    arguments = [str(written), "--every-job", "--queue", "1h", "--ends", "ERROR 1500"]
    assert qrtest_command("rescript", *arguments, "-o", str(every)).returncode == 0
    with qrtest.replay(every) as sim:
        for job in map(sim.job, (JOB, other)):
            job.wait_for_final_state()
            assert job.status() == "ERROR"
        assert sim.clock.now() > 3600


def test_a_cassette_of_vcrpy_is_read(tmp_path: Path) -> None:
    """It has no times: each poll is taken for a second, until timestamps say better."""
    entries = [
        {
            "request": {"method": "GET", "uri": f"{HOST}/jobs/{JOB}", "headers": {}, "body": None},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["application/json"]},
                "body": {"string": json.dumps({**job_body(status), "params": {"pubs": [1]}})},
            },
        }
        for status in ("Queued", "Queued", "Running", "Completed")
    ]
    path = tmp_path / "stock.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": entries}))
    scenario = Scenario.from_cassette(path)
    assert str(scenario.script) == "QUEUED 2s; RUNNING 1s; DONE"
    assert scenario.params == {"pubs": [1]}


def test_a_downloaded_job_is_read() -> None:
    """The captured failed job: its code, and its time from creation to end."""
    from qrtest.cassette.convert import from_download

    info = (files("qrtest.captured") / "job-failed-1500.json").read_text()
    scenario = Scenario.from_cassette(from_download(info, None))
    assert scenario.script.end.code == 1500
    assert scenario.script == Scenario.from_info(json.loads(info)).script
    kept = Scenario.from_cassette(scenario.to_cassette())
    assert kept.script == scenario.script
    assert kept == Scenario.from_cassette(kept.to_cassette())


# --- there and back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_reading_what_was_written_gives_the_same_scenario(path: Path, tmp_path: Path) -> None:
    """Of the cassettes that ship."""
    scenario = Scenario.from_cassette(path)
    scenario.to_cassette(tmp_path / "again.yaml")
    assert Scenario.from_cassette(tmp_path / "again.yaml") == scenario


@pytest.mark.parametrize("job", CAPTURED[::9], ids=lambda job: job["job_id"])
def test_captured_jobs_go_there_and_back(job: dict[str, Any]) -> None:
    """Metrics and all, in the API version in which they were captured."""
    scenario = Scenario.from_cassette(captured_session(job))
    kept = Scenario.from_cassette(scenario.to_cassette())
    assert (kept.script, kept.result) == (scenario.script, None)
    assert Scenario.from_cassette(kept.to_cassette()) == kept


WINDOWS = st.builds(
    lambda since, lasts, code: faults.status(
        code, body="{}", on="poll", since=since, until=since + lasts, times=None
    ),
    st.integers(1, 5).map(float), st.just(0.25), st.sampled_from([429, 503, 504]),
)  # fmt: skip


def merged(script: Script) -> Script:
    """*script* in which neighbours that say the same are one: they cannot be distinguished."""
    steps = list(script.steps[:1])
    for step in script.steps[1:]:
        last = steps[-1]
        if (last.status, last.says) != (step.status, step.says):
            steps.append(step)
        else:
            both = None if None in (last.seconds, step.seconds) else last.seconds + step.seconds
            steps[-1] = replace(step, seconds=both)
    return Script(*steps)


@settings(max_examples=40)
@given(
    qst.scripts(),
    st.lists(st.integers().map(str), max_size=3).map(tuple),
    st.lists(WINDOWS, max_size=1),
    st.sampled_from(["sampler", "estimator"]),
)
def test_any_script_goes_there_and_back(
    script: Script, interim: tuple[str, ...], plan: list[Any], program: str
) -> None:
    """What a scenario says is in its recording; and what is read is written and read the same for ever."""
    script = Script(*with_interim(merged(script).steps, interim))
    end = script.end if script.end.is_final else running()
    whole = Scenario(Script(queued("1d"), end), faults=plan, program_id=program)
    for scenario in (Scenario(script, tags=["a", "b"], program_id=program), whole):
        read = Scenario.from_cassette(scenario.to_cassette())
        assert (read.script, read.faults, read.tags, read.program_id) == (
            scenario.script,
            scenario.faults,
            scenario.tags,
            program,
        )
        assert Scenario.from_cassette(read.to_cassette()) == read


def test_an_interim_result_of_many_digits_is_one() -> None:
    """A number that is too long for an account's or a card's stays in the list as it is."""
    script = Script(queued(1), running(5, interim=[10**15 + 7, -(10**45)]), done())
    assert Scenario.from_cassette(Scenario(script).to_cassette()).script == script


def test_a_cassette_with_the_time_of_its_program_is_rehearsed_without_a_problem() -> None:
    """What follows from another script has no time of the recorded program."""
    recorded = short()
    timed = replace(
        recorded,
        interactions=tuple(
            replace(each, program=each.at, program_until=each.until)
            for each in recorded.interactions
        ),
    )
    job = jobs_in(timed)[JOB]
    changed = Scenario.of_job(job).but(script="QUEUED 1h; RUNNING 5s; DONE")
    after = rescripted(timed, recorded_job_of(changed, job))
    assert list(rehearsed(after)) == []


def test_what_no_recording_can_hold_is_refused() -> None:
    """With what to write instead."""
    scenario = Scenario("QUEUED 5s; DONE", faults=[faults.drop(on="poll", after=3)])
    with pytest.raises(ScenarioError, match=r"cannot hold faults\.drop\(on='poll', after=3\)"):
        scenario.to_cassette()


def test_a_written_recording_says_that_it_is_none(tmp_path: Path) -> None:
    """It is scripted; it replays, stock as it is."""
    path = tmp_path / "made.yaml"
    Scenario("QUEUED 1h; RUNNING 30s; DONE").to_cassette(path)
    assert "service: scripted" in path.read_text()
    with qrtest.replay(path) as sim:
        assert sum(sim.job().result()[0].data.meas.get_counts().values()) == 4
        assert 3630 <= sim.clock.now() <= 3632


def test_a_scenario_with_facts_is_code_and_a_file(tmp_path: Path) -> None:
    """Its repr evaluates back, and a scenario file holds it."""
    from qrtest.scenario import scenario_file

    scenario = Scenario.from_cassette(recorded("QUEUED 3s; RUNNING 2s; DONE", broken=(1,)))
    names = {"Scenario": Scenario, "JobRecord": JobRecord, "faults": faults}
    assert eval(repr(scenario), names) == scenario
    scenario_file.save(scenario, tmp_path / "life.yaml")
    assert scenario_file.load(tmp_path / "life.yaml") == scenario


# --- but ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "given_script"),
    [
        ({"ends": failed(code=1305)}, "QUEUED 5s; RUNNING 2s; ERROR 1305"),
        ({"ends": "CANCELLED", "queue": "6h"}, "QUEUED 6h; RUNNING 2s; CANCELLED"),
        ({"ends": queued()}, "QUEUED"),
        ({"ends": running()}, "QUEUED 5s; RUNNING"),
        ({"run": "3h"}, "QUEUED 5s; RUNNING 3h; DONE"),
        ({"script": "QUEUED 1m; ERROR 1500"}, "QUEUED 1m; ERROR 1500"),
        ({}, "QUEUED 5s; RUNNING 2s; DONE"),
    ],
    ids=str,
)
def test_a_scenario_is_changed(changes: dict[str, Any], given_script: str) -> None:
    """In its end, its lengths, or as a whole."""
    assert str(Scenario("QUEUED 5s; RUNNING 2s; DONE").but(**changes).script) == given_script


def test_lengths_are_given_to_what_had_none() -> None:
    """A job that was never seen queued is; one that never ran does."""
    assert str(Scenario("DONE").but(queue="1m", run="5s").script) == "QUEUED 1m; RUNNING 5s; DONE"


def test_an_end_is_one_step() -> None:
    """A whole life is a script."""
    with pytest.raises(ScriptError, match="write script='QUEUED 1s; DONE'"):
        Scenario("DONE").but(ends="QUEUED 1s; DONE")


def test_facts_that_do_not_fit_go() -> None:
    """A failed job has no result; one that never ran has no logs."""
    scenario = Scenario.from_cassette(recorded("QUEUED 3s; RUNNING 2s; DONE"))
    assert scenario.but(ends=failed()).result is None
    assert scenario.but(queue="1h").result == RESULT
    never_ran = scenario.but(script=Script(queued(5), cancelled())).record
    assert never_ran is not None
    assert never_ran.logs is None


# --- unchanged ---------------------------------------------------------------------------------------

SCRIPTS = st.builds(
    lambda waits, runs, end: Script(queued(waits), running(runs), end),
    st.floats(0.2, 20).map(lambda x: round(x, 6)), st.floats(0.2, 20).map(lambda x: round(x, 6)),
    st.sampled_from([qrtest.done(), failed("Internal error.", 1500), cancelled(), failed(code=1305)]),
)  # fmt: skip
AFTER = st.sampled_from([("results",), ("results", "metrics"), ("metrics", "logs", "results")])


@given(
    given_script=SCRIPTS,
    every=st.floats(0.4, 7),
    first=st.floats(0, 9).map(lambda x: round(x, 6)),
    after=AFTER,
    broken=st.sets(st.integers(1, 9), max_size=2),
    interval=st.floats(0.2, 20),
)
def test_unchanged_it_is_its_replay(
    given_script: Script, every: float, first: float, after: Any, broken: set[int], interval: float
) -> None:
    """For every life, however it was recorded, and every poll interval: the same answers at the same times."""
    cassette = recorded(given_script, every=every, first=first, after=after, broken=tuple(broken))
    asked = asked_in(cassette)
    scenario = Scenario.from_cassette(cassette)
    with qrtest.replay(cassette, most_requests=10**6) as sim:
        replayed = trace(sim, interval, asked)
    with qrtest.replay(cassette, script=scenario, most_requests=10**6) as sim:
        rescripted_trace = trace(sim, interval, asked)
    assert rescripted_trace == replayed


@given(given_script=SCRIPTS, every=st.floats(0.4, 7), interval=st.floats(0.2, 20))
def test_the_job_ends_at_its_recorded_time_within_one_poll(
    given_script: Script, every: float, interval: float
) -> None:
    """The recorded end is one poll away from the true one, the seen end another."""
    cassette = recorded(given_script, every=every)
    lasts = given_script.seconds
    assert lasts is not None
    scenario = Scenario.from_cassette(cassette)
    with qrtest.replay(cassette, script=scenario) as sim:
        trace(sim, interval, set())
        assert lasts - 1e-6 <= sim.clock.now() <= lasts + interval + 2


# --- another life ------------------------------------------------------------------------------------


@given(SCRIPTS, SCRIPTS)
def test_a_rescripted_recording_has_the_shape_of_a_recorded_one(good: Script, bad: Script) -> None:
    """Fields, types and statuses are those that the same client records of such a job."""
    before = recorded(Script(*good.steps[:2], qrtest.done()), every=0.1)
    scenario = Scenario.from_cassette(before).but(script=bad)
    made = rescripted(before, recorded_job_of(scenario, jobs_in(before)[JOB]))
    found = differences(made, recorded(bad, every=0.1))
    assert [str(each) for each in found if each.tier == "shape"] == []


@pytest.mark.parametrize("transport", ["direct", "requests"])
def test_a_good_run_becomes_a_bad_one(transport: Any) -> None:
    """The genuine client raises what it raises for such a job, after the time that it takes."""
    good = recorded("QUEUED 3s; RUNNING 2s; DONE")
    given_script = Scenario.from_cassette(good).but(ends=failed(code=1305), queue="1m", run="30s")
    with qrtest.replay(good, script=given_script, transport=transport) as sim:
        with pytest.raises(RuntimeJobMaxTimeoutError, match="1305"):
            sim.job().result()
        assert 90 <= sim.clock.now() <= 92


def test_facts_follow_the_new_script() -> None:
    """Metrics have no finish while it runs, logs are not there yet, and usage is of the new run."""
    good = recorded("QUEUED 3s; RUNNING 2s; DONE")
    with qrtest.replay(good, script="QUEUED 1m; RUNNING 10s; DONE") as sim:
        job = sim.job()
        assert "running" not in job.metrics()["timestamps"]
        sim.clock.advance("65s")
        reported = job.metrics()
        stamps = reported["timestamps"]
        assert stamps["running"] == "2026-01-01T00:01:00Z"
        assert "finished" not in stamps
        assert reported["usage"]["status"] == "pending"
        assert job.logs() == ""
        assert job.result() == {"results": []}
        assert job.logs() == "a log\n"
        reported = job.metrics()
        assert reported["timestamps"]["finished"] == "2026-01-01T00:01:10Z"
        assert reported["usage"] == {"qpu_charge_time_seconds": 10, "status": "complete"}


def test_a_job_of_the_classic_service_keeps_its_form() -> None:
    """Its `ended` comes with the end, at the time of the new life; hub, group and project stay."""
    from qrtest.cassette.convert import from_download

    info = (files("qrtest.captured") / "job-failed-1500.json").read_text()
    cassette = from_download(info, None)
    with qrtest.replay(cassette, script="QUEUED 10s; CANCELLED", transport="requests") as sim:
        url = f"{HOST}/jobs/{sim.jobs[0]}?exclude_params=true"
        before = requests.get(url, timeout=5).json()
        sim.clock.advance("10s")
        after = requests.get(url, timeout=5).json()
    assert (before["status"], "ended" in before, before["hub"]) == ("Queued", False, "the-hub")
    assert (after["status"], after["ended"]) == ("Cancelled", "2025-01-02T07:14:30.678Z")
    assert set(after) == set(json.loads(info)) - {"params"}


def test_what_was_never_asked_is_answered() -> None:
    """A job with another script can be cancelled, although nobody did when it was recorded."""
    with qrtest.replay(short(), script="QUEUED 1h; DONE") as sim:
        job = sim.job()
        job.cancel()
        assert sim.job().status() == "CANCELLED"
        assert [entry.operation for entry in sim.journal] == ["cancel", "poll"]


def test_a_submitted_job_begins_when_it_is_submitted_again() -> None:
    """Its faults, too, come so long after its submission."""
    body = {"program_id": "sampler", "backend": "ibm_torino", "params": {}}
    made = exchange("POST", "/jobs", body, answer={"id": JOB, "backend": "ibm_torino"}, at=10.0)
    later = [replace(each, at=(each.at or 0) + 10, until=None) for each in short().interactions]
    cassette = Cassette((made, *later), PROVENANCE)
    given_script = Scenario.from_cassette(cassette)
    assert str(given_script.script) == "QUEUED 3s; RUNNING 2s; DONE"
    changed = given_script.but(
        ends=failed("No.", 1500), faults=[faults.drop(on="poll", since="4s", times=1)]
    )
    with qrtest.replay(cassette, script=changed) as sim:
        sim.clock.advance("5h")
        sim.service()
        assert requests.post(f"{HOST}/jobs", json=body, timeout=5).json()["id"] == JOB
        start = sim.clock.now()
        with pytest.raises(RuntimeJobFailureError, match="1500"):
            sim.job().result()
        assert 5 <= sim.clock.now() - start <= 7
        assert "faults.drop" in sim.journal.timeline()


def test_a_scenario_of_a_recording_runs_in_a_simulation() -> None:
    """With the recorded backend, inputs, tags, result and metrics."""
    given_script = Scenario.from_cassette(recorded("QUEUED 3s; RUNNING 2s; DONE"))
    with qrtest.simulate() as sim:
        job = sim.job(given_script)
        assert job.result() == {"results": []}
        assert (list(job.tags), job.metrics()["usage"]["qpu_charge_time_seconds"]) == (["a"], 2)


def test_a_script_goes_by_the_time() -> None:
    """Another pace makes no sense beside it."""
    with pytest.raises(SimulationError, match="leave pace='polls' out"):
        qrtest.replay(short(), script="DONE", pace="polls")


# --- searched ------------------------------------------------------------------------------------------

SAMPLER = Path(__file__).parents[2] / "cassettes" / "sampler.yaml"


@given(qst.lives_of(SAMPLER))
def test_other_scenarios_of_a_recording_are_drawn(given_script: Scenario) -> None:
    """The payloads are real, the script is drawn, and what is printed is short code that evaluates back."""
    recorded = Scenario.from_cassette(SAMPLER)
    assert given_script.record is not None
    assert (given_script.params, given_script.record.job) == (recorded.params, recorded.record.job)  # type: ignore[union-attr]
    assert given_script.result == (
        recorded.result if given_script.script.end.status == "DONE" else None
    )
    assert len(repr(given_script)) < 2_000
    assert eval(repr(given_script), {"Scenario": Scenario, "faults": faults}) == given_script


def shots(job: Any) -> int:
    """Return a consumer that forgets how a job can end."""
    job.wait_for_final_state(timeout=None)
    result = job.result()
    return sum(result[0].data.meas.get_counts().values())


def test_a_consumer_is_checked_against_the_scenarios_of_a_recording() -> None:
    """What breaks it is reported as a change of the recording."""
    with pytest.raises(qrtest.errors.ConsumerBug) as found:
        qrtest.check_consumer(shots, cassette=SAMPLER, max_examples=30)
    assert repr(found.value.scenario).startswith(f"Scenario.from_cassette({str(SAMPLER)!r}).but(")
    assert len(str(found.value)) < 3_000


# --- the other doors -----------------------------------------------------------------------------------


def test_the_marker_takes_a_script_beside_a_cassette(pytester: pytest.Pytester) -> None:
    """The recorded job, living another life, by the fixtures."""
    store.save(pytester.path / "cassettes" / "bell.yaml", short())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(cassette="bell.yaml", script="QUEUED 6h; ERROR 1500")
        def test_failed(runtime_job, virtual_clock):
            job = runtime_job()
            job.wait_for_final_state(timeout=None)
            assert job.status() == "ERROR"
            assert virtual_clock.now() > 6 * 3600

        @pytest.mark.qrtest(cassette="bell.yaml", script="CANCELLED")
        def test_cancelled(runtime_service):
            assert runtime_service.job("d5h6o44pe0pc73am1f1g").cancelled()
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_the_command_line_rescripts(tmp_path: Path) -> None:
    """A cassette goes in, another comes out, and it is in order."""
    session = exchange("PATCH", "/sessions/s1", {"accepting_jobs": False}, status=204, at=6.0)
    store.save(tmp_path / "bell.yaml", Cassette((*short().interactions, session), PROVENANCE))
    options = ("--ends", "ERROR 1500", "--queue", "6h", "-o", "failed.yaml")
    done = qrtest_process("rescript", "bell.yaml", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "failed.yaml\n"), done.stderr
    assert (
        done.stderr == "QUEUED 3s; RUNNING 2s; DONE\n  becomes\nQUEUED 6h; RUNNING 2s; ERROR 1500\n"
    )
    assert qrtest_command("check", "failed.yaml", cwd=tmp_path).returncode == 0
    made = store.load(tmp_path / "failed.yaml")
    assert made.interactions[-1].at == 6 * 3600 + 3
    with qrtest.replay(tmp_path / "failed.yaml") as sim, pytest.raises(RuntimeJobFailureError):
        sim.job().result()


def test_the_command_line_rescripts_many(tmp_path: Path) -> None:
    """Into a directory, under their names; no recording is ever written over."""
    for name in ("a.yaml", "b.yaml", "other/a.yaml"):
        store.save(tmp_path / name, short())
    many = ("--ends", "CANCELLED", "a.yaml", "b.yaml", "-o")
    done = qrtest_command("rescript", *many, "made", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "made/a.yaml\nmade/b.yaml\n"), done.stderr
    assert str(Scenario.from_cassette(tmp_path / "made" / "b.yaml").script.end) == "CANCELLED"
    for options, problem in (
        ((*many, "."), "a.yaml would be written over: give another --output"),
        ((*many, "new", "other/a.yaml"), "Two of them have one name"),
    ):
        refused = qrtest_command("rescript", *options, cwd=tmp_path)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert problem in refused.stderr
    assert not (tmp_path / "new").exists()


def test_the_command_line_says_what_is_missing(tmp_path: Path) -> None:
    """A change, a job that there is."""
    store.save(tmp_path / "bell.yaml", short())
    nothing = qrtest_command("rescript", "bell.yaml", "-o", "x.yaml", cwd=tmp_path)
    assert nothing.returncode == 2
    assert "--script, --ends, --queue or --run" in nothing.stderr
    wrong = qrtest_command(
        "rescript", "bell.yaml", "--job", "j", "--ends", "DONE", "-o", "x.yaml", cwd=tmp_path
    )
    assert f"bell.yaml has no job 'j'. There are {JOB}" in wrong.stderr
    assert not (tmp_path / "x.yaml").exists()
