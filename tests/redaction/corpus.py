"""Recordings with a planted secret in every position, kind and encoding.

`python -m tests.redaction.corpus` prints how many of the planted secrets come through redaction, and how
many harmless contents it changes.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from qrtest.cassette.model import Interaction, Provenance
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.sanitize import sanitized
from tests.redaction.formats import FORMATS, NUMBERED
from tests.redaction.labels_elsewhere import ELSEWHERE
from tests.redaction.labels_in_json import IN_JSON
from tests.redaction.labels_in_markup import IN_MARKUP
from tests.redaction.labels_in_text import IN_TEXT
from tests.redaction.messages import API, TEXT, answered, asked, sent
from tests.redaction.positions import FREE, GOVERNED, NAMED

PROVENANCE = Provenance(recorded="2026-01-01T00:00:00Z", qrtest="0.1", client="test")


class Kind(NamedTuple):
    """A kind of secret: its *value*, the *names* under which it stands, and whether it is a *word*.

    *is_word*: made of dictionary words alone, so that only a name gives it away.
    """

    label: str
    value: str
    names: tuple[str, ...]
    is_word: bool = False


def _jwt(payload: object) -> str:
    parts = ({"alg": "RS256", "typ": "JWT"}, payload)
    written = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    ]
    return ".".join([*written, "c2lnbmF0dXJlLW9mLWl0"])


PASSWORDS = ("password", "client_secret", "passwd")
TOKENS = ("access_token", "apiKey", "X-Auth-Token", "sessionToken")
KINDS = (
    Kind("password", "hunter2-correct-horse", PASSWORDS),
    Kind("password with signs", "Tr0ub4dor&3!x", PASSWORDS),
    Kind("passphrase", "swordfish tidal zeppelin", PASSWORDS, is_word=True),
    Kind("word", "swordfish", PASSWORDS, is_word=True),
    Kind("unicode", "pässwörd-9", PASSWORDS),
    Kind("pin", "73731415", ("pin", "passcode", "otp"), is_word=True),
    Kind("opaque", "Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf", TOKENS),
    Kind("lower case", "xkqvwzjhgtrplmnb", TOKENS),
    Kind("hexadecimal", "9f8e7d6c5b4a39281706f5e4d3c2b1a0deadbeef", TOKENS),
    Kind("base64", "q83vEjRWeJCrze8SNFZ4kA==", TOKENS),
    Kind("JWT", _jwt({"sub": "aloysius", "iat": 1}), TOKENS),
    Kind("IAM key", "mK3-xQ9_vT7wLr2YpB8nZc4HdJ5sGfXe1RtUo6AiWq0S", TOKENS),
    Kind("AWS key", "AKIAIOSFODNN7EXAMPLE", TOKENS),
    Kind("GitHub token", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", TOKENS),
    Kind("e-mail", "jane.doe+lab@university.example.edu", ("email", "user_name", "contact")),
    Kind("full name", "Aloysius Quimbyfield", ("full_name", "owner", "given_name")),
    Kind("login", "aquimby77", ("username", "login", "created_by")),
    Kind("IBMid", "IBMid-50XK7Q2ABC", ("user_id", "iam_id", "owner")),
    Kind("phone", "+1 202 555 0143", ("phone", "mobile", "telephone")),
    Kind("number", "48213377", ("user_id", "account_id", "phone"), is_word=True),
    Kind("account", "4f7c1e9a2b8d4c60a1e5f3b7d9c2e846", ("account", "account_id", "bss_account")),
    Kind("IPv4", "169.62.14.203", ("client_ip", "ip_address", "remote_addr")),
    Kind("IPv6", "2607:f8b0:4005:80a::200e", ("client_ip", "ip_address", "remote_addr")),
    Kind("GUID", "6b1f0d52-8c3e-4a79-b0d4-5e2f91c7a638", ("instance_id", "guid", "account_id"), is_word=True),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One planted secret: what must not be in the file that *interactions* make."""

    label: str
    secret: str
    interactions: tuple[Interaction, ...]


NUMBERS = ("pin", "number", "phone")
LABELLED = IN_MARKUP | IN_TEXT | IN_JSON | ELSEWHERE
OF_LABELS = (*NUMBERS, "word", "passphrase", "login", "opaque", "GUID")
"""Kinds that are planted beside and below labels: of a word or a number nothing else says what it is."""


