"""`check_consumer`: hypothesis searches for the simplest scenario in which a consumer breaks a rule."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from warnings import catch_warnings, simplefilter

from hypothesis.strategies import SearchStrategy

from qrtest import run_options
from qrtest.advice import choices
from qrtest.clock.duration import Duration
from qrtest.errors import ConsumerBug, ScenarioError, SimulationError, ThreadsLeftRunning
from qrtest.properties.consumer_report import Finding, report
from qrtest.properties.consumer_rules import RULES, Rule, as_rules
from qrtest.properties.consumer_run import Bounds, Run, Takes, run_consumer
from qrtest.properties.consumer_search import (
    Case,
    Exceptions,
    Jobs,
    Search,
    around,
    exceptions,
    find,
    most_examples,
    plain_jobs,
    sources,
)
from qrtest.properties.explanation import unimportant
from qrtest.properties.fresh_process import started_afresh
from qrtest.properties.kept_state import changed, kept_state
from qrtest.properties.muted_output import MUTED_CLIENT, muted
from qrtest.properties.pasted_code import name_of
from qrtest.properties.process_exit import KEPT_ALIVE
from qrtest.properties.real_time_limit import RealTimeLimit
from qrtest.properties.schedule_search import drawn_schedules, with_one_switch
from qrtest.properties.source_lines import SourceLines
from qrtest.scenario import scenario_file
from qrtest.scenario.scenario import Scenario

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette

__all__ = ["check_consumer"]

Scenarios = SearchStrategy[Any] | Iterable[Any]
LEAST_REJECTIONS: Final = 2
STUCK: Final = (Scenario("QUEUED"),)
NOT_REPEATED: Final = (
    "budget",
    "program_id",
    "result",
    "saved",
    "save_failures",
    "schedules",
    "seed",
    "settings",
)
"""Options that a pasted test does without: the scenario has them, or they only say how to look."""


def check_consumer(
    consumer: Callable[[Any], Any],
    *,
    allowed: Exceptions = (),
    takes: Takes = "job",
    jobs: int = 1,
    max_wait: Duration = "24h",
    scenarios: Scenarios | None = None,
    cassette: str | os.PathLike[str] | Cassette | None = None,
    rules: Sequence[Rule] = RULES,
    max_examples: int | None = None,
    search: Search | None = None,
    **options: Any,
) -> None:
    """Search for a scenario in which *consumer* breaks a rule.

    *consumer* is a function, or a coroutine function, that is called with a fresh job again and again,
    each time in a simulation of its own. *allowed*: exceptions that may leave it. *takes*: "job",
    "service", "session" or "simulation". *jobs*: with more than one it takes a list of jobs, each with
    a scenario of its own. *max_wait*: how much virtual time it gets.

    *scenarios*: a strategy, or scenarios that are tried as they are; with several *jobs* also tuples
    with one for each. *cassette*: a recording of a job that is tried as recorded, then with other
    scripts and faults and its real payloads. *rules*: instead of `RULES`. *max_examples*: of
    hypothesis; None: that of the loaded profile.

    *search*: further options; each may be given by its own name as well, as in `timeout="1h"`.
    `lives=` is an older name of *scenarios*.

    Raises `ConsumerBug`, an AssertionError, with the simplest scenario found that breaks a rule, and
    `SimulationError` for options that do not exist or do not fit.

    >>> from qiskit_ibm_runtime.exceptions import IBMRuntimeError
    >>> check_consumer(lambda job: job.result(), allowed=IBMRuntimeError, max_examples=50)
    Traceback (most recent call last):
        ...
    qrtest.errors.ConsumerBug: ...
    """
    __tracebackhide__ = True
    scenarios = options.pop("lives", None) if scenarios is None else scenarios
    chosen = _search(search, options)
    kinds = exceptions(allowed)
    if chosen.schedules and isinstance(scenarios, Iterator):
        scenarios = list(scenarios)
    bounds = chosen.bounds(allowed=kinds, takes=takes, jobs=jobs, max_wait=max_wait)
    if not callable(consumer):
        raise SimulationError(f"{consumer!r} is no consumer: give a function that takes a {takes}.")
    rules = as_rules(rules)
    first, drawn = sources(scenarios, cassette, chosen, bounds)
    folder = run_options.SCENARIO_FOLDER.get() if chosen.saved is None else Path(chosen.saved)
    if folder is not None:
        first = chain(scenario_file.in_folder(folder, name_of(consumer), jobs=jobs), first)
    is_searched = scenarios is None or isinstance(scenarios, SearchStrategy)
    before = kept_state(consumer) if is_searched else {}
    with RealTimeLimit(bounds.patience) as limit, MUTED_CLIENT, KEPT_ALIVE, catch_warnings():
        simplefilter("ignore", ThreadsLeftRunning)  # a daemon thread may: it ends with the program
        with muted():
            done = _plain(chosen, jobs)
            bounds = _with_usual_submissions(consumer, bounds, done, limit)
        check = _Check(consumer, bounds, rules, limit, done)
        with muted():
            found = check.first_of(first)
            if found is None and drawn is not None and check.patience is not None:
                found = check.first_of(around(check.patience, chosen))
            if found is None and drawn is not None:
                plain = partial(plain_jobs, scenarios, drawn, chosen, jobs)
                found = _search_drawn(check, plain, drawn, chosen, max_examples)
            if found is None:
                found = check.refused()
        finding = None if found is None else check.again(found)
        if finding is not None:
            with muted():
                finding = check.explained(finding)
    if finding is None:
        return
    unsaved = None if folder is None else _save(finding, consumer, folder, chosen)
    usual = {"allowed": (), "takes": "job", "jobs": 1, "max_wait": "24h"}
    given = {"allowed": kinds, "takes": takes, "jobs": jobs, "max_wait": max_wait}
    repeated = {name: value for name, value in given.items() if value != usual[name]}
    repeated |= {k: v for k, v in chosen.chosen().items() if k not in NOT_REPEATED}
    run = finding.run
    if finding.rule.name == "submissions" and bounds.submissions is None:
        repeated["submissions"] = bounds.usual_submissions
    if run.bounds.schedule is not None and run.choices:
        # Also the one without a switch: the seed, which decides without a schedule, has another order.
        repeated["schedule"] = str(run.bounds.schedule)
    if is_searched:
        kept = changed(before, kept_state(consumer))
        finding = started_afresh(finding, consumer, repeated, kept)
    bug = _bug(finding, report(finding, consumer, repeated), is_of_one_job=jobs == 1)
    if unsaved is not None:
        bug.add_note(f"It is not saved as a file: {unsaved}")
    raise bug


def _bug(finding: Finding, message: str, *, is_of_one_job: bool) -> ConsumerBug:
    run, rule = finding.run, finding.rule.name
    scenario = run.scenario if is_of_one_job else run.scenarios
    return ConsumerBug(message, rule=rule, scenario=scenario, error=run.error, journal=run.journal)


def _search_drawn(
    check: _Check,
    plain: Callable[[], Sequence[Jobs]],
    drawn: SearchStrategy[Jobs],
    search: Search,
    max_examples: int | None,
) -> Case | None:
    """Return the simplest case in which a rule is broken: its schedule, too, if schedules are sought.

    *plain* are the jobs whose schedules are tried one by one.
    """
    key = f"qrtest {_full_name(check.consumer)}".encode()
    if not search.schedules:
        return find(check.is_broken, drawn, search=search, max_examples=max_examples, key=key)
    most = most_examples(search, max_examples)
    found, tried, sizes = check.first_of_schedules(plain(), most // 2)
    if found is not None:
        return found
    orders = drawn_schedules(len(sizes), max(sizes, default=2) - 1)
    return find(
        check.is_broken, drawn, search=search, max_examples=most - tried, key=key, orders=orders
    )


class _Check:
    """Runs a consumer, and keeps what the rules found last.

    *patience*: after how many seconds it gave up a single job that stays in the queue, if it was tried.
    *choices*: how many of its threads could go on in the last run, choice by choice. *plain*: scenarios in
    which nothing goes wrong.
    """

    def __init__(
        self,
        consumer: Callable[[Any], Any],
        bounds: Bounds,
        rules: Sequence[Rule],
        limit: RealTimeLimit,
        plain: Jobs,
    ) -> None:
        self.consumer: Final = consumer
        self._plain = plain
        self.bounds: Final = bounds
        self._rules = rules
        self._limit = limit
        self._last: Finding | None = None
        self.patience: float | None = None
        self.choices: tuple[int, ...] = ()
        self._refused: dict[str, list[Run]] = {}
        self._accepted: set[str] = set()
        self._wanted: dict[str, Run] = {}

    def look(self, case: Case) -> Finding | None:
        """Run the consumer in a *case*; return the first rule that it breaks."""
        scenarios, schedule = case
        bounds = self.bounds if schedule is None else replace(self.bounds, schedule=schedule)
        run = run_consumer(self.consumer, scenarios, bounds, self._limit)
        self.choices = run.choices
        if scenarios == STUCK and not run.was_stopped:
            self.patience = run.seconds
        for rule in self._rules:
            what = rule.broken(run)
            if what is not None and self._is_about_it(rule):
                return Finding(rule, run, what)
            if rule.refused is not None and rule.name not in self._accepted:
                self._count(rule, run)
        return None

    def _is_about_it(self, rule: Rule) -> bool:
        """Return whether *rule*, which a run broke, is about this consumer: a run that goes well shows it."""
        if rule.wanted is None or rule.refused is not None:
            return True
        if rule.name not in self._wanted:
            run = run_consumer(self.consumer, self._plain, self.bounds, self._limit)
            if not rule.wanted(run):
                return False
            self._wanted[rule.name] = run
        return True

    def _count(self, rule: Rule, run: Run) -> None:
        assert rule.refused is not None
        if rule.wanted is not None and rule.name not in self._wanted and rule.wanted(run):
            self._wanted[rule.name] = run
        is_refused = rule.refused(run)
        if is_refused:
            self._refused.setdefault(rule.name, []).append(run)
        elif is_refused is False:
            self._accepted.add(rule.name)

    def first_of(self, scenarios: Iterable[Jobs]) -> Case | None:
        """Return the first of *scenarios* in which a rule is broken."""
        return next(filter(self.is_broken, ((each, None) for each in scenarios)), None)

    def first_of_schedules(
        self, scenarios: Sequence[Jobs], most: int
    ) -> tuple[Case | None, int, tuple[int, ...]]:
        """Try *most* schedules of one switch, for *scenarios* in turn.

        Return the first in which a rule is broken, how many were tried, and the sizes of the choices in
        the longest run.
        """
        sizes: tuple[int, ...] = ()
        tried = 0
        for number, jobs in enumerate(scenarios):
            if self.is_broken((jobs, None)):
                return (jobs, None), tried, sizes
            sizes = max(sizes, self.choices, key=len)
            share = (most - tried) // (len(scenarios) - number)
            for schedule in with_one_switch(self.choices, share):
                tried += 1
                if self.is_broken((jobs, schedule)):
                    return (jobs, schedule), tried, sizes
        return None, tried, sizes

    def is_broken(self, case: Case) -> bool:
        """Return whether a rule is broken in a *case*, and keep what was found."""
        if self._last is not None and self._last.run.has_stalled:
            return case[0] == self._last.run.scenarios  # each further one would take as long
        finding = self.look(case)
        if finding is not None:
            self._last = finding
        return finding is not None

    def again(self, case: Case) -> Finding:
        """Run the consumer in a *case* once more; return what is found, by which lines, and whether again."""
        last = self._last
        assert last is not None
        is_seen_once = last.run.printed_secret is not None  # the output of this run is not dropped
        if last.run.has_stalled or is_seen_once:
            return last
        with SourceLines() as lines:
            if last.rule.refused is None:
                found = self.look(case) or replace(last, repeats=False)
            else:
                run = run_consumer(self.consumer, last.run.scenarios, last.run.bounds, self._limit)
                found = replace(last, run=run) if last.rule.refused(run) else last
        return replace(found, lines=lines)

    def explained(self, finding: Finding) -> Finding:
        """Return *finding* with what of its scenario does not matter, where running it again can say so."""
        run = finding.run
        is_of_one_run = run.bounds.schedule is None and finding.rule.refused is None
        is_lasting = finding.repeats and not run.has_stalled and run.printed_secret is None
        if not (is_of_one_run and is_lasting and len(run.scenarios) == 1):
            return finding
        same_with = unimportant(
            run,
            lambda scenario: run_consumer(self.consumer, (scenario,), run.bounds, self._limit),
            finding.rule.broken,
        )
        return replace(finding, same_with=same_with)

    def refused(self) -> Case | None:
        """Return scenarios of a rule that is broken because no run at all kept it."""
        for rule in self._rules:
            runs = self._refused.get(rule.name, [])
            is_about_it = rule.wanted is None or rule.name in self._wanted
            if rule.name in self._accepted or len(runs) < LEAST_REJECTIONS or not is_about_it:
                continue
            simplest, *others = sorted(runs, key=_size)
            beside = (others[0], *filter(None, [self._wanted.get(rule.name)]))
            what = rule.outcome.format(count=len(runs))
            self._last = Finding(
                rule, simplest, what, beside=tuple(run.scenarios for run in beside)
            )
            return simplest.scenarios, simplest.bounds.schedule
        return None


def _size(run: Run) -> int:
    return sum(len(scenario.script) for scenario in run.scenarios)


def _with_usual_submissions(
    consumer: Callable[[Any], Any], bounds: Bounds, plain: Jobs, limit: RealTimeLimit
) -> Bounds:
    """Return *bounds* with the number of jobs that the consumer submits when nothing goes wrong."""
    if bounds.takes == "job" or bounds.submissions is not None:
        return bounds
    run = run_consumer(consumer, plain, bounds, limit)
    return replace(bounds, usual_submissions=max(bounds.jobs, len(run.own)))


def _plain(search: Search, jobs: int) -> Jobs:
    """Return scenarios in which nothing goes wrong."""
    result = None if isinstance(search.result, SearchStrategy) else search.result
    return (Scenario("DONE", result=result, program_id=search.program_id),) * jobs


def _full_name(consumer: Callable[[Any], Any]) -> str:
    return f"{getattr(consumer, '__module__', '')} {getattr(consumer, '__qualname__', '')}"


def _search(search: Search | None, options: Mapping[str, Any]) -> Search:
    known = [each.name for each in fields(Search)]
    for name in options:
        if name not in known:
            there_are = choices(name, known, "help(qrtest.properties.Search)")
            raise SimulationError(
                f"check_consumer({name}=...): there is no such option. {there_are}"
            )
    if not isinstance(search, Search | None):
        raise SimulationError(f"search={search!r}: give a qrtest.properties.Search.")
    return replace(search or Search(), **options)


def _save(
    finding: Finding, consumer: Callable[[Any], Any], folder: Path, search: Search
) -> str | None:
    """Write the scenarios of *finding* into *folder*, if that is wanted; return why that was not possible."""
    is_saving = (
        run_options.IS_SAVING.get() if search.save_failures is None else search.save_failures
    )
    if not is_saving:
        return None
    scenarios = finding.run.scenarios
    path = folder / scenario_file.file_name(name_of(consumer), finding.rule.name)
    try:
        scenario_file.save(scenarios[0] if len(scenarios) == 1 else scenarios, path)
    except (OSError, ScenarioError) as error:
        return str(error)
    on_saved = run_options.ON_SAVED.get()
    if on_saved is not None:
        on_saved(path)
    return None
