"""Values that a name governs from further off, as they were recorded: for the second opinion.

A header row above a column, a list of two, a pair of fields, a name behind its value, a sign that is no
colon. It shares no code, no names and no patterns with the redactor; what a name is, the caller says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, Final, NamedTuple

__all__ = ["LONGEST", "Cells", "Used", "in_object", "in_path", "in_text"]


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
    r"|CN=|FN[:;]|/home/|/Users/| -u |passe"
)
_WORD: Final = re.compile(r"[A-Za-z_][\w-]{1,40}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{60}")
_SIGNS: Final = re.compile(
    r"(?:\x1b\[[\d;]{0,9}m)?(?P<sign>(?:[^\w\n\\]|\\(?!\w)){1,20}(?:\n[^\w\n]{0,12})?|\n[^\w\n]{0,12})"
    r"(?:\x1b\[[\d;]{0,9}m)?"
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

_BLOCK: Final = re.compile(r"[\"']?:[ |>+-]{0,4}(?:\r?\n[ \t]{1,20}[^\n]{1,200}){1,6}")
_SEVERAL: Final = re.compile(
    r"\+?\d{1,4}(?:[ ().-]{1,2}\d{2,5}){2,5}|[A-Z][a-z]{2,20} [A-Z][a-z]{2,20}"
)
"""A phone number, or the name of a person."""

_QUOTES: Final = "\"'`"
_BEHIND: Final = re.compile(
    r"[\"'`]([^\"'`\n]{5,80})[\"'`](?: [a-z]{1,12}){1,6} [\"'`]?([A-Za-z][\w.]{1,40}(?: [a-z]{2,12})?)"
)
_FORMATS: Final = re.compile(
    r"(?i)\b(?:CN|FN|TEL|N|EMAIL)(?:=|(?:;[^:\n\"]{0,60}(?:\"[^\"\n]{1,80}\")?)?:)([^\n,]{5,200})"
    r"|CN=\"([^\"\n]{5,200})\"|/(?:home|Users)/([^/\s\"]{5,80})"
    r"|(?:-u|--user)[ =](?:['\"][^\s:'\"]{1,60}:([^\n'\"]{5,200})"
    r"|[^\s:'\"]{1,60}:([^\s'\"]{5,200}))|sshpass -p ['\"]?([^\n'\"]{5,200})"
    r"|(?:mot de passe|contrase\u00f1a|kennwort) ?: ?([^\n]{5,200})|utilisateur ?: ?([^\n]{5,200})"
)
_IS_NAME: Final = re.compile(r"[\w. -]{1,40}")
_SEPARATORS: Final = (",", ";", "\t", "|", "\u2502", "  ")
_PATH: Final = re.compile(r"[$/.\-]{0,3}(?:[\w.\-$]{1,40}[/.]){0,6}([\w-]{1,40})\]?")
_PLAIN_KEYS: Final = re.compile(
    r"(?i)(?:^|_)(?:id|type|status|created|updated|timestamp|version|href|url|rel|in|op|code|kind)$"
)
MOST_CELLS: Final = 40
MOST_ROWS: Final = 2_000
LONGEST: Final = 2**16
"""Of a longer text, its begin is looked at."""


def in_text(text: str, names: Names) -> Iterator[Used]:
    """Yield what names in the free *text* govern by a sign, a table, or from behind."""
    if len(text) < 8 or text[:9].upper() == "OPENQASM " or _STEMS.search(text) is None:
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
            is_flag = text[max(0, word.start() - 2) : word.start()] == "--" or "pragma" in before
            yield from _signed(text, word.end(), name, is_flag=is_flag)
            yield from _block(text, word.end(), name)
        before, last = word[0], word.end()
    for found in _BEHIND.finditer(text) if any(quote in text for quote in _QUOTES) else ():
        name = found[2].replace(" ", "_")
        for each in (
            name,
            name.rpartition("_")[0],
            name.partition("_")[0],
            name.rpartition(".")[2],
        ):
            if each and names(each):
                yield Used(each, found[1])
                break
    for found in _FORMATS.finditer(text):
        yield from (Used("password", each) for each in found.groups() if each)
    yield from _columns(text, names)


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
        value = line.rpartition(": ")[2].strip(" -\"'\t")
        if value:
            yield Used(name, value, is_prose=True)


def _signed(text: str, end: int, name: str, *, is_flag: bool) -> Iterator[Used]:
    found = _SIGNS.match(text, end)
    if found is None:
        return
    at = found.end()
    is_quoted = text[at - 1 : at] in _QUOTES and at > end
    sign = found["sign"]
    is_blank = sign.isspace() and "\n" not in sign and not found["filler"] and not is_flag
    if is_blank and not is_quoted:
        return
    close = text.find(text[at - 1], at, at + 400) if is_quoted else -1
    if close > 0:
        if text[close + 1 : close + 3].strip()[:1] != ":":
            yield Used(name, text[at:close].rstrip("\\"))
        return
    value = _SEVERAL.match(text, at) or _WORDS.match(text, at) or _VALUE.match(text, at)
    plain = value[0].strip(" .!?%*_=$") if value is not None else ""
    is_plural = name.endswith("s") and not name.endswith("ss")
    is_count = plain.isdigit() and (is_plural or "\n" in sign or "{" in sign or "[" in sign)
    if plain and not is_count and "=" not in plain:
        words = plain.lower().split()
        is_prose = not _SENTENCE.isdisjoint(words) or value is None or not _ends(text, value.end())
        yield Used(name, plain, is_prose=is_prose or not plain.replace(" ", "").isalpha())


def _ends(text: str, place: int) -> bool:
    """Return whether a line or a cell ends at *place*, so that what stands before is no sentence."""
    return text[place : place + 6].lstrip(" \t\"'`*.")[:1] in _ENDS


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


def in_object(value: Any, names: Names) -> Iterator[Used]:
    """Yield what names in the texts of the JSON *value* govern that stand beside them."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield from _beside(value, names)
            stack += value.values()
        elif isinstance(value, list):
            yield from _in_list(value, names)
            stack += value


