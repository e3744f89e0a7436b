"""Words that may stay in free text: those of the service, and those of an English dictionary.

`service_words.txt` is the closed vocabulary: the words of IBM's registry of error codes, of the simulated
service, of HTTP, and what log lines are made of. It holds no name of a person. `english_words.txt` is
SCOWL, size 35 (LICENSE-SCOWL): it is believed only where a dictionary word can be no credential.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

__all__ = ["begins_a_word", "is_english", "is_of_the_service", "listed", "parts"]

_PART: Final = re.compile(r"[^\W\d_]+|\d+")
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\Wa-zA-Z\d_]+")


@cache
def listed(name: str) -> frozenset[str]:
    """Return the words in the file *name* of this folder."""
    from importlib.resources import files

    return frozenset((files(__package__) / name).read_text(encoding="utf-8").split())


@lru_cache(maxsize=8192)
def is_of_the_service(word: str) -> bool:
    """Return whether *word*, in any case, is one that the service or a protocol uses.

    >>> is_of_the_service("Queued"), is_of_the_service("swordfish")
    (True, False)
    """
    return word.lower() in listed("service_words.txt")


@lru_cache(maxsize=8192)
def is_english(word: str) -> bool:
    """Return whether *word*, in small letters, stands in the dictionary.

    >>> is_english("café"), is_english("Jane")
    (True, False)
    """
    return word in listed("english_words.txt")


def begins_a_word(text: str) -> bool:
    """Return whether *text* is the beginning of a word of the dictionary, as where a text was cut.

    >>> begins_a_word("caf"), begins_a_word("xq")
    (True, False)
    """
    return any(word.startswith(text) for word in listed("english_words.txt"))


@lru_cache(maxsize=8192)
def parts(text: str) -> tuple[str, ...]:
    """Return the words and numbers that *text* is put together from; words in camel case are taken apart.

    >>> parts("ibm_fez"), parts("samplerV2"), parts("ReadTimeout")
    (('ibm', 'fez'), ('sampler', 'V', '2'), ('Read', 'Timeout'))
    """
    found: list[str] = []
    for part in _PART.findall(text):
        if part[0].isdigit() or is_of_the_service(part) or part.islower():
            found.append(part)
        else:
            found += _CAMEL.findall(part) or [part]
    return tuple(found)
