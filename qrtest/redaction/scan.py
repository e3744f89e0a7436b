"""The scan of a finished cassette: does any secret stand in its text?

A finding says where and what kind, never the value. Redacting again what was redacted changes
nothing; where it would, there is something to find.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from qrtest.cassette.checks import Finding
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import CassetteError
from qrtest.http.messages import Request, Response
from qrtest.redaction import patterns, second_opinion
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.bodies import decompressed, text_of
from qrtest.redaction.public_names import public_names
from qrtest.redaction.redactor import Redactor, is_token_exchange

__all__ = ["secrets"]

_PLACEHOLDER: Final = re.compile(r"redacted-([a-z]+)-[0-9a-f]{10}")
_STRONG: Final = ("pem", "crn", "jwt", "scheme", "email", "user", "key")


def secrets(
    text: str,
    cassette: Cassette,
    *,
    known: Iterable[str] = (),
    rules: Rules | None = None,
) -> tuple[Finding, ...]:
    """Return what *text*, the file of *cassette*, holds that looks like a secret or is *known* to be one."""
    rules = rules or Rules()
    redactor = Redactor(b"audit", rules)
    redactor.keep(public_names(cassette.interactions))
    found = [
        *(
            finding
            for finding, _ in second_opinion.searched(text, cassette, second_opinion.Search(known))
        ),
        *(finding for finding, _ in second_opinion.detected(text)),
        *(
            finding
            for at, one in enumerate(cassette.interactions)
            for finding in _in(one, at, redactor)
        ),
        *_in_text(text, rules, redactor),
    ]
    return tuple(dict.fromkeys(found))


def _in(interaction: Interaction, number: int, redactor: Redactor) -> Iterator[Finding]:
    """Yield what redacting again would change."""
    path = redactor.path(interaction.request.path)
    here = f"interaction {number + 1} ({redactor.method(interaction.request.method)} {path[:120]})"
    if is_token_exchange(interaction.request):
        yield Finding("a token exchange", here)
        return
    try:
        clean = redactor.interaction(interaction)
    except CassetteError:
        yield Finding("a body that cannot be looked into", here)
        return
    yield from _changes(f"{here}, the address", interaction.uri, clean.uri)
    for side, before, after in (
        ("request", interaction.request, clean.request),
        ("response", interaction.response, clean.response),
    ):
        if before.body != after.body:
            yield from _changes(f"{here}, the {side}'s body", _text(before), _text(after))
        for name, value in before.headers.items():
            part = f"{here}, the {side}'s header {redactor.name(name)[:60]}"
            if name.lower() in ("content-length", "content-encoding"):
                continue
            if name in after.headers:
                yield from _changes(part, value, after.headers[name])
            else:
                yield Finding("a header that is not kept", part)


def _text(message: Request | Response) -> str:
    """Return what a body says, by its headers."""
    headers = {name.lower(): value for name, value in message.headers.items()}
    body = decompressed(message.body, headers.get("content-encoding"))
    return text_of(body, headers.get("content-type", ""))[0] or ""


def _changes(where: str, before: str, after: str) -> Iterator[Finding]:
    old, new = before.splitlines(), after.splitlines()
    if len(old) != len(new):
        yield Finding("something that is not kept", where)
        return
    for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
        if one != other:
            there_before = Counter(_PLACEHOLDER.findall(one))
            added = Counter(_PLACEHOLDER.findall(other)) - there_before
            kind = (
                f"what looks like: {next(iter(added))}" if added else "something that is not kept"
            )
            yield Finding(kind, f"{where}, line {number}" if len(old) > 1 else where)


def _in_text(text: str, rules: Rules, redactor: Redactor) -> Iterator[Finding]:
    """Yield what the text itself shows, comments and all, of the kinds that cannot be mistaken."""
    finder = patterns.finder(rules.shapes)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 10_000 and " " not in line[:10_000]:
            continue
        for found in finder.finditer(line):
            kind = str(found.lastgroup)
            clear = kind in _STRONG or kind.startswith("own_")
            clear = clear and not (kind == "jwt" and not patterns.is_jwt(found[0]))
            if clear and "redacted-" not in found[0] and redactor.shown(found[0]) != found[0]:
                yield Finding(f"what looks like: {kind.removeprefix('own_')}", f"line {number}")
