"""The page for contributors names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import qrtest

ROOT = Path(__file__).parents[2]
PACKAGE = Path(qrtest.__file__).parent
PAGES = ("internals", "design")
FILE = re.compile(r"`((?:[a-z_]+/)*(?:[a-z_]+\.py|[a-z_]+/))`")


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_the_page_names_exists(name: str) -> None:
    """Relative to the package, or to the root of the project."""
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    named = set(FILE.findall(page))
    assert named
    missing = {each for each in named if not (PACKAGE / each).exists()}
    assert {each for each in missing if not (ROOT / each).exists()} == set()
