"""Values that a name governs from further off, as they were recorded: for the second opinion.

A header row above a column, a name behind its value, a sign that is no colon, the parameters of a
statement. It shares no code, no names and no patterns with the redactor; what a name is, the caller says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

__all__ = ["LONGEST", "MOST_CELLS", "MOST_ROWS", "Names", "Used", "in_path", "in_text"]


class Used(NamedTuple):
    """A *value* that stands under a *name*; *is_prose*: it may as well be the next word of a sentence."""

    name: str
    value: str
    is_prose: bool = False


Names = Callable[[str], bool]
"""Called with a text; returns whether it is the name of a secret or of a person."""

_STEMS: Final = re.compile(
    r"(?i)pass|pwd|secret|token|key|credential|auth|signature|cookie|session|pin\b|otp\b|client|user|account"
    r"|customer|iam|owner|login|name|mail|contact|phone|mobile|created_by|ip\b|_ip|ip_|addr|guid|instance"
    r"|CN=|FN[:;]|/home/|/Users/| -u |passe|created[ -]by|author|tenant|salt\b|jwt|csrf|cvv|iban|ssn"
)
_COLOUR: Final = re.compile(r"\x1b\[[\d;]{0,20}[A-Za-z]")
_WORD: Final = re.compile(r"[A-Za-z_][\w-]{1,40}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{60}")
_SIGNS: Final = re.compile(
    r"(?P<sign>(?:[^\w\n\\]|\\(?!\w)){1,20}(?:\n[^\w\n]{0,12})?|\n[^\w\n]{0,12})"
    r"(?P<filler>(?:(?:is|was|now|set|changed|to|should|be|from|x|not|like|in|values|some|secretstr|got|invalid"
    r"|input_value|default|value|id|str|b|u|r|s|string|of|no|list|dict|set|type|data)\b[^\w\n]{1,8}|\d{1,3}[:,;)][\s\"'\[({]{0,4}){0,5})",
    re.IGNORECASE,
)
"""What stands between a name and its value. A backslash before a letter begins an escape, which is a part of
the value: to cut it would leave a letter that says something else behind the backslash."""

_VALUE: Final = re.compile(r"[^\s\"'`,;|<>(){}\[\]\\\u2502]{4,200}")
_WORDS: Final = re.compile(r"[a-z]{5,20}(?: [a-z]{5,20}){1,3}(?! [a-z])")
_ENDS: Final = ("", "\n", "\r", ",", ";", "|", "\u2502", ")", "]", "}", "<", ">")
_SENTENCE: Final = frozenset(
    """
    expired required invalid missing incorrect correct wrong failed failure error errors again please should
    must cannot could would their there these those which while where without within before after because
    rejected accepted allowed denied changed updated created deleted removed expires valid provided supplied
    given unknown string number integer object array boolean optional hidden redacted field value values
    between completed running queued cancelled pending active inactive enabled disabled ready default bearer
    basic estimator sampler executor dedicated maximum minimum seconds access account request
    server service client
    """.split()  # noqa: SIM905 (a list of so many words is read better as lines)
)
"""Words of sentences: a value that has one may be what is said of the name."""

_STATED: Final = re.compile(
    r"(?:description|format|title|message|type|mode|status|kind|help|in)\W*\Z"
)
"""Names of what is said of something, in a block below it."""

_BLOCK: Final = re.compile(r"[\"']?:[ |>+-]{0,4}(?:\r?\n[ \t]{1,20}[^\n]{1,200}){1,6}")
_SEVERAL: Final = re.compile(
    r"\+?\d{1,4}(?:[ ().-]{1,2}\d{2,5}){2,5}|[A-Z][a-z]{2,20} [A-Z][a-z]{2,20}"
)
"""A phone number, or the name of a person."""

_QUOTES: Final = "\"'`"
_BEHIND: Final = re.compile(
    r"[\"'`]([^\"'`\n]{5,80})[\"'`]((?: [a-z]{1,12}){1,6}) [\"'`]?([A-Za-z][\w.]{1,40}(?: [a-z]{2,12})?)"
)
_REMARKS: Final = re.compile(
    r"(?m)^[ \t]{0,40}(?:#?pragma\b|@)[^\n]{1,400}|//[^\n]{1,400}|/\*[^*]{1,400}"
)
"""What is free text in a program in OpenQASM."""

_NUMBER: Final = re.compile(r"\d{6,15}(?![\w.])")
_PLACED: Final = re.compile(
    r"([A-Za-z_][\w.]{1,40})[\"'`\]]?\s{0,2}(?:=|<>|!=|<|>|(?i:LIKE|IN))\s{0,2}\(?"
    r"(?:%s|\?|\$\d{1,2}|:\w{1,40}|%\(\w{1,40}\)s)"
)
_INSERTED: Final = re.compile(
    r"(?i)INSERT INTO [\w.\"`\[\]]{1,80} ?\(([^()]{1,2000})\) ?VALUES ?\([%?$:]"
)
_GIVEN: Final = re.compile(
    r"(?i)\b(?:parameters|params|args|bindings?|values)[\"']?\s{0,2}[:=]\s{0,2}[\[({]{1,2}([^\])}]{4,2000})"
)
_PARAMETER: Final = re.compile(r"'([^'\n]{0,200})'|\"([^\"\n]{0,200})\"|([\w.+@:-]{1,200})")
"""A statement with places for its parameters, and the parameters."""

_FORMATS: Final = re.compile(
    r"(?i)\b(?:CN|FN|TEL|N|EMAIL)(?:=|(?:;[^:\n\"]{0,60}(?:\"[^\"\n]{1,80}\")?)?:)([^\n,]{5,200})"
    r"|CN=\"([^\"\n]{5,200})\"|/(?:home|Users)/([^/\s\"]{5,80})"
    r"|(?:-u|--user)[ =](?:['\"][^\s:'\"]{1,60}:([^\n'\"]{5,200})"
    r"|[^\s:'\"]{1,60}:([^\s'\"]{5,200}))|sshpass -p ['\"]?([^\n'\"]{5,200})"
    r"|(?:mot de passe|contrase\u00f1a|kennwort) ?: ?([^\n]{5,200})|utilisateur ?: ?([^\n]{5,200})"
)
_IS_NAME: Final = re.compile(r"[\w. -]{1,40}")
_SEPARATORS: Final = (",", ";", "\t", "|", "\u2502", "  ")
MOST_CELLS: Final = 40
MOST_ROWS: Final = 2_000
LONGEST: Final = 2**16
"""Of a longer text, its begin is looked at."""

LONGEST_STATEMENT: Final = 4_000


def in_text(text: str, names: Names) -> Iterator[Used]:
    """Yield what names in the free *text* govern by a sign, a table, or from behind."""
    if text[:9].upper() == "OPENQASM ":
        text = "\n".join(found[0] for found in _REMARKS.finditer(text))
    text = _COLOUR.sub("", text) if "\x1b" in text else text
    if len(text) < 8 or _STEMS.search(text) is None:
        return
    before, last = "", -1
    for word in _WORD.finditer(text):
        if text[word.start() - 1 : word.start()] in ("+", "/") and _BASE64.match(text, word.end()):
            continue
        names_here = list(_candidates(word[0]))
        if before and word.start() == last + 1:
            names_here.append(f"{before}_{word[0]}")
        name = next(filter(names, names_here), "")
        if name:
            ahead = text[max(0, word.start() - 2) : word.start()]
            is_flag = ahead == "--" or ahead.strip() == "@" or "pragma" in before
            yield from _signed(text, word.end(), name, is_flag=is_flag)
            yield from _block(text, word.end(), name)
        before, last = word[0], word.end()
    for found in _BEHIND.finditer(text) if any(quote in text for quote in _QUOTES) else ():
        name = next(filter(names, _behind(found[2], found[3])), "")
        if name:
            yield Used(name, found[1])
    for found in _FORMATS.finditer(text):
        yield from (Used("password", each) for each in found.groups() if each)
    yield from _columns(text, names)
    yield from _parameters(text, names)


def _behind(before: str, last: str) -> Iterator[str]:
    """Yield the names that the words *before* and the *last* one may be, behind a value."""
    joined = last.replace(" ", "_")
    yield joined
    yield f"{before.rpartition(' ')[2]}_{last.partition(' ')[0]}"
    yield from filter(None, (joined.rpartition("_")[0], joined.partition("_")[0]))
    yield joined.rpartition(".")[2]


def _parameters(text: str, names: Names) -> Iterator[Used]:
    """Yield the parameters of SQL statements that stand behind them, by the names of their columns."""
    for given in _GIVEN.finditer(text) if "%s" in text or "?" in text or "$1" in text else ():
        statement = text[max(0, given.start() - LONGEST_STATEMENT) : given.start()]
        inserted = _INSERTED.search(statement)
        placed = inserted[1].split(",") if inserted else _PLACED.findall(statement)
        values = ("".join(each) for each in _PARAMETER.findall(given[1]))
        for name, value in zip(placed, values, strict=False):
            plain = name.strip(" \"'`").rpartition(".")[2]
            if names(plain):
                yield Used(plain, value)


def _candidates(word: str) -> Iterator[str]:
    """Yield the names that *word* may be a variant of: `X-Pin`, `data-pin`, `-Dpin`, `pins`, `pin_value`."""
    plain = word.strip("-_")
    yield plain
    if plain[:2].lower() == "x-" or plain[:5] == "data-":
        yield plain.partition("-")[2]
    if plain[:1] == "D":
        yield plain[1:]
    if plain[-1:] == "s":
        yield plain[:-1]
    for end in ("_value", "Hash", "_values"):
        if plain.endswith(end):
            yield plain.removesuffix(end)


def in_path(path: str, names: Names) -> Iterator[Used]:
    """Yield the parts of a *path* that stand behind a name."""
    for one, other in pairwise(path.split("/")):
        name = next(filter(names, _candidates(one)), "") if one else ""
        if name:
            yield Used(name, other)


def _block(text: str, end: int, name: str) -> Iterator[Used]:
    """Yield the values in an indented block below a name that ends at *end*."""
    block = _BLOCK.match(text, end)
    for line in block[0].splitlines()[1:] if block is not None else ():
        key, _, plain = line.rpartition(": ")
        value = plain.strip(" -\"'\t")
        is_words = _WORDS.fullmatch(value) or value.isalpha()
        is_stated = _STATED.search(key) is not None or not _SENTENCE.isdisjoint(value.split())
        if value:
            yield Used(name, value, is_prose=is_stated or not is_words)


def _signed(text: str, end: int, name: str, *, is_flag: bool) -> Iterator[Used]:
    found = _SIGNS.match(text, end)
    if found is None:
        return
    at = found.end()
    is_quoted = text[at - 1 : at] in _QUOTES and at > end
    sign = found["sign"]
    is_blank = sign.isspace() and "\n" not in sign and not found["filler"] and not is_flag
    if is_blank and not is_quoted:
        number = _NUMBER.match(text, at)
        if number is not None and not name.endswith("s") and "token" not in name.lower():
            yield Used(name, number[0])
        return
    close = text.find(text[at - 1], at, at + 400) if is_quoted else -1
    if close > 0:
        if text[close + 1 : close + 3].strip()[:1] != ":":
            yield Used(name, text[at:close].rstrip("\\"))
        return
    value = _SEVERAL.match(text, at) or _WORDS.match(text, at) or _VALUE.match(text, at)
    plain = value[0].strip(" .!?%*_=$") if value is not None else ""
    is_plural = name.endswith("s") and not name.endswith("ss")
    is_cut = value is not None and "\n" in sign and not _ends(text, value.end(), "\n")
    is_count = plain.isdigit() and (
        is_plural or is_cut or ("token" in name.lower() and bool({"[", "{"} & set(sign)))
    )
    if plain and not is_count and "=" not in plain:
        words = plain.lower().split()
        is_cut = value is None or not (is_flag or _ends(text, value.end()))
        is_prose = is_cut or not _SENTENCE.isdisjoint(words) or not plain.replace(" ", "").isalpha()
        yield Used(name, plain, is_prose=is_prose)


def _ends(text: str, place: int, ends: Iterable[str] = _ENDS) -> bool:
    """Return whether a line or a cell ends at *place*, so that what stands before is no sentence."""
    return text[place : place + 6].lstrip(" \t\"'`*.\r")[:1] in ("", *ends)


def _columns(text: str, names: Names) -> Iterator[Used]:
    """Yield what stands in the columns of tables in *text* below a name."""
    lines = text.splitlines()
    if len(lines) < 2:
        return
    columns: dict[int, str] = {}
    width, separator = 0, ""
    for line in lines[:MOST_ROWS]:
        if columns:
            cells = _cells(line, separator)
            if len(cells) == width:
                yield from (Used(name, cells[at]) for at, name in columns.items() if cells[at])
                continue
            if any(map(str.isalnum, line)):
                columns = {}
        for separator in _SEPARATORS if not columns else ():
            cells = _cells(line, separator) if separator in line.strip() else []
            columns = {
                at: each
                for at, each in enumerate(cells)
                if _IS_NAME.fullmatch(each) and names(each)
            }
            if columns and sum(map(bool, cells)) > 1:
                width = len(cells)
                break
            columns = {}


def _cells(line: str, separator: str) -> list[str]:
    parts = re.split(r"\s{2,}", line.strip()) if separator == "  " else line.split(separator)
    return [each.strip(" \t\"'`*\ufeff\r") for each in parts[:MOST_CELLS]]
