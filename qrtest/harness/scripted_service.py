"""The simulated service with its faults, and the scripts of its jobs.

`ScriptedService` answers requests; `Scripting` is the interface by which users control it, in a simulation
and on a server alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Final
from weakref import proxy

from qrtest.advice import choices
from qrtest.clock.clocks import Clock
from qrtest.errors import SimulationError
from qrtest.faults import Fault
from qrtest.faults.injection import FaultyService
from qrtest.harness.arguments import items_of
from qrtest.harness.job_results import JobResults, is_computed
from qrtest.harness.job_rules import Rule, Rules
from qrtest.http.messages import Request, Response
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step, failed, queued
from qrtest.scenario.scenario import Scenario
from qrtest.scenario.value_checks import faults_of
from qrtest.service.behaviour import USUAL, Behaviour
from qrtest.service.instances import Instance
from qrtest.service.job_facts import JobFacts, Submission
from qrtest.service.jobs import Recorded
from qrtest.service.limits import Limits
from qrtest.service.service import SimulatedService
from qrtest.service.submissions import JobPlan

__all__ = [
    "DEFAULT_SCRIPT",
    "ScriptOrScenario",
    "ScriptedService",
    "Scripting",
    "SnapshotBackends",
    "Truth",
    "Work",
    "renamed",
]

ScriptOrScenario = Script | Step | str | Scenario
Work = Callable[[Callable[[], None]], object]
"""Runs a callable in the background and returns at once."""

DEFAULT_SCRIPT: Final = "QUEUED 5s; RUNNING 2s; DONE"
OPTIONS_OF_A_JOB: Final = (
    *(
        "script",
        "result",
        "faults",
        "program_id",
        "backend",
        "session_id",
        "tags",
        "params",
        "image",
    ),
    *("private", "logs", "metrics", "usage_estimation", "cost", "job_id", "result_decoder"),
)
"""What `Simulation.job` takes beside the options of `Behaviour`."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The current step of a job, when it *ended* (None: not yet), and its stored result."""

    step: Step
    ended: float | None
    result: str | None


class Scripting:
    """Controls a simulated service: the scripts of jobs to come, faults, and the state of backends."""

    _scripted: ScriptedService

    def next_job(
        self,
        script: ScriptOrScenario = DEFAULT_SCRIPT,
        *,
        result: Any = None,
        faults: Sequence[Fault] = (),
        **behaviour: Any,
    ) -> None:
        """Set the script of the next job that is submitted; called again, of the one after it.

        Faults on operations of no job, as "submit" or "session", strike from now on; all others strike
        the requests of that job.
        """
        scenario = self._scripted.scenario(renamed(script, behaviour), result, faults, behaviour)
        self._scripted.strike(_at_once(scenario))
        self._scripted.rules.enqueue(_later(scenario))

    def rule(
        self,
        script: ScriptOrScenario = DEFAULT_SCRIPT,
        *,
        backend: str | None = None,
        program_id: str | None = None,
        tags: Sequence[str] = (),
        nth: int | None = None,
        share: float = 1.0,
        result: Any = None,
        faults: Sequence[Fault] = (),
        **behaviour: Any,
    ) -> None:
        """Set the script of all jobs that are submitted for *backend*, of *program_id*, with *tags*.

        *nth*: only of the nth of them. *share*: only of that part of them, drawn with the seed. The
        first matching rule applies; `next_job` takes precedence over all rules.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     sim.rule("QUEUED 5s; ERROR 1500", backend="ibm_brisbane", nth=2)
        """
        scenario = self._scripted.scenario(renamed(script, behaviour), result, faults, behaviour)
        self._scripted.rules.add(
            Rule(
                scenario,
                backend=backend,
                program_id=program_id,
                tags=frozenset(tags),
                nth=nth,
                share=share,
            )
        )

    def strike(self, faults: Sequence[Fault]) -> None:
        """Add *faults* that strike all requests from now on.

        >>> from qrtest import faults, simulate
        >>> with simulate() as sim:
        ...     sim.strike([faults.status(503, times=3)])
        """
        self._scripted.strike(faults_of(faults, SimulationError))

    def change_backend(self, name: str, **changes: Any) -> None:
        """Change a backend: its status ("online", "paused", "offline"), queue_length or reason, or remove it.

        Jobs stay in the queue of a backend while it is not online.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     sim.change_backend("ibm_torino", status="offline", queue_length=120)
        """
        with self._scripted.clock.lock:
            self._scripted.service.change_backend(name, changes)

    def reject_tokens(self, rejects: bool = True) -> None:
        """Reject all tokens and token requests, or stop rejecting them."""
        self._scripted.service.reject_tokens(rejects)

    @property
    def scenarios(self) -> tuple[tuple[str, Scenario], ...]:
        """The scenario of each job, in order of submission, with how it was set: "job" or "next_job".

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     job = sim.job("DONE")
        >>> sim.scenarios
        (('job', Scenario('DONE')),)
        """
        return tuple(self._scripted.scenarios)

    @property
    def lives(self) -> tuple[tuple[str, Scenario], ...]:
        """The older name of `scenarios`."""
        return self.scenarios

    def job_ids(self) -> tuple[str, ...]:
        """Return the ids of the service's jobs, in the order of submission."""
        return self._scripted.service.job_ids()

    def truth(self, job_id: str) -> Truth:
        """Return the true state of a job now, whatever the client has seen.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     job = sim.job("QUEUED 5s; DONE")
        ...     sim.clock.advance("1h")
        ...     sim.truth(job.job_id()).step
        done()
        """
        job = self._scripted.service.job(job_id)
        if job is None:
            known = choices(job_id, self.job_ids(), "sim.job_ids()")
            raise SimulationError(f"There is no job {job_id!r}. {known}")
        job.cursor.advance(self._scripted.clock.now())
        return Truth(job.cursor.step, job.cursor.ended, job.stored_result)


