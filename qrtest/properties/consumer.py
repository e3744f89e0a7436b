"""`check_consumer`: hypothesis searches for the shortest life of a job that breaks a consumer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import hypothesis
from hypothesis import Phase
from hypothesis.errors import Flaky, NoSuchExample
from hypothesis.strategies import SearchStrategy, just

from qrtest import run_options, strategies
from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.errors import ConsumerBug, SimulationError
from qrtest.harness.simulate import Transport
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import cancelled, done, failed, queued, ran_too_long, running, unknown
from qrtest.properties.consumer_report import Finding, name_of, report
from qrtest.properties.consumer_rules import RULES, Rule
from qrtest.properties.consumer_run import Bounds, Takes, lived
from qrtest.scenario import scenario_file
from qrtest.scenario.scenario import Scenario
from qrtest.strategies.draw_faults import menu

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette

__all__ = ["check_consumer"]

Exceptions = type[BaseException] | tuple[type[BaseException], ...]
OF_A_JOB: Final = ("poll", "result", "cancel", "logs", "metrics", "interim_results", "tags")
OF_A_SUBMISSION: Final = ("submit", "poll", "result")
TAKES: Final = ("job", "service", "simulation")


def check_consumer(
    consumer: Callable[[Any], Any],
    *,
    allowed: Exceptions = (),
    max_wait: Duration = "24h",
    max_requests: int = 50_000,
    timeout: Duration | None = None,
    poll: Duration = "1m",
    polls_per_minute: float = 600,
    submissions: int | None = None,
    takes: Takes = "job",
    program_id: str = "sampler",
    result: Any = None,
    lives: SearchStrategy[Scenario] | Iterable[Scenario] | None = None,
    cassette: str | os.PathLike[str] | Cassette | None = None,
    saved: str | Path | None = None,
    save_failures: bool | None = None,
    rules: Sequence[Rule] = RULES,
    transport: Transport = "direct",
    max_examples: int | None = None,
    seed: int | None = None,
    settings: hypothesis.settings | None = None,
) -> None:
    """Search for a life of a job in which *consumer* breaks a rule.

    *consumer* is called with a fresh job, again and again, each time in a simulation of its own
    (*takes*: or with a "service" or the "simulation"). *allowed*: exceptions that may leave it.
    *max_wait*, *max_requests*: how much virtual time and how many requests it gets. *timeout*: the
    one it promises to keep; *poll*: how long one of its polls may take. *polls_per_minute*: how often
    it may ask. *submissions*: how many jobs it may submit, 1 unless it takes a job. *result*: what
    the job results in, if the small valid result of *program_id* will not do. *lives*: a strategy, or
    scenarios that are tried as they are. *cassette*: a recording of a job, whose other lives are lived
    with its real payloads. *saved*: the folder of scenario files, of which those named
    after the consumer are tried first; with *save_failures* what is found is written there. Under
    pytest both are what the plugin is told. *rules*: instead of `RULES`. *max_examples*, *seed*,
    *settings*: of hypothesis; unless said, the loaded profile's.

    Raises `ConsumerBug`, an AssertionError, with the shortest life found that breaks a rule.

    >>> from qiskit_ibm_runtime.exceptions import IBMRuntimeError
    >>> check_consumer(lambda job: job.result(), allowed=IBMRuntimeError, max_examples=50)
    Traceback (most recent call last):
        ...
    qrtest.errors.ConsumerBug: ...
    """
    said = {
        name: value
        for name, value, usual in (
            ("allowed", _exceptions(allowed), ()),
            ("max_wait", max_wait, "24h"),
            ("max_requests", max_requests, 50_000),
            ("timeout", timeout, None),
            ("poll", poll, "1m"),
            ("polls_per_minute", polls_per_minute, 600),
            ("submissions", submissions, None),
            ("takes", takes, "job"),
            ("transport", transport, "direct"),
        )
        if value != usual
    }
    bounds = _bounds(said)

    def look(scenario: Scenario) -> Finding | None:
        run = lived(consumer, scenario, bounds)
        for rule in rules:
            what = rule.broken(run)
            if what is not None:
                return Finding(rule, run, what)
        return None

    first: Iterable[Scenario] = ()
    drawn: SearchStrategy[Scenario] | None = None
    if isinstance(lives, SearchStrategy):
        drawn = lives
    elif lives is not None:
        first = lives
    elif cassette is not None:
        recorded = Scenario.from_cassette(cassette)
        first = _lives_of_the_recorded(recorded, takes)
        plans = strategies.fault_plans(operations=_operations(takes))
        drawn = strategies.scenarios_of(cassette, faults=plans)
    else:
        first = _lives_to_try_first(program_id, result, takes)
        drawn = _usual_lives(program_id, result, takes)
    folder = run_options.SCENARIO_FOLDER.get() if saved is None else Path(saved)
    if folder is not None:
        first = chain(scenario_file.in_folder(folder, name_of(consumer)), first)
    finding = next(filter(None, map(look, first)), None)
    if finding is None and drawn is not None:
        finding = _search(
            look,
            drawn,
            settings=_settings(settings, max_examples),
            random=None if seed is None else Random(seed),
            key=f"qrtest {consumer.__module__} {getattr(consumer, '__qualname__', '')}".encode(),
        )
    if finding is not None:
        if folder is not None and (
            run_options.IS_SAVING.get() if save_failures is None else save_failures
        ):
            name = f"{name_of(consumer)}-{finding.rule.name}.yaml"
            scenario_file.save(finding.run.scenario, folder / name)
            on_saved = run_options.ON_SAVED.get()
            if on_saved is not None:
                on_saved(folder / name)
        raise ConsumerBug(
            report(finding, consumer, said), rule=finding.rule.name, scenario=finding.run.scenario
        ) from finding.run.error


def _bounds(said: dict[str, Any]) -> Bounds:
    takes = said.get("takes", "job")
    if takes not in TAKES:
        raise SimulationError(f"takes={takes!r}: there are {', '.join(map(repr, TAKES))}.")
    chosen = {**said, "submissions": said.get("submissions", 0 if takes == "job" else 1)}
    for name in ("max_wait", "timeout", "poll"):
        if name in chosen:
            chosen[name] = durations.seconds(chosen[name])
    return Bounds(**chosen)


def _exceptions(allowed: Exceptions) -> tuple[type[BaseException], ...]:
    kinds = allowed if isinstance(allowed, tuple) else (allowed,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise SimulationError(
                f"allowed={allowed!r}: {kind!r} is no exception class; write allowed=(TimeoutError,)."
            )
    return kinds


def _usual_lives(program_id: str, result: Any, takes: str) -> SearchStrategy[Scenario]:
    return strategies.scenarios(
        faults=strategies.fault_plans(operations=_operations(takes)),
        results=result if isinstance(result, SearchStrategy) else just(result),
        program_id=program_id,
    )


def _lives_to_try_first(program_id: str, result: Any, takes: str) -> Iterator[Scenario]:
    """What a person would try: every ending at once and after a while, then each fault alone."""
    if isinstance(result, SearchStrategy):
        return
    for end in (done(), failed(), cancelled(), ran_too_long(), queued(), running()):
        yield Scenario(end, result=result, program_id=program_id)
    for end in (done(), unknown("Validating")):
        yield Scenario(Script(queued("1m"), end), result=result, program_id=program_id)
    for times in (1, None):
        for fault in menu():
            if fault.on in _operations(takes):
                plan = [replace(fault, times=times)]
                yield Scenario(done(), faults=plan, result=result, program_id=program_id)


def _lives_of_the_recorded(recorded: Scenario, takes: str) -> Iterator[Scenario]:
    """As it was recorded, then as `_lives_to_try_first`."""
    yield recorded
    for life in _lives_to_try_first(recorded.program_id, None, takes):
        yield recorded.but(script=life.script, faults=life.faults)


def _operations(takes: str) -> tuple[str, ...]:
    return OF_A_JOB if takes == "job" else OF_A_SUBMISSION


def _settings(chosen: hypothesis.settings | None, max_examples: int | None) -> hypothesis.settings:
    parent = hypothesis.settings() if chosen is None else chosen
    phases = tuple(phase for phase in parent.phases if phase is not Phase.explain)
    most = parent.max_examples if max_examples is None else max_examples
    return hypothesis.settings(parent, deadline=None, phases=phases, max_examples=most)


def _search(
    look: Callable[[Scenario], Finding | None],
    lives: SearchStrategy[Scenario],
    *,
    settings: hypothesis.settings,
    random: Random | None,
    key: bytes,
) -> Finding | None:
    """The finding in the simplest life that has one."""
    best: list[Finding] = []

    def is_broken(scenario: Scenario) -> bool:
        finding = look(scenario)
        if finding is not None:
            best[:] = [finding]
        return finding is not None

    try:
        simplest = hypothesis.find(
            lives, is_broken, settings=settings, random=random, database_key=key
        )
    except NoSuchExample:
        return None
    except Flaky:
        return best[0]
    return best[0] if best[0].run.scenario == simplest else look(simplest)
