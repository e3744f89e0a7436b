"""Hypothesis strategies for scripts, faults, scenarios, results, jobs and poll plans.

    from qrtest import strategies as qst

    @given(qst.scenarios())
    def test_collect(scenario): ...

They shrink towards what a person would write: a job that is done at once, then one that failed; a fault is
dropped before a step is, and a step before a length of time is rounded. What they draw prints as code that
evaluates back.

The modules are imported when they are first used: hypothesis imports this package at its entry point, while
it is itself being imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qrtest.extras import needed

if TYPE_CHECKING:
    from qrtest.strategies.draw_faults import fault_plans, faults
    from qrtest.strategies.draw_poll_plans import poll_plans
    from qrtest.strategies.draw_results import broken_results, changed_results, results
    from qrtest.strategies.draw_scenarios import jobs, lives_of, scenarios, scenarios_of
    from qrtest.strategies.draw_schedules import schedules
    from qrtest.strategies.draw_scripts import ENDINGS, scripts

__all__ = [
    "ENDINGS",
    "broken_results",
    "changed_results",
    "fault_plans",
    "faults",
    "jobs",
    "lives_of",
    "poll_plans",
    "results",
    "scenarios",
    "scenarios_of",
    "schedules",
    "scripts",
]

_HOME = {
    "ENDINGS": "draw_scripts",
    "broken_results": "draw_results",
    "changed_results": "draw_results",
    "fault_plans": "draw_faults",
    "faults": "draw_faults",
    "jobs": "draw_scenarios",
    "lives_of": "draw_scenarios",
    "poll_plans": "draw_poll_plans",
    "results": "draw_results",
    "scenarios": "draw_scenarios",
    "scenarios_of": "draw_scenarios",
    "schedules": "draw_schedules",
    "scripts": "draw_scripts",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needed("hypothesis"):
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
