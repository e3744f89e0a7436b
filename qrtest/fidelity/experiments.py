"""The checks: each a small experiment that says of some assumptions whether they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from qrtest.fidelity.assumption import usual
from qrtest.fidelity.lab import TAG, Lab, NotChecked
from qrtest.service.limits import MOST_TAGS

__all__ = ["CHECKS", "Check"]

NOT_THERE: Final = "qrtest-no-such-thing"
UNKNOWN_SESSION: Final = "00000000-0000-4000-8000-00000000dead"
TOO_MANY_SHOTS: Final = 10_000_001
"""One more than a job may have: with a gate that no device has, two reasons to fail without running."""

BATCH_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Check:
    """An experiment: what it does, how many *jobs* it submits, and the *names* of its assumptions."""

    does: str
    jobs: int
    names: tuple[str, ...]
    run: Callable[[Lab], None]


def _wrong_submissions(lab: Lab) -> None:
    """Submit what is rejected at once; what is accepted in spite of that is cancelled at the end."""

    def rejected(name: str, status: int, code: int, **fields: Any) -> None:
        answer = lab.submit(**fields)
        lab.saw(name, (answer.status, answer.code) == (status, code), answer)

    rejected("unknown_backend", 404, 1007, backend=NOT_THERE)
    rejected("unknown_session", 404, 1290, session_id=UNKNOWN_SESSION)
    rejected("cost_bounds", 400, 1208, cost=-1)
    rejected("log_level", 400, 1208, log_level="LOUD")
    rejected("tag_bounds", 400, 1204, tags=[f"{TAG}{number}" for number in range(MOST_TAGS + 1)])


def _wrong_requests(lab: Lab) -> None:
    answer = lab.ask("PUT", "/jobs")
    lab.saw("wrong_method", answer.status == 405, answer)
    answer = lab.ask("GET", "/tags?type=job&search=a")
    lab.saw("short_tag_search", answer.status == 400, answer)


def _unknown_path(lab: Lab) -> None:
    answer = lab.ask("GET", f"/{NOT_THERE}")
    lab.saw("unknown_path", answer.status == 404, answer)


def _new_batch(lab: Lab, **fields: Any) -> str:
    body = {"mode": "batch", "backend": lab.backend, **fields}
    if hasattr(lab.service, "active_instance"):  # releases from 0.40 on name it
        body["instance"] = lab.service.active_instance()
    answer = lab.ask("POST", "/sessions", body)
    if answer.status != 200:
        raise NotChecked(f"a batch was not opened: {answer}")
    session_id: str = answer.body["id"]
    lab.sessions.append(session_id)
    return session_id


def _idle_batch(lab: Lab) -> None:
    answer = lab.ask("GET", f"/sessions/{_new_batch(lab)}")
    seconds = (answer.body or {}).get("interactive_ttl")
    lab.saw("interactive_ttl", seconds == usual("interactive_ttl"), f"it says {seconds} s")


def _while_queued(lab: Lab) -> None:
    """Look at all parts of a job that waits, cancel it, and look at what it has become."""
    job_id = lab.new_job(bounded=False)
    parts = {part: lab.job(job_id, f"/{part}") for part in ("results", "logs", "interim_results")}
    metrics, described = lab.job(job_id, "/metrics"), lab.job(job_id)
    cost = (described.body or {}).get("cost")
    lab.saw("cost", cost == usual("cost"), f"it says {cost} s")
    if lab.status(job_id) == "Queued":
        lab.saw("results_before_end", parts["results"].status == 204, parts["results"])
        expected = usual("logs_before_end")
        lab.saw("logs_before_end", parts["logs"].status == expected, parts["logs"])
        interim = parts["interim_results"]
        is_usual = (interim.status, interim.text) == (200, usual("interim_before_any"))
        lab.saw("interim_before_any", is_usual, interim)
        moments = (metrics.body or {}).get("timestamps") or {}
        is_left_out = "created" in moments and not moments.keys() & {"running", "finished"}
        lab.saw("metrics_before_start", is_left_out, f"timestamps: {', '.join(moments)}")
    _cancel(lab, job_id)


def _cancel(lab: Lab, job_id: str) -> None:
    answer = lab.ask("POST", f"/jobs/{job_id}/cancel")
    if answer.status != 204:
        raise NotChecked(f"the cancellation was not accepted: {answer}")
    looks = lab.looks_until(lambda: lab.status(job_id) == "Cancelled")
    status = lab.status(job_id)
    lab.saw("cancel_takes_effect", status == "Cancelled", f"it is {status}")
    if status == "Cancelled":
        lab.saw("cancel_lag", looks == 1, f"it was cancelled at look {looks}")
    lab.wait_for(job_id)
    lab.account_for(job_id)


def _delete_queued(lab: Lab) -> None:
    job_id = lab.new_job()
    answer = lab.ask("DELETE", f"/jobs/{job_id}")
    if answer.status == 204:
        lab.jobs[job_id] = 0.0
    elif lab.status(job_id) != "Queued":
        raise NotChecked("the job did not wait in the queue")
    lab.saw("delete_queued", answer.status == usual("delete_queued"), answer)


def _delete_running(lab: Lab) -> None:
    job_id = lab.new_job()
    if lab.wait_for(job_id, ("Running",)) != "Running":
        raise NotChecked("the job was not seen running")
    answer = lab.ask("DELETE", f"/jobs/{job_id}")
    if answer.status == 204:
        lab.saw("delete_running", usual("delete_running") == 204, answer)
        return
    if lab.status(job_id) == "Running":
        lab.saw("delete_running", answer.status == usual("delete_running"), answer)
    lab.wait_for(job_id)
    lab.account_for(job_id)


def _failed(lab: Lab) -> None:
    job_id = lab.new_job("h $0;", shots=TOO_MANY_SHOTS)
    status = lab.wait_for(job_id)
    lab.account_for(job_id)
    if status != "Failed":
        raise NotChecked(f"the job that should have failed is {status}")
    state = lab.job(job_id).body["state"]
    code, reason = state.get("reason_code"), state.get("reason")
    form = f"reason_code: {code!r}, reason: {reason!r}"
    lab.saw("reason_code", isinstance(code, int) and bool(reason), form)
    answer = lab.job(job_id, "/results")
    is_text = answer.status == 200 and bool(answer.text) and answer.body is None
    lab.saw("failed_results", is_text, answer)


def _done_in_private(lab: Lab) -> None:
    """Let a private job run: the only one whose result is looked at."""
    job_id = lab.new_job(private=True)
    status = lab.wait_for(job_id)
    metrics = lab.job(job_id, "/metrics")
    lab.account_for(job_id)
    if status != "Completed":
        raise NotChecked(f"the job that should have completed is {status}")
    usage = ((metrics.body or {}).get("usage") or {}).get("status")
    if usage is None:
        lab.cannot("usage_lag", "this API version has no status of usage")
    else:
        lab.saw("usage_lag", usage == "complete", f"it is {usage}")
    logs = lab.job(job_id, "/logs")
    if logs.status == 200 and logs.text:
        lab.cannot("empty_logs", "the job has logs")
    else:
        lab.saw("empty_logs", logs.status == usual("empty_logs"), logs)
    first, second = lab.job(job_id, "/results"), lab.job(job_id, "/results")
    if not first.text:
        raise NotChecked(f"there was no result to read: {first}")
    lab.saw("private_results_once", not second.text, f"the second time {second}")


def _not_online(lab: Lab) -> None:
    devices = (lab.ask("GET", "/backends").body or {}).get("devices") or []
    named = [each for each in devices if isinstance(each, dict)]
    closed = [
        each["name"] for each in named if each.get("status", {}).get("name", "online") != "online"
    ]
    if not closed:
        raise NotChecked("no backend is offline or paused now")
    answer = lab.submit(backend=closed[0])
    lab.saw("offline", answer.status == 200, f"{closed[0]} answered {answer}")


def _expired_batch(lab: Lab) -> None:
    """Submit a second job to a batch with little time, when the first one runs."""
    session_id = _new_batch(lab, max_ttl=BATCH_SECONDS)
    first = lab.new_job(session_id=session_id)
    if lab.wait_for(first, ("Running",)) != "Running":
        raise NotChecked("the first job was not seen running")
    second = lab.new_job(session_id=session_id)
    status = lab.wait_for(second)
    lab.wait_for(first)
    for job_id in (first, second):
        lab.account_for(job_id)
    if status == "Completed":
        raise NotChecked("the second job ran before the time of the batch was over")
    lab.saw("session_expiry", status == "Cancelled", f"the queued job is {status}")


CHECKS: Final = (
    Check("send requests that are wrong", 0,
          ("wrong_method", "short_tag_search"), _wrong_requests),
    Check("ask for a path that does not exist", 0, ("unknown_path",), _unknown_path),
    Check("submit five jobs that are rejected at once", 0,
          ("unknown_backend", "unknown_session", "cost_bounds", "log_level", "tag_bounds"),
          _wrong_submissions),
    Check("open a batch and close it", 0, ("interactive_ttl",), _idle_batch),
    Check("submit a job without a bound of its own, and cancel it at once", 1,
          ("cost", "results_before_end", "logs_before_end", "interim_before_any",
           "metrics_before_start", "cancel_takes_effect", "cancel_lag"), _while_queued),
    Check("submit a job and delete it at once", 1, ("delete_queued",), _delete_queued),
    Check("submit a job that fails without running", 1,
          ("reason_code", "failed_results"), _failed),
    Check("submit a job to a backend that is not online, if there is one", 1,
          ("offline",), _not_online),
    Check("run a private job and read its result twice", 1,
          ("usage_lag", "empty_logs", "private_results_once"), _done_in_private),
    Check("try to delete a job that runs", 1, ("delete_running",), _delete_running),
    Check(f"submit two jobs to a batch of {BATCH_SECONDS} s", 2,
          ("session_expiry",), _expired_batch),
)  # fmt: skip
"""All checks, those that cost nothing first."""