def cases(kinds: tuple[Kind, ...] = KINDS) -> Iterator[Case]:
    """Yield every position with every kind, under every name of it."""
    for kind in kinds:
        for name in kind.names:
            positions = NAMED | FORMATS
            positions |= NUMBERED if kind.label in NUMBERS else {}
            positions |= LABELLED if kind.label in OF_LABELS else {}
            for label, named in positions.items():
                yield Case(
                    f"{label} / {name} / {kind.label}", kind.value, (named(name, kind.value),)
                )
        for label, free in FREE.items():
            is_register = label == "json key" and kind.label == "login"
            if not is_register and not (kind.is_word and label not in GOVERNED):
                yield Case(f"{label} / - / {kind.label}", kind.value, (free(kind.value),))
        if kind.label not in ("pin", "number", "full name"):
            yield from _echoes(kind)


def _echoes(kind: Kind) -> Iterator[Case]:
    """Yield a value that is a credential in one interaction, and stands in another where words are kept."""
    if kind.names[0] not in (*PASSWORDS, *TOKENS):
        return
    used = sent(json.dumps({kind.names[0]: kind.value}))
    value = kind.value
    for label, echo in {
        "message": answered(json.dumps({"message": f"you sent {value} to us"})),
        "before": answered(f"hello {value}", TEXT),
        "url-encoded": answered(f"bad login {quote(value, safe='')}", TEXT),
        "base64": answered(
            json.dumps({"message": "got " + base64.b64encode(value.encode()).decode()})
        ),
        "hexadecimal": answered(f"bytes {binascii.hexlify(value.encode()).decode()}", TEXT),
        "upper case": answered(f"bytes {value.upper()}", TEXT),
        "path": asked(f"{API}/things/{quote(value, safe='')}"),
        "query": asked(f"{API}/things?tags={quote(value, safe='')}"),
    }.items():
        pair = (echo, used) if label == "before" else (used, echo)
        yield Case(f"echo, {label} / {kind.names[0]} / {kind.label}", value, pair)


def file_of(interactions: tuple[Interaction, ...]) -> str:
    """Return the text of the cassette that redaction makes of *interactions*."""
    text, _ = sanitized(
        list(interactions), key=b"key of the corpus", rules=Rules(), name="x", provenance=PROVENANCE
    )
    return text


def leaks(text: str, secret: str) -> bool:
    """Return whether *secret*, or a word of it that identifies it, stands in *text* in any encoding."""
    pieces = {secret, *(word for word in secret.split() if len(word) >= 6)}
    pieces |= {
        part for part in re.split(r"[@+]", secret) if len(part) >= 6 and "example" not in part
    }
    if secret.startswith("eyJ"):
        pieces = {secret.split(".")[1], secret}
    readings = _readings(text)
    for piece in pieces:
        raw = piece.encode()
        wanted = {piece, quote(piece, safe=""), escape(piece), json.dumps(piece)[1:-1], raw.hex()}
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
            wanted.add(encoded[(4 if offset else 0) : (offset + len(raw)) * 8 // 6])
        if any(
            form.lower() in reading for form in wanted if len(form) >= 5 for reading in readings
        ):
            return True
    return False


def measured() -> tuple[int, list[str]]:
    """Return how many cases there are, and the labels of those whose secret is in the file."""
    every = list(cases())
    return len(every), [
        case.label for case in every if leaks(file_of(case.interactions), case.secret)
    ]


def _readings(text: str) -> list[str]:
    low = text.lower()
    found = [low, re.sub(r"\s", "", low), re.sub(r"\\?\s*\n\s*", "", low)]
    for blob in re.findall(r"!!binary \|\n((?:\s+[A-Za-z0-9+/=]+\n)+)", text):
        content = base64.b64decode(re.sub(r"\s", "", blob))
        found += [content.decode("latin-1").lower(), content.decode("utf-16-le", "replace").lower()]
    return found


if __name__ == "__main__":
    from tests.redaction import harmless

    count, leaked = measured()
    print(f"{count:,} planted secrets, {len(leaked)} in the files", *leaked, sep="\n  ")
    contents = list(harmless.items())
    changed = [each.label for each in contents if harmless.changed(each)]
    print(f"{len(contents):,} harmless contents, {len(changed)} changed", *changed, sep="\n  ")
