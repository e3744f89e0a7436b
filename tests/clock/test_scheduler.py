"""Turns are given, and waits end, also where nobody expects it."""

from __future__ import annotations

import threading
import time

from qrtest import VirtualClock
from qrtest.clock.participants import Waiter
from qrtest.clock.patch_time import install


def test_a_finalizer_that_wakes_a_thread_in_the_middle_of_a_decision_does_not_hang() -> None:
    """The garbage collector can run one anywhere: a pool that is gone wakes its workers."""
    clock = VirtualClock()
    with install(clock):
        me = clock.seat()
        assert me is not None
        waiter = Waiter(me)
        with clock.scheduler.mutex:
            waiter.release()
        assert me.wait(waiter, 5, "a finalizer")
    assert clock.now() == 0


def test_a_wait_that_is_over_before_it_begins_takes_no_time() -> None:
    """Another thread may be quicker."""
    clock = VirtualClock()
    with install(clock):
        me = clock.seat()
        assert me is not None
        waiter = Waiter(me)
        waiter.release()
        assert me.wait(waiter, 5, "nothing")
    assert clock.now() == 0


def test_one_thread_runs_at_a_time() -> None:
    """Between two waits, nobody else changes anything."""
    running: list[int] = []
    most = 0

    def work() -> None:
        nonlocal most
        for _ in range(20):
            running.append(1)
            most = max(most, len(running))
            sum(range(1000))
            running.pop()
            time.sleep(0.1)

    with install(VirtualClock()):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1


def test_sleeping_for_no_time_lets_others_go_on() -> None:
    """As it does really."""
    order: list[str] = []

    def work(name: str) -> None:
        for _ in range(2):
            order.append(name)
            time.sleep(0)

    clock = VirtualClock()
    with install(clock):
        threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(order[:2]) == ["a", "b"]
    assert clock.now() == 0
