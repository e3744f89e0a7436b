"""Base of simulations and replays: a clock, a journal, a dispatcher, and genuine clients on top of it.

An `Environment` is given a service and carries requests to it while it is entered. During that time no
connection leaves the machine. It knows nothing of what the service answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from weakref import ref

from qrtest import run_options
from qrtest.clock import duration as durations
from qrtest.clock import patch_time
from qrtest.clock.clocks import VirtualClock, WallClock
from qrtest.clock.duration import Duration
from qrtest.clock.moment import EPOCH, Moment, moment, unix_time
from qrtest.clock.schedule import Schedule
from qrtest.errors import SimulationError, Stop
from qrtest.harness.arguments import whole_number
from qrtest.harness.decorated import Decorating
from qrtest.http.messages import Request, Service
from qrtest.service.job_facts import JobFacts
from qrtest.timeline.journal import Journal
from qrtest.transport.dispatcher import Dispatcher, Port
from qrtest.transport.interception import INTERCEPTION, OwnInstances, Simulated
from qrtest.transport.network_block import BLOCKED
from qrtest.transport.watchdog import Watchdog

if TYPE_CHECKING:
    from qrtest.client.job_doubles import RuntimeJobV2

__all__ = [
    "TRANSPORTS",
    "Environment",
    "Session",
    "SessionOptions",
    "Transport",
    "current_journal",
]

Transport = Literal["direct", "in-process", "requests", "sockets"]
"""How the client's own requests travel; "requests" is the older name of "in-process"."""

TRANSPORTS: Final = ("direct", "in-process", "requests", "sockets")
CLOCKS: Final = ("virtual", "real")
_NOTHING: Final = nullcontext()


@dataclass(slots=True, kw_only=True)
class SessionOptions:
    """On which options code is tested: what a simulation and a replay are asked alike.

    *longest* virtual time and *most_requests* are what it gets before it is stopped; *network* lets
    connections out of this machine; *watchdog* is for how long, in real time, nothing may move, or "never"
    (None: what this run says). *starts* is the moment at which it begins (None: 2026-01-01T00:00Z on the
    virtual clock, now on the real one), *schedule* or *seed* decides which thread goes on.

    Raises `SimulationError` for a word that is none of these.
    """

    transport: Transport
    clock: Literal["virtual", "real"]
    longest: Duration | None
    most_requests: int
    network: bool
    watchdog: Duration | None = None
    starts: Moment | None = None
    seed: int = 0
    schedule: Schedule | str | None = None
    watchdog_seconds: float | None = field(init=False)
    """After how much real time without progress threads are stopped; None: never."""

    def __post_init__(self) -> None:
        if self.transport not in TRANSPORTS:
            raise SimulationError(
                f"transport={self.transport!r}: there are {', '.join(map(repr, TRANSPORTS))}."
            )
        if self.clock not in CLOCKS:
            raise SimulationError(
                f"clock={self.clock!r}: there are {' and '.join(map(repr, CLOCKS))}."
            )
        whole_number("most_requests", self.most_requests, least=1)
        whole_number("seed", self.seed)
        if self.starts is not None:
            if self.clock == "real":
                raise SimulationError(
                    "starts= needs the virtual clock: real time has begun already."
                )
            self.starts = moment(self.starts)
        self.watchdog_seconds = _watchdog_seconds(self.watchdog)
        if isinstance(self.schedule, str):
            self.schedule = Schedule(self.schedule)
        elif self.schedule is not None and not isinstance(self.schedule, Schedule):
            raise SimulationError(
                f"schedule={self.schedule!r}: give a Schedule, or its text, as '3:1'."
            )

    @property
    def epoch(self) -> float:
        """The Unix time at which it begins."""
        if self.starts is not None:
            return moment(self.starts)
        return EPOCH if self.clock == "virtual" else unix_time()


def _watchdog_seconds(watchdog: Duration | None) -> float | None:
    """Return after how much real time without progress threads are stopped; None: never."""
    value = run_options.WATCHDOG.get() if watchdog is None else watchdog
    if value == "never":
        return None
    length = durations.seconds(value)
    if not length:
        raise SimulationError("watchdog=0 leaves no time: give a length, as '10s', or 'never'.")
    return length


def current_journal() -> Journal | None:
    """Return the journal of the simulation or replay that this thread follows, None outside of one."""
    followed = INTERCEPTION.followed()
    service = None if followed is None else followed.dispatcher.service
    return service if isinstance(service, Journal) else None


