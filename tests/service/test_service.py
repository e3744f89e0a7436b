"""What the simulated service says, request by request: no client, no transport."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Script, VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.errors import SimulationError, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OPERATIONS, route
from qrtest.service.behaviour import Behaviour
from qrtest.service.job_facts import Submission
from qrtest.service.jobs import Recorded
from qrtest.service.service import ANSWERS, SimulatedService
from qrtest.service.submissions import JobPlan
from tests.drawn_scripts import scripts

HOST = "https://quantum.cloud.ibm.com/api/v1"
NEWEST = {"IBM-API-Version": "2026-04-15"}


class BareBackend:
    """A device of which nothing is known but its name."""

    def names(self) -> tuple[str, ...]:
        return ("ibm_torino",)

    def describe(self, name: str, aspect: str) -> bytes | None:
        return None


class World:
    """A clock, a service, and short words for asking it."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = VirtualClock(longest=None)
        self.service = SimulatedService(
            self.clock,
            epoch=EPOCH,
            seed=seed,
            backends=BareBackend(),
            plan=lambda *_: JobPlan(script=Script.parse("QUEUED 5s; DONE")),
        )

    def job(self, sequence: str | Script, *, result: str = "R", **options: Any) -> str:
        logs, metrics = options.pop("logs", None), options.pop("metrics", None)
        behaviour = options.pop("behaviour", Behaviour())
        submission = Submission(backend="ibm_torino", program_id="sampler", **options)
        recorded = Recorded(result=result, logs=logs, metrics=metrics)
        plan = JobPlan(script=Script.of(sequence), recorded=recorded, behaviour=behaviour)
        return self.service.add(submission, plan).facts.job_id

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        content = b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": "Bearer somebody", **(headers or NEWEST)}
        request = Request.to(method, HOST + path, headers=sent, body=content)
        return self.service.handle(request)

    def get(self, path: str) -> Any:
        return json.loads(self.ask("GET", path).body)


def code(response: Response) -> int:
    body = json.loads(response.body)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", body["trace"])
    number = body["errors"][0]["code"]
    assert isinstance(number, int)
    return number


SCRIPTS = {
    "queued": "QUEUED",
    "running": "RUNNING",
    "completed": "DONE",
    "failed": 'ERROR 1500 "Why."',
    "ran too long": "ERROR 1305",
    "cancelled": "CANCELLED",
}


@pytest.mark.parametrize(
    ("sequence", "results", "logs", "cancel", "delete"),
    [
        ("queued", 204, 404, 204, 204),
        ("running", 204, 404, 204, 400),
        ("completed", 200, 200, 409, 204),
        ("failed", 200, 200, 409, 204),
        ("ran too long", 200, 200, 409, 204),
        ("cancelled", 204, 200, 409, 204),
    ],
)
def test_the_status_of_each_operation_depends_on_where_the_job_is(
    sequence: str, results: int, logs: int, cancel: int, delete: int
) -> None:
    """The table of the REST API's states."""
    world = World()
    job = world.job(SCRIPTS[sequence])
    assert world.ask("GET", f"/jobs/{job}").status == 200
    assert world.ask("GET", f"/jobs/{job}/results").status == results
    assert world.ask("GET", f"/jobs/{job}/logs").status == logs
    assert world.ask("GET", f"/jobs/{job}/interim_results").status == 200
    assert world.ask("GET", f"/jobs/{job}/metrics").status == 200
    assert world.ask("DELETE", f"/jobs/{job}").status == delete
    job = world.job(SCRIPTS[sequence])
    assert world.ask("POST", f"/jobs/{job}/cancel").status == cancel


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/results"),
        ("GET", "/interim_results"),
        ("GET", "/logs"),
        ("GET", "/metrics"),
        ("POST", "/cancel"),
        ("PUT", "/tags"),
    ],
)
def test_an_unknown_job_is_404_everywhere(method: str, path: str) -> None:
    """With a numeric code and the id in the message."""
    answer = World().ask(method, f"/jobs/nobody{path}", {"tags": []})
    assert answer.status == 404
    assert code(answer) == 1291
    assert "Job not found. Job ID: nobody" in answer.body.decode()


