"""Genuine RuntimeClients of the installed release over a dispatcher."""

from __future__ import annotations

from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, NamedTuple

from qrtest.client import private_names, releases
from qrtest.clock.clocks import WallClock
from qrtest.clock.installed import current
from qrtest.errors import SimulationError
from qrtest.service.instances import CRN
from qrtest.transport.direct import go_direct
from qrtest.transport.dispatcher import Dispatcher, Streaming
from qrtest.transport.requests_adapter import FixedAuth, RequestsCookieJar, adapter_of
from qrtest.transport.watchdog import Watchdog

__all__ = [
    "TOKEN",
    "URL",
    "carry",
    "client_of",
    "dispatcher_of",
    "make_client",
    "note_dispatcher",
    "parameters",
    "session_of",
]

TOKEN: Final = "qrtest-api-key"  # noqa: S105 (no secret: nobody takes it but the simulation)
URL: Final = "https://cloud.ibm.com"
MOST_REQUESTS: Final = 200_000
_DISPATCHER: Final = "qrtest_dispatcher"
_COOKIES: Final = DefaultCookiePolicy()


def client_of(api_client: Any) -> Any:
    """Return the RuntimeClient for *api_client*: itself, a simulation's, or a new one over a service.

    A bare service (whatever has `handle`) is asked at the direct transport, on the clock that this
    thread follows.
    """
    if hasattr(api_client, "api_client"):
        return api_client.api_client
    if hasattr(api_client, "handle"):
        watchdog = Watchdog(most=MOST_REQUESTS, maker="simulate", describe=lambda: "")
        dispatcher = Dispatcher(api_client, current() or WallClock(), watchdog, latency=0.0)
        return make_client(dispatcher, transport="direct", instance=CRN)
    return api_client


def session_of(client: Any) -> Any:
    """Return the session of requests that the genuine *client* sends by."""
    return private_names.SESSION.of(client)


def note_dispatcher(client: Any, dispatcher: Streaming) -> None:
    """Note on the genuine *client* that *dispatcher* carries it: its jobs stream from there."""
    setattr(session_of(client), _DISPATCHER, dispatcher)


def dispatcher_of(client: Any) -> Streaming:
    """Return the dispatcher of *client*. Raises `SimulationError` if it has none."""
    dispatcher = getattr(session_of(client), _DISPATCHER, None)
    if dispatcher is None:
        raise SimulationError(
            "There is nothing to stream from: this job asks a client that belongs to no simulation. "
            "Give RuntimeJobV2 the simulation as api_client, or take the job from sim.job()."
        )
    found: Streaming = dispatcher
    return found


def make_client(dispatcher: Dispatcher, *, transport: str, instance: str) -> Any:
    """Return a genuine RuntimeClient for *instance* over *dispatcher*."""
    with releases.ours_to_know("its RuntimeClient"):
        client = _new_client(instance)
        carry(client, dispatcher, transport=transport)
        return client


def carry(client: Any, dispatcher: Dispatcher, *, transport: str) -> None:
    """Send the requests of the genuine *client* to *dispatcher*, by a transport."""
    session = session_of(client)
    session.trust_env = False
    note_dispatcher(client, dispatcher)
    if transport == "direct":
        go_direct(client, session, dispatcher)
    else:
        retries = session.get_adapter("https://").max_retries
        adapter = adapter_of(dispatcher, retries)
        session.mount("https://", adapter)
        session.mount("http://", adapter)


def _new_client(instance: str) -> Any:
    """Return a new RuntimeClient, copied from a cached one: the constructor takes much longer."""
    pattern = _pattern(instance)
    client, session = _alike(pattern.client), _alike(pattern.session)
    session.cookies = RequestsCookieJar(policy=_COOKIES)
    session.adapters = session.adapters.copy()
    api = pattern.api_class(session)
    vars(client).update(zip(pattern.names, (session, api, {}), strict=True))
    return client


def _alike(thing: Any) -> Any:
    """Return a shallow copy of a plain object, faster than `copy.copy`."""
    alike = object.__new__(type(thing))
    vars(alike).update(vars(thing))
    return alike


class _Pattern(NamedTuple):
    """A RuntimeClient, and what each copy of it has of its own: under *names*, in this release."""

    client: Any
    session: Any
    api_class: Any
    names: tuple[str, str, str]


@cache
def _pattern(instance: str) -> _Pattern:
    client = releases.client_class()(parameters(instance))
    own = private_names.SESSION, private_names.API, private_names.CONFIGURATIONS
    names = own[0].in_use(client), own[1].in_use(client), own[2].in_use(client)
    return _Pattern(client, session_of(client), type(private_names.API.of(client)), names)


@cache
def parameters(instance: str) -> Any:
    """Return genuine parameters without the token exchange, which job doubles do not need."""
    parameters = releases.client_parameters(token=TOKEN, url=URL, instance=instance)
    auth = FixedAuth({"Service-CRN": instance, "Authorization": f"Bearer {TOKEN}"})
    parameters.get_auth_handler = lambda: auth
    return parameters
