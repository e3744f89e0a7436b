"""Named situations that broke real programs."""

from __future__ import annotations

from qrtest.scenario import Scenario

__all__ = ["scenarios"]

scenarios: dict[str, Scenario] = {}
