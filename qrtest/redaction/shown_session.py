"""Recorded interactions as a report may show them, and JSON with the names that it may show.

A value that is printed alone was governed by what stood around it: by names above it, by what other fields of
its object say (`{"path": "/otp", "value": "..."}`), by where a credential was used before. So the whole
documents are redacted first, as for a cassette, and what is printed is taken out of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qrtest.cassette.model import Interaction
from qrtest.redaction.credentials import Credentials
from qrtest.redaction.redactor import Redactor

__all__ = ["shown_names", "shown_session"]


def shown_session(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Return *interactions*, one by one and in their order, without what a cassette would not keep.

    >>> shown_session([])
    ()
    """
    redactor = Redactor(b"shown")
    cleaned, _ = redactor.session(list(interactions))
    known = Credentials(redactor.known_placeholders())
    return tuple(known.out_of(after) for _, after in cleaned)


def shown_names(value: Any, clean: Any) -> Any:
    """Return the JSON *value* with the names of the fields of *clean*, which redaction made of it.

    Below a place that redaction has replaced as a whole, each name is replaced.

    >>> shown_names({"users": {"ada": 1}}, {"users": {"redacted-user-0123456789": 1}})
    {'users': {'redacted-user-0123456789': 1}}
    """
    if isinstance(value, dict):
        if isinstance(clean, dict) and len(clean) == len(value):
            pairs = zip(clean.items(), value.values(), strict=True)
            return {name: shown_names(each, inner) for (name, inner), each in pairs}
        hidden = Redactor(b"shown").placeholder
        return {hidden(name): shown_names(each, None) for name, each in value.items()}
    if isinstance(value, list):
        is_alike = isinstance(clean, list) and len(clean) == len(value)
        inside = clean if is_alike else [None] * len(value)
        return [shown_names(each, inner) for each, inner in zip(value, inside, strict=True)]
    return value
