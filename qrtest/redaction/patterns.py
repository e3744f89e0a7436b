"""What secrets and identities look like in a text, whatever they are called.

Every pattern is linear in the length of the text: runs are possessive, and begin where a run begins.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Final
from urllib.parse import quote, quote_plus

__all__ = ["PLACEHOLDER", "finder", "forms", "is_harmless", "is_plain", "looks_random"]

PLACEHOLDER: Final = r"redacted-[a-z]++-[0-9a-f]{10}"
"""What stands for a secret: its type, and digits that are equal for equal values."""

_SCHEME: Final = r"(?i:bearer|basic|apikey)(?:\s|%20|\+)+"
_NAMED: Final = (
    r"[\w.-]{0,40}?(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credential|signature|cookie|authorization)[\w.-]{0,40}?"
)
_SHAPES: Final = {
    "kept": PLACEHOLDER,
    "pem": r"-----BEGIN [A-Z ]{0,40}-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,40}-----|\Z)",
    "url": r"(?<![A-Za-z0-9])[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>\\^`{|}]++",
    "crn": r"crn(?::|%3[Aa])v\d(?:(?::|%3[Aa])[A-Za-z0-9._/~-]*+(?:%2[Ff][A-Za-z0-9._/~-]*+)*+){2,12}",
    "jwt": r"(?<![A-Za-z0-9_+/-])eyJ[A-Za-z0-9_-]{6,}+(?:\.[A-Za-z0-9_-]*+){0,4}=*+",
    "scheme": rf"(?<![A-Za-z0-9]){_SCHEME}(?!redacted-)[A-Za-z0-9._~+/=%-]{{6,}}+",
    "element": rf"<(?i:{_NAMED})>(?!redacted-)[^<]{{1,4000}}+",
    "assignment": rf"(?<![\w.-])(?i:{_NAMED})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?:{_SCHEME})?"
    r"(?!redacted-|(?i:bearer|basic|apikey)\b)[^\s\"'&,;<>{}()\[\]]{3,}+",
    "email": r"(?<![\w.%+-])[\w.%+-]{1,64}+(?:@|%40)[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+)+",
    "user": r"(?<![A-Za-z0-9])(?:IBMid-[A-Za-z0-9]{4,}+|(?:iam-)?(?:ServiceId|Profile)-[0-9a-f-]{8,}+)",
    "account": r"(?<![\w/-])a/[0-9a-f]{32}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z+/=_-])[0-9a-f]{32}(?![0-9A-Za-z+/=_-])",
    "key": r"(?<![A-Za-z0-9])(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_\w{20,}+"
    r"|xox[abprs]-[\w-]{10,}+|AIza[\w-]{30,}+|sk-[A-Za-z0-9-]{16,}+|glpat-[\w-]{16,}+)",
    "ip": r"(?<![\w.:-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w-]|\.\d)"
    r"|(?<![\w:.])(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6})"
    r"(?![\w:])",
    "secret": r"(?<![A-Za-z0-9_+/=-])[A-Za-z0-9_+/=-]{20,}+",
}
_JOB_ID: Final = re.compile(r"[0-9a-z]{20}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLAIN: Final = re.compile(
    r"0x[0-9a-fA-F]+|[01]+|[-+]?\d{1,15}(?:\.\d{1,15})?|[IXYZ]{1,400}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|ibm_[a-z]{1,20}|v\d{1,3}(?:\.\d{1,3}){0,2}|true|false|null"
)
_LOCAL: Final = re.compile(r"127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?|255\.255\.255\.255")


def finder(more: Mapping[str, str]) -> re.Pattern[str]:
    """The pattern of all shapes, those of a project (*more*) first."""
    return _finder(tuple(more.items()))


@cache
def _finder(more: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    own = {f"own_{kind}": pattern for kind, pattern in more}
    shapes = {"kept": _SHAPES["kept"], **own, **_SHAPES}
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in shapes.items()))


def is_plain(value: str) -> bool:
    """Whether *value* is a number, a time, bits, a Pauli string: what cannot be a secret.

    >>> is_plain("0x1f"), is_plain("2026-01-01T00:00:00Z"), is_plain("hunter2")
    (True, True, False)
    """
    return len(value) <= 400 and _PLAIN.fullmatch(value) is not None


def is_harmless(kind: str, value: str) -> bool:
    """Whether *value*, which was found as a *kind*, is none after all."""
    if kind == "kept":
        return True
    if kind == "ip":
        return _LOCAL.fullmatch(value) is not None or (
            ":" in value and not any(char.isalpha() for char in value)
        )
    return kind == "secret" and not looks_random(value)


def looks_random(value: str) -> bool:
    """Whether a run of letters and digits looks like the output of a generator.

    Job ids and UUIDs are names, not secrets; of a path, each part is looked at.

    >>> looks_random("d5h6o44pe0pc73am1f1g"), looks_random("gate_folding_amplifier_2")
    (False, False)
    >>> looks_random("pV7m-2Kx9QzR4tYw8LcN1bHs"), looks_random("/jobs/d5h6o44pe0pc73am1f1g/logs")
    (True, False)
    """
    if _JOB_ID.fullmatch(value) or _UUID.fullmatch(value) or value.startswith("redacted-"):
        return False
    if value.startswith("/"):
        return any(looks_random(part) for part in value.split("/") if part)
    has_digit = any(char.isdigit() for char in value)
    return _entropy(value) >= 3 and _changes(value) >= len(value) * (0.2 if has_digit else 0.4)


def _entropy(value: str) -> float:
    """Bits a character."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _changes(value: str) -> int:
    """How often the kind of character changes: capital, small, digit."""
    kinds = [(char.isdigit(), char.isupper()) for char in value if char.isalnum()]
    return sum(one != other for one, other in pairwise(kinds))


def forms(value: str) -> Iterator[tuple[str, str]]:
    """The forms in which *value* may stand in a text, each with its name."""
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
            yield "base64", _stable(encoder, value.encode(), offset)
    yield "hexadecimal", binascii.hexlify(value.encode()).decode()


def _json_escaped(value: str) -> str:
    return json.dumps(value)[1:-1]


def _stable(encoder: Callable[[bytes], bytes], value: bytes, offset: int) -> str:
    """What base64 makes of *value* wherever it begins within a group of three bytes."""
    encoded = encoder(b"\0" * offset + value).decode().rstrip("=")
    start = math.ceil(offset * 8 / 6)
    end = (offset + len(value)) * 8 // 6
    return encoded[start:end]