class ScriptedService:
    """IBM Quantum's service on *clock*, with *faults* that strike all requests, and `rules` for its jobs.

    *usual*: the script of jobs without a rule. *elsewhere*: runs the computation of results in the
    background, so that no request waits for it; the job stays queued until its result is there. None
    computes results during submission.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        epoch: float,
        usual: ScriptOrScenario = DEFAULT_SCRIPT,
        seed: int = 0,
        faults: Sequence[Fault] = (),
        backends: Sequence[str] | None = None,
        instances: Sequence[Instance] = (Instance(),),
        limits: Limits | None = None,
        behaviour: Behaviour = USUAL,
        token_time: Callable[[], float] | None = None,
        elsewhere: Work | None = None,
    ) -> None:
        self.clock: Final = clock
        self.backends: Final = SnapshotBackends(backends)
        instances = items_of("instances", instances, Instance, "[Instance()]")
        if limits is not None and not isinstance(limits, Limits):
            raise SimulationError(f"limits={limits!r}: give Limits(), or Limits.documented().")
        self._behaviour = behaviour
        self._results = JobResults(self.backends, clock, epoch=epoch, seed=seed)
        self._elsewhere = elsewhere
        self.scenarios: Final[list[tuple[str, Scenario]]] = []
        ordinary = self.scenario(usual)
        self.rules: Final = Rules(_later(ordinary), seed=seed)
        self.service: Final = SimulatedService(
            clock,
            epoch=epoch,
            seed=seed,
            backends=self.backends,
            plan=partial(ScriptedService._submitted, proxy(self)),
            instances=instances,
            limits=limits,
            behaviour=self._behaviour,
            token_time=token_time,
        )
        self._faulty = FaultyService(self.service, clock)
        if faults != () or ordinary.faults:
            self.strike([*faults_of(faults, SimulationError), *_at_once(ordinary)])
        self.handle: Final[Callable[[Request], Response]] = self._faulty.handle

    def strike(self, faults: Sequence[Fault], *, job_id: str | None = None) -> None:
        """Add *faults* that strike the requests about one job, or all requests."""
        self._faulty.add(faults, job_id=job_id)

    def add(
        self,
        submission: Submission,
        scenario: Scenario,
        *,
        logs: str | None = None,
        metrics: str | None = None,
    ) -> JobFacts:
        """Add a job that follows *scenario*; *logs* and *metrics* replace its own."""
        self.scenarios.append(("job", scenario))
        plan = self._plan_of(scenario, submission, logs=logs, metrics=metrics)
        with self.clock.lock:
            facts = self.service.add(submission, plan).facts
            self.strike(scenario.faults, job_id=facts.job_id)
        return facts

    def scenario(
        self,
        script: ScriptOrScenario,
        result: Any = None,
        faults: Sequence[Fault] = (),
        behaviour: Mapping[str, Any] | None = None,
    ) -> Scenario:
        """Return *script* as a scenario, with the options of all jobs and then of this one."""
        scenario = _of_text(script) if isinstance(script, str) else _of(script)
        changes: dict[str, Any] = {}
        if result is not None:
            changes["result"] = result
        if faults:
            changes["faults"] = (*scenario.faults, *faults_of(faults, SimulationError))
        if behaviour or self._behaviour is not USUAL:
            of_all, of_this = self._behaviour.chosen(), scenario.behaviour.chosen()
            changes["behaviour"] = Behaviour.of(
                {**of_all, **of_this, **(behaviour or {})},
                OPTIONS_OF_A_JOB,
                "help(qrtest.Simulation.job)",
            )
        return replace(scenario, **changes) if changes else scenario

    def _submitted(self, submission: Submission, job_id: str) -> JobPlan:
        scenario = self.rules.choose(submission)
        self.scenarios.append(("next_job", scenario))
        self.strike(scenario.faults, job_id=job_id)
        if self._elsewhere is not None and is_computed(scenario):
            self._elsewhere(lambda: self._settle(job_id, scenario, submission))
            return JobPlan(script=Script(queued()), behaviour=scenario.behaviour)
        return self._plan_of(scenario, submission)

    def _settle(self, job_id: str, scenario: Scenario, submission: Submission) -> None:
        """Compute the result of a job that waits for it, and continue its script."""
        try:
            plan = self._plan_of(scenario, submission)
        except (
            Exception
        ) as error:  # whatever qiskit makes of what was submitted: the job has failed
            reason = f"qrtest cannot compute this job: {type(error).__name__} {error}"
            plan = JobPlan(script=Script(failed(reason, code=1500)))
        with self.clock.lock:
            self.service.settle(job_id, plan)

    def _plan_of(
        self,
        scenario: Scenario,
        submission: Submission,
        *,
        logs: str | None = None,
        metrics: str | None = None,
    ) -> JobPlan:
        script, result = self._results.of(
            scenario,
            submission,
            number=len(self.scenarios),
            rep_delays=self.service.devices.rep_delays,
        )
        record = scenario.record
        if logs is None and record is not None:
            logs = record.logs
        recorded = Recorded(result=result, logs=logs, metrics=metrics, record=record)
        return JobPlan(script=script, recorded=recorded, behaviour=scenario.behaviour)


class SnapshotBackends:
    """The backend snapshots of the client, opened when first used."""

    def __init__(self, names: Sequence[str] | None) -> None:
        self._wanted = names
        self._snapshots: Any = None
        if names is not None:
            self._wanted = items_of("backends", names, str, "['ibm_torino']")
            self._opened()

    def _opened(self) -> Any:
        if self._snapshots is None:
            from qrtest.client.backend_snapshots import DEFAULT_BACKENDS, Snapshots

            names = DEFAULT_BACKENDS if self._wanted is None else tuple(self._wanted)
            self._snapshots = Snapshots(names)
        return self._snapshots

    def names(self) -> tuple[str, ...]:
        """Return the names of the backends. Raises `SimulationError` for one without a snapshot."""
        names: tuple[str, ...] = self._opened().names()
        return names

    def describe(self, name: str, aspect: str) -> bytes | None:
        """Return the *aspect* of a backend as JSON; None for an unknown one."""
        described: bytes | None = self._opened().describe(name, aspect)
        return described


def renamed(script: ScriptOrScenario, options: dict[str, Any]) -> ScriptOrScenario:
    """Return *script*, or the value given under its older name "life", which is taken out of *options*."""
    older: ScriptOrScenario = options.pop("life", script)
    return older


def _of(script: Script | Step | Scenario) -> Scenario:
    return script if isinstance(script, Scenario) else Scenario(script)


@lru_cache(maxsize=256)
def _of_text(script: str) -> Scenario:
    return Scenario(script)


def _at_once(scenario: Scenario) -> list[Fault]:
    """Return the faults on operations of no job: they strike before there is one."""
    return [fault for fault in scenario.faults if not fault.is_about_a_job]


def _later(scenario: Scenario) -> Scenario:
    """Return *scenario* with only the faults on requests about its job."""
    if not scenario.faults:
        return scenario
    left = tuple(fault for fault in scenario.faults if fault.is_about_a_job)
    return scenario if left == scenario.faults else replace(scenario, faults=left)
