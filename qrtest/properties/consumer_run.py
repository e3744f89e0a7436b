"""One run of a consumer through one scenario: what it did, beside what was true.

It judges nothing, and knows no hypothesis: the rules judge.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from traceback import FrameSummary
from typing import Any, Final, Literal

from qrtest.clock.schedule import Schedule
from qrtest.errors import NeverEnds, QrtestError, SimulationError
from qrtest.harness.simulate import Simulation, Transport, Truth, simulate
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import Step
from qrtest.properties import returned_data
from qrtest.properties.muted_output import PRINTED_SECRETS
from qrtest.properties.real_time_limit import MOST_LIMITS, RealTimeLimit, Stalled, Watched
from qrtest.properties.returned_data import Data, Mark
from qrtest.scenario.scenario import Scenario
from qrtest.service import result_payloads
from qrtest.timeline.journal import Entry, Journal

__all__ = ["ANYTHING", "Bounds", "Run", "Takes", "run_consumer"]

Takes = Literal["job", "service", "simulation", "session"]
RESUBMISSIONS: Final = 50
DEVICE: Final = "ibm_torino"
SUCCESS: Final = 200
TEST_TOOLS: Final = frozenset({"_pytest", "hypothesis", "pluggy", "xdist"})
ANYTHING: Final = object()
"""What a consumer returns on failure when nothing is said about it."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a consumer may do. Times are seconds on the virtual clock.

    *timeout* is the one that the consumer promises to keep, None if it promises none; *poll* is how
    long one of its polls may take, the client's own retries included. *submissions*: how many jobs it may
    submit; None: *usual_submissions*, as many as when nothing goes wrong, and more where jobs fail.
    *on_failure* is what it returns when there is no result: a value, a class, or a tuple of classes.
    *patience*: seconds of real time in which it must ask the service something or let virtual time pass.
    *schedule* decides which of its threads and tasks goes on where several can.

    >>> Bounds(timeout=60).max_wait
    86400.0
    """

    allowed: tuple[type[BaseException], ...] = ()
    max_wait: float = 86_400.0
    max_requests: int = 200_000
    timeout: float | None = None
    poll: float = 60.0
    polls_per_minute: float = 600.0
    submissions: int | None = None
    usual_submissions: int = 0
    takes: Takes = "job"
    jobs: int = 1
    on_failure: Any = ANYTHING
    transport: Transport = "direct"
    patience: float = 20.0
    schedule: Schedule | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What *consumer* did in *scenarios*, one for each job, until it ended at *seconds*.

    *own* are the ids of its jobs and *truths* their true states when it ended. *others* is the id of
    a job that is not its own, "" when there is none. *value* is what it returned, *error* what it
    raised. *has_stalled*: it made no progress in real time, at the line *stalled_at*. *switches* says where
    its schedule let a thread or task go on before others, *choices* how many could, choice by choice,
    *printed_secret* where an API key was printed.

    >>> from qrtest.properties import Rule, check_consumer
    >>> seen = []
    >>> look = Rule("look", "It is looked at.", "Leave it.", lambda run: seen.append(run.value))
    >>> check_consumer(lambda job: job.status(), rules=[look], scenarios=[Scenario("DONE")])
    >>> seen
    ['DONE']
    """

    scenarios: tuple[Scenario, ...]
    bounds: Bounds
    journal: Journal
    seconds: float
    consumer: Callable[[Any], Any]
    value: Any = None
    error: BaseException | None = None
    truths: tuple[Truth, ...] = ()
    own: tuple[str, ...] = ()
    others: str = ""
    has_stalled: bool = False
    stalled_at: FrameSummary | None = None
    switches: tuple[str, ...] = ()
    printed_secret: str | None = None
    choices: tuple[int, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """The scenario of the first job."""
        return self.scenarios[0]

    @property
    def truth(self) -> Truth | None:
        """The true state of the last of its jobs; None when there was no job."""
        return self.truths[-1] if self.truths else None

    @property
    def step(self) -> Step | None:
        """The true step of the last of its jobs; None when there was no job."""
        return None if self.truth is None else self.truth.step

    @property
    def was_stopped(self) -> bool:
        """Whether the consumer was stopped, even if it then went on to return something."""
        return (
            self.has_stalled
            or isinstance(self.error, NeverEnds)
            or self.seconds > self.bounds.max_wait
            or self.journal.count() >= self.bounds.max_requests
        )

    @property
    def has_value(self) -> bool:
        """Whether something was returned that a caller would take for a result; None and False are not."""
        return self.error is None and self.value is not None and self.value is not False

    @property
    def is_done(self) -> bool:
        """Whether there was a job, and all its jobs were DONE when it ended."""
        return bool(self.truths) and all(
            truth.step.status == transitions.DONE for truth in self.truths
        )

    @property
    def has_faults(self) -> bool:
        """Whether anything was to go wrong besides the end of a job."""
        return any(scenario.faults for scenario in self.scenarios)

    def asked(self, operation: str) -> list[Entry]:
        """Return the requests of one *operation* about its own jobs."""
        return [
            entry
            for entry in self.journal
            if entry.operation == operation and entry.name in self.own
        ]

    @cached_property
    def data(self) -> tuple[Data, ...]:
        """The result data in what it returned, at any depth."""
        if self.error is not None:
            return ()
        return tuple(returned_data.data_in(self.value, (*self.own, self.others)))

    @cached_property
    def result_texts(self) -> frozenset[str]:
        """The answers that held a result of its own, as they were sent."""
        return frozenset(_text(entry) for entry in self.asked("result") if _is_success(entry))

    @cached_property
    def other_texts(self) -> frozenset[str]:
        """The answers to all that it asked of its own jobs but their results, as they were sent."""
        return frozenset(
            _text(entry)
            for entry in self.journal
            if entry.name in self.own and entry.operation != "result" and _is_success(entry)
        )

    @cached_property
    def has_read_its_result(self) -> bool:
        """Whether it was ever given a result of its own that the genuine client can decode."""
        programs = {scenario.program_id for scenario in self.scenarios}
        return any(
            _is_decodable(text, program) for text in self.result_texts for program in programs
        )

    def marks(self, number: int) -> frozenset[Mark]:
        """Return what the result of its job *number*, counted from 0, can be recognized by."""
        scenario = self.scenarios[min(number, len(self.scenarios) - 1)]
        text = self.truths[number].result
        return frozenset() if text is None else _marks(text, scenario.program_id)

    @cached_property
    def marks_of_others(self) -> frozenset[Mark]:
        """What the result of the job that is not its own can be recognized by."""
        return _marks(_recognizable(OTHERS_NUMBER), "sampler")


OTHERS_NUMBER: Final = 5


def run_consumer(
    consumer: Callable[[Any], Any],
    scenarios: Sequence[Scenario],
    bounds: Bounds,
    limit: RealTimeLimit,
) -> Run:
    """Run *consumer* in *scenarios*, one for each job, in a simulation of its own.

    The same scenarios give the same job ids, other scenarios others. Raises what qrtest raises when a
    simulation is misused, and what test tools and Ctrl-C raise; anything else is part of the run.
    """
    seeds = scenarios[0] if len(scenarios) == 1 else tuple(scenarios)
    simulation = simulate(
        transport=bounds.transport,
        longest=bounds.max_wait,
        most_requests=bounds.max_requests,
        seed=zlib.crc32(repr(seeds).encode()),
        schedule=bounds.schedule,
    )
    value: Any = None
    error: BaseException | None = None
    others = ""
    has_stalled = False
    PRINTED_SECRETS.clear()
    limit.begin(
        Watched(
            progress=lambda: (simulation.clock.now(), len(simulation.journal)),
            was_stopped=lambda: (
                simulation.clock.now() > bounds.max_wait
                or simulation.journal.count() > bounds.max_requests
            ),
        )
    )
    try:
        with simulation as sim:
            argument = _argument(sim, scenarios, bounds)
            if bounds.takes != "job":  # a job alone leads to no other
                others = sim.job("DONE", result=_recognizable(OTHERS_NUMBER)).job_id()
            try:
                value = _called(consumer, argument)
            finally:
                limit.end()  # nothing may interrupt the end of the simulation
    except Stalled as stalled:
        if stalled.is_slow:
            raise _too_slow(limit, bounds) from None
        has_stalled = True
    except BaseException as raised:
        if _is_not_the_consumers(raised, limit):
            raise
        error = raised
    finally:
        limit.end()
    own = tuple(job_id for job_id in simulation.job_ids() if job_id != others)
    chooser = getattr(simulation.clock, "chooser", None)
    return Run(
        scenarios=tuple(scenarios),
        bounds=bounds,
        journal=simulation.journal,
        seconds=simulation.clock.now(),
        consumer=consumer,
        value=value,
        error=error,
        truths=tuple(simulation.truth(job_id) for job_id in own),
        own=own,
        others=others,
        has_stalled=has_stalled,
        stalled_at=limit.stalled_at if has_stalled else None,
        switches=() if chooser is None else tuple(chooser.made),
        choices=() if chooser is None else tuple(chooser.sizes),
        printed_secret=PRINTED_SECRETS[0] if PRINTED_SECRETS else None,
    )


def _called(consumer: Callable[[Any], Any], argument: Any) -> Any:
    """Call *consumer*, and run the coroutine or generator that it returns, if it does."""
    value = consumer(argument)
    if inspect.isgenerator(value):
        return list(value)
    if not inspect.iscoroutine(value):
        return value
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(value)
    value.close()
    raise SimulationError(
        "check_consumer runs coroutines in a loop of its own: call it from 'def test', not 'async def test'."
    )


def _too_slow(limit: RealTimeLimit, bounds: Bounds) -> SimulationError:
    """Say where a run was that took long in real time though its job went on: no bug of the consumer."""
    at = limit.stalled_at
    where = (
        f"{at.filename}:{at.lineno}, in {at.name}: {at.line}" if at else "not in the project's code"
    )
    return SimulationError(
        f"A run took more than {MOST_LIMITS * bounds.patience:.0f} s of real time: it waits for real, or "
        f"computes for long. If it may, say patience='10m'. It was here: {where}"
    )


def _is_not_the_consumers(error: BaseException, limit: RealTimeLimit) -> bool:
    if isinstance(error, QrtestError):
        return not isinstance(error, NeverEnds)
    if isinstance(error, Exception):
        return False
    roots = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    is_of_a_test_tool = bool(roots & TEST_TOOLS)
    return is_of_a_test_tool or (
        isinstance(error, KeyboardInterrupt) and limit.was_interrupted_by_user
    )


def _argument(sim: Simulation, scenarios: Sequence[Scenario], bounds: Bounds) -> Any:
    """Return what the consumer takes, with *scenarios* before it."""
    if bounds.takes == "job":
        if bounds.jobs > 1:
            scenarios = [_with_own_result(each, number) for number, each in enumerate(scenarios)]
        jobs = [sim.job(scenario) for scenario in scenarios]
        return jobs[0] if bounds.jobs == 1 else jobs
    # What the consumer submits gets results that fit it, whichever program it is. Their values are
    # drawn for each job anew, and distinguish the jobs.
    argument: Any = sim
    if bounds.takes != "simulation":
        argument = sim.service()
    if bounds.takes == "session":
        from qrtest.client.runtime_service import open_session

        argument = open_session(argument, DEVICE)
    # Only now: faults of the scenarios must not strike while the argument is made.
    for scenario in [*scenarios, *[scenarios[-1]] * RESUBMISSIONS]:
        sim.next_job(scenario)
    return argument


def _with_own_result(scenario: Scenario, number: int) -> Scenario:
    """Give *scenario* a result that differs from those of the other jobs, if it has none."""
    if scenario.result is not None or scenario.program_id != "sampler":
        return scenario
    if scenario.script.end.status != transitions.DONE:
        return scenario
    return scenario.but(result=_recognizable(number))


@lru_cache
def _recognizable(number: int) -> str:
    """Return a small sampler result whose counts are those of no other *number*."""
    samples = [number % 4] * (4 + number)
    data = result_payloads.data_bin({"meas": result_payloads.bit_array(samples, 2)}, ())
    pub = result_payloads.pub_result(data, {"circuit_metadata": {}}, kind="SamplerPubResult")
    return json.dumps(result_payloads.primitive_result([pub], {"version": 2}))


@lru_cache
def _decoded(text: str, program_id: str) -> Any:
    """Return what the genuine client makes of the *text* of a result; None if it cannot decode it."""
    with simulate() as sim:
        try:
            return sim.job("DONE", result=text.encode(), program_id=program_id).result()
        except Exception:
            return None


def _is_success(entry: Entry) -> bool:
    return entry.response.status == SUCCESS and entry.response.failure is None


def _text(entry: Entry) -> str:
    return entry.response.body.decode(errors="replace")


def _is_decodable(text: str, program_id: str) -> bool:
    result = _decoded(text, program_id)
    return result is not None and not isinstance(result, str)


@lru_cache
def _marks(text: str, program_id: str) -> frozenset[Mark]:
    return returned_data.marks_of(_decoded(text, program_id))
