"""Gives a child process the time that passes on the clock, where code asks again and again if it has ended.

A child runs in real time. `while child.poll() is None: time.sleep(0.1)` would have waited for hours of
virtual time before the child has begun. So where such a question is asked a second time, it waits for the
child as long, really, as the clock has moved since the first, or until the child ends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any, Final
from weakref import WeakKeyDictionary

from qrtest.clock.installed import participant
from qrtest.clock.participants import NANO
from qrtest.patching import Patch

__all__ = ["patches"]

LONGEST_SECONDS: Final = 1.0
LONGEST_IN_ALL_SECONDS: Final = 10.0
"""For how long one question waits at most, and all questions after one child: it may serve for ever."""


class _Asked:
    """When it was last asked whether a child has ended, and for how long these questions have waited."""

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds
        self.waited = 0.0

    def seconds_until(self, nanoseconds: int) -> float:
        """Return how long to wait, really, now that the clock shows *nanoseconds*."""
        passed, self.nanoseconds = (nanoseconds - self.nanoseconds) / NANO, nanoseconds
        seconds = min(passed, LONGEST_SECONDS, LONGEST_IN_ALL_SECONDS - self.waited)
        self.waited += max(seconds, 0.0)
        return seconds


_ASKED: Final[WeakKeyDictionary[Any, _Asked]] = WeakKeyDictionary()


def _keep_up(child: Any, wait: Callable[[float], Any]) -> None:
    """Wait for *child* as long as the clock has moved since the last question after it."""
    me = participant()
    if me is None:
        return
    now = me.scheduler.clock.nanoseconds
    asked = _ASKED.setdefault(child, _Asked(now))
    seconds = asked.seconds_until(now)
    if seconds > 0:
        wait(seconds)


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    yield subprocess.Popen, "poll", _poll
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        kind = processes.BaseProcess
        if not _OF_PROCESSES:
            _OF_PROCESSES["is_alive"] = _asking(kind.is_alive)
            _OF_PROCESSES["exitcode"] = property(_asking(vars(kind)["exitcode"].fget))
        for name, ours in _OF_PROCESSES.items():
            yield kind, name, ours


_REAL_POLL: Final = subprocess.Popen.poll
_OF_PROCESSES: Final[dict[str, Any]] = {}
"""What replaces members of `multiprocessing.Process`, once that has been imported."""


def _poll(self: subprocess.Popen[Any]) -> int | None:
    """Ask as `subprocess.Popen.poll` does."""
    code = _REAL_POLL(self)
    if code is not None:
        return code

    def wait(seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(seconds)

    _keep_up(self, wait)
    return _REAL_POLL(self)


def _asking(genuine: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return *genuine*, a question after a process of `multiprocessing`, with a wait before it."""

    @wraps(genuine)
    def ask(self: Any) -> Any:
        child = self._popen
        if child is not None and child.returncode is None:
            _keep_up(self, child.wait)
        return genuine(self)

    return ask
