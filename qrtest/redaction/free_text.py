"""Free text: messages, logs, and whatever has no format that is known.

Words of the service and of a dictionary stay, and numbers, times, durations, ids of jobs. Everything else
is replaced: a word that no dictionary has may be a name, a password, a key. What a word like `password` or
`user` names is replaced although it is a dictionary word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qrtest.redaction import patterns, words
from qrtest.redaction.allowlist import Rules
from qrtest.redaction.identifying_numbers import number_after
from qrtest.redaction.text_scopes import Scopes

__all__ = ["FreeText", "is_qasm", "without_comments"]

Replace = Callable[[str, str], str]
"""Called with a kind and a value; returns what stands for the value."""

_CHUNK: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[\d:.,]*+(?:[Zz]|[+-]\d\d:?\d\d)?"
    r"|\d\d?:\d\d(?::\d\d)?(?:[.,]\d+)?(?![\w:])"
    r"|[^\s\"'`<>()\[\]{},;|=&:“”‘’]+"
)
"""A time, or a run of what is no separator."""

_NAMES: Final = re.compile(
    r"[\"'`\])]{0,2}(?P<sign>(?<=\))=\("
    r"|[ \t]{0,4}(?:[:=]{1,3}>?|->)[ \t]{0,4}(?:[|>][+-]?[ \t]{0,4}(?=[\r\n]))?(?:\r?\n[ \t]{1,8})?"
    r"|[ \t]{1,4}(?:is|was)[ \t]{1,4}|(?<=[\"\']),[ \t]{0,2}(?=[\"\'])|%3[Aa]|%3[Dd])"
    r"(?:[bBuUrRfF](?=[\"']))?(?P<quote>\\?[\"'`]|)"
    r"|(?P<weak>[ \t]{1,4})(?P<weakquote>[\"'`]|)"
)
"""What stands between a name and its value: a sign, and a quote; weakly a blank."""

_REST: Final = re.compile(r"(?:(?![ \t]{1,8}[\w.-]{1,40}[=:])[^\n\r,;|\"'`<>{}\[\]])+")
_ONE: Final = re.compile(r"[^\s,;&|\"'`<>{}\[\]()=]+=*")
_SCHEME: Final = re.compile(r"(?i:bearer|basic|apikey|token)(?:\s|%20|\+)+")
LEAST_DIGITS: Final = 4
_STRIPPED: Final = ".!?*…#$@~^%\\-_+/"
_SENTENCE: Final = re.compile(r"(?:^|[.:!?\n\r>\"'(\[|=*#]|- )[ \t]*\Z")
_SOFT: Final = ("provider", "instance", "ip", "address", "email")
"""Kinds whose names are ordinary words, too: they name what follows a colon, not the next word."""

_SECOND_WORDS: Final = ("id", "key", "name")
"""With the word before them they may be a name: of `instance`, an ordinary word, and `id`."""

_NAME: Final = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
LONGEST_NAME: Final = 60
MOST_DIGITS: Final = 8
"""A number with more may be that of a person, an account or a card."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_SECONDS: Final = re.compile(r"1[4-9]\d{8}(?:\d{3}|\d{6}|\d{9})?")
MOST_PARTS: Final = 24
LONGEST_WORD: Final = 400
_QASM_COMMENT: Final = re.compile(
    r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|(?<!include )\"[^\"\n]*+\"?"
)


def is_qasm(text: str) -> bool:
    """Return whether *text* is a program in OpenQASM."""
    return text.lstrip()[:9].upper() == "OPENQASM "


def without_comments(text: str, words: Callable[[str], str]) -> str:
    """Return *text*, a program in OpenQASM, with its comments and quoted texts as *words* has them.

    >>> without_comments("OPENQASM 2.0; // by jane", str.upper)
    'OPENQASM 2.0; // BY JANE'
    """
    return _QASM_COMMENT.sub(lambda found: words(found[0]), text)


