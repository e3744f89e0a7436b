"""Consumers with threads or tasks: RACES have one mistake each that only some orders show, RIGHT have none."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

__all__ = ["RACES", "RIGHT", "run_all"]


def run_all(*targets: Callable[[], Any]) -> None:
    """Run each in a thread, to its end, and raise what they raise."""
    with ThreadPoolExecutor(len(targets)) as pool:
        for future in [pool.submit(target) for target in targets]:
            future.result()


# --- races of threads -----------------------------------------------------------------------------------


def lost_update(job: Any) -> Any:
    """Two threads count the polls they made, and a poll comes between reading and writing."""
    polls = [0]

    def poll() -> None:
        before = polls[0]
        job.status()
        polls[0] = before + 1

    run_all(poll, poll)
    assert polls == [2]
    return job.result()


def lost_update_in_one_line(job: Any) -> Any:
    """Lose an update: the line reads, adds and writes."""
    polls = 0

    def poll() -> None:
        nonlocal polls
        job.status()
        polls += 1

    run_all(poll, poll)
    assert polls == 2
    return job.result()


class Statistics:
    """Counts what its methods are called for."""

    def __init__(self) -> None:
        self.done = 0

    def note(self) -> None:
        """Count one more, in two lines."""
        known = self.done
        self.done = known + 1


def lost_update_in_a_method(job: Any) -> Any:
    """No request comes in between."""
    statistics = Statistics()
    threads = [threading.Thread(target=statistics.note) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statistics.done == 3
    return job.result()


def double_notification(job: Any) -> Any:
    """Both threads find that nobody has been notified."""
    notified: list[str] = []

    def notify() -> None:
        job.wait_for_final_state()
        if not notified:
            notified.append("done")

    run_all(notify, notify)
    assert len(notified) == 1
    return job.result()


def check_then_act(job: Any) -> Any:
    """Two threads find the same result in a cache, and both take it out."""
    cache = {"result": job.result()}

    def take() -> None:
        if "result" in cache:
            cache.pop("result")

    run_all(take, take)
    return job.result()


def published_before_it_is_ready(job: Any) -> Any:
    """Read too early: the reader expects that the writer, started first, has written by now."""
    box: dict[str, Any] = {}

    def write() -> None:
        box["status"] = job.status()

    def read() -> None:
        job.status()
        assert box["status"]

    run_all(write, read)
    return job.result()


def flag_before_value(job: Any) -> Any:
    """Set the flag too early: it says that there is a value, one line before there is."""
    box: dict[str, Any] = {"ready": False}
    missed: list[str] = []

    def write() -> None:
        box["ready"] = True
        box["value"] = "counts"

    def read() -> None:
        if box["ready"] and "value" not in box:
            missed.append("value")

    run_all(write, read)
    assert not missed
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


def released_twice(job: Any) -> Any:
    """Release twice: a flag keeps the second thread from releasing, if it is read in time."""
    slots = threading.BoundedSemaphore(1)
    slots.acquire()
    state = {"held": True}

    def end() -> None:
        job.status()
        if state["held"]:
            slots.release()
            state["held"] = False

    run_all(end, end)
    return job.result()


def callback_after_close(job: Any) -> Any:
    """Call after the close: the watcher looks whether the listener is open before it asks."""
    state = {"open": True}
    heard_closed: list[str] = []

    def watch() -> None:
        if state["open"]:
            status = job.status()
            if not state["open"]:
                heard_closed.append(status)

    def close() -> None:
        state["open"] = False

    run_all(watch, close)
    assert not heard_closed
    return job.result()


def two_collectors(job: Any) -> Any:
    """Both take from a queue that is not empty, until one of them finds it so."""
    todo: queue.Queue[int] = queue.Queue()
    todo.put(1)

    def collect() -> None:
        if not todo.empty():
            job.result()
            todo.get_nowait()

    run_all(collect, collect)
    return job.result()


# --- races of tasks -------------------------------------------------------------------------------------


async def tasks_in_order(job: Any) -> Any:
    """Tasks that sleep as long need not go on in the order in which they were made."""
    order: list[int] = []

    async def wait(number: int) -> None:
        await asyncio.sleep(1)
        order.append(number)

    await asyncio.gather(*map(wait, range(3)))
    assert order == [0, 1, 2]
    return job.result()


async def forgotten_await(job: Any) -> Any:
    """Forget an await: the task should have ended because another one has, that took as long."""
    log: list[str] = []

    async def note() -> None:
        await asyncio.sleep(1)
        log.append("noted")

    task = asyncio.create_task(note())
    await asyncio.sleep(1)
    assert log == ["noted"]
    await task
    return job.result()


async def cancel_against_completion(job: Any) -> Any:
    """Lose the work: a timeout as long as the work may come first."""

    async def work() -> str:
        await asyncio.sleep(5)
        return "counts"

    task = asyncio.create_task(work())

    async def give_up() -> None:
        await asyncio.sleep(5)
        task.cancel()

    other = asyncio.create_task(give_up())
    assert await task == "counts"
    await other
    return job.result()


async def stale_value_over_an_await(job: Any) -> Any:
    """Two tasks add to what they read before they waited."""
    total = 0

    async def add() -> None:
        nonlocal total
        known = total
        await asyncio.sleep(0)
        total = known + 1

    await asyncio.gather(add(), add())
    assert total == 2
    return job.result()


# --- races of what they submit --------------------------------------------------------------------------


def double_submission(service: Any) -> Any:
    """Both threads find no job yet."""
    jobs: dict[str, Any] = {}

    def submit() -> None:
        if "job" not in jobs:
            jobs["job"] = run(service)

    run_all(submit, submit)
    return jobs["job"].result()


def result_of_another_job(service: Any) -> Any:
    """Mix up jobs: the name of the present one is shared, and read after it was written again."""
    present: dict[str, Any] = {}
    found: dict[str, str] = {}

    def submit(name: str) -> None:
        present["job"] = run(service)
        mine = present["job"].job_id()
        found[name] = mine

    run_all(lambda: submit("a"), lambda: submit("b"))
    assert found["a"] != found["b"]
    return None


def run(service: Any) -> Any:
    """Submit the smallest job that there is."""
    return service._run(
        program_id="sampler",
        inputs={"pubs": [], "version": 2},
        options={"backend": service.backend("ibm_torino")},
    )


RACES = [
    lost_update,
    lost_update_in_one_line,
    lost_update_in_a_method,
    double_notification,
    check_then_act,
    published_before_it_is_ready,
    flag_before_value,
    order_of_events,
    released_twice,
    callback_after_close,
    two_collectors,
    tasks_in_order,
    forgotten_await,
    cancel_against_completion,
    stale_value_over_an_await,
    double_submission,
    result_of_another_job,
]


# --- the same, done right -------------------------------------------------------------------------------


def with_a_lock(job: Any) -> Any:
    """Count with a lock around reading and writing."""
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


def first_of_several(job: Any) -> Any:
    """Whichever comes first, all come."""
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(job.status) for _ in range(3)]
        assert len([future.result() for future in as_completed(futures, timeout=60)]) == 3
    return job.result()


def notified_by_one_call(job: Any) -> Any:
    """Let one thread in by a dictionary: setdefault is one call."""
    notified: dict[str, int] = {}
    own = [notified.setdefault] * 2
    winners: list[int] = []

    def notify(number: int) -> None:
        job.wait_for_final_state()
        if own[number]("by", number) == number:
            winners.append(number)

    run_all(lambda: notify(0), lambda: notify(1))
    assert len(winners) == 1
    return job.result()


def event_after_value(job: Any) -> Any:
    """Write the value before the event says that there is one."""
    box: dict[str, Any] = {}
    ready = threading.Event()

    def write() -> None:
        box["value"] = job.status()
        ready.set()

    def read() -> None:
        assert ready.wait(60)
        assert box["value"]

    run_all(read, write)
    return job.result()


def condition_in_a_loop(job: Any) -> Any:
    """Look again after each notification."""
    items: list[int] = []
    there = threading.Condition()
    taken: list[int] = []

    def take() -> None:
        with there:
            while not items:
                there.wait()
            taken.append(items.pop())

    def give() -> None:
        for number in range(2):
            job.status()
            with there:
                items.append(number)
                there.notify_all()

    run_all(take, take, give)
    assert sorted(taken) == [0, 1]
    return job.result()


async def gathered(job: Any) -> Any:
    """Keep what each task has to itself."""

    async def one(number: int) -> int:
        await asyncio.sleep(1)
        return number

    assert await asyncio.gather(*map(one, range(3))) == [0, 1, 2]
    return job.result()


async def asynchronous_lock(job: Any) -> Any:
    """Reading and writing are one step for the other task."""
    total, lock = 0, asyncio.Lock()

    async def add() -> None:
        nonlocal total
        async with lock:
            known = total
            await asyncio.sleep(0)
            total = known + 1

    await asyncio.gather(add(), add())
    assert total == 2
    return job.result()


async def queue_of_tasks(job: Any) -> Any:
    """Workers end by a mark in the queue; what they did is counted when all are done."""
    todo: asyncio.Queue[int | None] = asyncio.Queue()
    finished: list[int] = []

    async def work() -> None:
        while (item := await todo.get()) is not None:
            await asyncio.to_thread(job.status)
            finished.append(item)

    for number in (0, 1, 2, None, None):
        todo.put_nowait(number)
    await asyncio.gather(work(), work())
    assert sorted(finished) == [0, 1, 2]
    return job.result()


RIGHT = [
    with_a_lock,
    in_a_pool,
    first_of_several,
    notified_by_one_call,
    event_after_value,
    condition_in_a_loop,
    gathered,
    asynchronous_lock,
    queue_of_tasks,
]
