"""Right consumers of one job, as programs have them: reports, exit codes, handlers, callbacks, records.

What they return when there is no result is a word, a number, an outcome, an id or nothing: their own affair.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.gallery.entries import FINAL, HOUR, GaveUp, checked, right


class Exit(IntEnum):
    """The exit codes of a command."""

    OK = 0
    FAILED = 1
    TIMED_OUT = 2
    UNREACHABLE = 3


class State(Enum):
    """The states of a job as a program calls them."""

    WAITING = "waiting"
    OVER = "over"
    LOST = "lost"


@dataclass(frozen=True)
class Outcome:
    """What became of a job: a result, or why there is none."""

    ok: bool
    result: Any = None
    reason: str = ""


class Row(NamedTuple):
    """A row of a table of jobs."""

    job_id: str
    status: str
    shots: int | None


def ended(job: Any, seconds: float = HOUR) -> str:
    """Return the final status, "TIMEOUT" or "UNREACHABLE"."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            status: str = job.status()
        except Exception:
            return "UNREACHABLE"
        if status in FINAL or status.startswith("CANCELLED"):
            return status
        time.sleep(20)
    return "TIMEOUT"


def outcome(job: Any) -> Outcome:
    """Return a result, or why there is none."""
    try:
        return Outcome(True, checked(lambda: job.result(timeout=HOUR)))
    except GaveUp as error:
        return Outcome(False, reason=repr(error.__cause__ or error))


# --- fire and forget ----------------------------------------------------------------------------------


@right()
def keeps_the_id(job):
    return job.job_id()


@right()
def keeps_a_record_of_what_was_submitted(job):
    return {"id": job.job_id(), "submitted": datetime.now(UTC).isoformat(), "tags": list(job.tags)}


@right()
def hands_the_job_back(job):
    return job


@right()
def tags_and_forgets(job):
    try:
        job.update_tags(["nightly"])
    except Exception:
        return False
    return True


@right()
def writes_the_id_to_a_log(job):
    log: list[str] = []
    log.append(f"submitted {job.job_id()}")
    return log


@right()
def cancels_and_says_so(job):
    try:
        job.cancel()
    except Exception as error:
        return f"not cancelled: {type(error).__name__}"
    return "cancel requested"


# --- reports and dashboards ---------------------------------------------------------------------------


@right()
def prints_one_line(job):
    try:
        return f"{job.job_id()}  {job.status():<12}"
    except Exception as error:
        return f"{job.job_id()}  unknown ({type(error).__name__})"


@right()
def a_row_of_a_table(job):
    try:
        return Row(job.job_id(), job.status(), None)
    except Exception:
        return Row(job.job_id(), "?", None)


@right()
def a_row_with_its_shots(job):
    end = ended(job)
    shots = None
    if end == "DONE":
        result = outcome(job)
        shots = result.result[0].data.meas.num_shots if result.ok else None
    return Row(job.job_id(), end, shots)


@right(max_wait="2h")
def a_dashboard_that_refreshes(job):
    seen = []
    for _ in range(30):
        try:
            seen.append(job.status())
        except Exception:
            seen.append("no answer")
        time.sleep(60)
    return seen


@right(max_wait="2h")
def a_history_of_changes(job):
    changes: list[tuple[float, str]] = []
    began = time.monotonic()
    while time.monotonic() - began < HOUR:
        try:
            status = job.status()
        except Exception:
            status = "unreachable"
        if not changes or changes[-1][1] != status:
            changes.append((round(time.monotonic() - began), status))
        if status in FINAL:
            break
        time.sleep(30)
    return changes


@right()
def a_document_for_a_web_page(job):
    try:
        body = {"id": job.job_id(), "status": job.status(), "done": job.in_final_state()}
    except Exception as error:
        return {"error": str(error)[:80]}, 502
    return body, 200


@right()
def a_handler_of_a_request(job):
    try:
        status = job.status()
    except Exception:
        return SimpleNamespace(code=503, body="", headers={"Retry-After": "30"})
    if status == "DONE":
        return SimpleNamespace(code=303, body="", headers={"Location": f"/jobs/{job.job_id()}"})
    return SimpleNamespace(code=202, body=json.dumps({"status": status}), headers={})


@right()
def a_handler_that_answers_with_json(job):
    result = outcome(job)
    if not result.ok:
        return json.dumps({"status": "error", "detail": result.reason[:60]})
    return json.dumps({"status": "ok", "counts": result.result[0].data.meas.get_counts()})


@right()
def a_health_check(job):
    try:
        job.status()
    except Exception:
        return "unhealthy"
    return "healthy"


@right(max_wait="2h")
def how_long_it_took(job):
    began = time.monotonic()
    ended(job)
    return time.monotonic() - began


@right()
def a_progress_bar(job):
    parts = {"QUEUED": 0.0, "RUNNING": 0.5, "DONE": 1.0, "ERROR": 1.0, "CANCELLED": 1.0}
    try:
        return parts.get(job.status(), 0.0)
    except Exception:
        return 0.0


# --- outcomes -----------------------------------------------------------------------------------------


@right()
def an_outcome(job):
    return outcome(job)


