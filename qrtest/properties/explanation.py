"""Which parts of a scenario do not matter for a broken rule: each is changed, and the consumer run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from qrtest.errors import QrtestError
from qrtest.faults.kinds import Status
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step, cancelled, done, failed
from qrtest.properties.consumer_run import Run
from qrtest.scenario.scenario import Scenario

__all__ = ["unimportant"]

MOST_REQUESTS: Final = 5_000
"""After so many requests nothing more is tried: a count, so that the same search says the same each time."""

LENGTHS: Final = (0.5, 3.0)
ENDS: Final = (done(), failed(), cancelled())
CODES: Final = (500, 502, 503, 504)

Variant = tuple[str, Callable[[], Scenario]]


def unimportant(run: Run, again: Callable[[Scenario], Run], broken: Callable[[Run], object]) -> str:
    """Return what of the scenario of *run* may be otherwise for the rule to be *broken*, "" if nothing may.

    *again* runs the consumer in another scenario.
    """
    found = []
    left = MOST_REQUESTS
    for what, variants in _parts(run.scenario):
        kept = []
        for how, make in variants:
            try:
                scenario = make()
            except QrtestError:  # no such job: a status that cannot follow
                continue
            if left <= 0:
                break
            other = again(scenario)
            left -= other.journal.count()
            if other.has_stalled:
                return ""
            if broken(other) is not None:
                kept.append(how)
        if kept:
            found.append(what.format(" or ".join(kept)))
    return "; ".join(found)


def _parts(scenario: Scenario) -> Iterator[tuple[str, list[Variant]]]:
    """Yield how each part of *scenario* is named, and its variants."""
    *before, last = scenario.script.steps
    for number, step in enumerate([*before, last]):
        if step.seconds:
            changed = [
                (f"{times:g}", _with_step(scenario, number, _times(step, times)))
                for times in LENGTHS
            ]
            yield f"{step.status} for {{}} times as long", changed
    if last.is_final:
        ends = [end for end in ENDS if end.status != last.status]
        yield (
            "the end {}",
            [(end.status, _with_step(scenario, len(before), end)) for end in ends],
        )
    for number, fault in enumerate(scenario.faults):
        if isinstance(fault, Status) and fault.code in CODES:
            codes = [code for code in CODES if code != fault.code]
            yield (
                "a status {}",
                [(str(code), _with_code(scenario, number, code)) for code in codes],
            )


def _times(step: Step, times: float) -> Step:
    return replace(step, seconds=round((step.seconds or 0.0) * times, 3))


def _with_step(scenario: Scenario, number: int, step: Step) -> Callable[[], Scenario]:
    whole = scenario.script
    steps = [*whole.steps[:number], step, *whole.steps[number + 1 :]]
    return lambda: scenario.but(script=Script(*steps, legal=whole.legal))


def _with_code(scenario: Scenario, number: int, code: int) -> Callable[[], Scenario]:
    faults = list(scenario.faults)
    fault = faults[number]
    assert isinstance(fault, Status)
    faults[number] = replace(fault, code=code)
    return lambda: scenario.but(faults=faults)
