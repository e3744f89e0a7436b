"""Strategies for scripts. Users find them in `qrtest.strategies`.

They shrink towards what a person would write: a job that is done at once, then one that failed; a step is
dropped before a length of time is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.errors import ScriptError
from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import (
    Step,
    cancelled,
    done,
    failed,
    queued,
    ran_too_long,
    running,
    unknown,
)

__all__ = ["ENDINGS", "LONGEST", "lengths", "mostly_first", "scripts"]

Drawn = TypeVar("Drawn")
LONGEST: Final = "3h"
ROUND_SECONDS: Final = (1.0, 5.0, 30.0, 60.0, 300.0, 600.0, 3_600.0, 10_800.0, 86_400.0)
MOST_STEPS_BEFORE_THE_END: Final = 3
USUAL_STEPS_WEIGHT: Final = 4
"""How much more often a step is QUEUED or RUNNING than an unknown status."""

HALF: Final = 499
UNKNOWN_WORDS: Final = ("Validating", "Cancelled - Ran too long", "Deferred")
ONLY_AT_THE_END: Final = "Cancelled - Ran too long"
"""The service says so of a job that it has stopped: nothing follows it."""

REASONS: Final[tuple[Step, ...]] = (
    failed(),
    failed("Internal error.", 1500),
    failed("The instruction h on qubits (0,) is not supported by the target system.", 1517),
    failed("Ran out of memory.", 9999, "Use fewer shots."),
)
ENDINGS: Final[dict[str, tuple[Step, ...]]] = {
    "DONE": (done(),),
    "ERROR": REASONS,
    "CANCELLED": (cancelled(), cancelled("Session closed.")),
    "RAN TOO LONG": (ran_too_long(),),
    "NEVER": (queued(), running(), *(unknown(word) for word in UNKNOWN_WORDS)),
}
"""The last steps of scripts, the simplest first. NEVER: the last step lasts for ever."""


def scripts(
    *,
    endings: Sequence[str] = tuple(ENDINGS),
    longest: Duration = LONGEST,
    legal: bool = True,
    unknown_words: Sequence[str] = UNKNOWN_WORDS,
) -> SearchStrategy[Script]:
    """Draw scripts: the status sequences that one job can go through.

    *endings*: some of DONE, ERROR, CANCELLED, "RAN TOO LONG" and NEVER. *longest*: the time until the
    last step, at most. *legal=False*: steps in any order, including orders that the service rules out.
    *unknown_words*: statuses that the client does not know; none when empty.

    Raises `ScriptError` for an ending that is not in this list.

    >>> from hypothesis import find
    >>> find(scripts(), lambda script: len(script) > 1)
    Script(queued('1s'), done())
    """
    for ending in endings:
        if ending not in ENDINGS:
            raise ScriptError(f"endings={endings!r}: {ending!r} is none of {', '.join(ENDINGS)}.")
    if not endings:
        raise ScriptError(f"endings={endings!r}: name at least one of {', '.join(ENDINGS)}.")
    longest_seconds = durations.seconds(longest)
    if not legal:
        return _illegal_scripts(longest_seconds)
    unknown_steps = [_unknown(word) for word in unknown_words if word != ONLY_AT_THE_END]
    kinds = (_queued, _running, *unknown_steps, *(_queued, _running) * USUAL_STEPS_WEIGHT)
    ends = [
        end
        for ending in endings
        for end in ENDINGS[ending]
        if end.says is None or end.says in unknown_words
    ]
    return st.builds(
        partial(_legal_script, longest_seconds=longest_seconds),
        mostly_first(ends),
        st.lists(
            st.tuples(st.sampled_from(kinds), lengths(longest_seconds)),
            max_size=MOST_STEPS_BEFORE_THE_END,
        ),
        st.booleans(),
    )


def _legal_script(
    end: Step,
    drawn: Sequence[tuple[Callable[[float], Step], float]],
    is_usual: bool,
    *,
    longest_seconds: float,
) -> Script:
    """Build a script in a legal order: replace steps that are out of order, drop repeated ones.

    *is_usual*: only steps that almost every job has, QUEUED before RUNNING.
    """
    if is_usual:
        usual = [each for each in drawn if each[0] in (_queued, _running)]
        drawn = sorted(usual, key=lambda each: each[0] is _running)
    steps: list[Step] = []
    left = longest_seconds
    has_run = False
    for make, seconds in drawn:
        lasts = min(seconds, left)
        step = _running(lasts) if has_run and make is _queued else make(lasts)
        if steps and (step.status, step.says) == (steps[-1].status, steps[-1].says):
            continue
        steps.append(step)
        left -= lasts
        has_run = has_run or make is _running
    if has_run and end.status == transitions.QUEUED:
        end = running()
    return Script(*steps, end)


def _illegal_scripts(longest_seconds: float) -> SearchStrategy[Script]:
    length = lengths(longest_seconds / (MOST_STEPS_BEFORE_THE_END + 1))
    steps = st.builds(
        lambda step, seconds: Step(step.status, seconds, step.reason, step.code, step.solution),
        st.sampled_from((done(), queued(), running(), cancelled(), *REASONS)),
        length,
    )
    return st.lists(steps, min_size=1, max_size=MOST_STEPS_BEFORE_THE_END + 1).map(
        lambda drawn: Script(*drawn, legal=False)
    )


def mostly_first(values: Sequence[Drawn]) -> SearchStrategy[Drawn]:
    """Draw the first of *values* as often as all others together; the others shrink to it.

    A fault is seen most often on a job that is done and on the first request: other jobs and later
    requests hide it, because the code under test ends before it strikes.
    """
    return st.sampled_from([*values, *[values[0]] * (len(values) - 2)])


def _queued(seconds: float) -> Step:
    return queued(seconds)


def _running(seconds: float) -> Step:
    return running(seconds)


def _unknown(word: str) -> Callable[[float], Step]:
    return lambda seconds: unknown(word, seconds)


def lengths(longest_seconds: float) -> SearchStrategy[float]:
    """Draw lengths of time in seconds: round ones, or a part of one.

    A part is between half a round length and all of it, so that a length above some bound can be
    rounded up and stays above it: that is how an odd length shrinks to a round one.
    """
    usual = [seconds for seconds in ROUND_SECONDS if seconds <= longest_seconds]
    thousandths_off = st.integers(0, 999).map(lambda drawn: drawn if drawn > HALF else 0)
    return st.builds(
        lambda off, seconds: round(seconds * (1000 - off) / 1000, 3),
        thousandths_off,
        st.sampled_from(usual or [longest_seconds]),
    )
