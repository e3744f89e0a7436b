"""Texts of a picture as boxes: how wide they are, where lines end, and lanes in which none overlap.

All texts of a picture are monospaced, so that their widths are known without a browser.
"""

from __future__ import annotations

import textwrap
from typing import Final
from unicodedata import combining, east_asian_width

__all__ = ["Lanes", "width_of", "wrapped"]

CELL: Final = 0.61
"""The width of a letter, in sizes of the font: that of the widest of the fonts, with a little room."""

GAP: Final = 8.0
"""Pixels between neighbours in a lane."""


def width_of(text: str, size: float) -> float:
    """Return the width of *text* in pixels, in letters of *size* pixels.

    >>> round(width_of("QUEUED", 10), 1)
    36.6
    """
    return sum(map(_cells, text)) * CELL * size


def _cells(letter: str) -> int:
    if combining(letter):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def wrapped(text: str, size: float, most: float) -> list[str]:
    """Return *text* in lines of at most *most* pixels; a word is parted only where it alone is wider.

    >>> wrapped("a job that waits", 10, 40)
    ['a job', 'that', 'waits']
    """
    letters = max(int(most / (CELL * size)), 1)
    if any(_cells(letter) == 2 for letter in text):
        letters = max(letters // 2, 1)
    return textwrap.wrap(text, letters, break_on_hyphens=False) or [""]


class Lanes:
    """Rows in which boxes are put side by side: each into the first row that has room for it."""

    def __init__(self) -> None:
        self._rows: list[list[tuple[float, float]]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, left: float, width: float, height: int = 1) -> int:
        """Put a box at *left* that is *height* rows high and return the number of its first row.

        >>> lanes = Lanes()
        >>> lanes.put(0, 50), lanes.put(40, 50), lanes.put(100, 50)
        (0, 1, 0)
        """
        right = left + width
        first = 0
        while not all(
            right + GAP <= start or end + GAP <= left
            for row in self._rows[first : first + height]
            for start, end in row
        ):
            first += 1
        for number in range(first, first + height):
            if number == len(self._rows):
                self._rows.append([])
            self._rows[number].append((left, right))
        return first