def test_a_job_has_the_fields_of_the_service_and_no_empty_ones() -> None:
    """What does not apply is absent, not null."""
    world = World()
    plain = world.get(f"/jobs/{world.job('QUEUED')}?exclude_params=true")
    assert plain == {
        "id": plain["id"],
        "backend": "ibm_torino",
        "state": {"status": "Queued"},
        "status": "Queued",
        "program": {"id": "sampler"},
        "user_id": plain["user_id"],
        "created": "2026-01-01T00:00:00Z",
        "cost": 600,
    }
    full = world.get(
        "/jobs/"
        + world.job(
            'ERROR 1500 "Why." "Try."',
            params='{"a": 1}',
            tags=("t",),
            session_id="s",
            image="i:1",
            cost=60,
            estimated_seconds=6.5,
        )
    )
    assert full["params"] == {"a": 1}
    assert (full["tags"], full["session_id"], full["runtime"]) == (["t"], "s", "i:1")
    assert (full["cost"], full["estimated_running_time_seconds"]) == (60, 6.5)
    assert full["state"] == {
        "status": "Failed",
        "reason": "Why.",
        "reason_code": 1500,
        "reason_solution": "Try.",
    }


def test_params_are_left_out_when_asked_to() -> None:
    """exclude_params=true."""
    world = World()
    job = world.job("QUEUED", params='{"a": 1}')
    assert "params" not in world.get(f"/jobs/{job}?exclude_params=true")
    assert world.get(f"/jobs/{job}?exclude_params=false")["params"] == {"a": 1}


def test_a_list_has_params_only_when_asked_for() -> None:
    """exclude_params is true there unless it is false (REST description)."""
    world = World()
    world.job("QUEUED", params='{"a": 1}')
    assert "params" not in world.get("/jobs")["jobs"][0]
    assert "params" not in world.get("/jobs?exclude_params=true")["jobs"][0]
    assert world.get("/jobs?exclude_params=false")["jobs"][0]["params"] == {"a": 1}


def test_ran_too_long_is_a_cancellation_with_code_1305() -> None:
    """The service's own form."""
    world = World()
    state = world.get(f"/jobs/{world.job('ERROR 1305')}")["state"]
    assert state == {"status": "Cancelled", "reason": "Ran too long", "reason_code": 1305}


def test_ids_are_xids() -> None:
    """Twenty lower-case characters, all different, that sort by time."""
    world = World()
    ids = []
    for _ in range(300):
        ids.append(world.job("DONE"))
        world.clock.sleep(1.5)
    assert len(set(ids)) == 300
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"[0-9a-v]{20}", job) for job in ids)


@given(st.integers(0, 10**10))
def test_times_are_rfc_3339_with_trailing_zeros_trimmed(microseconds: int) -> None:
    """As the service writes them; Python reads them back to the microsecond."""
    from qrtest.service.serialize import timestamp

    written = timestamp(EPOCH + microseconds / 1e6)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z", written)
    read = datetime.fromisoformat(written).timestamp()
    assert read == pytest.approx(EPOCH + microseconds / 1e6, abs=1e-6)


@given(scripts(), st.lists(st.floats(0, 30), max_size=6))
def test_a_job_is_where_its_script_says(script: Script, waits: list[float]) -> None:
    """At every moment, and never goes back."""
    world = World()
    job = world.job(script)
    for wait in [0.0, *waits]:
        world.clock.sleep(wait)
        now, begins = world.clock.now(), 0.0
        for step in script.steps[:-1]:
            if now < begins + (step.seconds or 0):
                expected = step
                break
            begins += step.seconds or 0
        else:
            expected = script.end
        boundaries = [sum(s.seconds or 0 for s in script.steps[:n]) for n in range(len(script) + 1)]
        if min(abs(now - boundary) for boundary in boundaries) > 1e-6:
            from qrtest.service.serialize import job_state

            assert world.get(f"/jobs/{job}")["state"] == job_state(expected)


