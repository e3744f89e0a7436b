"""Sessions and batches: their states, what ends them, and what becomes of their jobs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.service.behaviour import Behaviour
from qrtest.service.instances import Instance
from tests.asking import Asking, NoBackends

TEN_SECONDS_EACH = "QUEUED 5s; RUNNING 10s; DONE"


def opened(ask: Asking, **changes: Any) -> str:
    """Return the id of a session that was just opened."""
    answer = ask("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_torino", **changes})
    assert answer.status == 200, answer
    session_id: str = answer.body["id"]
    return session_id


def seen(ask: Asking, session_id: str) -> tuple[str, str]:
    """Return the state of a session and the reason of it."""
    body = ask("GET", f"/sessions/{session_id}").body
    return body["state"], body["state_reason"]


def test_a_session_is_open_then_active_then_inactive() -> None:
    """It is active from its first running job until a minute after its last."""
    ask = Asking(TEN_SECONDS_EACH)
    session = opened(ask)
    ask.submit(session_id=session)
    assert seen(ask, session) == ("open", "session_created")
    ask.clock.advance("6s")
    assert seen(ask, session) == ("active", "session_activated")
    ask.clock.advance("1m")
    assert seen(ask, session)[0] == "active"
    ask.clock.advance("10s")
    assert seen(ask, session) == ("inactive", "session_inactivated_by_interactive_ttl")
    ask.submit(session_id=session)
    ask.clock.advance("6s")
    assert seen(ask, session)[0] == "active"
    stamps = ask("GET", f"/sessions/{session}").body["timestamps"]
    assert [stamp["status"] for stamp in stamps] == ["open", "active", "inactive", "active"]


@pytest.mark.parametrize(
    "status_sequence", ["QUEUED 1h; DONE", "QUEUED", "QUEUED 1s; RUNNING 1s; DONE"]
)
def test_a_job_that_waits_keeps_a_session_active(status_sequence: str) -> None:
    """An hour in the queue is no idle time, nor is a wait without a known end."""
    ask = Asking("RUNNING 10s; DONE")
    session = opened(ask)
    ask.submit(session_id=session)
    ask.script = status_sequence
    job = ask.submit(session_id=session)
    ask.service.change_backend("ibm_torino", {"status": "offline"})
    ask.clock.advance("30m")
    assert ask.state(job) == "Queued"
    assert seen(ask, session)[0] == "active"
    ask.service.change_backend("ibm_torino", {"status": "online"})
    stamps = ask("GET", f"/sessions/{session}").body["timestamps"]
    assert [stamp["status"] for stamp in stamps] == ["open", "active"]


def test_a_job_that_waits_for_ever_activates_nothing() -> None:
    """A session is active once a job has run; one that was cancelled in the queue is no reason to be."""
    ask = Asking("QUEUED")
    session = opened(ask)
    job = ask.submit(session_id=session)
    ask.clock.advance("30m")
    assert seen(ask, session)[0] == "open"
    ask("POST", f"/jobs/{job}/cancel")
    ask.clock.advance("30m")
    assert seen(ask, session)[0] == "open"


def test_a_session_says_when_it_was_busy() -> None:
    """Times of the last job and of the activation, and the seconds that it was active."""
    ask = Asking(TEN_SECONDS_EACH)
    session = opened(ask)
    ask.submit(session_id=session)
    ask.clock.advance("20s")
    body = ask("GET", f"/sessions/{session}").body
    assert body["activated_at"] == body["last_job_started"] == "2026-01-01T00:00:05Z"
    assert body["last_job_completed"] == "2026-01-01T00:00:15Z"
    assert body["elapsed_time"] == 15.0
    assert body["active_ttl"] == 28_800 - 15
    ask.clock.sleep(0.0626)
    assert ask("GET", f"/sessions/{session}").body["elapsed_time"] == 15.063


def test_closing_an_idle_session_closes_it_at_once_and_for_good() -> None:
    """Letting it take jobs again afterwards changes the flag and nothing else (observed)."""
    ask = Asking()
    session = opened(ask)
    assert ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False}).status == 204
    assert seen(ask, session) == ("closed", "session_closed_early")
    assert ask("GET", f"/sessions/{session}").body["accepting_jobs"] is False
    ask("PATCH", f"/sessions/{session}", {"accepting_jobs": True})
    assert seen(ask, session)[0] == "closed"
    assert ask("GET", f"/sessions/{session}").body["accepting_jobs"] is True


def test_a_session_that_takes_jobs_may_be_set_to_take_jobs() -> None:
    """It was open before and is after."""
    ask = Asking(TEN_SECONDS_EACH)
    session = opened(ask)
    assert ask("PATCH", f"/sessions/{session}", {"accepting_jobs": True}).status == 204
    ask.clock.advance("1h")
    assert seen(ask, session) == ("open", "session_created")
    ask.submit(session_id=session)


def test_a_session_that_takes_jobs_again_before_it_closed_does_not_close() -> None:
    """While its last job ran, it was set to take none, and then to take some."""
    ask = Asking(TEN_SECONDS_EACH)
    session = opened(ask)
    ask.submit(session_id=session)
    ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
    ask.clock.advance("6s")
    ask("PATCH", f"/sessions/{session}", {"accepting_jobs": True})
    ask.clock.advance("10s")
    assert seen(ask, session) == ("active", "session_activated")
    ask.submit(session_id=session)


def test_a_session_that_has_closed_was_closed_when_it_was() -> None:
    """To close it again changes nothing."""
    ask = Asking()
    session = opened(ask)
    ask.clock.advance("10s")
    ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
    ask.clock.advance("1h")
    assert ask("DELETE", f"/sessions/{session}/close").status == 204
    assert ask("GET", f"/sessions/{session}").body["closed_at"] == "2026-01-01T00:00:10Z"


def test_a_session_that_is_closed_first_lets_its_jobs_run_out() -> None:
    """They finish, then it is closed."""
    ask = Asking(TEN_SECONDS_EACH)
    session = opened(ask)
    job = ask.submit(session_id=session)
    ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
    ask.clock.advance("6s")
    assert (seen(ask, session)[0], ask.state(job)) == ("active", "Running")
    ask.clock.advance("10s")
    assert (seen(ask, session)[0], ask.state(job)) == ("closed", "Completed")


def test_cancelling_a_session_ends_what_is_queued_and_lets_finish_what_runs() -> None:
    """DELETE close."""
    ask = Asking("RUNNING 10s; DONE")
    session = opened(ask)
    running = ask.submit(session_id=session)
    ask.script = "QUEUED 1s; RUNNING 1s; DONE"
    queued = ask.submit(session_id=session)
    assert ask("DELETE", f"/sessions/{session}/close").status == 204
    assert (ask.state(running), ask.state(queued)) == ("Running", "Cancelled")
    ask.clock.advance("1m")
    assert (ask.state(running), ask.state(queued)) == ("Completed", "Cancelled")


def test_a_session_that_was_cancelled_is_closed_from_then_on() -> None:
    """At once, although a job still runs; cancelling it again changes nothing."""
    ask = Asking("RUNNING 10s; DONE")
    session = opened(ask)
    ask.submit(session_id=session)
    ask.clock.advance("4s")
    for _ in range(2):
        assert ask("DELETE", f"/sessions/{session}/close").status == 204
        assert seen(ask, session) == ("closed", "session_closed_early")
        ask.clock.advance("1m")
    body = ask("GET", f"/sessions/{session}").body
    assert (body["closed_at"], body["accepting_jobs"]) == ("2026-01-01T00:00:04Z", False)
    assert body["elapsed_time"] == 4.0


@pytest.mark.parametrize(
    ("expiry", "expected_state"),
    [
        ("cancel", {"status": "Cancelled", "reason": "Session closed"}),
        ("fail", {"status": "Failed", "reason": "Session closed", "reason_code": 1217}),
    ],
)
def test_when_its_time_is_over_queued_jobs_end_and_running_ones_finish(
    expiry: Any, expected_state: dict[str, Any]
) -> None:
    """max_ttl counts from the first job that runs; the documentation has described both endings."""
    ask = Asking("RUNNING 2h; DONE", behaviour=Behaviour(session_expiry=expiry))
    session = opened(ask, max_ttl=3600)
    running = ask.submit(session_id=session)
    ask.script = "QUEUED 90m; DONE"
    queued = ask.submit(session_id=session)
    ask.clock.advance("59m")
    assert (ask.state(running), ask.state(queued)) == ("Running", "Queued")
    ask.clock.advance("2m")
    assert ask.state(running) == "Running"
    assert ask("GET", f"/jobs/{queued}").body["state"] == expected_state
    assert seen(ask, session) == ("closed", "session_closed_by_max_ttl")
    ask.clock.advance("1h")
    assert ask.state(running) == "Completed"


def test_the_end_of_a_queued_job_is_when_the_session_closed_not_when_somebody_asked() -> None:
    """A job nobody looked at for a day was cancelled at the hour."""
    ask = Asking("RUNNING 10s; DONE")
    session = opened(ask, max_ttl=3600)
    ask.submit(session_id=session)
    ask.script = "QUEUED 2h; DONE"
    queued = ask.submit(session_id=session)
    ask.clock.advance("1d")
    finished = ask("GET", f"/jobs/{queued}/metrics").body["timestamps"]["finished"]
    assert finished == "2026-01-01T01:00:00Z"


@pytest.mark.parametrize("how", ["closed", "closed and opened again", "cancelled", "expired"])
def test_a_session_that_is_over_takes_no_job(how: str) -> None:
    """However it ended, the error response has the documented code."""
    ask = Asking("RUNNING 10s; DONE")
    session = opened(ask, max_ttl=60)
    ask.submit(session_id=session)
    if how == "expired":
        ask.clock.advance("2m")
        assert ask("GET", f"/sessions/{session}").body["accepting_jobs"] is False
    elif how == "cancelled":
        ask("DELETE", f"/sessions/{session}/close")
    else:
        ask.clock.advance("20s")
        ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
    if how == "closed and opened again":
        ask("PATCH", f"/sessions/{session}", {"accepting_jobs": True})
    body = {"program_id": "sampler", "backend": "ibm_torino", "session_id": session}
    answer = ask("POST", "/jobs", body)
    assert (answer.status, answer.code) == (400, 1217)


def test_a_dedicated_session_is_refused_on_the_open_plan_and_a_batch_is_not() -> None:
    """With the code and the words that were observed."""
    ask = Asking(instances=[Instance(plan="open")])
    refused = ask("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_torino"})
    assert (refused.status, refused.code) == (400, 1352)
    opened(ask, mode="batch")


def test_a_session_without_a_backend_is_of_the_first_there_is() -> None:
    """Where there is none, none is made up."""
    ask = Asking()
    session = opened(ask, backend=None)
    [first, *_] = ask.service.devices.names()
    assert ask("GET", f"/sessions/{session}").body["backend_name"] == first
    refused = Asking(backends=NoBackends())("POST", "/sessions", {"mode": "batch"})
    assert (refused.status, refused.code) == (404, 1007)
    assert refused.body["errors"][0]["message"] == "Backend '' not found."


@pytest.mark.parametrize(
    "body",
    [
        *({"mode": "shared"}, {"backend": "ibm_torino"}, {"mode": None}, b"no JSON", b"", []),
        *({"mode": "batch", "max_ttl": ttl} for ttl in (0, "1h", 10**9, True)),
        *({"mode": "batch", "backend": name} for name in (5, [])),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(body: Any) -> None:
    """400, and no session."""
    answer = Asking()("POST", "/sessions", body)
    assert (answer.status, answer.code) == (400, 1208)


def test_a_session_may_name_its_backend_by_the_other_name() -> None:
    """`backend_name` counts where there is no `backend`."""
    ask = Asking()
    body = {"mode": "batch", "backend_name": "ibm_brisbane"}
    assert ask("POST", "/sessions", body).body["backend_name"] == "ibm_brisbane"
    assert ask("POST", "/sessions", {**body, "backend_name": "nowhere"}).status == 404


def test_a_job_can_start_its_session() -> None:
    """As clients before sessions had an endpoint do: the job's id is the session's."""
    ask = Asking()
    body = {"program_id": "sampler", "backend": "ibm_torino", "start_session": True}
    answer = ask("POST", "/jobs", body).body
    assert answer["session_id"] == answer["id"]
    assert seen(ask, answer["id"])[0] == "open"


LATER = {
    "open": {"open", "active", "closed"},
    "active": {"active", "inactive", "closed"},
    "inactive": {"inactive", "active", "closed"},
    "closed": {"closed"},
}


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["submit", "close", "cancel", "reopen", "cancel a job"]),
            st.sampled_from(["3s", "30s", "5m", "10h"]),
        ),
        max_size=15,
    )
)
def test_a_session_goes_through_its_states_in_order(events: list[str]) -> None:
    """Whatever is asked and whenever: closed is for good, and a closed session has nothing queued."""
    ask = Asking("QUEUED 20s; RUNNING 40s; DONE")
    session = opened(ask, max_ttl=600)
    jobs: list[str] = []
    states = ["open"]
    for event in events:
        if event == "submit":
            body = {"program_id": "sampler", "backend": "ibm_torino", "session_id": session}
            answer = ask("POST", "/jobs", body)
            jobs += [answer.body["id"]] if answer.status == 200 else []
        elif event == "cancel":
            ask("DELETE", f"/sessions/{session}/close")
        elif event == "cancel a job" and jobs:
            ask("POST", f"/jobs/{jobs[-1]}/cancel")
        elif event in ("close", "reopen"):
            ask("PATCH", f"/sessions/{session}", {"accepting_jobs": event == "reopen"})
        elif event != "cancel a job":
            ask.clock.advance(event)
        body = ask("GET", f"/sessions/{session}").body
        stamps = [stamp["status"] for stamp in body["timestamps"]]
        assert stamps[: len(states) - 1] == states[:-1]
        states = stamps
        for before, after in pairwise(states):
            assert after in LATER[before]
        if states[-1] == "closed":
            assert "Queued" not in [ask.state(job) for job in jobs]
