"""Drift: where the service has changed since a recording, and what a test does about an old one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest import cancelled, done, failed, queued, running
from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import Drifted
from qrtest.harness.drift import asked_again, drift
from qrtest.lifecycle.script import Script
from tests.command_line import qrtest as qrtest_command
from tests.playback.test_rescript import recorded
from tests.recordings import PROVENANCE, short

SHIPPED = sorted((Path(__file__).parents[2] / "cassettes").glob("*.yaml"))
SCRIPT = "QUEUED 3s; RUNNING 2s; DONE"


def changed(cassette: Cassette, operation: str, change: Any) -> Cassette:
    """*cassette* in which the service says otherwise."""

    def changed_interaction(each: Interaction) -> Interaction:
        where = each.request.route
        if where is None or where.operation != operation or not each.response.body:
            return each
        body = json.loads(each.response.body)
        change(body)
        return replace(each, response=replace(each.response, body=json.dumps(body).encode()))

    return replace(cassette, interactions=tuple(map(changed_interaction, cassette.interactions)))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_todays_service_has_the_shape_of_what_ships(path: Path) -> None:
    """The cassettes that ship were recorded from it."""
    qrtest.check_drift(path)


@given(
    st.builds(
        lambda end: Script(queued(3), running(2), end),
        st.sampled_from([done(), failed("Internal error.", 1500), cancelled(), failed(code=1305)]),
    )
)
def test_what_todays_service_reported_it_says_again(recorded_script: Script) -> None:
    """Whatever becomes of a job, down to the values; but when it is accounted for is a matter of seconds."""
    found = drift(recorded(recorded_script), tier="value")
    volatile = ("user_id", "caller", "usage.status")
    assert [str(each) for each in found if not each.where.endswith(volatile)] == []


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        (lambda body: body.pop("cost"), "response.cost: new: a number"),
        (lambda body: body.update(hub="h"), "response.hub: gone: a text"),
        (lambda body: body.update(cost="600"), "response.cost: a text -> a number"),
    ],
    ids=["new", "gone", "retyped"],
)
def test_a_field_that_came_went_or_changed_its_type_is_reported(change: Any, reported: str) -> None:
    """In the tier of shapes, with the operation that it is of."""
    with pytest.raises(Drifted, match="--qrtest-record=rewrite") as found:
        qrtest.check_drift(changed(recorded(SCRIPT), "poll", change))
    assert f"shape: poll(exclude_params): {reported}" in str(found.value)


def test_a_new_status_is_reported() -> None:
    """What was answered with 404 when it was recorded is found today."""
    whole = recorded(SCRIPT)
    last = whole.interactions[-1]
    missing = replace(last, response=replace(last.response, status=404, body=b'{"errors": []}'))
    found = drift(replace(whole, interactions=(*whole.interactions[:-1], missing)))
    assert 'shape: logs: status: ["404"] -> ["200"]' in map(str, found)


def test_a_new_code_of_an_error_is_reported() -> None:
    """Programs go by it."""
    [path] = [path for path in SHIPPED if path.stem == "cancelled"]

    def recode(body: Any) -> None:
        if "errors" in body:
            body["errors"][0]["code"] = 1290

    found = drift(changed(store.load(path), "poll", recode))
    assert [str(each) for each in found] == [
        "shape: poll(exclude_params): response.errors[].code: 1290 -> 1291"
    ]


def test_a_session_that_submits_is_asked_again() -> None:
    """What was made has another id today, and goes by it."""
    with qrtest.simulate(transport="requests") as sim:
        made = recorded_session(sim)
    assert {each.request.method for each in made.interactions} == {"GET", "POST"}
    assert drift(made) == ()
    assert len(asked_again(made)) == len(made)


def recorded_session(sim: Any) -> Cassette:
    """Return a submission and the polls of what it made, as they were answered."""
    import requests

    from qrtest.http.messages import Request, Response

    base, headers = "https://quantum.cloud.ibm.com/api/v1", {"IBM-API-Version": "2026-04-15"}
    credentials = {**headers, "Authorization": "Bearer x"}
    sim.next_job("QUEUED 2s; RUNNING 1s; DONE")
    sim.service()
    body = {"program_id": "sampler", "backend": "ibm_torino", "params": {"pubs": []}}
    kept: list[Interaction] = []

    def ask(method: str, path: str, sends: Any = None) -> Any:
        at = sim.clock.now()
        answer = requests.request(method, base + path, json=sends, headers=credentials, timeout=5)
        sent = b"" if sends is None else json.dumps(sends).encode()
        kept.append(
            Interaction(
                request=Request.to(method, base + path, headers=headers, body=sent),
                response=Response(answer.status_code, answer.content, dict(answer.headers)),
                at=at,
                took=0.05,
            )
        )
        return answer.json()

    job_id = ask("POST", "/jobs", body)["id"]
    for _ in range(5):
        ask("GET", f"/jobs/{job_id}?exclude_params=true")
        sim.clock.advance("1s")
    return Cassette(tuple(kept), PROVENANCE)


def test_two_recordings_are_compared(tmp_path: Path) -> None:
    """One of today against one of last year."""
    store.save(tmp_path / "old.yaml", changed(short(), "poll", lambda body: body.pop("cost")))
    store.save(tmp_path / "new.yaml", short())
    with pytest.raises(Drifted, match=r"response\.cost: new"):
        qrtest.check_drift(tmp_path / "old.yaml", tmp_path / "new.yaml")


def test_the_command_line_asks_todays_service(tmp_path: Path) -> None:
    """Status 0 and nothing said, or status 1 and what is otherwise."""
    store.save(tmp_path / "good.yaml", recorded(SCRIPT))
    store.save(
        tmp_path / "old.yaml", changed(recorded(SCRIPT), "metrics", lambda b: b.update(bss={}))
    )
    good = qrtest_command(
        "diff", "good.yaml", "--against", "serve", "--tier", "shape", cwd=tmp_path
    )
    assert (good.returncode, good.stdout) == (0, ""), good.stderr
    old = qrtest_command("diff", "old.yaml", "--against", "serve", "--tier", "shape", cwd=tmp_path)
    assert (old.returncode, old.stdout) == (1, "shape: metrics: response.bss: gone: an object\n")
    other = qrtest_command(
        "diff", "good.yaml", "--against", "old.yaml", "--tier", "shape", cwd=tmp_path
    )
    assert other.returncode == 1
    assert qrtest_command("diff", "good.yaml", cwd=tmp_path).returncode == 2


SUITE = """
import pytest

