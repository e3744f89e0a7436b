"""What is drawn is valid, prints as code, shrinks to what a person would write, and starts afresh."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

import qrtest
from qrtest import Scenario, Script, done, faults, queued, running
from qrtest import strategies as qst
from qrtest.errors import FaultError, ScriptError
from qrtest.faults import Fault
from qrtest.lifecycle import transitions
from qrtest.service.behaviour import Behaviour
from qrtest.strategies.draw_results import PROGRAMS
from qrtest.strategies.poll_plan import Ask, PollPlan

PROJECT = Path(__file__).parents[2]
NAMES = {**vars(qrtest.lifecycle.step), "Script": Script, "faults": faults, "Scenario": Scenario}
NAMES |= {"Ask": Ask, "Behaviour": Behaviour, "PollPlan": PollPlan}
EVERY = {
    "scripts": qst.scripts(),
    "illegal scripts": qst.scripts(legal=False),
    "faults": qst.faults(),
    "fault_plans": qst.fault_plans(),
    "scenarios": qst.scenarios(),
    "scenarios with results": qst.scenarios(results=qst.results("estimator")),
    "poll_plans": qst.poll_plans(),
    "lives_of a recorded job": qst.lives_of(PROJECT / "cassettes" / "sampler.yaml"),
    **{f"results of {program}": qst.results(program) for program in PROGRAMS},
    **{f"broken_results of {program}": qst.broken_results(program) for program in PROGRAMS},
}


@pytest.mark.parametrize("name", EVERY)
def test_what_is_drawn_prints_as_code_that_evaluates_back(name: str) -> None:
    """A value can be pasted as it stands: by its repr, and as hypothesis's report has it."""

    @given(EVERY[name])
    def check(value: object) -> None:
        assert eval(repr(value), NAMES) == value
        assert "".join(pretty(value).split()) == "".join(repr(value).split())

    check()
    code, value = reported(EVERY[name])
    assert eval(code, NAMES) == value


def test_every_strategy_is_held_to_that() -> None:
    """What has no test of its own stands in EVERY."""
    held = {name.partition(" ")[0] for name in EVERY}
    assert set(qst.__all__) - held == {"ENDINGS", "jobs"}


@pytest.mark.parametrize(
    "name", ["auth-expires-mid-wait", "cancel-loses-race", "max-execution-1305", "stuck-queued"]
)
def test_a_job_prints_as_what_makes_it_again(name: str) -> None:
    """In a test that has a simulation, the printed code is a job with the same life."""
    scenario = qrtest.scenarios[name]
    code, _ = reported(qst.jobs(st.just(scenario)))
    with qrtest.simulate() as sim:
        assert code == f"sim.job({scenario!r})"
        job = eval(code, {**NAMES, "sim": sim})
        assert sim.truth(job.job_id()).step == scenario.script.steps[0]


def reported(drawn: st.SearchStrategy[object]) -> tuple[str, object]:
    """How hypothesis prints a value that is *drawn* when a test fails with it, and the value."""
    last = []

    @settings(max_examples=1, phases=[Phase.generate], database=None)
    @given(drawn)
    def fails(value: object) -> None:
        last[:] = [value]
        raise LookupError

    with pytest.raises(LookupError) as failed:
        fails()
    [note] = [note for note in failed.value.__notes__ if "value=" in note]
    return note.partition("value=")[2].rpartition(")")[0].strip().removesuffix(","), last[0]


@given(qst.scripts(longest="1m"))
def test_a_life_takes_no_longer_than_asked(script: Script) -> None:
    """The longest wait bounds the whole life, not each step."""
    assert script.legal
    assert script.seconds is None or script.seconds <= 60


@pytest.mark.parametrize("ending", qst.ENDINGS)
def test_a_life_ends_as_asked(ending: str) -> None:
    """Each ending can be had alone."""

    @given(qst.scripts(endings=[ending]))
    def check(script: Script) -> None:
        assert script.end.is_final == (ending != "NEVER")
        assert ending != "RAN TOO LONG" or script.end.code == 1305

    check()


@given(qst.scripts(unknown_words=[], endings=["DONE"]))
def test_unknown_statuses_can_be_left_out(script: Script) -> None:
    """Without words that nobody knows, there are only statuses of the lifecycle."""
    assert {step.status for step in script} <= set(transitions.STATUSES)


@given(qst.fault_plans(operations=["cancel"], most=3))
def test_faults_keep_to_the_operations(plan: tuple[Fault, ...]) -> None:
    """A plan is narrowed to operations, and to a number of faults."""
    assert len(plan) <= 3
    assert {fault.on for fault in plan} <= {"cancel"}


