"""How `check_consumer` looks: its options as one value, the scenarios it tries, and hypothesis's search."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from math import inf
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import hypothesis
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample, Unsatisfiable
from hypothesis.strategies import SearchStrategy

from qrtest import strategies
from qrtest.advice import choices
from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.clock.moment import unix_time
from qrtest.clock.schedule import Schedule
from qrtest.errors import ScenarioError, SimulationError
from qrtest.harness.simulate import Transport
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import cancelled, done, failed, queued, ran_too_long, running, unknown
from qrtest.properties.consumer_run import ANYTHING, Bounds, Takes
from qrtest.scenario.scenario import Scenario
from qrtest.strategies.draw_faults import menu

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette

__all__ = [
    "Case",
    "Jobs",
    "Search",
    "around",
    "exceptions",
    "find",
    "most_examples",
    "sources",
]

Exceptions = type[BaseException] | tuple[type[BaseException], ...]
Jobs = tuple[Scenario, ...]
"""A scenario for each job of a run."""

Case = tuple[Jobs, Schedule | None]
"""What is run: the scenarios, and the schedule if it is not that of the bounds."""

Given = SearchStrategy[Any] | Iterable[Any] | None
OF_A_JOB: Final = ("poll", "result", "cancel", "logs", "metrics", "interim_results", "tags")
OF_A_SUBMISSION: Final = ("submit", "poll", "result", "session", "backend")
AROUND_SECONDS: Final = (-5.0, -1.0, -0.175, -0.125, -0.075, -0.025, 0.0, 0.5)
"""A request takes 50 ms: the end of the job falls between any two of the last requests."""

USUAL_PROGRAM: Final = Scenario("DONE").program_id
TAKES: Final = ("job", "service", "simulation", "session")


@dataclass(frozen=True, kw_only=True)
class Search:
    """The options of `check_consumer` that are seldom needed.

    *max_requests*: how many requests the consumer gets; unless given, more than the client makes in a day of
    waiting. *timeout*: the one it promises to keep, None
    for none; *poll*: how long one of its polls may take. *polls_per_minute*: how often it may ask.
    *submissions*: how many jobs it may submit; None: as many as it does when nothing goes wrong, and up to
    ten times as many where jobs fail, but no other for one whose answer was lost.
    *on_failure*: what it returns when there is no result: a value, a class, or a tuple of classes,
    () when it always raises; anything, unless given.
    *program_id*, *result*: what jobs are and result in whose scenario does not say so; *result* may be a
    strategy for scenarios that are drawn. *transport*: as in
    `simulate`. *patience*: how long it may make no progress in real time, *budget*: how long
    the search may take (None: as long as its examples). *schedules*: also search for an
    order in which its threads and tasks go on; *schedule*: the one order to try.

    *saved*: the folder of scenario files; those named after the consumer are tried first. With
    *save_failures* what is found is written there. Under pytest both are set by its options. *seed*,
    *settings*: of hypothesis; None: those of the loaded profile.

    >>> Search(timeout="1h", seed=3)
    Search(timeout='1h', seed=3)
    """

    max_requests: int = 200_000
    timeout: Duration | None = None
    poll: Duration = "1m"
    polls_per_minute: float = 600
    submissions: int | None = None
    on_failure: Any = field(default=ANYTHING)
    program_id: str = "sampler"
    result: Any = None
    transport: Transport = "direct"
    patience: Duration = "20s"
    budget: Duration | None = None
    schedules: bool = False
    schedule: Schedule | str | None = None
    saved: str | Path | None = None
    save_failures: bool | None = None
    seed: int | None = None
    settings: hypothesis.settings | None = None

    def __repr__(self) -> str:
        chosen = (f"{name}={value!r}" for name, value in self.chosen().items())
        return f"Search({', '.join(chosen)})"

    def chosen(self) -> dict[str, Any]:
        """Return the options that are not at their defaults."""
        return {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) is not each.default and value != each.default
        }

    @property
    def has_schedule(self) -> bool:
        """Whether a schedule, not the seed, decides which thread goes on."""
        return self.schedules or self.schedule is not None

    def completed(self, jobs: Jobs) -> Jobs:
        """Return *jobs* with the program and the result of this search where they have none of their own."""
        return tuple(map(self._completed, jobs))

    def _completed(self, scenario: Scenario) -> Scenario:
        options: dict[str, Any] = {}
        if scenario.program_id == USUAL_PROGRAM:
            options["program_id"] = self.program_id
        if scenario.result is None and not isinstance(self.result, SearchStrategy):
            options["result"] = self.result
        return replace(scenario, **options)

    def bounds(
        self,
        *,
        allowed: tuple[type[BaseException], ...],
        takes: Takes,
        jobs: int,
        max_wait: Duration,
    ) -> Bounds:
        """Return what the consumer may do. Raises `SimulationError` for a kind that does not exist."""
        if takes not in TAKES:
            raise SimulationError(f"takes={takes!r}: there are {', '.join(map(repr, TAKES))}.")
        if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
            raise SimulationError(f"jobs={jobs!r}: give the number of jobs, 1 or more.")
        return Bounds(
            allowed=allowed,
            max_wait=durations.seconds(max_wait),
            max_requests=self.max_requests,
            timeout=None if self.timeout is None else durations.seconds(self.timeout),
            poll=durations.seconds(self.poll),
            polls_per_minute=self.polls_per_minute,
            submissions=self.submissions,
            usual_submissions=0 if takes == "job" else jobs,
            takes=takes,
            jobs=jobs,
            on_failure=self.on_failure,
            transport=self.transport,
            patience=durations.seconds(self.patience),
            schedule=Schedule(str(self.schedule or "")) if self.has_schedule else None,
        )


def exceptions(allowed: Exceptions) -> tuple[type[BaseException], ...]:
    """Return *allowed* as a tuple. Raises `SimulationError` for what is no exception class."""
    kinds = allowed if isinstance(allowed, tuple) else (allowed,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise SimulationError(
                f"allowed={allowed!r}: {kind!r} is no exception class; write allowed=(TimeoutError,)."
            )
    return kinds


def sources(
    given: Given,
    cassette: str | os.PathLike[str] | Cassette | None,
    search: Search,
    bounds: Bounds,
) -> tuple[Iterable[Jobs], SearchStrategy[Jobs] | None]:
    """Return the scenarios to try first, and the strategy that draws the others."""
    operations = OF_A_JOB if bounds.takes == "job" else OF_A_SUBMISSION
    if isinstance(given, SearchStrategy):
        return (), _of_each_job(given, bounds.jobs).map(search.completed)
    if given is not None:
        if isinstance(given, str | Scenario) or not isinstance(given, Iterable):
            raise SimulationError(
                f"scenarios={given!r:.200}: give a list, as scenarios=[Scenario('DONE')], or a strategy."
            )
        if search.schedules:
            cases = [search.completed(_as_jobs(each, bounds.jobs)) for each in given]
            return (), st.sampled_from(cases) if cases else None
        return (search.completed(_as_jobs(each, bounds.jobs)) for each in given), None
    plans = strategies.fault_plans(operations=operations)
    if cassette is not None:
        recorded = _only_job_of(cassette)
        first = _variants_of_the_recorded(recorded, operations)
        drawn = strategies.scenarios_of(cassette, faults=plans)
        return ((each,) * bounds.jobs for each in first), _of_each_job(drawn, bounds.jobs)
    result = search.result
    drawn = strategies.scenarios(
        faults=plans,
        results=result if isinstance(result, SearchStrategy) else st.just(result),
        program_id=search.program_id,
    )
    first = _usual(search, operations)
    return _for_each_job(first, bounds.jobs, search), _of_each_job(drawn, bounds.jobs)


def _only_job_of(cassette: str | os.PathLike[str] | Cassette) -> Scenario:
    """Return the scenario of the job of *cassette*. Raises `ScenarioError` if it has not exactly one."""
    known = list(Scenario.all_from_cassette(cassette))
    if len(known) == 1:
        return Scenario.from_cassette(cassette)
    path = repr(os.fspath(cassette)) if isinstance(cassette, str | os.PathLike) else "cassette"
    advice = (
        f"Choose one of them: scenarios=qrtest.strategies.scenarios_of({path}, {known[0]!r})."
        if known
        else "Record a program that submits a job or asks for one."
    )
    raise ScenarioError(
        f"cassette={path} has not exactly one job. {choices('', known, f'qrtest show {path}')} {advice}"
    )


def _as_jobs(given: Any, jobs: int) -> Jobs:
    if isinstance(given, Scenario):
        return (given,) * jobs
    is_tuple = isinstance(given, tuple | list) and len(given) == jobs
    if is_tuple and all(isinstance(each, Scenario) for each in given):
        return tuple(given)
    hint = f": write Scenario({given!r})" if isinstance(given, str | Script) else ""
    raise SimulationError(
        f"scenarios: {given!r:.200} is no scenario"
        + (f", and no tuple of {jobs}, one for each job" if jobs > 1 else "")
        + f"{hint}."
    )


def _of_each_job(drawn: SearchStrategy[Any], jobs: int) -> SearchStrategy[Jobs]:
    """Draw as many scenarios as there are jobs, each for itself; tuples of as many are kept as they are."""
    if jobs == 1:
        return drawn.map(lambda each: _as_jobs(each, 1))
    return st.tuples(*[drawn] * jobs)


def _for_each_job(first: Iterable[Scenario], jobs: int, search: Search) -> Iterator[Jobs]:
    """Try a scenario on one of the jobs, while the others are done; first that they end out of order."""
    if jobs == 1:
        yield from ((scenario,) for scenario in first)
        return
    plain = Scenario(done(), result=search.result, program_id=search.program_id)
    waits = [replace(plain, script=Script(queued(60 * (jobs - n)), done())) for n in range(jobs)]
    yield (plain,) * jobs
    yield tuple(waits)
    for scenario in first:
        places = (0,) if scenario.faults else dict.fromkeys((0, jobs // 2, jobs - 1))
        for place in places:
            yield tuple(scenario if number == place else plain for number in range(jobs))


def _usual(search: Search, operations: Sequence[str]) -> Iterator[Scenario]:
    """Try what a person would: every end at once and after a while, then each fault alone."""
    if isinstance(search.result, SearchStrategy):
        return
    for script, plan in _usual_parts(operations):
        yield Scenario(script, faults=plan, result=search.result, program_id=search.program_id)


def _usual_parts(operations: Sequence[str]) -> Iterator[tuple[Script, tuple[Any, ...]]]:
    for end in (done(), failed(), cancelled(), ran_too_long(), queued(), running()):
        yield Script(end), ()
    yield Script(queued("1m"), running("30s"), done()), ()
    yield Script(queued("2s"), running("1s"), done()), ()
    yield Script(running("5s"), done()), ()
    for end in (done(), unknown("Validating")):
        yield Script(queued("1m"), end), ()
    for times in (1, None):
        for fault in menu():
            if fault.on in operations:
                yield Script(done()), (replace(fault, times=times),)


def around(seconds: float, search: Search) -> Iterator[Jobs]:
    """Try jobs that are done just before, at, and just after the time at which the consumer gives up."""
    for offset in AROUND_SECONDS:
        if seconds + offset > 0 and not isinstance(search.result, SearchStrategy):
            script = Script(queued(round(seconds + offset, 3)), done())
            yield (Scenario(script, result=search.result, program_id=search.program_id),)


def _variants_of_the_recorded(recorded: Scenario, operations: Sequence[str]) -> Iterator[Scenario]:
    """Try a recording as it is, then with the usual scripts and faults."""
    yield recorded
    for script, plan in _usual_parts(operations):
        yield recorded.but(script=script, faults=plan)


class OverBudget(BaseException):
    """Ends a search that has found nothing in its time; hypothesis hands it on at once."""


def most_examples(search: Search, max_examples: int | None) -> int:
    """Return how many examples the search has: *max_examples*, else those of the settings."""
    parent = hypothesis.settings() if search.settings is None else search.settings
    return parent.max_examples if max_examples is None else max_examples


def plain_jobs(given: Given, drawn: SearchStrategy[Jobs], search: Search, jobs: int) -> list[Jobs]:
    """Return the scenarios whose schedules are tried one by one.

    Those that are *given*, the simplest that is *drawn* by a given strategy, else jobs that are done, at once
    and after a while.
    """
    if isinstance(given, SearchStrategy) or isinstance(search.result, SearchStrategy):
        settings = hypothesis.settings(database=None, deadline=None, max_examples=10)
        return [hypothesis.find(drawn, lambda _: True, settings=settings, random=Random(0))]
    if given is not None:
        return [search.completed(_as_jobs(each, jobs)) for each in given]
    scripts = Script(done()), Script(queued("1m"), running("30s"), done())
    scenario = Scenario(done(), result=search.result, program_id=search.program_id)
    return [(replace(scenario, script=script),) * jobs for script in scripts]


def find(
    is_broken: Callable[[Case], bool],
    drawn: SearchStrategy[Jobs],
    *,
    search: Search,
    max_examples: int | None,
    key: bytes,
    orders: SearchStrategy[Schedule] | None = None,
) -> Case | None:
    """Return the simplest scenarios, and schedule, that *is_broken* says are; None when none are found.

    *orders* draws the schedules; None: that of the bounds.

    Raises `SimulationError` when the strategy does not draw the same scenarios twice.
    """
    parent = hypothesis.settings() if search.settings is None else search.settings
    phases = tuple(phase for phase in parent.phases if phase is not Phase.explain)
    most = most_examples(search, max_examples)
    last: list[Case] = []
    until = inf if search.budget is None else unix_time() + durations.seconds(search.budget)
    chosen = st.none() if orders is None else orders

    kept: set[str] = set()  # a consumer does in a scenario what it did in it before

    def note(case: Case) -> bool:
        if not last and unix_time() > until:
            raise OverBudget
        if (code := repr(case)) in kept:
            return False
        if is_broken(case):
            last[:] = [case]
            return True
        kept.add(code)
        return False

    try:
        return hypothesis.find(
            st.tuples(drawn, chosen),
            note,
            settings=hypothesis.settings(parent, deadline=None, phases=phases, max_examples=most),
            random=None if search.seed is None else Random(search.seed),
            database_key=key,
        )
    except (NoSuchExample, Unsatisfiable, OverBudget):
        return None
    except Flaky as error:
        if last:
            return last[0]
        raise SimulationError(
            f"The strategy of scenarios does not draw the same again: {error}. Draw everything that "
            "changes from hypothesis, and nothing from random or the time."
        ) from None
