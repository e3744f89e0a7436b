"""Clock, service, transport and client, tied together: `simulate`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from qrtest import clock as clocks
from qrtest import duration as durations
from qrtest.clock import EPOCH, VirtualClock, WallClock
from qrtest.duration import Duration
from qrtest.errors import SimulationError
from qrtest.faults import Fault
from qrtest.rules import Rule, Rules
from qrtest.scenario import Scenario
from qrtest.script import Script
from qrtest.stage import Stage, Terms, Transport
from qrtest.step import Step, failed
from qrtest.wire.accounts import Instance
from qrtest.wire.behaviour import Behaviour
from qrtest.wire.faulty import FaultyService
from qrtest.wire.jobs import Recorded
from qrtest.wire.limits import Limits
from qrtest.wire.messages import Service
from qrtest.wire.service import SimulatedService
from qrtest.wire.submissions import JobPlan, Submission

if TYPE_CHECKING:
    from qrtest.client.jobs import RuntimeJobV2

__all__ = ["Life", "Simulation", "Transport", "Truth", "simulate"]

Life = Script | Step | str | Scenario
COMPUTED: Final = "computed"
USUAL_PARAMS: Final = '{"pubs": [], "version": 2}'
USUAL_LIFE: Final = "QUEUED 5s; RUNNING 2s; DONE"
DEVICE: Final = "ibm_torino"
LATENCY: Final = "50ms"
MOST_REQUESTS: Final = 200_000


def simulate(
    *,
    transport: Transport = "direct",
    clock: Literal["virtual", "real"] = "virtual",
    seed: int = 0,
    latency: Duration = LATENCY,
    longest: Duration | None = clocks.LONGEST_DEFAULT,
    most_requests: int = MOST_REQUESTS,
    faults: Sequence[Fault] = (),
    backends: Sequence[str] | None = None,
    instances: Sequence[Instance] = (Instance(),),
    limits: Limits | None = None,
    network: bool = False,
    **behaviour: Any,
) -> Simulation:
    """A simulation of IBM Quantum, to be used as a context manager.

    *transport*: "direct" (below HTTP, fastest), "requests" (the whole client, without
    sockets) or "sockets" (over a port of this machine).
    *latency*: what every request costs, in virtual time. *longest*, *most_requests*: how much virtual
    time and how many requests the code under test gets before it is stopped with `NeverEnds`.
    *faults* strike all requests. *backends*: names of real devices. *instances*: those of the account,
    the first is the default. *limits*: of submissions, none by default. *network*: let connections out
    of this machine. Further keywords are options of `Behaviour`.

    >>> with simulate() as sim:
    ...     job = sim.job("QUEUED 2h; RUNNING 30s; DONE")
    ...     job.wait_for_final_state()
    ...     job.status()
    'DONE'
    """
    terms = Terms(
        transport=transport,
        clock=clock,
        longest=longest,
        most_requests=most_requests,
        network=network,
    )
    return Simulation(
        terms,
        seed=seed,
        latency=durations.seconds(latency),
        faults=faults,
        backends=backends,
        instances=instances,
        limits=limits,
        behaviour=Behaviour.of(behaviour),
    )


@dataclass(frozen=True, slots=True)
class Truth:
    """What a job is, when it *ended* (None: not yet), and the result that the service keeps for it."""

    step: Step
    ended: float | None
    result: str | None


class Simulation:
    """A simulated service with its own time, jobs and journal. Made by `simulate`.

    `clock` is the time, `journal` what was asked and answered. Both can be read after the end, too.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        seed: int,
        latency: float,
        faults: Sequence[Fault],
        backends: Sequence[str] | None,
        instances: Sequence[Instance],
        limits: Limits | None,
        behaviour: Behaviour,
    ) -> None:
        self._behaviour = behaviour
        self._backends = _Backends(backends)
        self._seed = seed
        self._faults = _checked(faults)
        self._instances = instances
        self._limits = limits
        self._rules = Rules(_scenario(USUAL_LIFE, None, (), behaviour, {}), seed=seed)
        self._stage = Stage(self._made, terms, noun="simulation", maker="simulate", latency=latency)
        self.transport: Final = terms.transport
        self.clock: Final = self._stage.clock
        self.journal: Final = self._stage.journal

    def _made(self, clock: VirtualClock | WallClock) -> Service:
        self._service = SimulatedService(
            clock,
            epoch=EPOCH,
            seed=self._seed,
            backends=self._backends,
            plan=self._submitted,
            instances=self._instances,
            limits=self._limits,
            behaviour=self._behaviour,
        )
        self._faulty = FaultyService(self._service, clock)
        self._faulty.add(self._faults)
        return self._faulty

    def __enter__(self) -> Self:
        self._stage.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stage.leave(kind, error, traceback)

    def job(
        self,
        life: Life = USUAL_LIFE,
        *,
        result: Any = None,
        faults: Sequence[Fault] = (),
        program_id: str | None = None,
        backend: str | None = DEVICE,
        session_id: str | None = None,
        tags: Sequence[str] = (),
        params: Any = None,
        image: str = "",
        private: bool = False,
        logs: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        usage_estimation: float | None = None,
        cost: int | None = None,
        job_id: str | None = None,
        result_decoder: Any = None,
        **behaviour: Any,
    ) -> RuntimeJobV2:
        """A double of a job that has just been submitted, and lives by *life*.

        *life*: a script, its text, or a scenario. *result*: a PrimitiveResult or anything that the
        client's encoder takes, a text, the path of a downloaded result, "computed" from the inputs by
        qiskit's reference primitives, or None for a small valid one.
        *params*: the inputs, JSON values or anything the encoder takes; a V2 primitive without a pub
        when there are none. *metrics*: what the service
        says, instead of what follows from the life. *usage_estimation*: seconds. *backend*: None is
        a job whose backend has to be looked up. Further keywords are options of `Behaviour`.

        >>> with simulate() as sim:
        ...     sim.job("RUNNING 5s; ERROR 1500").result()
        Traceback (most recent call last):
            ...
        qiskit_ibm_runtime.exceptions.RuntimeJobFailureError: ...
        """
        self._stage.must_be_active("job()")
        scenario = _scenario(life, result, faults, self._behaviour, behaviour)
        program_id = program_id or scenario.program_id
        params = scenario.params if params is None else params
        metrics = scenario.metrics if metrics is None else metrics
        submission = Submission(
            backend=backend or DEVICE,
            program_id=program_id,
            params=self._encoded_params(params),
            tags=tuple(tags or scenario.tags),
            session_id=session_id,
            image=image,
            private=private,
            cost=cost,
            job_id=job_id,
            estimated_seconds=usage_estimation,
        )
        plan = self._plan_of(scenario, submission)
        plan = replace(
            plan,
            recorded=replace(
                plan.recorded,
                logs=logs,
                metrics=None if metrics is None else json.dumps(metrics),
            ),
        )
        with self.clock.lock:
            facts = self._service.add(submission, plan).facts
            self._faulty.add(scenario.faults, job_id=facts.job_id)
        return self._stage.double(
            facts,
            instance=self._service.account.crn,
            backend=backend,
            result_decoder=result_decoder,
        )

    def service(self, channel: str | None = None, *, instance: str | None = None) -> Any:
        """A genuine QiskitRuntimeService of this simulation; the same one every time for the same words.

        What it submits lives as `next_job` or `rule` said, else the usual life. *channel*: one that
        the installed release knows. *instance*: a name or CRN of one of the simulation's, the first
        one for None; "any" leaves the choice to the service.

        >>> with simulate() as sim:
        ...     sim.service().least_busy().name
        'ibm_torino'
        """
        self._stage.must_be_active("service()")
        self._backends.names()
        named = None if instance == "any" else instance or self._service.account.crn
        return self._stage.service(named, channel=channel)

    def next_job(
        self,
        life: Life = USUAL_LIFE,
        *,
        result: Any = None,
        faults: Sequence[Fault] = (),
        **behaviour: Any,
    ) -> None:
        """Choose the life of the next job that is submitted; called again, of the one after it.

        Faults on "submit" strike from now on; all others, the requests about that job.
        """
        scenario = _scenario(life, result, faults, self._behaviour, behaviour)
        at_once = tuple(fault for fault in scenario.faults if fault.on == "submit")
        later = tuple(fault for fault in scenario.faults if fault.on != "submit")
        self._faulty.add(at_once)
        self._rules.line_up(replace(scenario, faults=later))

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

        >>> with simulate() as sim:
        ...     sim.rule("QUEUED 5s; ERROR 1500", backend="ibm_brisbane", nth=2)
        """
        scenario = _scenario(life, result, faults, self._behaviour, behaviour)
        self._rules.add(
            Rule(
                scenario,
                backend=backend,
                program_id=program_id,
                tags=frozenset(tags),
                nth=nth,
                share=share,
            )
        )

    def change_backend(self, name: str, **changes: Any) -> None:
        """Let a backend be "online", "paused" or "offline", with a queue_length, a reason, or gone.

        Jobs stay in the queue of a backend for as long as it is not online.

        >>> with simulate() as sim:
        ...     sim.change_backend("ibm_torino", status="offline", queue_length=120)
        """
        with self.clock.lock:
            self._service.change_backend(name, changes)

    def reject_tokens(self, rejects: bool = True) -> None:
        """Let the service take no token and hand out none, until told otherwise."""
        self._service.reject_tokens(rejects)

    def job_ids(self) -> tuple[str, ...]:
        """The jobs that the service has, in the order they came."""
        return self._service.job_ids()

    def truth(self, job_id: str) -> Truth:
        """What a job has truly come to by now, whatever a client was told.

        >>> with simulate() as sim:
        ...     job = sim.job("QUEUED 5s; DONE")
        ...     sim.clock.advance("1h")
        ...     sim.truth(job.job_id()).step
        done()
        """
        job = self._service.job(job_id)
        if job is None:
            raise SimulationError(
                f"There is no job {job_id!r}: there are {', '.join(self.job_ids())}."
            )
        job.life.advance(self.clock.now())
        return Truth(job.life.step, job.life.ended, job.stored_result)

    def _submitted(self, submission: Submission, job_id: str) -> JobPlan:
        scenario = self._rules.choose(submission)
        self._faulty.add(scenario.faults, job_id=job_id)
        return self._plan_of(scenario, submission)

    def _plan_of(self, scenario: Scenario, submission: Submission) -> JobPlan:
        script, result = scenario.script, scenario.result
        if isinstance(result, str) and result == COMPUTED:
            script, result = self._computed(script, submission)
        elif result is not None or any(step.status == "DONE" for step in script):
            result = self._encoded(result, submission.program_id)
        return JobPlan(
            script=script, recorded=Recorded(result=result), behaviour=scenario.behaviour
        )

    def _computed(self, script: Script, submission: Submission) -> tuple[Script, str | None]:
        from qrtest.client.computed import NotComputedError, Span, computed

        if script.end.status != "DONE":
            return script, None
        stop = EPOCH + self.clock.now() + (script.seconds or 0.0)
        start = stop - sum(step.seconds or 0.0 for step in script if step.status == "RUNNING")
        configuration = self._backends.describe(submission.backend, "configuration")
        try:
            result = computed(
                submission.program_id,
                submission.params,
                json.loads(configuration or b"{}"),
                seed=self._seed,
                span=Span(start, stop),
            )
        except NotComputedError as error:
            return Script(*script.steps[:-1], failed(error.reason, code=error.code)), None
        return script, result

    @staticmethod
    def _encoded(result: Any, program_id: str) -> str:
        from qrtest.client.results import encoded

        return encoded(result, program_id)

    def _encoded_params(self, params: Any) -> str:
        if params is None:
            return USUAL_PARAMS
        from qrtest.client.results import encoded

        return encoded(params, "params")


class _Backends:
    """The snapshots of the client's room, opened when somebody asks."""

    def __init__(self, names: Sequence[str] | None) -> None:
        self._wanted = names
        self._snapshots: Any = None

    def _opened(self) -> Any:
        if self._snapshots is None:
            from qrtest.client.backends import DEFAULT_BACKENDS, Snapshots

            names = DEFAULT_BACKENDS if self._wanted is None else tuple(self._wanted)
            self._snapshots = Snapshots(names)
        return self._snapshots

    def names(self) -> tuple[str, ...]:
        names: tuple[str, ...] = self._opened().names()
        return names

    def describe(self, name: str, aspect: str) -> bytes | None:
        described: bytes | None = self._opened().describe(name, aspect)
        return described


def _scenario(
    life: Life,
    result: Any,
    faults: Sequence[Fault],
    of_all: Behaviour,
    of_this: Mapping[str, Any],
) -> Scenario:
    """*life* as a scenario, with what was said beside it: of all jobs, then of this one."""
    scenario = life if isinstance(life, Scenario) else Scenario(life)
    changes: dict[str, Any] = {}
    if result is not None:
        changes["result"] = result
    if faults:
        changes["faults"] = (*scenario.faults, *_checked(faults))
    if of_this or of_all != scenario.behaviour:
        chosen = {**of_all.chosen(), **scenario.behaviour.chosen(), **of_this}
        changes["behaviour"] = Behaviour.of(chosen)
    return replace(scenario, **changes) if changes else scenario


def _checked(faults: Sequence[Fault]) -> Sequence[Fault]:
    if isinstance(faults, Fault):
        raise SimulationError(f"faults={faults!r} is a single fault: write faults=[{faults!r}].")
    for fault in faults:
        if not isinstance(fault, Fault):
            raise SimulationError(
                f"faults={faults!r}: {fault!r} is no fault; write faults=[faults.drop()]."
            )
    return faults
