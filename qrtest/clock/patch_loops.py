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
from pathlib import Path
from types import FrameType
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from qrtest.clock.clocks import VirtualClock
from qrtest.clock.genuine import REAL, Genuine
from qrtest.clock.installed import participant, virtual_clock
from qrtest.clock.moment import UPTIME_SECONDS
from qrtest.clock.participants import Participant, Waiter
from qrtest.clock.places import tasks_of
from qrtest.errors import SimulationError
from qrtest.patching import Patch

__all__ = ["FUNCTIONS", "REAL_SELECT", "LoopTime", "Sources", "patches", "running_time"]

PATIENCE_SECONDS: Final = 0.05
PATIENCE_WITH_OTHERS_SECONDS: Final = 1.0
"""For how long, really, a connection that is quiet keeps the time still: an answer may be on its way.

The second: where the other end is not in this process."""

REAL_WORK: Final = ("multiprocessing.connection", "subprocess")
"""Modules of the standard library that wait for child processes."""


def patches() -> Iterator[Patch]:
    """Return the methods to replace."""
    for kind, ours in _SELECTS.items():
        yield kind, "select", ours
    loops = sys.modules.get("asyncio.selector_events")
    if loops is not None:
        kind = loops.BaseSelectorEventLoop
        _WRITES.setdefault(kind, kind._write_to_self)
        yield kind, "_write_to_self", _write_to_self


def running_time() -> LoopTime | None:
    """Return the time of the loop that runs in this thread; None if there is none.

    >>> running_time() is None
    True
    """
    loop = _running_loop()
    return None if loop is None else LoopTime(loop)


