"""A cassette as a service: what is answered though nobody recorded it, and when what holds."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import VirtualClock
from qrtest.cassette.model import Cassette, Interaction
from qrtest.clock.moment import EPOCH
from qrtest.errors import UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.playback.player import Player
from qrtest.service.instances import CRN
from tests.recordings import HOST, JOB, PROVENANCE, exchange, job_body, poll, short

OTHER_CRN = CRN.replace("us-east", "eu-de")
SEARCH = "/v3/resources/search"


class Played:
    """A player on a clock of its own."""

    def __init__(self, *exchanges: Interaction, **options: Any) -> None:
        self.clock = VirtualClock()
        self.player = Player(Cassette(exchanges, PROVENANCE), self.clock, epoch=EPOCH, **options)

    def __call__(self, method: str, path: str, body: object = None) -> Response:
        sends = b"" if body is None else json.dumps(body).encode()
        headers = {"IBM-API-Version": "2026-04-15"}
        return self.player.handle(Request.to(method, HOST + path, headers=headers, body=sends))

    def at(self, seconds: float) -> str:
        """Return what a poll is answered at that time."""
        self.clock.sleep(seconds - self.clock.now())
        answer = self("GET", f"/jobs/{JOB}?exclude_params=true")
        return json.loads(answer.body)["status"] if answer.status == 200 else str(answer.status)


# --- what every account has ----------------------------------------------------------------------------


def test_what_every_account_has_is_answered_though_nobody_recorded_it() -> None:
    """Login, search, plan, usage, the instance's features and the backends of the recorded jobs."""
    played = Played(*short().interactions)
    elsewhere = "https://globalcatalog.cloud.ibm.com"
    search = played.player.handle(Request.to("POST", elsewhere + SEARCH))
    [found] = json.loads(search.body)["items"]
    plan_id = found["service_plan_unique_id"]
    plan = json.loads(played.player.handle(Request.to("GET", f"{elsewhere}/api/v1/{plan_id}")).body)
    assert plan["id"] == plan_id
    assert json.loads(played("GET", "/instances/usage").body)["instance_id"] == found["crn"]
    assert json.loads(played("GET", "/instance").body) == {"qctrl_enabled": False}
    [device] = json.loads(played("GET", "/backends").body)["devices"]
    assert (device["name"], device["status"]["name"]) == ("ibm_torino", "online")


@pytest.mark.parametrize("path", ["/identity/token", "/identity/token/", "/oauth/token/"])
def test_a_token_is_handed_out_wherever_it_is_asked_for(path: str) -> None:
    """With or without a slash; the classic login calls it an id."""
    player = Played().player
    token = json.loads(player.handle(Request.to("POST", f"https://iam.test{path}")).body)
    assert token["access_token"].count(".") == 2
    login = Request.to("POST", "https://auth.test/api/users/loginWithToken")
    assert json.loads(player.handle(login).body)["id"].count(".") == 2


def test_what_nobody_recorded_takes_as_long_as_things_take() -> None:
    """Code that asks for it until something happens comes to an end."""
    played = Played(*short().interactions)
    for path in ("/instance", "/backends", "/instances/usage"):
        asked = Request.to("GET", HOST + path)
        assert played.player.handle(asked).delay == played.player.seconds_for(asked) == 0.05


@given(st.permutations(["submitted", "described", "described again", "a poll that failed"]))
def test_a_job_is_as_it_was_first_described(order: list[str]) -> None:
    """Tags may change later; what was submitted is known of a job that nobody described."""
    asked = {"program_id": "estimator", "backend": "b", "tags": ["sent"]}
    reported = {
        "submitted": exchange("POST", "/jobs", asked, answer={"id": JOB, "backend": "ibm_torino"}),
        "described": exchange(answer=job_body("Queued", tags=["first"])),
        "described again": exchange(answer=job_body("Running", tags=["changed"])),
        "a poll that failed": exchange(status=503, answer={"id": JOB, "tags": ["none"]}),
    }
    described = [each for each in order if each.startswith("described")]
    [job] = Played(*(reported[each] for each in order)).player.jobs().values()
    assert job.tags == (("first",) if described[0] == "described" else ("changed",))
    [sent] = Played(reported["submitted"]).player.jobs().values()
    assert (sent.job_id, sent.program_id, sent.tags) == (JOB, "estimator", ("sent",))
    assert sent.backend == "ibm_torino"


@pytest.mark.parametrize(
    ("answers", "crn"),
    [
        ([], CRN),
        ([{"items": [{"crn": OTHER_CRN}]}], OTHER_CRN),
        ([{"items": []}, {"items": [{"crn": OTHER_CRN}]}], OTHER_CRN),
        ([b"no JSON"], CRN),
    ],
)
def test_the_account_is_the_one_that_was_recorded(answers: list[Any], crn: str) -> None:
    """As far as its search was; else it is the one of all simulations."""
    searches = [
        Interaction(
            request=Request.to("POST", f"https://h{SEARCH}", body=b'{"query": %d}' % number),
            response=Response(200, each if isinstance(each, bytes) else json.dumps(each).encode()),
            at=0.0,
        )
        for number, each in enumerate(answers)
    ]
    assert Played(*searches).player.account.crn == crn


