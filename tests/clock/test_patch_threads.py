"""What waits for threads waits on the clock: events, locks, joins, queues, futures, timers."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import queue
import sched
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from qrtest import Simulation, VirtualClock, simulate
from qrtest.clock.patch_time import install
from qrtest.errors import Deadlock, NeverEnds, ThreadsLeftRunning

OLD_LOCK = threading.Lock()
OLD_EVENT = threading.Event()
GENUINE = {
    "wait": threading.Condition.wait,
    "join": threading.Thread.join,
    "Lock": threading.Lock,
    "RLock": threading.RLock,
    "SimpleQueue": queue.SimpleQueue,
    "select": select.select,
    "submit": concurrent.futures.ThreadPoolExecutor.submit,
}


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """A clock that is installed."""
    clock = VirtualClock()
    with install(clock):
        yield clock


def run_all(*targets: Callable[[], Any]) -> None:
    """Run each function in a thread of its own, to its end."""
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_eight_threads_that_sleep_a_second_make_it_one_second_later(clock: VirtualClock) -> None:
    """They sleep at the same time."""
    run_all(*[partial(time.sleep, 1)] * 8)
    assert clock.now() == 1


@pytest.mark.parametrize("has_run", [False, True], ids=["made now", "made before"])
def test_an_event_is_waited_for_on_the_clock(clock: VirtualClock, *, has_run: bool) -> None:
    """With a timeout, nobody sets it; without one, a timer does."""
    event = OLD_EVENT if has_run else threading.Event()
    event.clear()
    assert not event.wait(5)
    assert clock.now() == 5
    threading.Timer(60, event.set).start()
    assert event.wait()
    assert clock.now() == 65


WAITS: dict[str, Callable[[], Any]] = {
    "time.sleep": lambda: time.sleep(7),
    "Condition.wait": lambda: wait_in(threading.Condition()),
    "Condition.wait_for": lambda: wait_in(threading.Condition(), lambda: False),
    "Semaphore.acquire": lambda: threading.Semaphore(0).acquire(timeout=7),
    "Barrier.wait": lambda: broken(threading.Barrier(2)),
    "Lock.acquire": lambda: held(threading.Lock()).acquire(timeout=7),
    "RLock.acquire": lambda: held_by_another(threading.RLock()),
    "Queue.get": lambda: empty(queue.Queue()),
    "SimpleQueue.get": lambda: empty(queue.SimpleQueue()),
    "Queue.put": lambda: full(queue.Queue(1)),
    "Thread.join": lambda: too_short_a_join(threading.Event()),
    "Timer": lambda: started_timer(7).join(),
    "select.select": lambda: select.select([], [], [], 7),
    "sched.scheduler": lambda: scheduled(sched.scheduler()),
    "Future.result": lambda: late(concurrent.futures.Future()),
    "futures.wait": lambda: concurrent.futures.wait([concurrent.futures.Future[int]()], timeout=7),
}


@pytest.mark.parametrize("name", sorted(WAITS))
def test_a_wait_with_a_time_takes_virtual_time_alone(clock: VirtualClock, name: str) -> None:
    """Seven seconds, by each function of the standard library that waits."""
    WAITS[name]()
    assert clock.now() == 7


def wait_in(condition: threading.Condition, predicate: Callable[[], bool] | None = None) -> None:
    with condition:
        assert not (condition.wait_for(predicate, 7) if predicate else condition.wait(7))


def broken(barrier: threading.Barrier) -> None:
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait(7)


def held(lock: Any) -> Any:
    lock.acquire()
    return lock


def held_by_another(lock: Any) -> None:
    holds = threading.Event()
    ends = threading.Event()

    def hold() -> None:
        with lock:
            holds.set()
            ends.wait()

    thread = started(hold)
    holds.wait()
    assert not lock.acquire(timeout=7)
    ends.set()
    thread.join()


def empty(waiting: Any) -> None:
    with pytest.raises(queue.Empty):
        waiting.get(timeout=7)


def full(waiting: queue.Queue[int]) -> None:
    waiting.put(1)
    with pytest.raises(queue.Full):
        waiting.put(2, timeout=7)


def late(future: concurrent.futures.Future[int]) -> None:
    with pytest.raises(concurrent.futures.TimeoutError):
        future.result(timeout=7)


def started(target: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=target)
    thread.start()
    return thread


def too_short_a_join(ends: threading.Event) -> None:
    thread = started(ends.wait)
    thread.join(7)
    assert thread.is_alive()
    ends.set()
    thread.join()


def started_timer(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: None)
    timer.start()
    return timer


def scheduled(scheduler: sched.scheduler) -> None:
    scheduler.enter(7, 1, lambda: None)
    scheduler.run()


def test_a_future_that_takes_too_long_times_out_when_its_time_has_come() -> None:
    """Not when the job has ended, hours later."""
    with simulate() as sim:
        job = sim.job("QUEUED 10h; DONE")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            future = pool.submit(job.wait_for_final_state)
            with pytest.raises(concurrent.futures.TimeoutError):
                future.result(timeout=2)
            assert sim.clock.now() == 2
            future.result()
        assert 36_000 < sim.clock.now() < 36_001


def test_a_pool_from_before_the_simulation_works_on_its_clock() -> None:
    """And is as it was afterwards."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert pool.submit(int).result() == 0
        before = pool._work_queue
        with simulate() as sim:
            slept = [pool.submit(time.sleep, 3600) for _ in range(4)]
            finished = [sim.clock.now() for _ in concurrent.futures.as_completed(slept)]
        assert finished == [3600, 3600, 7200, 7200]
        assert pool._work_queue is before
        assert pool.submit(int).result() == 0


