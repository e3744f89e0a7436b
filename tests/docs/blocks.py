"""The fenced blocks of the pages, and what stands above each: shared by the tests of the docs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["PAGES", "ROOT", "TESTED_BY", "Block", "blocks"]

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [
    *sorted(ROOT.glob("*.md")),
    *sorted(
        page
        for folder in ("docs", "examples", "cassettes", "tests", "qrtest")
        for page in (ROOT / folder).rglob("*.md")
        if "_build" not in page.parts
    ),
]
TESTED_BY: Final = re.compile(r"<!-- tested by (\S+)(?: with: .*)? -->")
FENCE: Final = re.compile(r"^(\s*)(`{3,})(.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text, and the comment above it, `mark`."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def is_suite(self) -> bool:
        """Whether pytest finds a test in it."""
        return self.language == "python" and bool(
            re.search(r"def test_|\.TestCase$", self.text, re.M)
        )

    @property
    def is_doctest(self) -> bool:
        """Whether it is a session that doctest repeats."""
        return self.text.lstrip().startswith(">>> ")


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    above, begin, mark = "", 0, ""
    language = fence = None
    for number, line in enumerate(lines, 1):
        opened = FENCE.match(line)
        if fence is None and opened:
            fence, language, begin = opened[2], opened[3].strip(), number
            mark = above if above.startswith("<!--") else ""
        elif fence is not None and line.strip() == fence:
            text = "\n".join(lines[begin : number - 1]) + "\n"
            found.append(Block(page, begin, language or "", text, mark))
            fence = None
            above = ""
        elif fence is None and line.strip():
            above = line.strip()
    return found
