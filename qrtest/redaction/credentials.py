"""Values that are known by now, out of wherever else they stand, in whatever form.

One pass over a text, however many values there are: a value is looked for where its first letters stand.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, quote_plus

from qrtest.cassette.model import Interaction
from qrtest.http.messages import Response
from qrtest.redaction.known_forms import KnownForms
from qrtest.redaction.patterns import NUMBER
from qrtest.redaction.placeholders import DIGITS
from qrtest.service.circuit_header import with_changed_circuits

__all__ = ["Credentials", "forms", "with_body"]

SHORTEST: Final = 6
"""Shorter forms are parts of too many words; it is the length by which a form is looked up, too."""


_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


class Credentials:
    """Values with their *placeholders*; they are looked for as whole words, or *anywhere*."""

    def __init__(self, placeholders: Mapping[str, str], *, anywhere: bool = False) -> None:
        self._anywhere = anywhere
        made = {
            form.lower(): _in_place_of(form, placeholder)
            for value, placeholder in placeholders.items()
            for _, form in forms(value)
            if len(form) >= SHORTEST
        }
        self._forms = KnownForms(made, shortest=SHORTEST)

    def out_of(self, interaction: Interaction) -> Interaction:
        """Return *interaction* with the placeholders instead of the values."""
        if not self._forms:
            return interaction
        request, response = interaction.request, interaction.response
        clean = self.clean
        return replace(
            interaction,
            request=replace(
                request,
                host=clean(request.host),
                path=clean(request.path),
                query=clean(request.query),
                headers=_each(request.headers, clean),
                body=_in_text(request.body, clean),
            ),
            response=with_body(
                replace(response, headers=_each(response.headers, clean)),
                _in_text(response.body, clean),
            ),
        )

    def clean(self, text: str) -> str:
        """Return *text* with the placeholders instead of the values that stand in it as whole words."""
        if len(text) < SHORTEST:
            return text
        low = text.lower() if text.isascii() else _lower(text)
        return self._forms.replaced(text, self._stands, as_found=low)

    def _stands(self, text: str, begin: int, end: int) -> bool:
        """Return whether what stands there may be replaced: digits within a number may not."""
        is_anywhere = self._anywhere and not text[begin:end].isdigit()
        return is_anywhere or _is_whole(text, begin, end)


def _in_place_of(form: str, placeholder: str) -> str:
    """Return *placeholder*, or the number that stands for *form* if that is one: in JSON it has to stay one.

    >>> _in_place_of("-48213377", "redacted-token-0123456789"), _in_place_of("4e7", "700700123456789")
    ('700700886718345', '700700123456789')
    """
    if _NUMBER.fullmatch(form) is None or not placeholder.startswith("redacted-"):
        return placeholder
    return f"{NUMBER}{int(placeholder[-DIGITS:], 16) % 10**9:09d}"


def _is_whole(text: str, begin: int, end: int) -> bool:
    """Return whether no letter or digit stands beside what begins and ends there in *text*."""
    before = begin > 0 and text[begin - 1].isalnum() and text[begin].isalnum()
    return not before and not (text[end : end + 1].isalnum() and text[end - 1].isalnum())


def _lower(text: str) -> str:
    """Return *text* in small letters, letter by letter: of the same length."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def with_body(response: Response, body: bytes) -> Response:
    """Return *response* with another *body*, and the length of that."""
    if body == response.body:
        return response
    headers = dict(response.headers)
    for name in headers:
        if name.lower() == "content-length" and response.failure is None:
            headers[name] = str(len(body))
    return replace(response, body=body, headers=headers)


def _each(headers: Mapping[str, str], clean: Callable[[str], str]) -> dict[str, str]:
    return {name: clean(value) for name, value in headers.items()}


def _in_text(body: bytes, clean: Callable[[str], str]) -> bytes:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    return with_changed_circuits(clean(text), clean).encode()


def forms(value: str) -> Iterator[tuple[str, str]]:
    """Yield the forms in which *value* may stand in a text, each with its name."""
    yield "plain", value
    if not (value.isascii() and value.isalnum()):
        yield from _escapes(value)
    raw = value.encode("utf-8", "replace")
    for padding, begin in ((b"", 0), (b"\0", 2), (b"\0\0", 3)):
        encoded = binascii.b2a_base64(padding + raw, newline=False).decode()
        # What is the same wherever the value begins within a group of three bytes.
        stable = encoded[begin : (len(padding) + len(raw)) * 8 // 6]
        yield "base64", stable
        if "+" in stable or "/" in stable:
            yield "base64", stable.replace("+", "-").replace("/", "_")
    yield "hexadecimal", binascii.hexlify(raw).decode()


def _escapes(value: str) -> Iterator[tuple[str, str]]:
    whole = quote(value, safe="")
    if whole == value:
        return
    yield "URL-encoded", whole
    yield "URL-encoded", whole.lower()
    if "/" in value:
        yield "URL-encoded", quote(value)
    if " " in value:
        yield "URL-encoded", quote_plus(value)
    escaped = _json_escaped(value)
    if escaped != value:
        yield "JSON-escaped", escaped
        yield "JSON-escaped", _json_escaped(escaped)


def _json_escaped(value: str) -> str:
    return json.dumps(value)[1:-1]
