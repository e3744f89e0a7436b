"""What a simulation leaves behind: nothing."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from qrtest import simulate


@pytest.mark.parametrize("options", [{}, {"transport": "in-process"}])
def test_a_simulation_is_freed_as_soon_as_nobody_holds_it(options: dict[str, Any]) -> None:
    """Not by a later collection of garbage, which costs every test of a suite some time."""
    gc.disable()
    try:
        with simulate(**options) as sim:
            pass
        parts = [weakref.ref(part) for part in (sim, sim.clock, sim.journal)]
        del sim
        assert [part() for part in parts] == [None, None, None]
    finally:
        gc.enable()
