"""Makes trio wait on the clock: a run that is given no clock of its own gets that of the simulation.

trio asks its clock how long it may sleep when no task can go on. This one waits until then on the virtual
clock, or until something has come in, and says that there is nothing left to sleep.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final
from weakref import WeakKeyDictionary

from qrtest.clock.genuine import REAL
from qrtest.clock.installed import virtual_clock
from qrtest.clock.moment import UPTIME_SECONDS
from qrtest.clock.participants import Waiter
from qrtest.clock.patch_loops import REAL_SELECT, Sources
from qrtest.clock.places import THREADS_OF_TRIO
from qrtest.patching import Patch

__all__ = ["patches"]

_MODULE: Final = "trio._core._run"


def patches() -> Iterator[Patch]:
    """Return what to replace."""
    run, threads = sys.modules.get(_MODULE), sys.modules.get(THREADS_OF_TRIO)
    if run is not None and threads is not None:
        _SETUPS.setdefault(_MODULE, run.setup_runner)
        yield run, "setup_runner", _setup_runner
        if not _CACHES:
            _CACHES.append(_Threads(threads.THREAD_CACHE))
        yield threads, "THREAD_CACHE", _CACHES[0]


_SETUPS: Final[dict[str, Callable[..., Any]]] = {}


class _Threads:
    """Keeps the threads of each clock apart: one that waited for work since before takes part in none."""

    def __init__(self, genuine: Any) -> None:
        self._genuine = genuine
        self._of_clocks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._idle_workers = genuine._idle_workers  # which trio forgets in a child after a fork

    def start_thread_soon(self, *arguments: Any, **options: Any) -> None:
        """Start a thread, or give one work, as trio does."""
        clock, threads = virtual_clock(), self._genuine
        if clock is not None:
            threads = self._of_clocks.setdefault(clock, type(self._genuine)())
        threads.start_thread_soon(*arguments, **options)


_CACHES: Final[list[_Threads]] = []


def _setup_runner(clock: Any, *arguments: Any, **options: Any) -> Any:
    """Set a run up as trio does, on the clock of the simulation unless another *clock* is given."""
    is_followed = clock is None and virtual_clock() is not None
    return _SETUPS[_MODULE](_Clock() if is_followed else clock, *arguments, **options)


class _Clock:
    """A clock as `trio.abc.Clock` describes it."""

    def start_clock(self) -> None:
        """Do nothing: it runs."""

    def current_time(self) -> float:
        """Return the time, from no moment in particular."""
        clock = virtual_clock()
        now: float = REAL["monotonic"]() if clock is None else UPTIME_SECONDS + clock.now()
        return now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Wait until *deadline*, or until something has come in; return the seconds left to sleep: none."""
        clock = virtual_clock()
        me = None if clock is None else clock.seat()
        seconds = deadline - self.current_time()
        runner = sys.modules[_MODULE].GLOBAL_RUN_CONTEXT.runner
        poll = getattr(runner.io_manager, "_epoll", None)
        if me is None or not me.can_wait() or seconds <= 0 or poll is None:
            return seconds
        own = runner.entry_queue.wakeup.wakeup_sock.fileno()
        numbers = frozenset(runner.io_manager._registered) - {own}

        def look() -> bool:
            # To ask the poll itself would take away what has come in.
            return bool(REAL_SELECT([poll.fileno()], [], [], 0)[0])

        if not look():
            waits_for = None if seconds == float("inf") else seconds
            me.wait(Waiter(me), waits_for, "trio", Sources(runner, numbers, look))
        return 0.0
