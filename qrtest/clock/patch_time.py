"""Makes the functions of `time` answer from a clock, and waits follow it, while it is installed.

A client does not ask our clock for the time, it calls `time.sleep`. While a clock is installed
(`install`), the functions in NAMES answer from it, under every name that a module imported them by
(`from time import sleep`), for the threads that take part in it. Test tools keep real time, because
deadlines and durations of tests are real. So does the standard library, because waiting for sockets and
processes is real, but for the modules in FOLLOWERS, which wait for threads and events, or write the time
down.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Final

from qrtest.clock import (
    date_tools,
    line_switches,
    patch_dates,
    patch_locks,
    patch_loops,
    patch_threads,
    patch_trio,
    patch_uvloop,
)
from qrtest.clock.clocks import Clock, VirtualClock
from qrtest.clock.genuine import REAL, get_ident
from qrtest.clock.installed import INSTALLED, serves_a_tool, virtual_clock
from qrtest.clock.kept_functions import Place, places_below, places_in, present
from qrtest.clock.late_imports import LateImports
from qrtest.clock.moment import UPTIME_SECONDS
from qrtest.clock.places import is_library, is_tool
from qrtest.patching import PATCHING, Patch, Patches

__all__ = ["NAMES", "install"]

NAMES: Final = tuple(REAL)
MAIN: Final = "__main__"
"""The module of a script, a prompt or a notebook, which gets names between simulations, too."""

TOO_LONG_SECONDS: Final = 2**63 / 1e9
"""What `time.sleep` refuses: more nanoseconds than 64 bits hold."""

FOLLOWERS: Final = frozenset(
    {
        "concurrent.futures._base",
        "concurrent.futures.thread",
        "email.utils",
        "logging",
        "multiprocessing.pool",
        "queue",
        "sched",
        "threading",
    }
)
"""Modules of the standard library, beside asyncio, that go by the clock: they wait for other threads, or put
the time into what the program writes."""


def install(clock: Clock) -> AbstractContextManager[None]:
    """Make time and waits follow *clock* within a block.

    May be nested, and used in several threads at once: a thread follows the clock that it installed last,
    else the one of the thread that started it. A thread that was there before follows none.

    >>> from qrtest import VirtualClock
    >>> clock = VirtualClock()
    >>> with install(clock):
    ...     time.sleep(3600)
    >>> clock.now()
    3600.0
    """
    return _Installation(clock)


class _Installation(AbstractContextManager[None]):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._virtual = clock if isinstance(clock, VirtualClock) else None

    def __enter__(self) -> None:
        virtual = self._virtual
        with PATCHING:
            loop_time = None if virtual is None else patch_loops.running_time()
            if virtual is not None and loop_time is not None:
                loop_time.enter(virtual)
            if not INSTALLED.clocks:
                _replace()
            INSTALLED.add(self._clock)
            if virtual is not None:
                virtual.open()
                if loop_time is not None:
                    loop_time.keep_distances()
                line_switches.begin(virtual)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None or self._virtual is None:
            self._leave()
            return
        try:
            self._virtual.settle()
        except BaseException:
            self._leave()
            raise
        left = self._leave()
        if left:
            patch_threads.warn_of(left)

    def _leave(self) -> list[str]:
        """Undo `__enter__`; return where the threads are that took part and still run."""
        left: list[str] = []
        virtual = self._virtual
        if virtual is not None:
            line_switches.end(virtual)
        is_last = INSTALLED.is_once(self._clock)
        if virtual is not None and is_last:
            patch_threads.give_back(virtual)  # its workers end by the time that they began in
        with PATCHING:
            loop_time = patch_loops.running_time()
            INSTALLED.remove(self._clock)
            if virtual is not None and is_last:
                left = virtual.close()
                if loop_time is not None:
                    loop_time.keep_distances()
            if not INSTALLED.clocks:
                _restore()
        return left


class _Places:
    """Where functions of `time` and their like have a name: also in the modules that import them."""

    def __init__(self) -> None:
        self._modules_seen: dict[str, int] = {}
        self._state_seen: object = None
        self._places: dict[tuple[object, ...], Place] = {}

    def patches(self) -> Iterator[Patch]:
        """Return the names to replace; what somebody else has replaced is left to them."""
        self.look()
        for owner, name, genuine, replacement in self._places.values():
            if present(owner, name) is genuine:
                yield owner, name, replacement
        for name, replacement in _VIRTUAL.items():
            if not date_tools.is_frozen(name):
                yield time, name, replacement
        yield from _elsewhere()

    def look(self) -> None:
        """Find the names imported by modules that are new since the last call; none keeps a replacement."""
        state = _modules_state()
        if state == self._state_seen:
            return
        self._state_seen = state
        _LATE.look()
        for module_name, module in list(sys.modules.items()):
            if self._modules_seen.get(module_name) == id(module) and module_name != MAIN:
                continue
            self._modules_seen[module_name] = id(module)
            namespace = getattr(module, "__dict__", None)
            if namespace is None or module is time or _keeps_its_names(module_name):
                continue
            self._note(places_in(namespace, _exchange))
            if _is_of_the_project(module):
                self._note(places_below(namespace, _exchange))
            elif _reads_time(module_name, namespace):
                self._note(places_below(namespace, _exchange, is_library_code=True))
        for module_name in self._modules_seen.keys() - sys.modules.keys():
            del self._modules_seen[module_name]

    def _note(self, places: Iterator[Place]) -> None:
        for place in places:
            self._places[place.key] = place
            if isinstance(place.owner, dict):
                place.owner[place.name] = place.genuine
            elif present(place.owner, place.name) is not place.genuine:
                setattr(place.owner, place.name, place.genuine)


def _exchange(value: Any) -> tuple[Any, Any] | None:
    genuine = _GENUINE_OF.get(id(value), value)
    replacement = _REPLACEMENT_OF.get(id(genuine))
    if replacement is None:
        return patch_dates.exchange(value)
    return genuine, replacement


def _reads_time(module_name: str, namespace: dict[str, Any]) -> bool:
    """Return whether a module of a library has `time` by name, and so may keep its functions elsewhere."""
    if module_name != "sched" and (module_name.startswith("qrtest") or is_library(module_name)):
        return False
    has_the_module = namespace.get("time") is time or namespace.get("_time") is time
    return has_the_module or not REAL.keys().isdisjoint(namespace)


def _is_of_the_project(module: Any) -> bool:
    filename = getattr(module, "__file__", None)
    if not isinstance(filename, str):
        return getattr(module, "__name__", "") == MAIN
    return line_switches.is_of_the_project(filename)


def _modules_state() -> tuple[object, ...]:
    """Return a value that is another one when modules were imported meanwhile, or names added at a prompt.

    Also when freezegun was active then, and is not now.
    """
    last = next(reversed(sys.modules))
    names = len(vars(sys.modules[MAIN]))
    return len(sys.modules), last, id(sys.modules[last]), names, time.time


def _elsewhere() -> Iterator[Patch]:
    """Return what to replace outside of `time`."""
    for module in (
        patch_threads,
        patch_loops,
        patch_locks,
        patch_dates,
        patch_trio,
        patch_uvloop,
        date_tools,
    ):
        yield from module.patches()


_LATE: Final = LateImports(_elsewhere)


class _Following(ModuleType):
    """The module `time` while a clock is installed: a patch from before that ends leaves it on the clock."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in REAL and value in (REAL[name], date_tools.monotonic_of_loops):
            _ENDED_INSIDE.add(name)
            value = _VIRTUAL[name]
        super().__setattr__(name, value)