def test_an_unchanged_poll_is_the_same_answer() -> None:
    """The same object, so that a day of polling costs nothing."""
    world = World()
    job = world.job("QUEUED 1h; DONE")
    poll = f"/jobs/{job}?exclude_params=true"
    first = world.ask("GET", poll)
    world.clock.sleep(3599)
    assert world.ask("GET", poll) is first
    world.clock.sleep(1)
    assert world.ask("GET", poll) is not first


@pytest.mark.parametrize(
    ("version", "usage", "other"),
    [
        (
            None,
            {"quantum_seconds": 30, "seconds": 30, "status": "complete"},
            {"bss": {"seconds": 30}},
        ),
        (
            "2025-05-01",
            {"quantum_seconds": 30, "seconds": 30, "status": "complete"},
            {"bss": {"seconds": 30}},
        ),
        (
            "2026-03-15",
            {
                "qpu_charge_time_seconds": 30,
                "status": "complete",
                "circuits_execution_time_ns": 30_000_000_000,
            },
            {},
        ),
        (
            "2026-04-15",
            {"qpu_charge_time_seconds": 30, "status": "complete"},
            {"circuits_execution_time_ns": 30_000_000_000},
        ),
    ],
)
def test_metrics_are_those_of_the_api_version(
    version: str | None, usage: dict[str, Any], other: dict[str, Any]
) -> None:
    """The header IBM-API-Version chooses; without it, it is the oldest."""
    world = World()
    job = world.job("QUEUED 2h; RUNNING 30s; DONE")
    world.clock.sleep(10_000)
    headers = {"IBM-API-Version": version} if version else {"Accept": "*/*"}
    metrics = json.loads(world.ask("GET", f"/jobs/{job}/metrics", **headers).body)
    assert metrics["usage"] == usage
    assert {
        key: metrics[key] for key in ("bss", "circuits_execution_time_ns") if key in metrics
    } == other
    assert metrics["timestamps"] == {
        "created": "2026-01-01T00:00:00Z",
        "running": "2026-01-01T02:00:00Z",
        "finished": "2026-01-01T02:00:30Z",
    }


@pytest.mark.parametrize("script", ["DONE", "RUNNING 0.2s; DONE", "QUEUED 5s; RUNNING 1s; DONE"])
def test_a_job_that_is_done_was_charged_at_its_end(script: str) -> None:
    """As in all 87 captured metrics: complete, the same seconds three times, and never none."""
    world = World()
    job = world.job(script)
    world.clock.sleep(6)
    asked = world.ask("GET", f"/jobs/{job}/metrics", **{"IBM-API-Version": "2025-05-01"})
    metrics = json.loads(asked.body)
    assert metrics["usage"] == {"quantum_seconds": 1, "seconds": 1, "status": "complete"}
    assert metrics["bss"] == {"seconds": 1}


def test_a_charge_is_of_whole_seconds_wherever_the_clock_is() -> None:
    """Not one more because a difference of two times is not exact."""
    world = World()
    world.clock.sleep(1.4)
    job = world.job("RUNNING 3s; DONE")
    world.clock.sleep(10)
    assert world.get(f"/jobs/{job}/metrics")["usage"]["qpu_charge_time_seconds"] == 3


def test_usage_is_pending_then_complete() -> None:
    """After a lag, which is an option."""
    world = World()
    job = world.job("RUNNING 5s; DONE", behaviour=Behaviour(usage_lag=3))
    seen = []
    for _ in range(5):
        seen.append(world.get(f"/jobs/{job}/metrics")["usage"]["status"])
        world.clock.sleep(2)
    assert seen == ["pending", "pending", "pending", "pending", "complete"]


def test_a_job_cancelled_in_the_queue_never_ran() -> None:
    """running is left out, and nothing is charged."""
    world = World()
    job = world.job("QUEUED 1h; RUNNING 1h; DONE")
    world.clock.sleep(60)
    assert world.ask("POST", f"/jobs/{job}/cancel").status == 204
    assert world.get(f"/jobs/{job}")["state"] == {"status": "Cancelled"}
    metrics = world.get(f"/jobs/{job}/metrics")
    assert metrics["timestamps"] == {
        "created": "2026-01-01T00:00:00Z",
        "finished": "2026-01-01T00:01:00Z",
    }
    assert metrics["usage"]["qpu_charge_time_seconds"] == 0


