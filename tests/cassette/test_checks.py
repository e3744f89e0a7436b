"""What `check` finds besides secrets: age, missing fields, owners."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette.checks import age, emptiness, ownership, shapes
from qrtest.cassette.model import Cassette, Provenance
from tests.recordings import JOB, exchange, job_body, short

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = 86_400.0


def found_in(recorded: str | None, days: float) -> list[str]:
    """Return the problems of a cassette *recorded* then, if so many *days* are allowed."""
    origin = None if recorded is None else Provenance(recorded=recorded)
    cassette = replace(short(), provenance=origin)
    return [str(each) for each in age(cassette, longest_seconds=days * DAY, now=NOW)]


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_cassette_is_too_old_from_a_day_on(old: int, allowed: int) -> None:
    """One that is as old as it may be is not."""
    recorded = datetime.fromtimestamp(NOW.timestamp() - old * DAY, UTC).isoformat()
    expected = [f"the file: recorded {old} days ago: record it again"] if old > allowed else []
    assert found_in(recorded, allowed) == expected


@pytest.mark.parametrize("recorded", [None, ""])
def test_a_cassette_without_a_date_has_an_unknown_age(recorded: str | None) -> None:
    """Which is reported, and not taken for young."""
    assert found_in(recorded, 1) == [
        "the file: its age is not known: it does not say when it was recorded"
    ]


@pytest.mark.parametrize("recorded", ["last year", "2026-01-01T00:00:00"])
def test_a_date_that_is_none_or_of_no_zone_is_reported(recorded: str) -> None:
    """It could mean anything."""
    assert found_in(recorded, 1) == ["qrtest.recorded: recorded is no time in UTC"]


def test_a_cassette_without_interactions_is_found() -> None:
    """It would pass for a recording, and answer nothing."""
    [empty] = emptiness(Cassette(()))
    assert str(empty) == "the file: it has no interactions: delete it, or record it again"
    assert not list(emptiness(Cassette((exchange(path="/jobs"),))))


def test_only_answers_that_came_are_looked_at_for_fields() -> None:
    """An error, a broken connection or another service has no fields to lack."""
    lacking = exchange(answer={"id": JOB})
    others = (
        exchange(answer={}, status=404),
        exchange(failure="reset"),
        exchange(path="/weather", answer={}),
        exchange(answer=job_body("Queued")),
    )
    found = [str(each) for each in shapes(Cassette((*others, lacking)))]
    assert found == [
        f"interaction 5: a poll lacks {name}" for name in ("created", "program", "state", "status")
    ]
    [no_json] = shapes(Cassette((exchange(path="/jobs", answer=b"<html>"),)))
    assert str(no_json) == "interaction 1: a list lacks (JSON)"


@pytest.mark.parametrize(
    ("cassette", "reported"),
    [
        ("cassettes/test_a/test_kept.yaml", []),
        ("cassettes/test_a/test_kept[1-b].yaml", []),
        ("cassettes/test_a/TestIt.test_kept.yaml", []),
        ("cassettes/test_a/by_name.yaml", []),
        ("cassettes/by_name.yaml", []),
        ("cassettes/test_a/test_gone.yaml", ["orphaned: test_a.py has no test test_gone"]),
        ("cassettes/test_gone/test_kept.yaml", ["unused: no test names it"]),
        ("cassettes/lonely.yaml", ["unused: no test names it"]),
    ],
)
def test_a_cassette_belongs_to_the_test_that_it_is_called_after_or_that_names_it(
    cassette: str, reported: list[str]
) -> None:
    """In the folder of a test file by the name of the test, elsewhere by being named."""
    tests = [(PurePath("tests/test_a.py"), 'def test_kept(): replay("by_name.yaml")')]
    found = ownership(PurePath(cassette), tests)
    assert [each.kind for each in found] == reported
