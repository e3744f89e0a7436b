"""Stops code that would wait for ever.

Time is bounded by the clock, the number of requests here. Whichever bound is met first, the code
under test gets `NeverEnds`; if it catches that and goes on, again and again, it gets `Stop`, which
is no `Exception`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from qrtest.errors import NeverEnds, Stop

__all__ = ["Watchdog"]

PATIENCE: Final = 20
"""How often `NeverEnds` may be swallowed before it becomes `Stop`."""


class Watchdog:
    """Counts requests up to *most*, and tells with *describe* what the code was doing.

    *maker* is the function whose options set the bounds, for the message.
    """

    def __init__(self, *, most: int, maker: str, describe: Callable[[], str]) -> None:
        self.requests = 0
        self._most = most
        self._maker = maker
        self._describe = describe
        self._stops = 0

    def count_request(self) -> None:
        """Count a request. Raises `NeverEnds` when it is one too many."""
        self.requests += 1
        if self.requests > self._most:
            self.stop(f"it has made {self._most:,} requests")

    def stop(self, why: str) -> NoReturn:
        """Raise `NeverEnds` because of *why*, or `Stop` if it was not heard."""
        self._stops += 1
        error = NeverEnds(
            f"The code under test would have waited for ever: {why}.\n{self._describe()}\n"
            f"If it may take that long, say {self._maker}(longest=..., most_requests=...)."
        )
        if self._stops > PATIENCE:
            raise Stop(error)
        raise error
