"""Clock, service, transport and client, tied together: `simulate`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from qrtest.clock import clocks
from qrtest.clock import duration as durations
from qrtest.clock.clocks import Clock
from qrtest.clock.duration import Duration
from qrtest.clock.moment import Moment
from qrtest.clock.schedule import Schedule
from qrtest.errors import SimulationError
from qrtest.faults import Fault
from qrtest.harness.base import Environment, Session, SessionOptions, Transport
from qrtest.harness.decorated import made_again
from qrtest.harness.job_results import DEFAULT_PARAMS
from qrtest.harness.scripted_service import (
    DEFAULT_SCRIPT,
    OPTIONS_OF_A_JOB,
    ScriptedService,
    Scripting,
    ScriptOrScenario,
    Truth,
    renamed,
)
from qrtest.http.messages import Service
from qrtest.scenario.value_checks import tags_of
from qrtest.service.behaviour import Behaviour
from qrtest.service.instances import Instance
from qrtest.service.job_facts import Submission
from qrtest.service.limits import Limits

if TYPE_CHECKING:
    from qrtest.client.job_doubles import RuntimeJobV2

__all__ = ["Simulation", "Transport", "Truth", "simulate"]

DEVICE: Final = "ibm_torino"
LATENCY: Final = "50ms"
OF_SUBMITTED_JOBS: Final = frozenset({"script", "scenario", "result", "faults"})
MOST_SHOWN: Final = 40
MOST_REQUESTS: Final = 200_000
ONLY_INSTANCE: Final = (Instance(),)
"""The account where none is given."""

OPTIONS: Final = (
    *("transport", "clock", "seed", "schedule", "starts", "latency", "longest", "most_requests"),
    *("watchdog", "faults", "backends", "instances", "limits", "network"),
)
"""What `simulate` takes beside the options of `Behaviour`."""


@made_again
def simulate(
    *,
    transport: Transport = "direct",
    clock: Literal["virtual", "real"] = "virtual",
    seed: int = 0,
    schedule: Schedule | str | None = None,
    starts: Moment | None = None,
    latency: Duration = LATENCY,
    longest: Duration | None = clocks.LONGEST_DEFAULT,
    most_requests: int = MOST_REQUESTS,
    watchdog: Duration | None = None,
    faults: Sequence[Fault] = (),
    backends: Sequence[str] | None = None,
    instances: Sequence[Instance] | None = None,
    limits: Limits | None = None,
    network: bool = False,
    **behaviour: Any,
) -> Simulation:
    """Return a simulation of IBM Quantum, to be used as a context manager.

    *transport*: "direct" (below HTTP, fastest), "in-process" or its older name "requests" (the whole
    client, without sockets) or "sockets" (over a port of this machine).
    *starts*: the date and time at which it begins, as "2026-03-01T12:00Z". *seed*: of ids and results, and
    of which thread goes on when several can, unless a schedule decides that.
    *schedule*: which thread or task goes on at each choice, as a report of `check_consumer` prints it.
    *latency*: what every request costs, in virtual time. *longest*, *most_requests*: how much virtual
    time and how many requests the code under test gets before it is stopped with `NeverEnds`. *watchdog*:
    how much real time it gets in which nothing moves, as "10s", or "never" for no limit; the error says which
    thread is where. None: 60 seconds, or what the ini option `qrtest_watchdog` says.
    *faults* strike all requests. *backends*: names of real devices. *instances*: those of the account,
    the first is the default; None: one, which the program may call by any CRN or name. *limits*: of
    submissions, none by default. *network*: let connections out of this machine. *clock*: "virtual", or
    "real" to wait as the service would. *behaviour*: options of `Behaviour`.

    Raises `SimulationError` for an option that does not exist or does not fit, `DurationError` for what is no
    length of time.

    >>> with simulate() as sim:
    ...     job = sim.job("QUEUED 2h; RUNNING 30s; DONE")
    ...     job.wait_for_final_state()
    ...     job.status()
    'DONE'
    """
    options = SessionOptions(
        transport=transport,
        clock=clock,
        longest=longest,
        most_requests=most_requests,
        watchdog=watchdog,
        network=network,
        starts=starts,
        seed=seed,
        schedule=schedule,
    )
    return Simulation(
        options,
        seed=seed,
        latency=durations.seconds(latency),
        faults=faults,
        backends=backends,
        instances=instances,
        limits=limits,
        behaviour=Behaviour.of(_of_simulation(behaviour), OPTIONS, "help(qrtest.simulate)"),
    )


def _of_simulation(behaviour: dict[str, Any]) -> dict[str, Any]:
    """Return *behaviour*. Raises `SimulationError` for an option of a job, and says where it belongs."""
    if not behaviour:
        return behaviour
    of_a_job = {*OPTIONS_OF_A_JOB, "scenario"} - {"backend"}  # backends= may be meant
    for name, given in behaviour.items():
        if name in of_a_job and name not in Behaviour.__dataclass_fields__:
            value = repr(given) if len(repr(given)) <= MOST_SHOWN else "..."
            call = f"job({value})" if name in ("script", "scenario") else f"job({name}={value})"
            submitted = "; a job that the code under test submits brings its own."
            if name in OF_SUBMITTED_JOBS:
                submitted = f", or sim.next_{call} for a job that the code under test submits."
            raise SimulationError(
                f"simulate({name}=...): {name} is an option of a job, not of all: write sim.{call}{submitted}"
            )
    return behaviour


class Simulation(Session, Scripting):
    """A simulated service with its own time, jobs and journal. Made by `simulate`.

    `clock` is the time, `journal` what was asked and answered. Both can be read after the end, too.

    >>> with simulate() as sim:
    ...     sim.job("QUEUED 5s; DONE").wait_for_final_state()
    >>> sim.journal.count("poll") > 5
    True
    """

    def __init__(
        self,
        options: SessionOptions,
        *,
        seed: int,
        latency: float,
        faults: Sequence[Fault],
        backends: Sequence[str] | None,
        instances: Sequence[Instance] | None,
        limits: Limits | None,
        behaviour: Behaviour,
    ) -> None:
        # What the environment holds does not hold this simulation: it is freed at once, and not by a later
        # collection.
        scripted: ScriptedService

        def made(clock: Clock) -> Service:
            nonlocal scripted
            scripted = ScriptedService(
                clock,
                epoch=options.epoch,
                seed=seed,
                faults=faults,
                backends=backends,
                instances=ONLY_INSTANCE if instances is None else instances,
                limits=limits,
                behaviour=behaviour,
            )
            return scripted

        def own_instances(listed: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
            return scripted.service.account.instances.called(wanted, listed)

        super().__init__(
            Environment(
                made,
                options,
                noun="simulation",
                maker="simulate",
                latency=latency,
                own_instances=own_instances if instances is None else None,
            )
        )
        self._scripted = scripted

    def job(
        self,
        script: ScriptOrScenario = DEFAULT_SCRIPT,
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
        """Return a double of a job that has just been submitted and follows *script*.

        *script*: a script, its text, or a scenario. *result*: a PrimitiveResult or anything that the
        client's encoder takes, a text, the path of a downloaded result, "computed" from the inputs by
        a simulator, "noisy" for the same with the errors of the device, or None for one that fits the
        inputs, with drawn values; without inputs, a small valid one.
        *program_id*: "sampler", "estimator" or another program; the scenario's if not given. *session_id*,
        *tags*, *image*, *private* and *cost* (seconds) are what the job was submitted with, *job_id* its id,
        made up if not given. *logs*: their text. *result_decoder*: as RuntimeJobV2 takes it.
        *params*: the inputs, JSON values or anything the encoder takes; a V2 primitive without a pub
        when there are none. *metrics*: what the service
        answers, instead of what follows from the script. *usage_estimation*: seconds. *backend*: None is
        a job whose backend has to be looked up. Further keywords are options of `Behaviour`.

        >>> with simulate() as sim:
        ...     sim.job("RUNNING 5s; ERROR 1500").result()
        Traceback (most recent call last):
            ...
        qiskit_ibm_runtime.exceptions.RuntimeJobFailureError: ...
        """
        self._environment.must_be_active("job()")
        scenario = self._scripted.scenario(renamed(script, behaviour), result, faults, behaviour)
        program_id = program_id or scenario.program_id
        if not isinstance(program_id, str):
            raise SimulationError(f"program_id={program_id!r:.200}: give a text, as 'sampler'.")
        params = scenario.params if params is None else params
        metrics = scenario.metrics if metrics is None else metrics
        recorded = {} if scenario.record is None else scenario.record.job
        if backend == DEVICE:
            backend = recorded.get("backend") or DEVICE
        submission = Submission(
            backend=backend or DEVICE,
            program_id=program_id,
            params=_encoded_params(params),
            tags=tags_of(tags, SimulationError) or scenario.tags,
            session_id=session_id or recorded.get("session_id"),
            image=image,
            private=private,
            cost=cost,
            job_id=job_id,
            estimated_seconds=usage_estimation,
        )
        metrics_text = None if metrics is None else json.dumps(metrics)
        facts = self._scripted.add(submission, scenario, logs=logs, metrics=metrics_text)
        return self._environment.double(
            facts,
            instance=self._scripted.service.account.crn,
            backend=backend,
            result_decoder=result_decoder,
        )

    @property
    def api_client(self) -> Any:
        """A genuine RuntimeClient of this simulation: what the constructor of RuntimeJobV2 takes.

        >>> with simulate() as sim:
        ...     sim.api_client.job_get(sim.job("QUEUED").job_id())["status"]
        'Queued'
        """
        self._environment.must_be_active("api_client")
        return self._environment.client(self._scripted.service.account.crn)

    def service(self, channel: str | None = None, *, instance: str | None = None) -> Any:
        """Return a genuine QiskitRuntimeService of this simulation, the same one for the same arguments.

        Jobs that it submits follow the scripts given to `next_job` or `rule`, else the default script.
        *channel*: one that the installed release knows. *instance*: a name or CRN of one of the
        simulation's, the first one for None; "any" leaves the choice to the service.

        >>> with simulate() as sim:
        ...     sim.service().least_busy().name
        'ibm_torino'
        """
        self._environment.must_be_active("service()")
        self._scripted.backends.names()
        named = None if instance == "any" else instance or self._scripted.service.account.crn
        return self._environment.service(named, channel=channel)


def _encoded_params(params: Any) -> str:
    if params is None:
        return DEFAULT_PARAMS
    from qrtest.client.result_encoder import encoded

    return encoded(params, "params")
