"""Writes docs/architecture.md from the architecture's test. Run: python -m docs.make_architecture"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.test_architecture import HOMES, LAYERS

PAGE = Path(__file__).parent / "architecture.md"
WIDTH = 72
HEAD = """# Architecture

This page is written by `python -m docs.make_architecture` from the tables in
`tests/test_architecture.py`; a test compares the two, and the other tests in that file hold the
sources to them. [Design](design.md) says what the rooms are for,
[decisions](decisions/0001-the-genuine-class.md) why some things are as they are.

## Who may import whom

A module imports only from boxes below its own. The doors, plugin and command line, are at the top; at
the bottom stands what knows nothing of anything.
"""
HOMES_HEAD = """
## One library, one home

Each library is imported in its home and nowhere else; most of these imports stand inside functions,
so that importing qrtest costs little.

| library | home |
|---|---|
"""


def diagram(layers: Sequence[set[str]]) -> str:
    """The layers as boxes, the highest first."""
    rule = f"+{'-' * (WIDTH + 2)}+"
    boxes = [rule]
    for layer in reversed(layers):
        lines = textwrap.wrap("   ".join(sorted(layer)), WIDTH, break_on_hyphens=False)
        boxes += [*(f"| {line:<{WIDTH}} |" for line in lines), rule]
    return "\n".join(boxes)


def homes(table: Mapping[str, set[str]]) -> str:
    """The libraries with their homes, a row each."""
    return "\n".join(
        f"| {library} | {', '.join(f'`{home}`' for home in sorted(table[library]))} |"
        for library in sorted(table)
    )


def page() -> str:
    """The whole page."""
    return f"{HEAD}\n```text\n{diagram(LAYERS)}\n```\n{HOMES_HEAD}{homes(HOMES)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
