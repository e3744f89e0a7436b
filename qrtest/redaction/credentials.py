"""Values that are known by now, out of wherever else they stand, in whatever form.

One pass over a text, however many values there are: a value is looked for where its first letters stand.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, quote_plus

from qrtest.cassette.model import Interaction
from qrtest.http.messages import Response

__all__ = ["Credentials", "forms", "with_body"]

SHORTEST: Final = 6
"""Shorter forms are parts of too many words; it is the length by which a form is looked up, too."""


class Credentials:
    """Values with their *placeholders*; they are looked for as whole words, or *anywhere*."""

    def __init__(self, placeholders: Mapping[str, str], *, anywhere: bool = False) -> None:
        self._anywhere = anywhere
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        made = {
            form.lower(): placeholder
            for value, placeholder in placeholders.items()
            for _, form in forms(value)
            if len(form) >= SHORTEST
        }
        for form in sorted(made, key=len, reverse=True):
            self._by_start.setdefault(form[:SHORTEST], []).append((form, made[form]))

    def out_of(self, interaction: Interaction) -> Interaction:
        """Return *interaction* with the placeholders instead of the values."""
        if not self._by_start:
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
        done: list[str] = []
        at, kept = 0, 0
        by_start = self._by_start
        while at <= len(low) - SHORTEST:
            for form, placeholder in by_start.get(low[at : at + SHORTEST], ()):
                end = at + len(form)
                is_anywhere = self._anywhere and not form.isdigit()
                if low.startswith(form, at) and (is_anywhere or _is_whole(low, at, end)):
                    done += [text[kept:at], placeholder]
                    at = kept = end
                    break
            else:
                at += 1
        return text if not done else "".join([*done, text[kept:]])


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
    return clean(text).encode()


def forms(value: str) -> Iterator[tuple[str, str]]:
    """Yield the forms in which *value* may stand in a text, each with its name."""
    yield "plain", value
    for escape in (
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        quote(value, safe="").lower(),
    ):
        if escape != value:
            yield "URL-encoded", escape
    escaped = _json_escaped(value)
    if escaped != value:
        yield "JSON-escaped", escaped
        yield "JSON-escaped", _json_escaped(escaped)
    encode: tuple[Callable[[bytes], bytes], ...] = (base64.b64encode, base64.urlsafe_b64encode)
    for encoder in encode:
        for offset in range(3):
            yield "base64", _stable(encoder, value.encode("utf-8", "replace"), offset)
    yield "hexadecimal", binascii.hexlify(value.encode("utf-8", "replace")).decode()


def _json_escaped(value: str) -> str:
    return json.dumps(value)[1:-1]


def _stable(encoder: Callable[[bytes], bytes], value: bytes, offset: int) -> str:
    """Return what base64 makes of *value* wherever it begins within a group of three bytes."""
    encoded = encoder(b"\0" * offset + value).decode().rstrip("=")
    start = math.ceil(offset * 8 / 6)
    end = (offset + len(value)) * 8 // 6
    return encoded[start:end]
