"""Free text: messages, logs, and whatever has no format that is known.

Words of the service and of a dictionary stay, and numbers, times, durations, ids of jobs. Everything else
is replaced: a word that no dictionary has may be a name, a password, a key. What a word like `password` or
`user` names is replaced although it is a dictionary word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from qrtest.redaction import patterns, words
from qrtest.redaction.allowlist import Rules

__all__ = [
    "CHUNK",
    "STRIPPED",
    "FreeText",
    "Replace",
    "in_qasm",
    "is_qasm",
    "starts_a_sentence",
]

Replace = Callable[[str, str], str]
"""Called with a kind and a value; returns what stands for the value."""

CHUNK: Final = re.compile(
    r"\x1b\[[\d;]{0,20}[A-Za-z]|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[\d:.,]*+(?:[Zz]|[+-]\d\d:?\d\d)?"
    r"|\d\d?:\d\d(?::\d\d)?(?:[.,]\d+)?(?![\w:])"
    r"|[^\s\"'`<>()\[\]{},;|=&:“”‘’]+"
)
"""A time, or a run of what is no separator."""

_SCHEME: Final = re.compile(r"(?i:bearer|basic|apikey|token)(?:\s|%20|\+)+")
LEAST_DIGITS: Final = 4
STRIPPED: Final = ".!?*…#$@~^%\\-_+/"
_PASSWORDS: Final = frozenset(
    ("password", "passwd", "passphrase", "passcode", "pwd", "pin", "otp", "secret")
)
"""What else is in a word with one of these may be a password: `password-swordfish`."""

_DEFINED: Final = re.compile(r"-D[a-z]")
"""The begin of a flag that defines a property: `-Dpin=4711`."""

_HOMES: Final = ("home", "Users")
"""Folders of which each folder in them is called like a user."""

_SPACED: Final = re.compile(r"(?:\S ){4,}\S")
"""A word whose letters stand apart."""

_SENTENCE: Final = re.compile(r"(?:^|[.:!?\n\r>\"'(\[|=*#]|- )[ \t]*\Z")
_NAME: Final = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
LONGEST_NAME: Final = 60
MOST_DIGITS: Final = 8
"""A number with more may be that of a person, an account or a card."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_CODE: Final = re.compile(r"\b(?:codes?|errors?|status|line|HTTP) \d{3,5}\b")
_SECONDS: Final = re.compile(r"1[4-9]\d{8}(?:\d{3}|\d{6}|\d{9})?")
MOST_PARTS: Final = 24
LONGEST_WORD: Final = 400
_QASM: Final = re.compile(
    r"(?P<free>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|\"(?!(?:stdgates|qelib1)\.inc\")[^\"\n]*+\"?"
    r"|(?<=\n)[ \t]{0,40}(?:#?pragma\b|@)[^\n]*+)"
    r"|(?<![\w.])(?:[A-Za-z_]\w{8,}+"
    r"|(?=\d\w{8})(?!0[xXbBoO]|[\d_]++(?:ns|us|ms|s|dt|im)\b|\d++[eE]\d++\b)\w*[A-Za-z_]\w*+)"
)
"""Comments, quoted texts, pragmas and annotations of OpenQASM; long names; what is no number either."""


def is_qasm(text: str) -> bool:
    """Return whether *text* is a program in OpenQASM."""
    return text.lstrip()[:9].upper() == "OPENQASM "


def in_qasm(text: str, words: Callable[[str], str], name: Callable[[str], str]) -> str:
    """Return *text*, a program in OpenQASM, with its comments and texts as *words*, names as *name* has them.

    >>> in_qasm("OPENQASM 2.0; // by jane", str.upper, str)
    'OPENQASM 2.0; // BY JANE'
    """
    return _QASM.sub(lambda found: words(found[0]) if found["free"] else name(found[0]), text)


