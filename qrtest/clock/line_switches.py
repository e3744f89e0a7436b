"""Lets other threads go on between two lines of the code under test, where a schedule says so.

Without this a thread keeps the turn until it waits, so that `n = count`, `count = n + 1` is never
interrupted. While a schedule decides (`simulate(schedule=...)`), each line of the project, and each
assignment to a name, item or attribute that other threads may share, is one more choice: the running
thread goes on, or one that is ready. Lines of libraries are not interrupted.

It is done by `sys.settrace`, and so not in a thread that a debugger or coverage traces that way.
"""

from __future__ import annotations

import dis
import os
import sys
import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final

from qrtest.clock.places import line_of

if TYPE_CHECKING:
    from qrtest.clock.clocks import VirtualClock

__all__ = ["begin", "begin_thread", "end", "is_of_a_library", "is_of_the_project"]

QRTEST: Final = str(Path(__file__).parents[1])
LIBRARIES: Final = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")}
)
STORES: Final = frozenset(
    {"STORE_ATTR", "STORE_DEREF", "STORE_GLOBAL", "STORE_SUBSCR", "DELETE_SUBSCR", "DELETE_ATTR"}
)
"""Instructions that change what other threads can see."""

_Trace = Callable[[FrameType, str, Any], Any]


@cache
def is_of_the_project(filename: str) -> bool:
    """Return whether a file is no library's, and not qrtest's.

    >>> is_of_the_project(os.__file__), is_of_the_project("/home/me/project/collect.py")
    (False, True)
    """
    return not is_of_a_library(filename) and not filename.startswith(QRTEST + os.sep)


def is_of_a_library(filename: str) -> bool:
    """Return whether a file is a library's, but not qrtest's.

    >>> is_of_a_library(os.__file__), is_of_a_library(__file__)
    (True, False)
    """
    if filename.startswith(QRTEST + os.sep):
        return False
    # Generated code, as methods of dataclasses, is "<string>"; what is typed at a prompt is the project's.
    is_generated = filename.startswith("<") and not filename.startswith(("<stdin", "<ipython"))
    return is_generated or filename.startswith(LIBRARIES)


def begin(clock: VirtualClock) -> None:
    """Do what `begin_thread` does in the thread that enters the simulation, until `end`."""
    if clock.chooser is None:
        return
    before = sys.gettrace()
    if begin_thread(clock):
        _BEFORE[clock] = before


def begin_thread(clock: VirtualClock) -> bool:
    """Make the lines that the running thread comes to choices of the schedule of *clock*, if it has one."""
    if clock.chooser is None:
        return False
    before = sys.gettrace()
    # What hypothesis traces explains a failure; the failure has to be the same one without it.
    if before is not None and _module_of(before).partition(".")[0] != "hypothesis":
        return False
    sys.settrace(_tracing(clock))
    return True


def end(clock: VirtualClock) -> None:
    """Undo `begin` in the thread that entered the simulation."""
    if clock.chooser is not None and clock in _BEFORE:
        sys.settrace(_BEFORE.pop(clock))


_BEFORE: Final[dict[VirtualClock, Any]] = {}


def _module_of(function: Any) -> str:
    return str(getattr(function, "__module__", None) or type(function).__module__)


def _tracing(clock: VirtualClock) -> _Trace:
    def trace(frame: FrameType, _event: str, _argument: Any) -> _Trace | None:
        if not is_of_the_project(frame.f_code.co_filename):
            return None
        frame.f_trace_opcodes = True
        return at_each_line

    def at_each_line(frame: FrameType, event: str, _argument: Any) -> _Trace:
        if event == "line" or (event == "opcode" and frame.f_lasti in _stores(frame.f_code)):
            _offer_turn(clock, frame)
        return at_each_line

    return trace


def _offer_turn(clock: VirtualClock, frame: FrameType) -> None:
    choose = clock.chooser
    is_answering = clock.lock._is_owned()  # type: ignore[attr-defined]
    if choose is not None and clock.is_shared and not is_answering:
        clock.scheduler.offer_turn(lambda names: choose(names, line_of(frame)))


_STORES_OF: Final[dict[int, tuple[CodeType, frozenset[int]]]] = {}
"""By the identity of a code object, which is kept with it: its hash would be computed each time."""


def _stores(code: CodeType) -> frozenset[int]:
    known = _STORES_OF.get(id(code))
    if known is None:
        found = (each.offset for each in dis.get_instructions(code) if each.opname in STORES)
        known = _STORES_OF[id(code)] = code, frozenset(found)
    return known[1]