def test_a_pool_works_in_one_simulation_after_another() -> None:
    """Its workers of the first one take no part in the second."""
    with simulate() as first:
        pool = concurrent.futures.ThreadPoolExecutor(2)
        pool.submit(time.sleep, 60).result()
        assert first.clock.now() == 60
    with simulate() as second:
        pool.submit(time.sleep, 7).result()
        with simulate() as inner:
            pool.submit(time.sleep, 5).result()
            assert inner.clock.now() == 5
        pool.submit(time.sleep, 7).result()
        assert second.clock.now() == 14
    assert pool.submit(int).result() == 0
    pool.shutdown()


def test_a_lock_from_before_the_simulation_is_passed_on() -> None:
    """It is a C object, and waiting for it cannot be seen at once."""
    order = []

    def work(name: str, starts: float) -> None:
        time.sleep(starts)
        with OLD_LOCK:
            time.sleep(5)
            order.append((name, clock.now()))

    clock = VirtualClock()
    with install(clock):
        run_all(partial(work, "first", 0), partial(work, "second", 1))
    assert order == [("first", 5), ("second", 10)]


def test_a_thread_that_computes_holds_the_time_still(clock: VirtualClock) -> None:
    """Nobody sleeps past it."""
    seen = []

    def compute() -> None:
        sum(range(2_000_000))
        seen.append(clock.now())

    run_all(compute, partial(time.sleep, 100))
    assert seen == [0]


def test_a_subprocess_holds_the_time_still(clock: VirtualClock) -> None:
    """It takes real time, of which no virtual time is made."""
    sleeper = started(partial(time.sleep, 100))
    subprocess.run(["sleep", "0.1"], check=True, timeout=30)
    assert clock.now() == 0
    sleeper.join()
    assert clock.now() == 100


