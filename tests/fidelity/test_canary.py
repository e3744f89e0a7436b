"""The canary finds what is assumed wrongly: on a service with one assumption broken, exactly that one falls."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

import qrtest
from qrtest.cassette import store
from qrtest.errors import ServerError
from qrtest.fidelity import canary
from qrtest.fidelity.assumption import ASSUMPTIONS, OF_THE_SIMULATION
from qrtest.fidelity.experiments import CHECKS
from qrtest.fidelity.lab import TAG, Answer, Lab
from qrtest.service.behaviour import Behaviour
from tests.command_line import qrtest as command

SCRIPT: Final = "QUEUED 3s; RUNNING 2s; DONE"
OTHERWISE: Final[Mapping[str, Any]] = {
    "cancel_lag": 2,
    "cancel_takes_effect": False,
    "usage_lag": 60,
    "failed_results": "none",
    "reason_code": "text",
    "logs_before_end": 200,
    "empty_logs": 404,
    "interim_before_any": "",
    "delete_queued": 400,
    "delete_running": 204,
    "private_results_once": False,
    "interactive_ttl": 30,
    "session_expiry": "fail",
    "offline": "refuse",
    "cost": 300,
}
"""The options of `Behaviour` that assume something of the real service, each with another value."""


def checked(*, budget: float = 100, **behaviour: Any) -> tuple[Lab, Any]:
    """Return what the canary saw of a simulation with that *behaviour*, and the simulation."""
    backends = ["ibm_torino", "ibm_brisbane"]
    with qrtest.simulate(transport="requests", backends=backends, **behaviour) as sim:
        sim.rule(SCRIPT)
        sim.change_backend("ibm_brisbane", status="offline")
        lab = Lab(sim.service(), "", poll=0.5, patience=3600, budget=budget)
        lab.backend = canary.chosen_backend(lab)
        assert canary.run(lab) == []
        assert sim.service().jobs() == []
    return lab, sim


def fallen(lab: Lab) -> list[str]:
    """Return the assumptions that fell."""
    return [name for name, verdict in lab.verdicts.items() if verdict.outcome == "fell"]


def test_every_assumption_holds_on_the_simulated_service() -> None:
    """All are checked but one: a path that does not exist is an error of its own in a simulation."""
    lab, _ = checked()
    held = [name for name, verdict in lab.verdicts.items() if verdict.outcome == "held"]
    assert sorted(held) == sorted(ASSUMPTIONS.keys() - {"unknown_path"})


@pytest.mark.parametrize("option", OTHERWISE)
def test_the_assumption_that_is_broken_is_the_one_that_falls(option: str) -> None:
    """Each option of the service that is no matter of the simulation alone."""
    lab, _ = checked(**{option: OTHERWISE[option]})
    assert fallen(lab) == [option]


def test_a_service_that_takes_nine_tags_is_noticed() -> None:
    """The job that it accepted is ended and deleted like the others."""
    lab, _ = checked(limits=qrtest.Limits(tags=None))
    assert fallen(lab) == ["tag_bounds"]


def test_every_option_is_checked_or_is_of_the_simulation_alone() -> None:
    """An option that is new has to be entered."""
    options = {field.name for field in dataclasses.fields(Behaviour)}
    assert options - OF_THE_SIMULATION == OTHERWISE.keys()
    assert OTHERWISE.keys() <= ASSUMPTIONS.keys()
    assert sorted(name for check in CHECKS for name in check.names) == sorted(ASSUMPTIONS)


def test_no_job_is_submitted_beyond_the_budget() -> None:
    """What it would have shown is not checked, and the reason is said."""
    lab, sim = checked(budget=5)
    assert "the budget of 5 s allows no further job" in lab.verdicts["delete_queued"].seen
    assert lab.verdicts["wrong_method"].outcome == "held"
    assert lab.spent == 0
    assert sim.scenarios == ()


def test_a_queue_that_does_not_move_ends_with_the_patience() -> None:
    """The jobs in it are cancelled."""
    with qrtest.simulate(transport="requests") as sim:
        sim.rule("QUEUED 1d; DONE")
        lab = Lab(sim.service(), "ibm_torino", poll=10, patience=600, budget=100)
        assert canary.run(lab) == []
        assert sim.service().jobs() == []
    assert "600 s of patience were over" in lab.verdicts["delete_running"].seen
    assert lab.verdicts["cancel_takes_effect"].outcome == "held"


def test_an_interruption_leaves_no_job_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it waits."""
    with qrtest.simulate(transport="requests") as sim:
        sim.rule(SCRIPT)
        lab = Lab(sim.service(), "ibm_torino", poll=0.1, patience=600, budget=100)

        def interrupted() -> None:
            monkeypatch.undo()
            raise KeyboardInterrupt

        monkeypatch.setattr(lab, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            canary.run(lab)
        assert sim.service().jobs() == []


def test_the_command_checks_a_server_and_records_the_answers(tmp_path: Path) -> None:
    """With one assumption broken on purpose: that one falls, and the status is 1."""
    with qrtest.serve(clock="virtual", latency="250ms", scenario=SCRIPT, empty_logs=404) as server:
        arguments = "--against", server.url, "--poll", "0s", "--yes"
        found = command("fidelity", *arguments, cwd=tmp_path)
    assert found.returncode == 1
    fell = [line for line in found.stdout.splitlines() if line.startswith("FELL")]
    assert [line.split()[1] for line in fell] == ["empty_logs"]
    assert "assumed by empty_logs=200" in found.stdout
    assert "1 fell, 1 could not be checked" in found.stderr
    cassette = store.load(tmp_path / "fidelity.yaml")
    assert any(TAG in str(each.request.body) for each in cassette.interactions)
    assert server.about["api_key"] not in (tmp_path / "fidelity.yaml").read_text()


def test_nothing_is_submitted_before_it_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would do, and how much it may take, is said first."""
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with qrtest.serve(clock="virtual") as server:
        arguments = "--against", server.url, "--budget", "42s"
        found = command("fidelity", *arguments, cwd=tmp_path)
        assert server.service().jobs() == []
    assert found.returncode == 130
    assert "may take 42 s of QPU time in all" in found.stderr


@pytest.mark.parametrize(
    ("against", "says"),
    [("moon", "there are 'real' and the address"), ("http://127.0.0.1:9", "No server of qrtest")],
)
def test_a_service_that_is_none_is_an_error(tmp_path: Path, against: str, says: str) -> None:
    """Nothing is recorded."""
    found = command("fidelity", "--against", against, cwd=tmp_path)
    assert found.returncode == 2
    assert says in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backend_that_is_none_is_an_error(tmp_path: Path) -> None:
    """Before anything is submitted."""
    with qrtest.serve(clock="virtual") as server:
        arguments = "--against", server.url, "--backend", "ibm_nowhere", "--yes"
        found = command("fidelity", *arguments, cwd=tmp_path)
        assert server.service().jobs() == []
    assert found.returncode == 2
    assert "There is no backend 'ibm_nowhere' to use" in found.stderr


def test_verdicts_are_printed_as_json(tmp_path: Path) -> None:
    """For a machine."""
    with qrtest.serve(clock="virtual", latency="1s", scenario=SCRIPT) as server:
        arguments = "--against", server.url, "--poll", "0s", "--yes", "--json"
        found = command("fidelity", *arguments, "--budget", "0s", cwd=tmp_path)
    assert found.returncode == 0
    verdicts = json.loads(found.stdout)
    assert [each["name"] for each in verdicts] == list(ASSUMPTIONS)
    assert {each["outcome"] for each in verdicts} == {"held", "not checked"}


def test_answers_of_an_unknown_form_leave_the_other_checks_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real service may answer what nobody has seen; the jobs are deleted in spite of that."""
    with qrtest.simulate(transport="requests") as sim:
        sim.rule(SCRIPT)
        lab = Lab(sim.service(), "ibm_torino", poll=0.5, patience=600, budget=100)
        ask = lab.ask

        def odd(method: str, path: str, body: Any = None) -> Answer:
            answer = ask(method, path, body)
            return Answer(200, '["odd"]', ["odd"]) if path.endswith("/metrics") else answer

        monkeypatch.setattr(lab, "ask", odd)
        assert canary.run(lab) == []
        assert sim.service().jobs() == []
    assert "another form than is known" in lab.verdicts["metrics_before_start"].seen
    assert lab.verdicts["delete_queued"].outcome == "held"


def test_a_service_that_goes_away_ends_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says why it could not be finished."""
    with qrtest.simulate(transport="requests") as sim:
        sim.rule(SCRIPT)
        lab = Lab(sim.service(), "ibm_torino", poll=0.1, patience=600, budget=100)

        def gone(*_: Any) -> None:
            raise ServerError("GET / was not answered")

        monkeypatch.setattr(lab, "ask", gone)
        assert canary.run(lab) == []
    assert {verdict.outcome for verdict in lab.verdicts.values()} == {"not checked"}
