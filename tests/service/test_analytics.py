"""Analytics: the QPU time of jobs, in milliseconds, filtered and by date."""

from __future__ import annotations

import pytest

from qrtest.service.instances import CRN
from tests.asking import Asking


def used(ask: Asking, query: str = "") -> int:
    milliseconds: int = ask("GET", f"/analytics/usage{query}").body["usage"]
    return milliseconds


def prepared() -> Asking:
    """Return a job on each of two backends that ran for 10 and 30 seconds, the second one a day later."""
    ask = Asking("RUNNING 10s; DONE")
    ask.submit()
    ask.clock.advance("24h")
    ask.script = "RUNNING 30s; DONE"
    ask.submit(backend="ibm_brisbane")
    ask.clock.advance("1h")
    return ask


def test_usage_is_the_time_that_jobs_ran() -> None:
    """Of all, of a backend, and of what ran between two times."""
    ask = prepared()
    assert used(ask) == 40_000
    assert used(ask, "?backend=ibm_torino") == 10_000
    assert used(ask, f"?instance={CRN}&plan=paygo") == 40_000
    assert used(ask, "?plan=open") == 0
    assert used(ask, "?interval_start=2026-01-02T00:00:20Z") == 10_000
    assert (
        used(ask, "?interval_start=2026-01-01T00:00:05Z&interval_end=2026-01-02T00:00:00Z") == 5_000
    )


def test_usage_is_grouped_by_date() -> None:
    """A row for each day in UTC and group, with where the day begins."""
    ask = prepared()
    assert ask("GET", "/analytics/usage_grouped_by_date?group_by=instance").body["data"] == [
        {"group": CRN, "usage": 10_000, "interval_start": "2026-01-01T00:00:00Z"},
        {"group": CRN, "usage": 30_000, "interval_start": "2026-01-02T00:00:00Z"},
    ]
    assert ask("GET", "/analytics/usage_grouped?group_by=backend").body["data"] == [
        {"group": "ibm_brisbane", "usage": 30_000},
        {"group": "ibm_torino", "usage": 10_000},
    ]


def test_filters_are_what_there_is_to_filter_by() -> None:
    """Backends that were used, instances and plans of the account."""
    filters = prepared()("GET", "/analytics/filters").body
    assert [each["name"] for each in filters["backends"]] == ["ibm_brisbane", "ibm_torino"]
    assert filters["instances"] == [{"id": CRN, "deleted": False}]
    assert filters["plans"] == [{"name": "paygo"}]


@pytest.mark.parametrize(
    "query",
    [
        "usage?interval_start=yesterday",
        "usage_grouped",
        "usage_grouped?group_by=color",
        "usage_grouped_by_date?group_by=instance&interval_start=0001-01-01T00:00:00Z",
    ],
)
def test_a_query_that_is_none_is_rejected(query: str) -> None:
    """With code 1208."""
    answer = prepared()("GET", f"/analytics/{query}")
    assert (answer.status, answer.code) == (400, 1208)
