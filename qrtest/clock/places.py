"""Where a thread is, and whether it is blocked: read from outside of it."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

__all__ = [
    "THREADS_OF_TRIO",
    "Activity",
    "Place",
    "activity",
    "has_children",
    "is_in_a_tool",
    "is_library",
    "is_tool",
    "line_of",
    "name_of",
    "place_of",
    "tasks_of",
    "waits_for_a_lock",
    "waits_for_input",
]

TEST_TOOLS: Final = frozenset(
    {
        "_hypothesis_pytestplugin",
        "_pydevd_bundle",
        "_pytest",
        "coverage",
        "debugpy",
        "execnet",
        "freezegun",
        "hypothesis",
        "pluggy",
        "py",
        "pydevd",
        "pytest",
        "stestr",
        "subunit",
        "testtools",
        "time_machine",
        "xdist",
    }
)
"""Packages whose waits and deadlines are those of the test run, beside all that begin with pytest_."""

LOCK_CALLS: Final = frozenset({"acquire", "get", "join", "_acquire_restore", "genuine_acquire"})
"""Calls that wait for another thread: of locks (also by `patch_locks`), and of `queue.SimpleQueue`."""


INPUT_CALLS: Final = frozenset(
    {
        "accept",
        "_accept",
        "flock",
        "lockf",
        "poll",
        "read",
        "readinto",
        "readline",
        "recv",
        "recv_into",
    }
    | {"recvfrom", "recvmsg", "select"}
)
"""Methods of C that wait for what another thread, or another process, sends or lets go."""


@cache
def is_tool(module_name: str) -> bool:
    """Return whether a module belongs to a test tool."""
    root = module_name.partition(".")[0]
    return root in TEST_TOOLS or root.startswith("pytest_")


@cache
def is_library(module_name: str) -> bool:
    """Return whether a module belongs to the standard library."""
    return module_name.partition(".")[0] in sys.stdlib_module_names


THREADS_OF_TRIO: Final = "trio._core._thread_cache"
"""The module in which trio's threads wait for more to do."""


@dataclass(frozen=True)
class Place:
    """The innermost line of a thread that is not in the standard library; where all are, the innermost one.

    It is never one of qrtest's.
    """

    line: str
    is_idle_worker: bool

    def __str__(self) -> str:
        return self.line


def name_of(ident: int) -> tuple[str, int | None]:
    """Return the name of the thread *ident*, and the system's number of it."""
    # threading.current_thread() would make a dummy thread of one that it does not know.
    known = threading._active.get(ident)  # type: ignore[attr-defined]
    return ("a thread", None) if known is None else (known.name, known.native_id)


def place_of(ident: int | None) -> Place:
    """Return where the thread *ident* is."""
    frame = None if ident is None else sys._current_frames().get(ident)
    if frame is None:
        return Place("an unknown place", is_idle_worker=False)
    modules = []
    innermost: FrameType | None = None
    where: FrameType | None = frame
    while where is not None:
        module = where.f_globals.get("__name__", "")
        if not is_library(module) and not module.startswith("qrtest."):
            return Place(line_of(where), is_idle_worker=module == THREADS_OF_TRIO)
        if innermost is None and not module.startswith("qrtest."):
            innermost = where
        modules.append(module)
        where = where.f_back
    is_idle = "concurrent.futures.thread" in modules
    return Place(line_of(innermost or frame), is_idle_worker=is_idle)


def is_in_a_tool(ident: int | None) -> bool:
    """Return whether the thread *ident* does the work of a test tool, as pytest's when it writes a report."""
    frame = None if ident is None else sys._current_frames().get(ident)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not is_library(module) and not module.startswith("qrtest."):
            return is_tool(module)
        frame = frame.f_back
    return False


def line_of(frame: FrameType) -> str:
    """Return file, line and function of *frame*."""
    code = frame.f_code
    return f"{Path(code.co_filename).name}:{frame.f_lineno} in {code.co_name}"


def tasks_of(loop: Any) -> list[str]:
    """Return the unfinished tasks of an event loop and where each waits."""
    import asyncio

    found = []
    for task in asyncio.all_tasks(loop):
        stack = task.get_stack(limit=1)
        where = line_of(stack[-1]) if stack else "its beginning"
        found.append(f"task {task.get_name()} at {where}")
    return sorted(found)


@dataclass(frozen=True)
class Activity:
    """What changes while a thread does anything. Equal ones, a while apart: the thread is blocked."""

    frame: int
    instruction: int
    processor_time: int
    switches: str


def activity(ident: int | None, native_id: int | None) -> Activity | None:
    """Return the activity of a thread; None while it is running, or cannot be seen."""
    frame = None if ident is None else sys._current_frames().get(ident)
    switches = _switches(native_id)
    if frame is None or ident is None or switches is None:
        return None
    return Activity(id(frame), frame.f_lasti, _processor_time(ident), switches)


def waits_for_a_lock(ident: int | None) -> bool:
    """Return whether a blocked thread is in a lock, by the names in its present line.

    The lock itself cannot be seen: it is a C object, and waiting for it is one call.
    """
    return _is_in_a_call(ident, LOCK_CALLS, is_block=True)


def waits_for_input(ident: int | None) -> bool:
    """Return whether a blocked thread waits for a socket, a pipe or a locked file, by the same names."""
    return _is_in_a_call(ident, INPUT_CALLS, is_block=False)


def _is_in_a_call(ident: int | None, names: frozenset[str], *, is_block: bool) -> bool:
    """Return whether one of *names* is in the present line; *is_block*: or it is a `with`."""
    import dis

    frame = None if ident is None else sys._current_frames().get(ident)
    if frame is None:
        return False
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset > frame.f_lasti:
            break
        is_here = (
            instruction.positions is not None and instruction.positions.lineno == frame.f_lineno
        )
        if is_here and (
            instruction.argval in names
            or (
                is_block
                and instruction.offset == frame.f_lasti
                and instruction.opname == "BEFORE_WITH"
            )
        ):
            return True
    return False


def has_children() -> bool:
    """Return whether there are child processes, which could end a wait for input."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _processor_time(ident: int) -> int:
    if not hasattr(time, "pthread_getcpuclockid"):
        return 0
    try:
        return time.clock_gettime_ns(time.pthread_getcpuclockid(ident))
    except OSError:
        return -1


def _switches(native_id: int | None) -> str | None:
    """Return how often a thread has given up its processor; None while it is running, or reads a disk.

    A thread that waits for the interpreter's lock gives it up every 5 ms, a blocked one does not.
    Where the system does not say (other than Linux), the answer is always the same.
    """
    try:
        status = Path(f"/proc/self/task/{native_id}/status").read_text(encoding="ascii")
    except OSError:
        return ""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if fields.get("State", "S").strip().startswith(("R", "D")):
        return None
    return fields.get("voluntary_ctxt_switches", "").strip()
