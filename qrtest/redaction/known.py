"""Credentials that are known by now, out of wherever else they stand, in whatever form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from qrtest.cassette.model import Interaction
from qrtest.http.messages import Response
from qrtest.redaction.patterns import forms

__all__ = ["Known", "with_body"]

SHORTEST: Final = 6
"""Shorter values are parts of too many words."""


class Known:
    """Values with their *placeholders*."""

    def __init__(self, placeholders: Mapping[str, str]) -> None:
        self._by_form = {
            form: placeholder
            for value, placeholder in placeholders.items()
            for _, form in forms(value)
            if len(form) >= SHORTEST
        }
        longest_first = sorted(self._by_form, key=len, reverse=True)
        choices = "|".join(map(re.escape, longest_first))
        self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{choices})(?![A-Za-z0-9])")

    def out_of(self, interaction: Interaction) -> Interaction:
        """*interaction* with the placeholders instead of the values."""
        if not self._by_form:
            return interaction
        request, response = interaction.request, interaction.response
        clean = self._clean
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

    def _clean(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._by_form[found[0]], text)


def with_body(response: Response, body: bytes) -> Response:
    """*response* with another *body*, and the length of that."""
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