class FreeText:
    """Decides about free text by the *rules* of a project."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[tuple[str, bool], bool] = {}
        self._kept_values: dict[str, bool] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self.ordinary: dict[tuple[str, bool], str] = {}
        """Words that stay and name nothing, by whether that is strict: most of a text, and soon passed."""

    def governs(self, name: str) -> str:
        """Return what goes by *name*, by the rules of the project."""
        return self._rules.governs(name)

    def is_time(self, number: str) -> bool:
        """Return whether *number* may be a time in seconds, or in parts of a second, since 1970."""
        return _SECONDS.fullmatch(number) is not None

    def as_name(self, chunk: str) -> tuple[str, str]:
        """Return *chunk* as the name that it may be, and what goes by it."""
        made = self._names.get(chunk)
        if made is None:
            is_name = len(chunk) <= LONGEST_NAME and "//" not in chunk
            name = chunk.strip(STRIPPED) if is_name else ""
            if _DEFINED.match(chunk):
                name = name[1:]
            kind = self._rules.governs(name) if name and not name.isdigit() else ""
            made = self._names[chunk] = (name, kind)
        return made

    def is_harmless(self, text: str, *, strict: bool = False) -> bool:
        """Return whether every word of *text* may stay.

        >>> FreeText(Rules()).is_harmless("Job not found"), FreeText(Rules()).is_harmless("hunter2")
        (True, False)
        """
        return all(
            self.stays(
                found[0],
                strict=strict,
                starts=found[0][0].isupper() and starts_a_sentence(text, found.start()),
            )
            for found in CHUNK.finditer(text)
        )

    def is_name(self, text: str) -> bool:
        """Return whether *text*, the name of a field, is put together from words alone.

        >>> FreeText(Rules()).is_name("generators_sparse"), FreeText(Rules()).is_name("hunter2-x9")
        (True, False)
        """
        if _NAME.fullmatch(text) is None:
            return False
        known = others = 0
        for part in words.parts(text):
            size = len(part)
            if words.is_of_the_service(part) or words.is_english(part.lower()):
                known += size if size > 3 else 0
            elif size > 3:
                return False
            else:
                others += size
        return known >= 2 * others

    def is_word(self, text: str, *, strict: bool = False) -> bool:
        """Return whether *text*, without a blank in it, may stay."""
        return self.stays(text, strict=strict, starts=False)

    def governed(self, value: str, kind: str, replace: Replace) -> str:
        """Return a *value* that was named: kept if it is nothing but words of the service."""
        core = value.strip()
        scheme = _SCHEME.match(core)
        if scheme is not None and scheme.end() < len(core):
            begin = value.index(core) + scheme.end()
            return value[:begin] + self.governed(value[begin:], kind, replace)
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
        if _SPACED.fullmatch(core):
            return False
        is_short = sum(map(str.isdigit, _CODE.sub("", core))) < LEAST_DIGITS
        return is_short and self.is_harmless(core, strict=True)

    def replaced(
        self, chunk: str, replace: Replace, other: Callable[[str], bool], *, strict: bool
    ) -> str:
        """Return *chunk*, which may not stay, replaced: of a path, the parts that are no words."""
        if "/" in chunk and len(chunk) <= LONGEST_WORD:
            stay = self._parts_that_stay(chunk.split("/"), lenient=not strict)
            return "/".join(
                part if stays or other(part) else replace("text", part) for part, stays in stay
            )
        end = chunk[len(chunk.rstrip(".!?")) :]
        core = chunk.removesuffix(end) if end else chunk
        return (replace("text", core) if core else "") + end

    def stays(self, chunk: str, *, strict: bool, starts: bool) -> bool:
        """Return whether *chunk*, a run of what is no separator, may stay.

        *strict*: only if it is of the service. *starts*: whether a sentence may start with it.
        """
        lenient = not strict and (starts or not chunk[0].isupper())
        known = self._known.get((chunk, lenient))
        if known is None:
            known = self._known[chunk, lenient] = self._is_known(chunk, lenient=lenient)
        return known

    def _is_known(self, chunk: str, *, lenient: bool) -> bool:
        core = chunk.strip(STRIPPED)
        if patterns.is_placeholder(core) or chunk[0] == "\x1b":
            return True
        if core.isdigit() and len(core) > MOST_DIGITS and _SECONDS.fullmatch(core) is None:
            return False
        if patterns.is_hexadecimal_text(core):
            return False
        if not core or patterns.is_plain(core) or patterns.is_id(core):
            return True
        if core is not chunk and patterns.is_plain(chunk):
            return True
        if len(set(core)) == 1:
            return True
        if len(core) > LONGEST_WORD or core.lower() in self._rules.words:
            return len(core) <= LONGEST_WORD
        if "/" in core or "~" in core:
            parts_of_path = re.split("[/~]", core)
            return all(stays for _, stays in self._parts_that_stay(parts_of_path, lenient=lenient))
        if not core.isascii() and any(not (char.isalpha() or char in "-_.'") for char in core):
            return False
        if re.search(r"[^\w.'+*%#@$-]", core) or "@" in core:
            return False
        parts = words.parts(core)
        return len(parts) <= MOST_PARTS and self._are_known(parts, lenient=lenient)

    def _parts_that_stay(
        self, parts: Iterable[str], *, lenient: bool
    ) -> Iterator[tuple[str, bool]]:
        """Yield each of the *parts* of a path with whether it may stay: one may name the next."""
        over = is_strict = False
        for part in parts:
            is_number = part.isdigit() and len(part) >= LEAST_DIGITS
            is_named = over and (is_number or patterns.is_id(part))
            stays = not is_named and (
                not part
                or self._is_known(part, lenient=lenient and not is_strict and not part[0].isupper())
            )
            yield part, stays
            if part:
                over = part in _HOMES or bool(self._rules.governs(part))
                is_password = not _PASSWORDS.isdisjoint(words.parts(part.lower()))
                is_strict = part in _HOMES or is_password

    def _are_known(self, parts: tuple[str, ...], *, lenient: bool) -> bool:
        letters = numbers = singles = digits = 0
        for part in parts:
            if part[0].isdigit():
                numbers, digits = numbers + 1, digits + len(part)
                if len(part) > 4:
                    return False
            else:
                letters, singles = letters + 1, singles + (len(part) == 1)
        if numbers > 6:
            return False
        if numbers and (singles > 1 or letters == singles):
            return singles <= 1 and digits <= 6
        if not numbers and singles > 2:
            return False
        is_strict = not lenient or numbers > 0 or letters > 3
        others: list[str] = []
        for part in parts:
            low = part.lower()
            is_other = len(part) > 1 and not part[0].isdigit()
            if is_other and not words.is_of_the_service(part) and low not in self._rules.words:
                others.append(low)
                if is_strict or not words.is_english(low):
                    return False
        is_lenient = letters == 1 or len(others) == 1
        return not others or (is_lenient and _PASSWORDS.isdisjoint(part.lower() for part in parts))


def starts_a_sentence(text: str, begin: int) -> bool:
    """Return whether a sentence may start here, with a capital letter."""
    return begin == 0 or _SENTENCE.search(text[max(0, begin - 4) : begin]) is not None
