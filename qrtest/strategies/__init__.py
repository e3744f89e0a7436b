"""What hypothesis draws: scripts, faults, scenarios, results, jobs and plans of questions.

Imported when first used: hypothesis imports this package at its entry point, while it is itself being
imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qrtest.strategies.draw_results import broken_results, results
    from qrtest.strategies.draw_scripts import (
        ENDINGS,
        fault_plans,
        faults,
        jobs,
        lives_of,
        poll_plans,
        scenarios,
        scripts,
    )

__all__ = [
    "ENDINGS",
    "broken_results",
    "fault_plans",
    "faults",
    "jobs",
    "lives_of",
    "poll_plans",
    "results",
    "scenarios",
    "scripts",
]

_HOME = {
    "ENDINGS": "draw_scripts",
    "broken_results": "draw_results",
    "fault_plans": "draw_scripts",
    "faults": "draw_scripts",
    "jobs": "draw_scripts",
    "lives_of": "draw_scripts",
    "poll_plans": "draw_scripts",
    "results": "draw_results",
    "scenarios": "draw_scripts",
    "scripts": "draw_scripts",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
