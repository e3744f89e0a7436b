"""One run of a consumer through one life of a job: what it did, beside what was true.

It judges nothing, and knows no hypothesis: the rules judge.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from qrtest.errors import NeverEnds, QrtestError
from qrtest.harness.simulate import Simulation, Transport, Truth, simulate
from qrtest.lifecycle.step import Step
from qrtest.scenario.scenario import Scenario
from qrtest.timeline.journal import Entry, Journal

__all__ = ["Bounds", "Run", "lived"]

Takes = Literal["job", "service", "simulation"]
RESUBMISSIONS: Final = 50
OTHER_RESULT: Final = '{"results": [{"data": {"of": "another job"}, "metadata": {}}]}'


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a consumer may do. Times are seconds on the virtual clock.

    *timeout* is the one that the consumer promises to keep, None if it promises none; *poll* is how
    long one of its polls may take, the client's own retries included.
    """

    allowed: tuple[type[BaseException], ...] = ()
    max_wait: float = 86_400.0
    max_requests: int = 50_000
    timeout: float | None = None
    poll: float = 60.0
    polls_per_minute: float = 600.0
    submissions: int = 0
    takes: Takes = "job"
    transport: Transport = "direct"


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What a consumer did in *scenario*, and what its job had come to when it ended, at *seconds*.

    *truth* is None when it had no job, *ended* is when that had ended, None if it had not.
    *own* are the ids of its jobs, *others* is that of a job which is somebody else's.
    """

    scenario: Scenario
    bounds: Bounds
    journal: Journal
    seconds: float
    value: Any = None
    error: Exception | None = None
    truth: Truth | None = None
    own: tuple[str, ...] = ()
    others: str = ""

    @property
    def step(self) -> Step | None:
        """What the job truly was when the consumer ended; None when there was no job."""
        return None if self.truth is None else self.truth.step

    @property
    def was_stopped(self) -> bool:
        """Whether the consumer was stopped, even if it then went on to return something."""
        return (
            isinstance(self.error, NeverEnds)
            or self.seconds > self.bounds.max_wait
            or self.journal.count() >= self.bounds.max_requests
        )

    @property
    def has_value(self) -> bool:
        """Whether something was returned that a caller would take for a result; None and False are not."""
        return self.error is None and self.value is not None and self.value is not False

    def asked(self, operation: str) -> list[Entry]:
        """The requests of one *operation* about its own jobs."""
        return [
            entry
            for entry in self.journal
            if entry.operation == operation and entry.name in self.own
        ]

    @cached_property
    def has_read_its_result(self) -> bool:
        """Whether it was ever given a result of its own that the genuine client can decode."""
        bodies = {
            entry.response.body
            for entry in self.asked("result")
            if entry.response.status == 200 and entry.response.failure is None
        }
        return any(self._is_decodable(body) for body in bodies)

    def _is_decodable(self, body: bytes) -> bool:
        whole = self.truth is not None and body == (self.truth.result or "").encode()
        if whole and self.scenario.result is None:
            return True
        with simulate() as sim:
            try:
                result = sim.job("DONE", result=body, program_id=self.scenario.program_id).result()
            except Exception:
                return False
        return result is not None and not isinstance(result, str)


def lived(consumer: Callable[[Any], Any], scenario: Scenario, bounds: Bounds) -> Run:
    """Let *consumer* live through *scenario*, in a simulation of its own.

    The same life gives the same job ids, another life others. A misuse of the simulation is raised.
    """
    simulation = simulate(
        transport=bounds.transport,
        longest=bounds.max_wait,
        most_requests=bounds.max_requests,
        seed=zlib.crc32(repr(scenario).encode()),
    )
    value: Any = None
    error: Exception | None = None
    others = ""
    try:
        with simulation as sim:
            argument = _argument(sim, scenario, bounds.takes)
            others = sim.job("DONE", result=OTHER_RESULT).job_id()
            value = consumer(argument)
    except Exception as raised:
        if isinstance(raised, QrtestError) and not isinstance(raised, NeverEnds):
            raise
        error = raised
    own = tuple(job_id for job_id in simulation.job_ids() if job_id != others)
    return Run(
        scenario=scenario,
        bounds=bounds,
        journal=simulation.journal,
        seconds=simulation.clock.now(),
        value=value,
        error=error,
        truth=simulation.truth(own[-1]) if own else None,
        own=own,
        others=others,
    )


def _argument(sim: Simulation, scenario: Scenario, takes: Takes) -> Any:
    """What the consumer takes, with *scenario* before it."""
    if takes == "job":
        return sim.job(scenario)
    for _ in range(RESUBMISSIONS):
        sim.next_job(scenario)
    return sim if takes == "simulation" else sim.service()
