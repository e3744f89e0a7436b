"""Names in programs and of fields: which are put together from words, or short as those of registers are."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from qrtest.redaction import patterns, words
from qrtest.redaction.governing_names import SECRET_NAME, governs

__all__ = ["is_identifier", "is_made_of_words", "is_register"]

LONGEST_REGISTER: Final = 40
SHORTEST: Final = 12
LONGEST_ABBREVIATION: Final = 5
"""A part of a name that is no word, as `alice` in `alice_out`, has at most so many letters."""


def is_register(text: str) -> bool:
    """Return whether *text* may be the name of a register: an identifier of short parts.

    >>> is_register("ancilla_flags_zork"), is_register("hunter2-x9")
    (True, False)
    """
    is_identifier = len(text) <= LONGEST_REGISTER and text.isascii() and text.isidentifier()
    is_random = len(text) > SHORTEST and patterns.looks_random(text)
    return (
        is_identifier and all(len(part) <= SHORTEST for part in text.split("_")) and not is_random
    )


def is_identifier(text: str) -> bool:
    """Return whether *text* may be a name in a program: one of a register that is short, or made of words.

    >>> is_identifier("alice_out_2"), is_identifier("meas7x"), is_identifier("Aloysius_Quimbyfield")
    (True, True, False)
    """
    return is_register(text) and (len(text) <= SHORTEST or all(map(_is_known, words.parts(text))))


@lru_cache(maxsize=4096)
def is_made_of_words(name: str) -> bool:
    """Return whether *name*, which governs, is put together from words and abbreviations.

    >>> is_made_of_words("jsessionid"), is_made_of_words("X-Auth-Token"), is_made_of_words("token~q83vEjRWeJ")
    (True, True, False)
    """
    parts = words.parts(name)
    numbers = sum(len(part) for part in parts if part[0].isdigit())
    abbreviations = sum(not _is_word(part) for part in parts if not part[0].isdigit())
    return numbers <= 4 and abbreviations <= 2 and all(map(_is_known, parts))


def _is_known(part: str) -> bool:
    return len(part) <= LONGEST_ABBREVIATION or _is_word(part)


def _is_word(part: str) -> bool:
    low = part.lower()
    if (
        words.is_of_the_service(low)
        or words.is_english(low)
        or governs(low) in ("user", "account", "email", "ip")
    ):
        return True
    rest = SECRET_NAME.sub("", low)
    return rest != low and (len(rest) <= LONGEST_ABBREVIATION or words.is_english(rest))
