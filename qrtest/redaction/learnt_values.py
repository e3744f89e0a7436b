"""Values that answers taught a program, in its later requests: what a replayed program sends there.

A replay answers with placeholders, and the program puts them where it put the values: into paths, queries
and bodies. So the values are replaced there first, as whole words, and the rest is redacted around them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

from qrtest.cassette.model import Interaction
from qrtest.redaction.known_forms import KnownForms

__all__ = ["LearntValues"]

SHORTEST: Final = 2
SHORT: Final = 10_000
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
SAFE: Final = ("", "/", "/:", ":@", "/:@", "!$&'()*+,;=:@", "/?!$&'()*+,;=:@")
"""Characters that clients leave as they are in a path or a query."""

LARGEST_BODY: Final = 2**18
"""A body of more characters is a circuit or data, and not searched."""


class LearntValues:
    """Values that stood in answers, with the *placeholders* that replace them there."""

    def __init__(
        self, placeholders: Mapping[str, str], session: Iterable[Interaction] = ()
    ) -> None:
        """*session*: those to come, so that in few and short requests few values are looked for."""
        self._values = {placeholder: value for value, placeholder in placeholders.items()}
        text = "\n".join(
            f"{each.uri} {each.request.body[:SHORT].decode(errors='replace')}" for each in session
        )
        is_short = 0 < len(text) < SHORT and len(placeholders) > SHORT // 10
        forms = {
            form: placeholder
            for value, placeholder in placeholders.items()
            if not (is_short and value.isascii() and value.isalnum() and value not in text)
            for form in _forms(value)
            if len(form) >= SHORTEST
        }
        self._forms = KnownForms(forms, shortest=SHORTEST)

    def in_request(self, interaction: Interaction) -> Interaction:
        """Return *interaction* with the placeholders in its request."""
        request = interaction.request
        changed = replace(
            request,
            path=self._replaced(request.path),
            query=self._replaced(request.query),
            body=self._in_body(request.body),
        )
        return interaction if changed == request else replace(interaction, request=changed)

    def original(self, text: str) -> str:
        """Return *text* with the values again, as the recorded program sent it."""
        for placeholder, value in self._values.items():
            if placeholder in text:
                text = text.replace(placeholder, value)
        return text

    def _in_body(self, body: bytes) -> bytes:
        if len(body) > LARGEST_BODY:
            return body
        try:
            return self._replaced(body.decode()).encode()
        except UnicodeDecodeError:
            return body

    def _replaced(self, text: str) -> str:
        return self._forms.replaced(text, _is_whole)


def _forms(value: str) -> set[str]:
    """Return *value* as it may stand in an address, a form, JSON and markup, and in one in another."""
    if value.isascii() and value.isalnum():
        return {value}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    texts = {value, *escaped, escape(value, quote=False), escape(value)}
    texts |= {text.replace("/", "\\/") for text in escaped}
    texts |= {json.dumps(text)[1:-1] for text in escaped}
    quoted = {form for text in texts for form in _quoted(text)}
    twice = {quote(form, safe="") for form in _quoted(value)}
    return texts | quoted | twice


def _quoted(text: str) -> set[str]:
    """Return *text* in the percent-encodings that clients make: they differ in what stays as it is."""
    made = {quote(text, safe=safe) for safe in SAFE} | {quote_plus(text)}
    return made | {_ESCAPE.sub(lambda found: found[0].lower(), form) for form in made}


def _is_whole(text: str, begin: int, end: int) -> bool:
    """Return whether no letter or digit stands beside what begins and ends there in *text*."""
    before = begin > 0 and text[begin - 1].isalnum() and text[begin].isalnum()
    before = before and _ESCAPE.fullmatch(text, max(0, begin - 3), begin) is None
    return not before and not (text[end : end + 1].isalnum() and text[end - 1].isalnum())
