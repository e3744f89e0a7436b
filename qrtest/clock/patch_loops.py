"""Makes event loops and selectors wait on the clock.

A loop of asyncio waits by its selector, for the next timer or until something can be read. Here it waits
for the timer on the clock. Only its own wake-up socket can be read? Then the clock decides alone. A
subprocess or a connection keeps the time still until there is something to read.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from qrtest.clock.clocks import VirtualClock
from qrtest.clock.genuine import REAL, Genuine
from qrtest.clock.installed import participant, virtual_clock
from qrtest.clock.moment import UPTIME_SECONDS
from qrtest.clock.participants import Participant, Waiter
from qrtest.clock.places import tasks_of
from qrtest.patching import Patch

__all__ = ["FUNCTIONS", "enter", "leave", "patches"]

PATIENCE_SECONDS: Final = 0.05
"""For how long, really, a connection that was quiet may keep the time still: an answer may be on its way."""


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    for kind, ours in _SELECTS.items():
        yield kind, "select", ours
    loops = sys.modules.get("asyncio.selector_events")
    if loops is not None:
        kind = loops.BaseSelectorEventLoop
        _WRITES.setdefault(kind, kind._write_to_self)
        yield kind, "_write_to_self", _write_to_self


def enter(clock: VirtualClock) -> None:
    """Let the timers of a running loop keep their distance: its time is that of *clock* from here on."""
    loop = _running_loop()
    if loop is not None:
        _move_timers(loop, clock.now() + UPTIME_SECONDS - REAL["monotonic"]())


def leave(clock: VirtualClock) -> None:
    """Undo `enter`: the time of a loop that is running is real from here on."""
    loop = _running_loop()
    if loop is not None:
        _move_timers(loop, REAL["monotonic"]() - UPTIME_SECONDS - clock.now())


def _move_timers(loop: Any, seconds: float) -> None:
    for handle in getattr(loop, "_scheduled", ()):
        handle._when += seconds


def _running_loop() -> Any:
    events = sys.modules.get("asyncio.events")
    return None if events is None else events._get_running_loop()


class _Sources:
    """What a loop waits for besides the time: the sockets and pipes in its selector."""

    def __init__(self, loop: Any, selector: Any, genuine: Callable[..., Any]) -> None:
        self._loop = loop
        self._selector = selector
        self._select = genuine
        self._since: float = REAL["monotonic"]()
        own = loop._ssock.fileno() if getattr(loop, "_ssock", None) else -1
        self._numbers = frozenset(
            key.fd for key in list(selector.get_map().values()) if key.fd != own
        )

    def is_ready(self) -> bool:
        return bool(self._select(self._selector, 0))

    def is_open(self) -> bool:
        return bool(self._numbers)

    def holds_time(self) -> bool:
        if not self._numbers:
            return False
        kinds = {_kind(number) for number in self._numbers}
        if "pipe" in kinds:
            return True
        if "connection" not in kinds or _QUIET.get(id(self._loop)) == self._numbers:
            return False
        if REAL["monotonic"]() - self._since < PATIENCE_SECONDS:
            return True
        _QUIET[id(self._loop)] = self._numbers
        return False

    def report(self) -> list[str]:
        return [f"        {task}" for task in tasks_of(self._loop)]


_QUIET: Final[dict[int, frozenset[int]]] = {}
"""The connections of a loop that had their time and said nothing."""


def _kind(number: int) -> str:
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        return "closed"
    if not stat.S_ISSOCK(mode):
        return "pipe"
    with socket.socket(fileno=os.dup(number)) as copy:
        try:
            is_listening = copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        except OSError:
            is_listening = 0
        return "listening" if is_listening else "connection"


def _selecting(genuine: Callable[..., Any]) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        clock = virtual_clock()
        if clock is not None and clock.chooser is not None:
            _order_tasks(_loop_of(self), clock.chooser)
        me = None if clock is None or (timeout is not None and timeout <= 0) else clock.seat()
        if me is None:
            return genuine(self, timeout)
        loop = _loop_of(self)
        if loop is not None:
            return _wait_in_loop(me, loop, self, genuine, timeout)
        if self.get_map():
            return genuine(self, timeout)
        me.wait(Waiter(me), timeout, "a selector with nothing in it")
        return []

    return select


def _order_tasks(loop: Any, choose: Callable[[list[str]], int]) -> None:
    """Choose the order of the tasks that can go on; callbacks other than theirs keep their places."""
    ready: Any = getattr(loop, "_ready", ())
    places = [place for place, handle in enumerate(ready) if _task_of(handle) is not None]
    steps = [ready[place] for place in places]
    for place in places[:-1]:
        names = [_task_of(handle).get_name() for handle in steps]
        ready[place] = steps.pop(choose(names))
    if len(places) > 1:
        ready[places[-1]] = steps[0]


def _task_of(handle: Any) -> Any:
    """Return the task that a callback of the loop goes on with; None if it is none of a task."""
    owner = getattr(handle._callback, "__self__", None)
    return owner if hasattr(owner, "get_coro") else None


def _loop_of(selector: Any) -> Any:
    loop = _running_loop()
    return loop if getattr(loop, "_selector", None) is selector else None


def _wait_in_loop(
    me: Participant, loop: Any, selector: Any, genuine: Callable[..., Any], timeout: float | None
) -> Any:
    come = genuine(selector, 0)
    if come:
        _QUIET.pop(id(loop), None)
        return come
    waiter = Waiter(me)
    _WAITING[id(loop)] = waiter
    try:
        me.wait(waiter, timeout, "an event loop", _Sources(loop, selector, genuine))
    finally:
        _WAITING.pop(id(loop), None)
    return genuine(selector, 0)


_WAITING: Final[dict[int, Waiter]] = {}
"""The loops that wait, by their identity."""


def _write_to_self(self: Any) -> None:
    """Wake the loop, as the genuine method does, and the thread that waits in it."""
    _WRITES[_class_with(self)](self)
    waiter = _WAITING.get(id(self))
    if waiter is not None:
        waiter.release()


def _class_with(loop: Any) -> Any:
    return next(kind for kind in type(loop).__mro__ if kind in _WRITES)


_WRITES: Final[dict[Any, Any]] = {}
_SELECTS: Final[dict[type[selectors.BaseSelector], Callable[..., Any]]] = {
    kind: _selecting(genuine) for kind, genuine in Genuine.selects.items()
}


def _plain_select(
    readable: Any, writable: Any, exceptional: Any, timeout: float | None = None, /
) -> Any:
    """Select as `select.select` does; with nothing to wait for but a time, wait on the clock."""
    is_a_length = isinstance(timeout, int | float) and timeout > 0
    me = participant() if is_a_length and not (readable or writable or exceptional) else None
    if me is None:
        return _REAL_SELECT(readable, writable, exceptional, timeout)
    me.wait(Waiter(me), timeout, "select")
    return [], [], []


_REAL_SELECT: Final = select.select
FUNCTIONS: Final[list[tuple[Any, Any]]] = [(_REAL_SELECT, _plain_select)]
"""What is replaced under every name that a module has imported it by: the genuine one, and ours."""
