"""What is drawn is valid, prints as code, shrinks to what a person would write, and starts afresh."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import find, given
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

import qrtest
from qrtest import Scenario, Script, done, faults, lifecycle, queued, running
from qrtest import strategies as qst
from qrtest.asking import Ask, PollPlan
from qrtest.errors import FaultError, ScriptError
from qrtest.faults import Fault
from qrtest.wire.behaviour import Behaviour

NAMES = {**vars(qrtest.script), "faults": faults, "Scenario": Scenario, "Behaviour": Behaviour}
NAMES |= {"Ask": Ask, "PollPlan": PollPlan}


@given(
    st.one_of(
        qst.scripts(), qst.scripts(legal=False), qst.faults(), qst.scenarios(), qst.poll_plans()
    )
)
def test_what_is_drawn_prints_as_code_that_evaluates_back(value: object) -> None:
    """A falsifying example can be pasted as it stands."""
    assert eval(repr(value), NAMES) == value
    assert "".join(pretty(value).split()) == "".join(repr(value).split())


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
    assert {step.status for step in script} <= set(lifecycle.STATUSES)


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


def test_hypothesis_finds_the_strategies_by_type() -> None:
    """The entry point registers them: `from_type(Scenario)` draws scenarios."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    entry = project["project"]["entry-points"]["hypothesis"]["qrtest"]
    module, _, name = entry.partition(":")
    getattr(importlib.import_module(module), name)()
    assert find(st.from_type(Script), lambda script: True) == Script(done())
    assert find(st.from_type(Scenario), lambda life: True) == Scenario("DONE")
    assert find(st.from_type(Fault), lambda fault: True) == faults.status(503, on="poll")
    assert find(st.from_type(PollPlan), lambda plan: True) == PollPlan()
