"""Every wait of asyncio is one on the clock."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

import qrtest
from benchmarks import same_journal
from qrtest import VirtualClock, simulate
from qrtest.clock.patch_time import install
from qrtest.errors import Deadlock, NeverEnds, SimulationError


async def collect(job: Any, seconds: float = 30) -> None:
    """Poll as people write it."""
    while not job.in_final_state():
        await asyncio.sleep(seconds)


async def waits_for(awaitable: Awaitable[Any]) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(awaitable, 7)


async def within_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(7):
            await asyncio.sleep(100)


async def called_later() -> None:
    called = asyncio.Event()
    asyncio.get_running_loop().call_later(7, called.set)
    await called.wait()


async def waited() -> None:
    task = asyncio.create_task(asyncio.sleep(100))
    await asyncio.wait([task], timeout=7)
    task.cancel()


WAITS: dict[str, Callable[[], Awaitable[Any]]] = {
    "sleep": lambda: asyncio.sleep(7),
    "wait_for": lambda: waits_for(asyncio.sleep(100)),
    "timeout": within_timeout,
    "call_later": called_later,
    "wait": waited,
    "to_thread": lambda: asyncio.to_thread(time.sleep, 7),
    "run_in_executor": lambda: in_executor(),
    "gather": lambda: all_of(asyncio.sleep(7), asyncio.sleep(3)),
}


async def in_executor() -> None:
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 7)


async def all_of(*awaitables: Awaitable[Any]) -> None:
    await asyncio.gather(*awaitables)


@pytest.mark.parametrize("name", sorted(WAITS))
def test_a_wait_of_asyncio_takes_virtual_time_alone(name: str) -> None:
    """Seven seconds, by each function of asyncio that waits."""

    async def main() -> None:
        await WAITS[name]()

    clock = VirtualClock()
    with install(clock):
        asyncio.run(main())
    assert clock.now() == 7


def test_a_job_is_polled_by_a_coroutine() -> None:
    """It ends when the job does, at once."""
    with simulate() as sim:
        asyncio.run(collect(sim.job("QUEUED 2h; DONE")))
        assert 7200 <= sim.clock.now() < 7200 + 60


def test_a_job_waited_for_in_a_thread_times_out_when_its_time_has_come() -> None:
    """Not when the job has ended, ten hours later."""

    async def main() -> float:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(job.wait_for_final_state), 3)
        now: float = sim.clock.now()
        job.cancel()  # the thread waits on, and the end of the loop for it: Python 3.13 warns after 300 s
        return now

    with simulate() as sim:
        job = sim.job("QUEUED 10h; DONE")
        assert asyncio.run(main()) == 3


def test_a_simulation_inside_a_coroutine_keeps_the_timers_from_before() -> None:
    """What was to come in an hour comes in an hour of virtual time; afterwards time is real."""

    async def main() -> None:
        async with asyncio.timeout(3600) as limit:
            with simulate() as sim:
                await asyncio.sleep(1800)
                assert sim.clock.now() == 1800
        assert not limit.expired()

    asyncio.run(main())


def test_a_hundred_tasks_poll_a_job_each() -> None:
    """All at the same time: it takes as long as one."""

    async def main() -> None:
        await asyncio.gather(*(collect(sim.job("QUEUED 5m; DONE"), 10) for _ in range(100)))

    with simulate() as sim:
        asyncio.run(main())
        assert sim.clock.now() < 400


def test_a_loop_in_another_thread_is_on_the_same_clock() -> None:
    """Coroutines are handed to it, and waited for."""
    with simulate() as sim:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        future = asyncio.run_coroutine_threadsafe(asyncio.sleep(60, "slept"), loop)
        assert future.result(timeout=100) == "slept"
        assert sim.clock.now() == 60
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_subprocess_holds_the_time_still() -> None:
    """Its end is real, the timeout virtual."""

    async def main() -> None:
        process = await asyncio.create_subprocess_exec("sleep", "0.1")
        assert await asyncio.wait_for(process.wait(), 5) == 0

    with simulate() as sim:
        asyncio.run(main())
        assert sim.clock.now() == 0


def test_a_connection_of_this_machine_is_answered() -> None:
    """A server and its client in one loop; reading takes no virtual time."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await asyncio.sleep(60)
        writer.write(b"later\n")
        writer.close()

    async def main() -> list[tuple[bytes, float]]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"now\n")
        lines = [(await reader.readline(), sim.clock.now()) for _ in range(2)]
        writer.close()
        server.close()
        return lines

    with simulate() as sim:
        assert asyncio.run(main()) == [(b"now\n", 0), (b"later\n", 60)]


