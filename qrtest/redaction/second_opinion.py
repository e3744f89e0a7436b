"""A second opinion on a finished cassette: it shares no code, no names and no patterns with the redactor.

It reads what was recorded for values that were used as credentials, or stood under a name of a secret or
of a person, and searches the finished file for each of them, in every encoding and any case. Beside that
it runs the detectors of detect-secrets, where that is installed (`pip install "qrtest[scan]"`).
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from qrtest.cassette.checks import Finding
from qrtest.cassette.model import Cassette, Interaction

__all__ = ["detected", "searched", "used_values"]

SHORTEST: Final = 6
SHORT: Final = 12
"""A value that is shorter counts only where it stands alone."""

LARGEST_BLOB: Final = 2**26
LONGEST_LINE: Final = 10_000
_SECRET: Final = re.compile(
    r"(?i)passw|passcode|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|authori[sz]ation"
    r"|^auth$|signature|cookie|session_?-?key|^pin$|^otp$|client_?-?id"
)
_PERSON: Final = re.compile(
    r"(?i)^(?:(?:user|account|customer|iam|owner|login)[_-]?(?:id|name)?|(?:first|last|full|given|family)[_-]?name"
    r"|e?-?mail(?:[_-]?address)?|contact|phone(?:[_-]?number)?|mobile|telephone|created_by|client_ip|ip(?:_address)?"
    r"|remote_addr|guid|instance_id|bss_account)$"
)
_NO_SECRET: Final = re.compile(
    r"(?i)(?:count|limit|type|s_used|length|expir\w*|policy|url|uri|endpoint|state|status)$|^max|^has|^is_"
)
_ASSIGNED: Final = re.compile(
    r"([\w.-]{1,60})[\"'\])]{0,2}\s{0,2}[:=]{1,2}\s{0,2}(?:(?i:bearer|basic|apikey)\s+)?"
    r"(?:\"([^\"\n]{4,400})\"|'([^'\n]{4,400})'|([^\s\"'&,;<>(){}\[\]]{4,400}))"
)
_ELEMENT: Final = re.compile(
    r"<(?:\w+:)?([\w.-]{1,60})[^<>]{0,200}>\s*(?:<!\[CDATA\[)?([^<>\]]{4,400})"
)
_TAG: Final = re.compile(r"<[^<>]{1,600}>")
_NAMED_TAG: Final = re.compile(r"(?:name|key|id)\s*=\s*[\"']([^\"']{1,60})[\"']")
_VALUE_OF_TAG: Final = re.compile(r"(?:value|content)\s*=\s*[\"']([^\"']{4,400})[\"']")
_WORDS: Final = frozenset(
    ("redacted", "dummy", "none", "null", "true", "false", "password", "passwd", "secret", "token")
) | {"required", "expired", "invalid", "missing", "bearer", "basic", "apikey", "completed"}
_BLOB: Final = re.compile(r"[A-Za-z0-9+/]{24,}(?:\s+[A-Za-z0-9+/]{4,})*")
"""Base64, its lines as one; a word that follows does no harm."""


# --- what was used ---------------------------------------------------------------------------------


def used_values(interactions: Iterable[Interaction]) -> frozenset[str]:
    """Return the values that were credentials or identities in *interactions*, as they were recorded."""
    found: set[str] = set()
    for each in interactions:
        request, response = each.request, each.response
        user, at, _ = request.host.rpartition("@")
        if at:
            found.update(map(unquote, user.split(":", 1)))
        _take_pairs(request.query, found)
        for headers in (request.headers, response.headers):
            for name, value in headers.items():
                _take_header(name, value, found)
        for body in (request.body, response.body):
            _take_body(body, found)
    return frozenset(value for value in found if _could_matter(value))


def _take_header(name: str, value: str, found: set[str]) -> None:
    if name.lower() in ("cookie", "set-cookie"):
        pair = re.match(r"\s*[^=;\s]+=\"?([^;\"]+)", value)
        found.update([pair[1]] if pair else [])
    elif _is_secret(name):
        scheme, _, rest = value.partition(" ")
        found.add(rest or scheme)
        if scheme.lower() == "basic":
            try:
                found.update(base64.b64decode(rest).decode().split(":", 1))
            except ValueError:
                return
    elif name.lower() in ("location", "link"):
        _take_pairs(re.split(r"[?#]", value.rstrip(">"), maxsplit=1)[-1].partition(">")[0], found)


def _take_pairs(text: str, found: set[str]) -> None:
    for name, value in parse_qsl(text):
        if _names(re.split(r"[\[\].]", name.rstrip("]"))[-1]):
            found.add(value)


def _take_body(body: bytes, found: set[str]) -> None:
    text = _text(body)
    if not text:
        return
    for start in {
        0,
        max(0, min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=0)),
    }:
        try:
            value, _ = json.JSONDecoder().raw_decode(text[start:])
        except (ValueError, RecursionError):
            continue
        _take_json(value, "", found)
    if "=" in text and " " not in text[:400]:
        _take_pairs(text, found)
    for name, *values in _ASSIGNED.findall(text):
        if _names(name.rpartition(".")[2]):
            found.update(filter(None, values))
    for name, value in _ELEMENT.findall(text):
        if _names(name):
            found.add(html.unescape(value).strip())
    for tag in _TAG.findall(text) if "<" in text else ():
        named, value = _NAMED_TAG.search(tag), _VALUE_OF_TAG.search(tag)
        if named and value and _names(named[1]):
            found.add(html.unescape(value[1]))


def _text(body: bytes) -> str:
    with suppress(zlib.error):
        body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, LARGEST_BLOB)
    for charset in ("utf-8-sig", "utf-16"):
        try:
            return body.decode(charset)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def _take_json(value: Any, name: str, found: set[str]) -> None:
    stack = [(value, name)]
    while stack:
        value, name = stack.pop()
        if isinstance(value, dict):
            named, beside = value.get("name", value.get("key")), value.get("value")
            if isinstance(named, str) and isinstance(beside, str) and _names(named):
                found.add(beside)
            stack += ((each, key if _names(key) else name) for key, each in value.items())
        elif isinstance(value, list):
            stack += ((each, name) for each in value)
        elif isinstance(value, str) and value[:1] in ("{", "["):
            _take_body(value.encode(), found)
        elif isinstance(value, str) and _names(name):
            found.add(value)


def _names(name: str) -> bool:
    return _is_secret(name) or _PERSON.search(name) is not None


def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None and _NO_SECRET.search(name) is None


def _could_matter(value: str) -> bool:
    """Whether to search for *value*: not if it is short, or an ordinary word, or made of zeros and ones."""
    if len(value) < SHORTEST or "redacted-" in value or value.lower() in _WORDS:
        return False
    if re.fullmatch(r"[01]+|0x[0-9a-fA-F]+|\d{4}-\d\d-\d\d.*|\d+\.\d*", value):
        return False
    has_digit = any(char.isdigit() for char in value)
    return has_digit or "@" in value or re.search(r"[A-Z][a-z]+ [A-Z][a-z]+", value) is not None


# --- the search ------------------------------------------------------------------------------------


def searched(text: str, cassette: Cassette, values: Iterable[str]) -> Iterator[tuple[Finding, str]]:
    """Yield where one of *values* stands in *text*, the file of *cassette*, each with the value."""
    search = _Search(values)
    if not search.is_empty:
        yield from search.lines(text)
        for number, each in enumerate(cassette.interactions, 1):
            headers = (*each.request.headers.items(), *each.response.headers.items())
            parts = (each.uri, str(headers), _text(each.request.body), _text(each.response.body))
            for part in parts:
                for kind, value, _ in search.places(part):
                    yield Finding(_told(kind), f"interaction {number}"), value


class _Search:
    """Looks for many values at once: where their first letters stand."""

    def __init__(self, values: Iterable[str]) -> None:
        self._starts: dict[str, list[tuple[str, str, str, bool]]] = {}
        for value in values:
            for kind, form in _forms(value):
                if len(form) >= SHORTEST:
                    entry = (
                        form.lower(),
                        form if kind == "base64" else "",
                        f"{kind}\0{value}",
                        len(form) < SHORT,
                    )
                    self._starts.setdefault(entry[0][:SHORTEST], []).append(entry)

    @property
    def is_empty(self) -> bool:
        return not self._starts

    def places(self, text: str) -> Iterator[tuple[str, str, int]]:
        """Yield the kind of form, the value and the place of each that stands in *text*."""
        low = text.lower()
        starts = self._starts
        for at in range(len(low) - SHORTEST + 1):
            for form, exact, label, is_short in starts.get(low[at : at + SHORTEST], ()):
                if not low.startswith(form, at) or (exact and not text.startswith(exact, at)):
                    continue
                end = at + len(form)
                if is_short and (low[at - 1 : at].isalnum() or low[end : end + 1].isalnum()):
                    continue
                kind, _, value = label.partition("\0")
                yield kind, value, at

    def lines(self, text: str) -> Iterator[tuple[Finding, str]]:
        """Yield what stands in *text*, and in what is encoded in it, with its line."""
        for kind, value, at in self.places(text):
            yield Finding(_told(kind), f"line {text.count(chr(10), 0, at) + 1}"), value
        for blob in _BLOB.finditer(text):
            for content in _unpacked(blob[0]):
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    for _, value, _ in self.places(content.decode(encoding, "ignore")):
                        line = text.count("\n", 0, blob.start()) + 1
                        yield Finding(_told("within encoded data"), f"line {line}"), value


def _told(kind: str) -> str:
    return f"a credential of this session, {kind}"


def _forms(value: str) -> Iterator[tuple[str, str]]:
    yield "plain", value
    escaped = json.dumps(value)[1:-1]
    for kind, form in (
        ("URL-encoded", quote(value, safe="")),
        ("URL-encoded", quote(value)),
        ("URL-encoded", quote_plus(value)),
        ("HTML-escaped", html.escape(value)),
        ("JSON-escaped", escaped),
        ("JSON-escaped", json.dumps(escaped)[1:-1]),
    ):
        if form != value:
            yield kind, form
    raw = value.encode("utf-8", "replace")
    yield "hexadecimal", raw.hex()
    encoders: tuple[Callable[[bytes], bytes], ...] = (base64.b64encode, base64.urlsafe_b64encode)
    for encoder in encoders:
        for offset in range(3):
            encoded = encoder(b"\0" * offset + raw).decode().rstrip("=")
            yield "base64", encoded[math.ceil(offset * 8 / 6) : (offset + len(raw)) * 8 // 6]


def _unpacked(blob: str) -> Iterator[bytes]:
    for text in _wholes(blob.split()):
        content = base64.b64decode(text + "A" * (-len(text) % 4))
        yield content
        try:
            yield zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, LARGEST_BLOB)
        except zlib.error:
            continue


def _wholes(words: list[str]) -> Iterator[str]:
    """Yield all *words* as one text, and the texts that stand beside each other if one was not padded."""
    yield "".join(words)
    text = ""
    for word in words:
        if len(text) % 4:
            yield text
            text = ""
        text += word
    yield text


# --- detect-secrets --------------------------------------------------------------------------------

DETECTORS: Final = (
    "artifactory:ArtifactoryDetector",
    "aws:AWSKeyDetector",
    "azure_storage_key:AzureStorageKeyDetector",
    "basic_auth:BasicAuthDetector",
    "cloudant:CloudantDetector",
    "discord:DiscordBotTokenDetector",
    "github_token:GitHubTokenDetector",
    "gitlab_token:GitLabTokenDetector",
    "ibm_cloud_iam:IbmCloudIamDetector",
    "ibm_cos_hmac:IbmCosHmacDetector",
    "jwt:JwtTokenDetector",
    "mailchimp:MailchimpDetector",
    "npm:NpmDetector",
    "openai:OpenAIDetector",
    "private_key:PrivateKeyDetector",
    "pypi_token:PypiTokenDetector",
    "sendgrid:SendGridDetector",
    "slack:SlackDetector",
    "softlayer:SoftlayerDetector",
    "square_oauth:SquareOAuthDetector",
    "stripe:StripeDetector",
    "telegram_token:TelegramBotTokenDetector",
    "twilio:TwilioKeyDetector",
)
"""The detectors that know what they find by its form. Those that go by entropy find every array and every
job id, and those that go by names every count of tokens."""

_DATA: Final = re.compile(r"[A-Za-z0-9+/=_-]{200,}")
BLOCK: Final = 200
"""How many lines a detector is given at once."""


def detected(text: str) -> Iterator[tuple[Finding, str]]:
    """Yield what the detectors of detect-secrets find in *text*, each with the value; nothing without it."""
    detectors = _detectors()
    lines = text.splitlines() if detectors else []
    for begin in range(0, len(lines), BLOCK):
        block = "\n".join(map(_readable, lines[begin : begin + BLOCK]))
        for detector in detectors:
            for value in detector.analyze_string(block):
                if isinstance(value, str) and _is_news(value):
                    line = begin + block.count("\n", 0, max(0, block.find(value))) + 1
                    kind = f"what detect-secrets takes for: {detector.secret_type}"
                    yield Finding(kind, f"line {line}"), value


def _readable(line: str) -> str:
    """Return *line* without the data in it: an array may look like anything by chance."""
    is_data = len(line) > LONGEST_LINE and " " not in line[:LONGEST_LINE]
    return "" if is_data else _DATA.sub(" ", line)


def _is_news(value: str) -> bool:
    return "redacted-" not in value and (
        _could_matter(value) or value.startswith("-----") or "BEGIN" in value
    )


def _detectors() -> list[Any]:
    from importlib import import_module

    found = []
    for name in DETECTORS:
        module, _, kind = name.partition(":")
        try:
            found.append(getattr(import_module(f"detect_secrets.plugins.{module}"), kind)())
        except (ImportError, AttributeError):
            continue
    return found
