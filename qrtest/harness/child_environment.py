"""The environment of child processes: what makes them recorded, or keeps them on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["BLOCK_VARIABLE", "blocked_environment", "node_variables", "with_injected"]

INJECTED: Final = Path(__file__).parent / "injected"
"""A folder with a `sitecustomize`, which Python imports before the program."""

IN_NODE: Final = INJECTED / "node_proxy.cjs"
"""What Node.js imports before the program, so that releases before 24 use a proxy, too."""

BLOCK_VARIABLE: Final = "QRTEST_BLOCK_NETWORK"
NOWHERE: Final = "http://127.0.0.1:9"
"""The port "discard", at which nothing listens."""

PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LOCAL: Final = "localhost,127.0.0.1,::1"


def with_injected(**variables: str) -> dict[str, str]:
    """Return this process's environment with *variables*, in which Python imports what is injected."""
    paths = [str(INJECTED), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def node_variables() -> dict[str, str]:
    """Return the variables by which Node.js uses a proxy; NODE_OPTIONS keeps what it has."""
    path = str(IN_NODE).replace("\\", "\\\\")
    options = " ".join(filter(None, [os.environ.get("NODE_OPTIONS"), f'--require="{path}"']))
    return {"NODE_USE_ENV_PROXY": "1", "NODE_OPTIONS": options}


def blocked_environment() -> dict[str, str]:
    """Return an environment in which Python, and programs that use a proxy, reach this machine only.

    >>> blocked_environment()["HTTPS_PROXY"]
    'http://127.0.0.1:9'
    """
    proxies = dict.fromkeys((*PROXIES, *map(str.lower, PROXIES)), NOWHERE)
    local = dict.fromkeys(("NO_PROXY", "no_proxy"), LOCAL)
    return with_injected(**proxies, **local, **node_variables(), **{BLOCK_VARIABLE: "1"})
