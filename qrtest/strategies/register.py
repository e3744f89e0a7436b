"""Registers the strategies of qrtest's types, so that `from_type(Script)` works.

Hypothesis imports this module through its entry point, while it is itself being imported. So nothing
here may import hypothesis at the top.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["register"]


def register() -> None:
    """Register a strategy for each type. The strategies are imported when one is drawn from."""
    from hypothesis.strategies import register_type_strategy

    from qrtest.faults import Fault
    from qrtest.lifecycle.script import Script
    from qrtest.scenario.scenario import Scenario
    from qrtest.strategies.poll_plan import PollPlan

    register_type_strategy(Script, lambda _: _strategies().scripts())
    register_type_strategy(Scenario, lambda _: _strategies().scenarios())
    register_type_strategy(Fault, lambda _: _strategies().faults())
    register_type_strategy(PollPlan, lambda _: _strategies().poll_plans())


def _strategies() -> ModuleType:
    return import_module("qrtest.strategies")
