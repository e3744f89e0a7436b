"""Strategies: hypothesis draws lives, faults, payloads and jobs.

    from qrtest import strategies as qst

    @given(qst.scenarios())
    def test_collect(scenario): ...

They shrink towards what a person would write: a job that is done at once, then one that failed; a
fault is dropped before a step is, and a step before a length of time is rounded. What they draw
prints as code that evaluates back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hypothesis import control
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest import faults as faulty
from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.errors import FaultError, ScriptError
from qrtest.faults import Fault
from qrtest.harness.simulate import Transport, simulate
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
from qrtest.scenario.scenario import Scenario
from qrtest.strategies.draw_results import broken_results, results
from qrtest.strategies.poll_plan import QUESTIONS, Ask, PollPlan

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette
    from qrtest.client.job_doubles import RuntimeJobV2

__all__ = [
    "ENDINGS",
    "broken_results",
    "fault_plans",
    "faults",
    "jobs",
    "lives_of",
    "poll_plans",
    "results",
    "scenarios",
    "scripts",
]

Drawn = TypeVar("Drawn")
LONGEST: Final = "3h"
ROUND_SECONDS: Final = (1.0, 5.0, 30.0, 60.0, 600.0, 3_600.0, 10_800.0, 86_400.0)
MOST_STEPS_BEFORE_THE_END: Final = 3
HALF: Final = 499
UNKNOWN_WORDS: Final = ("Validating", "Cancelled - Ran too long", "Deferred")
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
"""How a life may end, in the order of simplicity. NEVER: its last step lasts for ever."""


# --- scripts ------------------------------------------------------------------------------------------


def scripts(
    *,
    endings: Sequence[str] = tuple(ENDINGS),
    longest: Duration = LONGEST,
    legal: bool = True,
    unknown_words: Sequence[str] = UNKNOWN_WORDS,
) -> SearchStrategy[Script]:
    """Lives of a job.

    *endings*: some of DONE, ERROR, CANCELLED, "RAN TOO LONG" and NEVER. *longest*: how long a life
    takes at most, up to its end. *legal=False*: any order of steps, as no job can live. *unknown_words*:
    statuses that no client has heard of, none when empty.

    Raises `ScriptError` for an ending that is none of these.

    >>> from hypothesis import find
    >>> find(scripts(), lambda script: len(script) > 1)
    Script(queued('1s'), done())
    """
    for ending in endings:
        if ending not in ENDINGS:
            raise ScriptError(f"endings={endings!r}: {ending!r} is none of {', '.join(ENDINGS)}.")
    if not endings:
        raise ScriptError(f"endings={endings!r}: a life ends in one of {', '.join(ENDINGS)}.")
    longest_seconds = durations.seconds(longest)
    if not legal:
        return _illegal_scripts(longest_seconds)
    kinds = (_queued, _running, *(_saying(word) for word in unknown_words))
    return st.builds(
        partial(_legal_script, longest_seconds=longest_seconds),
        _mostly_first([end for ending in endings for end in ENDINGS[ending]]),
        st.lists(
            st.tuples(st.sampled_from(kinds), _lengths(longest_seconds)),
            max_size=MOST_STEPS_BEFORE_THE_END,
        ),
    )


def _legal_script(
    end: Step, drawn: Sequence[tuple[Callable[[float], Step], float]], *, longest_seconds: float
) -> Script:
    """A life in a legal order: what is drawn out of order is put right, what is repeated left out."""
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
    lengths = _lengths(longest_seconds / (MOST_STEPS_BEFORE_THE_END + 1))
    steps = st.builds(
        lambda step, seconds: Step(step.status, seconds, step.reason, step.code, step.solution),
        st.sampled_from((done(), queued(), running(), cancelled(), *REASONS)),
        lengths,
    )
    return st.lists(steps, min_size=1, max_size=MOST_STEPS_BEFORE_THE_END + 1).map(
        lambda drawn: Script(*drawn, legal=False)
    )


def _mostly_first(values: Sequence[Drawn]) -> SearchStrategy[Drawn]:
    """One of *values*: the first as often as all others together, and what the others shrink to.

    What goes wrong with a job that is done, at the first call, has more to show than the rest.
    """
    return st.sampled_from([*values, *[values[0]] * (len(values) - 2)])


def _queued(seconds: float) -> Step:
    return queued(seconds)


def _running(seconds: float) -> Step:
    return running(seconds)


def _saying(word: str) -> Any:
    return lambda seconds: unknown(word, seconds)


def _lengths(longest_seconds: float) -> SearchStrategy[float]:
    """Seconds: those that people write, or some part of one.

    A part is of the next longer length that people write, so that rounding it keeps what is longer
    than a bound longer than it: that is how an odd length shrinks to a round one.
    """
    usual = [seconds for seconds in ROUND_SECONDS if seconds <= longest_seconds]
    thousandths_off = st.integers(0, 999).map(lambda drawn: drawn if drawn > HALF else 0)
    return st.builds(
        lambda off, seconds: round(seconds * (1000 - off) / 1000, 3),
        thousandths_off,
        st.sampled_from(usual or [longest_seconds]),
    )


# --- faults -------------------------------------------------------------------------------------------

MENU: Final[tuple[Fault, ...]] = (
    faulty.status(503, on="poll"),
    faulty.status(504, on="poll"),
    faulty.drop(on="poll"),
    faulty.expired_token(on="poll"),
    faulty.status(429, retry_after="30s", on="poll"),
    faulty.html(on="poll"),
    faulty.truncate(on="poll"),
    faulty.slow("30s", on="poll"),
    faulty.truncate(on="result"),
    faulty.html(on="result"),
    faulty.empty(on="result"),
    faulty.corrupt("base64", on="result"),
    faulty.corrupt("zlib", on="result"),
    faulty.corrupt("npy", on="result"),
    faulty.corrupt("shape", on="result"),
    faulty.status(500, on="result"),
    faulty.drop(on="result"),
    faulty.expired_token(on="result"),
    faulty.status(409, on="cancel"),
    faulty.ignore(on="cancel"),
    faulty.drop(on="cancel"),
    faulty.status(503, on="submit"),
    faulty.status(429, on="submit"),
    faulty.drop(on="submit"),
    faulty.status(500, on="logs"),
    faulty.html(on="logs"),
    faulty.status(500, on="metrics"),
    faulty.html(on="metrics"),
    faulty.drop(on="interim_results"),
    faulty.status(503, on="tags"),
)
"""What goes wrong where, once: the most usual first."""

TIMES: Final = (1, None, 2, 6, 7)
"""How often a fault strikes. The client tries six times before it gives up, so 6 exhausts it."""


def faults(*, operations: Sequence[str] | None = None) -> SearchStrategy[Fault]:
    """One fault, on one of the *operations* (None: on any), once, some times, or for ever.

    Raises `FaultError` when none of the faults that are drawn is on these operations.

    >>> from hypothesis import find
    >>> find(faults(operations=["result"]), lambda fault: True)
    faults.truncate(on='result')
    """
    menu = [fault for fault in MENU if operations is None or fault.on in operations]
    if not menu:
        known = ", ".join(dict.fromkeys(fault.on for fault in MENU))
        raise FaultError(f"operations={operations!r}: there are faults on {known}.")
    return st.builds(
        _timed,
        st.sampled_from(menu),
        _mostly_first((0, 1, 2, 10)),
        st.sampled_from(TIMES),
        _mostly_first((0.0, 60.0)),
    )


def fault_plans(
    *, operations: Sequence[str] | None = None, most: int = 2
) -> SearchStrategy[tuple[Fault, ...]]:
    """Up to *most* faults, on these *operations* (None: on any).

    >>> from hypothesis import find
    >>> find(fault_plans(), bool)
    (faults.status(503, on='poll'),)
    """
    return st.lists(faults(operations=operations), max_size=most).map(tuple)


def _timed(fault: Fault, after: int, times: int | None, since: float) -> Fault:
    return replace(fault, after=after, times=times, since=since)


# --- whole lives --------------------------------------------------------------------------------------


def scenarios(
    lives: SearchStrategy[Script] | None = None,
    faults: SearchStrategy[tuple[Fault, ...]] | None = None,
    results: SearchStrategy[Any] | None = None,
    *,
    program_id: str = "sampler",
) -> SearchStrategy[Scenario]:
    """Lives with faults and a result: what one job will go through.

    The parts are those of `scripts()` and `fault_plans()`, and a small valid result, unless said.

    >>> from hypothesis import find
    >>> find(scenarios(), lambda scenario: scenario.faults)
    Scenario('DONE', faults=[faults.status(503, on='poll')])
    """
    return st.builds(
        lambda script, plan, result: Scenario(
            script, faults=plan, result=result, program_id=program_id
        ),
        scripts() if lives is None else lives,
        fault_plans() if faults is None else faults,
        st.none() if results is None else results,
    )


def lives_of(
    cassette: str | os.PathLike[str] | Cassette,
    job_id: str | None = None,
    *,
    lives: SearchStrategy[Script] | None = None,
    faults: SearchStrategy[tuple[Fault, ...]] | None = None,
) -> SearchStrategy[Scenario]:
    """Other lives of a recorded job: its inputs, result, metrics and logs are real, its fate is drawn.

    *job_id* can be left out when there is only one. *lives*, *faults*: instead of `scripts()` and
    `fault_plans()`. Raises as `Scenario.from_cassette`.

    >>> from hypothesis import find
    >>> find(lives_of("cassettes/sampler.yaml"), lambda life: life.script.end.status == "ERROR")
    Scenario.from_cassette('cassettes/sampler.yaml').but(script='ERROR', faults=[])
    """
    recorded = Scenario.from_cassette(cassette, job_id)
    return st.builds(
        lambda script, plan: recorded.but(script=script, faults=plan),
        scripts() if lives is None else lives,
        fault_plans() if faults is None else faults,
    )


def jobs(
    lives: SearchStrategy[Scenario] | None = None,
    *,
    transport: Transport = "direct",
    **options: Any,
) -> SearchStrategy[RuntimeJobV2]:
    """Doubles of jobs, each in a simulation of its own that lasts as long as the example.

    *options* are those of `qrtest.simulate`. A job prints as what makes it, `sim.job(Scenario('DONE'))`,
    for a test that has a simulation `sim`. Two jobs of one example do not share their time: to have
    several in one simulation, draw scenarios and make the jobs by hand.
    """

    def make(scenario: Scenario) -> RuntimeJobV2:
        from qrtest.client.job_doubles import printed_as

        simulation = simulate(transport=transport, **options)
        simulation.__enter__()
        control.cleanup(lambda: simulation.__exit__(None, None, None))
        return printed_as(simulation.job(scenario), f"sim.job({scenario!r})")

    return (scenarios() if lives is None else lives).map(make)


def poll_plans(
    *,
    questions: Sequence[str] = QUESTIONS,
    longest: Duration = LONGEST,
    most: int = 10,
) -> SearchStrategy[PollPlan]:
    """When and what a consumer asks: up to *most* of the *questions*, at most *longest* apart.

    >>> from hypothesis import find
    >>> find(poll_plans(), len)
    PollPlan(Ask('status'))
    """
    asks = st.builds(
        lambda what, after: Ask(what, after=after),
        st.sampled_from(tuple(questions)),
        st.one_of(st.just(0.0), _lengths(durations.seconds(longest))),
    )
    return st.lists(asks, max_size=most).map(lambda drawn: PollPlan(*drawn))
