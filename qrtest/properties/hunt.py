"""A long search for what breaks a consumer: rounds of `check_consumer` in several processes.

A round has a seed of its own and goes on until its time is over. What was found, how long was
searched and what the consumer met are in a state file, so that the next call goes on. A rule that
was found broken is left out of the next rounds; at the beginning of a call, what was found is tried
again, for it may be mended.
"""

from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import hypothesis

from qrtest import run_options
from qrtest.cassette import store
from qrtest.client.small_jobs import client_exception
from qrtest.clock.moment import unix_time
from qrtest.errors import ConsumerBug, ScenarioError, SettingError
from qrtest.properties.consumer import check_consumer
from qrtest.properties.consumer_rules import RULES
from qrtest.properties.pasted_code import name_of
from qrtest.scenario import scenario_file
from qrtest.timeline.coverage import Coverage

__all__ = ["Found", "Hunt", "Progress", "hunt", "imported", "lines_of"]

ROUND_SECONDS: Final = 20.0
MOST_EXAMPLES: Final = 1_000_000


@dataclass(frozen=True)
class Found:
    """A rule that the consumer breaks: its name, the report, and the scenario file, if there is one."""

    rule: str
    report: str
    path: str | None = None


@dataclass(frozen=True)
class Hunt:
    """How far a hunt is: rounds, seconds and runs of the consumer, what was found, what it met."""

    rounds: int = 0
    seconds: float = 0.0
    runs: int = 0
    found: Mapping[str, Found] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)

    @classmethod
    def load(cls, path: Path) -> Hunt:
        """Return the hunt in the file *path*, a fresh one if there is none. Raises `ScenarioError`."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            found = {each["rule"]: Found(**each) for each in data["found"]}
            coverage = Coverage.from_data(data["coverage"])
            return cls(data["rounds"], data["seconds"], data["runs"], found, coverage)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ScenarioError(
                f"{path} cannot be read ({error!r}): delete it, and the hunt begins anew."
            ) from None

    def save(self, path: Path) -> None:
        """Write the hunt to the file *path*, whole or not at all. Raises `CassetteError`."""
        data = {
            "rounds": self.rounds,
            "seconds": round(self.seconds, 1),
            "runs": self.runs,
            "found": [vars(each) for each in self.found.values()],
            "coverage": self.coverage.counts,
        }
        store.save_text(path, json.dumps(data, indent=1) + "\n")

    def after(self, result: Round) -> Hunt:
        """Return the hunt after one more round."""
        found = {**self.found, **{each.rule: each for each in result.found}}
        return replace(
            self,
            rounds=self.rounds + 1,
            seconds=self.seconds + result.seconds,
            runs=self.runs + result.runs,
            found=found,
            coverage=self.coverage | Coverage.from_data(result.coverage),
        )


@dataclass(frozen=True)
class Round:
    """What one round came to; plain values, for it comes from another process."""

    seconds: float
    runs: int
    found: tuple[Found, ...]
    coverage: Mapping[str, Any]


Progress = Callable[[Hunt, float], None]
"""Called with the hunt so far, and the seconds since this call began, about once a second."""


def imported(target: str) -> Callable[[Any], Any]:
    """Return the consumer *target* names, as `module:function`. Raises `SettingError` if there is none.

    >>> imported("json:dumps").__name__
    'dumps'
    """
    module, colon, name = target.partition(":")
    if not (module and colon and name):
        raise SettingError(f"{target!r} is no consumer: write it as module:function.")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        value: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise SettingError(
            f"{target!r}: there is no module {error.name}; run the hunt where it can be imported."
        ) from None
    for part in name.split("."):
        if not hasattr(value, part):
            raise SettingError(f"{target!r}: {value!r} has no {part}.")
        value = getattr(value, part)
    if not callable(value):
        raise SettingError(f"{target!r} is a {type(value).__name__}, which cannot be called.")
    consumer: Callable[[Any], Any] = value
    return consumer


def hunt(
    target: str,
    *,
    seconds: float,
    state: Path,
    saved: Path,
    processes: int,
    options: Mapping[str, Any],
    on_progress: Progress,
) -> Hunt:
    """Search for what breaks the consumer *target* for so many *seconds* in so many *processes*.

    *state*: the file that a hunt is kept in. *saved*: the folder of scenario files. *options*: further
    keywords of `check_consumer`; exceptions by name, as they are sent to other processes.
    """
    imported(target)
    began = unix_time()
    current = _without_the_mended(Hunt.load(state), target, saved, options)
    number = current.rounds
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        running: set[Future[Round]] = set()
        try:
            while True:
                left = seconds - (unix_time() - began)
                while left > 0 and len(running) < processes:
                    budget = min(ROUND_SECONDS, left)
                    known = tuple(current.found)
                    running.add(pool.submit(_round, target, number, budget, known, saved, options))
                    number += 1
                if not running:
                    return current
                done, running = wait(running, timeout=1, return_when=FIRST_COMPLETED)
                for each in done:
                    current = current.after(each.result())
                    current.save(state)
                on_progress(current, unix_time() - began)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _round(
    target: str,
    seed: int,
    budget: float,
    known: tuple[str, ...],
    saved: Path | None,
    options: Mapping[str, Any],
) -> Round:
    """Search once, without the *known* rules; run in a process of its own."""
    consumer, began = imported(target), unix_time()
    coverage, runs = Coverage(), 0

    def count(journal: Any) -> None:
        nonlocal coverage, runs
        runs += 1
        coverage |= Coverage.of(journal.drawn())

    reset = run_options.ON_SESSION_END.set(count)
    settings = hypothesis.settings(
        hypothesis.settings.get_profile("default"),
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    found: tuple[Found, ...] = ()
    try:
        check_consumer(
            consumer,
            rules=tuple(rule for rule in RULES if rule.name not in known),
            max_examples=MOST_EXAMPLES,
            budget=budget,
            seed=seed,
            settings=settings,
            save_failures=False,
            **_as_classes(options),
        )
    except ConsumerBug as bug:
        found = (Found(bug.rule, str(bug), _saved(target, bug, saved)),)
    finally:
        reset()
    return Round(unix_time() - began, runs, found, coverage.counts)


def _as_classes(options: Mapping[str, Any]) -> dict[str, Any]:
    allowed = tuple(_exception(name) for name in options.get("allowed", ()))
    return {**options, "allowed": allowed}


def _exception(name: str) -> type[BaseException]:
    """Return the exception called *name*: a builtin, one of the client's, or `module:Class`."""
    for found in (getattr(builtins, name, None), client_exception(name)):
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    kind: Any = imported(name) if ":" in name else None
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind
    raise SettingError(f"allowed={name!r}: there is no such exception; write module:Class.")