def test_a_deadlock_is_an_error_that_says_who_waits_where() -> None:
    """Two locks, taken in two orders."""

    def take(first: Any, second: Any) -> None:
        with first:
            time.sleep(1)
            with second:
                pass

    with pytest.raises(Deadlock) as caught, simulate():
        one, other = threading.Lock(), threading.Lock()
        threads = [
            threading.Thread(target=take, args=locks, name=name)
            for name, locks in (("Alice", (one, other)), ("Bob", (other, one)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    message = str(caught.value)
    assert "Alice waits for a lock at test_patch_threads.py:" in message
    assert "Bob waits for a lock at test_patch_threads.py:" in message
    assert "MainThread waits for the end of Alice" in message
    assert isinstance(caught.value, NeverEnds)


def test_waiting_alone_and_for_nothing_is_a_deadlock(clock: VirtualClock) -> None:
    """No thread could end it."""
    with pytest.raises(Deadlock, match="MainThread waits for an Event"):
        threading.Event().wait()


def test_a_thread_in_the_library_alone_is_reported_at_a_line_of_the_library() -> None:
    """Its line is one of the standard library; what it waits for is the barrier, not what that is made of."""
    barrier = threading.Barrier(2)
    with pytest.raises(Deadlock, match=r"Alice waits for a Barrier at threading.py:") as caught:
        with simulate():
            thread = threading.Thread(target=barrier.wait, name="Alice")
            thread.start()
            thread.join()
    assert "scheduler.py" not in str(caught.value)


def test_threads_that_still_run_afterwards_are_reported() -> None:
    """They go on in real time."""
    ends = threading.Event()

    def wait_on() -> None:
        ends.wait()

    def leave_one_running() -> threading.Thread:
        with simulate():
            thread = started(wait_on)
            time.sleep(1)
        return thread

    with pytest.warns(ThreadsLeftRunning, match="1 threads still run.* in wait_on"):
        thread = leave_one_running()
    assert thread.is_alive()
    ends.set()
    thread.join()


def test_a_thread_that_is_about_to_end_is_not_reported() -> None:
    """It gets its turn before the simulation is over."""
    with simulate():
        timer = started_timer(30)
        time.sleep(1)
        timer.cancel()
    timer.join()


def test_a_wait_that_outlasts_the_simulation_goes_on_in_real_time() -> None:
    """Nothing is left hanging in a clock that has stopped."""
    seen: queue.Queue[bool] = queue.Queue()
    event = threading.Event()

    def leave_one_waiting() -> threading.Thread:
        with simulate():
            thread = started(lambda: seen.put(event.wait(10_000)))
            time.sleep(1)
        return thread

    with pytest.warns(ThreadsLeftRunning):
        thread = leave_one_waiting()
    event.set()
    thread.join()
    assert seen.get_nowait()


def test_everything_is_genuine_again_afterwards() -> None:
    """Also after a deadlock."""
    with pytest.raises(Deadlock), simulate():
        threading.Event().wait()
    assert {
        "wait": threading.Condition.wait,
        "join": threading.Thread.join,
        "Lock": threading.Lock,
        "RLock": threading.RLock,
        "SimpleQueue": queue.SimpleQueue,
        "select": select.select,
        "submit": concurrent.futures.ThreadPoolExecutor.submit,
    } == GENUINE


def test_the_same_seed_gives_the_same_order_of_requests() -> None:
    """Eight threads poll eight jobs; which goes first is decided by the seed alone."""

    def journal(seed: int) -> list[tuple[float, str]]:
        with simulate(seed=seed) as sim:
            run_all(*(partial(poll, sim) for _ in range(8)))
            return [(entry.at, entry.name) for entry in sim.journal]

    def poll(sim: Simulation) -> None:
        job = sim.job("QUEUED 3s; DONE")
        while not job.done():
            time.sleep(0.5)

    first = journal(1)
    assert all(journal(1) == first for _ in range(5))
    assert journal(2) != first


def test_nested_simulations_keep_their_own_time() -> None:
    """A thread started in the inner one follows the inner one."""
    with simulate() as outer:
        with simulate() as inner:
            run_all(partial(time.sleep, 5))
        run_all(partial(time.sleep, 7))
    assert (inner.clock.now(), outer.clock.now()) == (5, 7)


@pytest.mark.parametrize("look", [lambda _: time.sleep(0), lambda event: event.wait(0)])
def test_a_loop_that_looks_and_does_not_wait_lets_the_others_go_on(
    look: Callable[[threading.Event], Any],
) -> None:
    """And moves the time when they all wait."""
    clock = VirtualClock()
    with install(clock):
        event = threading.Event()
        timer = threading.Timer(3, event.set)
        timer.start()
        while not event.is_set():
            look(event)
        timer.join()
    assert 3 <= clock.now() < 4


def test_a_thread_pool_of_multiprocessing_waits_on_the_clock() -> None:
    """Its workers sleep at once, and its results are waited for."""
    clock = VirtualClock()
    with install(clock), ThreadPool(4) as pool:
        pool.map(time.sleep, [5] * 8, chunksize=1)
        assert clock.now() == 10
        with pytest.raises(multiprocessing.TimeoutError):
            pool.apply_async(time.sleep, (100,)).get(timeout=20)
        assert clock.now() == 30
        pool.close()
        pool.join()


def test_a_pool_of_before_is_given_back_when_its_worker_has_waited() -> None:
    """The thread that leaves takes no part any more, and blocks in the join: the worker's time goes on."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with simulate() as sim:
            empty: queue.Queue[int] = queue.Queue()
            got = pool.submit(empty.get, True, 3_600)
            time.sleep(1)
        with pytest.raises(queue.Empty):
            got.result(0)
    assert sim.clock.now() >= 3_600
