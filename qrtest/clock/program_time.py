"""The time of a program while it runs for real: what a virtual clock would show in a replay of it.

A virtual clock moves by waits and by answers, and not while code computes. `ProgramTime` counts the same
in real time: for each thread, what it slept, what its requests cost, and, after it waited for another
thread, what that one had counted. A recording that is dated by it is met at the same moments by the same
program, on a faster machine as on a slower one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from qrtest.patching import Patch, Patches

__all__ = ["ProgramTime", "Since"]

SHORTEST_IDLE_SECONDS: Final = 0.005
"""What a thread that is given work has to be idle for to have waited for that work."""


@dataclass(frozen=True, slots=True)
class Since:
    """When a request was made: *seconds* of waiting after an *answer*, or the beginning (None)."""

    answer: int | None
    seconds: float


@dataclass(slots=True)
class _Thread:
    """What is known of one thread since its last answer."""

    answer: int | None
    moment: float
    slept: float = 0.0
    has_waited_for_others: bool = False
    wall: float = field(default_factory=time.perf_counter)
    processor: float = field(default_factory=time.process_time)


class ProgramTime:
    """Counts waiting while it is `observed`, by thread. Answers are known by numbers, from 0."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[int, _Thread] = {}
        self._ends: list[float] = []
        self._begun: WeakKeyDictionary[threading.Thread, _Thread] = WeakKeyDictionary()

    def asked(self) -> Since:
        """Return when the request is made that the running thread makes now."""
        with self._lock:
            thread = self._this()
            seconds, idle = thread.slept, self._idle(thread)
            if _runs_an_event_loop():
                seconds += max(0.0, idle)
            answer, moment = thread.answer, thread.moment + seconds
            if thread.has_waited_for_others or (
                idle > SHORTEST_IDLE_SECONDS and _is_given_work(threading.current_thread())
            ):
                furthest = max(self._threads.values(), key=lambda each: each.moment + each.slept)
                if furthest.moment + furthest.slept > moment:
                    return Since(furthest.answer, furthest.slept)
            return Since(answer, seconds)

    def answered(self, since: Since, cost: float) -> int:
        """Note the answer to a request made *since*, which took *cost* seconds; return its number."""
        with self._lock:
            began = 0.0 if since.answer is None else self._ends[since.answer]
            self._ends.append(began + since.seconds + cost)
            number = len(self._ends) - 1
            self._threads[threading.get_ident()] = _Thread(number, self._ends[number])
            return number

    def observed(self) -> Patches:
        """Return a context manager that counts the waits of all threads within its block."""
        return Patches(lambda: [*self._sleeps(), *self._waits()])

    @contextmanager
    def _waiting(self) -> Iterator[_Thread]:
        """Note that the running thread waits for another one, unless that takes no time."""
        with self._lock:
            thread = self._this()
        began = time.perf_counter()
        yield thread
        if time.perf_counter() - began > SHORTEST_IDLE_SECONDS:
            thread.has_waited_for_others = True

    def _this(self) -> _Thread:
        """Return the running thread.

        A new one begins where the one is that started it; one from before, where the furthest of all is.
        """
        this = threading.get_ident()
        begun = self._begun.pop(threading.current_thread(), None) if self._begun else None
        if begun is not None:
            self._threads[this] = begun
        elif this not in self._threads:
            others = self._threads.values()
            first = max(others, key=lambda each: each.moment, default=_Thread(None, 0.0))
            self._threads[this] = _Thread(first.answer, first.moment)
        return self._threads[this]

    def _idle(self, thread: _Thread) -> float:
        """Return for how long nothing was computed since the last answer, sleeps left out."""
        elapsed = time.perf_counter() - thread.wall
        return elapsed - (time.process_time() - thread.processor) - thread.slept

    def _sleeps(self) -> Iterator[Patch]:
        genuine = time.sleep

        def sleep(seconds: float, /) -> None:
            with self._lock:
                thread = self._this()
            genuine(seconds)
            thread.slept += float(seconds)

        for module in (time, *sys.modules.copy().values()):
            if getattr(module, "__dict__", {}).get("sleep") is genuine:
                yield module, "sleep", sleep

    def _waits(self) -> Iterator[Patch]:
        condition_wait, join = threading.Condition.wait, threading.Thread.join
        start = threading.Thread.start

        def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
            with self._waiting() as thread:
                is_notified = condition_wait(condition, timeout)
            if not is_notified and timeout is not None:
                thread.has_waited_for_others = False
                thread.slept += max(0.0, timeout)
            return is_notified

        def join_thread(joined: threading.Thread, timeout: float | None = None) -> None:
            with self._waiting():
                join(joined, timeout)

        def start_thread(started: threading.Thread) -> None:
            with self._lock:
                thread = self._this()
                now = time.perf_counter() - thread.slept
                begun = _Thread(thread.answer, thread.moment, thread.slept, wall=now)
                self._begun[started] = begun
            waited = thread.has_waited_for_others
            start(started)
            # Until the other thread has begun it waits, too, but for nothing that the program does.
            thread.has_waited_for_others = waited

        yield threading.Condition, "wait", wait
        yield threading.Thread, "start", start_thread
        yield threading.Thread, "join", join_thread


def _runs_an_event_loop() -> bool:
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None


def _is_given_work(thread: threading.Thread) -> bool:
    """Return whether *thread* is one of a pool, which waits for work in a way that cannot be observed."""
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", "") == "concurrent.futures.thread"
