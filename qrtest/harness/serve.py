"""The simulated service on a port of this machine, for clients in any process and any language: `serve`.

A server is given scripts as a simulation is, and by its control endpoint besides; nothing of this process
is changed while it serves, its time included. `qrtest.connect` makes a genuine client of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

from qrtest import run_options
from qrtest.clock import clocks
from qrtest.clock import duration as durations
from qrtest.clock.clocks import AcceleratedClock, VirtualClock
from qrtest.clock.duration import Duration
from qrtest.clock.moment import EPOCH, Moment, moment, unix_time
from qrtest.errors import SimulationError
from qrtest.faults import Fault
from qrtest.harness.control_api import PREFIX, Control
from qrtest.harness.scripted_service import (
    DEFAULT_SCRIPT,
    ScriptedService,
    Scripting,
    ScriptOrScenario,
    SnapshotBackends,
)
from qrtest.harness.server_access import Access
from qrtest.http.messages import Request, Response
from qrtest.service.behaviour import Behaviour
from qrtest.service.instances import Instance
from qrtest.service.limits import Limits
from qrtest.timeline.journal import Journal
from qrtest.transport.dispatcher import Dispatcher
from qrtest.transport.server import LOOPBACK, Port

__all__ = ["ENTRIES", "Server", "serve"]

ENTRIES: Final = 1_000
"""How many entries the journal of a server keeps: the last ones."""

TOKEN: Final = "qrtest-api-key"  # noqa: S105 (no secret: nobody takes it but a server of qrtest's)


def serve(
    port: int = 0,
    *,
    host: str = LOOPBACK,
    https_port: int | None = None,
    allow_hosts: Sequence[str] = (),
    token: str | None = None,
    **options: Any,
) -> Server:
    """Serve the simulated service on *port* of *host*, 0 for a free one; a context manager.

    *https_port*: answer there, too, by HTTPS with a throw-away certificate. *allow_hosts*: names that
    clients may call it by, besides addresses and the names of this machine. *token*: what the control
    endpoint asks for; None takes the variable QRTEST_SERVER_TOKEN, or makes one. The other *options* are
    those of `Server.reset`. Raises `ServerError` when the port cannot be had.

    >>> with serve(clock="60x") as server:
    ...     server.next_job("QUEUED 1h; ERROR 1500")
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """
    access = Access((host, *allow_hosts), token=token)
    return Server(port, host=host, https_port=https_port, access=access, options=options)


class Server(Scripting):
    """A simulated service on a port. Made by `serve`.

    `url` is where it is; `next_job`, `rule`, `change_backend` and `reject_tokens` say what becomes of
    jobs, as in a simulation; `clock` is its time and `journal` what was asked last.

    >>> from qrtest import serve
    >>> with serve(clock="virtual") as server:
    ...     server.service().backend("ibm_torino").num_qubits
    133
    """

    def __init__(
        self,
        port: int,
        *,
        host: str,
        https_port: int | None,
        access: Access,
        options: dict[str, Any],
    ) -> None:
        self._host = host
        self._access = access
        self._numbers = port, https_port
        self._options = options
        self._elsewhere = ThreadPoolExecutor(1, thread_name_prefix="qrtest computing")
        self._stack = ExitStack()
        self._control = Control(self)
        self._ports: list[Port] = []
        self.authority: str | None = None

    def reset(self, **options: Any) -> None:
        """Begin anew: no jobs, no sessions, time 0, and the usual script for all jobs.

        *options*, that count until the next reset, beside those that the server was made with: *clock*
        ("real", "virtual", or so many times as fast, as "60x"), *starts* (the date and time at which it
        begins, as "2026-03-01T12:00Z" or "now"; by default now, and 2026-01-01 on a virtual clock),
        *scenario* (the script of all jobs without one of their own), *latency* (what every request takes on
        the clock), *seed*, *faults*, *backends*, *instances*, *limits*, and those of `Behaviour`.
        """
        before = getattr(self, "journal", None)
        self._begin(**{**self._options, **options})
        if before is not None:
            run_options.session_ended(before)

    def _begin(
        self,
        *,
        clock: str = "real",
        starts: Moment | None = None,
        scenario: ScriptOrScenario = DEFAULT_SCRIPT,
        latency: Duration | None = None,
        seed: int = 0,
        faults: Sequence[Fault] = (),
        backends: Sequence[str] | None = None,
        instances: Sequence[Instance] = (Instance(),),
        limits: Limits | None = None,
        **behaviour: Any,
    ) -> None:
        SnapshotBackends(backends).names()
        made = clocks.clock_named(clock)
        is_virtual = isinstance(made, VirtualClock)
        if starts is None:
            starts = EPOCH if is_virtual else unix_time()
        scripted = ScriptedService(
            made,
            usual=scenario,
            epoch=moment(starts),
            seed=seed,
            faults=faults,
            backends=backends,
            instances=instances,
            limits=limits,
            behaviour=Behaviour.of(behaviour),
            token_time=unix_time,
            elsewhere=self._elsewhere.submit,
        )
        usual = "50ms" if is_virtual else 0
        seconds = durations.seconds(usual if latency is None else latency)
        # Nothing changes before all options have been read: a reset that is refused leaves all as it was.
        self._pace = clock
        self.clock: VirtualClock | AcceleratedClock = made
        self._scripted = scripted
        self.journal = Journal(scripted, made, most=ENTRIES)
        self._dispatcher = Dispatcher(self.journal, made, None, latency=seconds)

    def ask(self, request: Request, timeout: float | None = None) -> tuple[Response, float]:
        """Return the answer to *request*, and how many seconds on the clock it takes."""
        rejected = self._access.error_response(request)
        if rejected is not None:
            return rejected, 0.0
        if request.path.startswith(PREFIX):
            is_open = request.method == "GET" and request.path.rstrip("/") == PREFIX
            rejected = None if is_open else self._access.control_error(request)
            return rejected or self._control.handle(request), 0.0
        return self._dispatcher.ask(request, timeout)

    def __enter__(self) -> Self:
        number, https_number = self._numbers
        self.reset()
        with ExitStack() as stack:
            stack.callback(self._elsewhere.shutdown, cancel_futures=True)
            self._open(stack, number)
            if https_number is not None:
                from qrtest.transport.tls import throw_away

                certificate = throw_away(self._host, "localhost", LOOPBACK)
                self.authority = certificate.authority
                self._open(stack, https_number, tls=certificate.context)
            self._stack = stack.pop_all()
        return self

    def _open(self, stack: ExitStack, number: int, **options: Any) -> None:
        port = Port(self, host=self._host, number=number, **options)
        stack.callback(port.close)
        self._ports.append(port)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
        run_options.session_ended(self.journal)

    def wait(self) -> None:
        """Wait until the server is closed, or a signal comes."""
        self._port(0).wait()

    def _port(self, number: int) -> Port:
        if number >= len(self._ports):
            raise SimulationError(
                "A server has an address inside 'with qrtest.serve() as server:'."
            )
        return self._ports[number]

    @property
    def url(self) -> str:
        """Where it is, by HTTP, as `http://127.0.0.1:8765`."""
        return f"http://{_written(self._host)}:{self._port(0).number}"

    @property
    def https_url(self) -> str | None:
        """Where it is by HTTPS; None where it is not. `authority` is the certificate to trust, as PEM."""
        if len(self._ports) < 2:
            return None
        return f"https://{_written(self._host)}:{self._port(1).number}"

    @property
    def about(self) -> dict[str, Any]:
        """How clients are pointed at it: addresses, CRNs, and the environment of clients."""
        crns = [each.resource_name for each in self._scripted.service.account.instances.all()]
        url = self.https_url or self.url
        return {
            "url": self.url,
            "https_url": self.https_url,
            "runtime_url": f"{url}/api/v1",
            "iam_url": url,
            "control_url": f"{url}{PREFIX}",
            "instances": crns,
            "api_key": TOKEN,
            "clock": self._pace,
            "environment": {
                "IAM_URL": url,
                "GLOBAL_SEARCH_URL": url,
                "GLOBAL_CATALOG_URL": f"{url}/api/v1",
                "RESOURCE_CONTROLLER_URL": url,
            },
        }

    @property
    def control_token(self) -> str:
        """What the control endpoint asks for, in the header X-Qrtest-Token."""
        return self._access.token

    def service(self, channel: str | None = None, *, instance: str | None = None) -> Any:
        """Return a genuine QiskitRuntimeService on this server, as `qrtest.connect` makes it."""
        from qrtest.client.connect import connect

        return connect(self.url, channel=channel, instance=instance)


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
