"""What hypothesis is told of qrtest's values when it is imported: `from_type(Script)` then works.

Found by hypothesis through the entry point `hypothesis`. It must not import hypothesis on its own
account: it is imported while hypothesis is.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["register"]


def register() -> None:
    """Tell hypothesis which strategy draws which type. The strategies are imported when one is drawn."""
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
