"""Locks and their like answer on the virtual clock as the genuine ones do, for good and bad arguments."""

from __future__ import annotations

import queue
import re
import sys
import threading
import time
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qrtest import VirtualClock, simulate
from qrtest.clock.patch_time import install
from qrtest.errors import ThreadsLeftRunning

SHORT = 0.001
TIMEOUTS = st.sampled_from([-1, -5, -0.5, 0, SHORT, 1e20, float("nan"), "soon", None])
LOCKS: dict[str, Callable[[], Any]] = {
    "Lock": lambda: threading.Lock(),
    "RLock": lambda: threading.RLock(),
    "Semaphore": lambda: threading.Semaphore(1),
    "BoundedSemaphore": lambda: threading.BoundedSemaphore(1),
    "Condition": lambda: threading.Condition(),
    "Event": lambda: threading.Event(),
    "Barrier": lambda: threading.Barrier(2),
    "Queue": lambda: queue.Queue(1),
    "SimpleQueue": lambda: queue.SimpleQueue(),
}
CALLS = st.one_of(
    st.tuples(
        st.sampled_from(["acquire"]), st.booleans(), TIMEOUTS.filter(lambda it: it is not None)
    ),
    st.tuples(st.sampled_from(["acquire", "get"]), st.just(False)),
    st.tuples(st.just("wait"), TIMEOUTS.filter(lambda it: it is not None and it == it)),
    st.tuples(st.just("get"), st.just(True), st.sampled_from([-1, 0, SHORT])),
    st.tuples(st.just("put"), st.just("it"), st.just(True), st.sampled_from([-1, 0, SHORT])),
    st.tuples(st.sampled_from(["release", "__enter__", "__exit__", "locked", "__repr__"])),
    st.tuples(st.sampled_from(["notify", "set", "clear", "is_set", "abort", "reset", "qsize"])),
)


def outcome(call: Callable[[], Any]) -> str:
    """Return what it returns or raises; addresses and owners differ from object to object."""
    try:
        answer = repr(call())
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    return re.sub(r"0x[0-9a-f]+|owner=\d+", "...", answer)


def played(kind: str, calls: list[tuple[Any, ...]]) -> list[str]:
    """Return what each call on a fresh object comes to; what would wait for ever is left out."""
    made, found = LOCKS[kind](), []
    for name, *arguments in calls:
        method = getattr(made, name, None)
        if method is None or (name == "locked" and kind == "RLock"):
            continue
        if name == "wait" and kind == "Barrier" and arguments[0] in ("soon", 1e20):
            continue
        if "Semaphore" in kind and name == "acquire" and arguments[-1] != arguments[-1]:
            continue  # the genuine one waits for ever, and uses the processor meanwhile
        if name == "__exit__":
            arguments = [None, None, None]
        if (name, kind) == ("__enter__", "Condition"):
            method, arguments = made.acquire, [False]
        elif name == "__enter__" or (name == "acquire" and arguments[1:] == [-1] and arguments[0]):
            method, arguments = made.acquire, [True, SHORT]
        found.append(f"{name} {outcome(lambda m=method, a=arguments: m(*a))}")
    return found


@example("Lock", [("acquire", True, "soon")])
@given(st.sampled_from(sorted(LOCKS)), st.lists(CALLS, max_size=8))
def test_the_same_calls_have_the_same_outcomes(kind: str, calls: list[tuple[Any, ...]]) -> None:
    """Values, exceptions and their words, as far as the genuine calls do not wait for ever."""
    calls = [call for call in calls if not (call[-1] == 1e20 and call[0] in ("acquire", "wait"))]
    genuine = played(kind, calls)
    with install(VirtualClock()):
        assert played(kind, calls) == genuine


@pytest.mark.parametrize("seconds", [-1, "soon", None, float("nan"), float("inf"), 1e20, False])
def test_what_is_no_length_of_sleep_is_refused_as_ever(seconds: Any) -> None:
    """With the words of the genuine function."""
    genuine = outcome(lambda: time.sleep(seconds))
    with install(VirtualClock()):
        assert outcome(lambda: time.sleep(seconds)) == genuine


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_loop_that_looks_at_events_and_the_time_ends(timeout: int) -> None:
    """That is how futures.as_completed keeps a timeout of nothing."""
    clock = VirtualClock()
    with install(clock), pytest.raises(futures.TimeoutError):
        list(futures.as_completed([futures.Future()], timeout))
    assert clock.now() < 0.01


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_a_lock_from_before_is_waited_for_on_the_clock(
    make: Callable[[], threading.Lock],
) -> None:
    """With a time and without one; who holds it sleeps meanwhile."""
    lock, clock = make(), VirtualClock()

    def hold() -> None:
        with lock:
            time.sleep(100)

    with install(clock):
        thread = threading.Thread(target=hold)
        thread.start()
        time.sleep(1)
        assert not lock.acquire(timeout=2)
        assert clock.now() == 3
        with lock:
            assert clock.now() == 100
        thread.join()
    assert lock.acquire(timeout=1)
    lock.release()


LOCK_FROM_BEFORE = threading.Lock()


def test_threads_with_a_lock_from_before_give_the_same_journal() -> None:
    """Who waits for it, and who gets it, depends on the program and the seed alone."""

    def journal() -> str:
        with simulate(seed=5) as sim:
            jobs = [sim.job("QUEUED 20s; DONE") for _ in range(4)]

            def poll(number: int) -> None:
                while not jobs[number].in_final_state():
                    with LOCK_FROM_BEFORE:
                        time.sleep(number + 1)
                        jobs[number].status()

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(poll, range(4)))
            return sim.journal.timeline(lines=sys.maxsize)

    assert len({journal() for _ in range(5)}) == 1


@pytest.mark.parametrize("kind", [type(threading.Lock()), type(threading.RLock())])
def test_the_classes_of_locks_are_the_genuine_ones_afterwards(kind: type) -> None:
    """Their methods, too; what is wrong with an argument is said by these."""
    before = {name: getattr(kind, name) for name in ("acquire", "__enter__", "release")}
    lock = threading.Lock()
    with install(VirtualClock()):
        for arguments in [(False, 1), (True, -2), (True, 1e30), ("", "")]:
            with pytest.raises((ValueError, OverflowError, TypeError)):
                lock.acquire(*arguments)  # type: ignore[arg-type]
        assert lock.acquire()
        assert not lock.acquire(False)
        assert not lock.acquire(blocking=False)
    assert {name: getattr(kind, name) for name in before} == before


def test_who_waits_for_a_lock_when_the_simulation_ends_gets_it_afterwards() -> None:
    """In real time."""
    lock = threading.Lock()
    lock.acquire()
    thread = threading.Thread(target=lambda: lock.acquire(), daemon=True)
    with pytest.warns(ThreadsLeftRunning), install(VirtualClock()):
        thread.start()
        time.sleep(1)
    lock.release()
    thread.join(60)
    assert not thread.is_alive()
