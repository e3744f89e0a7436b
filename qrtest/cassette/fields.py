"""Values of a file with their places, so that a wrong one is named by where it stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from qrtest.errors import CassetteError

__all__ = ["Place"]

MOST: Final = 2**53
One = TypeVar("One", bound=str)


class Place:
    """A *value* that was read, and the path to it.

    >>> top = Place("bell.yaml", {"repeat": "often"})
    >>> top.get("repeat").count()
    Traceback (most recent call last):
        ...
    qrtest.errors.CassetteError: bell.yaml: repeat should be a whole number and is a text.
    """

    __slots__ = ("_key", "_parent", "name", "value")

    def __init__(
        self,
        name: str,
        value: Any = None,
        key: str | int | None = None,
        parent: Place | None = None,
    ) -> None:
        self.value = value
        self.name = name
        self._key = key  # the path is put together for messages only
        self._parent = parent

    def holding(self, value: Any) -> Place:
        """Return this place with another value."""
        return Place(self.name, value, self._key, self._parent)

    def mapping(self) -> Place:
        """Return this place, which has to hold a mapping."""
        if not isinstance(self.value, dict):
            raise self._wrong("a mapping")
        return self

    def get(self, key: str) -> Place:
        """Return what stands under *key*; None when nothing does."""
        value = self.value
        if value is None:
            return Place(self.name, None, key, self)
        if not isinstance(value, dict):
            raise self._wrong("a mapping")
        return Place(self.name, value.get(key), key, self)

    def has(self, key: str) -> bool:
        """Return whether anything stands under *key*."""
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[Place]:
        """Yield the items of a list."""
        if not isinstance(self.value, list | tuple):
            raise self._wrong("a list")
        for number, value in enumerate(self.value):
            yield Place(self.name, value, number, self)

    def text(self, *, default: str | None = None) -> str:
        """Return the text that stands here."""
        if self.value is None and default is not None:
            return default
        if isinstance(self.value, bytes):
            try:
                return self.value.decode()
            except UnicodeDecodeError:
                raise self.error("should be text in UTF-8") from None
        if not isinstance(self.value, str):
            raise self._wrong("a text")
        if not self.value.isascii() and any("\ud800" <= char <= "\udfff" for char in self.value):
            raise self.error("has half a character in it (a lone surrogate)")
        return self.value

    def count(self, *, default: int | None = None) -> int:
        """Return the whole number, not negative, that stands here."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self._wrong("a whole number")
        if not 0 <= self.value <= MOST:
            raise self.error("should be a whole number from 0 on")
        return self.value

    def seconds(self) -> float | None:
        """Return the number of seconds that stands here, or None."""
        if self.value is None:
            return None
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise self._wrong("a number of seconds")
        if not (math.isfinite(self.value) and 0 <= self.value <= MOST):
            raise self.error("should be a number of seconds from 0 on")
        return float(self.value)

    def one_of(self, words: tuple[One, ...]) -> One | None:
        """Return the one of *words* that stands here, or None."""
        if self.value is None:
            return None
        for word in words:
            if self.value == word:
                return word
        raise self.error(f"should be one of {', '.join(words)}")

    def error(self, problem: str) -> CassetteError:
        """Return the error that this place *problem*."""
        return CassetteError(f"{self.name}: {self._path() or 'the file'} {problem}.")

    def _wrong(self, wanted: str) -> CassetteError:
        kind = _KIND.get(type(self.value), "of another kind")
        return self.error(f"should be {wanted} and is {kind}")

    def _path(self) -> str:
        """Return the path to this place, as `interactions[0].request`; an empty text for the file."""
        if self._key is None:
            return ""
        above = "" if self._parent is None else self._parent._path()
        if isinstance(self._key, int):
            return f"{above}[{self._key}]"
        return f"{above}.{self._key}" if above else self._key


_KIND: Final[dict[type, str]] = {
    type(None): "not there",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    bytes: "binary",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
}
