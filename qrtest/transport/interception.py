"""Decides who answers what an HTTP library of this process is about to send.

Each library has a tap: a module that replaces the library's own sending while a simulation, a replay or a
recording is active. A tap turns what the library sends into a `Request`, asks here, and turns the
`Response` into what the library would have received, in its own types and exceptions. Simulations and
replays answer the threads that follow their clock; a recording sees what the network answers to any thread.
docs/decisions/0018-every-client.md has the reasons.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlsplit

from qrtest.clock.clocks import Clock
from qrtest.clock.installed import current
from qrtest.errors import RecordingError, SimulationError
from qrtest.http.messages import Request, Response
from qrtest.patching import PATCHING, Patches
from qrtest.transport.dispatcher import Dispatcher
from qrtest.transport.network_block import is_local

__all__ = [
    "INTERCEPTION",
    "TAPS",
    "Handler",
    "Interception",
    "Simulated",
    "exchange",
    "exchange_async",
    "hidden",
    "is_hidden",
    "pause",
]

TAPS: Final = {
    "http.client": "qrtest.transport.http_client_tap",
    "urllib3": "qrtest.transport.urllib3_tap",
    "httpx": "qrtest.transport.httpx_tap",
    "aiohttp": "qrtest.transport.aiohttp_tap",
}
"""The tap of each library. A library that is not imported yet gets its tap when it is."""


IBM: Final = ".ibm.com"

OwnInstances = Callable[[list[dict[str, Any]], str], list[dict[str, Any]]]
"""Called with the listed instances and the CRN or name that the program gave; returns them under that."""

CANCELLED_SECONDS: Final = 3600.0
"""How long a request lasts in a replay that was cancelled in the recording, unless the client limits it.

A replay reaches the deadline that cancelled it sooner.
"""


class Handler(Protocol):
    """Answers requests before they reach the network, or sees what the network answered."""

    @property
    def clock(self) -> Clock:
        """Return the clock that answers take their time by."""

    def takes(self, host: str) -> bool:
        """Return whether requests to *host* (with its port, if it has one) are its business."""

    def answer(
        self, request: Request, scheme: str, timeout: float | None
    ) -> tuple[Response, float] | Callable[[Response], None]:
        """Return the answer and the seconds that it takes, or what is called with the network's answer."""


class Simulated:
    """Answers every request to another machine by *dispatcher*.

    Requests to this machine go on as ever, but for those that *answers_local* returns True for. With
    *only_ibm*, other machines than IBM's are reached, too. *own_instances* returns the instances that were
    listed, by the CRN or name that the program has for its own.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        answers_local: Callable[[Request], bool] | None = None,
        only_ibm: bool = False,
        own_instances: OwnInstances | None = None,
    ) -> None:
        self.own_instances: Final = own_instances
        self.dispatcher: Final = dispatcher
        self.clock: Final = dispatcher.clock
        self._answers_local = answers_local
        self._only_ibm = only_ibm

    def takes(self, host: str) -> bool:
        """Return whether requests to *host* may be answered."""
        name, is_local = _named(host)
        if is_local:
            return self._answers_local is not None
        return name.endswith(IBM) if self._only_ibm else True

    def answers(self, request: Request) -> bool:
        """Return whether *request*, to a host that it takes, is answered."""
        if not _named(request.host)[1]:
            return True
        return self._answers_local is not None and self._answers_local(request)

    def answer(
        self, request: Request, scheme: str, timeout: float | None
    ) -> tuple[Response, float] | Callable[[Response], None]:
        """Return the answer of the dispatcher, and the seconds that it takes."""
        del scheme
        return self.dispatcher.ask(request, timeout) if self.answers(request) else _forget


def _forget(response: Response) -> None:
    """Do nothing with what the network answered."""


@lru_cache(maxsize=256)
def _named(host: str) -> tuple[str, bool]:
    """Return the name in *host*, without a port, and whether it is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    return name, is_local(name)


Hidden = Literal["none", "simulations", "all"]
_HIDDEN: Final[ContextVar[Hidden]] = ContextVar("qrtest_hidden_handlers", default="none")


@contextmanager
def hidden(what: Hidden = "all") -> Iterator[None]:
    """Hide handlers from the code inside: from a library below another one that has asked already."""
    token = _HIDDEN.set(what)
    try:
        yield
    finally:
        _HIDDEN.reset(token)


def is_hidden() -> bool:
    """Return whether all handlers are hidden from the running code: its requests are known already."""
    return _HIDDEN.get() == "all"