_ENDED_INSIDE: Final[set[str]] = set()
"""The functions whose genuine ones somebody has put back while a clock was installed."""


def _replace() -> None:
    date_tools.prepare()
    _PATCHES.begin()
    if _LATE.is_needed:
        _LATE.begin()
    time.__class__ = _Following


def _restore() -> None:
    """Put the genuine functions back, in modules that were imported meanwhile, too."""
    ModuleType.__setattr__(time, "__class__", ModuleType)
    _LATE.end()
    _PATCHES.end()
    while _ENDED_INSIDE:
        name = _ENDED_INSIDE.pop()
        setattr(time, name, REAL[name])
    _PLACES.look()


def _keeps_its_names(module_name: str) -> bool:
    if module_name.startswith("qrtest.clock."):
        return True
    return _keeps_real_time(module_name) and module_name != "select"


@functools.cache
def _keeps_real_time(module_name: str) -> bool:
    """Return whether calls from a module get real time."""
    if module_name in FOLLOWERS or module_name.startswith("asyncio."):
        return False
    return is_tool(module_name) or is_library(module_name)


@functools.cache
def _is_own(module_name: str) -> bool:
    """Return whether calls from a module follow the clock, whatever has called that module."""
    if _keeps_real_time(module_name):
        return False
    return not is_library(module_name) or module_name.startswith("asyncio.")