def test_a_cancel_may_lag_and_may_lose_the_race() -> None:
    """The job shows the old status for a while; one that ends meanwhile has ended."""
    world = World()
    slow = Behaviour(cancel_lag=5)
    wins, loses = (
        world.job("RUNNING 1m; DONE", behaviour=slow),
        world.job("RUNNING 3s; DONE", behaviour=slow),
    )
    ignored = world.job("RUNNING 3s; DONE", behaviour=Behaviour(cancel_takes_effect=False))
    for job in (wins, loses, ignored):
        assert world.ask("POST", f"/jobs/{job}/cancel").status == 204
        assert world.get(f"/jobs/{job}")["status"] == "Running"
    world.clock.sleep(6)
    assert world.get(f"/jobs/{wins}")["status"] == "Cancelled"
    assert world.get(f"/jobs/{loses}")["status"] == "Completed"
    assert world.get(f"/jobs/{ignored}")["status"] == "Completed"


def test_interim_results_appear_while_the_job_runs_the_newest_first() -> None:
    """A list of JSON texts, spread over the step."""
    world = World()
    job = world.job('QUEUED 10s; RUNNING 12s [{"i": 1}, {"i": 2}]; DONE')
    seen = []
    for _ in range(6):
        seen.append(world.get(f"/jobs/{job}/interim_results"))
        world.clock.sleep(4)
    assert seen == [[], [], [], [], ['{"i": 1}'], ['{"i": 2}', '{"i": 1}']]


def test_a_private_job_shows_no_params_and_its_results_once() -> None:
    """And says that it is private."""
    world = World()
    job = world.job("DONE", params='{"a": 1}', private=True)
    assert world.get(f"/jobs/{job}")["params"] == {}
    assert world.get(f"/jobs/{job}")["private"] is True
    assert world.ask("GET", f"/jobs/{job}/results").body == b"R"
    assert world.ask("GET", f"/jobs/{job}/results").status == 204


def test_results_and_logs_are_plain_text() -> None:
    """Typed clients refuse anything else."""
    world = World()
    job = world.job("DONE", logs="L")
    for what, body in (("results", b"R"), ("logs", b"L")):
        answer = world.ask("GET", f"/jobs/{job}/{what}")
        assert (answer.body, answer.headers["Content-Type"]) == (body, "text/plain; charset=utf-8")


def test_tags_are_replaced() -> None:
    """PUT says 204; a body that is none says 400, code 1208, and changes nothing."""
    world = World()
    job = world.job("QUEUED", tags=("old",))
    assert world.ask("PUT", f"/jobs/{job}/tags", {"tags": ["a", "b"]}).status == 204
    assert world.get(f"/jobs/{job}")["tags"] == ["a", "b"]
    for wrong in ({"tags": "a"}, {"tags": [1]}, {}, [], "x", None):
        answer = world.ask("PUT", f"/jobs/{job}/tags", wrong)
        assert (answer.status, code(answer)) == (400, 1208)
    assert world.get(f"/jobs/{job}")["tags"] == ["a", "b"]


def test_a_deleted_job_is_gone() -> None:
    """204, then 404."""
    world = World()
    job = world.job("DONE")
    assert world.ask("DELETE", f"/jobs/{job}").status == 204
    assert world.ask("GET", f"/jobs/{job}").status == 404


def test_a_submission_makes_a_job() -> None:
    """POST jobs answers the id and the backend, and the job follows the plan."""
    world = World()
    body = {"program_id": "sampler", "backend": "ibm_torino", "params": {"pubs": []}, "tags": ["t"]}
    answer = json.loads(world.ask("POST", "/jobs", body).body)
    assert answer["backend"] == "ibm_torino"
    job = world.get(f"/jobs/{answer['id']}")
    assert (job["status"], job["tags"], job["params"]) == ("Queued", ["t"], {"pubs": []})