def _saved(target: str, bug: ConsumerBug, folder: Path | None) -> str | None:
    """Write the scenario of a *bug*, or those of its jobs, where `check_consumer` finds them."""
    if folder is None:
        return None
    path = folder / scenario_file.file_name(name_of(imported(target)), bug.rule)
    scenario_file.save(bug.scenario, path)
    return str(path)


def _without_the_mended(state: Hunt, target: str, saved: Path, options: Mapping[str, Any]) -> Hunt:
    """Return *state* with only those rules that the consumer breaks still."""
    still = {}
    for name, found in state.found.items():
        if found.path is None or not Path(found.path).exists():
            continue
        scenarios = scenario_file.load_jobs(Path(found.path))
        rules = tuple(rule for rule in RULES if rule.name == name)
        try:
            check_consumer(
                imported(target),
                rules=rules,
                scenarios=[scenarios],
                saved=saved / "none",
                save_failures=False,
                **_as_classes(options),
            )
        except ConsumerBug:
            still[name] = found
    return replace(state, found=still)


def lines_of(current: Hunt) -> Iterator[str]:
    """Yield the end of a hunt as text: what was found, then what the consumer met and what never."""
    for each in current.found.values():
        yield each.report
        if each.path is not None:
            yield f"Saved: {each.path}"
        yield ""
    yield (
        f"{current.runs:,} runs in {current.rounds} rounds, {current.seconds:,.0f} s of search; "
        f"rules broken: {', '.join(current.found) or 'none'}"
    )
    yield from current.coverage.lines()
