"""Lengths of time as people write them: `"90s"`, `"2h"`, `"1h30m"`, `5`, a timedelta.

Text and number are the same to the last digit: the arithmetic is decimal, so that
`seconds(text(x)) == x` for every `x` that `seconds` gives. The resolution is a nanosecond.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from qrtest.errors import DurationError

__all__ = ["Duration", "seconds", "text"]

Duration = int | float | str | timedelta

LONGEST_SECONDS: Final = 100 * 366 * 86_400
UNITS: Final = {
    "d": Decimal(86_400),
    "h": Decimal(3_600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
}
_PART = re.compile(r"(\d{1,20}(?:\.\d{1,20})?)(ms|d|h|m|s)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,20})?", re.ASCII)


def seconds(duration: Duration) -> float:
    """Return the length of *duration* in seconds.

    Raises `DurationError` for anything that is not a length of time between 0 and 100 years.

    >>> seconds("1h30m"), seconds("250ms"), seconds(5), seconds("5")
    (5400.0, 0.25, 5.0, 5.0)
    """
    length: float
    if isinstance(duration, str):
        return _read(duration)
    if isinstance(duration, timedelta):
        length = duration.total_seconds()
    elif isinstance(duration, (int, float)) and not isinstance(duration, bool):
        length = duration
    else:
        raise DurationError(
            f"{duration!r} is not a length of time: give seconds (90), a text ('1m30s') "
            "or a timedelta."
        )
    return _possible(duration, length)


def _possible(duration: Duration, length: float) -> float:
    if not 0 <= length <= LONGEST_SECONDS:
        raise DurationError(
            f"{duration!r} is not a length of time that can pass: it must be between 0 and 100 years."
        )
    return round(float(length), 9)


def text(length_seconds: float) -> str:
    """Return *length_seconds* as people write it; `seconds` reads the same number back.

    >>> text(5400), text(0.25), text(90061.5)
    ('1h30m', '0.25s', '1d1h1m1.5s')
    """
    rest = Decimal(repr(float(length_seconds)))
    parts = []
    for unit in ("d", "h", "m"):
        whole, rest = divmod(rest, UNITS[unit])
        if whole:
            parts.append(f"{whole:f}{unit}")
    if rest or not parts:
        number = f"{rest:f}"
        parts.append(f"{number.rstrip('0').rstrip('.') if '.' in number else number}s")
    return "".join(parts)


@lru_cache(maxsize=1024)
def _read(duration: str) -> float:
    compact = "".join(duration.split())
    if _NUMBER.fullmatch(compact):
        return _possible(duration, float(compact))
    if not _WHOLE.fullmatch(compact):
        raise DurationError(
            f"{duration!r} is not a length of time: write it as '90s', '2h', '1h30m', '1d' or '250ms'."
        )
    parts = _PART.findall(compact)
    return _possible(duration, float(sum(Decimal(number) * UNITS[unit] for number, unit in parts)))
