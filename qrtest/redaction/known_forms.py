"""Many texts to replace in one pass: each is looked up where its first letters stand, by its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

__all__ = ["KnownForms"]

LONG: Final = 500
"""A form of more characters is searched for as a whole."""

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
        self._long: dict[str, list[str]] = {}
        self._stride: Final = max(1, shortest // 2)
        self._width: Final = shortest - self._stride + 1
        lengths: dict[str, set[int]] = {}
        for form in self._replacements:
            lengths.setdefault(form[:shortest], set()).add(min(len(form), LONG))
            if len(form) >= LONG:
                self._long.setdefault(form[:LONG], []).append(form)
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
        for at, end in self.places(low, stands):
            done += (text[kept:at], self._replacements[low[at:end]])
            kept = end
        return "".join((*done, text[kept:])) if done else text

    def places(self, low: str, stands: Stands) -> Iterator[tuple[int, int]]:
        """Yield where forms stand in *low*, none over another, the longest first."""
        kept = 0
        places: dict[str, set[int]] = {}
        for at in self._starts(low):
            if at < kept:
                continue
            for length in self._lengths[low[at : at + self._shortest]]:
                if at + length > len(low):
                    continue
                form = low[at : at + length]
                if length == LONG:
                    form = self._long_form(form, low, at, places)
                end = at + len(form)
                if form in self._replacements and stands(low, at, end):
                    yield at, end
                    kept = end
                    break

    def _long_form(self, head: str, low: str, at: int, places: dict[str, set[int]]) -> str:
        """Return the longest form that begins with *head* and stands in *low* at *at*; "" for none.

        *places* are those where such forms stand, each searched for once: to cut a long form out of a text
        at each place takes the square of it.
        """
        for form in sorted(self._long.get(head, ()), key=len, reverse=True):
            found = places.get(form)
            if found is None:
                found = places[form] = set(_occurrences(form, low, at))
            if at in found:
                return form
        return ""

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


def _occurrences(form: str, text: str, begin: int) -> Iterator[int]:
    """Yield where *form* stands in *text* from *begin* on, beside itself rather than over itself."""
    while (begin := text.find(form, begin)) >= 0:
        yield begin
        begin += len(form)
