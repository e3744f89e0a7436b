"""A genuine QiskitRuntimeService on a qrtest server: `qrtest.connect`.

A client talks to several hosts: IAM, search, catalog, and the service itself. Requests to all of them are
redirected to the server, while the service is constructed and later. The API key is made up; no saved
account, environment variable or proxy is used.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import requests

from qrtest.client import private_names
from qrtest.client import runtime_service as services
from qrtest.client.runtime_client import note_dispatcher, session_of
from qrtest.errors import ServerError
from qrtest.transport.redirect import ServerStreaming, TowardsAdapter
from qrtest.transport.requests_mount import MOUNT

__all__ = ["connect"]

ABOUT: Final = "/_qrtest"
PATIENCE_SECONDS: Final = 10
ASKED_LATER: Final = ("list_instances", "resolve_crn")
"""The methods of an account that send requests to IBM Cloud after the service was constructed."""


def connect(
    url: str,
    *,
    instance: str | None = None,
    channel: str | None = None,
    authority: str | None = None,
) -> Any:
    """Return a genuine QiskitRuntimeService of the installed release, on the server at *url*.

    *instance*: a name or CRN of one of the server's, the first one for None; "any" leaves the choice to
    the service. *channel*: one that the installed release knows. *authority*: the file with the
    certificate to trust, for an https url (`qrtest serve --https-port 0` says which). Its jobs have the
    documented surface, streams included, as those of a simulation.

    Raises `ServerError` when no server of qrtest's answers there.

    >>> from qrtest.harness.serve import serve
    >>> with serve() as server:
    ...     connect(server.url).backend("ibm_torino").num_qubits
    133
    """
    base = url.rstrip("/").removesuffix("/v1").removesuffix("/api")
    towards = TowardsAdapter(base, authority=authority)
    first = _about(base, towards)["instances"][0]
    with MOUNT.leading(towards):
        service = services.new_service(
            channel, instance=None if instance == "any" else instance or first
        )
    _lead(service, towards, ServerStreaming(base, authority=authority))
    services.document_jobs(service)
    return service


def _about(base: str, towards: TowardsAdapter) -> Any:
    """Return the server's description of itself."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount(base, towards)
            answer = session.get(base + ABOUT, timeout=PATIENCE_SECONDS)
            about = json.loads(answer.content)
            about["instances"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        from qrtest.redaction.redactor import shown

        why = shown(f"{base} ({type(error).__name__}: {error})")
        raise ServerError(
            f"No server of qrtest answers at {why}. Start one with "
            "'qrtest serve' and give the address that it prints. A simulation or a replay, as in a test with "
            "a cassette, needs none: take its service, the fixture runtime_service or sim.service()."
        ) from None
    return about


def _lead(service: Any, towards: TowardsAdapter, dispatcher: ServerStreaming) -> None:
    """Redirect the clients of *service*, and every request and client that it makes later."""
    for client in services.clients(service):
        _lead_client(client, towards, dispatcher)
    account = private_names.ACCOUNT.of(service, None)
    for name in ASKED_LATER:
        if hasattr(account, name):
            setattr(account, name, _led(getattr(account, name), towards))
    if private_names.NEW_CLIENT.is_in(service):
        make = _led(private_names.NEW_CLIENT.of(service), towards)

        def make_client(*arguments: Any) -> Any:
            client = make(*arguments)
            _lead_client(client, towards, dispatcher)
            return client

        private_names.NEW_CLIENT.put_in(service, make_client)


def _lead_client(client: Any, towards: TowardsAdapter, dispatcher: ServerStreaming) -> None:
    """Redirect the session of *client*, its token requests, and the streams of its jobs."""
    note_dispatcher(client, dispatcher)
    session = session_of(client)
    session.trust_env = False
    adapter = towards.with_policy(session.get_adapter("https://").max_retries)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    tokens = getattr(session.auth, "tm", None)
    if tokens is not None:
        tokens.request_token = _led(tokens.request_token, towards)


def _led(ask: Callable[..., Any], towards: TowardsAdapter) -> Callable[..., Any]:
    @wraps(ask)
    def led(*arguments: Any, **options: Any) -> Any:
        with MOUNT.leading(towards):
            return ask(*arguments, **options)

    return led
