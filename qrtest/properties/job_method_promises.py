"""More promises of `check_job`: options and texts of the methods of a job."""

from __future__ import annotations

import time
import warnings
from typing import Any, Final

from qrtest.properties.promise import (
    DONE,
    FAILED,
    LONG_ENOUGH_SECONDS,
    STUCK,
    TOO_LONG,
    MakeJob,
    Promise,
    raised,
)

__all__ = ["METHOD_PROMISES"]

TIMEOUT_SECONDS: Final = 10
POLL_SECONDS: Final = 4
AFTER_THREE_POLLS: Final = 3 * POLL_SECONDS
TOLERANCE_SECONDS: Final = 1


def _poll_interval(make_job: MakeJob) -> str | None:
    for name in ("result", "wait_for_final_state"):
        wait = getattr(make_job(STUCK), name)
        began = time.time()
        raised(lambda wait=wait: wait(timeout=TIMEOUT_SECONDS, poll_interval=POLL_SECONDS))  # type: ignore[misc]
        took = time.time() - began
        if not AFTER_THREE_POLLS <= took <= AFTER_THREE_POLLS + TOLERANCE_SECONDS:
            limits = f"timeout={TIMEOUT_SECONDS}, poll_interval={POLL_SECONDS}"
            return f"{name}({limits}) took {took:.1f} s."
    return None


def _floor(make_job: MakeJob) -> str | None:
    job = make_job(STUCK)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        raised(lambda: job.wait_for_final_state(timeout=1, poll_interval=0.01))
    messages = [str(each.message) for each in caught if "poll interval" in str(each.message)]
    return None if messages else "No warning says that 10 ms is below the least."


def _usage(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    if job.usage() != 0:
        return f"Before the end it was {job.usage()!r}."
    job.wait_for_final_state()
    time.sleep(LONG_ENOUGH_SECONDS)
    charged = job.metrics()["usage"].get("qpu_charge_time_seconds")
    usage, partial = job.usage(), job.usage(partial=True)
    if usage != charged or partial != charged or not usage:
        return (
            f"{charged!r} s were charged; usage() was {usage!r}, usage(partial=True) {partial!r}."
        )
    return None


def _why(make_job: MakeJob) -> str | None:
    text = _text_of(make_job(FAILED))
    if "Internal error." not in text or "1500" not in text:
        return f"result() of a job that failed with code 1500 raised {text!r:.120}."
    job = make_job(FAILED)
    job.wait_for_final_state()
    message = job.error_message()
    if not isinstance(message, str) or "Internal error." not in message:
        return f"error_message() was {message!r:.120}."
    if job.job_id() not in message or "Traceback" in message.partition("\n")[0]:
        return f"error_message() does not name the job: {message!r:.120}."
    if job.error_message() != message:
        return "error_message() was another text the second time."
    kinds = raised(make_job(TOO_LONG).result)
    if "RuntimeJobMaxTimeoutError" not in kinds:
        return f"result() of a job that ran too long raised {kinds}."
    timeout = _text_of(make_job(STUCK), timeout=1)
    return None if "1 secs" in timeout else f"result(timeout=1) raised {timeout!r:.120}."


def _text_of(job: Any, **options: Any) -> str:
    try:
        job.result(**options)
    except Exception as error:
        return str(error)
    return ""


def _same_result(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    one, other = job.result(), job.result()
    if type(one) is not type(other) or _described(one) != _described(other):
        return "Two calls of result() gave different results."
    kind = type(one).__name__
    return None if kind == "PrimitiveResult" else f"result() returned a {kind}."


def _described(result: Any) -> list[str]:
    return [f"{pub.data!r} {pub.metadata!r}" for pub in result]


class _First:
    """Marks what it decodes as the first of two decoders."""

    @classmethod
    def is_applicable(cls, _data: Any) -> bool:
        """Return True."""
        return True

    @classmethod
    def decode(cls, _data: Any) -> Any:
        """Return what `_Second` knows."""
        return "first"


class _Second(_First):
    """Takes what `_First` made."""

    @classmethod
    def decode(cls, data: Any) -> Any:
        """Return *data* and a mark."""
        return (data, "second")


class _Never(_First):
    """Is applicable to nothing."""

    @classmethod
    def is_applicable(cls, _data: Any) -> bool:
        """Return False."""
        return False


def _chain(make_job: MakeJob) -> str | None:
    job = make_job(DONE)
    chained = job.result(decoder=[_First, _Never, _Second])
    return None if chained == ("first", "second") else f"A chain of three made {chained!r:.80}."


def _cancel_is_final(make_job: MakeJob) -> str | None:
    for script in ("QUEUED", "QUEUED 5s; RUNNING"):
        job = make_job(script)
        time.sleep(LONG_ENOUGH_SECONDS)
        job.cancel()
        kinds = raised(lambda job=job: job.result(timeout=TIMEOUT_SECONDS))  # type: ignore[misc]
        if "RuntimeInvalidStateError" not in kinds:
            return f"In {script!r} result() after cancel() raised {kinds}."
        if job.error_message() is not None or job.in_final_state() is not True:
            return f"In {script!r} a cancelled job has an error message, or is not over."
    return None


def _dates(make_job: MakeJob) -> str | None:
    before = time.time()
    job = make_job(DONE)
    made = job.creation_date.timestamp()
    if abs(made - before) > LONG_ENOUGH_SECONDS:
        return f"creation_date was {job.creation_date}, {made - before:+.0f} s from now."
    return None


METHOD_PROMISES: Final = (
    Promise("poll-interval", "poll_interval is how long a wait sleeps.", _poll_interval),
    Promise("poll-interval-floor", "A poll interval below 100 ms warns.", _floor),
    Promise("usage", "usage() is 0 until it is settled, then what was charged.", _usage),
    Promise("says-why", "Errors say why a job failed, or how long was waited.", _why),
    Promise("same-result", "result() gives the same PrimitiveResult again.", _same_result),
    Promise("decoder-chain", "Several decoders are applied one after the other.", _chain),
    Promise("cancel-is-final", "A job that was cancelled has no result.", _cancel_is_final),
    Promise("creation-date", "creation_date is the moment it was made.", _dates),
)
