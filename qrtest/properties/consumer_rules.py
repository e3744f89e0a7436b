"""What a consumer must not do: one rule a bug, as values that a project can drop or add to.

A rule looks at a `Run` and says in a sentence what is wrong, or None. It runs nothing itself.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from qrtest.clock import duration as durations
from qrtest.http.messages import Request
from qrtest.http.operations import Route
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import RAN_TOO_LONG
from qrtest.properties.consumer_run import Run
from qrtest.service import parse

__all__ = ["RULES", "Rule"]

ASKED_AFTER_THE_END: Final = 10
SUCCESS: Final = 200


@dataclass(frozen=True)
class Rule:
    """A rule: its *name*, what it *says*, how to keep it (*advice*), and *broken*, which looks.

    >>> no_strings = Rule(
    ...     "no-strings", "A result is never a text.", "Return an object.",
    ...     lambda run: "it returned a text" if isinstance(run.value, str) else None,
    ... )
    >>> no_strings
    Rule(name='no-strings', says='A result is never a text.', advice='Return an object.')
    """

    name: str
    says: str
    advice: str
    broken: Callable[[Run], str | None] = field(repr=False)


def _does_not_end(run: Run) -> str | None:
    if not run.was_stopped:
        return None
    at = durations.text(round(run.seconds, 3))
    requests = run.journal.count()
    return f"it had not ended after {at} of virtual time and {requests:,} requests"


def _lets_escape(run: Run) -> str | None:
    if run.error is None or run.was_stopped or isinstance(run.error, run.bounds.allowed):
        return None
    kind = type(run.error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    where = traceback.extract_tb(run.error.__traceback__)
    line = next((frame for frame in where[1:]), None)
    at = f", from line {line.lineno} of {line.filename}" if line else ""
    return f"it let {name} escape{at}: {str(run.error).splitlines()[0] if str(run.error) else ''}"


def _returns_without_result(run: Run) -> str | None:
    if not run.has_value or _is_status(run.value) or run.step is None:
        return None
    if run.step.status != transitions.DONE:
        return f"it returned {_shown(run.value)} for a job that was {run.step}"
    if run.value is True or run.has_read_its_result or not run.asked("result"):
        return None
    return (
        f"it returned {_shown(run.value)}, and no answer it got holds a result that can be decoded"
    )


def _returns_anothers(run: Run) -> str | None:
    if not run.has_value or run.asked("result"):
        return None
    others = [
        entry for entry in run.journal if entry.operation == "result" and entry.name == run.others
    ]
    if others:
        return f"it returned {_shown(run.value)}, having read the result of {run.others} only"
    if type(run.value).__name__ == "PrimitiveResult" and run.own:
        return f"it returned {_shown(run.value)} without having read one: it is another job's"
    return None


def _lies_about_status(run: Run) -> str | None:
    if run.error is not None or run.step is None or not _is_status(run.value):
        return None
    claimed = run.value.upper()
    true = {run.step.status, (run.step.says or "").upper()}
    if run.step.code == RAN_TOO_LONG:
        true.add(transitions.CANCELLED)
    if claimed not in transitions.FINAL or claimed in true:
        return None
    return f"it returned {run.value!r} for a job that was {run.step}"


def _gives_up(run: Run) -> str | None:
    truth = run.truth
    if run.error is None or run.was_stopped or run.scenario.faults or truth is None:
        return None
    if (
        truth.step.status != transitions.DONE
        or truth.ended is None
        or run.scenario.result is not None
    ):
        return None
    late = run.seconds - truth.ended
    if late <= run.bounds.poll:
        return None
    waited = durations.text(round(late, 3))
    return f"it raised {type(run.error).__name__} {waited} after the job was done, without a fault"


def _polls_too_often(run: Run) -> str | None:
    allowed = run.bounds.polls_per_minute
    for entry in run.asked("poll"):
        lasted = entry.until - entry.at
        if entry.times - 1 > allowed and (entry.times - 1) / lasted * 60 > allowed:
            rate = round((entry.times - 1) / lasted * 60)
            return f"it polled {rate:,} times a minute, and {allowed:,.0f} are allowed"
    return None


def _asks_after_the_end(run: Run) -> str | None:
    after: dict[str, int] = {}
    for entry in run.journal:
        answered = entry.response.status == SUCCESS and entry.response.failure is None
        if entry.name not in run.own or not answered:
            continue
        if entry.name in after:
            after[entry.name] += entry.times if entry.operation in ("poll", "result") else 0
        elif entry.operation == "poll" and parse.is_final(entry.response):
            after[entry.name] = entry.times - 1
    most = max(after.values(), default=0)
    if most <= ASKED_AFTER_THE_END:
        return None
    return f"it asked {most:,} times more after the service had said how the job ended"


def _submits_too_often(run: Run) -> str | None:
    made = [entry for entry in run.journal if entry.operation == "submit"]
    count = sum(entry.times for entry in made if entry.response.status == SUCCESS)
    if count <= run.bounds.submissions:
        return None
    return f"it submitted {count:,} jobs, and {run.bounds.submissions:,} are allowed"


def _ignores_its_timeout(run: Run) -> str | None:
    timeout = run.bounds.timeout
    if timeout is None or run.seconds <= timeout + run.bounds.poll:
        return None
    promised, took = durations.text(timeout), durations.text(round(run.seconds, 3))
    return f"it took {took}, and promised {promised}"


def _leaves_a_session_open(run: Run) -> str | None:
    asked = [entry for entry in run.journal if entry.operation == "session"]
    opened = {
        parse.named(entry.response.body)
        for entry in asked
        if entry.request.method == "POST" and entry.response.status == SUCCESS
    }
    left = opened - {where.name for entry in asked if (where := _closed(entry.request))}
    if not left:
        return None
    return f"it ended without closing {len(left)} of the {len(opened)} session(s) that it opened"


def _closed(request: Request) -> Route | None:
    """Which session *request* asks to close, if any; what came of it is the service's affair."""
    is_close = request.method == "DELETE" or (
        request.method == "PATCH" and b"false" in request.body
    )
    return request.route if is_close else None


