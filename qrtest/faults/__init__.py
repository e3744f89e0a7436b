"""What goes wrong, on which operation, and when: faults as values.

A fault says on what (*on*: an operation, or "any"), how many calls it lets pass first (*after*), how
many it then strikes (*times*, None for every one), and between which times (*since*, *until*; seconds
on the simulation's clock, or texts as "1m30s"). Calls are counted as HTTP requests, the client's own
retries included, from *since* on.

>>> status(503, times=3, on="poll")
faults.status(503, on='poll', times=3)

Each function raises `FaultError` for a value that does not fit: an operation or a length of time that
does not exist, a number out of range.

Several faults on one call compose: the first of a list is the outermost.
"""

from typing import Any

from qrtest.faults import kinds
from qrtest.faults.fault import kind_named
from qrtest.faults.kinds import *  # noqa: F403

__all__: list[str] = []
__all__ += kinds.__all__


def __getattr__(name: str) -> Any:
    """Return the function of a kind that was registered elsewhere, so that its faults print as code."""
    kind = kind_named(name)
    if kind is None:
        raise AttributeError(f"module 'qrtest.faults' has no attribute {name!r}")
    return kind.make
