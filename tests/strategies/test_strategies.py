"""Every strategy draws values that print as code; hypothesis finds the strategies by type."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

import qrtest
from qrtest import Ask, PollPlan, Scenario, Script, faults
from qrtest import strategies as qst
from qrtest.service.behaviour import Behaviour
from qrtest.strategies.draw_results import PROGRAMS

PROJECT = Path(__file__).parents[2]
NAMES = {**vars(qrtest.lifecycle.step), "Script": Script, "faults": faults, "Scenario": Scenario}
NAMES |= {
    "Ask": Ask,
    "Behaviour": Behaviour,
    "PollPlan": PollPlan,
    "Schedule": qrtest.Schedule,
}
EVERY = {
    "scripts": qst.scripts(),
    "illegal scripts": qst.scripts(legal=False),
    "faults": qst.faults(),
    "fault_plans": qst.fault_plans(),
    "scenarios": qst.scenarios(),
    "scenarios with results": qst.scenarios(results=qst.results("estimator")),
    "poll_plans": qst.poll_plans(),
    "schedules": qst.schedules(),
    "changed_results of a recorded job": qst.changed_results(
        PROJECT / "cassettes" / "sampler.yaml"
    ),
    "scenarios_of a recorded job": qst.scenarios_of(PROJECT / "cassettes" / "sampler.yaml"),
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
    assert set(qst.__all__) - held == {"ENDINGS", "jobs", "lives_of"}


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
    """Return how hypothesis prints a value that is *drawn* when a test fails with it, and the value."""
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


FROM_TYPE = """
import sys
from hypothesis import find, strategies as st
import qrtest
from qrtest.faults import Fault

assert "qrtest.strategies.draw_scripts" not in sys.modules
for kind in (qrtest.Script, qrtest.Scenario, Fault, qrtest.PollPlan):
    print(repr(find(st.from_type(kind), lambda value: True)))
"""


def test_hypothesis_finds_the_strategies_by_type(tmp_path: Path) -> None:
    """In an interpreter where qrtest is installed and nothing is configured, by its entry point."""
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
    """Return what a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
