"""Redactors with one rule switched off, to see whether the second opinion finds what they let through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qrtest.cassette import codec
from qrtest.cassette.model import Cassette
from qrtest.redaction import second_opinion
from qrtest.redaction.redactor import redacted
from qrtest.redaction.used_values import used_values
from tests.redaction.corpus import PROVENANCE, Case, leaks

HOLES: dict[str, tuple[str, Callable[..., Any]]] = {
    "names govern": ("allowlist.Rules.governs", lambda self, name: ""),
    "values": ("content.Content.value", lambda self, text, where: text),
    "governed values": ("content.Content._governed", lambda self, text, where: text),
    "texts under unknown names": ("content.Content._unnamed", lambda self, text, plain: text),
    "numbers": ("content.Content.number", lambda self, token, where: token),
    "contents": ("content.Content.content", lambda self, text, where=None, content_type="": text),
    "lines": ("lines.rewritten", lambda text, where, decide, free_text: text),
    "words": ("shaped_text.read", lambda free, text, *args, **options: text),
    "words and shapes": ("shaped_text.ShapedText.words", lambda self, text, strict=False, near="": text),
    "markup": ("markup.rewritten", lambda text, where, decide: text),
    "JSON": ("json_values.rewritten", lambda text, where, decide: text),
    "multipart": ("forms.parts", lambda text, where, decide: text),
    "forms": ("forms.pairs", lambda text, where, decide, pair: text),
    "paths": ("addresses.Addresses.path", lambda self, path: path),
    "queries": ("addresses.Addresses.query", lambda self, query: query),
    "addresses": ("addresses.Addresses.url", lambda self, url: url),
    "headers": ("redactor.Redactor._headers", lambda self, headers, kept: dict(headers)),
    "bodies": ("redactor.Redactor._body", lambda self, body, content_type, operation, is_public=False: body),
    "known values": ("credentials.Credentials.clean", lambda self, text: text),
}  # fmt: skip
"""What is switched off, and what stands in its place."""


def outcome(case: Case, hole: str) -> tuple[bool, bool]:
    """Return whether the secret of *case* comes through *hole*, and whether the second opinion finds it."""
    place, instead = HOLES[hole]
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(f"qrtest.redaction.{place}", instead)
        session = redacted(case.interactions, key=b"key of a hole")
    cassette = Cassette(session.interactions, PROVENANCE)
    text = codec.dumps(cassette)
    if not leaks(text, case.secret):
        return False, False
    used = used_values(case.interactions)
    found = next(
        second_opinion.searched(text, cassette, second_opinion.Search(used)), None
    ) or next(second_opinion.detected(text), None)
    return True, found is not None
