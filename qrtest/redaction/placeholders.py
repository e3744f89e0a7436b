"""What stands for a replaced value, and which of the replaced values are credentials to search for."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from typing import Final

from qrtest.redaction import words
from qrtest.redaction.patterns import NUMBER, PLACEHOLDER, is_placeholder, is_plain

__all__ = ["Placeholders", "could_be_credential", "is_number"]

DIGITS: Final = 10
SHORTEST_CREDENTIAL: Final = 6
MOST_WORDS: Final = 100
"""Of a longer credential these words are searched for one by one, and all of it as a whole."""

_BY_PLACE: Final = ("data", "host", "id", "path", "query", "text", "url")
_IDENTITIES: Final = (
    "account",
    "address",
    "crn",
    "email",
    "instance",
    "ip",
    "phone",
    "provider",
    "user",
)
_FILES: Final = ("binary", "gzip", "image", "media", "pdf", "pickle", "zip")
DISTINCT: Final = frozenset((*_BY_PLACE, *_IDENTITIES, *_FILES))
"""Kinds of placeholders that stand for no credential: two such values make two requests."""

_IS_PLACEHOLDER: Final = re.compile(PLACEHOLDER)
_ANY: Final = re.compile(rf"{PLACEHOLDER}|{NUMBER}\d{{9}}(?:\.0)?")
_IS_NUMBER: Final = re.compile(rf"-?{NUMBER}\d{{9}}(?:\.0)?")


def could_be_credential(value: str) -> bool:
    """Return whether *value* could be a credential: not short, no plain number, no ordinary word of the API.

    >>> could_be_credential("hunter2"), could_be_credential("Completed"), could_be_credential("REDACTED")
    (True, False, False)
    """
    if len(value) < SHORTEST_CREDENTIAL or is_placeholder(value) or _IS_PLACEHOLDER.search(value):
        return False
    if is_plain(value) and not (value.isdigit() and len(set(value)) > 2):
        return False
    if not any(char.isalnum() for char in value):
        return False
    found = words.parts(value)
    return not found or any(part.isdigit() or not words.is_of_the_service(part) for part in found)


def is_number(token: str) -> bool:
    """Return whether *token* is a number that stands for another."""
    return _IS_NUMBER.fullmatch(token) is not None


class Placeholders:
    """Placeholders by *key*; `known` are the values replaced so far that are to be searched for.

    Values in `public` stay as they are.
    """

    def __init__(self, key: bytes) -> None:
        self.known: set[str] = set()
        self.public: frozenset[str] = frozenset()
        self._key = key
        self._made: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._credentials: set[str] = set()

    def of(self, kind: str, value: str, *, known: bool = False) -> str:
        """Return what stands for *value*; the same for the same value, whatever it is found as.

        *known*: search for the value wherever else it stands in the session.
        """
        if is_placeholder(value) or value in self.public:
            return value
        if kind not in DISTINCT:
            self._credentials.add(value)
        if known and value not in self.known and could_be_credential(value):
            self.known.add(value)
            if " " in value:
                self._add_words(kind, value)
        made = self._made.get(value)
        if made is None:
            made = self._made[value] = f"redacted-{kind}-{self._digest(value).hex()[:DIGITS]}"
        return made

    def of_number(self, kind: str, token: str) -> str:
        """Return the number that stands for the one that is written as *token*, of the same type."""
        if _IS_NUMBER.fullmatch(token):
            return token
        if kind not in DISTINCT:
            self._credentials.add(token)
        digits = int.from_bytes(self._digest(token)[:8], "big") % 10**9
        end = "" if token.lstrip("-").isdigit() else ".0"
        made = self._numbers[token] = f"{NUMBER}{digits:09d}{end}"
        return made

    def made(self) -> dict[str, str]:
        """Return all values replaced so far with what stands for them, but for numbers."""
        return dict(self._made)

    def known_placeholders(self) -> dict[str, str]:
        """Return the known values with what stands for them.

        A number stands for one of nothing but digits: where it is a number in JSON, it has to stay one.
        """
        return {value: self.elsewhere(value) for value in self.known}

    def elsewhere(self, value: str) -> str:
        """Return what stands for the credential *value* where nothing says that it is one."""
        is_number = value.isascii() and value.isdigit()
        if is_number:
            is_identity = value in self._made and value not in self._credentials
            return self.of_number("id" if is_identity else "token", value)
        # What was made already was found as what it is: an account's id is no credential.
        return self._made.get(value) or self.of("token", value)

    def distinct_values(self, texts: Iterable[str]) -> dict[str, str]:
        """Return the values whose placeholders stand in *texts*, by placeholder, but for credentials."""
        found = {each for text in texts for each in _ANY.findall(text)}
        return {
            placeholder: value
            for made in (self._made, self._numbers)
            for value, placeholder in made.items()
            if placeholder in found and value not in self._credentials
        }

    def _add_words(self, kind: str, value: str) -> None:
        """Search for the words of a credential of several, too: it may be found a word at a time."""
        for word in value.split(maxsplit=MOST_WORDS)[:MOST_WORDS]:
            if len(word) >= SHORTEST_CREDENTIAL:
                self.of(kind, word, known=True)

    def _digest(self, value: str) -> bytes:
        return hmac.digest(self._key, value.encode("utf-8", "replace"), "sha256")
