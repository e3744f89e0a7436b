"""Which life a submitted job gets: the next one in line, else that of the first rule that fits.

A rule goes by what is known when a job is submitted (its backend, program and tags), and by order.
"""

from __future__ import annotations

import random
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from qrtest.errors import SimulationError
from qrtest.scenario.scenario import Scenario
from qrtest.service.submissions import Submission

__all__ = ["Rule", "Rules"]


@dataclass(frozen=True)
class Rule:
    """Jobs for *backend*, of *program_id*, with all of *tags* live by *scenario*; None fits all.

    *nth*: only the nth of the jobs that fit, counted from 1. *share*: only this part of them, 0 to
    1, at random by the simulation's seed.

    >>> Rule(Scenario("ERROR"), backend="ibm_torino", nth=3).nth
    3
    """

    scenario: Scenario
    _: KW_ONLY
    backend: str | None = None
    program_id: str | None = None
    tags: frozenset[str] = frozenset()
    nth: int | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.nth is not None and (isinstance(self.nth, bool) or self.nth < 1):
            raise SimulationError(f"nth={self.nth!r}: the first job is 1.")
        if not 0 <= self.share <= 1:
            raise SimulationError(f"share={self.share!r} is no part of the jobs: 0 to 1.")

    def fits(self, submission: Submission) -> bool:
        """Whether *submission* is one of those that the rule is about, order and chance aside."""
        return (
            self.backend in (None, submission.backend)
            and self.program_id in (None, submission.program_id)
            and self.tags <= set(submission.tags)
        )


class Rules:
    """The lives that are in line, the rules in their order, and *usual* for all other jobs."""

    def __init__(self, usual: Scenario, *, seed: int) -> None:
        self._usual = usual
        self._seed = seed
        self._in_line: list[Scenario] = []
        self._rules: list[Rule] = []
        self._counts: list[int] = []

    @cached_property
    def _random(self) -> random.Random:
        return random.Random(f"qrtest rules {self._seed}")

    def line_up(self, scenario: Scenario) -> None:
        """Let the next job, after those in line before it, live by *scenario*."""
        self._in_line.append(scenario)

    def add(self, rule: Rule) -> None:
        """Go by *rule*, too, where those before it do not fit."""
        self._rules.append(rule)
        self._counts.append(0)

    def choose(self, submission: Submission) -> Scenario:
        """The scenario for *submission*; every rule that it fits counts it."""
        chosen: Scenario | None = None
        for number, rule in enumerate(self._rules):
            if rule.fits(submission):
                self._counts[number] += 1
                is_its_turn = rule.nth in (None, self._counts[number])
                is_struck = rule.share == 1 or self._random.random() < rule.share
                if chosen is None and is_its_turn and is_struck:
                    chosen = rule.scenario
        if self._in_line:
            return self._in_line.pop(0)
        return self._usual if chosen is None else chosen
