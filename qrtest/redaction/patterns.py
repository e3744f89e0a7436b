"""What secrets, identities and harmless values look like, whatever they are called.

Every pattern is linear in the length of the text: runs are possessive, and begin where a run begins.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Final

__all__ = [
    "NUMBER",
    "PLACEHOLDER",
    "SHAPES",
    "finder",
    "is_delay",
    "is_harmless",
    "is_hexadecimal_text",
    "is_id",
    "is_jwt",
    "is_placeholder",
    "is_plain",
    "looks_random",
]

PLACEHOLDER: Final = r"redacted-[a-z]++-[0-9a-f]{10}"
"""What stands for a secret: its type, and digits that are equal for equal values."""

NUMBER: Final = "700700"
"""How a number begins that stands for another; nine digits follow, so that it is exact as a float."""

_IS_PLACEHOLDER: Final = re.compile(rf"{PLACEHOLDER}|-?{NUMBER}\d{{9}}(?:\.0)?")

_SCHEME: Final = r"(?i:bearer|basic|apikey)(?:\s|%20|\+)++"
SHAPES: Final = {
    "kept": PLACEHOLDER,
    "pem": r"-----BEGIN [A-Z0-9 ]{0,40}-----",
    "url": r"(?<![A-Za-z0-9])[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>\\^`{|}]++",
    "data": r"(?<![\w:])data:[\w.+/-]{1,60}(?:;[\w.=-]{1,40}){0,4},[^\s\"'<>\\^`{|}]++",
    "crn": r"crn(?::|%3[Aa])v\d(?:(?::|%3[Aa])[A-Za-z0-9._/~-]*+(?:%2[Ff][A-Za-z0-9._/~-]*+)*+){2,12}",
    "jwt": r"(?<![A-Za-z0-9_+/-])eyJ[A-Za-z0-9_-]{6,}+(?:\.[A-Za-z0-9_-]++){1,4}=*+",
    "scheme": rf"(?<![A-Za-z0-9]){_SCHEME}(?!redacted-)[A-Za-z0-9._~+/=%-]{{6,}}+",
    "email": r"(?<![\w.%+-])[\w.%+-]{1,64}+(?:@|%40)[\w-]{1,63}+(?:\.[\w-]{1,63}+)+",
    "user": r"(?<![A-Za-z0-9])(?:IBMid-[A-Za-z0-9]{4,}+|(?:iam-)?(?:ServiceId|Profile)-[0-9a-f-]{8,}+)",
    "account": r"(?<![\w/-])a/[0-9a-f]{32}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z+/=_-])[0-9a-f]{32}(?![0-9A-Za-z+/=_-])",
    "key": r"(?<![A-Za-z0-9])(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_\w{20,}+"
    r"|xox[abprs]-[\w-]{10,}+|AIza[\w-]{30,}+|sk-[A-Za-z0-9-]{16,}+|glpat-[\w-]{16,}+)",
    "ip": r"(?:(?<![\w:-])(?<!\d\.)|(?<=%3[ADad])|(?<=%20))"
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w-]|\.\d)"
    r"|(?<![\w.:])(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6})"
    r"(?![\w:])",
    "phone": r"(?:(?<![\w.+-])|(?<=\nV))(?:\+\d[\d ().-]{7,17}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-])",
}
_DELAY: Final = re.compile(
    r"-?\d{1,5}(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT[\d:.]{5,15}Z?"
    r"|[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT"
)
_XID: Final = re.compile(r"(?=[a-z]*\d)[0-9a-z]{20}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLAIN: Final = re.compile(
    r"0[xX][0-9a-fA-F]{1,128}|[01]{1,400}|[-+]?\d{1,15}(?:\.\d{1,18})?(?:[eE][-+]?\d{1,3})?"
    r"|[-+]?0?\.\d{1,18}(?:[eE][-+]?\d{1,3})?|1[4-9]\d{8}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?"
    r"|[IXYZ]{1,400}|[-+]?\d{1,6}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h|d|min|sec|hr|B|kB|KB|MB|GB|[KMG]iB|Hz|GHz|dt|%|x)"
    r"|(?:\d{1,3}h)?(?:\d{1,3}m)?\d{1,3}(?:\.\d{1,9})?s|\d{1,3}h\d{1,3}m|PT[\dHMS.]{1,20}"
    r"|\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?"
    r"|\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?|\d{1,3}(?:,\d{3}){1,4}"
    r"|ibmq?_[a-z]{1,20}(?:_v?\d{1,2})?|v?\d{1,4}(?:\.\d{1,4}){1,2}(?:[-+.]?(?:dev|rc|a|b|post)\d{0,3})?|v\d{1,3}"
    r"|true|false|null|[^\w\s]{1,40}"
)
_LOCAL: Final = re.compile(r"127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?|255\.255\.255\.255")
LONGEST_RANDOM: Final = 4096


def finder(more: Mapping[str, str]) -> re.Pattern[str]:
    """Return the pattern of all shapes, those of a project (*more*) first."""
    return _finder(tuple(more.items()))


@cache
def _finder(more: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    own = {f"own_{kind}": pattern for kind, pattern in more}
    shapes = {"kept": SHAPES["kept"], **own, **SHAPES}
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in shapes.items()))


def is_plain(value: str) -> bool:
    """Return whether *value* is a number, a time, a duration, bits, a Pauli string: what can be no secret.

    >>> is_plain("0x1f"), is_plain("2026-01-01T00:00:00Z"), is_plain("6m30s"), is_plain("hunter2")
    (True, True, True, False)
    """
    return len(value) <= 400 and _PLAIN.fullmatch(value) is not None


def is_delay(value: str) -> bool:
    """Return whether *value* is what a header Retry-After says: seconds, or a date.

    >>> is_delay("120"), is_delay("Wed, 21 Oct 2026 07:28:00 GMT"), is_delay("493827")
    (True, True, False)
    """
    return _DELAY.fullmatch(value) is not None


def is_hexadecimal_text(value: str) -> bool:
    """Return whether *value*, with `0x` before it, is a text of eight letters or more in hexadecimal digits.

    >>> is_hexadecimal_text("0x" + b"hunter2-correct".hex()), is_hexadecimal_text("0x3259695e815a47c5f0")
    (True, False)
    """
    if value[:2] not in ("0x", "0X") or len(value) < 18:
        return False
    try:
        content = bytes.fromhex(value[2:])
    except ValueError:
        return False
    return all(32 <= byte < 127 for byte in content)


def is_placeholder(value: str) -> bool:
    """Return whether *value* stands for a text or a number that was replaced.

    >>> is_placeholder("redacted-user-0123456789"), is_placeholder("700700123456789"), is_placeholder("7")
    (True, True, False)
    """
    return _IS_PLACEHOLDER.fullmatch(value) is not None


def is_id(value: str) -> bool:
    """Return whether *value* has the form of a job's or a session's id: those are names, and are kept.

    >>> is_id("d5h6o44pe0pc73am1f1g"), is_id("6b1f0d52-8c3e-4a79-b0d4-5e2f91c7a638")
    (True, True)
    """
    return _XID.fullmatch(value) is not None or _UUID.fullmatch(value) is not None


def is_jwt(value: str) -> bool:
    """Return whether *value* begins as a JSON Web Token does: a header that names an algorithm, or a type.

    >>> is_jwt("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"), is_jwt("eyJwYWdlIjogMn0.x")
    (True, False)
    """
    head = value.partition(".")[0]
    try:
        content = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and bool({"alg", "typ", "enc", "kid"} & set(content))


def is_harmless(kind: str, value: str) -> bool:
    """Return whether *value*, which was found as a *kind*, is none after all."""
    if kind == "ip":
        return _LOCAL.fullmatch(value) is not None or (
            ":" in value and not any(char.isalpha() for char in value)
        )
    return kind == "kept"


def looks_random(value: str) -> bool:
    """Return whether a run of letters and digits looks like the output of a generator.

    Job ids and UUIDs are names, not secrets; of a path, each part is looked at.

    >>> looks_random("d5h6o44pe0pc73am1f1g"), looks_random("gate_folding_amplifier_2")
    (False, False)
    >>> looks_random("pV7m-2Kx9QzR4tYw8LcN1bHs"), looks_random("/jobs/d5h6o44pe0pc73am1f1g/logs")
    (True, False)
    """
    if is_id(value) or value.startswith("redacted-"):
        return False
    if value.startswith("/"):
        return any(looks_random(part) for part in value.split("/") if part)
    value = value[:LONGEST_RANDOM]
    has_digit = any(char.isdigit() for char in value)
    return _entropy(value) >= 3 and _changes(value) >= len(value) * (0.2 if has_digit else 0.4)


def _entropy(value: str) -> float:
    """Return the bits a character."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _changes(value: str) -> int:
    """Return how often the kind of character changes: capital, small, digit."""
    kinds = [(char.isdigit(), char.isupper()) for char in value if char.isalnum()]
    return sum(one != other for one, other in pairwise(kinds))
