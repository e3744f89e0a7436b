"""What a recording says of a job besides its life, and how it is said of another life."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.service.payload_template import JobRecord
from qrtest.service.serialize import job_usage
from tests.recordings import JOB, job_body, json_values

VERSION = "2026-04-15"
WHEN = {"created": "2026-01-01T00:00:00Z", "running": "2026-01-01T00:00:02Z"}
SECONDS = st.integers(0, 10**15).map(lambda nanoseconds: nanoseconds / 1e9)
"""How long a job ran: lengths of a life have no more digits."""

FIGURES = json_values | st.sampled_from([1e999, -1e999, 10**400, -3, 0, 7, 2.5])


@given(
    st.dictionaries(st.sampled_from(["usage", "bss", "circuits_execution_time_ns"]), FIGURES),
    SECONDS,
    SECONDS,
)
def test_any_figures_are_reported_of_any_script(
    figures: dict[str, Any], ran: float, seconds: float
) -> None:
    """Figures that nobody can be charged with are said as they were; of the recorded life, all are."""
    record = JobRecord(job={"id": JOB, **figures}, metrics=figures, ran=ran)
    reported = {**WHEN, "finished": None, "seconds": seconds}
    json.dumps([record.measured(**reported), record.usage(VERSION, seconds, complete=True)])
    if ran:
        same = record.measured(**{**reported, "seconds": ran, "finished": WHEN["running"]})
        for name, value in figures.items():
            assert repr(same[name]) == repr(value)


@given(st.integers(0, 10_000), SECONDS.filter(bool), SECONDS)
def test_nobody_is_charged_for_more_than_the_job_ran(
    charged: int, ran: float, seconds: float
) -> None:
    """In proportion to what was charged for the time that it ran when it was recorded."""
    record = JobRecord(job={"usage": {"seconds": min(charged, math.ceil(ran))}}, ran=ran)
    answer = record.usage(VERSION, seconds, complete=True)["seconds"]
    assert 0 <= answer <= math.ceil(seconds * (1 + 1e-6))


@pytest.mark.parametrize(
    ("ran", "seconds", "reported"),
    [
        (2.0, 2.0, {"ns": 1_500_000_000, "whole": 1, "part": 1.5, "most": 2}),
        (2.0, 1.0, {"ns": 750_000_000, "whole": 0, "part": 0.75, "most": 1}),
        (2.0, 4.0, {"ns": 3_000_000_000, "whole": 2, "part": 3.0, "most": 4}),
        (2.0, 2.4, {"ns": 1_800_000_000, "whole": 1, "part": 1.8, "most": 2}),
        (2.0, 0.0, {"ns": 0, "whole": 0, "part": 0.0, "most": 0}),
        (0.0, 0.0, {"ns": 1_500_000_000, "whole": 1, "part": 1.5, "most": 2}),
        (0.0, 2.5, {"ns": 2_500_000_000, "whole": 3, "part": 3, "most": 3}),
    ],
)
def test_what_was_charged_is_charged_in_proportion(
    ran: float, seconds: float, reported: dict[str, float]
) -> None:
    """Wherever a figure stands; of a recording that did not run, what the service would charge."""
    figures = {"circuits_execution_time_ns": 1_500_000_000, "seconds": 1, "part": 1.5, "quantum": 2}
    metrics = {**figures, "usage": figures, "bss": figures}
    measured = JobRecord(job={}, metrics=metrics, ran=ran).measured(
        **WHEN, finished=WHEN["running"], seconds=seconds
    )
    names = ("circuits_execution_time_ns", "seconds", "part", "quantum")
    expected = dict(zip(names, reported.values(), strict=True))
    assert measured["usage"] == measured["bss"] == expected
    assert measured["circuits_execution_time_ns"] == reported["ns"]
    assert (measured["seconds"], measured["part"]) == (1, 1.5)


@pytest.mark.parametrize(
    ("job", "reported"),
    [
        ({}, job_usage(VERSION, 3.0, complete=True)),
        ({"usage": None}, None),
        ({"usage": {"seconds": 2, "status": "complete"}}, {"seconds": 3, "status": "complete"}),
    ],
)
def test_usage_is_reported_as_it_was_recorded(job: dict[str, Any], reported: object) -> None:
    """Of one who recorded no end, as the service reports it; of an end without usage, not at all."""
    assert JobRecord(job=job).usage(VERSION, 3.0, complete=True) == reported


def test_the_end_is_reported_where_it_was_recorded() -> None:
    """In the spelling that was recorded, if it is the same; a job that goes on has none."""
    record = JobRecord.of({**job_body("Completed"), "ended": "2026-01-01T00:00:05.000Z"})
    usual = {"id": JOB, "state": {"status": "Completed"}}
    assert record.described(usual, ended="2026-01-01T00:00:05Z")["ended"].endswith("05.000Z")
    assert record.described(usual, ended="2026-01-01T00:00:06Z")["ended"].endswith("06Z")
    assert "ended" not in record.described(usual, ended=None)
    classic = JobRecord.of(job_body("Completed"))
    assert "ended" not in classic.described(usual, ended="2026-01-01T00:00:06Z")


def test_a_rescripted_job_is_described_as_itself_with_what_was_recorded() -> None:
    """Its name, its creation and what its scenario says are its own; all else is the recording's."""
    recorded = {**job_body("Failed", tags=["old"]), "usage": {"seconds": 9}, "region": "eu-de"}
    usual = {
        "id": "other",
        "created": "2026-02-02T00:00:00Z",
        "state": {"status": "Completed"},
        "status": "Completed",
        "program": {"id": "estimator"},
        "tags": ["new"],
        "params": {},
        "usage": {"seconds": 1},
    }
    kept = {name: recorded[name] for name in ("backend", "user_id", "cost", "region")}
    record = JobRecord.of(recorded)
    assert record.described(usual, ended=None) == {**kept, **usual}
    del usual["usage"], usual["tags"]
    assert record.described({**usual, "cost": 1}, ended=None) == {**kept, **usual}


@pytest.mark.parametrize("tags", [[], None, ["a"]])
def test_tags_are_the_scenarios_but_for_how_none_are_written(tags: list[str] | None) -> None:
    """The classic service lists none, the other says nothing."""
    kept = JobRecord.of({"id": JOB, "tags": tags}).job
    assert ("tags" in kept) == (not tags)


def test_what_runs_has_not_been_accounted_for() -> None:
    """Whatever the recording said of the end."""
    record = JobRecord(job={}, metrics={"usage": {"seconds": 2, "status": "complete"}}, ran=2.0)
    running = record.measured(**WHEN, finished=None, seconds=2.0)
    ended = record.measured(**WHEN, finished=WHEN["running"], seconds=2.0)
    assert (running["usage"]["status"], ended["usage"]["status"]) == ("pending", "complete")


def test_the_repr_of_a_record_is_code_for_it() -> None:
    """With what there is."""
    for record in (
        JobRecord(job={"id": JOB}),
        JobRecord(job={}, metrics={"usage": {}}, logs="a log", ran=2.5),
    ):
        assert eval(repr(record), {"JobRecord": JobRecord}) == record
