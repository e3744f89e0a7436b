"""What differs between two cassettes, and in which tier."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from qrtest.cassette.model import Cassette, Interaction
from qrtest.playback.diff import TIERS, differences
from qrtest.playback.structure import changes, structure_of
from tests import recordings
from tests.recordings import JOB, exchange, job_body, poll


def reported(before: list[Interaction], after: list[Interaction]) -> list[str]:
    return [str(each) for each in differences(Cassette(tuple(before)), Cassette(tuple(after)))]


def difference(before: Any, after: Any) -> list[str]:
    """Return what differs between two answers to the same poll, without where they were given."""
    found = reported([exchange(answer=before)], [exchange(answer=after)])
    return [each.replace("poll(exclude_params): response", "") for each in found]


@given(recordings.cassettes, recordings.cassettes)
def test_the_other_way_round_what_came_has_gone(one: Cassette, other: Cassette) -> None:
    """Both directions report the same places, in the same tiers."""
    there, back = differences(one, other), differences(other, one)
    assert {(each.tier, each.where, each.before, each.after) for each in there} == {
        (each.tier, each.where, each.after, each.before) for each in back
    }
    assert {each.tier for each in there} <= set(TIERS)


def test_an_operation_that_came_or_went_is_another_shape() -> None:
    """With how often it was asked; what the service does not know goes by its path."""
    logs, weather = exchange(path=f"/jobs/{JOB}/logs"), exchange(path="/weather")
    assert reported([logs, logs], [weather]) == [
        "shape: logs: gone: 2 exchange(s)",
        "shape: GET /api/v1/weather: new: 1 exchange(s)",
    ]
    status = exchange(path="/backends/ibm_torino/status")
    assert reported([], [status]) == ["shape: backend status: new: 1 exchange(s)"]


def test_how_often_something_was_asked_is_a_value() -> None:
    """What is compared then is the first with the first."""
    before, after = poll("Queued", 0.0), poll("Running", 1.0)
    assert reported([before], [before, after]) == ["value: poll(exclude_params): exchanges: 1 -> 2"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": [1, 2]}, {"a": [1]}, ["value: .a: length: 2 -> 1"]),
        ({"a": [1, {"b": 1}]}, {"a": [1, {"b": 2}]}, ["value: .a[].b: 1 -> 2"]),
        ({"a": 1}, {"a": 1.5}, ["value: .a: 1 -> 1.5"]),
        ({"a": 1}, {"a": 1.0}, []),
        (
            {"a": [1, True]},
            {"a": [True, 1]},
            ["value: .a[]: 1 -> true", "value: .a[]: true -> 1"],
        ),
        ({"a": [0.0, ""]}, {"a": ["", 0.0]}, ['value: .a[]: 0.0 -> ""', 'value: .a[]: "" -> 0.0']),
        ({"a": 1, "b": 2}, {"a": 1}, ["shape: .b: gone: a number"]),
        ({"a": 1}, {"a": True}, ["shape: .a: a number -> true or false"]),
        ({"a": None}, {"a": []}, ["shape: .a: null -> a list"]),
        (
            {"a": "x" * 99},
            {"a": "y"},
            [f'value: .a: "{"x" * 26} [... 47 characters ...] {"x" * 26}" -> "y"'],
        ),
        ({"running": "x"}, {"running": "y"}, ['volatile: .running: "x" -> "y"']),
        (
            {"state": {"reason_code": 1500}},
            {"state": {"reason_code": 1305}},
            ["shape: .state.reason_code: 1500 -> 1305"],
        ),
        (b"<html>", {"a": 1}, ["shape: : a text -> an object"]),
        (b"<html>", b"<body>..", ["value: : 6 bytes -> 8 bytes"]),
    ],
)
def test_a_field_that_differs_is_reported_with_its_place(
    before: Any, after: Any, found: list[str]
) -> None:
    """Fields that came, went or changed their type are shapes, as are codes; the rest are values."""
    assert difference(before, after) == found


def test_jobs_with_nothing_in_common_are_compared_as_they_are() -> None:
    """The one was never seen in a state of the other: what is said of both is one shape or another."""
    queued, done = (
        exchange(answer=job_body("Queued")),
        exchange(answer=job_body("Completed", ended="t")),
    )
    assert "shape: poll(exclude_params): response.ended: new: a text" in reported([queued], [done])


def test_a_place_that_is_sometimes_an_object_is_no_change() -> None:
    """Its fields came with a kind of value that one side has not seen yet."""
    seldom, often = structure_of([[1]]), structure_of([[1], {"a": 1}])
    assert list(changes("body", seldom, often)) == list(changes("body", often, seldom)) == []


def test_a_status_that_differs_is_another_shape() -> None:
    """Of the whole operation: which there were before, and which there are."""
    good, bad = exchange(answer=job_body("Queued")), exchange(failure="reset")
    assert reported([good], [good, bad])[0] == (
        'shape: poll(exclude_params): status: ["200"] -> ["200", "reset"]'
    )


def test_a_difference_shows_no_secret() -> None:
    """Of cassettes that other tools recorded, unredacted: what a name governs is a placeholder, at any depth."""
    one, other = (
        Cassette(
            (exchange(answer={"id": "j", "login": {"password": word}, "owner": {"name": name}}),)
        )
        for word, name in (("swordfish", "Zoe"), ("zeppelin", "Ann"))
    )
    printed = "\n".join(map(str, differences(one, other)))
    assert printed.count("redacted-token-") == printed.count("redacted-user-") == 2
    assert not any(word in printed for word in ("swordfish", "zeppelin", "Zoe", "Ann"))
