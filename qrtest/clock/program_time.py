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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from qrtest.patching import Patch, Patches

__all__ = ["ProgramTime", "Since"]

SHORTEST_WAIT_SECONDS: Final = 0.005
"""What a thread has to wait for to have waited for another one."""


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
            return Since(thread.answer, self._waited(thread))

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

    def _waited(self, thread: _Thread) -> float:
        """Return for how long the running *thread* has waited since its last answer.

        What a thread with an event loop has not computed is a wait of one of its tasks.
        """
        if not _runs_an_event_loop():
            return thread.slept
        elapsed = time.perf_counter() - thread.wall
        return max(thread.slept, elapsed - (time.process_time() - thread.processor))

    def _here(self) -> _Thread:
        """Return where a thread begins, or goes on, to which the running one gives something to do."""
        with self._lock:
            thread = self._this()
            waited = self._waited(thread)
            wall = time.perf_counter() - waited
            return _Thread(thread.answer, thread.moment, waited, wall=wall)

    def _go_on(self, place: _Thread | None = None) -> None:
        """Let the running thread go on at *place*, or where the furthest of all is, unless it is further."""
        with self._lock:
            thread = self._this()
            if place is None:
                place = max(self._threads.values(), key=lambda each: each.moment + each.slept)
            if place.moment + place.slept > thread.moment + self._waited(thread):
                now = time.perf_counter() - place.slept, time.process_time()
                this = threading.get_ident()
                self._threads[this] = replace(place, wall=now[0], processor=now[1])

    def _waited_for_others(self, *, since: float) -> None:
        """Note that the running thread has waited for another one, unless that took no time."""
        if time.perf_counter() - since > SHORTEST_WAIT_SECONDS:
            self._go_on()

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
        start, submit = threading.Thread.start, ThreadPoolExecutor.submit
        starting: set[int] = set()

        def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
            with self._lock:
                thread = self._this()
            began = time.perf_counter()
            is_notified = condition_wait(condition, timeout)
            if not is_notified and timeout is not None:
                thread.slept += max(0.0, timeout)
            elif threading.get_ident() not in starting:
                self._waited_for_others(since=began)
            return is_notified

        def join_thread(joined: threading.Thread, timeout: float | None = None) -> None:
            began = time.perf_counter()
            join(joined, timeout)
            self._waited_for_others(since=began)

        def start_thread(started: threading.Thread) -> None:
            self._begun[started] = self._here()
            # Until the other thread has begun it waits, too, but for nothing that the program does.
            starting.add(threading.get_ident())
            try:
                start(started)
            finally:
                starting.discard(threading.get_ident())

        def submit_work(pool: Any, work: Callable[..., Any], /, *given: Any, **named: Any) -> Any:
            place = self._here()

            def go_on(*given: Any, **named: Any) -> Any:
                self._go_on(place)
                return work(*given, **named)

            return submit(pool, go_on, *given, **named)

        yield threading.Condition, "wait", wait
        yield threading.Thread, "start", start_thread
        yield ThreadPoolExecutor, "submit", submit_work
        yield threading.Thread, "join", join_thread


def _runs_an_event_loop() -> bool:
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None
