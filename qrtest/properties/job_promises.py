"""`check_job`: whether something that claims to be a job keeps the promises of RuntimeJobV2.

A promise is a value: what it says, and a function that makes jobs and describes what was wrong. The
promises are those of the documentation of releases 0.26 to 0.51 and of the published behaviour of the
client; the tests hold the genuine class to them through every transport. No hypothesis is used.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from qrtest.client import releases
from qrtest.lifecycle import transitions
from qrtest.properties.job_method_promises import METHOD_PROMISES
from qrtest.properties.known_defects import KNOWN_DEFECTS
from qrtest.properties.promise import (
    DONE,
    FAILED,
    LONG_ENOUGH_SECONDS,
    STUCK,
    TOO_LONG,
    MakeJob,
    Promise,
    Subject,
    chosen,
    hold,
    left_out,
    raised,
)

__all__ = ["PROMISES", "Promise", "check_job"]

CANCELLED: Final = "QUEUED 5s; CANCELLED"
SHORT_SECONDS: Final = 3
ONE_POLL_SECONDS: Final = 1.0
SURFACE: Final = (
    *("backend", "cancel", "cancelled", "done", "error_message", "errored", "in_final_state"),
    *("job_id", "logs", "metrics", "properties", "result", "running", "status", "update_tags"),
    *("wait_for_final_state", "creation_date", "image", "inputs", "instance", "primitive_id"),
    *("session_id", "tags", "usage_estimation"),
)
ONCE_THERE: Final = ("program_id", "stream_results", "interim_results", "cancel_result_streaming")
"""Documented, and dropped since: required where the installed release has them."""

JOB: Final = Subject(
    noun="job",
    of="RuntimeJobV2",
    check="check_job",
    maker="a function that takes a script and makes a job",
    example="sim.job",
    methods=("job_id", "status", "result"),
    mistaken="A function that takes a job is what check_consumer checks.",
)

CLAIMS: Final = {"done": "DONE", "errored": "ERROR", "cancelled": "CANCELLED", "running": "RUNNING"}


def check_job(
    make_job: MakeJob,
    *,
    promises: Iterable[Promise | str] | None = None,
    known: bool | Collection[str] = True,
) -> None:
    """Hold jobs to what RuntimeJobV2 promises.

    *make_job* takes a script, as `"QUEUED 5s; RUNNING 5s; DONE"`, and makes a job that follows it from
    now on. A fake that always does the same may ignore the script; it then breaks the promises about
    other scripts. Time passes by `time.sleep`: call it inside `qrtest.simulate()`, or wait.

    *promises*: instead of `PROMISES`, values or names. *known*: True leaves out what the genuine client
    is known to break (`KNOWN_DEFECTS`), False tries that, too; names leave out just those. The known
    defects show under faults only, so *make_job* is given a `Scenario` for most of them.

    To find changes of the client's own layer of HTTP, use `simulate(transport="requests")`: the direct
    transport answers above it.

    Raises `BrokenPromises`, an AssertionError, that lists every promise that is not kept, and
    `SimulationError` for a name that is none, and for a *make_job* that makes no job.

    >>> import qrtest
    >>> with qrtest.simulate(transport="requests") as sim:
    ...     check_job(sim.job)
    >>> with qrtest.simulate(transport="requests") as sim:
    ...     check_job(sim.job, known=False)
    Traceback (most recent call last):
        ...
    qrtest.errors.BrokenPromises: This job breaks 6 of ...
    """
    __tracebackhide__ = True
    tried = chosen(promises, PROMISES, KNOWN_DEFECTS)
    defects = KNOWN_DEFECTS if promises is None else ()
    hold(make_job, left_out(tried, defects, known), JOB)


def _surface(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    there = dir(job)
    documented = [*SURFACE, *(name for name in ONCE_THERE if releases.dropped(name) is None)]
    missing = [name for name in documented if name not in there]
    return f"There is no {', '.join(missing)}." if missing else None


def _statuses_are_texts(make_job: MakeJob) -> str | None:
    status = make_job(DONE).status()
    if isinstance(status, str) and status in (*transitions.STATUSES,):
        return None
    return f"It returned {status!r}."


def _claims_agree(make_job: MakeJob) -> str | None:
    for script in (DONE, FAILED, CANCELLED):
        job = make_job(script)
        for _ in range(4):
            true = [status for claim, status in CLAIMS.items() if getattr(job, claim)() is True]
            status = job.status()
            expected = [status] if status in CLAIMS.values() else []
            if true != expected:
                return f"In {script!r} it was {status} and claimed to be {true}."
            if job.in_final_state() is not (status in transitions.FINAL):
                return f"In {script!r} it was {status}, and in_final_state() returned the opposite."
            time.sleep(4)
    return None


def _ends_as_scripted(make_job: MakeJob) -> str | None:
    for script, end in ((DONE, "DONE"), (FAILED, "ERROR"), (CANCELLED, "CANCELLED")):
        job = make_job(script)
        time.sleep(LONG_ENOUGH_SECONDS)
        if job.status() != end:
            return f"After {script!r} it was {job.status()!r}."
    return None


def _the_end_is_the_end(make_job: MakeJob) -> str | None:
    for script in (DONE, FAILED, CANCELLED):
        job = make_job(script)
        job.wait_for_final_state()
        end = job.status()
        time.sleep(LONG_ENOUGH_SECONDS)
        if job.status() != end or end not in transitions.FINAL:
            return f"In {script!r} it was {end!r} and then {job.status()!r}."
    return None


def _result_when_done(make_job: MakeJob) -> str | None:
    result = make_job(DONE).result()
    return "It gave none." if result is None or isinstance(result, str) else None


def _no_result_otherwise(make_job: MakeJob) -> str | None:
    for script, wanted in (
        (FAILED, "RuntimeJobFailureError"),
        (CANCELLED, "RuntimeInvalidStateError"),
    ):
        kinds = raised(make_job(script).result)
        if wanted not in kinds:
            return f"In {script!r} it raised {kinds}, not {wanted}."
    return None


def _timeouts(make_job: MakeJob) -> str | None:
    for name in ("result", "wait_for_final_state"):
        job = make_job(STUCK)
        began = time.time()
        kinds = raised(lambda job=job, name=name: getattr(job, name)(timeout=SHORT_SECONDS))  # type: ignore[misc]
        took = time.time() - began
        if "RuntimeJobTimeoutError" not in kinds:
            return f"{name}(timeout={SHORT_SECONDS}) raised {kinds}."
        if not SHORT_SECONDS <= took <= SHORT_SECONDS + 2:
            return f"{name}(timeout={SHORT_SECONDS}) took {took:.1f} s."
    return None


def _error_messages(make_job: MakeJob) -> str | None:
    for script in (DONE, CANCELLED):
        message = (
            make_job(script).error_message() if script == CANCELLED else _settled(make_job(script))
        )
        if message is not None:
            return f"In {script!r} it was {message!r}."
    message = _settled(make_job(FAILED))
    if not isinstance(message, str) or not message:
        return f"Of a failed job it was {message!r}."
    return None


def _settled(job: Any) -> Any:
    job.wait_for_final_state()
    return job.error_message()


def _cancel(make_job: MakeJob) -> str | None:
    job = make_job(STUCK)
    job.cancel()
    if job.status() != "CANCELLED" or job.cancelled() is not True:
        return f"After cancel() it was {job.status()!r}."
    ended = make_job(DONE)
    ended.wait_for_final_state()
    kinds = raised(ended.cancel)
    if "RuntimeInvalidStateError" not in kinds:
        return f"cancel() of a job that was done raised {kinds}."
    return None


def _ids(make_job: MakeJob) -> str | None:
    one, other = make_job(DONE), make_job(DONE)
    if not isinstance(one.job_id(), str) or not one.job_id():
        return f"It returned {one.job_id()!r}."
    if one.job_id() != one.job_id() or one.job_id() == other.job_id():
        return "Two jobs have the same, or one has two."
    return None


def _tags(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    for tags in (["a", "b"], ["c"], []):
        returned = job.update_tags(tags)
        if sorted(job.tags) != tags or sorted(returned) != tags:
            return (
                f"After update_tags({tags}) they were {job.tags!r}, and it returned {returned!r}."
            )
    kinds = raised(lambda: job.update_tags("abc"))
    if "IBMInputValueError" not in kinds:
        return f"update_tags('abc') raised {kinds}."
    return None


def _no_wait(make_job: MakeJob) -> str | None:
    for name in ("result", "wait_for_final_state"):
        job = make_job(STUCK)
        began = time.time()
        kinds = raised(lambda job=job, name=name: getattr(job, name)(timeout=0))  # type: ignore[misc]
        took = time.time() - began
        if "RuntimeJobTimeoutError" not in kinds:
            return f"{name}(timeout=0) raised {kinds}."
        if took > ONE_POLL_SECONDS:
            return f"{name}(timeout=0) took {took:.1f} s."
    return None


class _Decoder:
    """A decoder of a project's own, as result() takes one."""

    @classmethod
    def is_applicable(cls, _data: Any) -> bool:
        """Return True: it decodes anything."""
        return True

    @classmethod
    def decode(cls, data: Any) -> Any:
        """Return *data*, marked."""
        return ("decoded", data)


