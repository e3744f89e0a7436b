"""Benchmarks are not run here, but none of them may rot."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in BENCHMARKS.glob("*.py") if path.stem != "__init__")
)
def test_what_a_benchmark_is_made_of_is_there(name: str) -> None:
    """Whatever it takes from qrtest and its rivals can be imported."""
    assert import_module(f"benchmarks.{name}").__doc__
