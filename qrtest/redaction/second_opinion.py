"""A second opinion on a finished cassette: it shares no code, no names and no patterns with the redactor.

It searches the finished file for every value that the session used as a credential, in every encoding and
any case. Beside that it runs the detectors of detect-secrets, where that is installed
(`pip install "qrtest[scan]"`).
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import logging
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

from qrtest.cassette.checks import Finding
from qrtest.cassette.model import Cassette
from qrtest.redaction.used_packed import text_of_bytes
from qrtest.redaction.used_values import SHORTEST, could_matter

__all__ = ["Search", "detected", "searched"]

SHORT: Final = 12
"""A value that is shorter counts only where it stands alone."""

LONG: Final = 500
"""A longer form is searched for by itself: to cut it out of a text at each place takes the square of it."""

STRIDE: Final = 3
WIDTH: Final = SHORTEST - STRIDE + 1
"""Every third place of a text is looked at: so WIDTH of the first letters of each form stand at one."""

LARGEST_BLOB: Final = 2**26
LONGEST_LINE: Final = 10_000
MOST_WORDS: Final = 8
LONGEST_PHRASE: Final = 200
"""How far from a placeholder the other words of a value may stand."""

_TOKEN: Final = re.compile(r"redacted-[a-z]{1,20}-[0-9a-f]{10}|\w[\w@-]{0,79}")
_BESIDE: Final = re.compile(
    r"redacted-[a-z]{1,20}-[0-9a-f]{10}(?=[ +]\w)|(?<=\w[ +])redacted-[a-z]{1,20}-[0-9a-f]{10}"
)
"""A placeholder with a word beside it."""

_BLOB: Final = re.compile(r"[A-Za-z0-9+/]{16,}(?:\s+[A-Za-z0-9+/]{4,})*")
"""Base64, its lines as one; a word that follows does no harm."""


# --- the search ------------------------------------------------------------------------------------


def searched(text: str, cassette: Cassette, search: Search) -> Iterator[tuple[Finding, str]]:
    """Yield where a value of *search* stands in *text*, the file of *cassette*, each with the value."""
    yield from _half_replaced(text, search.phrases)
    if not search.is_empty:
        yield from search.lines(text)
        for number, each in enumerate(cassette.interactions, 1):
            headers = (*each.request.headers.items(), *each.response.headers.items())
            parts = (
                each.uri,
                str(headers),
                text_of_bytes(each.request.body),
                text_of_bytes(each.response.body),
            )
            for part in parts:
                for kind, value, _ in search.places(part):
                    yield Finding(_described(kind), f"interaction {number}"), value


def _half_replaced(text: str, phrases: dict[str, list[list[str]]]) -> Iterator[tuple[Finding, str]]:
    """Yield where some words of a value stand in *text*, and placeholders in the place of the others.

    *phrases*: the words of each value, by each of them. What is yielded is what stands there: its words by
    themselves may be ordinary ones.
    """
    seen = set[str]()
    looked_at = 0
    for placeholder in _BESIDE.finditer(text) if phrases else ():
        if placeholder.end() + LONGEST_PHRASE <= looked_at:
            continue
        line = text.rfind("\n", 0, placeholder.start()) + 1
        begin = max(line, placeholder.start() - LONGEST_PHRASE)
        looked_at = placeholder.end() + 5 * LONGEST_PHRASE
        tokens = list(_TOKEN.finditer(text, begin, looked_at))
        low = [token[0].lower() for token in tokens]
        for at, word in enumerate(low):
            for words in phrases.get(word, ()):
                start = at - words.index(word)
                run = low[max(0, start) : start + len(words)]
                if start >= 0 and _is_half(run, words):
                    there = text[tokens[start].start() : tokens[start + len(words) - 1].end()]
                    if there not in seen:
                        seen.add(there)
                        number = text.count("\n", 0, placeholder.start()) + 1
                        yield Finding(_described("in part"), f"line {number}"), there


def _is_half(run: list[str], words: list[str]) -> bool:
    """Return whether *run* is *words*, some of them replaced, and one still there that is no ordinary word.

    Of two words the one that is left has to look like a secret: the other one may be a scheme, or a title.
    """
    left = [one for one, word in zip(run, words, strict=False) if one == word]
    others = (one for one, word in zip(run, words, strict=False) if one != word)
    return (
        len(run) == len(words) > len(left)
        and all(map(_PLACEHOLDER.fullmatch, others))
        and any(could_matter(word, is_password=len(words) > 2) for word in left)
    )


class Search:
    """Looks for many *values* at once: where their first letters stand."""

    def __init__(self, values: Iterable[str]) -> None:
        self.phrases: dict[str, list[list[str]]] = {}
        self._forms: dict[str, tuple[str, str]] = {}
        lengths: dict[str, set[int]] = {}
        for value in values:
            words = [] if value.isalnum() else _TOKEN.findall(value.lower())
            if 2 <= len(words) <= MOST_WORDS:
                for word in words:
                    self.phrases.setdefault(word, []).append(words)
            for kind, form in _forms(value):
                if len(form) >= SHORTEST:
                    low = form.lower()
                    self._forms.setdefault(form if kind == "base64" else low, (kind, value))
                    lengths.setdefault(low[:SHORTEST], set()).add(len(form))
        self._long = {form: self._forms.pop(form) for form in list(self._forms) if len(form) > LONG}
        for form in self._long:
            lengths[form[:SHORTEST].lower()].discard(len(form))
        self._lengths = {start: sorted(each, reverse=True) for start, each in lengths.items()}
        self._beginnings = {start[at : at + WIDTH] for start in lengths for at in range(STRIDE)}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self._forms and not self._long

    def places(self, text: str) -> Iterator[tuple[str, str, int]]:
        """Yield the kind of form, the value and the first place of each that stands in *text*."""
        low = text.lower()
        seen = set[tuple[str, str]]()
        for form, (kind, value) in self._long.items():
            place = (text if kind == "base64" else low).find(form)
            if place >= 0 and (kind, value) not in seen:
                seen.add((kind, value))
                yield kind, value, place
        last = 0
        for at in self._starts(low):
            if at < last:  # within a value that was found: it is replaced as a whole
                continue
            for length in self._lengths[low[at : at + SHORTEST]]:
                end = at + length
                if end > len(low):
                    continue
                found = self._forms.get(low[at:end]) or self._forms.get(text[at:end])
                if found is None:
                    continue
                if length < SHORT and (low[at - 1 : at].isalnum() or low[end : end + 1].isalnum()):
                    continue
                last = end
                if found not in seen:
                    seen.add(found)
                    yield *found, at
                break

    def _starts(self, low: str) -> Iterator[int]:
        """Yield where the first letters of a form stand in *low*, from the begin to the end."""
        beginnings, lengths = self._beginnings, self._lengths
        looked_at = range(0, len(low) - WIDTH + 1, STRIDE)
        for place in [place for place in looked_at if low[place : place + WIDTH] in beginnings]:
            for at in range(max(0, place - STRIDE + 1), place + 1):
                if low[at : at + SHORTEST] in lengths:
                    yield at

    def lines(self, text: str) -> Iterator[tuple[Finding, str]]:
        """Yield what stands in *text*, and in what is encoded in it, with its line."""
        for kind, value, at in self.places(text):
            yield Finding(_described(kind), f"line {text.count(chr(10), 0, at) + 1}"), value
        for blob in _BLOB.finditer(text):
            for content in _unpacked(blob[0]):
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    for _, value, _ in self.places(content.decode(encoding, "ignore")):
                        line = text.count("\n", 0, blob.start()) + 1
                        yield Finding(_described("within encoded data"), f"line {line}"), value


def _described(kind: str) -> str:
    return f"a credential of this session, {kind}"


def _forms(value: str) -> Iterator[tuple[str, str]]:
    yield "plain", value
    if not (value.isascii() and value.isalnum()):
        yield from _escapes(value)
    raw = value.encode("utf-8", "replace")
    yield "hexadecimal", raw.hex()
    for padding, begin in ((b"", 0), (b"\0", 2), (b"\0\0", 3)):
        encoded = binascii.b2a_base64(padding + raw, newline=False).decode()
        kept = encoded[begin : (len(padding) + len(raw)) * 8 // 6]
        yield "base64", kept
        if "+" in kept or "/" in kept:
            yield "base64", kept.replace("+", "-").replace("/", "_")


def _escapes(value: str) -> Iterator[tuple[str, str]]:
    whole = quote(value, safe="")
    if whole != value:
        yield "URL-encoded", whole
        if "/" in value:
            yield "URL-encoded", quote(value)
        if " " in value:
            yield "URL-encoded", quote_plus(value)
        escaped = html.escape(value)
        if escaped != value:
            yield "HTML-escaped", escaped
        escaped = json.dumps(value)[1:-1]
        if escaped != value:
            yield "JSON-escaped", escaped
            yield "JSON-escaped", json.dumps(escaped)[1:-1]


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

_DATA: Final = re.compile(
    r"[A-Za-z0-9+/=_-]{200,}"
    r"|(?:\"0x[0-9a-fA-F]{1,128}\"[ \t]*+[:,]?+[ \t]*+(?:-?\d[\d.]*+)?+[ \t]*+,?+[ \t]*+)++"
)
_WORD: Final = re.compile(r"[\w+/=.-]{1,300}")
_PLACEHOLDER: Final = re.compile(r"redacted-[a-z]{1,20}-[0-9a-f]{10}")
BLOCK: Final = 2_000
OVERLAP: Final = 300
"""How many characters a detector is given at once, and how many of them again: some take the square."""


def detected(text: str) -> Iterator[tuple[Finding, str]]:
    """Yield what the detectors of detect-secrets find in *text*, each with the value; nothing without it."""
    detectors = _detectors()
    readable = "\n".join(map(_readable, text.splitlines())) if detectors else ""
    seen = set[str]()
    for place in range(0, len(readable), BLOCK - OVERLAP):
        begin, end = _at_a_gap(readable, place), _at_a_gap(readable, place + BLOCK)
        block = readable[begin:end]
        if block in seen:
            continue
        seen.add(block)
        for detector in detectors:
            for value in detector.analyze_string(block):
                if isinstance(value, str) and _is_news(value):
                    line = readable.count("\n", 0, begin + max(0, block.find(value))) + 1
                    kind = f"what detect-secrets takes for: {detector.secret_type}"
                    yield Finding(kind, f"line {line}"), value


def _at_a_gap(text: str, place: int) -> int:
    """Return *place* in *text*, or the next one that cuts no word in two: the rest could be like anything."""
    word = _WORD.match(text, place)
    is_cut = place > 0 and word is not None and _WORD.match(text, place - 1) is not None
    return word.end() if is_cut and word is not None else place


def _readable(line: str) -> str:
    """Return *line* without data and digits of placeholders: those may look like anything by chance."""
    is_data = len(line) > LONGEST_LINE and " " not in line[:LONGEST_LINE]
    return "" if is_data else _DATA.sub(" ", _PLACEHOLDER.sub("redacted-", line))


def _is_news(value: str) -> bool:
    return "redacted-" not in value and (
        could_matter(value) or value.startswith("-----") or "BEGIN" in value
    )


def _detectors() -> list[Any]:
    from importlib import import_module

    found = []
    shown = warnings.showwarning
    for name in DETECTORS:
        module, _, kind = name.partition(":")
        try:
            found.append(getattr(import_module(f"detect_secrets.plugins.{module}"), kind)())
        except (ImportError, AttributeError):
            continue
    if warnings.showwarning is not shown:
        # detect-secrets sends the warnings of the whole process to a log that nobody reads.
        logging.captureWarnings(capture=False)
    return found