class Interception:
    """The handlers of this process, and the taps of its libraries while there is a handler.

    >>> INTERCEPTION.handler("quantum.cloud.ibm.com") is None
    True
    """

    def __init__(self) -> None:
        self._simulated: dict[int, Simulated] = {}
        self._recording: Handler | None = None
        self._taps = _Taps()

    def handler(self, host: str) -> Handler | None:
        """Return who handles requests of this thread to *host*; None if nobody does."""
        hides = _HIDDEN.get()
        if hides == "all":
            return None
        simulated = self.simulated(host) if hides == "none" else None
        if simulated is not None:
            return simulated
        recording = self._recording
        return recording if recording is not None and recording.takes(host) else None

    def simulated(self, host: str) -> Simulated | None:
        """Return the simulation that this thread follows, if it takes requests to *host*."""
        found = self.followed()
        return found if found is not None and found.takes(host) else None

    def followed(self) -> Simulated | None:
        """Return the simulation that this thread follows."""
        return self._simulated.get(id(current())) if self._simulated else None

    def simulating(self, handler: Simulated) -> AbstractContextManager[None]:
        """Let *handler* answer the threads that follow its clock, within a block."""
        return _Simulating(self._taps, self._simulated, handler)

    @contextmanager
    def recording(self, handler: Handler) -> Iterator[None]:
        """Show *handler* what all threads ask the network. Raises `RecordingError` if there is another."""
        with PATCHING:
            if self._recording is not None:
                raise RecordingError(
                    "Another recording is going on in this process: a request can only be in one. "
                    "End it first."
                )
            self._recording = handler
        try:
            with self._taps:
                yield
        finally:
            self._recording = None


def exchange(
    handler: Handler,
    request: Request,
    scheme: str,
    network: Callable[[], Response],
    timeout: float | None,
) -> Response:
    """Return *handler*'s answer, when its time has passed; or that of the *network*, which it notes."""
    found = handler.answer(request, scheme, timeout)
    if isinstance(found, tuple):
        response, wait = found
        handler.clock.sleep(wait)
        return _plain(request, response)
    with hidden():
        response = network()
    found(response)
    return response


async def exchange_async(
    handler: Handler,
    request: Request,
    scheme: str,
    network: Callable[[], Awaitable[Response]],
    timeout: float | None,
) -> Response:
    """Return what `exchange` does, without keeping the event loop waiting."""
    found = handler.answer(request, scheme, timeout)
    if isinstance(found, tuple):
        response, wait = found
        await pause(handler.clock, wait)
        return _plain(request, response)
    with hidden():
        try:
            response = await network()
        except BaseException as error:
            if not isinstance(error, Exception):  # cancelled, as by a deadline of the program's own
                found(Response(0, failure="timeout", delay=timeout or CANCELLED_SECONDS))
            raise
    found(response)
    return response


def _plain(request: Request, response: Response) -> Response:
    """Return *response*, unless a websocket would follow it, which no tap has."""
    if response.stream is not None:
        raise SimulationError(
            f"{request} opens a websocket, which is answered over a port only: "
            "use transport='sockets', or qrtest.serve()."
        )
    return response


async def pause(clock: Clock, seconds: float) -> None:
    """Let *seconds* pass on *clock*, while the other tasks of the event loop go on."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:  # a loop of another library, which knows nothing of this clock
        clock.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


class _Simulating(AbstractContextManager[None]):
    def __init__(self, taps: _Taps, simulated: dict[int, Simulated], handler: Simulated) -> None:
        self._taps = taps
        self._simulated = simulated
        self._handler = handler

    def __enter__(self) -> None:
        self._taps.__enter__()
        self._simulated[id(self._handler.clock)] = self._handler

    def __exit__(self, *_: object) -> None:
        del self._simulated[id(self._handler.clock)]
        self._taps.__exit__()


# --- the taps ---------------------------------------------------------------------------------------


class _Taps(MetaPathFinder, AbstractContextManager[None]):
    """Puts the tap of each library in its place, also of one that is imported while somebody is inside."""

    def __init__(self) -> None:
        self._users = 0
        self._known: dict[str, Patches] = {}
        self._open: dict[str, Patches] = {}
        self._searched: set[str] = set()

    def __enter__(self) -> None:
        with PATCHING:
            self._users += 1
            if self._users == 1:
                for library in TAPS:
                    if library in sys.modules:
                        self._open_tap(library)
                sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        with PATCHING:
            self._users -= 1
            if not self._users:
                sys.meta_path.remove(self)
                while self._open:
                    self._open.popitem()[1].end()

    def open(self, library: str) -> None:
        """Open the tap of *library*, which is imported, if somebody is inside."""
        with PATCHING:
            if self._users and library not in self._open:
                self._open_tap(library)

    def _open_tap(self, library: str) -> None:
        if library not in self._known:
            self._known[library] = importlib.import_module(TAPS[library]).PATCHES
        self._open[library] = patches = self._known[library]
        patches.begin()

    def find_spec(
        self, name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a library that has a tap as everybody else does, and open the tap when it is loaded."""
        if name not in TAPS or name in self._searched:
            return None
        self._searched.add(name)
        try:
            spec = find_spec(name)
        finally:
            self._searched.discard(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _OpeningLoader(spec.loader, self, name)
        return spec


class _OpeningLoader(Loader):
    """Loads a library by its own *loader*, and opens its tap."""

    def __init__(self, loader: Loader, taps: _Taps, library: str) -> None:
        self._loader = loader
        self._taps = taps
        self._library = library

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, give it its own loader back, and open the tap."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._taps.open(self._library)


INTERCEPTION: Final = Interception()
