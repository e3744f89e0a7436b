"""trio on its own mock clock, beside a simulation and within one: `nox -s trio`.

trio is no dependency of the tests, so this file is run where it is installed.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import trio
import trio.testing

from qrtest import simulate


def run(program: Any, *arguments: Any) -> Any:
    """Run *program* on trio's clock, which jumps when all tasks wait."""
    return trio.run(program, *arguments, clock=trio.testing.MockClock(autojump_threshold=0))


async def collect(sim: Any, script: str) -> tuple[str, float]:
    """Poll a job each minute, and let the simulation's clock follow trio's; return what was seen, and when."""
    job, began = sim.job(script), trio.current_time()
    while not job.in_final_state():
        await trio.sleep(60)
        sim.clock.advance(60)
    return job.status(), trio.current_time() - began


def test_a_poll_loop_on_the_clock_of_trio() -> None:
    """Both clocks show that two hours have passed."""
    with simulate() as sim:
        status, seconds = run(collect, sim, "QUEUED 2h; DONE")
        assert status == "DONE"
        assert 7100 <= seconds <= 7300
        assert 7200 <= sim.clock.now() <= 7300


def test_many_tasks_poll_a_job_each() -> None:
    """Time is trio's: tasks that wait at once wait together."""

    async def main() -> float:
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(poll)
        return trio.current_time()

    async def poll() -> None:
        job = sim.job("QUEUED 10s; DONE")
        while not job.in_final_state():
            await trio.sleep(5)
            sim.clock.move_to(max(sim.clock.nanoseconds, int(trio.current_time() * 1e9)))

    with simulate() as sim:
        assert run(main) < 60


def test_a_deadline_of_trio_goes_by_its_clock() -> None:
    """And code in a thread of trio's by the simulation's."""

    async def main() -> bool:
        with trio.move_on_after(10) as scope:
            await trio.sleep(3600)
        await trio.to_thread.run_sync(time.sleep, 30)
        return scope.cancelled_caught

    with simulate() as sim:
        assert run(main)
        assert sim.clock.now() >= 30


def test_trio_in_a_thread_beside_a_simulation() -> None:
    """What was started before keeps its own clock."""
    began, ended = threading.Event(), []

    async def sleep() -> None:
        began.set()
        await trio.sleep(3600)
        ended.append(trio.current_time())

    thread = threading.Thread(target=run, args=(sleep,))
    thread.start()
    assert began.wait(60)
    with simulate() as sim:
        sim.job("QUEUED 1h; DONE").wait_for_final_state()
    thread.join()
    assert len(ended) == 1