def _last(text: str) -> str:
    """Return the last part of what may be the path of a name: `pin` of `/data/pin`."""
    found = _PATH.fullmatch(text)
    return "" if found is None else found[1]


def _beside(value: dict[str, Any], names: Names) -> Iterator[Used]:
    labels = [_last(each) for each in value.values() if isinstance(each, str) and len(each) < 80]
    path = value.get("loc", value.get("path"))
    if isinstance(path, list) and path and isinstance(path[-1], str):
        labels.append(path[-1])
    source = value.get("source")
    if isinstance(source, dict):
        labels += [_last(each) for each in source.values() if isinstance(each, str)]
    for label in labels:
        if not label or not names(label):
            continue
        for key, each in value.items():
            if _PLAIN_KEYS.search(key) is None:
                yield from (
                    Used(label, text) for text in _texts(each, names) if _last(text) != label
                )
    for key, each in value.items():
        if names(key) and isinstance(each, dict | list):
            below = each if isinstance(each, dict) and "samples" not in each else {}
            yield from (Used(key, inner, is_prose=True) for inner in below if inner[:1] != "_")
    headers = [each for each in value.values() if isinstance(each, list)]
    for header in headers:
        for rows in headers:
            if rows is not header:
                yield from _rows(header, rows, names)


def _texts(value: Any, names: Names) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from re.findall(r"['\"]([^'\"\n]{5,80})['\"]", value)
    elif isinstance(value, dict):
        for key, each in value.items():
            if _PLAIN_KEYS.search(key) is None and isinstance(each, str | list):
                yield from _texts(each, names)
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))


def _in_list(value: list[Any], names: Names) -> Iterator[Used]:
    for one, other in pairwise(value):
        label = _last(one) if isinstance(one, str) and len(one) < 80 else ""
        if label and names(label) and (len(value) == 2 or one[:1] == "-"):
            yield from (Used(label, each) for each in _texts(other, names))
    if value and isinstance(value[0], list):
        yield from _rows(value[0], value[1:], names)


def _rows(header: list[Any], rows: list[Any], names: Names) -> Iterator[Used]:
    columns = {
        at: label
        for at, each in enumerate(header[:MOST_CELLS])
        if (
            label := each
            if isinstance(each, str)
            else each.get("name", "")
            if isinstance(each, dict)
            else ""
        )
        and isinstance(label, str)
        and names(label)
    }
    for row in rows[:MOST_ROWS] if columns else ():
        if isinstance(row, list):
            yield from (
                Used(label, row[at])
                for at, label in columns.items()
                if at < len(row) and isinstance(row[at], str)
            )


class Cells(HTMLParser):
    """Collects what stands in the tables of markup below and beside a name, as `used`."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.used: list[Used] = []
        self._is_name = names
        self._columns: dict[int, str] = {}
        self._at = -1
        self._row = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count the cells."""
        if tag == "table":
            self._columns = {}
        elif tag == "tr":
            self._at, self._row = -1, ""
        elif tag in ("td", "th"):
            span = dict(attrs).get("colspan") or "1"
            self._at += int(span) if span.isdigit() and len(span) < 3 else 1

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        plain = data.strip()
        if not plain or self._at < 0:
            return
        name = plain.rstrip(":= ")
        if self._is_name(name):
            self._columns[self._at] = self._row = name
            return
        for label in (self._row, self._columns.get(self._at, "")):
            if label:
                self.used.append(Used(label, plain))
