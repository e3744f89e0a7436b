"""trio, anyio on trio, and uvloop in a simulation: `nox -s trio`.

They are no dependencies of the tests, so this file is run where they are installed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio
import trio.testing
import uvloop

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


def test_a_run_without_a_clock_waits_on_that_of_the_simulation() -> None:
    """A poll loop as people write it."""

    async def poll(job: Any) -> str:
        while not job.in_final_state():
            await trio.sleep(60)
        return str(job.status())

    with simulate() as sim:
        assert trio.run(poll, sim.job("QUEUED 2h; DONE")) == "DONE"
        assert 7200 <= sim.clock.now() <= 7300


def test_a_limit_of_trio_goes_by_the_simulation_also_for_a_thread() -> None:
    """The thread waits for the job on the same clock, so the shorter of both times comes first."""

    async def wait(job: Any, seconds: float) -> bool:
        with trio.move_on_after(seconds) as scope:
            await trio.to_thread.run_sync(job.wait_for_final_state, abandon_on_cancel=True)
        return scope.cancelled_caught

    with simulate() as sim:
        assert trio.run(wait, sim.job("QUEUED 2h; DONE"), 3 * 3600) is False
        assert 7200 <= sim.clock.now() <= 7300


def test_what_comes_in_ends_a_wait_of_trio() -> None:
    """A socket is read as soon as another task has written to it."""

    async def talk() -> bytes:
        one, other = trio.socket.socketpair()
        with one, other:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(say, other)
                return bytes(await one.recv(1))

    async def say(other: Any) -> None:
        await trio.sleep(10)
        await other.send(b"x")

    with simulate() as sim:
        assert trio.run(talk) == b"x"
        assert sim.clock.now() == 10


# --- anyio ---


async def poll_by_anyio(job: Any) -> str:
    """Poll *job* each minute, whatever loop anyio waits by."""
    while not job.in_final_state():
        await anyio.sleep(60)
    return str(job.status())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_poll_loop_of_anyio(backend: str) -> None:
    """Two hours of polls take two hours of virtual time."""
    with simulate() as sim:
        assert anyio.run(poll_by_anyio, sim.job("QUEUED 2h; DONE"), backend=backend) == "DONE"
        assert 7200 <= sim.clock.now() <= 7300


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_limit_of_anyio_ends_a_wait_in_a_thread(backend: str) -> None:
    """The shorter of both times comes first."""

    async def wait(job: Any) -> bool:
        with anyio.move_on_after(600) as scope:
            await anyio.to_thread.run_sync(job.wait_for_final_state, abandon_on_cancel=True)
        return scope.cancelled_caught

    with simulate() as sim:
        job = sim.job("QUEUED 5m; DONE")
        assert anyio.run(wait, job, backend=backend) is False
        assert job.status() == "DONE"


# --- uvloop ---


def test_a_poll_loop_of_uvloop() -> None:
    """Who asks uvloop for a loop inside a simulation gets one that waits on its clock."""

    async def poll(job: Any) -> str:
        while not job.in_final_state():
            await asyncio.sleep(60)
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        return str(job.status())

    with simulate() as sim:
        assert uvloop.run(poll(sim.job("QUEUED 2h; DONE"))) == "DONE"
        assert 7200 <= sim.clock.now() <= 7300


def test_uvloop_is_its_own_outside_of_a_simulation() -> None:
    """Before it, and after it."""

    async def kind() -> type:
        return type(asyncio.get_running_loop())

    for _ in range(2):
        assert uvloop.run(kind()) is uvloop.Loop
        with simulate():
            pass
