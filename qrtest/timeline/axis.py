"""The axis of time of a picture: to scale, but for gaps that are broken and marked as broken.

Six hours of queue and 0.4 s of run cannot both be seen to scale. The longest gaps are then broken, as few as
will do: what is not broken keeps one scale, and a broken gap is never shorter than one that is not.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["Axis", "moment"]

DECIMALS: Final = 4
"""Times that differ by less are one time."""


def moment(seconds: float) -> float:
    """Return *seconds* as the axis knows it, rounded to a tenth of a millisecond."""
    return round(seconds, DECIMALS)


@dataclass(frozen=True, slots=True)
class Axis:
    """The *places* of *times*, in pixels, with straight lines between; *broken* gaps by their numbers."""

    times: tuple[float, ...]
    places: tuple[float, ...]
    broken: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls,
        times: Iterable[float],
        apart: Iterable[tuple[float, float, float]],
        left: float,
        right: float,
    ) -> Axis:
        """Return the axis from *left* to *right* on which every one of *times* has a place.

        *apart* are pairs of times with the pixels that should lie between them, at least.

        >>> to_scale = Axis.of([0, 30, 60], [(0, 30, 5)], 0, 600)
        >>> to_scale.at(15.0), to_scale.broken
        (150.0, frozenset())
        >>> Axis.of([0, 21_600, 21_600.4], [(21_600, 21_600.4, 5)], 0, 600).broken
        frozenset({0})
        """
        times = tuple(sorted(set(map(moment, times))))
        if len(times) < 2:
            return cls(times, (float(left),) * len(times))
        gaps = [after - before for before, after in pairwise(times)]
        least = [0.0] * len(gaps)
        for start, end, pixels in apart:
            within = range(bisect_left(times, moment(start)), bisect_left(times, moment(end)))
            if within:
                # The longest gap between the two gives way last.
                widest = max(within, key=gaps.__getitem__)
                least[widest] = max(least[widest], pixels)
        room = right - left
        longest_first = sorted(range(len(gaps)), key=lambda number: -gaps[number])
        widths, broken = [room / len(gaps)] * len(gaps), frozenset(longest_first)
        for count in range(len(gaps) + 1):
            tried = frozenset(longest_first[:count])
            fitting = _widths(gaps, least, tried, room)
            if fitting is not None:
                widths, broken = fitting, tried
                break
        places = [float(left)]
        for width in widths:
            places.append(places[-1] + width)
        return cls(times, tuple(places), broken)

    def at(self, seconds: float) -> float:
        """Return the place of a time; those outside of the axis are at its ends."""
        time = moment(seconds)
        number = bisect_left(self.times, time)
        if number == 0:
            return round(self.places[0], 1)
        if number == len(self.times):
            return round(self.places[-1], 1)
        before, after = self.times[number - 1], self.times[number]
        start, end = self.places[number - 1], self.places[number]
        return round(start + (time - before) / (after - before) * (end - start), 1)

    def breaks(self) -> list[tuple[float, float]]:
        """Return from where to where the axis is not to scale."""
        found: list[tuple[float, float]] = []
        for number in sorted(self.broken):
            start, end = round(self.places[number], 1), round(self.places[number + 1], 1)
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found


def _widths(
    gaps: list[float], least: list[float], broken: frozenset[int], room: float
) -> list[float] | None:
    """Return the width of each gap if only *broken* ones are not to scale, or None if they do not fit."""
    kept = [number for number in range(len(gaps)) if number not in broken]
    scale = max((least[number] / gaps[number] for number in kept), default=0.0)
    longest = max((gaps[number] for number in kept), default=0.0)
    if not broken:
        scale = max(scale, room / sum(gaps))
    widths = [gap * scale for gap in gaps]
    for number in broken:
        widths[number] = max(least[number], longest * scale)
    spare = room - sum(widths)
    if spare < -1e-6:
        return None
    weights = {number: math.log1p(gaps[number]) for number in broken}
    total = sum(weights.values())
    for number, weight in weights.items():
        widths[number] += spare * (weight / total if total else 1 / len(weights))
    return widths
