"""Values that answers taught a program, in its later requests: what a replayed program sends there.

A replay answers with placeholders, and the program puts them where it put the values: into paths, queries
and bodies. So the values are replaced there first, as whole words, and the rest is redacted around them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from qrtest.cassette.model import Interaction
from qrtest.redaction.changed_values import (
    DEEPEST,
    changes,
    encoded_in,
    folded,
    letters_of,
    sent_for,
)
from qrtest.redaction.known_forms import KnownForms
from qrtest.service.circuit_header import with_changed_circuits

__all__ = ["LearntValues"]

SHORTEST: Final = 2
SHORT: Final = 10_000
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_RUN: Final = re.compile(r"[a-z0-9]+")
"""Letters and digits that stand beside each other in every form of a text: no escape replaces them."""

SAFE: Final = ("", "/", "/:", ":@", "/:@", "!$&'()*+,;=:@", "/?!$&'()*+,;=:@")
"""Characters that clients leave as they are in a path or a query."""

LARGEST_BODY: Final = 2**18
"""A body of more characters is a circuit or data, and not searched."""


class LearntValues:
    """Values that stood in answers, with the *placeholders* that replace them there.

    *make* returns the placeholder of a value that was changed before it was sent. *session*: the interactions
    to come, so that in few and short requests few values are looked for.
    """

    def __init__(
        self,
        placeholders: Mapping[str, str],
        make: Callable[[str], str],
        session: Iterable[Interaction] = (),
    ) -> None:
        self._values = {placeholder: value for value, placeholder in placeholders.items()}
        self._make = make
        self._sent: dict[str, list[str]] = {}
        self._placeholders = _of_use(placeholders, session)
        forms = {
            form: placeholder
            for value, placeholder in self._placeholders.items()
            for form in _forms(value)
            if len(form) >= SHORTEST
        }
        self._forms = KnownForms(forms, shortest=SHORTEST)
        self._folded = {
            folded(form): value
            for value in self._placeholders
            if len(value) >= SHORTEST
            for form in letters_of(value)
        }
        self._folds = KnownForms({fold: fold for fold in self._folded}, shortest=SHORTEST)

    def in_request(self, interaction: Interaction) -> Interaction:
        """Return *interaction* with the placeholders in its request."""
        request = interaction.request
        changed = replace(
            request,
            path=self._replaced(request.path),
            query=self._replaced(request.query),
            body=self._in_body(request.body),
        )
        return interaction if changed == request else replace(interaction, request=changed)

    def sent(self, placeholder: str, value: str) -> tuple[str, ...]:
        """Return what *placeholder* stands for: *value*, and what a replayed program sends in its place."""
        on_replay = value
        for other, sent in self._sent.items():
            if other in on_replay:
                on_replay = on_replay.replace(other, sent[1 % len(sent)])
        by_parts = "/".join(self._placeholders.get(part, part) for part in value.split("/"))
        changed = self._sent.get(placeholder, ())
        return (value, self.original(value), on_replay, by_parts, *changed)

    def original(self, text: str) -> str:
        """Return *text* with the values again, as the recorded program sent it."""
        for placeholder, value in self._values.items():
            if placeholder in text:
                text = text.replace(placeholder, value)
        return text

    def _in_body(self, body: bytes) -> bytes:
        if len(body) > LARGEST_BODY:
            return body
        try:
            text = body.decode()
            return with_changed_circuits(self._replaced(text), self._replaced).encode()
        except UnicodeDecodeError:
            return body

    def _replaced(self, text: str) -> str:
        return self._changed(self._forms.replaced(text, _is_whole), self._of_changed)

    def _of_changed(self, written: str, sent: list[str]) -> str:
        """Return the placeholder of *written*, for which a replayed program sends one of *sent*."""
        made = self._make(written)
        self._values.setdefault(made, written)
        self._sent.setdefault(made, list(dict.fromkeys([unquote_plus(written), *sent])))
        return made

    def _on_replay(self, text: str, depth: int) -> str:
        """Return *text* as a replayed program makes it, of the placeholders that it was answered."""
        plain = self._forms.replaced(text, _is_whole)
        return self._changed(plain, lambda _, sent: sent[0], depth)

    def _changed(self, text: str, show: Callable[[str, list[str]], str], depth: int = 0) -> str:
        """Return *text* with what *show* makes of each changed value in it, and of what is sent for it."""
        if not self._folds:
            return text

        def stands(low: str, begin: int, end: int) -> bool:
            del low
            return _is_whole(text, begin, end)

        # KnownForms says where; what is written there decides what becomes of it.
        marked = folded(text)
        done: list[str] = []
        kept = 0
        for begin, end in self._folds.places(marked, stands):
            written = unquote(text[begin:end])
            value = self._folded[marked[begin:end]]
            sent = [change(self._placeholders[value]) for change in changes(value, written)]
            if sent:
                done += (text[kept:begin], show(written, sent))
                kept = end
        text = "".join((*done, text[kept:]))
        return text if depth >= DEEPEST else self._decoded(text, show, depth)

    def _decoded(self, text: str, show: Callable[[str, list[str]], str], depth: int) -> str:
        done: list[str] = []
        kept = 0
        for each in encoded_in(text):
            if each.is_in_place:
                plain = self._forms.replaced(each.inner, _is_whole)
                changed = each.encode(self._changed(plain, show, depth + 1))
            else:
                sent = self._on_replay(each.inner, depth + 1)
                is_same = sent == each.inner
                changed = each.written if is_same else show(each.written, sent_for(each, sent))
            if changed != each.written:
                done += (text[kept : each.begin], changed)
                kept = each.end
        return "".join((*done, text[kept:]))


def _of_use(placeholders: Mapping[str, str], session: Iterable[Interaction]) -> Mapping[str, str]:
    """Return those of *placeholders* whose values can stand in the requests of *session*.

    None is longer than the longest request, as a file that was an answer is. Of many, only those are kept
    that stand in the requests of a short session.
    """
    session = list(session)
    longest = max((len(each.uri) + len(each.request.body) for each in session), default=None)
    if longest is not None:
        placeholders = {
            value: made for value, made in placeholders.items() if len(value) <= longest
        }
    asked = "\n".join(
        f"{each.uri} {each.request.body[:SHORT].decode(errors='replace')}" for each in session
    )
    if not 0 < len(asked) < SHORT or len(placeholders) <= SHORT // 10:
        return placeholders
    texts = [asked]
    for _ in range(DEEPEST):
        texts.append("\n".join(each.inner for each in encoded_in(texts[-1])))
    text = folded("\n".join(texts))
    return {
        value: placeholder
        for value, placeholder in placeholders.items()
        if all(run in text for run in _RUN.findall(folded(value)))
    }


def _forms(value: str) -> set[str]:
    """Return *value* as it may stand in an address, a form, JSON and markup, and in one in another."""
    if value.isascii() and value.isalnum():
        return {value}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    texts = {value, *escaped, escape(value, quote=False), escape(value)}
    texts |= {text.replace("/", "\\/") for text in escaped}
    texts |= {json.dumps(text)[1:-1] for text in escaped}
    quoted = {form for text in texts for form in _quoted(text)}
    return texts | quoted


def _quoted(text: str) -> set[str]:
    """Return *text* in the percent-encodings that clients make: they differ in what stays as it is."""
    made = {quote(text, safe=safe) for safe in SAFE} | {quote_plus(text)}
    return made | {_ESCAPE.sub(lambda found: found[0].lower(), form) for form in made}


def _is_whole(text: str, begin: int, end: int) -> bool:
    """Return whether no letter or digit stands beside what begins and ends there in *text*."""
    before = begin > 0 and text[begin - 1].isalnum() and text[begin].isalnum()
    before = before and _ESCAPE.fullmatch(text, max(0, begin - 3), begin) is None
    return not before and not (text[end : end + 1].isalnum() and text[end - 1].isalnum())
