"""What a consumer must not do: each rule is a value that a project can leave out or add to.

A rule looks at a `Run` and describes in a clause what is wrong, or returns None. It runs nothing itself, and
accuses only of what cannot be right: what a consumer returns when there is no result is its own affair, as
long as it is not result data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qrtest.clock import duration as durations
from qrtest.errors import Deadlock, SimulationError
from qrtest.excerpt import excerpt
from qrtest.faults.kinds import LoseResponse
from qrtest.http.messages import Request
from qrtest.http.operations import Route
from qrtest.properties.consumer_run import Run
from qrtest.properties.first_line import first_line
from qrtest.properties.process_exit import ProcessExit
from qrtest.properties.project_frames import frame_of_the_consumer
from qrtest.properties.returned_value_rules import (
    crosses_results,
    loses_results,
    misreports_status,
    returns_all_results,
    returns_anothers,
    returns_without_result,
)
from qrtest.properties.rules_over_runs import (
    cancels_a_short_job,
    has_raised,
    refuses_what_is_done,
    returns_result_data,
    throws_all_results_away,
)
from qrtest.service import parse

__all__ = ["RULES", "Rule", "as_rules"]

REQUESTS_AFTER_THE_END: Final = 10
MOST_OF_AN_ERROR: Final = 120
PAUSE_SECONDS: Final = 5.0
SECRETS: Final = "secrets"
SUCCESS: Final = 200
MOST_TIMES_AS_MANY: Final = 10
"""How many times as many jobs may be submitted when something goes wrong as when nothing does."""

MOST_SECONDS_TO_WAIT: Final = 60.0


@dataclass(frozen=True)
class Rule:
    """A rule: its *name*, what it *says*, how to keep it (*advice*), and *broken*, which looks at a run.

    *refused*, if there is one, returns whether a run is one that the rule is about and that went wrong;
    None for a run that it is not about. The rule is then broken when all runs of a search went wrong, and
    *outcome* says what each of them did. *wanted*, if there is one, returns whether a run shows that the
    consumer is one that the rule is about; it is broken only if one did, for a rule without *refused* one
    in which all jobs are done.

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
    refused: Callable[[Run], bool | None] | None = field(default=None, repr=False)
    wanted: Callable[[Run], bool] | None = field(default=None, repr=False)
    outcome: str = field(default="", repr=False)


def as_rules(rules: object) -> tuple[Rule, ...]:
    """Return *rules* as a tuple. Raises `SimulationError` for what is no sequence of rules."""
    given = tuple(rules) if isinstance(rules, Iterable) else (rules,)
    wrong = [each for each in given if not isinstance(each, Rule)]
    if wrong or not isinstance(rules, Iterable):
        raise SimulationError(
            f"rules={rules!r}: give a sequence of rules, as in rules=[*RULES, my_rule], with RULES "
            "from qrtest.properties."
        )
    return given


def _in_no_single_run(_: Run) -> str | None:
    return None


def _does_not_end(run: Run) -> str | None:
    if run.has_stalled:
        return (
            f"it waited for {durations.text(run.bounds.patience)} of real time for something outside of "
            f"the simulation"
        )
    if isinstance(run.error, Deadlock):
        return "all its threads and tasks waited for each other, and none for a time"
    if not run.was_stopped:
        return None
    at = durations.text(round(run.seconds, 3))
    requests = run.journal.count()
    return f"it had not ended after {at} of virtual time and {requests:,} requests"


def _lets_escape(run: Run) -> str | None:
    error = run.error
    if error is None or run.was_stopped or isinstance(error, run.bounds.allowed):
        return None
    kind = type(error)
    if isinstance(error, ProcessExit):
        return f"it ended the whole process by os._exit({error.code})"
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    frame = frame_of_the_consumer(error.__traceback__)
    at = f", from line {frame.lineno} of {_shown_path(frame.filename)}" if frame else ""
    line = first_line(error)
    return f"it let {name} escape{at}" + (f": {excerpt(line, MOST_OF_AN_ERROR)}" if line else "")


def _gives_up(run: Run) -> str | None:
    if not has_raised(run) or run.was_stopped or run.has_faults or not run.is_done:
        return None
    if any(scenario.result is not None for scenario in run.scenarios):
        return None
    ended = [truth.ended for truth in run.truths if truth.ended is not None]
    late = run.seconds - max(ended, default=run.seconds)
    if late <= run.bounds.poll:
        return None
    waited = durations.text(round(late, 3))
    return f"it raised {type(run.error).__name__} {waited} after the job was done, without a fault"


def _polls_too_often(run: Run) -> str | None:
    allowed = run.bounds.polls_per_minute
    for entry in run.asked("poll"):
        lasted = entry.until - entry.at
        average = (entry.times - 1) / lasted * 60 if entry.times - 1 > allowed else 0.0
        # A quick loop may be followed by the slower wait of the client, which the average hides.
        rate = max(average, entry.most_in_a_minute - 1)
        if rate > allowed:
            return f"it polled {round(rate):,} times a minute, and {allowed:,.0f} are allowed"
    return None