def test_a_backend_is_described_by_its_recording_or_not_at_all() -> None:
    """What was not recorded of one that the installed client does not ship is not made up."""
    known = Played(describe=lambda name, aspect: b"{}" if name == "ibm_torino" else None)
    assert known("GET", "/backends/ibm_torino/configuration").body == b"{}"
    with pytest.raises(UnansweredRequest, match="It is empty"):
        known("GET", "/backends/ibm_novel/configuration")


# --- what holds when ----------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [{"status": 503}, {"failure": "reset"}, {"status": 404}])
def test_instantly_the_last_word_is_the_last_that_was_no_error(last: dict[str, Any]) -> None:
    """What broke at the end of a recording does not undo what was answered before."""
    played = Played(
        poll("Queued", 0.0), poll("Running", 1.0), exchange(at=2.0, **last), pace="instant"
    )
    assert played.at(0.0) == "Running"


def test_a_submission_that_was_refused_moves_no_time() -> None:
    """It made no job that could begin then; the job that there is goes on as recorded."""
    refused = exchange("POST", "/jobs", {"a": 1}, status=400, answer={"errors": []}, at=4.0)
    played = Played(*short().interactions, refused)
    assert played.at(1.0) == "Queued"
    assert played("POST", "/jobs", {"a": 1}).status == 400
    assert [played.at(seconds) for seconds in (2.0, 3.5, 5.5)] == ["Queued", "Running", "Completed"]


def test_what_was_changed_goes_on_from_when_that_was_recorded() -> None:
    """A cancel that comes early brings what followed it forward."""
    cancel = exchange("POST", f"/jobs/{JOB}/cancel", status=204, at=60.0)
    played = Played(poll("Queued", 0.0), cancel, poll("Cancelled", 61.0))
    assert played.at(1.0) == "Queued"
    assert played("POST", f"/jobs/{JOB}/cancel").status == 204
    assert played.at(1.5) == "Queued"
    assert played.at(2.5) == "Cancelled"


def test_submissions_are_distinguished_by_what_they_send() -> None:
    """Whatever the order in which they come again; one that was sent twice made two jobs."""
    sent = [("one", "a"), ("other", "b"), ("one", "c")]
    played = Played(
        *(
            exchange("POST", "/jobs", {"tags": [tag]}, answer={"id": job_id}, at=float(at))
            for at, (tag, job_id) in enumerate(sent)
        )
    )
    again = [played("POST", "/jobs", {"tags": [tag]}) for tag in ("other", "one", "one")]
    assert [json.loads(each.body)["id"] for each in again] == ["b", "a", "c"]


def submitted(circuit: bytes, trace_id: int) -> dict[str, Any]:
    """Return what is sent to have a circuit run."""
    value = base64.b64encode(zlib.compress(circuit)).decode()
    pub = {"__type__": "QuantumCircuit", "__value__": value}
    return {"program_id": "sampler", "params": {"pubs": [[pub]]}, "trace_id": trace_id}


def test_what_is_ignored_is_ignored_of_the_same_circuit_of_another_release() -> None:
    """Its bytes are others, and so is the number that nobody minds."""
    recorded = exchange("POST", "/jobs", submitted(b"one", 1), answer={"id": JOB}, at=0.0)
    options = {"same_circuit": lambda one, other: None, "ignored": frozenset({"traceid"})}
    assert Played(recorded, **options)("POST", "/jobs", submitted(b"other", 2)).status == 200
    with pytest.raises(UnansweredRequest) as unanswered:
        Played(recorded, ignored=frozenset({"traceid"}))("POST", "/jobs", submitted(b"other", 2))
    assert "its content differs" in str(unanswered.value)
    assert "trace_id" not in str(unanswered.value)
    with pytest.raises(UnansweredRequest) as unanswered:
        Played(recorded, **options)("POST", "/jobs", {**submitted(b"other", 2), "cost": 7})
    assert "body.cost is not recorded" in str(unanswered.value)
    assert "content" not in str(unanswered.value)


STAMPS = {
    "created": "2026-01-01T00:00:00Z",
    "running": "2026-01-01T00:00:04Z",
    "finished": "2026-01-01T00:00:05Z",
}


