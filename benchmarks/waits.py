"""What waiting on one clock costs: hand-overs, tasks, entering. Run: python -m benchmarks.waits

With looptime installed, the tasks are run on its loop, too; with trio, on its MockClock.
"""

from __future__ import annotations

import asyncio
import importlib.util
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks.report import Measured, now, show
from qrtest import VirtualClock, simulate
from qrtest.clock.patch_time import install

HAND_OVERS = 20_000
TASKS = 100
SLEEPS = 1440
ROUNDS = 7


def hand_over() -> float:
    """Two threads that sleep in turn: seconds for each time that one goes on after the other."""

    def sleep() -> None:
        for _ in range(HAND_OVERS // 2):
            time.sleep(1)

    with install(VirtualClock(longest=None)):
        threads = [threading.Thread(target=sleep) for _ in range(2)]
        began = now()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (now() - began) / HAND_OVERS


async def two_hours() -> None:
    """Run a hundred tasks that sleep five seconds at a time, for two hours."""

    async def task() -> None:
        for _ in range(SLEEPS):
            await asyncio.sleep(5)

    await asyncio.gather(*(task() for _ in range(TASKS)))


def tasks_on_our_clock() -> float:
    """Return seconds for the tasks, without a service."""
    with install(VirtualClock(longest=None)):
        began = now()
        asyncio.run(two_hours())
        return now() - began


def tasks_on_looptime() -> float | None:
    """Return the same on the loop of looptime; None when it is not installed."""
    if importlib.util.find_spec("looptime") is None:
        return None
    import looptime  # type: ignore[import-not-found,unused-ignore]

    loop = looptime.new_event_loop()
    began = now()
    loop.run_until_complete(two_hours())
    took = now() - began
    loop.close()
    return took


def tasks_on_trio() -> float | None:
    """Return the same on trio's MockClock, which jumps when all tasks wait; None when it is not installed."""
    if importlib.util.find_spec("trio") is None:
        return None
    import trio.testing  # type: ignore[import-not-found,unused-ignore]

    async def task() -> None:
        for _ in range(SLEEPS):
            await trio.sleep(5)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(TASKS):
                nursery.start_soon(task)

    began = now()
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return now() - began


def tasks_that_poll() -> float:
    """Return seconds for a hundred tasks that poll a job each, every five seconds for two hours."""

    async def task() -> None:
        job = sim.job("QUEUED 2h; DONE")
        while not job.in_final_state():
            await asyncio.sleep(5)

    async def main() -> None:
        await asyncio.gather(*(task() for _ in range(TASKS)))

    with simulate(longest=None, most_requests=10**9) as sim:
        began = now()
        asyncio.run(main())
        return now() - began


def entering(begin: Callable[[], object]) -> float:
    """Processor seconds to enter and leave, the best of many."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(100):
            begin()
        best = min(best, (time.process_time() - began) / 100)
    return best


def one_simulation() -> None:
    with simulate():
        pass


def measured() -> Iterator[Measured]:
    """Yield the tables."""
    one_simulation()
    overs = statistics.median(hand_over() for _ in range(3))
    ours, polling = tasks_on_our_clock(), tasks_that_poll()
    theirs = [
        "not installed" if took is None else f"{took:.2f} s"
        for took in (tasks_on_looptime(), tasks_on_trio())
    ]
    yield Measured(
        "Waiting on one clock",
        ("what", "took", "looptime, the same", "trio's MockClock, the same"),
        [
            (
                "a hand-over between two threads",
                f"{overs * 1e6:.1f} µs",
                "no threads",
                "no threads",
            ),
            (
                f"{TASKS} tasks that sleep {SLEEPS:,} times",
                f"{ours:.2f} s",
                *theirs,
            ),
            (
                f"{TASKS} tasks that poll a job each for two hours",
                f"{polling:.2f} s",
                "no service",
                "no service",
            ),
            (
                "entering and leaving a simulation",
                f"{entering(one_simulation) * 1e6:.0f} µs of processor time",
                "no service",
                "no service",
            ),
        ],
    )


if __name__ == "__main__":
    show(measured())