class FreeText:
    """Decides about free text by the *rules* of a project."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[tuple[str, bool], bool] = {}
        self._kept_values: dict[str, bool] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._ordinary: dict[tuple[str, bool], str] = {}
        """Words that stay and name nothing, by whether that is strict: most of a text, and soon passed."""

    def words(
        self,
        text: str,
        replace: Replace,
        *,
        strict: bool = False,
        other: Callable[[str], bool] = lambda _: False,
    ) -> str:
        """Return *text* with what is no harmless word as *replace* has it.

        *strict*: words of the dictionary are not enough, they have to be words of the service. *other*:
        what else may stay.
        """
        done: list[str] = []
        at = safe = 0
        scopes = Scopes(text)
        number: tuple[int, int, str] | None = None
        before = ""
        while found := _CHUNK.search(text, at):
            begin, end = found.span()
            chunk = found[0]
            ordinary = self._ordinary.get((chunk, strict))
            is_next = begin == at + 1 and text[at] == " "
            if ordinary is not None and is_next and number is None and not scopes.is_open:
                done.append(text[at:end])
                before, at = ordinary, end
                continue
            scopes.move(at, begin)
            if number is not None and end > number[0]:
                first, last, kind = number
                number = None
                if at <= first:
                    done += (text[at:first], replace(kind, text[first:last]))
                    at = last
                    continue
            starts = chunk[0].isupper() and _starts(text, begin)
            stays = self._stays(chunk, strict=strict, starts=starts)
            is_kept = stays or other(chunk)
            done += (
                text[at:begin],
                chunk if is_kept else self._replaced(chunk, replace, strict, other),
            )
            at = end
            name, kind = self._names.get(chunk) or self._as_name(chunk)
            is_label = not kind and name.lower() in _SECOND_WORDS
            if is_label:
                kind = self._rules.governs(f"{before}_{name}")
            elif stays and not kind and not chunk[0].isupper():
                self._ordinary[chunk, strict] = name
            before = name
            if kind and (span := number_after(text, end, kind, is_labelled=is_label)):
                number = (*span, kind)
            if kind and scopes.open(kind, begin, end):
                continue
            over = kind or scopes.governs(name)
            if over:
                value_at, value = _named(text, end, over, safe, is_weak=bool(kind))
                if number is not None and value_at + len(value) > number[0]:
                    continue
                kind = over
                kept = self._governed(value, kind, replace)
                if kept != value:
                    done += (text[at:value_at], kept)
                    at = value_at + len(value)
                elif value:
                    safe = value_at + len(value)
        done.append(text[at:])
        return "".join(done)

    def _as_name(self, chunk: str) -> tuple[str, str]:
        """Return *chunk* as the name that it may be, and what goes by it."""
        name = chunk.strip(_STRIPPED) if len(chunk) <= LONGEST_NAME else ""
        made = self._names[chunk] = (
            name,
            self._rules.governs(name) if name and not name.isdigit() else "",
        )
        return made

    def is_harmless(self, text: str, *, strict: bool = False) -> bool:
        """Return whether every word of *text* may stay.

        >>> FreeText(Rules()).is_harmless("Job not found"), FreeText(Rules()).is_harmless("hunter2")
        (True, False)
        """
        return all(
            self._stays(
                found[0],
                strict=strict,
                starts=found[0][0].isupper() and _starts(text, found.start()),
            )
            for found in _CHUNK.finditer(text)
        )

    def is_name(self, text: str) -> bool:
        """Return whether *text*, the name of a field, is put together from words alone.

        >>> FreeText(Rules()).is_name("generators_sparse"), FreeText(Rules()).is_name("hunter2-x9")
        (True, False)
        """
        if _NAME.fullmatch(text) is None:
            return False
        parts = words.parts(text)
        known = [
            part
            for part in parts
            if words.is_of_the_service(part) or words.is_english(part.lower())
        ]
        others = [part for part in parts if part not in known]
        letters = sum(len(part) for part in known if len(part) > 3)
        return all(len(part) <= 3 for part in others) and letters >= 2 * sum(map(len, others))

    def is_word(self, text: str, *, strict: bool = False) -> bool:
        """Return whether *text*, without a blank in it, may stay."""
        return self._stays(text, strict=strict, starts=False)

    def _governed(self, value: str, kind: str, replace: Replace) -> str:
        """Return a *value* that was named: kept if it is nothing but words of the service."""
        core = value.strip()
        scheme = _SCHEME.match(core)
        if scheme is not None and scheme.end() < len(core):
            begin = value.index(core) + scheme.end()
            return value[:begin] + self._governed(value[begin:], kind, replace)
        is_kept = self._kept_values.get(core)
        if is_kept is None:
            is_kept = self._kept_values[core] = self._is_kept_value(core)
        if is_kept:
            return value
        end = "" if kind == "token" else core[len(core.rstrip(".!?")) :]
        core = core.removesuffix(end) if end else core
        return value.replace(core, replace(kind, core), 1)

    def _is_kept_value(self, core: str) -> bool:
        if patterns.is_placeholder(core) or _TIME.fullmatch(core):
            return True
        is_short = sum(map(str.isdigit, core)) < LEAST_DIGITS
        return is_short and self.is_harmless(core, strict=True)

    def _replaced(
        self, chunk: str, replace: Replace, strict: bool, other: Callable[[str], bool]
    ) -> str:
        """Return *chunk* with what is in it replaced: of a path, the parts that are no words."""
        if "/" in chunk and len(chunk) <= LONGEST_WORD:
            return "/".join(
                part
                if not part or self._stays(part, strict=strict, starts=False) or other(part)
                else replace("text", part)
                for part in chunk.split("/")
            )
        end = chunk[len(chunk.rstrip(".!?")) :]
        core = chunk.removesuffix(end) if end else chunk
        return (replace("text", core) if core else "") + end

    def _stays(self, chunk: str, *, strict: bool, starts: bool) -> bool:
        lenient = not strict and (starts or not chunk[0].isupper())
        known = self._known.get((chunk, lenient))
        if known is None:
            known = self._known[chunk, lenient] = self._is_known(chunk, lenient=lenient)
        return known

    def _is_known(self, chunk: str, *, lenient: bool) -> bool:
        core = chunk.strip(_STRIPPED)
        if patterns.is_placeholder(core):
            return True
        if core.isdigit() and len(core) > MOST_DIGITS and _SECONDS.fullmatch(core) is None:
            return False
        if not core or patterns.is_plain(core) or patterns.is_plain(chunk) or patterns.is_id(core):
            return True
        if len(set(core)) == 1:
            return True
        if len(core) > LONGEST_WORD or core.lower() in self._rules.words:
            return len(core) <= LONGEST_WORD
        if "/" in core or "~" in core:
            return all(
                self._is_known(part, lenient=lenient) for part in re.split("[/~]", core) if part
            )
        if not core.isascii() and any(not (char.isalpha() or char in "-_.'") for char in core):
            return False
        if re.search(r"[^\w.'+*%#@$-]", core) or "@" in core:
            return False
        parts = words.parts(core)
        return len(parts) <= MOST_PARTS and self._are_known(parts, lenient=lenient)

    def _are_known(self, parts: tuple[str, ...], *, lenient: bool) -> bool:
        letters = [part for part in parts if not part[0].isdigit()]
        numbers = [part for part in parts if part[0].isdigit()]
        singles = sum(len(part) == 1 for part in letters)
        if any(len(number) > 4 for number in numbers) or len(numbers) > 6:
            return False
        if numbers and (singles > 1 or len(letters) == singles):
            return singles <= 1 and sum(map(len, numbers)) <= 6
        if not numbers and singles > 2:
            return False
        of_the_service = [
            part
            for part in letters
            if words.is_of_the_service(part) or part.lower() in self._rules.words
        ]
        others = [part for part in letters if part not in of_the_service and len(part) > 1]
        if not others:
            return True
        if not lenient or numbers or len(letters) > 3 or (len(letters) > 1 and len(others) > 1):
            return False
        return all(words.is_english(part.lower()) for part in others)


def _starts(text: str, begin: int) -> bool:
    """Return whether a sentence may start here, with a capital letter."""
    return begin == 0 or _SENTENCE.search(text[max(0, begin - 4) : begin]) is not None


def _named(text: str, end: int, kind: str, safe: int, *, is_weak: bool) -> tuple[int, str]:
    """Return the value that a name of *kind*, which ends at *end*, gives to what follows, and where.

    What stands before *safe* was looked at as such a value before. *is_weak*: whether a blank is enough.
    """
    found = _NAMES.match(text, end)
    if found is None:
        return end, ""
    begin, sign = found.end(), found["sign"]
    quote = found["weakquote"] if sign is None else found["quote"]
    if sign is None and (not is_weak or kind in _SOFT or (kind == "token" and not quote)):
        return end, ""
    if quote:
        last = text.find(quote, begin)
        return begin, text[begin : len(text) if last < 0 else last]
    if begin < safe:
        return end, ""
    is_open = sign is not None and kind == "token" and sign.strip() != "="
    run = (_REST if is_open else _ONE).match(text, begin)
    if run is None or (
        sign is None and (run[0][-1] == "=" or text[run.end() : run.end() + 1] == ":")
    ):
        return end, ""
    return begin, run[0]
