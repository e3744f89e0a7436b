"""Tables in free text: what a cell of the header row says of the cells below it.

`id,user,status` above `1,jane,ok`, and the same with semicolons, tabs, bars (Markdown, psql, mysql) or
blanks between the columns. A row belongs to the table as long as it has as many cells as the header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

__all__ = ["governed_cells"]

_CELLS: Final = {
    ",": re.compile(r"(?:\"(?:[^\"]|\"\")*+\"|[^,\"])*+"),
    ";": re.compile(r"(?:\"(?:[^\"]|\"\")*+\"|[^;\"])*+"),
    "\t": re.compile(r"[^\t]*+"),
    "|": re.compile(r"[^|]*+"),
    "\u2502": re.compile(r"[^\u2502]*+"),
    "  ": re.compile(r"(?:\S++(?:[ ](?=\S))?)++"),
}
_NAME: Final = re.compile(r"[\s\"'`*\ufeff]{0,12}([A-Za-z_][\w .\[\]/-]{0,60}?)[\s\"'`*:]{0,12}")
_CORE: Final = re.compile(r"[\s\"'`*]{0,40}(.*?)[\s\"'`*]{0,40}", re.DOTALL)
MOST_CELLS: Final = 64
MOST_LINES: Final = 20
LONGEST_HEADER: Final = 2_000


class _Header(NamedTuple):
    """A header row: what is between its columns, how many there are, and which of them are governed."""

    sign: str
    width: int
    kinds: dict[int, str]


def governed_cells(text: str, governs: Callable[[str], str]) -> Iterator[tuple[int, int, str]]:
    """Yield the begin, the end and the kind of each cell in *text* that its column's name *governs*.

    >>> list(governed_cells("id,user\\n7,jane\\n", lambda name: "user" if name == "user" else ""))
    [(10, 14, 'user')]
    """
    header: _Header | None = None
    begin = 0
    for line in _rows(text):
        row = line.rstrip("\r\n")
        if header is not None:
            cells = _split(row, header.sign) if any(map(str.isalnum, row)) else []
            if cells and len(cells) != header.width:
                header = None
            for number, (first, last) in enumerate(cells if header else ()):
                core = _CORE.fullmatch(row, first, last)
                if header and number in header.kinds and core and core[1]:
                    yield begin + core.start(1), begin + core.end(1), header.kinds[number]
        if header is None:
            header = _header(row, governs)
        begin += len(line)


def _rows(text: str) -> Iterator[str]:
    """Yield the lines of *text*, those of a row that has a quoted cell of several lines as one."""
    row: list[str] = []
    is_open = False
    for line in text.splitlines(keepends=True):
        row.append(line)
        is_open ^= line.count('"') % 2 == 1
        if not is_open or len(row) > MOST_LINES:
            yield "".join(row)
            row, is_open = [], False
    yield from row


def _header(row: str, governs: Callable[[str], str]) -> _Header | None:
    if len(row) > LONGEST_HEADER:
        return None
    for sign in _CELLS:
        if sign not in row.strip():
            continue
        cells = _split(row, sign)
        names = [_NAME.fullmatch(row, first, last) for first, last in cells]
        is_blank = [not row[first:last].strip() for first, last in cells]
        if not all(name or blank for name, blank in zip(names, is_blank, strict=True)):
            continue
        kinds = {at: kind for at, name in enumerate(names) if name and (kind := governs(name[1]))}
        if kinds and sum(name is not None for name in names) > 1:
            return _Header(sign, len(cells), kinds)
    return None


def _split(row: str, sign: str) -> list[tuple[int, int]]:
    """Return where each cell of *row* begins and ends; none for a row of too many."""
    if sign == "  ":
        return [found.span() for found in _CELLS[sign].finditer(row)][: MOST_CELLS + 1]
    if row.count(sign) >= MOST_CELLS:
        return []
    cells: list[tuple[int, int]] = []
    at = 0
    while True:
        found = _CELLS[sign].match(row, at)
        end = found.end() if found else at
        if end < len(row) and row[end] != sign:
            end = row.find(sign, end)
            end = len(row) if end < 0 else end
        cells.append((at, end))
        if end >= len(row):
            return cells
        at = end + 1
