"""Free text, read word by word: what a name in it governs is replaced, and what else may not stay.

A name governs the value after a sign (`password: x`), what is in brackets or a block behind it, and, more
weakly, the rest of its line: there a password may be a word of the dictionary, or a number be an id.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qrtest.redaction import patterns
from qrtest.redaction.free_text import CHUNK, STRIPPED, FreeText, Replace, starts_a_sentence
from qrtest.redaction.governing_names import is_measure
from qrtest.redaction.identifying_numbers import LEAST_DIGITS, NEXT_WORD, number_after
from qrtest.redaction.text_scopes import BITS, SOFT, Scopes, Zones

__all__ = ["read"]

_NAMES: Final = re.compile(
    r"[\"'`\])]{0,2}(?P<sign>(?<=\))=\("
    r"|[ \t]{0,4}(?:[:=]{1,3}>?|->)[ \t]{0,4}(?:[|>][+-]?[ \t]{0,4}(?=[\r\n]))?(?:\r?\n[ \t]{1,8})?"
    r"|[ \t]{1,4}(?:is|was)[ \t]{1,4}|(?<=[\"\']),[ \t]{0,2}(?=[\"\'])|%3[Aa]|%3[Dd])"
    r"(?:(?:!{1,2}[\w!]{1,20}|&\w{1,20})[ \t]{1,4})?(?:[bBuUrRfF](?=[\"']))?(?P<quote>\\?[\"'`]|)"
    r"|(?P<weak>[ \t]{1,4})(?P<weakquote>[\"'`]|)"
)
"""What stands between a name and its value: a sign, and a quote; weakly a blank."""

_REST: Final = re.compile(r"(?:(?![ \t]{1,8}[\w.-]{1,40}[=:])[^\n\r,;|\"'`<>{}\[\]])+")
_ONE: Final = re.compile(r"[^\s,;&|\"'`<>{}\[\]()=]+=*")
_SECOND_WORDS: Final = ("id", "key", "name", "by")
"""With the word before them they may be a name: of `instance`, an ordinary word, and `id`."""

_NUMBERED: Final = {"instance": "instance", "badge": "user", "card": "account", "client": "account"}
"""Ordinary words that govern nothing but a number behind them."""

_DISTINGUISHED: Final = ("cn", "sn", "uid", "givenname")
"""Parts of a name in a directory or a certificate, before an equals sign: `CN=Jane Doe,OU=Users`."""

_OF_SEVERAL_WORDS: Final = re.compile(r"(?i)(?:cn|sn|givenname)=\Z")

LEAST_IN_A_ZONE: Final = 6
"""How many digits a number has at least that is replaced although no sign binds it to the name."""


def read(
    free: FreeText,
    text: str,
    replace: Replace,
    *,
    strict: bool = False,
    other: Callable[[str], bool] = lambda _: False,
    near: str = "",
) -> str:
    """Return *text* with what is no harmless word, by *free*, as *replace* has it.

    *strict*: words of the dictionary are not enough, they have to be words of the service. *other*:
    what else may stay. *near*: the kind of a name that stands outside of the text, and governs it weakly.
    """
    return _Reading(free, text, replace, strict=strict, other=other, near=near).result()


class _Reading:
    """One text while it is read, from its begin to its end."""

    def __init__(
        self,
        free: FreeText,
        text: str,
        replace: Replace,
        *,
        strict: bool,
        other: Callable[[str], bool],
        near: str,
    ) -> None:
        self._free = free
        self._text = text
        self._replace = replace
        self._strict = strict
        self._other = other
        self._done: list[str] = []
        self._at = 0
        self._safe = 0
        """What stands before was looked at as a value before."""
        self._number: tuple[int, int, str] | None = None
        self._before = ""
        self._scopes = Scopes(text)
        self._zones = Zones(text, near)

    def result(self) -> str:
        """Return the text as it may be kept."""
        text, ordinary = self._text, self._free.ordinary
        while found := CHUNK.search(text, self._at):
            begin, end = found.span()
            at, before = self._at, ordinary.get((found[0], self._strict))
            if before is not None and begin == at + 1 and text[at] == " " and self._is_free(begin):
                self._done.append(text[at:end])
                self._before, self._at = before, end
                continue
            self._scopes.move(at, begin)
            if not self._took_number(end):
                self._word(found[0], begin, end)
        self._done.append(text[self._at :])
        return "".join(self._done)

    def _is_free(self, place: int) -> bool:
        """Return whether no name before *place* governs it."""
        is_near = self._zones.is_open(place) or self._scopes.is_open
        return self._number is None and not is_near

    def _took_number(self, end: int) -> bool:
        """Replace the number that a name before governs, if this is its turn."""
        if self._number is None or end <= self._number[0]:
            return False
        first, last, kind = self._number
        self._number = None
        if self._at > first:
            return False
        self._put(first, self._replace(kind, self._text[first:last]), last)
        self._zones.end()
        return True

    def _put(self, begin: int, instead: str, end: int) -> None:
        self._done += (self._text[self._at : begin], instead)
        self._at = end

    def _word(self, chunk: str, begin: int, end: int) -> None:
        name, kind = self._free.as_name(chunk)
        kept = self._kept(chunk, begin, end)
        self._put(begin, kept, end)
        is_label = not kind and name.lower() in _SECOND_WORDS
        if is_label:
            kind = self._free.governs(f"{self._before}_{name}")
        self._before = name
        if not kind and self._text.startswith("=", end) and name.lower() in _DISTINGUISHED:
            kind = "user"
        numbered = kind or _NUMBERED.get(name.lower(), "")
        if numbered and (span := number_after(self._text, end, numbered, is_labelled=is_label)):
            self._number = (*span, numbered)
        if kind and self._scopes.open(kind, begin, end):
            return
        self._zones.open(kind, begin, end)
        over = kind or self._scopes.governs(name)
        if over:
            self._value_of(over, end, is_weak=bool(kind))
        elif (
            kept is chunk
            and not (chunk[0].isupper() or is_label or numbered)
            and self._is_free(begin)
            and self._free.stays(chunk, strict=self._strict, starts=False)
        ):
            self._free.ordinary[chunk, self._strict] = name

    def _kept(self, chunk: str, begin: int, end: int) -> str:
        """Return *chunk* as it may be kept where it stands."""
        kind = self._scopes.kind or self._zones.kind(begin)
        if kind and self._is_id(chunk, begin, end):
            core = chunk.strip(STRIPPED)
            return chunk.replace(core, self._replace(kind, core), 1)
        is_strict = self._strict or bool(self._scopes.kind) or self._zones.is_strict(begin)
        starts = chunk[0].isupper() and starts_a_sentence(self._text, begin)
        if self._free.stays(chunk, strict=is_strict, starts=starts) or self._other(chunk):
            return chunk
        return self._free.replaced(chunk, self._replace, self._other, strict=is_strict)

    def _is_id(self, chunk: str, begin: int, end: int) -> bool:
        """Return whether *chunk*, near a name of a person, is its id or its number: no measure, no time."""
        core = chunk.strip(STRIPPED)
        is_of_ids = self._scopes.kind or self._zones.is_of_ids(begin)
        if patterns.is_id(core) and (is_of_ids or self._free.as_name(self._before)[1] == "token"):
            return True
        if not core.isdigit() or not core.isascii():
            return False
        least = LEAST_DIGITS if self._scopes.kind not in ("", *SOFT) else LEAST_IN_A_ZONE
        if len(core) < least or set(core) <= {"0", "1"} or self._free.is_time(core):
            return False
        before = self._before
        is_count = BITS.fullmatch(before) and ":" in self._text[max(0, begin - 4) : begin]
        if is_measure(before) or before == "of" or is_count:
            return False
        unit = NEXT_WORD.match(self._text, end)
        return unit is None or not (is_measure(unit[1]) or unit[1] == "of")

    def _value_of(self, kind: str, end: int, *, is_weak: bool) -> None:
        """Replace the value that the name of *kind* before *end* gives to what follows."""
        value_at, value = _named(self._text, end, kind, self._safe, is_weak=is_weak)
        if self._number is not None and value_at + len(value) > self._number[0]:
            return
        kept = self._free.governed(value, kind, self._replace)
        if kept != value:
            self._put(value_at, kept, value_at + len(value))
            self._zones.end()
        elif value:
            self._safe = value_at + len(value)


def _named(text: str, end: int, kind: str, safe: int, *, is_weak: bool) -> tuple[int, str]:
    """Return the value that a name of *kind*, which ends at *end*, gives to what follows, and where.

    What stands before *safe* was looked at as such a value before. *is_weak*: whether a blank is enough.
    """
    found = _NAMES.match(text, end)
    if found is None:
        return end, ""
    begin, sign = found.end(), found["sign"]
    quote = found["weakquote"] if sign is None else found["quote"]
    if sign is None and (not is_weak or kind in SOFT or (kind == "token" and not quote)):
        return end, ""
    if quote:
        last = text.find(quote, begin)
        return begin, text[begin : len(text) if last < 0 else last]
    if begin < safe:
        return end, ""
    is_open = sign is not None and kind == "token" and sign.strip() != "="
    is_open = is_open or (
        kind == "user" and _OF_SEVERAL_WORDS.search(text[max(0, begin - 10) : begin]) is not None
    )
    run = (_REST if is_open else _ONE).match(text, begin)
    if run is None or (
        sign is None and (run[0][-1] == "=" or text[run.end() : run.end() + 1] == ":")
    ):
        return end, ""
    return begin, run[0]
