"""A plugin for the mutation run: every test begins with empty caches, so that it runs the mutated code."""

from __future__ import annotations

import sys

CACHING = (
    "qrtest.cassette",
    "qrtest.redaction",
    "qrtest.playback",
    "qrtest.clock.duration",
    "qrtest.lifecycle.script",
    "qrtest.service",
)


def pytest_runtest_setup() -> None:
    """Clear the caches: what they remember was computed by the code as it was before."""
    for name, module in list(sys.modules.items()):
        if name.startswith(CACHING):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
