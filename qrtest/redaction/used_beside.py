"""Values that a name governs from further off in JSON and in tables of markup: for the second opinion.

A pair of fields, a list of two, a row of headers, a cell beside or below a label. Like used_labels.py it
shares no code, no names and no patterns with the redactor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import islice, pairwise
from typing import Any, Final

from qrtest.redaction.used_labels import MOST_CELLS, MOST_ROWS, Names, Used

__all__ = ["Cells", "in_object", "json_in"]

MOST_STARTS: Final = 10_000
MOST_READINGS: Final = 8
"""How often a text is read as JSON, at most, from the brackets in it."""

_PATH: Final = re.compile(r"[$/.\-]{0,3}(?:[\w.\-$]{1,40}[/.]){0,6}([\w-]{1,40})\]?")
_PLAIN_KEYS: Final = re.compile(
    r"(?i)(?:^|_)(?:id|type|status|created|updated|timestamp|version|href|url|rel|in|op|code|kind)$"
)

MOST_FIELDS: Final = 24
"""An object of more fields is a table by its keys: no text in it is the label of the others."""


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
    is_small = len(value) <= MOST_FIELDS
    for label in labels if is_small else ():
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
    headers = [each for each in value.values() if isinstance(each, list)] if is_small else []
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


def json_in(text: str) -> Iterator[Any]:
    """Yield the JSON values that begin in *text*, each from where the one before ends."""
    decoder = json.JSONDecoder(strict=False)
    end, left = 0, MOST_READINGS * len(text)
    for begun in islice(re.finditer(r"[{\[]", text), MOST_STARTS):
        if begun.start() < end:
            continue
        if left < 0:
            return
        try:
            value, end = decoder.raw_decode(text, begun.start())
        except RecursionError:
            return
        except json.JSONDecodeError as error:
            left -= error.pos - begun.start()
            continue
        except ValueError:
            continue
        yield value
