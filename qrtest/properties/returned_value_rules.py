"""What the rules find wrong in a value that was returned: results that are none, another's, or missing."""

from __future__ import annotations

from typing import Final

from qrtest.excerpt import excerpt
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import RAN_TOO_LONG, Step
from qrtest.properties import returned_data
from qrtest.properties.consumer_run import ANYTHING, Run
from qrtest.properties.returned_data import Mark
from qrtest.service import parse

__all__ = [
    "crosses_results",
    "is_as_on_failure",
    "loses_results",
    "misreports_status",
    "returns_all_results",
    "returns_anothers",
    "returns_without_result",
]

LEAST_TEXT: Final = 12
"""Shorter texts are words: no undecoded result is as short."""

STATUS_FIELDS: Final = frozenset(
    {"status", "state", "job_status", "job_state", "final_status", "final_state"}
)
MOST_OF_A_VALUE: Final = 90
STOPPED_BY_THE_SERVICE: Final = "CANCELLED - RAN TOO LONG"
READING: Final = ("result", "interim_results", "stream")
"""Operations that give data of a job."""

WORDS_OF_FAILURE: Final = frozenset({transitions.ERROR, transitions.CANCELLED})


def returns_without_result(run: Run) -> str | None:
    """Look for result data, or undecoded text, of jobs that have no result."""
    if run.error is not None or not run.truths:
        return None
    for text in returned_data.texts_in(run.value):
        is_undecoded = len(text) >= LEAST_TEXT and text in run.result_texts
        # A proxy may give the same page for a result and for the logs: then it can be the logs.
        if is_undecoded and not run.has_read_its_result and text not in run.other_texts:
            return f"it returned {_shown(text)}, which is an answer that could not be decoded"
    if run.bounds.on_failure is not ANYTHING and not run.is_done:
        if not is_as_on_failure(run.value, run.bounds.on_failure):
            returned = f"it returned {_shown(run.value)} for {_steps(run)}"
            return f"{returned}, where {_allowed(run.bounds.on_failure)}"
        return None
    data = [each for each in run.data if not each.marks or not each.marks & run.marks_of_others]
    if not data or run.asked("interim_results") or run.asked("stream"):
        return None
    if not any(truth.step.status == transitions.DONE for truth in run.truths):
        return f"it returned {_shown(data[0].value)} for {_steps(run)}"
    if run.has_read_its_result:
        return None
    return f"it returned {_shown(data[0].value)}, and no answer it got holds a result that can be decoded"


def is_as_on_failure(value: object, expected: object) -> bool:
    """Return whether *value* is what a consumer returns when there is no result."""
    is_a_class = isinstance(expected, type) or (
        isinstance(expected, tuple) and all(isinstance(each, type) for each in expected)
    )
    return isinstance(value, expected) if is_a_class else value == expected  # type: ignore[arg-type]


def _allowed(on_failure: object) -> str:
    """Say what a consumer may do on failure.

    >>> _allowed(()), _allowed((dict, type(None)))
    ('on_failure=() has it raise', 'on_failure=(dict, NoneType) has it raise or return that')
    """
    if isinstance(on_failure, type):
        allowed = on_failure.__name__
    elif isinstance(on_failure, tuple) and all(isinstance(each, type) for each in on_failure):
        allowed = f"({', '.join(each.__name__ for each in on_failure)})"
    else:
        allowed = _shown(on_failure)
    return f"on_failure={allowed} has it raise" + (" or return that" if on_failure != () else "")


def returns_anothers(run: Run) -> str | None:
    """Look for the result of a job that is not its own, unless that job's id stands beside it."""
    if not run.own or not run.others or run.bounds.takes == "simulation":
        return None
    labels = {label for data in run.data for label in data.labels}
    its = [data for data in run.data if data.marks & run.marks_of_others]
    if not its or len(its) < len(run.data) or run.others in labels:
        return None
    its_own = f"not of its own, {run.own[0]}" if len(run.own) == 1 else "not of its own"
    returned = (
        f"it returned {_shown(its[0].value)}, which is the result of another job, {run.others}"
    )
    return f"{returned}, {its_own}"


def crosses_results(run: Run) -> str | None:
    """Compare whose data it is with the id that stands beside it, or with its place in the list."""
    if len(run.own) < 2:
        return None
    owners: dict[object, str] = {}
    for number, job_id in enumerate(run.own):
        for mark in run.marks(number) if run.data else ():
            owners[mark] = job_id if mark not in owners else ""
    placed: dict[int, str] = {}
    for data in run.data:
        owned = {owners[mark] for mark in data.marks if owners.get(mark)}
        if len(owned) != 1:
            continue
        [owner] = owned
        own_labels = data.labels & set(run.own)
        if own_labels:
            if owner not in own_labels:
                [label, *_] = sorted(own_labels)
                return f"it returned the result of job {owner} as that of job {label}"
        elif data.position is not None:
            placed[data.position] = owner
    if len(placed) == len(run.own) and set(placed) == set(range(len(run.own))):
        for position, job_id in enumerate(run.own):
            if placed[position] != job_id:
                number = run.own.index(placed[position]) + 1
                return (
                    f"it returned the results in another order than that of the jobs: at place "
                    f"{position + 1} that of job {placed[position]}, which is number {number}"
                )
    return None


