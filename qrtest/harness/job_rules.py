"""Chooses the scenario of a submitted job: the next one in the queue, else that of the first matching rule.

A rule matches on what is known at submission (backend, program and tags), and on order.
"""

from __future__ import annotations

import random
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from qrtest.errors import SimulationError
from qrtest.scenario.scenario import Scenario
from qrtest.service.job_facts import Submission

__all__ = ["Rule", "Rules"]


@dataclass(frozen=True)
class Rule:
    """Jobs for *backend*, of *program_id*, with all of *tags* follow *scenario*; None matches all.

    *nth*: only the nth of the matching jobs, counted from 1. *share*: only this part of them, 0 to 1,
    drawn with the simulation's seed.

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
            raise SimulationError(f"share={self.share!r} must be 0 to 1.")

    def matches(self, submission: Submission) -> bool:
        """Say whether *submission* matches, order and chance aside."""
        return (
            self.backend in (None, submission.backend)
            and self.program_id in (None, submission.program_id)
            and self.tags <= set(submission.tags)
        )


class Rules:
    """The queued scenarios, the rules in their order, and *usual* for all other jobs."""

    def __init__(self, usual: Scenario, *, seed: int) -> None:
        self._usual = usual
        self._seed = seed
        self._queue: list[Scenario] = []
        self._rules: list[Rule] = []
        self._counts: list[int] = []

    @cached_property
    def _random(self) -> random.Random:
        return random.Random(f"qrtest rules {self._seed}")

    def enqueue(self, scenario: Scenario) -> None:
        """Queue *scenario* for one job, after those queued before it."""
        self._queue.append(scenario)

    def add(self, rule: Rule) -> None:
        """Add *rule* after those before it."""
        self._rules.append(rule)
        self._counts.append(0)

    def choose(self, submission: Submission) -> Scenario:
        """Return the scenario for *submission*; every rule that it matches counts it."""
        chosen: Scenario | None = None
        for number, rule in enumerate(self._rules):
            if rule.matches(submission):
                self._counts[number] += 1
                is_its_turn = rule.nth in (None, self._counts[number])
                is_struck = rule.share == 1 or self._random.random() < rule.share
                if chosen is None and is_its_turn and is_struck:
                    chosen = rule.scenario
        if self._queue:
            return self._queue.pop(0)
        return self._usual if chosen is None else chosen
