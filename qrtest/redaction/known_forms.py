"""Many texts to replace in one pass: each is looked up where its first letters stand, by its length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        lengths: dict[str, set[int]] = {}
        for form in self._replacements:
            lengths.setdefault(form[:shortest], set()).add(len(form))
        self._lengths = {start: sorted(each, reverse=True) for start, each in lengths.items()}

    def __bool__(self) -> bool:
        return bool(self._replacements)

    def replaced(self, text: str, stands: Stands, *, as_found: str | None = None) -> str:
        """Return *text* with the replacements, the longest first; *as_found*: how it is searched."""
        low = text if as_found is None else as_found
        lengths, shortest = self._lengths, self._shortest
        places = range(len(low) - shortest + 1)
        done: list[str] = []
        kept = 0
        for at in [place for place in places if low[place : place + shortest] in lengths]:
            if at < kept:
                continue
            for length in lengths[low[at : at + shortest]]:
                if at + length > len(low):
                    continue
                form = low[at : at + length]
                if form in self._replacements and stands(low, at, at + length):
                    done += (text[kept:at], self._replacements[form])
                    kept = at + length
                    break
        return "".join((*done, text[kept:])) if done else text