def loses_results(run: Run) -> str | None:
    """Look for results that were left out of what was returned because one other job had failed.

    That is wrong for a consumer alone that `returns_all_results`.
    """
    failed = [
        number
        for number, truth in enumerate(run.truths)
        if truth.step.status in (transitions.ERROR, transitions.CANCELLED)
    ]
    if run.has_faults or len(run.own) < 3 or len(failed) != 1 or not run.data:
        return None
    if any(data.value is run.value for data in run.data):
        return None
    its_id = run.own[failed[0]]
    seen = [e.at for e in run.asked("poll") if e.name == its_id and parse.is_final(e.response)]
    if not seen:
        return None
    for number, (job_id, truth) in enumerate(zip(run.own, run.truths, strict=True)):
        is_in_time = truth.ended is not None and truth.ended <= seen[0]
        if truth.step.status != transitions.DONE or not is_in_time or not run.marks(number):
            continue
        if not _was_given_up(run, job_id) and not _can_stand_for(run, number, failed[0]):
            return (
                f"it returned results without that of job {job_id}, which was done; {its_id} failed"
            )
    return None


def returns_all_results(run: Run) -> bool:
    """Return whether all jobs of *run* were done, and the result of each is in what was returned."""
    returned = _marks_returned(run)
    return run.is_done and all(run.marks(number) & returned for number in range(len(run.own)))


def _marks_returned(run: Run) -> frozenset[Mark]:
    return frozenset(mark for data in run.data for mark in data.marks)


def _can_stand_for(run: Run, number: int, failed: int) -> bool:
    """Return whether anything in what was returned may be the result of the job *number*, or be made of it.

    That is its result, its id, a value other than a failure in its place, and, if its result was read,
    anything that is not said to be of another job.
    """
    own, job_id, value = run.own, run.own[number], run.value
    leaves = list(returned_data.leaves_in(value, own))
    is_named = any(leaf.key == job_id.upper() for leaf in leaves) or any(
        job_id in data.labels for data in run.data
    )
    if is_named or run.marks(number) & _marks_returned(run):
        return True
    if _values_in_place(run, number) - _values_in_place(run, failed):
        return True
    if not any(entry.name == job_id for each in READING for entry in run.asked(each)):
        return False
    others = frozenset(mark for each in range(len(own)) for mark in run.marks(each))
    is_unknown = any(not data.labels and not data.marks & others for data in run.data)
    known = WORDS_OF_FAILURE | {each.upper() for each in own}
    return is_unknown or any(not leaf.labels and leaf.key not in known for leaf in leaves)


def _values_in_place(run: Run, number: int) -> set[object]:
    """Return the values other than failures that stand in the place of the job *number*."""
    return {
        leaf.key
        for entry in returned_data.entries(run.value, number, run.own)
        for leaf in returned_data.leaves_in(entry)
    } - WORDS_OF_FAILURE


def _was_given_up(run: Run, job_id: str) -> bool:
    """Return whether the job was asked for, and not over when it was asked for last."""
    polls = [e for e in run.asked("poll") if e.name == job_id]
    return bool(polls) and not parse.is_final(polls[-1].response)


def misreports_status(run: Run) -> str | None:
    """Compare a final status that was returned, or DONE as a field of what was, with the true one."""
    if run.error is not None or run.step is None or run.was_stopped:
        return None
    if not _is_status(run.value):
        return _claims_that_it_is_done(run)
    if len(run.truths) > 1:
        return None
    claimed = str(run.value).upper()
    is_open = claimed not in transitions.FINAL
    if is_open or claimed in _true_words(run.step):
        return None
    if claimed == transitions.ERROR and (run.has_faults or run.step.status != transitions.DONE):
        return None  # a consumer may call its own failure an error
    return f"it returned {run.value!r} for a job that was {run.step}"


def _claims_that_it_is_done(run: Run) -> str | None:
    """Look for DONE under a name like "status" or the id of a job, for a job that was never done."""
    are_done = [truth.step.status == transitions.DONE for truth in run.truths]
    for name, text in returned_data.named_texts_in(run.value):
        if text != transitions.DONE:
            continue
        is_its_id = name in run.own and not are_done[run.own.index(name)]
        is_its_status = name.lower() in STATUS_FIELDS and not any(are_done)
        if is_its_id or is_its_status:
            if is_its_id:
                step = run.truths[run.own.index(name)].step
                return f"it returned {name!r}: {text!r} for that job, which was {step}"
            return f"it returned {name!r}: {text!r} for {_steps(run)}"
    return None


def _true_words(step: Step) -> set[str]:
    words = {step.status, (step.says or "").upper()}
    if step.code == RAN_TOO_LONG or STOPPED_BY_THE_SERVICE in words:
        words |= {transitions.CANCELLED, transitions.ERROR, STOPPED_BY_THE_SERVICE}
    return words


def _is_status(value: object) -> bool:
    return isinstance(value, str) and value.upper() in transitions.STATUSES


def _steps(run: Run) -> str:
    """Return how its jobs ended: "a job that was ERROR", or each of several by its id."""
    if len(run.truths) == 1:
        return f"a job that was {run.truths[0].step}"
    each = zip(run.own, run.truths, strict=True)
    return "jobs: " + ", ".join(f"{job_id} was {truth.step}" for job_id, truth in each)


def _shown(value: object) -> str:
    return f"the {type(value).__name__} {excerpt(repr(value), MOST_OF_A_VALUE)}"
