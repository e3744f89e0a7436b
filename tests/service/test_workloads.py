"""GET /workloads: jobs, sessions and batches in one list."""

from __future__ import annotations

from typing import Any

import pytest

from qrtest.service.instances import CRN, Instance
from tests.asking import Asking


def listed(ask: Asking, query: str = "") -> list[dict[str, Any]]:
    workloads: list[dict[str, Any]] = ask("GET", f"/workloads{query}").body["workloads"]
    return workloads


def ids(ask: Asking, query: str = "") -> list[str]:
    return [each["id"] for each in listed(ask, query)]


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("QUEUED", "pending"),
        ("RUNNING", "in_progress"),
        ("DONE", "completed"),
        ("ERROR 1517", "failed"),
        ("CANCELLED", "canceled"),
    ],
)
def test_a_job_is_a_workload_with_its_status(script: str, status: str) -> None:
    """With the reason of one that failed; it takes no jobs, which is null."""
    ask = Asking(script)
    job_id = ask.submit(tags=["a"])
    [workload] = listed(ask)
    assert (workload["id"], workload["mode"], workload["status"]) == (job_id, "job", status)
    assert (workload["instance"], workload["accepting_jobs"], workload["tags"]) == (
        CRN,
        None,
        ["a"],
    )
    assert ("status_reason" in workload) == (status == "failed")
    assert ("ended" in workload) == (status not in ("pending", "in_progress"))


@pytest.mark.parametrize(("mode", "shown"), [("dedicated", "session"), ("batch", "batch")])
def test_a_session_is_a_workload_with_the_time_and_tags_of_its_jobs(mode: str, shown: str) -> None:
    """Its jobs have no entries of their own."""
    ask = Asking("RUNNING 7s; DONE")
    body = {"mode": mode, "backend": "ibm_torino"}
    session_id = ask("POST", "/sessions", body).body["id"]
    assert [(each["status"], each["accepting_jobs"]) for each in listed(ask)] == [("pending", True)]
    for tag in ("b", "a"):
        ask.submit(session_id=session_id, tags=[tag])
    assert [(each["id"], each["status"]) for each in listed(ask)] == [(session_id, "in_progress")]
    ask.clock.advance("10s")
    ask("PATCH", f"/sessions/{session_id}", {"accepting_jobs": False})
    [closed] = listed(ask)
    assert (closed["mode"], closed["status"], closed["accepting_jobs"]) == (
        shown, "completed", False,
    )  # fmt: skip
    assert (closed["usage"], closed["tags"]) == ({"qpu_charge_time_seconds": 14}, ["a", "b"])


def test_workloads_are_filtered() -> None:
    """By backend, mode, status, tags, a part of the id or a tag, and when they began."""
    ask = Asking("DONE")
    old = ask.submit(tags=["nightly", "one"])
    ask.clock.advance("24h")
    ask.script = "QUEUED"
    new = ask.submit(backend="ibm_brisbane", tags=["nightly"])
    ask.clock.advance("1s")
    batch = ask("POST", "/sessions", {"mode": "batch", "backend": "ibm_torino"}).body["id"]
    assert ids(ask, "?backend=ibm_brisbane") == [new]
    assert ids(ask, "?mode=batch") == [batch]
    assert (
        ids(ask, "?status=completed&status=canceled")
        == ids(ask, "?status=completed,failed")
        == [old]
    )
    assert ids(ask, "?tags=nightly&tags=one") == ids(ask, "?search=ONE") == [old]
    assert ids(ask, f"?search={new[4:]}") == [new]
    assert ids(ask, "?created_after=2026-01-02T00:00:00Z") == [new, batch]
    assert ids(ask, "?created_before=2026-01-01T12:00:00Z&user=me") == [old]
    assert ids(ask, "?sort=-createdAt")[-1] == old


def test_pages_are_linked_in_both_directions() -> None:
    """The links keep the filters; ten are a page unless another limit is asked for."""
    ask = Asking("DONE")
    jobs = []
    for _ in range(12):
        jobs.append(ask.submit(tags=["a"]))
        ask.clock.advance("1s")
    assert ids(ask) == jobs[:10]
    seen, url = [], "?limit=5&tags=a"
    while True:
        page = ask("GET", f"/workloads{url}").body
        assert (page["total_count"], page["limit"]) == (12, 5)
        seen += [each["id"] for each in page["workloads"]]
        if "next" not in page:
            break
        assert page["next"]["href"].startswith("https://quantum.cloud.ibm.com/api/v1/workloads?")
        url = f"?{page['next']['href'].partition('?')[2]}"
    assert seen == jobs
    back = f"?{page['previous']['href'].partition('?')[2]}"
    assert ids(ask, back) == jobs[5:10]


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=51", "limit=x", "limit=-1", "limit=1e3", "sort=name", "mode=dedicated"),
        *("status=Queued", "user=you", "created_after=yesterday", "next=nowhere", "previous=%00"),
    ],
)
def test_a_query_out_of_its_bounds_is_rejected(query: str) -> None:
    """400, whether or not there are workloads."""
    answer = Asking()("GET", f"/workloads?{query}")
    assert (answer.status, answer.code) == (400, 1208)


def test_workloads_are_those_of_the_instance_that_asks() -> None:
    """Jobs and sessions of another are not shown."""
    team = Instance(name="team")
    ask = Asking("DONE", instances=[Instance(), team])
    ask.submit()
    ask("POST", "/sessions", {"mode": "batch", "backend": "ibm_torino"})
    ask.crn = team.resource_name
    assert ids(ask) == []


def test_earlier_versions_have_the_seconds_alone() -> None:
    """Before the charge time came with API version 2026-03-15."""
    ask = Asking("RUNNING 7s; DONE")
    ask.submit()
    ask.clock.advance("10s")
    ask.version = "2026-02-15"
    [workload] = listed(ask)
    assert (workload["usage_seconds"], "usage" in workload) == (7, False)