def _decoder(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    own = job.result(decoder=_Decoder)
    if not isinstance(own, tuple) or own[0] != "decoded":
        return f"It returned the {type(own).__name__} {own!r:.60} instead of what the decoder made."
    result = job.result()
    return "It was used the next time, too." if isinstance(result, tuple) else None


def _about_the_job(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    if not isinstance(job.creation_date, datetime) or job.creation_date.tzinfo is None:
        return f"creation_date was {job.creation_date!r}, not a datetime with a time zone."
    if not (job.session_id is None or isinstance(job.session_id, str)):
        return f"session_id was {job.session_id!r}."
    if not isinstance(job.inputs, Mapping):
        return f"inputs was the {type(job.inputs).__name__} {job.inputs!r:.60}."
    job.wait_for_final_state()
    metrics, logs = job.metrics(), job.logs()
    if not isinstance(metrics, Mapping) or not {"timestamps", "usage"} <= set(metrics):
        return f"metrics() returned {metrics!r:.80}."
    return None if isinstance(logs, str) else f"logs() returned {logs!r:.60}."


def _ran_too_long(make_job: MakeJob) -> str | None:
    job = make_job(TOO_LONG)
    kinds = raised(job.result)
    if not {"RuntimeJobMaxTimeoutError", "RuntimeJobFailureError"} & set(kinds):
        return f"result() raised {kinds}."
    return None if job.status() in transitions.FINAL else f"It was {job.status()!r} then."


PROMISES: Final = (
    Promise("surface", "Every documented name is there.", _surface),
    Promise("status-is-text", "status() is one of six texts, not an enum.", _statuses_are_texts),
    Promise(
        "claims-agree",
        "done(), errored(), cancelled(), running() agree with status().",
        _claims_agree,
    ),
    Promise("ends-as-it-lives", "It becomes what its script says.", _ends_as_scripted),
    Promise("the-end-is-the-end", "A final status never changes.", _the_end_is_the_end),
    Promise("result-when-done", "result() waits and gives a result.", _result_when_done),
    Promise(
        "no-result-otherwise",
        "result() raises for what failed or was cancelled.",
        _no_result_otherwise,
    ),
    Promise("timeouts", "A timeout raises RuntimeJobTimeoutError, within one poll.", _timeouts),
    Promise(
        "error-message", "error_message() is a text of a failed job, else None.", _error_messages
    ),
    Promise("cancel", "cancel() cancels, and refuses when the job has ended.", _cancel),
    Promise("job-id", "job_id() is a text of its own.", _ids),
    Promise("update-tags", "update_tags() replaces the tags, and takes a list.", _tags),
    Promise("no-wait", "A timeout of 0 raises at once, unless the job has ended.", _no_wait),
    Promise("decoder", "result(decoder=...) decodes with it, once.", _decoder),
    Promise("about-the-job", "Date, session, inputs, metrics and logs can be had.", _about_the_job),
    Promise("ran-too-long", "A job that ran too long has failed.", _ran_too_long),
    *METHOD_PROMISES,
)
"""The promises, in the order they are tried."""
