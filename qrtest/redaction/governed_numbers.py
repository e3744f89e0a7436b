"""Numbers below a name that governs: how many digits make one an id, or a credential."""

from __future__ import annotations

from typing import Final

from qrtest.redaction.governing_names import identifies, plain_name
from qrtest.redaction.patterns import is_id
from qrtest.redaction.where import Where

__all__ = ["LEAST_DIGITS", "digits_of", "is_id_below", "least_digits"]

_LEAST_KEY: Final = 6
"""How many digits a name below an identity has at least to be an id: shorter ones are outcomes."""

LEAST_DIGITS: Final = 4
"""A number, or a text of digits, of fewer is no credential and identifies nobody."""

_CARD_CODES: Final = ("cvv", "cvv2", "cvc", "cvc2")
"""Names of the code on a payment card, which has three digits."""

_PEOPLE: Final = ("user", "account", "phone", "instance")
"""Kinds of names below which an id or a number of any length identifies somebody."""


def is_id_below(name: str, kind: str) -> bool:
    """Return whether *name*, a key below an identity of *kind*, is an id rather than an outcome.

    >>> is_id_below("48213377", "user"), is_id_below("0110", "user")
    (True, False)
    """
    if kind and is_id(name):
        return True
    is_number = len(name) >= _LEAST_KEY and name.isdigit() and not set(name) <= {"0", "1"}
    return is_number and kind in ("token", *_PEOPLE)


def least_digits(where: Where) -> int:
    """Return from how many digits on a number at *where*, which a name governs, is replaced.

    `{"user_id": 7}` identifies somebody; `{"user": 7}` may as well be a count, `{"token": 7}` a status.
    """
    is_person = where.over in _PEOPLE and identifies(where.name)
    return 1 if is_person or plain_name(where.name) in _CARD_CODES else LEAST_DIGITS


def digits_of(token: str, kind: str) -> int:
    """Return how many digits the number *token* has before its point; of an address, all of them."""
    if token in ("0", "-1"):
        return 0
    mantissa, _, exponent = token.lower().partition("e")
    whole = mantissa.lstrip("-").partition(".")[0]
    if kind == "address":
        return sum(char.isdigit() for char in mantissa)
    if exponent.lstrip("+").isdigit() and len(exponent) <= 3 and float(token) >= 1:
        return len(whole) + int(exponent)
    return len(whole) if whole.isdigit() and not exponent else 0