@pytest.mark.qrtest(cassette="bell.yaml", expires="30d"{more})
def test_it(runtime_job):
    assert runtime_job().status() == "QUEUED"
"""


@pytest.mark.parametrize(
    ("more", "arguments", "outcome"),
    [
        ("", (), {"passed": 1, "warnings": 1}),
        ("", ("--qrtest-expired=fail",), {"errors": 1}),
        ("", ("--qrtest-expired=ignore",), {"passed": 1}),
        (", expired='fail'", (), {"errors": 1}),
        (", expired='fail'", ("--qrtest-expired=warn",), {"passed": 1, "warnings": 1}),
    ],
)
def test_a_cassette_expires(
    pytester: pytest.Pytester, more: str, arguments: tuple[str, ...], outcome: dict[str, int]
) -> None:
    """A test whose recording is older than it says warns, or fails, and says how to record again."""
    store.save(pytester.path / "cassettes" / "bell.yaml", short())
    pytester.makepyfile(SUITE.format(more=more))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "default", *arguments)
    result.assert_outcomes(**outcome)
    assert ("--qrtest-record=rewrite" in result.stdout.str()) == ("ignore" not in str(arguments))


def test_what_is_recorded_anew_does_not_expire(pytester: pytest.Pytester) -> None:
    """With --qrtest-record=rewrite nobody complains of the age of what is replaced."""
    store.save(pytester.path / "cassettes" / "bell.yaml", short())
    pytester.makepyfile(
        SUITE.format(more="").replace('assert runtime_job().status() == "QUEUED"', "pass")
    )
    arguments = (
        *("--qrtest-record=rewrite", "--qrtest-record-in-ci", "--qrtest-expired=fail"),
        # The suite makes no request, which has a warning of its own.
        *("-W", "ignore::qrtest.errors.RecordingWarning"),
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments).assert_outcomes(passed=1)


def test_a_young_cassette_has_not_expired(pytester: pytest.Pytester) -> None:
    """Nothing is said of it; a length that is none is an error."""
    store.save(pytester.path / "cassettes" / "bell.yaml", short())
    pytester.makepyfile(SUITE.format(more="").replace("30d", "36500d"))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=1)
    pytester.makepyfile(SUITE.format(more="").replace("30d", "soon"))
    wrong = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert "expires='soon': 'soon' is not a length of time" in wrong.stdout.str()
