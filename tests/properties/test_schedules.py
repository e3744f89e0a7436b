"""Races in consumers that start threads or tasks are found by searching for an order of them."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest import Scenario, Schedule
from qrtest import strategies as qst
from qrtest.errors import ClockError, ConsumerBug, SimulationError

PLAIN = Scenario("QUEUED 3s; DONE")


def run_all(*targets: Callable[[], Any]) -> None:
    """Run each in a thread, to its end, and raise what they raise."""
    with ThreadPoolExecutor(len(targets)) as pool:
        for future in [pool.submit(target) for target in targets]:
            future.result()


def lost_update(job: Any) -> Any:
    """Two threads count the polls they made, without a lock."""
    polls = [0]

    def poll() -> None:
        before = polls[0]
        job.status()
        polls[0] = before + 1

    run_all(poll, poll)
    assert polls == [2]
    return job.result()


def double_notification(job: Any) -> Any:
    """Both threads find that nobody has been notified."""
    notified: list[str] = []

    def notify() -> None:
        job.wait_for_final_state()
        if not notified:
            job.logs()
            notified.append("done")

    run_all(notify, notify)
    assert len(notified) == 1
    return job.result()


def check_then_act(job: Any) -> Any:
    """Two threads find the same result in a cache, and both take it out."""
    cache = {"result": job.result()}

    def take() -> None:
        if "result" in cache:
            job.logs()
            cache.pop("result")

    run_all(take, take)
    return job.result()


def published_before_it_is_ready(job: Any) -> Any:
    """The reader expects that the writer, started first, has written by now."""
    box: dict[str, Any] = {}

    def write() -> None:
        box["status"] = job.status()

    def read() -> None:
        job.status()
        assert box["status"]

    run_all(write, read)
    return job.result()


def order_of_events(job: Any) -> Any:
    """Waiters of one event need not go on in the order in which they began to wait."""
    order: list[int] = []
    event = threading.Event()

    def wait(number: int) -> None:
        event.wait()
        order.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    event.set()
    for thread in threads:
        thread.join()
    assert order == sorted(order)
    return job.result()


async def tasks_in_order(job: Any) -> Any:
    """Tasks that sleep as long need not go on in the order in which they were made."""
    order: list[int] = []

    async def wait(number: int) -> None:
        await asyncio.sleep(1)
        order.append(number)

    await asyncio.gather(*map(wait, range(3)))
    assert order == [0, 1, 2]
    return job.result()


RACES = [
    lost_update,
    double_notification,
    check_then_act,
    published_before_it_is_ready,
    order_of_events,
    tasks_in_order,
]


@pytest.mark.parametrize("consumer", RACES, ids=lambda each: each.__name__)
def test_a_race_is_found_and_its_order_can_be_pasted(consumer: Callable[[Any], Any]) -> None:
    """The report has the order of the threads; the schedule in it breaks the rule again."""
    with pytest.raises(ConsumerBug) as caught:
        qrtest.check_consumer(
            consumer,
            scenarios=st.just(PLAIN),
            schedules=True,
            max_examples=200,
        )
    assert isinstance(caught.value.error, AssertionError | KeyError)
    found = re.search(r"schedule='([^']*)'", str(caught.value))
    with pytest.raises(ConsumerBug):
        qrtest.check_consumer(consumer, scenarios=[PLAIN], schedule=found[1] if found else "")


def with_a_lock(job: Any) -> Any:
    """The counter, done right."""
    polls, lock = [0], threading.Lock()

    def poll() -> None:
        with lock:
            before = polls[0]
            job.status()
            polls[0] = before + 1

    run_all(poll, poll)
    assert polls == [2]
    return job.result()


def in_a_pool(job: Any) -> Any:
    """Results are taken from futures, in the order of the calls."""
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda number: (job.status(), number)[1], range(3))) == [0, 1, 2]
    return job.result()


@pytest.mark.parametrize("consumer", [with_a_lock, in_a_pool], ids=lambda each: each.__name__)
def test_a_right_consumer_is_not_accused(consumer: Callable[[Any], Any]) -> None:
    """In no order."""
    qrtest.check_consumer(consumer, scenarios=st.just(PLAIN), schedules=True, max_examples=60)


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