def test_tasks_that_wait_for_ever_are_a_deadlock() -> None:
    """The error names the task and the line."""

    async def forget() -> None:
        await asyncio.Event().wait()

    with (
        pytest.raises(Deadlock, match=r"task Task-\d+ at test_patch_loops.py:\d+ in forget"),
        simulate(),
    ):
        asyncio.run(forget())


def test_a_coroutine_that_would_poll_for_ever_is_stopped() -> None:
    """As a function is."""
    with pytest.raises(NeverEnds, match="1h of virtual time"), simulate(longest="1h") as sim:
        asyncio.run(collect(sim.job("QUEUED")))


def test_the_same_seed_gives_the_same_journal_of_tasks() -> None:
    """Byte for byte."""

    def journal() -> str:
        async def main() -> None:
            await asyncio.gather(*(collect(sim.job("QUEUED 1m; DONE"), 7) for _ in range(20)))

        with simulate(seed=3) as sim:
            asyncio.run(main())
            return sim.journal.timeline()

    assert len({journal() for _ in range(5)}) == 1


def test_anyio_on_asyncio_waits_on_the_clock() -> None:
    """Sleeps, timeouts, tasks and threads of anyio."""

    async def sleep(seconds: float) -> None:
        await anyio.sleep(seconds)
        moments.append(sim.clock.now() - began)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for seconds in (7200, 60):
                group.start_soon(sleep, seconds)
        with anyio.move_on_after(5) as scope:
            await anyio.sleep(3600)
        assert scope.cancelled_caught
        with pytest.raises(TimeoutError):
            with anyio.fail_after(5):
                await anyio.sleep_forever()
        await anyio.to_thread.run_sync(time.sleep, 30)
        moments.append(sim.clock.now() - began)

    moments: list[float] = []
    with simulate() as sim:
        began = sim.clock.now()
        anyio.run(main)
    assert moments == pytest.approx([60, 7200, 7200 + 5 + 5 + 30])


def test_a_nested_simulation_keeps_the_distance_of_timers() -> None:
    """Of those that were set before it, while it lasts and after it."""

    async def nest() -> tuple[float, float]:
        with simulate() as outer:
            sleeper = asyncio.create_task(asyncio.sleep(100))
            await asyncio.sleep(50)
            with simulate() as inner:
                await asyncio.sleep(10)
            await sleeper
        return inner.clock.now(), outer.clock.now()

    assert asyncio.run(asyncio.wait_for(nest(), 3_600)) == (10, 90)


def test_two_tasks_of_a_loop_are_in_one_simulation() -> None:
    """The time of a loop is that of all its tasks; one that has ended is in none."""

    async def enter(seconds: float) -> float:
        with simulate() as sim:
            await asyncio.sleep(seconds)
            return sim.clock.now()

    async def at_once() -> None:
        await asyncio.gather(enter(1), enter(2))

    async def one_after_the_other() -> list[float]:
        return [await asyncio.create_task(enter(seconds)) for seconds in (1, 2)]

    with pytest.raises(SimulationError, match="enter one simulation around them"):
        asyncio.run(at_once())
    assert asyncio.run(one_after_the_other()) == [1, 2]


@pytest.mark.parametrize("program", [same_journal.threads, same_journal.tasks])
def test_eight_threads_and_a_hundred_tasks_give_the_same_journal(
    program: Callable[[], str],
) -> None:
    """`nox -s journals` runs them a thousand times."""
    assert len(same_journal.digests(program, 3)) == 1


def test_real_time_loops_are_left_alone() -> None:
    """Outside of a simulation, and with clock='real'."""
    began = time.monotonic()
    asyncio.run(asyncio.sleep(0.01))
    with qrtest.simulate(clock="real"):
        asyncio.run(asyncio.sleep(0.01))
    assert 0.02 <= time.monotonic() - began < 60


def test_a_connection_that_is_closed_ends_the_wait_for_it() -> None:
    """Its end is seen as it is by a thread that really waits, though the selector has forgotten it by then."""
    here, there = socket.socketpair()
    seen: list[float] = []

    def wait() -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(here, selectors.EVENT_READ)
            selector.select(3_600)
            seen.append(sim.clock.now())

    with there, simulate() as sim:
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(1)
        here.shutdown(socket.SHUT_RDWR)
        here.close()
        waiting.join()
    assert seen == [1.0]