@right()
def an_outcome_with_the_exception(job):
    try:
        return checked(lambda: job.result(timeout=HOUR)), None
    except GaveUp as error:
        return None, error


@right()
def the_exception_itself(job):
    try:
        return checked(lambda: job.result(timeout=HOUR))
    except GaveUp as error:
        return error


@right()
def an_exit_code(job):
    end = ended(job)
    if end == "DONE":
        return Exit.OK
    return {"TIMEOUT": Exit.TIMED_OUT, "UNREACHABLE": Exit.UNREACHABLE}.get(end, Exit.FAILED)


@right()
def an_exit_code_as_a_number(job):
    return 0 if ended(job) == "DONE" else 1


@right()
def always_exits_with_zero(job):
    ended(job)
    return 0


@right(allowed=(GaveUp, SystemExit))
def a_command_that_exits(job):
    raise SystemExit(0 if ended(job) == "DONE" else 1)


@right()
def whether_it_is_over(job):
    return ended(job) in FINAL


@right()
def whether_it_is_over_as_an_enum(job):
    end = ended(job)
    return State.OVER if end in FINAL else State.LOST if end == "UNREACHABLE" else State.WAITING


@right()
def a_word_of_its_own(job):
    return {"DONE": "success", "ERROR": "failure"}.get(ended(job), "unfinished")


@right()
def the_reason_of_a_failure(job):
    if ended(job) != "ERROR":
        return ""
    try:
        return job.error_message() or "no reason given"
    except Exception:
        return "no reason known"


@right()
def takes_the_end_that_the_service_stopped(job):
    end = ended(job)
    if end == "CANCELLED - RAN TOO LONG":
        return "CANCELLED"
    return end


@right()
def zero_shots_when_there_are_none(job):
    result = outcome(job)
    return result.result[0].data.meas.num_shots if result.ok else 0


@right()
def no_counts_when_there_are_none(job):
    result = outcome(job)
    return result.result[0].data.meas.get_counts() if result.ok else {}


@right()
def a_share_of_zeros(job):
    result = outcome(job)
    if not result.ok:
        return float("nan")
    counts = result.result[0].data.meas.get_counts()
    return sum(n for bits, n in counts.items() if set(bits) == {"0"}) / sum(counts.values())


@right()
def a_message_for_a_chat(job):
    result = outcome(job)
    return f"Job {job.job_id()}: " + ("here it is" if result.ok else f"sorry, {result.reason[:80]}")


# --- callbacks, threads, coroutines -------------------------------------------------------------------


class Watcher:
    """Calls back when a job has ended, once."""

    def __init__(self, job: Any) -> None:
        self.job = job
        self.events: list[str] = []
        self.callbacks: list[Any] = [self.events.append]

    def watch(self) -> Watcher:
        end = ended(self.job)
        for callback in self.callbacks:
            callback(end)
        return self


@right()
def a_watcher_with_callbacks(job):
    return Watcher(job).watch()


@right()
def the_events_of_a_watcher(job):
    return Watcher(job).watch().events


@right()
def waits_in_a_thread(job):
    box: list[Outcome] = []
    thread = threading.Thread(target=lambda: box.append(outcome(job)))
    thread.start()
    thread.join()
    return box


@right()
def waits_in_a_pool(job):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(outcome, job).result()


@right()
async def awaits_nothing(job):
    return outcome(job)


@right()
async def waits_beside_the_loop(job):
    return await asyncio.to_thread(outcome, job)


@right()
def puts_it_into_a_queue(job):
    done: deque[Outcome] = deque()
    done.append(outcome(job))
    return done


# --- records and accounting ---------------------------------------------------------------------------


@dataclass
class Record:
    """What a database keeps of a job."""

    job_id: str
    state: str = "new"
    attempts: int = 0
    counts: dict[str, int] | None = None
    errors: list[str] = field(default_factory=list)


@right(max_wait="4h")
def a_record_that_is_brought_up_to_date(job):
    record = Record(job.job_id())
    for _ in range(3):
        record.attempts += 1
        result = outcome(job)
        if result.ok:
            record.counts = result.result[0].data.meas.get_counts()
            record.state = "complete"
            break
        record.errors.append(result.reason)
        record.state = "failed"
    return record


@right()
def a_checkpoint(job):
    return json.dumps({"job": job.job_id(), "state": ended(job)})


@right()
def what_it_cost(job):
    ended(job)
    try:
        return job.metrics().get("usage", {}).get("quantum_seconds")
    except Exception:
        return None


@right()
def what_it_cost_at_most(job):
    ended(job)
    try:
        usage = job.usage()
    except Exception:
        return -1.0
    return float(usage or 0.0)


@right()
def the_logs_or_why_not(job):
    ended(job)
    try:
        return job.logs()
    except Exception as error:
        return f"no logs: {error}"


@right()
def a_summary_of_the_inputs(job):
    try:
        return sorted(job.inputs)
    except Exception as error:
        raise GaveUp from error


@right()
def an_average_over_its_bits(job):
    result = outcome(job)
    if not result.ok:
        return None
    meas = result.result[0].data.meas
    return [float(meas.slice_bits(bit).get_counts().get("1", 0)) for bit in range(meas.num_bits)]
