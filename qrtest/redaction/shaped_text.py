"""Free text in which something may be found by its looks: an address, an e-mail address, a JWT, a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final
from urllib.parse import quote, unquote

from qrtest.redaction import encoded_data, patterns
from qrtest.redaction.addresses import Addresses
from qrtest.redaction.allowlist import METHODS, OTHER_METHOD, Rules
from qrtest.redaction.changed_values import percent_encoded
from qrtest.redaction.free_text import FreeText
from qrtest.redaction.placeholders import Placeholders
from qrtest.redaction.reading import read
from qrtest.redaction.text_tables import governed_cells
from qrtest.redaction.text_values import governed_values

__all__ = ["ShapedText"]

Governed = Callable[[str, Callable[[str], str]], Iterator[tuple[int, int, str]]]
"""Yields the begin, the end and the kind of values in a text."""

SHORTEST_PAIR: Final = 12
_REQUEST: Final = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|REDACTED) ([\w.:-]*)(/[^\s\"'<>{}]*)"
)
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_METHOD: Final = re.compile(r"(?m)^(\W{0,8})([A-Z0-9_]{3,40})(?= [\w.:-]{0,80}/)")
_SCHEME: Final = re.compile(r"(\w+?)((?:\s|%20|\+)+)(\S+)")
_END: Final = "-----END"
_SCHEMES: Final = ("bearer", "basic", "apikey", "token")


class ShapedText:
    """Decides about free text by *rules*; what stands in an address in it, *addresses* decide."""

    def __init__(
        self, rules: Rules, placeholders: Placeholders, free: FreeText, addresses: Addresses
    ) -> None:
        self.finder: Final = patterns.finder(rules.shapes)
        self._placeholders = placeholders
        self._free = free
        self._addresses = addresses

    def words(self, text: str, *, strict: bool = False, near: str = "") -> str:
        """Return the free *text* without shapes of secrets, and without words that are none.

        *near*: the kind of a name that stands beside the text, and governs it weakly.
        """
        if "\n" in text:
            text = self._without(text, governed_cells)
        if "'" in text or '"' in text or "`" in text or " -" in text:
            text = self._without(text, governed_values)
        plain = partial(read, self._free, replace=self._replaced, strict=strict, near=near)
        return self._between(text, plain, self._found)

    def replaced(self, text: str) -> str:
        """Return *text*, one word that may not stay, and in which nothing has a shape, as it may be kept."""
        return self._free.replaced(text, self._replaced, lambda _: False, strict=True)

    def _without(self, text: str, governed: Governed) -> str:
        """Return *text* without what names govern in it that stand elsewhere, as *governed* finds it."""
        done: list[str] = []
        at = 0
        for begin, end, kind in governed(text, self._free.governs):
            done += (text[at:begin], self._free.governed(text[begin:end], kind, self._replaced))
            at = end
        return "".join((*done, text[at:])) if done else text

    def report(self, text: str) -> str:
        """Return *text*, a report of qrtest's own: what may be a name in a program is kept in it.

        A number becomes a number, as the program that a report prints has to run.
        """

        def request(found: re.Match[str]) -> str:
            host, path = self._addresses.host(found[2]), self._addresses.relative(found[3])
            return f"{found[1]} {host}{path or ''}"

        plain = partial(read, self._free, replace=self._replaced_in_report, other=_is_identifier)
        return self._between(
            _REQUEST.sub(request, _METHOD.sub(_method, text)), plain, self._found_in_report
        )

    def shapes(self, text: str) -> str:
        """Return *text* without shapes of secrets: for texts whose words are public."""
        return self._between(text, str, self._found)

    def learn(self, text: str) -> None:
        """Note the parts of a credential that is made of several: a scheme, a user, a password."""
        scheme, _, rest = text.partition(" ")
        if rest and scheme.lower() in _SCHEMES:
            self._placeholders.of("token", rest, known=True)
        pair = rest if scheme.lower() == "basic" else text if len(text) >= SHORTEST_PAIR else ""
        decoded = encoded_data.text_in(pair) if pair else None
        if decoded and ":" in decoded and decoded[0] not in "{[":
            for part in (decoded, *decoded.split(":", 1)):
                self._placeholders.of("token", part, known=True)

    def _between(
        self, text: str, word: Callable[[str], str], shape: Callable[[str, str], str]
    ) -> str:
        """Return *text* with what has a shape as *shape* has it, and what stands between as *word* has it."""
        done: list[str] = []
        at = 0
        while found := self.finder.search(text, at):
            begin, end = found.span()
            kind = str(found.lastgroup)
            if kind == "pem":
                end = _end_of_pem(text, end)
            done += (word(text[at:begin]), shape(kind, text[begin:end]))
            at = max(end, begin + 1)
        done.append(word(text[at:]))
        return "".join(done)

    def _replace(self, kind: str, value: str, *, known: bool) -> str:
        return self._placeholders.of(kind, value, known=known)

    def _replaced(self, kind: str, value: str) -> str:
        return self._placeholders.of(kind, value, known=kind == "token")

    def _replaced_in_report(self, kind: str, value: str) -> str:
        if _NUMBER.fullmatch(value):
            return self._placeholders.of_number(kind, value)
        return self._replaced(kind, value)

    def _found_in_report(self, kind: str, value: str) -> str:
        if _NUMBER.fullmatch(value) and not patterns.is_harmless(kind, value):
            return self._placeholders.of_number(kind, value)
        return self._found(kind, value)

    def _found(self, kind: str, value: str) -> str:
        if patterns.is_harmless(kind, value):
            return value
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, value)
        return self._replace(kind.removeprefix("own_"), value, known=True)

    def url(self, value: str) -> str:
        """Return *value*, an address, as it may be kept."""
        clean = self._addresses.url(value)
        return self._replace("url", value, known=True) if clean is None else clean

    def _data(self, value: str) -> str:
        """Return *value*, an address that holds its content itself, if that may be kept."""
        head, _, packed = value.partition(",")
        held = encoded_data.text_in(unquote(packed)) if ";base64" in head else unquote(packed)
        is_kept = held is not None and self.words(held, strict=True) == held
        return value if is_kept else self._replace("data", value, known=False)

    def _crn(self, value: str) -> str:
        plain = unquote(value)
        parts = plain.split(":")
        for number, part in enumerate(parts[6:], 6):
            if part.startswith("a/"):
                parts[number] = (
                    "a/" + self._replace("account", part[2:], known=True) if part[2:] else part
                )
            elif part:
                parts[number] = self._replace("instance", part, known=True)
        clean = ":".join(parts)
        if plain == value:
            return clean
        encoded = percent_encoded(value)
        return quote(clean, safe="") if encoded is None else encoded[2](clean)

    def _scheme(self, value: str) -> str:
        found = _SCHEME.fullmatch(value)
        assert found is not None, "the pattern of the shape has these parts"
        if self._free.is_word(found[3], strict=True):
            return value
        self.learn(f"{found[1]} {found[3]}")
        return f"{found[1]}{found[2]}{self._replace('token', found[3], known=True)}"

    def _account(self, value: str) -> str:
        prefix = "a/" if value.startswith("a/") else ""
        return prefix + self._replace("account", value.removeprefix("a/"), known=True)

    def _jwt(self, value: str) -> str:
        if patterns.is_jwt(value):
            return self._replace("jwt", value, known=True)
        return read(self._free, value, self._replaced)


def _method(found: re.Match[str]) -> str:
    return found[1] + (found[2] if found[2] in METHODS else OTHER_METHOD)


_SPECIAL: Final[dict[str, Callable[[ShapedText, str], str]]] = {
    "url": ShapedText.url,
    "data": ShapedText._data,
    "crn": ShapedText._crn,
    "scheme": ShapedText._scheme,
    "account": ShapedText._account,
    "jwt": ShapedText._jwt,
}


def _end_of_pem(text: str, begun: int) -> int:
    """Return where the block ends in *text* whose first line ends at *begun*."""
    last = text.find(_END, begun)
    if last < 0:
        return len(text)
    close = text.find("-----", last + len(_END))
    return close + 5 if 0 <= close <= last + 60 else last + len(_END)


def _is_identifier(chunk: str) -> bool:
    """Return whether *chunk* may be the name of something in a program or of a file, rather than a secret."""
    return len(chunk) < 200 and not any(
        len(part) >= 16 and patterns.looks_random(part) for part in re.split(r"[/.\\?&=#-]", chunk)
    )
