"""The scan of a finished cassette: does any secret stand in its text?

A finding says where and what kind, never the value. Redacting again what was redacted changes
nothing; where it would, there is something to find.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from qrtest.cassette import shapes
from qrtest.cassette.allowed import Rules
from qrtest.cassette.model import Cassette, Interaction
from qrtest.cassette.redact import Redactor, is_token_exchange
from qrtest.errors import CassetteError

__all__ = ["Finding", "secrets"]

SHORT: Final = 12
"""Known values shorter than this count only where they stand alone."""

_BLOB: Final = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}(?:\s+[A-Za-z0-9+/]{4,}={0,2})*")
_PLACEHOLDER: Final = re.compile(r"redacted-([a-z]+)-[0-9a-f]{10}")
_STRONG: Final = ("pem", "crn", "jwt", "scheme", "email", "user", "key")
LARGEST_BLOB: Final = 2**26


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be in a cassette: what *kind*, and *where*."""

    kind: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}"


def secrets(
    text: str,
    cassette: Cassette,
    *,
    known: Iterable[str] = (),
    rules: Rules | None = None,
) -> tuple[Finding, ...]:
    """What *text*, the file of *cassette*, holds that looks like a secret, or is one of the *known*."""
    rules = rules or Rules()
    found = [
        *_known_in(text, known),
        *(
            finding
            for at, one in enumerate(cassette.interactions)
            for finding in _in(one, at, rules)
        ),
        *_in_text(text, rules),
    ]
    return tuple(dict.fromkeys(found))


def _in(interaction: Interaction, number: int, rules: Rules) -> Iterator[Finding]:
    """What redacting again would change."""
    here = f"exchange {number + 1} ({interaction.request.method} {_safe_path(interaction)})"
    if is_token_exchange(interaction.request):
        yield Finding("a token exchange", here)
        return
    try:
        clean = Redactor(b"audit", rules).interaction(interaction)
    except CassetteError:
        yield Finding("a body that cannot be looked into", here)
        return
    parts = [
        ("the address", interaction.uri.encode(), clean.uri.encode()),
        ("the request's body", interaction.request.body, clean.request.body),
        ("the response's body", interaction.response.body, clean.response.body),
    ]
    for side, before, after in (
        ("request", interaction.request.headers, clean.request.headers),
        ("response", interaction.response.headers, clean.response.headers),
    ):
        for name in before:
            if name.lower() not in ("content-length", "content-encoding"):
                old, new = (
                    before[name].encode(),
                    after.get(name, "redacted-header-0000000000").encode(),
                )
                parts.append((f"the {side}'s header {name[:60]}", old, new))
    for part, before_bytes, after_bytes in parts:
        if before_bytes != after_bytes:
            yield from _changes(f"{here}, {part}", before_bytes, after_bytes)


def _safe_path(interaction: Interaction) -> str:
    return Redactor(b"audit").request(interaction.request).path[:120]


def _changes(where: str, before: bytes, after: bytes) -> Iterator[Finding]:
    old, new = (text.decode(errors="replace").splitlines() or [""] for text in (before, after))
    if len(old) != len(new):
        yield Finding("something that is not kept", where)
        return
    for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
        if one != other:
            kinds = _PLACEHOLDER.findall(other)
            kind = next(
                (
                    kind
                    for kind in kinds
                    if kinds.count(kind) != _PLACEHOLDER.findall(one).count(kind)
                ),
                "",
            )
            place = f"{where}, line {number}" if len(old) > 1 else where
            yield Finding(f"what looks like: {kind or 'something that is not kept'}", place)


def _in_text(text: str, rules: Rules) -> Iterator[Finding]:
    """What the text itself shows, comments and all, of the kinds that cannot be mistaken."""
    finder = shapes.finder(rules.shapes)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 10_000 and " " not in line[:10_000]:
            continue
        for found in finder.finditer(line):
            kind = str(found.lastgroup)
            clear = kind in _STRONG or kind.startswith("own_")
            if clear and "redacted-" not in found[0]:
                yield Finding(f"what looks like: {kind.removeprefix('own_')}", f"line {number}")


def _known_in(text: str, known: Iterable[str]) -> Iterator[Finding]:
    """Values that the session is known to have used, in the text and inside of encoded data."""
    wanted = {
        form: kind
        for value in known
        for kind, form in shapes.forms(value)
        if len(form) >= min(len(value), SHORT) and form
    }
    if not wanted:
        return
    alone = [re.escape(form) for form in wanted if len(form) < SHORT]
    anywhere = [re.escape(form) for form in wanted if len(form) >= SHORT]
    choices = [f"(?<![A-Za-z0-9]){form}(?![A-Za-z0-9])" for form in alone] + anywhere
    pattern = re.compile("|".join(choices))
    for found in pattern.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Finding(f"a credential of this session, {wanted[found[0]]}", f"line {line}")
    for blob in _BLOB.finditer(text):
        for content in _unpacked(blob[0]):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                if pattern.search(content.decode(encoding, "ignore")):
                    line = text.count("\n", 0, blob.start()) + 1
                    yield Finding(
                        "a credential of this session, within encoded data", f"line {line}"
                    )


def _unpacked(blob: str) -> Iterator[bytes]:
    compact = "".join(blob.split())
    try:
        content = base64.b64decode(compact + "=" * (-len(compact) % 4))
    except ValueError:
        return
    yield content
    try:
        yield zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, LARGEST_BLOB)
    except zlib.error:
        return
