"""Writes docs/architecture.md from the architecture's test. Run: python -m docs.make_architecture"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.test_architecture import HOMES, LAYERS

PAGE = Path(__file__).parent / "architecture.md"
HEAD = """# Architecture

This page is written by `python -m docs.make_architecture` from the tables in
`tests/test_architecture.py`; a test compares the two, and the other tests in that file hold the
sources to them. [Design](design.md) says what the rooms are for,
[decisions](decisions/0001-the-genuine-class.md) why some things are as they are.

## Who may import whom

A module imports from its own folder, and from folders of a lower number; what it imports for its types
only counts, too. No circle anywhere.
"""
HOMES_HEAD = """
## One library, one home

Each library is imported in its home and nowhere else; most of these imports stand inside functions,
so that importing qrtest costs little.

| library | home |
|---|---|
"""


def diagram(layers: Sequence[Mapping[str, str]]) -> str:
    """Return the layers as a table, the highest first, a row a folder."""
    rows = ["| layer | | what it holds |", "|--:|---|---|"]
    for number, row in reversed(list(enumerate(layers, 1))):
        rows += [f"| {number} | `{name}` | {holds} |" for name, holds in row.items()]
    return "\n".join(rows)


def homes(table: Mapping[str, set[str]]) -> str:
    """Return the libraries with their homes, a row each."""
    return "\n".join(
        f"| {library} | {', '.join(f'`{home}`' for home in sorted(table[library]))} |"
        for library in sorted(table)
    )


def page() -> str:
    """Return the whole page."""
    return f"{HEAD}\n{diagram(LAYERS)}\n{HOMES_HEAD}{homes(HOMES)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
