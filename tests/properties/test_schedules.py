"""Races in consumers that start threads or tasks are found by searching for an order of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest import Scenario, Schedule
from qrtest import strategies as qst
from qrtest.errors import ClockError, ConsumerBug, NeverEnds, SimulationError
from tests.gallery.races import RACES, RIGHT, run_all

PLAIN = Scenario("QUEUED 3s; DONE")


OF_A_SERVICE = {"double_submission": 1, "result_of_another_job": 2}
"""Consumers that submit so many jobs themselves."""


def options(consumer: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what a check of *consumer* is told."""
    submissions = OF_A_SERVICE.get(consumer.__name__)
    return {} if submissions is None else {"takes": "service", "submissions": submissions}


@pytest.mark.parametrize("consumer", RACES, ids=lambda each: each.__name__)
def test_a_race_is_found_and_its_order_can_be_pasted(consumer: Callable[[Any], Any]) -> None:
    """The report has the order of the threads; the schedule in it breaks the rule again."""
    with pytest.raises(ConsumerBug) as caught:
        qrtest.check_consumer(
            consumer,
            scenarios=st.just(PLAIN),
            schedules=True,
            max_examples=500,
            **options(consumer),
        )
    assert caught.value.rule == "submissions" or not isinstance(caught.value.error, NeverEnds)
    found = re.search(r"schedule='([^']*)'", str(caught.value))
    with pytest.raises(ConsumerBug):
        qrtest.check_consumer(
            consumer,
            scenarios=[PLAIN],
            schedule=found[1] if found else "",
            **options(consumer),
        )


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
