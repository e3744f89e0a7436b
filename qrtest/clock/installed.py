"""Which clock a thread follows: that of the simulation it entered, or was started in."""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType
from typing import Final

from qrtest.clock.clocks import Clock, VirtualClock
from qrtest.clock.genuine import get_ident
from qrtest.clock.participants import Participant
from qrtest.clock.places import is_library, is_tool

__all__ = ["INSTALLED", "Installed", "current", "participant", "serves_a_tool", "virtual_clock"]

INHERITED: Final = "_qrtest_clock"


class Installed:
    """The clocks that are installed, with the threads that installed them; the innermost is the last."""

    def __init__(self) -> None:
        self.clocks: list[tuple[int, Clock]] = []
        self.only: Clock | None = None
        self.only_virtual: VirtualClock | None = None

    def add(self, clock: Clock) -> None:
        """Note that the running thread has installed *clock*."""
        self.clocks.append((get_ident(), clock))
        self._note_only()

    def remove(self, clock: Clock) -> None:
        """Note that *clock* is installed once less."""
        for position in reversed(range(len(self.clocks))):
            if self.clocks[position][1] is clock:
                del self.clocks[position]
                break
        self._note_only()

    def is_once(self, clock: Clock) -> bool:
        """Return whether *clock*, which is installed, is so only once."""
        clocks = self.clocks
        return len(clocks) == 1 or [each for _, each in clocks].count(clock) == 1

    def of_this_thread(self) -> Clock | None:
        """Return the clock of the running thread, else of the one that started it, else the last one."""
        if self.only is not None:
            return self.only
        clocks = self.clocks.copy()
        this_thread = get_ident()
        for thread, clock in reversed(clocks):
            if thread == this_thread:
                return clock
        inherited = vars(threading.current_thread()).get(INHERITED)
        for _, clock in reversed(clocks):
            if inherited is None or clock is inherited:
                return clock
        return clocks[-1][1] if clocks else None

    def followed(self) -> VirtualClock | None:
        """Return the virtual clock that the running thread takes part in; None when in none."""
        for _, clock in reversed(self.clocks.copy()):
            if isinstance(clock, VirtualClock) and clock.is_followed():
                return clock
        return None

    def _note_only(self) -> None:
        clocks = self.clocks
        last = clocks[-1][1] if clocks else None
        if len(clocks) > 1 and any(clock is not last for _, clock in clocks):
            last = None
        self.only = last
        self.only_virtual = last if isinstance(last, VirtualClock) else None


INSTALLED: Final = Installed()


def _after_fork() -> None:
    for _, clock in INSTALLED.clocks:
        if isinstance(clock, VirtualClock):
            clock.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def current() -> Clock | None:
    """Return the clock that the requests of the running thread go by; None while none is installed."""
    return INSTALLED.of_this_thread()


def virtual_clock() -> VirtualClock | None:
    """Return the virtual clock that the running thread takes part in."""
    only = INSTALLED.only_virtual
    if only is not None:
        return only if only.owner == get_ident() or only.is_followed() else None
    return INSTALLED.followed()


def participant() -> Participant | None:
    """Return the participant that the running thread is, on the clock that it follows."""
    clock = virtual_clock()
    return None if clock is None else clock.seat()


def serves_a_tool(depth: int) -> bool:
    """Return whether the nearest caller outside of the standard library is a test tool.

    *depth* is how many frames to leave out: 1 is the caller of the function that asks.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not is_library(module) and module != __name__:
            return is_tool(module)
        frame = frame.f_back
    return False
