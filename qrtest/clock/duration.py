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

__all__ = ["Duration", "corrected", "seconds", "text"]

Duration = int | float | str | timedelta

LONGEST_SECONDS: Final = 100 * 366 * 86_400
UNITS: Final = {
    "d": Decimal(86_400),
    "h": Decimal(3_600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
}
WORDS: Final = {
    "d": ("d", "day", "days"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "ms": ("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"),
}
"""How people write the units."""

DAYS: Final = {"w": 7, "week": 7, "weeks": 7, "month": 30, "months": 30, "year": 365, "years": 365}
SMALLER: Final = {"d": "h", "h": "m", "m": "s"}
_UNIT_OF: Final = {word: unit for unit, words in WORDS.items() for word in words}
_WRITTEN = re.compile(r"(?:\s|,|and\b)*(\d{1,20}(?:[.,]\d{1,20})?)\s*([^\W\d_]*)", re.ASCII)
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


@lru_cache(maxsize=1024)
def _possible(duration: Duration, length: float) -> float:
    if not 0 <= length <= LONGEST_SECONDS:
        raise DurationError(
            f"{duration!r} is not a length of time that can pass: it must be between 0 and 100 years."
        )
    return round(float(length), 9)


def corrected(written: str) -> str | None:
    """Return what was meant by *written*, in the form that `seconds` reads; None if it is unclear.

    >>> corrected("2 hours"), corrected("1 hr and 30 min"), corrected("1h30"), corrected("soon")
    ('2h', '1h30m', '1h30m', None)
    """
    import difflib

    parts: list[tuple[str, str]] = []
    at = 0
    while at < len(written.rstrip()):
        match = _WRITTEN.match(written, at)
        if match is None:
            return None
        number, word = match[1].replace(",", "."), match[2].lower()
        if not word and parts:
            word = SMALLER.get(parts[-1][1], "")
        near = difflib.get_close_matches(word, [*_UNIT_OF, *DAYS], n=1) if word else []
        if word and not near:
            return None
        unit = near[0] if near else "s"
        if unit in DAYS:
            parts.append((f"{Decimal(number) * DAYS[unit]:f}", "d"))
        else:
            parts.append((number, _UNIT_OF[unit]))
        at = match.end()
    return "".join(f"{number}{unit}" for number, unit in parts) or None


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
        near = corrected(duration)
        rather = f"write {near!r}" if near else "write it as '90s', '2h', '1h30m', '1d' or '250ms'"
        raise DurationError(f"{duration!r} is not a length of time: {rather}.")
    parts = _PART.findall(compact)
    return _possible(duration, float(sum(Decimal(number) * UNITS[unit] for number, unit in parts)))
