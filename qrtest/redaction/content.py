"""The model of content: every text is taken apart into names and values, and each is decided about by rule.

A value stays because a rule of the allow-list says so; whatever no rule keeps is replaced. A content that
is packed in another (JSON in a text in JSON, base64 of a form) is taken apart like any other.
docs/recording.md has the rules as a table.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from qrtest.redaction import cards, encoded_data, forms, json_values, lines, markup, patterns
from qrtest.redaction.addresses import HOST, Addresses
from qrtest.redaction.allowlist import (
    DATA_KEYS,
    ENUMERATIONS,
    FORM,
    IDS,
    LABELS,
    REGISTERS,
    WEAK_SECRETS,
    Rules,
    plain_name,
)
from qrtest.redaction.free_text import CHUNK, FreeText, in_qasm, is_qasm
from qrtest.redaction.governed_numbers import LEAST_DIGITS, digits_of, is_id_below, least_digits
from qrtest.redaction.governing_names import is_measure
from qrtest.redaction.identifiers import is_identifier, is_made_of_words, is_register
from qrtest.redaction.placeholders import Placeholders, could_be_credential
from qrtest.redaction.shaped_text import ShapedText
from qrtest.redaction.where import TOP, Where
from qrtest.service.circuit_header import with_changed_header, without_texts

__all__ = ["Content"]

DEEPEST: Final = 6
SHORT: Final = 80
SHORTEST_BASE64: Final = 12
_NOT_PUBLIC: Final = frozenset(("error", "errors", "warning", "warnings", "trace", "message"))
"""Names in answers about devices below which stand the words of an error."""

_METADATUM: Final = re.compile(r'"([^"\\]{1,60})": ?"((?:[^"\\]|\\.){1,400})"')
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>\\^`{|}]+")
_RELATIVE: Final = re.compile(r"(?:/[^\s\"'<>{}]*|[\w./%-]*\?[\w.%+~-]+=[^\s\"'<>{}]*)")
_REGISTER: Final = re.compile(r"[A-Za-z_]\w{0,11}", re.ASCII)
_LONG_NUMBER: Final = re.compile(r"\d{6}")
_HEX: Final = re.compile(r"[0-9a-f]{1,64}")
_SHORT_HEX: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_PREFIX: Final = re.compile(
    r"\ufeff?(?:\)\]\}'?,?\s*|while\s*\((?:1|true)\);?\s*|for\s*\(;;\);?\s*|[A-Za-z_$][\w$.]{0,80}\((?=\s*[\[{]))?"
)
_SCHEME: Final = re.compile(r"(?i:bearer|basic|apikey)(?:\s|%20|\+)+")
_PASSWORD: Final = re.compile(r"passw|pwd|passphrase|secret|^pin$")
_NO_PASSWORD: Final = re.compile(
    r"redacted|none|null|true|false|expired|required|optional|missing|invalid|unknown|dummy|hidden"
)


INTERIM: Final = "interim_results"
"""The name of the list of interim results, whose items are texts of JSON: a number of any length is one."""

_INTEGER: Final = re.compile(r"-?[0-9]+")


class Content:
    """Decides about all content of a session, by *rules* and with *placeholders*."""

    def __init__(self, rules: Rules, placeholders: Placeholders) -> None:
        self._rules = rules
        self._placeholders = placeholders
        self._free = FreeText(rules)
        self.addresses = Addresses(self)
        self.shaped = ShapedText(rules, placeholders, self._free, self.addresses)
        self._short: dict[tuple[str, Where], str] = {}
        self._keys: dict[tuple[str, str, bool], str] = {}
        self._kinds: dict[str, str] = {}

    # --- what formats ask ---

    def below(self, where: Where, name: str) -> Where:
        """Return the place of what stands under *name* at *where*."""
        kind = self._kind(name)
        _, over, _, is_public, depth, _ = where
        is_public = is_public and plain_name(name) not in _NOT_PUBLIC
        return Where(name, kind or over, bool(kind), is_public, depth)

    def _kind(self, name: str) -> str:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = self._rules.governs(name)
        return kind

    def key(self, name: str, where: Where) -> str:
        """Return *name*, which stands at *where*, as it may be kept."""
        here = (name, where.over, where.is_public)
        clean = self._keys.get(here)
        if clean is None:
            clean = self._keys[here] = self._key(name, where)
        return clean

    def take_unchanged(self, other: Content) -> None:
        """Take over what *other* decided to leave as it is."""
        self._kinds = other._kinds
        self._short = {at: clean for at, clean in other._short.items() if clean == at[0]}
        self._keys = {at: clean for at, clean in other._keys.items() if clean == at[0]}

    def _key(self, name: str, where: Where) -> str:
        if where.is_public and not where.over:
            return self.shaped.shapes(name)
        if not where.over and patterns.is_plain(name):
            return name
        if len(name) <= 3 or patterns.is_placeholder(name) or self._rules.keeps(name):
            return name
        if self._kind(name) and is_made_of_words(name):
            return name
        if is_id_below(name, where.over):
            return self._replace(where.over, name, known=False)
        if where.over:
            is_kept = self._free.is_word(name, strict=True) if " " not in name else False
            return name if is_kept else self._replace(where.over, name, known=False)
        if patterns.is_plain(name) or patterns.is_id(name):
            return name
        if _REGISTER.fullmatch(name) or self._free.is_name(name) or self._is_kept_word(name):
            return name if self.shaped.finder.search(name) is None else self.shaped.shapes(name)
        if self.shaped.finder.search(name) is None and CHUNK.fullmatch(name):
            return self.shaped.replaced(name)
        return self.shaped.words(name, strict=True)

    def number(self, token: str, where: Where) -> str:
        """Return *token*, a number, as it may be kept: one below a name that governs is replaced.

        But for measures, times and counts of outcomes, whose names are bits or hexadecimal digits.
        """
        if not where.over or digits_of(token, where.over) < least_digits(where):
            return token
        if not where.is_direct and (is_measure(where.name) or patterns.is_plain(where.name)):
            return token
        if plain_name(where.name).endswith("tokens"):
            return token
        return self._placeholders.of_number(where.over, token)

    def value(self, text: str, where: Where) -> str:
        """Return *text*, a value at *where*, as it may be kept."""
        if len(text) > SHORT:
            return self._value(text, where)
        clean = self._short.get((text, where))
        if clean is None:
            clean = self._short[text, where] = self._value(text, where)
        return clean

    def content(self, text: str, where: Where = TOP, content_type: str = "") -> str:
        """Return *text*, a content of its own, as it may be kept."""
        if where.depth > DEEPEST:
            return self._replace("text", text, known=False)
        inner = where._replace(depth=where.depth + 1)
        prefix = _PREFIX.match(text)
        start = prefix.end() if prefix else 0
        rest = text[start:]
        if json_values.is_json(rest):
            return text[:start] + json_values.rewritten(rest, inner, self)
        if start and text[start - 1] == "(":
            inside, end = json_values.argument(rest)
            if json_values.is_json(inside):
                return text[:start] + json_values.rewritten(inside, inner, self) + end
        if forms.is_multipart(text):
            return forms.parts(text, inner, self)
        if markup.is_markup(text.lstrip("\ufeff")):
            return markup.rewritten(text, inner, self)
        packed = self._base64(text, inner) if len(text) >= SHORTEST_BASE64 else None
        if packed is not None:
            return packed
        if forms.is_form(text, content_type):
            pair = partial(self._form_pair, inner)
            end = text[len(text.rstrip()) :]
            return forms.pairs(text.rstrip(), inner, self, pair) + end
        if cards.is_card(text):
            return cards.rewritten(text, inner, self)
        if is_qasm(text):
            return in_qasm(text, self.shaped.words, self._identifier)
        return lines.rewritten(text, inner, self, self._free_text)

    def is_harmless_data(self, content: bytes) -> bool:
        """Return whether *content*, an array or a circuit, shows no secret when it is looked into."""
        runs = [run for run in encoded_data.printable(content) if len(run) >= 12]
        has_shape = any(
            found.lastgroup not in ("ip", "kept", "phone", "account")
            for run in runs
            for found in self.shaped.finder.finditer(run)
        )
        # The metadata of a circuit are JSON, in which a name says what is a credential.
        return not has_shape and not any(
            self._kind(found[1]) == "token" and could_be_credential(found[2])
            for run in runs
            for found in _METADATUM.finditer(run)
        )

    # --- values ---

    def _value(self, text: str, where: Where) -> str:
        if not text.strip() or patterns.is_placeholder(text):
            return text
        if where.over:
            return self._governed(text, where)
        plain = plain_name(where.name)
        if patterns.is_plain(text) or (where.name == INTERIM and _INTEGER.fullmatch(text)):
            is_text = plain == "message" and patterns.is_hexadecimal_text(text)
            return self._replace("text", text, known=False) if is_text else text
        if where.name == json_values.ENCODED or plain in DATA_KEYS or text.startswith("eJ"):
            is_array = where.name == json_values.ENCODED
            data = encoded_data.unpacked_data(text, is_array=is_array)
            if data is not None:
                return text if self.is_harmless_data(data) else self._data(text, data, where)
            if where.name == json_values.ENCODED and len(text) <= 4:
                return text
        if where.is_public or plain in self._rules.keep:
            return self.shaped.shapes(text)
        if where.name == HOST:
            return self._host(text)
        packed = self._packed(text, where)
        if packed is not None:
            return packed
        if plain in IDS:
            return self._id(text)
        if plain in LABELS and _REGISTER.fullmatch(text) and plain not in ("name", "title", "tags"):
            return text
        if plain in REGISTERS and is_register(text):
            return text
        if plain in ("path", "queryparameter", "bare"):
            return self._part(text, plain)
        if self._rules.keeps(where.name):
            return self._free_text(text, where)
        return self._unnamed(text, plain)

    def _packed(self, text: str, where: Where) -> str | None:
        """Return *text* as it may be kept if it is a content of a format that is known."""
        if _URL.fullmatch(text):
            return self.shaped.url(text)
        if text[0] in "/?" and _RELATIVE.fullmatch(text):
            clean = self.addresses.relative(text)
            return self._replace("path", text, known=False) if clean is None else clean
        if where.depth > DEEPEST:
            return None
        inner = where._replace(depth=where.depth + 1)
        if (
            json_values.is_json(text)
            or markup.is_markup(text)
            or is_qasm(text)
            or cards.is_card(text)
        ):
            return self.content(text, where)
        if "&" in text and "=" in text and forms.is_form(text):
            return forms.pairs(text, inner, self, partial(self._form_pair, inner))
        return self._base64(text, inner) if len(text) >= SHORTEST_BASE64 else None

    def _base64(self, text: str, inner: Where) -> str | None:
        """Return *text*, base64, if what it holds may stay, else a placeholder; None for no base64."""
        held = encoded_data.text_in(text.strip())
        if held is None or inner.depth > DEEPEST or self._is_kept_word(text):
            return None
        if json_values.is_json(held) or markup.is_markup(held) or forms.is_form(held):
            clean = self.content(held, inner._replace(name=""))
        else:
            clean = self.shaped.words(held)
        return text if clean == held else self._replace("text", text, known=False)

    def _data(self, text: str, data: bytes, where: Where) -> str:
        """Return *text*, packed *data* that show a secret, as it may be kept.

        A circuit stays one, with another name and other metadata, so that it can be compared as one.
        """
        rest = without_texts(data)
        if where.depth <= DEEPEST and rest != data and self.is_harmless_data(rest):
            inner = where._replace(name="metadata", depth=where.depth + 1)
            metadata = partial(self.content, where=inner)
            return with_changed_header(text, self.shaped.words, metadata)
        return self._replace("data", text, known=False)

    def _governed(self, text: str, where: Where) -> str:
        """Return a *text* that a name above it says to be a secret or an identity."""
        kind, plain = where.over, plain_name(where.name)
        if text.startswith("crn:") or (kind != "user" and _URL.fullmatch(text)):
            return self.shaped.shapes(text)
        if self._is_nothing(text, where, plain):
            return text
        if kind == "token":
            self.shaped.learn(text)
            scheme = _SCHEME.match(text)
            head = scheme[0] if scheme and scheme.end() < len(text) else ""
            return head + self._replace(kind, text.removeprefix(head), known=True)
        if kind == "ip" and self.shaped.finder.fullmatch(text) and self.shaped.shapes(text) == text:
            return text
        is_enumeration = plain in ENUMERATIONS and not where.is_direct
        is_short = sum(map(str.isdigit, text)) < LEAST_DIGITS
        if is_enumeration and is_short and self._free.is_harmless(text, strict=True):
            return text
        return self._replace(kind, text, known="@" in text or any(map(str.isdigit, text)))

    def _is_nothing(self, text: str, where: Where, plain: str) -> bool:
        """Return whether a governed *text* can be neither a secret nor an identity."""
        if patterns.is_placeholder(text) or len(text) == 1:
            return True
        if plain in self._rules.secret:
            return False
        digits = sum(map(str.isdigit, text))
        if _SHORT_HEX.fullmatch(text) or set(text) <= {"0", "1"} or _TIME.fullmatch(text):
            return True
        if patterns.is_plain(text) and digits < least_digits(where) and not text.isalpha():
            return True
        if _NO_PASSWORD.fullmatch(text.lower()) or not any(char.isalnum() for char in text):
            return True
        if where.over != "token":
            return False
        if where.is_direct and _PASSWORD.search(plain):
            return False
        return digits < LEAST_DIGITS and self._free.is_harmless(text, strict=True)

    def _id(self, text: str) -> str:
        if text.startswith("crn:"):
            return self.shaped.shapes(text)
        if "/" in text:
            return "/".join(self._id(part) if part else part for part in text.split("/"))
        if len(text) <= 3 or text.isdigit() or (_HEX.fullmatch(text) and len(text) != 32):
            return text
        if self._is_kept_word(text):
            return text
        shaped = self.shaped.shapes(text)
        return shaped if shaped != text else self._replace("id", text, known=False)

    def _part(self, text: str, plain: str) -> str:
        """Return a part of a path, or the value of an unknown parameter of a query, as it may be kept."""
        is_strict = plain != "path"
        if self.shaped.finder.search(text):
            return self.shaped.words(text, strict=is_strict)
        if self.shaped.words(text, strict=is_strict) == text:
            return text
        return self._replace("path" if plain == "path" else "query", text, known=False)

    def _unnamed(self, text: str, plain: str) -> str:
        """Return a text under a name that no rule keeps: whole if it is words of the service, or replaced."""
        if self._is_of_the_service(text):
            return text
        if plain in WEAK_SECRETS and len(text) >= 16 and could_be_credential(text):
            return self._replace("token", text, known=patterns.looks_random(text))
        if self.shaped.finder.fullmatch(text):
            return self.shaped.shapes(text)
        return self._replace("text", text, known=False)

    def _identifier(self, name: str) -> str:
        """Return *name*, which something has in a program, as it may be kept."""
        is_numbered = _LONG_NUMBER.search(name) is not None
        if name.startswith("redacted_") or (not is_numbered and is_identifier(name)):
            return name
        if self._free.is_name(name) and not is_numbered:
            return name
        return self._replace("text", name, known=False).replace("-", "_")

    def _is_of_the_service(self, text: str) -> bool:
        """Return whether *text* is nothing but words of the service, and placeholders: `a/redacted-...`."""
        found = self.shaped.finder.search(text)
        if found is None and CHUNK.fullmatch(text):
            return self._free.is_word(text, strict=True)
        is_plain = found is None or found.lastgroup == "kept"
        return is_plain and self.shaped.words(text, strict=True) == text

    def _is_kept_word(self, text: str) -> bool:
        return " " not in text and self._free.is_word(text)

    def _form_pair(self, where: Where, name: str, value: str) -> str:
        here = self.below(where, name)
        if not here.over and plain_name(name) in FORM:
            return self.value(value, here._replace(name="title"))
        return self.value(value, here._replace(name="" if plain_name(name) == "" else name))

    def _free_text(self, text: str, where: Where) -> str:
        """Return *text* word by word as it may be kept; markup in it is taken apart."""
        place = markup.embedded(text) if "</" in text or "/>" in text else None
        if place is None or where.depth > DEEPEST:
            return self.shaped.words(text, near=where.near)
        begin, end = place
        inside = markup.rewritten(text[begin:end], where._replace(name="message"), self)
        return f"{self.shaped.words(text[:begin])}{inside}{self.shaped.words(text[end:])}"

    def _replace(self, kind: str, value: str, *, known: bool) -> str:
        return self._placeholders.of(kind, value, known=known)

    def _host(self, text: str) -> str:
        shaped = self.shaped.shapes(text)
        return ".".join(
            self._replace("host", label, known=False)
            if len(label) >= 20 and patterns.looks_random(label) else label
            for label in shaped.split(".")
        )  # fmt: skip
