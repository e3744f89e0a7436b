"""The environment of child processes: what makes them recorded, or keeps them on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["BLOCK_VARIABLE", "blocked_environment", "with_injected"]

INJECTED: Final = Path(__file__).parent / "injected"
"""A folder with a `sitecustomize`, which Python imports before the program."""

BLOCK_VARIABLE: Final = "QRTEST_BLOCK_NETWORK"
NOWHERE: Final = "http://127.0.0.1:9"
"""The port "discard", at which nothing listens."""

PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LOCAL: Final = "localhost,127.0.0.1,::1"


def with_injected(**variables: str) -> dict[str, str]:
    """Return this process's environment with *variables*, in which Python imports what is injected."""
    paths = [str(INJECTED), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def blocked_environment() -> dict[str, str]:
    """Return an environment in which Python, and programs that use a proxy, reach this machine only.

    >>> blocked_environment()["HTTPS_PROXY"]
    'http://127.0.0.1:9'
    """
    proxies = dict.fromkeys((*PROXIES, *map(str.lower, PROXIES)), NOWHERE)
    local = dict.fromkeys(("NO_PROXY", "no_proxy"), LOCAL)
    return with_injected(**proxies, **local, **{BLOCK_VARIABLE: "1"})
