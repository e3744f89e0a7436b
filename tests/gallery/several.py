"""Right consumers of several jobs, of a service, of a session: collectors, dashboards, submitters."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from tests.gallery.entries import (
    FINAL,
    HOUR,
    SUBMITTED,
    GaveUp,
    checked,
    right,
    status_of,
    submitted,
)
from tests.gallery.programs import Outcome, Row, ended, outcome


@right(jobs=3, max_wait="4h")
def keeps_the_failures(jobs):
    return [outcome(job) for job in jobs]


@right(jobs=3, max_wait="4h")
def results_by_id(jobs):
    found = {}
    for job in jobs:
        result = outcome(job)
        found[job.job_id()] = result.result if result.ok else result.reason
    return found


@right(jobs=3, max_wait="4h")
def only_those_that_are_done(jobs):
    return {job.job_id(): one.result for job in jobs if (one := outcome(job)).ok}


@right(jobs=3, max_wait="4h")
def results_and_failures_apart(jobs):
    results: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for job in jobs:
        one = outcome(job)
        if one.ok:
            results[job.job_id()] = one.result[0].data.meas.get_counts()
        else:
            failures[job.job_id()] = one.reason
    return results, failures


@right(jobs=3, max_wait="4h")
def labelled_in_the_order_they_end(jobs):
    waiting, found = list(jobs), []
    deadline = time.monotonic() + HOUR
    while waiting and time.monotonic() < deadline:
        for job in list(waiting):
            try:
                is_over = job.in_final_state()
            except Exception:
                continue
            if is_over:
                waiting.remove(job)
                found.append((job.job_id(), outcome(job)))
        time.sleep(30)
    return found


@right(jobs=3, max_wait="4h")
def in_the_order_of_the_jobs(jobs):
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(outcome, jobs))


@right(jobs=3, max_wait="4h")
def by_what_was_submitted(jobs):
    with ThreadPoolExecutor(3) as pool:
        numbers = {pool.submit(outcome, job): number for number, job in enumerate(jobs)}
        found: list[Outcome | None] = [None] * len(jobs)
        for future in as_completed(numbers):
            found[numbers[future]] = future.result()
    return found


@right(jobs=3, max_wait="4h")
def all_counts_added(jobs):
    total: dict[str, int] = {}
    for job in jobs:
        one = outcome(job)
        if one.ok:
            for bits, count in one.result[0].data.meas.get_counts().items():
                total[bits] = total.get(bits, 0) + count
    return total


@right(jobs=3, max_wait="4h")
def how_many_ended_how(jobs):
    ends = [ended(job) for job in jobs]
    return {end: ends.count(end) for end in ends}


@right(jobs=3, max_wait="4h")
def the_first_that_is_done(jobs):
    for job in jobs:
        one = outcome(job)
        if one.ok:
            return one.result
    return None


@right(jobs=3, max_wait="4h")
def all_or_nothing(jobs):
    return [checked(lambda job=job: job.result(timeout=HOUR)) for job in jobs]


@right(jobs=2, max_wait="2h")
def cancels_the_slower_one(jobs):
    for _ in range(100):
        for job, other in (jobs, reversed(jobs)):
            if status_of(job) in FINAL:
                with contextlib.suppress(Exception):
                    other.cancel()
                return job.job_id()
        time.sleep(30)
    raise GaveUp


@right(jobs=3, max_wait="2h")
def rows_of_a_table(jobs):
    rows = []
    for job in jobs:
        try:
            rows.append(Row(job.job_id(), job.status(), None))
        except Exception:
            rows.append(Row(job.job_id(), "?", None))
    return rows


@right(takes="service", jobs=3, max_wait="8h", scenarios=SUBMITTED)
def submits_and_keeps_the_ids(service):
    ids = []
    for _ in range(3):
        try:
            ids.append(submitted(service).job_id())
        except GaveUp:
            ids.append(None)
    return ids


@right(takes="service", jobs=2, max_wait="8h", scenarios=SUBMITTED)
def submits_and_collects(service):
    jobs = [submitted(service) for _ in range(2)]
    return {job.job_id(): outcome(job) for job in jobs}


@right(takes="service", max_wait="2h", scenarios=SUBMITTED)
def lists_all_jobs(service):
    try:
        return [(job.job_id(), job.status()) for job in service.jobs(limit=10)]
    except Exception as error:
        raise GaveUp from error


@right(takes="service", max_wait="2h", scenarios=SUBMITTED)
def a_page_that_asks_again_each_time(service):
    job_id = submitted(service).job_id()
    pages = []
    for _ in range(10):
        try:
            pages.append(service.job(job_id).status())
        except Exception:
            pages.append("?")
        time.sleep(60)
    return pages


@right(takes="session", max_wait="2h", scenarios=SUBMITTED)
def runs_in_a_session_of_its_caller(session):
    try:
        job = session._run("sampler", {"pubs": []})
    except Exception as error:
        raise GaveUp from error
    return outcome(job)


@right(takes="simulation", max_wait="2h", scenarios=SUBMITTED)
def submits_with_the_service_of_a_simulation(sim):
    return outcome(submitted(sim.service()))
