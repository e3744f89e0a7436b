"""Moments of real time: what a simulation begins at, and what time it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from qrtest.clock.genuine import REAL
from qrtest.errors import ClockError

__all__ = ["EPOCH", "UPTIME_SECONDS", "Moment", "moment", "unix_time"]

EPOCH: Final = 1_767_225_600.0
"""Unix time at which a simulation begins: 2026-01-01T00:00:00Z."""

UPTIME_SECONDS: Final = 65_536.0
"""What `time.monotonic()` returns when a simulation begins."""

NOW: Final = "now"
LATEST: Final = 221_845_392_000.0
"""The year 9000: a simulation that begins then can go on for some time before Python's calendar ends."""

Moment = str | datetime | float


def moment(starts: Moment) -> float:
    """Return a date and time as Unix time: a datetime, an ISO text, "now", or the number itself.

    One without a zone is local time, as for `datetime.timestamp`. Raises `ClockError` for anything else.

    >>> moment("2026-03-01T12:00Z"), moment("2026-03-01T13:00+01:00"), moment(0)
    (1772366400.0, 1772366400.0, 0.0)
    """
    if starts == NOW:
        return unix_time()
    try:
        found = datetime.fromisoformat(starts) if isinstance(starts, str) else starts
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            found = datetime.fromtimestamp(found, UTC)
        if isinstance(found, datetime) and found.timestamp() < LATEST:
            return found.timestamp()
    except (ValueError, OverflowError, OSError):
        pass
    raise ClockError(
        f"starts={starts!r} is not a moment: write starts='2026-03-01T12:00Z', 'now', a datetime "
        "or a Unix time."
    )


def unix_time() -> float:
    """Return the real seconds since 1970, whatever clock is installed."""
    seconds: float = REAL["time"]()
    return seconds