def _is_status(value: object) -> bool:
    return isinstance(value, str) and value.upper() in transitions.STATUSES


def _shown(value: object) -> str:
    text = repr(value)
    return f"the {type(value).__name__} {text if len(text) < 60 else text[:57] + '...'}"


RULES: Final = (
    Rule(
        "ends",
        "A wait comes to an end, whatever the job does.",
        "Give the wait a limit, as in job.result(timeout=3600), and count unknown statuses against "
        "it. If it may take that long, say max_wait= or max_requests=.",
        _does_not_end,
    ),
    Rule(
        "escapes",
        "Only exceptions that are allowed leave the consumer.",
        "Catch it where it arises and raise one of your own, or say allowed=(...).",
        _lets_escape,
    ),
    Rule(
        "no-result",
        "A value is returned only for a job that has a result.",
        "Look at how the job ended before you return; result() hands out a text or None when it "
        "cannot decode the answer, so look at the type of what it returns, too.",
        _returns_without_result,
    ),
    Rule(
        "own-result",
        "The value returned is this job's.",
        "Keep the job, or its id, that you submitted: the latest job may be somebody else's.",
        _returns_anothers,
    ),
    Rule(
        "true-status",
        "A final status that is returned is the job's.",
        "Ask the service when it matters: status() is what was last heard, or what cancel() assumed.",
        _lies_about_status,
    ),
    Rule(
        "gives-up",
        "A job that is done, with nothing going wrong, is not given up.",
        "status() is a text in upper case: compare it with 'DONE', not with JobStatus.DONE.",
        _gives_up,
    ),
    Rule(
        "poll-rate",
        "Polls leave the service time to breathe.",
        "Sleep between polls, longer the longer it takes, or say polls_per_minute=.",
        _polls_too_often,
    ),
    Rule(
        "after-the-end",
        "Nothing more is asked once the end is known.",
        "A final status never changes: leave the loop, and keep what result() returned.",
        _asks_after_the_end,
    ),
    Rule(
        "submissions",
        "No more jobs are submitted than allowed.",
        "Give retries a limit and do not retry what cannot get better, or say submissions=.",
        _submits_too_often,
    ),
    Rule(
        "timeout",
        "A timeout is kept, give or take one poll.",
        "Compare the time on every turn of the loop, whatever the status, and sleep no longer than "
        "what is left.",
        _ignores_its_timeout,
    ),
    Rule(
        "session-left-open",
        "A session that was opened is closed, however the job ends.",
        "Write 'with Session(...) as session:', or close it in a finally: an open session is charged "
        "for until its time is over.",
        _leaves_a_session_open,
    ),
)
"""The rules that `check_consumer` applies unless told otherwise, in the order they are applied."""