class LoopTime:
    """The time of *loop*, which runs in this thread, before its clock changes."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._before = _time_of_loop()

    def enter(self, clock: VirtualClock) -> None:
        """Note which task enters *clock*. Raises `SimulationError` when another one is inside of one."""
        task, outer = sys.modules["asyncio.tasks"].current_task(), virtual_clock()
        other = None if outer is None or outer not in _TASKS else _TASKS[outer]()
        if other is not None and other is not task and not other.done():
            raise SimulationError(
                "Another task of this event loop is in a simulation, and all tasks of a loop have its time: "
                "enter one simulation around them, and give each task a job of its own."
            )
        if task is not None:
            _TASKS[clock] = ref(task)

    def keep_distances(self) -> None:
        """Move the timers of the loop with its time: they were set by the clock of before."""
        passed = _time_of_loop() - self._before
        for handle in getattr(self._loop, "_scheduled", ()):
            handle._when += passed


_TASKS: Final[WeakKeyDictionary[VirtualClock, ref[Any]]] = WeakKeyDictionary()
"""The task that has entered a clock, where an event loop was running."""


def _time_of_loop() -> float:
    clock = virtual_clock()
    return REAL["monotonic"]() if clock is None else clock.now() + UPTIME_SECONDS


def _running_loop() -> Any:
    events = sys.modules.get("asyncio.events")
    return None if events is None else events._get_running_loop()


class Sources:
    """What code waits for besides the time: the sockets and pipes with these *numbers*.

    *look* returns what has come in. *waiting* is who waits, a loop or a selector.
    """

    def __init__(
        self, waiting: Any, numbers: frozenset[int], look: Callable[[], Any], loop: Any = None
    ) -> None:
        self._waiting = id(waiting)
        self._numbers = numbers
        self._look = look
        self._loop = loop
        self._since: float = REAL["monotonic"]()

    def is_ready(self) -> bool:
        """Return whether something has come in, or one of them was closed."""
        try:
            # A selector that was not asked in time has forgotten a socket that was closed meanwhile.
            return bool(self._look()) or any(_kind(number) == "closed" for number in self._numbers)
        except (OSError, ValueError, KeyError, RuntimeError):
            # It was closed, or is being changed: the thread that waits sees that itself.
            return True

    def is_open(self) -> bool:
        """Return whether there is one."""
        return bool(self._numbers)

    def holds_time(self) -> bool:
        """Return whether something may come in that the time has to wait for."""
        if not self._numbers:
            return False
        kinds = {_kind(number) for number in self._numbers}
        if "pipe" in kinds:
            return True
        if "connection" not in kinds or _QUIET.get(self._waiting) == self._numbers:
            return False
        waited = REAL["monotonic"]() - self._since
        if waited < PATIENCE_SECONDS:
            return True
        if waited < PATIENCE_WITH_OTHERS_SECONDS and not _are_within(self._numbers):
            return True
        _QUIET[self._waiting] = self._numbers
        return False

    def report(self) -> list[str]:
        """Return what waits in the loop, a line each."""
        return [] if self._loop is None else [f"        {task}" for task in tasks_of(self._loop)]


_QUIET: Final[dict[int, frozenset[int]]] = {}
"""The connections of a loop or selector that had their time and said nothing."""


def _are_within(numbers: frozenset[int]) -> bool:
    """Return whether all connections among *numbers* have their other end in this process."""
    ends = {number: _ends(number) for number in _open_numbers()}
    own = {end[0] for end in ends.values() if end is not None}
    connections = (ends.get(number) for number in numbers if _kind(number) == "connection")
    return all(end is not None and end[1] in own for end in connections)


def _open_numbers() -> list[int]:
    try:
        return [int(path.name) for path in Path("/dev/fd").iterdir()]
    except OSError:
        return []


def _ends(number: int) -> tuple[Any, Any] | None:
    """Return the addresses of both ends of a connection; None if it is none."""
    if not _is_socket(number):
        return None  # a copy of what is no socket would stay open
    try:
        with socket.socket(fileno=os.dup(number)) as copy:
            own, other = copy.getsockname(), copy.getpeername()
            if not own and copy.family == getattr(socket, "AF_UNIX", None):
                # Both ends of a pair have no name: they are made together, here.
                return "a pair", "a pair"
            return own, other
    except OSError:
        return None


def _is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


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
        numbers = frozenset(key.fd for key in list(self.get_map().values()))
        if numbers and not _are_sockets(numbers, sys._getframe(1)):
            return genuine(self, timeout)
        if numbers:
            return _wait_for(
                me, self, numbers, timeout, lambda: genuine(self, 0), lambda: genuine(self, timeout)
            )
        me.wait(Waiter(me), timeout, "a selector with nothing in it")
        return []

    return select


def _are_sockets(numbers: frozenset[int], caller: FrameType) -> bool:
    """Return whether only sockets are waited for, and not for a child process."""
    if caller.f_globals.get("__name__", "") in REAL_WORK:
        return False
    return all(map(_is_socket, numbers))


def _wait_for(
    me: Participant,
    waiting: Any,
    numbers: frozenset[int],
    timeout: float | None,
    look: Callable[[], Any],
    really: Callable[[], Any],
) -> Any:
    """Wait for the sockets *numbers*, or *timeout* on the clock; return what *look* then returns.

    *really* waits in real time, when the simulation has ended meanwhile.
    """
    come = look()
    if come:
        _QUIET.pop(id(waiting), None)
        return come
    me.wait(Waiter(me), timeout, "a socket", Sources(waiting, numbers, look))
    return really() if me.scheduler.is_over else look()


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
    own = loop._ssock.fileno() if getattr(loop, "_ssock", None) else -1
    numbers = frozenset(key.fd for key in list(selector.get_map().values()) if key.fd != own)
    sources = Sources(loop, numbers, lambda: genuine(selector, 0), loop)
    waiter = Waiter(me)
    _WAITING[id(loop)] = waiter
    try:
        me.wait(waiter, timeout, "an event loop", sources)
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
    """Select as `select.select` does; with nothing to wait for but a time and sockets, on the clock."""
    lists = readable, writable, exceptional
    is_a_length = isinstance(timeout, int | float) and timeout > 0
    me = participant() if is_a_length or timeout is None else None
    if me is None:
        return REAL_SELECT(*lists, timeout)
    come = REAL_SELECT(*lists, 0)  # raises what is to be raised for such arguments
    if any(come):
        return come
    numbers = frozenset(
        each if isinstance(each, int) else each.fileno() for group in lists for each in group
    )
    if not _are_sockets(numbers, sys._getframe(1)) or not (numbers or is_a_length):
        return REAL_SELECT(*lists, timeout)
    if not numbers:
        me.wait(Waiter(me), timeout, "select")
        return come

    def look() -> Any:
        found = REAL_SELECT(*lists, 0)
        return found if any(found) else ()

    def really() -> Any:
        return REAL_SELECT(*lists, timeout)

    return _wait_for(me, numbers, numbers, timeout, look, really) or come


REAL_SELECT: Final = select.select
FUNCTIONS: Final[list[tuple[Any, Any]]] = [(REAL_SELECT, _plain_select)]
"""What is replaced under every name that a module has imported it by: the genuine one, and ours."""
