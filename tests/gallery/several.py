"""Consumers of several jobs, of a service, of a session: collectors, dashboards, submitters.

Most are right; those that lose results stand at the end.
"""

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
    bug,
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


def counts_of(one):
    return one.result[0].data.meas.get_counts()


def share_of_zeros(one):
    counts = counts_of(one)
    return sum(n for bits, n in counts.items() if "1" not in bits) / sum(counts.values())


@right(jobs=3, max_wait="4h")
def a_number_of_the_last_beside_counts_of_the_others(jobs):
    *others, last = [outcome(job) for job in jobs]
    raw = [counts_of(one) for one in others if one.ok]
    return {"counts": raw, "share": share_of_zeros(last) if last.ok else None}


@right(jobs=3, max_wait="4h")
def a_number_for_each_and_counts_of_the_first(jobs):
    found = [outcome(job) for job in jobs]
    first = counts_of(found[0]) if found[0].ok else {}
    return first, [share_of_zeros(one) if one.ok else None for one in found]


@right(jobs=3, max_wait="4h")
def counts_in_the_first_place_and_numbers_in_the_others(jobs):
    first, *others = [outcome(job) for job in jobs]
    return [
        counts_of(first) if first.ok else None,
        *(one.ok and share_of_zeros(one) for one in others),
    ]


@right(jobs=3, max_wait="4h")
def counts_by_id_until_one_fails_then_shares(jobs):
    found = {job.job_id(): outcome(job) for job in jobs}
    if all(one.ok for one in found.values()):
        return {job_id: counts_of(one) for job_id, one in found.items()}
    first, *others = found
    kept: dict[str, Any] = {first: counts_of(found[first])} if found[first].ok else {}
    return kept | {each: share_of_zeros(found[each]) for each in others if found[each].ok}


@right(jobs=3, max_wait="4h")
def raw_and_a_line_of_text(jobs):
    found = [outcome(job) for job in jobs]
    done = [one for one in found if one.ok]
    if not done:
        return None
    return counts_of(done[0]), [f"{share_of_zeros(one):.3f}" for one in done[1:]]


@right(jobs=3, max_wait="4h")
def the_best_by_its_id(jobs):
    found = [(job.job_id(), one) for job in jobs if (one := outcome(job)).ok]
    return {job_id: counts_of(one) for job_id, one in sorted(found, key=lambda p: p[0])[:1]}


@right(jobs=3, max_wait="4h")
def the_first_done_of_all_that_are_watched(jobs):
    for _ in range(100):
        ends = [status_of(job) for job in jobs]
        for job, end in zip(jobs, ends, strict=True):
            if end == "DONE":
                return {
                    "job": job.job_id(),
                    "counts": counts_of(Outcome(True, checked(job.result))),
                }
        if all(end in FINAL for end in ends):
            break
        time.sleep(30)
    raise GaveUp


@right(jobs=3, max_wait="4h")
def results_so_far_and_the_jobs_that_are_left(jobs):
    results, left = {}, list(jobs)
    while left:
        one = outcome(left[0])
        if not one.ok:
            break
        results[left.pop(0).job_id()] = one.result
    return results, left


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


# --- they lose the results of other jobs ----------------------------------------------------------------


@bug("lost-results", jobs=3)
def says_none_of_all_after_a_failure(jobs):
    found = [outcome(job) for job in jobs]
    failed = next((n for n, one in enumerate(found) if not one.ok), len(jobs))
    return [one.result if n < failed else None for n, one in enumerate(found)]


@bug("lost-results", jobs=3)
def calls_all_skipped_after_a_failure(jobs):
    results = ["skipped"] * len(jobs)
    for number, job in enumerate(jobs):
        one = outcome(job)
        if not one.ok:
            break
        results[number] = one.result[0].data.meas.get_counts()
    return results


@bug("lost-results", jobs=3)
def files_half_of_what_was_read_at_once(jobs):
    with ThreadPoolExecutor(3) as pool:
        read = dict(zip((job.job_id() for job in jobs), pool.map(outcome, jobs), strict=True))
    kept = {}
    for job_id, one in read.items():
        if not one.ok:
            break
        kept[job_id] = {"counts": one.result[0].data.meas.get_counts(), "is_good": True}
    return kept
