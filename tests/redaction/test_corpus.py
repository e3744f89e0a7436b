"""No planted secret comes through, and nothing harmless is changed: in generated recordings."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette.model import Interaction
from qrtest.redaction.redactor import redacted
from tests.redaction import aside, corpus, harmless, holes
from tests.redaction.corpus import PASSWORDS, TOKENS, Case
from tests.redaction.positions import FREE, GOVERNED, NAMED, UNREADABLE

CASES = list(corpus.cases())
POSITIONS = sorted({case.label.partition(" / ")[0] for case in CASES})
BY_POSITION = {
    position: [case for case in CASES if case.label.startswith(f"{position} / ")]
    for position in POSITIONS
}
HARMLESS = {each.label: each for each in harmless.items()}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
tokens = st.text(LETTERS, min_size=16, max_size=44).filter(
    lambda text: re.search(r"[a-z]", text) and re.search(r"[A-Z]", text) and re.search(r"\d", text)
)
passwords = st.from_regex(
    r"[bcdfghjklmnp]{3}[!#$%*+.-]{1,2}[0-9]{4,6}[qrstvwxz]{3}", fullmatch=True
)


def test_there_are_thousands_of_cases() -> None:
    """Every position with every kind of secret, under each of its names."""
    assert len(CASES) > 8_000
    assert len(HARMLESS) > 600


@pytest.mark.parametrize("position", POSITIONS)
def test_no_planted_secret_is_in_the_file(position: str) -> None:
    """Whatever its kind and its name, in no encoding."""
    leaked = [
        case.label
        for case in BY_POSITION[position]
        if corpus.leaks(corpus.file_of(case.interactions), case.secret)
    ]
    assert leaked == []


@given(st.sampled_from(sorted(NAMED)), st.sampled_from(PASSWORDS + TOKENS), tokens | passwords)
def test_no_drawn_secret_under_a_name_is_in_the_file(position: str, name: str, secret: str) -> None:
    """Secrets that nobody thought of, in the positions in which a name says what they are."""
    assert not corpus.leaks(corpus.file_of((NAMED[position](name, secret),)), secret)


@given(st.sampled_from(sorted(FREE)), tokens)
def test_no_drawn_secret_in_a_text_is_in_the_file(position: str, secret: str) -> None:
    """Secrets that nobody thought of, where nothing says what they are."""
    assert not corpus.leaks(corpus.file_of((FREE[position](secret),)), secret)


def test_no_secret_in_shapes_kept_aside_is_in_the_file() -> None:
    """One of many: shapes that the rules were not written with."""
    leaked = [
        case.label
        for case in list(aside.cases())[::23]
        if corpus.leaks(corpus.file_of(case.interactions), case.secret)
    ]
    assert leaked == []


def test_what_is_harmless_is_kept_byte_for_byte() -> None:
    """Results, circuits, metrics, lists, errors, devices: real ones, and those of the simulated service."""
    changes = {
        label: change for label, each in HARMLESS.items() if (change := harmless.changed(each))
    }
    assert changes == {}


def test_redacting_what_was_redacted_changes_nothing() -> None:
    """Of every kind of position: whether a session is saved does not depend on the key."""
    for cases in BY_POSITION.values():
        for case in cases[::17]:
            once = _redacted(case)
            again = redacted(once, key=b"another key").interactions
            assert again == once, case.label


def test_the_second_opinion_finds_what_a_hole_lets_through() -> None:
    """With any one rule switched off: at least 95 of 100, where a label governs from further off, too."""
    is_named = [
        case
        for case in CASES
        if " / - / " not in case.label or case.label.partition(" / ")[0] in GOVERNED - UNREADABLE
    ]
    let_through, found = Counter[bool](), Counter[bool]()
    for number, hole in enumerate(holes.HOLES):
        for case in is_named[number::149]:
            is_leak, is_found = holes.outcome(case, hole)
            is_far = case.label.partition(" / ")[0] in corpus.LABELLED
            let_through[is_far] += is_leak
            found[is_far] += is_found
    assert let_through.total() > 300
    for is_far in (False, True):
        assert found[is_far] >= 0.95 * let_through[is_far]


def _redacted(case: Case) -> tuple[Interaction, ...]:
    return redacted(case.interactions, key=b"one key").interactions