def _clock_for(caller: str) -> VirtualClock | None:
    """Return the clock that a call from the module *caller* follows, in the running thread.

    What replaces `sleep` and the readers looks for the usual case itself: one clock, and the thread that
    entered it. A call more would be a tenth of what a poll costs.
    """
    if _is_own(caller):
        return virtual_clock()
    if _keeps_real_time(caller) or serves_a_tool(3):
        return None
    return virtual_clock()


def _sleep(seconds: float, /) -> None:
    caller = sys._getframe(1).f_globals.get("__name__", "")
    clock = INSTALLED.only_virtual
    if clock is None or clock.owner != get_ident() or not _is_own(caller):
        clock = _clock_for(caller)
    if clock is not None and type(seconds) not in (float, int):
        seconds = float(seconds) if hasattr(seconds, "__index__") else seconds
        clock = clock if isinstance(seconds, float) else None
    if clock is None or not 0 <= seconds < TOO_LONG_SECONDS:
        # Also what is no length of time: the genuine function says so at once.
        REAL["sleep"](seconds)
    else:
        clock.sleep(seconds)


def _reader(name: str, base: float | None) -> Callable[[], Any]:
    real = REAL[name]
    read = VirtualClock.read_nanoseconds if name.endswith("_ns") else VirtualClock.read

    @functools.wraps(real)
    def virtual() -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        clock = INSTALLED.only_virtual
        if clock is None or clock.owner != get_ident() or not _is_own(caller):
            clock = _clock_for(caller)
        if clock is None or (base is None and date_tools.is_travelling()):
            return real()
        return read(clock, clock.epoch if base is None else base)

    return virtual


def _calendar(name: str, position: int) -> Callable[..., Any]:
    """Return a function as `time.localtime`, which takes the present time as the argument at *position*."""
    real = REAL[name]

    @functools.wraps(real)
    def virtual(*arguments: Any) -> Any:
        clock = None
        if len(arguments) == position or (
            len(arguments) > position and arguments[position] is None
        ):
            clock = _clock_for(sys._getframe(1).f_globals.get("__name__", ""))
        if clock is None or date_tools.is_travelling():
            return real(*arguments)
        now = clock.read(clock.epoch)
        takes_tuple = name in ("asctime", "strftime")
        return real(*arguments[:position], REAL["localtime"](now) if takes_tuple else now)

    return virtual


_VIRTUAL: Final[dict[str, Callable[..., Any]]] = {
    "sleep": _sleep,
    "time": _reader("time", None),
    "time_ns": _reader("time_ns", None),
    **{
        name: _reader(name, UPTIME_SECONDS)
        for name in ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
    },
    **{name: _calendar(name, 0) for name in ("localtime", "gmtime", "ctime", "asctime")},
    "strftime": _calendar("strftime", 1),
}
_REPLACEMENT_OF: Final = {
    **{id(REAL[name]): replacement for name, replacement in _VIRTUAL.items()},
    **{id(genuine): replacement for genuine, replacement in patch_threads.FUNCTIONS},
    **{id(genuine): replacement for genuine, replacement in patch_loops.FUNCTIONS},
}
_GENUINE_OF: Final = {
    **{id(replacement): REAL[name] for name, replacement in _VIRTUAL.items()},
    **{id(replacement): genuine for genuine, replacement in patch_threads.FUNCTIONS},
    **{id(replacement): genuine for genuine, replacement in patch_loops.FUNCTIONS},
}
_PLACES: Final = _Places()
_PATCHES: Final = Patches(_PLACES.patches, is_stable=True, state=_modules_state)
