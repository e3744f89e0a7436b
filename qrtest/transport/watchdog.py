"""Stops code that would wait for ever.

The clock bounds virtual time, the watchdog the number of requests. At either bound the code under test
gets `NeverEnds`. Code that catches it and goes on, again and again, gets `Stop`, which is not an
`Exception`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from qrtest.errors import NeverEnds, Stop

__all__ = ["Watchdog"]

MOST_CAUGHT: Final = 20
"""How often code may catch `NeverEnds` before it gets `Stop`."""


class Watchdog:
    """Counts requests up to *most*; *describe* returns what the code was doing.

    *maker* is the function whose options set the bounds: the message names it. `stopped_for_good` is why
    code was stopped that had caught too many; None while there was none.
    """

    def __init__(self, *, most: int, maker: str, describe: Callable[[], str]) -> None:
        self.requests = 0
        self.stopped_for_good: NeverEnds | None = None
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
        """Raise `NeverEnds` with the reason *why*, or `Stop` when the code has caught too many."""
        self._stops += 1
        error = NeverEnds(
            f"The code under test would have waited for ever: {why}.\n{self._describe()}\n"
            f"If it may take that long, say {self._maker}(longest=..., most_requests=...)."
        )
        if self._stops > MOST_CAUGHT:
            self.stopped_for_good = error
            raise Stop(error)
        raise error
