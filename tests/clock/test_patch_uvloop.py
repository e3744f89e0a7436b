"""Who asks uvloop for a loop gets one of asyncio's within a simulation, and uvloop's otherwise."""

from __future__ import annotations

import asyncio
import sys
import types
from typing import Any

import pytest

from qrtest import VirtualClock
from qrtest.clock.patch_time import install


class LoopOfC:
    """A loop in which nothing can be replaced."""


@pytest.fixture
def uvloop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module with the two names of uvloop that matter; `nox -s trio` runs the genuine one."""
    module = types.ModuleType("uvloop")
    exec("def new_event_loop():\n    return Loop()", vars(module))
    vars(module)["Loop"] = LoopOfC
    monkeypatch.setitem(sys.modules, "uvloop", module)
    return module


def test_a_loop_of_uvloop_waits_on_the_clock(uvloop: Any) -> None:
    """It is one of asyncio's, and counts as one of uvloop's: `uvloop.run` looks at that."""
    clock = VirtualClock()
    with install(clock), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.sleep(3600))
        assert isinstance(runner.get_loop(), uvloop.Loop)
    assert clock.now() == pytest.approx(3600)


def test_a_loop_made_outside_is_one_of_uvloop(uvloop: Any) -> None:
    """Before the simulation and after it."""
    for _ in range(2):
        assert type(uvloop.new_event_loop()) is uvloop.Loop is LoopOfC
        with install(VirtualClock()):
            pass