def _asks_after_the_end(run: Run) -> str | None:
    """Count what is asked without a pause once the service has said of all its jobs how they ended.

    Polls with a pause between them may be those of a page that is loaded again.
    """
    open_jobs = set(run.own)
    results = streak = longest = 0
    last = 0.0
    for entry in run.journal:
        answered = entry.response.status == SUCCESS and entry.response.failure is None
        if entry.name not in run.own or not answered:
            continue
        if open_jobs:
            if entry.operation == "poll" and parse.is_final(entry.response):
                open_jobs.discard(entry.name)
            streak = entry.times - 1
        elif entry.operation == "result":
            results += entry.times
        elif entry.operation == "poll":
            streak = streak + entry.times if entry.at - last < PAUSE_SECONDS else entry.times
        if not open_jobs and entry.until - entry.at < PAUSE_SECONDS * entry.times:
            longest = max(longest, streak)
        last = entry.until
    most = max(longest, results)
    if open_jobs or most <= REQUESTS_AFTER_THE_END * max(1, len(run.own)):
        return None
    return f"it made {most:,} requests more after the service had said how the job ended"


def _submits_too_often(run: Run) -> str | None:
    """Compare the number of jobs with what is allowed, or else with what the consumer submits usually."""
    made = [entry for entry in run.journal if entry.operation == "submit"]
    if not made:
        return None
    count = sum(entry.times for entry in made if entry.response.status == SUCCESS)
    count = max(count, len(run.own) - (run.bounds.jobs if run.bounds.takes == "job" else 0))
    allowed = run.bounds.submissions
    if allowed is not None:
        if count <= allowed:
            return None
        return f"it submitted {count:,} jobs, and {allowed:,} are allowed"
    usual = run.bounds.usual_submissions
    if count > MOST_TIMES_AS_MANY * max(usual, 1):
        return f"it submitted {count:,} jobs, and {usual:,} when nothing goes wrong"
    if count > usual and _is_lost_answer_alone(run):
        return f"it submitted {count:,} jobs, and {usual:,} when the answer to a submission is not lost"
    return None


def _is_lost_answer_alone(run: Run) -> bool:
    """Return whether nothing went wrong but that the answer to a submission was lost."""
    faults = [fault for scenario in run.scenarios for fault in scenario.faults]
    is_lost = bool(faults) and all(isinstance(fault, LoseResponse) for fault in faults)
    seconds = sum(step.seconds or 0.0 for scenario in run.scenarios for step in scenario.script)
    return is_lost and run.is_done and seconds <= MOST_SECONDS_TO_WAIT


def _ignores_its_timeout(run: Run) -> str | None:
    timeout = run.bounds.timeout
    if timeout is None or run.seconds <= timeout + run.bounds.poll:
        return None
    promised, took = durations.text(timeout), durations.text(round(run.seconds, 3))
    return f"it took {took}, and promised {promised}"


def _leaves_a_session_open(run: Run) -> str | None:
    if run.bounds.takes == "session":
        return None
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
    """Return which session *request* asks to close, if any; whether that succeeds is the service's affair."""
    is_close = request.method == "DELETE" or (
        request.method == "PATCH" and b"false" in request.body
    )
    return request.route if is_close else None


def _shown_path(filename: str) -> str:
    try:
        return str(Path(filename).relative_to(Path.cwd()))
    except ValueError:
        return filename


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
        "Result data is returned only for a job that has a result.",
        "Look at how the job ended before you return; result() hands out a text or None when it "
        "cannot decode the answer, so look at the type of what it returns, too.",
        returns_without_result,
    ),
    Rule(
        "own-result",
        "The result returned is this job's.",
        "Keep the job, or its id, that you submitted: the latest job may be somebody else's.",
        returns_anothers,
    ),
    Rule(
        "crossed-results",
        "Each of several jobs keeps its own result.",
        "Keep results by the id of their job, or in the order of the jobs; jobs end in any order.",
        crosses_results,
    ),
    Rule(
        "lost-results",
        "A job that fails does not cost the results of the others.",
        "Catch the failure of each job where its result is taken, and go on with the next job.",
        loses_results,
        wanted=returns_all_results,
    ),
    Rule(
        "true-status",
        "A final status that is returned is the job's.",
        "Ask the service when it matters: status() is what was last received, or what cancel() assumed.",
        misreports_status,
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
        "Give retries a limit, do not retry what cannot get better, and look for the job in the list "
        "when the answer to its submission was lost; or say submissions=.",
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
    Rule(
        SECRETS,
        "An API key is not printed, and not logged.",
        "Print the name of the instance, not the account: logs are kept and shared.",
        lambda run: run.printed_secret,
    ),
    Rule(
        "refuses",
        "A job that is done is accepted at least once.",
        "Run it on one job that is done and see where it raises, or why it returns nothing: what it "
        "expects never comes.",
        _in_no_single_run,
        refuses_what_is_done,
        outcome="it accepted none of {count} jobs that were done, without a fault",
    ),
    Rule(
        "all-results-lost",
        "A job that fails does not cost all results.",
        "Catch the failure of each job where its result is taken, and return the results of the others; "
        "or raise, so that the caller knows.",
        _in_no_single_run,
        throws_all_results_away,
        returns_result_data,
        outcome="it returned nothing, each of {count} times that one of its jobs failed and the others "
        "were done",
    ),
    Rule(
        "cancels-too-early",
        "A job whose result is wanted is not cancelled while it is on its way.",
        "Cancel only after a limit that is longer than a queue may be.",
        _in_no_single_run,
        cancels_a_short_job,
        returns_result_data,
        outcome="it cancelled each of {count} jobs that would have been done within seconds, and returns "
        "the result of one that is done",
    ),
)
"""The rules that `check_consumer` applies by default, in the order they are applied."""