@pytest.mark.parametrize("body", [None, [], "x", {}, {"program_id": "sampler"}, {"backend": "b"}])
def test_a_submission_that_is_none_is_refused(body: Any) -> None:
    """400, code 1208; no job is made."""
    world = World()
    answer = world.ask("POST", "/jobs", body)
    assert (answer.status, code(answer)) == (400, 1208)
    assert world.get("/jobs")["count"] == 0


def test_jobs_are_listed_newest_first_in_pages() -> None:
    """Count is of all, not of the page; a limit out of range is the largest."""
    world = World()
    ids = []
    for number in range(7):
        ids.append(world.job("DONE" if number % 2 else "QUEUED", tags=(f"t{number % 3}", "all")))
        world.clock.sleep(1)
    page = world.get("/jobs?limit=3&offset=2")
    assert [job["id"] for job in page["jobs"]] == ids[::-1][2:5]
    assert (page["count"], page["limit"], page["offset"]) == (7, 3, 2)
    assert world.get("/jobs?limit=9999")["limit"] == 200
    assert [job["id"] for job in world.get("/jobs?sort=ASC")["jobs"]] == ids
    assert world.get("/jobs?pending=true")["count"] == 4
    assert world.get("/jobs?pending=false")["count"] == 3
    assert world.get("/jobs?tags=t0&tags=all")["count"] == 3
    assert world.get("/jobs?tags=t0&tags=t1")["count"] == 0
    assert world.get("/jobs?backend=ibm_other")["count"] == 0
    assert world.get("/jobs?created_after=2026-01-01T00:00:03%2B00:00")["count"] == 4


def test_the_same_seed_and_requests_give_the_same_bytes() -> None:
    """Ids, traces, times: everything."""

    def story(seed: int) -> list[Response]:
        world = World(seed)
        job = world.job("QUEUED 3s; RUNNING 3s; ERROR 1500")
        answers = []
        for path in ("", "/results", "/metrics", "/logs"):
            answers.append(world.ask("GET", f"/jobs/{job}{path}"))
            world.clock.sleep(2)
        return [*answers, world.ask("GET", "/jobs/nobody")]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_a_request_without_a_route_is_no_answer_but_an_error() -> None:
    """It lists what there is."""
    world = World()
    job = world.job("DONE")
    with pytest.raises(UnansweredRequest) as caught:
        world.service.handle(Request.to("GET", "https://example.org/things?token=secret"))
    assert "GET example.org/things" in str(caught.value)
    assert job in str(caught.value)
    assert "secret" not in str(caught.value)


def test_every_operation_has_a_route_and_an_answer() -> None:
    """No operation of the table is without one."""
    assert route("GET", "/nowhere") is None
    assert set(ANSWERS) == set(OPERATIONS)


def test_an_option_that_is_none_is_refused() -> None:
    """With the nearest one that is."""
    with pytest.raises(SimulationError, match="Did you mean 'cancel_lag'"):
        Behaviour.of({"cancel_lagg": 5})
    with pytest.raises(SimulationError, match="cancel_lag: 'soon' is not a length of time"):
        Behaviour.of({"cancel_lag": "soon"})


@pytest.mark.parametrize(
    ("options", "method", "path", "sequence", "status"),
    [
        ({"logs_before_end": 200}, "GET", "/logs", "RUNNING", 200),
        ({"empty_logs": 404}, "GET", "/logs", "DONE", 404),
        ({"failed_results": "none"}, "GET", "/results", "ERROR", 204),
        ({"delete_queued": 400}, "DELETE", "", "QUEUED", 400),
        ({"delete_running": 204}, "DELETE", "", "RUNNING", 204),
    ],
)
def test_what_is_inferred_is_an_option(
    options: dict[str, Any], method: str, path: str, sequence: str, status: int
) -> None:
    """Each changes what it is named for."""
    world = World()
    job = world.job(sequence, behaviour=Behaviour(**options))
    assert world.ask(method, f"/jobs/{job}{path}").status == status
