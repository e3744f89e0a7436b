"""docs/fidelity.md: its table of differences is the one that a session checks."""

from __future__ import annotations

from pathlib import Path

from tests.beside_localqpu import table

PAGE = Path(__file__).parent.parent.parent / "docs" / "fidelity.md"


def test_the_table_of_differences_is_the_one_that_is_checked() -> None:
    """Changed in one place, it has to be written anew in the other."""
    assert table() in PAGE.read_text(encoding="utf-8")
