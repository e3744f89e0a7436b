"""Races in consumers that start threads or tasks are found by searching for an order of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest import Scenario, Schedule
from qrtest import strategies as qst
from qrtest.errors import ClockError, ConsumerBug, NeverEnds, SimulationError
from tests.gallery.races import (
    RACES,
    RIGHT,
    lost_update,
    released_twice,
    result_of_another_job,
    run_all,
    tasks_in_order,
)

PLAIN = Scenario("QUEUED 3s; DONE")


OF_A_SERVICE = {"double_submission": 1, "result_of_another_job": 2}
"""Consumers that submit so many jobs themselves."""


def options(consumer: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what a check of *consumer* finds."""
    submissions = OF_A_SERVICE.get(consumer.__name__)
    return {} if submissions is None else {"takes": "service", "submissions": submissions}


def bug_of(consumer: Callable[[Any], Any], **orders: Any) -> ConsumerBug:
    """Return what a check of *consumer* finds in *orders* of its threads and tasks."""
    scenarios = [PLAIN] if "schedule" in orders else st.just(PLAIN)
    with pytest.raises(ConsumerBug) as caught:
        qrtest.check_consumer(
            consumer, scenarios=scenarios, max_examples=500, **orders, **options(consumer)
        )
    return caught.value


@pytest.mark.parametrize("consumer", RACES, ids=lambda each: each.__name__)
def test_a_race_is_found_and_its_order_can_be_pasted(consumer: Callable[[Any], Any]) -> None:
    """The report has the order of the threads; the schedule in it breaks the same rule for the same reason."""
    bug = bug_of(consumer, schedules=True)
    assert bug.rule == "submissions" or not isinstance(bug.error, NeverEnds)
    [schedule] = re.findall(r"schedule='([^']*)'", str(bug))
    again = bug_of(consumer, schedule=schedule)
    assert str(again).splitlines()[0] == str(bug).splitlines()[0]


PASTED = [lost_update, released_twice, tasks_in_order, result_of_another_job]


def test_what_is_pasted_fails_for_the_same_reason_in_another_process(tmp_path: Path) -> None:
    """The order is that of the schedule, not of this process: races of threads, of tasks and of submissions."""
    reasons = {}
    for consumer in PASTED:
        report = str(bug_of(consumer, schedules=True))
        code = report.partition("To paste into a test:")[2].partition("# What to do")[0]
        tmp_path.joinpath(f"{consumer.__name__}.py").write_text(dedent(code), encoding="utf-8")
        reasons[consumer.__name__] = report.splitlines()[0]
    program = """
        import pathlib, sys
        import qrtest
        for path in map(pathlib.Path, sys.argv[1:]):
            names = {}
            exec(path.read_text(encoding="utf-8"), names)
            [test] = [value for name, value in names.items() if name.startswith("test_")]
            try:
                test()
            except qrtest.errors.ConsumerBug as bug:
                print(path.stem, str(bug).splitlines()[0], sep="=")
    """
    files = sorted(map(str, tmp_path.iterdir()))
    ran = subprocess.run(
        [sys.executable, "-c", dedent(program), *files],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert dict(line.split("=", 1) for line in ran.stdout.splitlines()) == reasons


@pytest.mark.parametrize("consumer", RIGHT, ids=lambda each: each.__name__)
def test_a_right_consumer_is_not_accused(consumer: Callable[[Any], Any]) -> None:
    """In no order."""
    qrtest.check_consumer(consumer, scenarios=st.just(PLAIN), schedules=True, max_examples=30)


@given(qst.schedules())
def test_a_schedule_is_code_and_text_for_itself(schedule: Schedule) -> None:
    """It can be pasted."""
    assert Schedule(str(schedule)) == schedule
    assert eval(repr(schedule), {"Schedule": Schedule}) == schedule


@given(qst.schedules())
def test_the_same_schedule_gives_the_same_journal(schedule: Schedule) -> None:
    """Whatever it is."""

    def journal() -> str:
        with qrtest.simulate(schedule=schedule) as sim:
            run_all(*[lambda: sim.job("QUEUED 1s; DONE").wait_for_final_state()] * 3)
            return sim.journal.timeline()

    assert journal() == journal()


@pytest.mark.parametrize("text", ["3", "3:0", "0:1", "3:1, 2:1", "soon", "3:1; 4:1", "3:-1"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    """With one that is."""
    with pytest.raises(ClockError, match="'3:1, 7:2'"):
        Schedule(text)
    with pytest.raises(SimulationError, match="give a Schedule"):
        qrtest.simulate(schedule=[text])  # type: ignore[arg-type]
