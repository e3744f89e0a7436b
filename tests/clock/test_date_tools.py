"""A test that uses freezegun or time-machine itself keeps working; waits still follow the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import freezegun
import pytest
import time_machine

from qrtest import simulate

GENUINE = MappingProxyType({"time": time.time, "monotonic": time.monotonic, "sleep": time.sleep})
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
TOOLS: dict[str, Callable[..., AbstractContextManager[Any]]] = {
    "freezegun": freezegun.freeze_time,
    "time-machine": time_machine.travel,
}


def entered(both: ExitStack, tool: str, order: str, *, tick: bool) -> Any:
    """Enter a simulation and a block of *tool*, which is "inside" or "around" it; return the simulation."""
    travel = TOOLS[tool](BEGIN, tick=tick)
    if order == "around":
        both.enter_context(travel)
    sim = both.enter_context(simulate())
    if order == "inside":
        both.enter_context(travel)
    return sim


@pytest.mark.parametrize("order", ["inside", "around"])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_date_that_was_set_stays(tool: str, order: str) -> None:
    """By all functions that give it; the job's two hours pass all the same."""
    with ExitStack() as both:
        sim = entered(both, tool, order, tick=False)
        sim.job("QUEUED 2h; DONE").wait_for_final_state()
        assert sim.clock.now() >= 7200
        assert datetime.now(UTC) == BEGIN
        assert time.time() == BEGIN.timestamp()
        assert date.today().year in (2029, 2030)  # the zone of the machine
        assert time.gmtime()[:3] == (2030, 1, 1)
    assert datetime.now(UTC) < BEGIN
    assert [time.time, time.monotonic, time.sleep] == list(GENUINE.values())


@pytest.mark.parametrize("order", ["inside", "around"])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_date_that_goes_on_does_so_while_code_waits(tool: str, order: str) -> None:
    """A deadline as a date is reached."""
    with ExitStack() as both:
        sim = entered(both, tool, order, tick=True)
        job = sim.job("QUEUED")
        end = datetime.now(UTC) + timedelta(hours=1)
        while not job.done() and datetime.now(UTC) < end:
            time.sleep(60)
        assert 3500 <= sim.clock.now() < 3700
        assert end.date() == BEGIN.date()


def test_a_simulation_after_a_frozen_one_has_its_own_dates_again() -> None:
    """What was left to freezegun is replaced the next time."""
    for _ in range(2):
        with freezegun.freeze_time(BEGIN), simulate():
            assert time.time() == BEGIN.timestamp()
        with simulate(starts="2026-03-01T12:00Z"):
            assert datetime.now(UTC) == datetime.fromtimestamp(time.time(), UTC)
            assert date.today().year == 2026


def test_freezing_that_ends_inside_leaves_the_dates_to_the_clock() -> None:
    """From there on."""
    freezer = freezegun.freeze_time(BEGIN)
    freezer.start()
    with simulate(starts="2026-03-01T12:00Z"):
        freezer.stop()
        assert datetime.now(UTC).year == time.gmtime().tm_year == 2026
    assert [time.time, time.monotonic, time.sleep] == list(GENUINE.values())


@pytest.mark.parametrize("order", ["inside", "around"])
def test_an_event_loop_goes_on_beside_a_frozen_date(order: str) -> None:
    """With `real_asyncio=True`, as freezegun asks for it."""
    with ExitStack() as both:
        freezer = freezegun.freeze_time(BEGIN, real_asyncio=True)
        if order == "around":
            both.enter_context(freezer)
        sim = both.enter_context(simulate())
        if order == "inside":
            both.enter_context(freezer)
        asyncio.run(asyncio.sleep(3600))
        assert sim.clock.now() == pytest.approx(3600)
        assert datetime.now(UTC) == BEGIN