def test_an_ending_that_is_none_is_refused() -> None:
    """The message says which there are."""
    with pytest.raises(ScriptError, match="'LOST' is none of DONE, ERROR, CANCELLED, RAN TOO LONG"):
        qst.scripts(endings=["LOST"])
    with pytest.raises(ScriptError, match="a life ends in one of"):
        qst.scripts(endings=[])


def test_an_operation_without_faults_is_refused() -> None:
    """The message says on which there are some."""
    with pytest.raises(FaultError, match="there are faults on poll, result"):
        qst.faults(operations=["search"])


# --- shrinking ----------------------------------------------------------------------------------------


def test_the_simplest_life_is_done_at_once() -> None:
    """The next simple one is a failure without a word."""
    assert find(qst.scripts(), lambda script: True) == Script(done())
    assert find(qst.scripts(), lambda script: script != Script(done())) == Script(qrtest.failed())


def test_a_fault_is_dropped_before_a_step_is() -> None:
    """Where a step or a fault will do, the step stays."""
    found = find(qst.scenarios(), lambda life: bool(life.faults) or len(life.script) > 1)
    assert found == Scenario("QUEUED 1s; DONE")


def test_steps_are_dropped_while_a_length_stays_odd() -> None:
    """Where only an odd length will do, it is the only one."""

    def has_an_odd_length(script: Script) -> bool:
        return any(step.seconds is not None and step.seconds % 1 for step in script)

    assert find(qst.scripts(), has_an_odd_length) == Script(queued("0.5s"), done())


def test_a_length_is_rounded() -> None:
    """A wait that has to be long is one that people write."""
    long = find(qst.scripts(), lambda script: any((step.seconds or 0) > 600 for step in script))
    assert long == Script(queued("1h"), done())


def test_a_plan_shrinks_to_the_one_fault_that_matters() -> None:
    """The rest of the plan, and its timing, go."""
    found = find(qst.fault_plans(), lambda plan: any(isinstance(f, faults.Truncate) for f in plan))
    assert found == (faults.truncate(on="poll"),)


def test_a_running_job_shrinks_to_one_step() -> None:
    """What must have run has run, and nothing else has happened."""
    found = find(qst.scripts(), lambda script: any(step.status == "RUNNING" for step in script))
    assert found in (Script(running()), Script(running("1s"), done()))


# --- jobs and types -----------------------------------------------------------------------------------


@given(qst.jobs(qst.scenarios(qst.scripts(endings=["DONE"]), st.just(()))))
def test_every_example_has_a_simulation_of_its_own(job: qrtest.RuntimeJobV2) -> None:
    """A job is at the beginning of its life, whatever the example before it did."""
    assert job.creation_date.isoformat().startswith("2026-01-01T")
    assert job.result() is not None


def test_a_job_does_not_outlive_its_example() -> None:
    """The simulation ends with the example: nothing stays replaced."""
    kept = []

    @given(qst.jobs(st.just(Scenario("QUEUED"))))
    def keep(job: qrtest.RuntimeJobV2) -> None:
        kept.append(job)

    keep()
    with pytest.raises(qrtest.errors.SimulationError, match="after the simulation was over"):
        kept[0].status()


def test_two_jobs_of_one_example_live_side_by_side() -> None:
    """Each has its own service and its own journal."""

    @given(qst.jobs(st.just(Scenario("DONE"))), qst.jobs(st.just(Scenario("QUEUED"))))
    def check(one: qrtest.RuntimeJobV2, other: qrtest.RuntimeJobV2) -> None:
        assert (one.status(), other.status()) == ("DONE", "QUEUED")

    check()


FROM_TYPE = """
import sys
from hypothesis import find, strategies as st
import qrtest
from qrtest.strategies.poll_plan import PollPlan
from qrtest.faults import Fault

assert "qrtest.strategies.draw_scripts" not in sys.modules
for kind in (qrtest.Script, qrtest.Scenario, Fault, PollPlan):
    print(repr(find(st.from_type(kind), lambda value: True)))
"""


def test_hypothesis_finds_the_strategies_by_type(tmp_path: Path) -> None:
    """In an interpreter where qrtest is installed and was told nothing, by its entry point."""
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    wheel = tmp_path / interpreter("-c", build, cwd=PROJECT).splitlines()[-1]
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    drawn = interpreter("-c", FROM_TYPE, cwd=tmp_path, PYTHONPATH=str(installed))
    assert drawn.splitlines() == [
        "Script(done())",
        "Scenario('DONE')",
        "faults.status(503, on='poll')",
        "PollPlan()",
    ]


def interpreter(*arguments: str, cwd: Path, **environment: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
