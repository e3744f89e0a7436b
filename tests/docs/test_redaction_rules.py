"""The page of what a cassette keeps is made from the rules."""

from __future__ import annotations

from docs import make_redaction


def test_the_page_of_the_rules_is_that_of_the_rules() -> None:
    """To the letter: python -m docs.make_redaction writes it anew."""
    assert make_redaction.PAGE.read_text(encoding="utf-8") == make_redaction.page()
