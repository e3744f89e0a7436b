"""Right consumers as applications have them: callbacks, files, exporters, handlers, whole services."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import pickle
import queue
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from qiskit_ibm_runtime import Batch, Session

from tests.gallery.entries import HOUR, GaveUp, checked, right, status_of, submitted

FINAL = ("DONE", "ERROR", "CANCELLED", "CANCELLED - RAN TOO LONG", "TIMEOUT")


def safe_status(job):
    try:
        return str(job.status()).upper()
    except Exception:
        return "UNREACHABLE"


def ended(job, limit=HOUR):
    until = time.monotonic() + limit
    while time.monotonic() < until:
        if (status := safe_status(job)) in FINAL:
            return status
        time.sleep(15)
    return "TIMEOUT"


def fetched(job):
    if ended(job) != "DONE":
        return None
    try:
        return checked(lambda: job.result(timeout=60))
    except GaveUp:
        return None


@right()
def calls_back_once(job):
    calls = []
    result = fetched(job)
    calls.append(("done", result) if result is not None else ("failed", safe_status(job)))
    return calls


@right()
async def polls_beside_the_loop_with_a_timeout(job):
    async def poll():
        while safe_status(job) not in FINAL:
            await asyncio.sleep(20)
        return await asyncio.to_thread(fetched, job)

    try:
        return await asyncio.wait_for(poll(), HOUR)
    except TimeoutError:
        return None


@right(jobs=3)
async def gathers_with_the_failures(jobs):
    async def collect(job):
        while safe_status(job) not in FINAL:
            await asyncio.sleep(30)
        return checked(lambda: job.result(timeout=HOUR))

    each_with_time = (asyncio.wait_for(collect(job), HOUR) for job in jobs)
    collected = await asyncio.gather(*each_with_time, return_exceptions=True)
    return {job.job_id(): each for job, each in zip(jobs, collected, strict=True)}


@right(jobs=3)
def threads_that_fill_a_queue(jobs):
    filled = queue.Queue()
    threads = [
        threading.Thread(target=lambda job=job: filled.put((job.job_id(), fetched(job))))
        for job in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(filled.get_nowait() for _ in jobs)


@right(jobs=3)
def takes_what_is_completed_first(jobs):
    rows = []
    with ThreadPoolExecutor(3) as pool:
        waiting = {pool.submit(fetched, job): job for job in jobs}
        while waiting:
            for future in wait(waiting, timeout=2 * HOUR, return_when=FIRST_COMPLETED).done:
                rows.append({"job": waiting.pop(future).job_id(), "result": future.result()})
    return rows


@right()
def a_checkpoint_in_a_file(job):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "checkpoint.json")
        path.write_text(json.dumps({"id": job.job_id(), "phase": "waiting"}))
        phase = "failed" if fetched(job) is None else "over"
        path.write_text(json.dumps({"id": job.job_id(), "phase": phase}))
        return json.loads(path.read_text())


@right()
def a_cache_on_disk(job):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, job.job_id())
        if not path.exists():
            result = fetched(job)
            if result is None:
                raise GaveUp
            path.write_bytes(pickle.dumps(result[0].data.meas.get_counts()))
        return pickle.loads(path.read_bytes())


@right()
def logs_with_an_adapter(job):
    log = logging.LoggerAdapter(logging.getLogger("application"), {"job": job.job_id()})
    status = ended(job)
    log.warning("ended as %s", status)
    return 0 if status == "DONE" else 1


@right(jobs=3)
def exports_metrics(jobs):
    gauges = []
    for _ in range(15):
        counts = Counter(map(safe_status, jobs))
        gauges.append("\n".join(f'jobs{{status="{key}"}} {counts[key]}' for key in sorted(counts)))
        if all(safe_status(job) in FINAL for job in jobs):
            break
        time.sleep(60)
    return gauges[-1]


@right()
def notifies_once(job):
    return [f"job {job.job_id()} is {ended(job)}"]


@right(jobs=3)
def a_table_of_counts(jobs):
    rows = []
    for job in jobs:
        result = fetched(job)
        counts = {} if result is None else result[0].data.meas.get_counts()
        rows += [{"job": job.job_id(), "bits": bits, "count": counts[bits]} for bits in counts]
    return rows


@right(jobs=3)
def a_report_as_csv(jobs):
    file = io.StringIO()
    for job in jobs:
        result = fetched(job)
        shots = "" if result is None else result[0].data.meas.num_shots
        csv.writer(file).writerow([job.job_id(), safe_status(job), shots])
    return file.getvalue()


@right(allowed=SystemExit)
def a_command_with_exit_codes(job):
    result = fetched(job)
    if result is None:
        print("no result", file=sys.stderr)
        sys.exit(2)
    print(json.dumps(result[0].data.meas.get_counts()))
    sys.exit(0)


@right(jobs=3)
def the_average_of_those_that_are_done(jobs):
    shots = [each[0].data.meas.num_shots for each in map(fetched, jobs) if each is not None]
    return sum(shots) / len(shots) if shots else float("nan")


@right()
def a_daemon_that_watches(job):
    is_over, seen = threading.Event(), []

    def watch():
        while not is_over.wait(60):
            seen.append(safe_status(job))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    result = fetched(job)
    is_over.set()
    thread.join(120)
    return result


@right()
def takes_the_result_if_it_is_there(job):
    return checked(job.result) if status_of(job) == "DONE" else None


@right()
def reports_warnings_alone(job):
    result = fetched(job)
    return ["no shots"] if result is not None and not result[0].data.meas.num_shots else []


@right(takes="service", max_examples=5)
def submits_in_chunks(service):
    return [fetched(submitted(service)) for _ in range(4)]


@right(takes="service", max_examples=5)
def submits_again_what_failed(service):
    for _ in range(2):
        result = fetched(submitted(service))
        if result is not None:
            return result
    raise GaveUp


@right(takes="service", max_examples=5)
def three_jobs_in_a_batch(service):
    try:
        with Batch(backend=service.backend("ibm_torino")) as batch:
            jobs = [batch._run("sampler", {"pubs": []}) for _ in range(3)]
            return {job.job_id(): fetched(job) for job in jobs}
    except Exception as error:
        raise GaveUp from error


@right(takes="service", max_examples=5)
def one_job_in_a_session(service):
    try:
        with Session(backend=service.backend("ibm_torino")) as session:
            return fetched(session._run("sampler", {"pubs": []}))
    except Exception as error:
        raise GaveUp from error
