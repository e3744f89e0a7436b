"""Many texts to replace in one pass: each is looked up where its first letters stand, by its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

__all__ = ["KnownForms"]

Stands = Callable[[str, int, int], bool]
"""Called with a text and two places in it; returns whether what is between them may be replaced."""


class KnownForms:
    """Texts with their *replacements*; each has *shortest* characters or more.

    >>> KnownForms({"jane": "X", "janet": "Y"}, shortest=2).replaced("jane, janet", lambda *_: True)
    'X, Y'
    """

    def __init__(self, replacements: Mapping[str, str], *, shortest: int) -> None:
        self._shortest: Final = shortest
        self._replacements: Final = dict(replacements)
        self._stride: Final = max(1, shortest // 2)
        self._width: Final = shortest - self._stride + 1
        lengths: dict[str, set[int]] = {}
        for form in self._replacements:
            lengths.setdefault(form[:shortest], set()).add(len(form))
        self._lengths = {start: sorted(each, reverse=True) for start, each in lengths.items()}
        self._beginnings = {
            start[at : at + self._width] for start in lengths for at in range(self._stride)
        }

    def __bool__(self) -> bool:
        return bool(self._replacements)

    def replaced(self, text: str, stands: Stands, *, as_found: str | None = None) -> str:
        """Return *text* with the replacements, the longest first; *as_found*: how it is searched."""
        low = text if as_found is None else as_found
        done: list[str] = []
        kept = 0
        for at in self._starts(low):
            if at < kept:
                continue
            for length in self._lengths[low[at : at + self._shortest]]:
                if at + length > len(low):
                    continue
                form = low[at : at + length]
                if form in self._replacements and stands(low, at, at + length):
                    done += (text[kept:at], self._replacements[form])
                    kept = at + length
                    break
        return "".join((*done, text[kept:])) if done else text

    def _starts(self, low: str) -> Iterator[int]:
        """Yield where the first letters of a form stand in *low*, from the begin to the end.

        Not every place is looked at: wherever a form begins, one of its first parts stands at such a place.
        """
        beginnings, lengths = self._beginnings, self._lengths
        stride, width, shortest = self._stride, self._width, self._shortest
        looked_at = range(0, len(low) - width + 1, stride)
        for place in [place for place in looked_at if low[place : place + width] in beginnings]:
            for at in range(max(0, place - stride + 1), place + 1):
                if low[at : at + shortest] in lengths:
                    yield at