@given(st.lists(st.floats(0, 20), min_size=1, max_size=8))
def test_an_error_that_was_recorded_holds_although_the_job_changed_meanwhile(
    times: list[float],
) -> None:
    """The timestamps say that it ran and ended; a poll was answered 503 then."""
    played = Played(
        poll("Queued", 0.0),
        exchange(status=503, at=3.0, took=0.05),
        poll("Completed", 8.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": STAMPS}, at=9.0, took=0.05),
    )
    for seconds in sorted(times):
        expected = "Queued" if seconds < 3 else "503" if seconds < 8 else "Completed"
        assert played.at(seconds) == expected


def test_a_step_that_no_poll_saw_is_seen_when_it_was() -> None:
    """The timestamps are of a run that was over before anybody asked."""
    played = Played(
        poll("Queued", 0.0),
        poll("Completed", 8.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": STAMPS}, at=9.0, took=0.05),
    )
    assert [played.at(seconds) for seconds in (3.5, 4.5, 5.5)] == ["Queued", "Running", "Completed"]


@pytest.mark.parametrize(
    ("running", "first_run", "seen"),
    [
        ("03.5", [exchange(answer=job_body("Running"), at=3.0, took=1.0)], "QVVRRRVRRDD"),
        ("02.5", [poll("Validating", 2.9), poll("Running", 4.0)], "QVVVRRVRRRD"),
        (
            "03.5",
            [
                exchange(status=503, at=2.9, took=0.05),
                exchange(answer=job_body("Running"), at=3.9, took=1.0),
            ],
            "QVVERRVRRDD",
        ),
    ],
    ids=["on its way", "contradicted", "after an error"],
)
def test_a_job_that_ran_twice_runs_twice(
    running: str, first_run: list[Interaction], seen: str
) -> None:
    """However the beginning of its first run was seen; the stamp is of that one alone."""
    stamps = {
        "created": "2026-01-01T00:00:00Z",
        "running": f"2026-01-01T00:00:{running}Z",
        "finished": "2026-01-01T00:00:08.5Z",
    }
    submission = exchange("POST", "/jobs", {"tags": []}, answer={"id": JOB}, at=0.0, took=0.0)
    played = Played(
        submission,
        poll("Queued", 0.0),
        poll("Validating", 1.0),
        poll("Validating", 2.0),
        *first_run,
        poll("Validating", 6.0),
        poll("Running", 7.0),
        poll("Completed", 9.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=9.5, took=0.05),
    )
    letters = {"Queued": "Q", "Validating": "V", "Running": "R", "Completed": "D", "503": "E"}
    moments = (0.5, 1.5, 2.5, 3.2, 4.1, 5.5, 6.5, 7.5, 8.2, 8.7, 9.2)
    assert "".join(letters[played.at(seconds)] for seconds in moments) == seen


def test_the_end_of_a_job_that_says_when_it_was_is_seen_then() -> None:
    """Where it describes itself, without metrics; what says nothing of the kind is as it was seen."""
    stamps = {"created": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:00:05Z"}
    for more, seen in ((stamps, "Completed"), ({}, "Queued")):
        ended = exchange(answer=job_body("Completed", **more), at=8.0, took=0.05)
        played = Played(poll("Queued", 0.0), poll("Queued", 4.0), ended)
        assert [played.at(seconds) for seconds in (4.5, 5.5, 8.5)] == ["Queued", seen, "Completed"]


def test_without_timestamps_every_question_is_answered_as_it_was() -> None:
    """A request with parameters was last answered that it waits, whatever another poll saw later."""
    whole = exchange(path=f"/jobs/{JOB}", answer=job_body("Queued", params={}), at=1.0)
    played = Played(poll("Queued", 0.0), whole, poll("Completed", 5.0))
    assert played.at(6.0) == "Completed"
    assert json.loads(played("GET", f"/jobs/{JOB}").body)["status"] == "Queued"


def test_what_changed_while_an_answer_was_on_its_way_had_changed_when_it_was_asked() -> None:
    """The program that was recorded asks at that moment again, and gets what it got."""
    submission = exchange(
        "POST", "/jobs", {"program_id": "sampler"}, answer={"id": JOB}, at=0.0, took=0.0
    )
    stamps = {**STAMPS, "running": "2026-01-01T00:00:03.2Z"}
    played = Played(
        submission,
        poll("Queued", 1.0),
        exchange(answer=job_body("Running"), at=3.0, took=0.5),
        poll("Completed", 7.0),
        exchange(path=f"/jobs/{JOB}/metrics", answer={"timestamps": stamps}, at=8.0, took=0.05),
    )
    assert [played.at(seconds) for seconds in (2.9, 3.0, 5.5)] == ["Queued", "Running", "Completed"]


def test_how_long_an_answer_took_is_known_without_giving_it() -> None:
    """And counts as played; what was not recorded takes as long as things take."""
    played = Played(exchange(answer=job_body("Queued"), at=0.0, took=2.5))
    known = Request.to("GET", f"{HOST}/jobs/{JOB}?exclude_params=true")
    assert played.player.seconds_for(known) == 2.5
    assert played.player.used == {0}
    assert played.player.seconds_for(Request.to("GET", f"{HOST}/jobs/other")) == 0.05