class Environment:
    """Clock, journal and dispatcher around the service that *make_service* makes for the clock.

    *noun* and *maker* name the object and its function in messages. Each request takes *latency*
    seconds of virtual time. *answers_local* says which requests to this machine it answers, none if it is
    None; *own_instances* returns the listed instances by the names that the program has for them. `clock`
    and `journal` can still be read after the end.
    """

    def __init__(
        self,
        make_service: Callable[[VirtualClock | WallClock], Service],
        options: SessionOptions,
        *,
        noun: str,
        maker: str,
        latency: float = 0.0,
        answers_local: Callable[[Request], bool] | None = None,
        own_instances: OwnInstances | None = None,
    ) -> None:
        # The watchdog, which everything below holds, must not hold this: nobody else holding a simulation,
        # it is freed at once, and not by a later collection.
        watchdog = Watchdog(
            most=options.most_requests, maker=maker, describe=partial(_timeline_of, ref(self))
        )
        is_virtual = options.clock == "virtual"
        self.transport: Final = options.transport
        self.clock: Final[VirtualClock | WallClock] = (
            VirtualClock(
                longest=options.longest,
                on_limit=watchdog.stop,
                epoch=options.epoch,
                seed=options.seed,
                watchdog=options.watchdog_seconds,
                schedule=None if options.schedule is None else Schedule(str(options.schedule)),
            )
            if is_virtual
            else WallClock()
        )
        self.journal: Final = Journal(make_service(self.clock), self.clock)
        self._dispatcher = Dispatcher(
            self.journal, self.clock, watchdog, latency=latency if is_virtual else 0.0
        )
        self._handler = Simulated(
            self._dispatcher,
            answers_local=answers_local,
            only_ibm=options.network,
            own_instances=own_instances,
        )
        self._watchdog = watchdog
        self._noun = noun
        self._maker = maker
        self._network = options.network
        self._entered: AbstractContextManager[None] | None = None
        self._is_over = False
        self._client: Any = None
        self._services: dict[tuple[str | None, str | None], Any] = {}

    def enter(self) -> None:
        """Start the environment. Raises `SimulationError` the second time."""
        if self._entered is not None or self._is_over:
            raise SimulationError(
                f"This {self._noun} was entered before: each serves once. Call {self._maker}() again."
            )
        active = self._active()
        active.__enter__()
        self._entered = active

    @contextmanager
    def _active(self) -> Iterator[None]:
        """Carry requests, and keep everything on this machine, while the block lasts."""
        from qrtest.client.releases import STAND_INS, installed

        installed()
        with (
            STAND_INS,
            _NOTHING if self._network else BLOCKED,
            _NOTHING if self.transport == "direct" else self._whole_client(),
            INTERCEPTION.simulating(self._handler),
            patch_time.install(self.clock),
        ):
            yield

    @contextmanager
    def _whole_client(self) -> Iterator[None]:
        """Answer clients that send by `requests`; by a port of this machine, if that is the transport."""
        from qrtest.transport.requests_mount import MOUNT

        with ExitStack() as stack:
            if self.transport == "sockets":
                from qrtest.transport.server import open_port

                self._dispatcher.port = stack.enter_context(open_port(self._dispatcher))
            stack.enter_context(MOUNT.entered())
            yield

    def leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the environment.

        Raises the `NeverEnds` that an *error* of kind `Stop` carries, also when code has caught the `Stop`.
        """
        self._is_over = True
        self._dispatcher.close()
        assert self._entered is not None
        run_options.session_ended(self.journal)
        self._entered.__exit__(kind, error, traceback)
        if isinstance(error, Stop):
            raise error.reason from error.__cause__
        if error is None and self._watchdog.stopped_for_good is not None:
            raise self._watchdog.stopped_for_good

    @property
    def port(self) -> Port | None:
        """The local port that answers; None unless the transport is "sockets"."""
        return self._dispatcher.port

    def must_be_active(self, what: str) -> None:
        """Raise `SimulationError` unless the environment is entered."""
        if self._entered is None or self._is_over:
            when = "is over" if self._is_over else "has not begun"
            raise SimulationError(
                f"{what} on a {self._noun} that {when}: use it inside "
                f"'with qrtest.{self._maker}(...) as sim:'."
            )

    def service(self, instance: str | None, *, channel: str | None = None) -> Any:
        """Return a genuine QiskitRuntimeService, the same one for the same arguments.

        *instance* None leaves the choice to the service, *channel* None to the installed release.
        """
        self.must_be_active("service()")
        if (channel, instance) not in self._services:
            from qrtest.client.runtime_service import make_service

            self._services[channel, instance] = make_service(
                self._dispatcher, transport=self.transport, instance=instance, channel=channel
            )
        return self._services[channel, instance]

    def client(self, instance: str) -> Any:
        """Return the genuine RuntimeClient that job doubles use."""
        if self._client is None:
            from qrtest.client.runtime_client import make_client

            self._client = make_client(
                self._dispatcher, transport=self.transport, instance=instance
            )
        return self._client

    def double(
        self, facts: JobFacts, *, instance: str, backend: str | None, result_decoder: Any
    ) -> RuntimeJobV2:
        """Return a genuine job of *instance*; the client looks the backend up when *backend* is None."""
        from qrtest.client.job_doubles import Later, make_job

        genuine = Later(lambda: self.service(instance))
        return make_job(
            self.client(instance),
            job_id=facts.job_id,
            program_id=facts.program_id,
            instance=instance,
            backend=None
            if backend is None
            else Later(lambda: self.service(instance).backend(backend)),
            service=genuine,
            creation_date=facts.created,
            image=facts.image,
            session_id=facts.session_id,
            tags=list(facts.tags),
            private=facts.private,
            result_decoder=result_decoder,
        )


def _timeline_of(environment: ref[Environment]) -> str:
    active = environment()
    return "" if active is None else active.journal.timeline()


class Session(Decorating):
    """Base class of `Simulation` and `Replay`: a context manager with a transport, a clock and a journal."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.transport: Final = environment.transport
        self.clock: Final = environment.clock
        self.journal: Final = environment.journal

    @property
    def port(self) -> int | None:
        """The number of the local port that serves the "sockets" transport; None for the others.

        >>> from qrtest import simulate
        >>> with simulate() as sim:
        ...     print(sim.port)
        None
        """
        port = self._environment.port
        return None if port is None else port.number

    @property
    def child_environment(self) -> dict[str, str]:
        """The environment for child processes that are to stay on this machine, too: `run(..., env=...)`.

        A Python child, and its children, raise `NetworkBlocked` as here, also where their Python has no
        qrtest; programs in other languages, and Pythons before 3.11, that use the proxy of the environment
        fail to connect. They are not answered: `qrtest.proxy` does that.
        """
        from qrtest.harness.child_environment import blocked_environment

        return blocked_environment()

    def __enter__(self) -> Self:
        self._environment.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._environment.leave(kind, error, traceback)
