"""Result data is found in what a consumer returns, at any depth; words, numbers and jobs are left alone."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest.properties.returned_data import data_in, is_counts, marks_of, texts_in

WORDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcxyz"), inner) | st.tuples(inner),
)


@dataclass
class Outcome:
    """What a program returns about a job."""

    value: object
    reason: str = ""


def wrapped(value: object) -> list[object]:
    """Return *value* as programs hand it about."""
    return [
        value,
        [value],
        (None, value),
        {"counts": value},
        Outcome(value),
        SimpleNamespace(body={"data": [value]}),
        [Outcome({"a": (value,)})],
    ]


@pytest.mark.parametrize("number", range(7))
def test_counts_are_found_however_they_are_wrapped(number: int) -> None:
    """In lists, tuples, dicts, data classes and objects."""
    counts = {"00": 3, "11": 5}
    assert [data.value for data in data_in(wrapped(counts)[number])] == [counts]


@pytest.mark.parametrize("number", range(7))
def test_results_are_found_however_they_are_wrapped(number: int) -> None:
    """A result is one piece of data: its parts are not counted again."""
    with qrtest.simulate() as sim:
        result = sim.job("DONE").result()
    for part in (result, result[0], result[0].data, result[0].data.meas):
        assert [data.value for data in data_in(wrapped(part)[number])] == [part]


@given(WORDS)
def test_nothing_else_is_taken_for_data(value: object) -> None:
    """Words, numbers and what is made of them."""
    assert not list(data_in(value))


def test_what_a_job_keeps_is_its_own() -> None:
    """A job is returned as it is, even when it has read its result."""
    with qrtest.simulate() as sim:
        job = sim.job("DONE")
        job.result()
        assert not list(data_in([job, Outcome(job)]))


def test_exceptions_are_left_alone() -> None:
    """They may hold anything."""
    error = ValueError({"00": 3})
    assert not list(data_in([error, Outcome(error)]))


def test_what_refers_to_itself_ends() -> None:
    """Each container is looked into once."""
    loop: list[object] = [{"00": 1}]
    loop.append(loop)
    assert len(list(data_in(loop))) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"0": 5, "1": 3}, True),
        ({"0x0": 5, "0x1f": 3}, True),
        ({"00 1": 0.25, "11 0": 0.75}, True),
        ({"00": 0, "11": 0}, False),
        ({"0": 5, "10": 3}, False),
        ({"1": True}, False),
        ({"DONE": 2}, False),
        ({0: 5}, False),
        ({}, False),
    ],
)
def test_counts_have_bit_strings_of_one_length_and_numbers(value: dict, expected: bool) -> None:
    """Other tables are tables."""
    assert is_counts(value) is expected


def test_data_is_labelled_by_the_id_beside_it() -> None:
    """As a key, or as a value in the same container."""
    ids = ("job-a", "job-b")
    found = data_in({"job-a": {"00": 1}, "x": [("job-b", {"01": 1})]}, ids)
    assert {str(data.value): set(data.labels) for data in found} == {
        "{'00': 1}": {"job-a"},
        "{'01': 1}": {"job-b"},
    }


def test_an_empty_text_is_no_id() -> None:
    """It stands in many outcomes, and labels nothing."""
    [data] = data_in([("job-a", Outcome({"00": 1}, ""))], ("job-a", ""))
    assert data.labels == {"job-a"}


def test_a_result_and_its_counts_have_the_same_marks() -> None:
    """So that it is seen whose they are."""
    with qrtest.simulate() as sim:
        result = sim.job("DONE").result()
    counts = result[0].data.meas.get_counts()
    assert marks_of(result) == marks_of(counts) == marks_of(result[0].data) != frozenset()


def test_texts_are_found_in_values_and_not_in_keys() -> None:
    """As text, whether they are text or bytes."""
    assert set(texts_in({"key": ["a", b"b"], "other": Outcome("c", "d")})) == {"a", "b", "c", "d"}
