"""The simulated service with its faults, and the scripts that its jobs live by.

`ScriptedService` answers; `Scripting` is what a user says to it, in a simulation and to a server alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from qrtest.clock.clocks import Clock
from qrtest.errors import SimulationError
from qrtest.faults import Fault
from qrtest.faults.injection import FaultyService
from qrtest.harness.job_rules import Rule, Rules
from qrtest.http.messages import Request, Response
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step, failed, queued
from qrtest.scenario.scenario import Scenario
from qrtest.service.accounts import Instance
from qrtest.service.behaviour import USUAL, Behaviour
from qrtest.service.jobs import Recorded
from qrtest.service.limits import Limits
from qrtest.service.serialize import JobFacts
from qrtest.service.service import SimulatedService
from qrtest.service.submissions import JobPlan, Submission

__all__ = [
    "USUAL_LIFE",
    "Life",
    "ScriptedService",
    "Scripting",
    "SnapshotBackends",
    "Truth",
    "Work",
]

Life = Script | Step | str | Scenario
Work = Callable[[Callable[[], None]], object]
"""Where work is done that takes long: called with what is to be done, it returns at once."""

COMPUTED: Final = "computed"
NOISY: Final = "noisy"
USUAL_LIFE: Final = "QUEUED 5s; RUNNING 2s; DONE"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a job is, when it *ended* (None: not yet), and the result that the service keeps for it."""

    step: Step
    ended: float | None
    result: str | None


