"""Numbers in free text that follow a name of a person: `user id 48213377`, `phone 0170 1234567`.

Nothing but blanks and a label (`id`, `no.`, `number`) stands between. A count, a duration and a number of
something else (`account has 12345 jobs`, `user error at line 1234`) identifies nobody, and is kept.
"""

from __future__ import annotations

import re
from typing import Final

from qrtest.redaction.governing_names import is_measure

__all__ = ["LEAST_DIGITS", "NEXT_WORD", "number_after"]

LEAST_DIGITS: Final = 4
LEAST_AFTER_ORDINARY_NAMES: Final = 7
_ORDINARY: Final = ("provider", "instance", "ip", "address", "email")
"""Kinds whose names are ordinary words, too: `group 4096` is no number of a person."""

_NUMBER: Final = re.compile(
    r"(?P<other>[ \t]{1,4}[^\s\d,;:.]{1,60}(?=[ \t]{1,4}(?:has|with)[ \t]))?"
    r"(?P<label>(?:[ \t]{1,4}(?:has|with))?(?:[ \t]{1,4}(?:the|an))?"
    r"[ \t]{1,4}(?i:ids?|identifier|nos?|nr|num|numbers?|key|code)\b)?"
    r"(?:[ \t]{1,4}(?:is|was)\b)?[.:=]{0,2}[ \t]{0,4}[#(]?"
    r"(?P<number>(?<=[\s#.:=(])(?:\+|00)?\(?\d{1,24}\)?(?:[ ./-]{1,3}\(?\d{1,24}\)?){0,6})(?![\w%])"
)
NEXT_WORD: Final = re.compile(r"[ \t]{1,4}([A-Za-z]{1,40})")
_BYTES: Final = re.compile(r"(?:[ :-][0-9A-Fa-f]{2}\b){2,}")
"""Bytes in hexadecimal digits, some of which look like groups of a number."""

_LAST_GROUP: Final = re.compile(r"[ \t][^ \t]*\Z")
_LAST_SIGNS: Final = re.compile(r"[^\d]+\Z")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d|\d+\.\d+\Z")


def number_after(
    text: str, end: int, kind: str, *, is_labelled: bool = False
) -> tuple[int, int] | None:
    """Return where in *text* the number stands that belongs to the name of *kind* that ends at *end*.

    *is_labelled*: the name itself ends in a label.

    >>> number_after("user id 48213377", 4, "user"), number_after("user ran 48213377 shots", 4, "user")
    ((8, 16), None)
    """
    found = _NUMBER.match(text, end)
    if found is None or _BYTES.match(text, found.end()):
        return None
    number = found["number"]
    is_labelled = is_labelled or found["label"] is not None
    unit = NEXT_WORD.match(text, found.end())
    if unit is not None and (is_measure(unit[1]) or unit[1] == "of"):
        group = _LAST_GROUP.search(number)
        if group is None and not is_labelled:
            return None
        number = number[: group.start()] if group else number
    number = _LAST_SIGNS.sub("", number)
    is_ordinary = kind in _ORDINARY and not is_labelled
    least = LEAST_AFTER_ORDINARY_NAMES if is_ordinary else LEAST_DIGITS
    if sum(map(str.isdigit, number)) < least or _TIME.match(number):
        return None
    return found.start("number"), found.start("number") + len(number)
