"""What the report of a broken rule says: what is to be filled in, what went wrong, and which call is wrong."""

from __future__ import annotations

import ast
import time
from contextlib import suppress
from typing import Any

import pytest

import qrtest
from qrtest import Scenario, faults
from qrtest.errors import ConsumerBug, SimulationError


@pytest.mark.parametrize("rules", [3, None, [3], "escapes"])
def test_rules_that_are_none_are_a_clear_error(rules: object) -> None:
    """Before anything is run."""
    with pytest.raises(SimulationError, match=r"rules=.*: give a sequence of rules"):
        qrtest.check_consumer(lambda job: job.status(), rules=rules)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"scenarios": "DONE"},
            r"scenarios='DONE': give a list, as scenarios=\[Scenario\('DONE'\)\]",
        ),
        ({"scenarios": 3}, "scenarios=3: give a list"),
        ({"scenarios": Scenario("DONE")}, "give a list"),
        ({"scenarios": ["DONE"]}, r"'DONE' is no scenario: write Scenario\('DONE'\)"),
        ({"scenarios": [("DONE", "DONE")], "jobs": 2}, "is no scenario, and no tuple of 2"),
        ({"search": 3}, "search=3: give a qrtest.properties.Search"),
    ],
)
def test_scenarios_that_are_none_are_a_clear_error(options: dict[str, Any], message: str) -> None:
    """With what to write."""
    with pytest.raises(SimulationError, match=message):
        qrtest.check_consumer(lambda job: job.status(), **options)


class Collector:
    """A consumer with a method."""

    def collect(self, job):
        return job.result(timeout=60)

    @staticmethod
    def collect_static(job):
        return job.result(timeout=60)


def local():
    """Return a function that no import reaches."""

    def inner(job):
        return job.result(timeout=60)

    return inner


CONSUMERS = {
    "method": Collector().collect,
    "static method": Collector.collect_static,
    "lambda": lambda job: job.result(timeout=60),
    "local function": local(),
    "object": type("Callable", (), {"__call__": lambda self, job: job.result(timeout=60)})(),
}


@pytest.mark.parametrize("name", CONSUMERS)
@pytest.mark.parametrize("allowed", [(), (SimulationError,), type("Local", (Exception,), {})])
def test_the_test_to_paste_is_valid_and_says_what_to_fill_in(name: str, allowed) -> None:
    """It fails for the same reason, or for that a name has to be filled in first."""
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(CONSUMERS[name], allowed=allowed)
    pasted = "\n".join(
        line[4:] for line in str(found.value).partition("To paste into a test:\n\n")[2].splitlines()
    )
    names: dict[str, object] = {}
    exec(compile(ast.parse(pasted), "<pasted>", "exec"), names)
    [test] = [value for key, value in names.items() if key.startswith("test_")]
    is_whole = "fill in" not in pasted
    assert is_whole == (name == "static method" and not isinstance(allowed, type))
    with pytest.raises(ConsumerBug if is_whole else SimulationError):
        test()  # type: ignore[operator]


def test_a_fault_is_named_in_the_sentence() -> None:
    """With which job it was, and what went wrong."""
    scenario = Scenario("QUEUED 1m; DONE", faults=[faults.drop(on="poll", times=None)])
    with pytest.raises(ConsumerBug, match=r"with a job 'QUEUED 1m; DONE' and faults\.drop"):
        qrtest.check_consumer(lambda job: job.status(), scenarios=[scenario])


def swapped(jobs: list[Any]) -> list[Any]:
    """Return the results in the order in which the jobs end."""
    ended: list[Any] = []
    while len(ended) < len(jobs):
        ended += [job for job in jobs if job not in ended and job.in_final_state()]
        time.sleep(60)
    return [job.result() for job in ended]


def swallowing(jobs: list[Any]) -> dict[str, Any]:
    """Return the results up to the first job that fails."""
    found = {}
    with suppress(Exception):
        for job in jobs:
            found[job.job_id()] = job.result(timeout=3600)
    return found


def raising(jobs: list[Any]) -> None:
    """Raise what names no job, once the third has ended."""
    for job in jobs:
        job.status()
    jobs[2].wait_for_final_state()
    raise KeyError("counts")


@pytest.mark.parametrize(
    ("consumer", "scripts", "number"),
    [
        (swapped, ["QUEUED 1h; DONE"] * 11 + ["DONE"], 11),
        (swallowing, [*["DONE"] * 6, "ERROR", *["DONE"] * 5], 6),
        (swallowing, [*["DONE"] * 6, "ERROR", *["DONE"] * 5], 7),
        (raising, ["DONE", "ERROR", "QUEUED 1m; DONE", *["CANCELLED"] * 9], 2),
    ],
)
def test_the_accused_job_is_in_a_timeline_that_is_shortened(
    consumer: Any, scripts: list[str], number: int
) -> None:
    """Marked, among twelve, also where others failed or were asked first, or nothing was asked about it."""
    seen: list[list[str]] = []

    def noting(jobs: list[Any]) -> Any:
        seen.append([job.job_id() for job in jobs])
        return consumer(jobs)

    scenarios = tuple(map(Scenario, scripts))
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(noting, jobs=len(scenarios), scenarios=[scenarios])
    happened = str(found.value).partition("What happened")[2].partition("To paste")[0]
    assert f"! job {seen[-1][number]}" in happened, found.value
    assert "more job" in happened


def test_jobs_that_are_alike_are_counted_in_the_sentence() -> None:
    """Twelve jobs that are done are no line of twelve texts."""
    with pytest.raises(ConsumerBug, match=r"with the jobs 'DONE' ×3, 'ERROR', 'DONE'\.\n"):
        qrtest.check_consumer(
            raising, jobs=5, scenarios=[tuple(map(Scenario, ["DONE"] * 3 + ["ERROR", "DONE"]))]
        )