class Scripting:
    """What a user says to a simulated service: the lives of jobs to come, and the state of things."""

    _scripted: ScriptedService

    def next_job(
        self,
        life: Life = USUAL_LIFE,
        *,
        result: Any = None,
        faults: Sequence[Fault] = (),
        **behaviour: Any,
    ) -> None:
        """Choose the life of the next job that is submitted; called again, of the one after it.

        Faults on what is about no job, as "submit" or "session", strike from now on; all others, the
        requests about that job.
        """
        scenario = self._scripted.scenario(life, result, faults, behaviour)
        self._scripted.strike(_at_once(scenario))
        self._scripted.rules.line_up(_later(scenario))

    def rule(
        self,
        life: Life = USUAL_LIFE,
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
        """Choose the life of all jobs that are submitted for *backend*, of *program_id*, with *tags*.

        *nth*: only of the nth of them. *share*: only of that part of them, at random by the seed. The
        first rule that fits counts; `next_job` goes before all rules.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     sim.rule("QUEUED 5s; ERROR 1500", backend="ibm_brisbane", nth=2)
        """
        scenario = self._scripted.scenario(life, result, faults, behaviour)
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
        """Let *faults* strike all requests from now on.

        >>> from qrtest import faults, simulate
        >>> with simulate() as sim:
        ...     sim.strike([faults.status(503, times=3)])
        """
        self._scripted.strike(_checked(faults))

    def change_backend(self, name: str, **changes: Any) -> None:
        """Let a backend be "online", "paused" or "offline", with a queue_length, a reason, or gone.

        Jobs stay in the queue of a backend for as long as it is not online.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     sim.change_backend("ibm_torino", status="offline", queue_length=120)
        """
        with self._scripted.clock.lock:
            self._scripted.service.change_backend(name, changes)

    def reject_tokens(self, rejects: bool = True) -> None:
        """Let the service take no token and hand out none, until told otherwise."""
        self._scripted.service.reject_tokens(rejects)

    @property
    def lives(self) -> tuple[tuple[str, Scenario], ...]:
        """How jobs came to their lives ("job" or "next_job"), and which, in the order they came.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     job = sim.job("DONE")
        >>> sim.lives
        (('job', Scenario('DONE')),)
        """
        return tuple(self._scripted.lives)

    def job_ids(self) -> tuple[str, ...]:
        """The jobs that the service has, in the order they came."""
        return self._scripted.service.job_ids()

    def truth(self, job_id: str) -> Truth:
        """What a job has truly come to by now, whatever a client was told.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     job = sim.job("QUEUED 5s; DONE")
        ...     sim.clock.advance("1h")
        ...     sim.truth(job.job_id()).step
        done()
        """
        job = self._scripted.service.job(job_id)
        if job is None:
            raise SimulationError(
                f"There is no job {job_id!r}: there are {', '.join(self.job_ids())}."
            )
        job.cursor.advance(self._scripted.clock.now())
        return Truth(job.cursor.step, job.cursor.ended, job.stored_result)


class ScriptedService:
    """IBM Quantum's service on *clock*, with *faults* that strike all requests, and `rules` for its jobs.

    *usual*: the life of jobs that no rule is about. *elsewhere*: where results are computed, so that
    nobody waits for them; a job is in the queue until its result is there. None computes them while the
    job is submitted.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        epoch: float,
        usual: Life = USUAL_LIFE,
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
        self._behaviour = behaviour
        self._epoch = epoch
        self._seed = seed
        self._elsewhere = elsewhere
        self.lives: Final[list[tuple[str, Scenario]]] = []
        ordinary = self.scenario(usual)
        self.rules: Final = Rules(_later(ordinary), seed=seed)
        self.service: Final = SimulatedService(
            clock,
            epoch=epoch,
            seed=seed,
            backends=self.backends,
            plan=self._submitted,
            instances=instances,
            limits=limits,
            behaviour=self._behaviour,
            token_time=token_time,
        )
        self._faulty = FaultyService(self.service, clock)
        self.strike([*_checked(faults), *_at_once(ordinary)])
        self.handle: Final[Callable[[Request], Response]] = self._faulty.handle

    def strike(self, faults: Sequence[Fault], *, job_id: str | None = None) -> None:
        """Let *faults* strike the requests about one job, or all requests."""
        self._faulty.add(faults, job_id=job_id)

    def add(
        self,
        submission: Submission,
        scenario: Scenario,
        *,
        logs: str | None = None,
        metrics: str | None = None,
    ) -> JobFacts:
        """Take a job in that lives by *scenario*; *logs* and *metrics* are said instead of its own."""
        self.lives.append(("job", scenario))
        plan = self._plan_of(scenario, submission, logs=logs, metrics=metrics)
        with self.clock.lock:
            facts = self.service.add(submission, plan).facts
            self.strike(scenario.faults, job_id=facts.job_id)
        return facts

    def scenario(
        self,
        life: Life,
        result: Any = None,
        faults: Sequence[Fault] = (),
        behaviour: Mapping[str, Any] | None = None,
    ) -> Scenario:
        """*life* as a scenario, with what was said beside it: of all jobs, then of this one."""
        scenario = life if isinstance(life, Scenario) else Scenario(life)
        changes: dict[str, Any] = {}
        if result is not None:
            changes["result"] = result
        if faults:
            changes["faults"] = (*scenario.faults, *_checked(faults))
        if behaviour or self._behaviour is not USUAL:
            of_all, of_this = self._behaviour.chosen(), scenario.behaviour.chosen()
            changes["behaviour"] = Behaviour.of({**of_all, **of_this, **(behaviour or {})})
        return replace(scenario, **changes) if changes else scenario

    def _submitted(self, submission: Submission, job_id: str) -> JobPlan:
        scenario = self.rules.choose(submission)
        self.lives.append(("next_job", scenario))
        self.strike(scenario.faults, job_id=job_id)
        if self._elsewhere is not None and _is_computed(scenario):
            self._elsewhere(lambda: self._settle(job_id, scenario, submission))
            return JobPlan(script=Script(queued()), behaviour=scenario.behaviour)
        return self._plan_of(scenario, submission)

    def _settle(self, job_id: str, scenario: Scenario, submission: Submission) -> None:
        """Compute the result of a job that waits for it, and let it live on."""
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
        script, result = scenario.script, scenario.result
        if _is_computed(scenario):
            script, result = self._computed(script, submission, is_noisy=result == NOISY)
        elif result is not None or any(step.status == "DONE" for step in script):
            result = self._encoded(result, submission.program_id)
        record = scenario.record
        if logs is None and record is not None:
            logs = record.logs
        recorded = Recorded(result=result, logs=logs, metrics=metrics, record=record)
        return JobPlan(script=script, recorded=recorded, behaviour=scenario.behaviour)

    def _computed(
        self, script: Script, submission: Submission, *, is_noisy: bool
    ) -> tuple[Script, str | None]:
        from qrtest.client.local_primitives import NotComputedError, Span, computed
        from qrtest.client.noise_model import Noise

        if script.end.status != "DONE":
            return script, None
        stop = self._epoch + self.clock.now() + (script.seconds or 0.0)
        start = stop - sum(step.seconds or 0.0 for step in script if step.status == "RUNNING")
        configuration = self.backends.describe(submission.backend, "configuration")
        properties = self.backends.describe(submission.backend, "properties")
        noise = Noise(properties, seed=self._seed) if is_noisy and properties else None
        try:
            result = computed(
                submission.program_id,
                submission.params,
                json.loads(configuration or b"{}"),
                seed=self._seed,
                span=Span(start, stop),
                noise=noise,
            )
        except NotComputedError as error:
            return Script(*script.steps[:-1], failed(error.reason, code=error.code)), None
        return script, result

    @staticmethod
    def _encoded(result: Any, program_id: str) -> str:
        from qrtest.client.result_encoder import encoded

        return encoded(result, program_id)


class SnapshotBackends:
    """The snapshots of the client's room, opened when somebody asks."""

    def __init__(self, names: Sequence[str] | None) -> None:
        self._wanted = names
        self._snapshots: Any = None

    def _opened(self) -> Any:
        if self._snapshots is None:
            from qrtest.client.backend_snapshots import DEFAULT_BACKENDS, Snapshots

            names = DEFAULT_BACKENDS if self._wanted is None else tuple(self._wanted)
            self._snapshots = Snapshots(names)
        return self._snapshots

    def names(self) -> tuple[str, ...]:
        """The backends there are. Raises `SimulationError` for one without a snapshot."""
        names: tuple[str, ...] = self._opened().names()
        return names

    def describe(self, name: str, aspect: str) -> bytes | None:
        """The *aspect* of a backend as JSON; None for an unknown one."""
        described: bytes | None = self._opened().describe(name, aspect)
        return described


def _at_once(scenario: Scenario) -> list[Fault]:
    """The faults on what is about no job: they strike before there is one."""
    return [fault for fault in scenario.faults if not fault.is_about_a_job]


def _later(scenario: Scenario) -> Scenario:
    """*scenario* with the faults on requests about its job."""
    left = tuple(fault for fault in scenario.faults if fault.is_about_a_job)
    return scenario if left == scenario.faults else replace(scenario, faults=left)


def _is_computed(scenario: Scenario) -> bool:
    return isinstance(scenario.result, str) and scenario.result in (COMPUTED, NOISY)


def _checked(faults: Sequence[Fault]) -> Sequence[Fault]:
    if isinstance(faults, Fault):
        raise SimulationError(f"faults={faults!r} is a single fault: write faults=[{faults!r}].")
    for fault in faults:
        if not isinstance(fault, Fault):
            raise SimulationError(
                f"faults={faults!r}: {fault!r} is no fault; write faults=[faults.drop()]."
            )
    return faults
