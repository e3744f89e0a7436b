"""What counts as the time of a program: waits and answers, of each thread, and no computing."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest

from qrtest.clock.program_time import ProgramTime


def moments(program: Callable[[Callable[[], None]], None]) -> list[float]:
    """Return when *program* asks, in all its threads; each answer takes a second."""
    counted, found, lock = ProgramTime(), [0.0], threading.Lock()

    def ask() -> None:
        since = counted.asked()
        with lock:
            before = 0.0 if since.answer is None else ends[since.answer]
            found.append(round(before + since.seconds, 3))
            ends[counted.answered(since, 1.0)] = before + since.seconds + 1.0

    ends: dict[int, float] = {}
    with counted.observed():
        program(ask)
    return found[1:]


def test_sleeps_and_answers_count_and_computing_does_not() -> None:
    """By whichever name a module knows `sleep`."""

    def program(ask: Callable[[], None]) -> None:
        ask()
        time.sleep(0.02)
        ask()
        ends = time.process_time() + 0.05
        while time.process_time() < ends:
            pass
        ask()
        sleep(0.01)
        ask()

    assert moments(program) == [0.0, 1.02, 2.02, 3.03]


def test_a_thread_goes_on_where_the_one_it_waited_for_was() -> None:
    """It began where the one was that started it."""

    def program(ask: Callable[[], None]) -> None:
        ask()
        other = threading.Thread(target=lambda: (ask(), time.sleep(0.03), ask()))
        other.start()
        other.join()
        ask()

    assert moments(program) == [0.0, 1.0, 2.03, 3.03]


def test_a_thread_that_is_slow_to_start_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts it goes on by its own time, on a busy machine, too."""
    begin = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def begin_late(thread: threading.Thread) -> None:
        select.select([], [], [], 0.02)
        begin(thread)

    monkeypatch.setattr(threading.Thread, "_bootstrap_inner", begin_late)

    def program(ask: Callable[[], None]) -> None:
        asked: list[int] = []
        ask()
        threading.Thread(target=lambda: (ask(), ask(), asked.append(2))).start()
        while not asked:
            pass
        ask()

    assert moments(program) == [0.0, 1.0, 2.0, 1.0]


def test_a_thread_begins_where_the_one_is_that_starts_it() -> None:
    """However far others are by the time that it asks for the first time."""

    def program(ask: Callable[[], None]) -> None:
        asked = threading.Event()

        def late() -> None:
            while not asked.is_set():
                pass
            ask()

        ask()
        time.sleep(0.02)
        other = threading.Thread(target=late)
        other.start()
        ask()
        ask()
        asked.set()
        other.join()

    assert moments(program) == [0.0, 1.02, 2.02, 1.02]


def test_a_worker_of_a_pool_goes_on_where_its_work_was_submitted() -> None:
    """Not where the others are by the time that it begins; and not before it has done what it was given first."""

    def program(ask: Callable[[], None]) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(slow, ask).result()
            time.sleep(0.02)
            pool.submit(ask)
            time.sleep(0.03)
            pool.submit(slow, ask).result()

    def slow(ask: Callable[[], None]) -> None:
        ask()
        select.select([], [], [], 0.02)

    assert moments(program) == [0.0, 1.02, 2.02]


@pytest.mark.parametrize("wait", [lambda event: event.wait(0.02), lambda event: time.sleep(0.02)])
def test_a_wait_that_runs_out_is_a_sleep(wait: Callable[[threading.Event], Any]) -> None:
    """Of an event that is never set."""

    def program(ask: Callable[[], None]) -> None:
        ask()
        wait(threading.Event())
        ask()

    assert moments(program) == [0.0, 1.02]


def test_nothing_stays_replaced() -> None:
    """Neither for this module, which imported a name, nor in `time` and `threading`."""
    before = (time.sleep, sleep, threading.Condition.wait, *_of_threads())
    with ProgramTime().observed():
        assert time.sleep is not before[0]
    assert (time.sleep, sleep, threading.Condition.wait, *_of_threads()) == before


def _of_threads() -> tuple[Any, ...]:
    return threading.Thread.start, threading.Thread.join, ThreadPoolExecutor.submit
