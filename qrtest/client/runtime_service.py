"""Genuine QiskitRuntimeServices of the installed release over a transport of qrtest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from qiskit_ibm_runtime import QiskitRuntimeService, Session
from qiskit_ibm_runtime import RuntimeJobV2 as InstalledRuntimeJobV2

from qrtest.client import private_names, releases
from qrtest.client.job_doubles import RuntimeJobV2
from qrtest.client.runtime_client import TOKEN, URL, carry
from qrtest.errors import SimulationError
from qrtest.run_options import is_documented_surface
from qrtest.transport.dispatcher import Dispatcher

__all__ = [
    "clients",
    "document_jobs",
    "make_service",
    "new_service",
    "open_session",
    "saved_service",
]

LOCAL: Final = "local"
CLASSIC: Final = "ibm_quantum"


def make_service(
    dispatcher: Dispatcher, *, transport: str, instance: str | None, channel: str | None
) -> Any:
    """Return a genuine service of the installed release, over the mounted transport and *dispatcher*.

    *channel*: one that the release knows, its own choice for None. *instance*: a CRN or a name; None
    lets the service choose among all. No saved account is read or written.

    Raises `SimulationError` for a channel that the release does not know.
    """
    service = new_service(channel, instance=instance)
    for client in clients(service):
        carry(client, dispatcher, transport=transport)
    document_jobs(service)
    return service


def document_jobs(service: Any) -> None:
    """Give the jobs that *service* makes the documented surface."""
    for name in releases.makers_of_jobs(service):
        setattr(service, name, _documented(getattr(service, name)))


def _documented(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return *make*, changed so that its jobs have the documented surface."""

    @wraps(make)
    def made(*arguments: Any, **options: Any) -> Any:
        job = make(*arguments, **options)
        is_installed = type(job) is InstalledRuntimeJobV2
        return RuntimeJobV2.of(job) if is_installed and is_documented_surface() else job

    return made


def new_service(channel: str | None, *, instance: str | None) -> Any:
    """Return a genuine service, with a made-up key; its requests go where they are routed now."""
    known = releases.channels()
    channel = channel or releases.platform_channel()
    if channel not in known:
        raise SimulationError(
            f"channel={channel!r}: the installed release knows {', '.join(map(repr, known))}."
        )
    if channel == LOCAL:
        return QiskitRuntimeService(channel=LOCAL)
    with releases.ours_to_know("its QiskitRuntimeService"), _no_word_of_saved_accounts():
        if channel == CLASSIC:
            return QiskitRuntimeService(channel=CLASSIC, token=TOKEN)
        return QiskitRuntimeService(channel=channel, token=TOKEN, url=URL, instance=instance)


@contextmanager
def _no_word_of_saved_accounts() -> Iterator[None]:
    """Drop the warning that a saved account is not used: a simulation never uses one."""

    def is_kept(record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Loading account with the given token")

    logger = logging.getLogger(QiskitRuntimeService.__module__)
    logger.addFilter(is_kept)
    try:
        yield
    finally:
        logger.removeFilter(is_kept)


def open_session(service: Any, backend: str) -> Any:
    """Return a genuine Session that *service* has opened on the backend of that name."""
    return Session(backend=service.backend(backend))


def saved_service(instance: str | None = None) -> Any:
    """Return a genuine service of the account saved on this machine, on the real network.

    *instance*: a CRN or a name; None takes that of the account.
    """
    return QiskitRuntimeService() if instance is None else QiskitRuntimeService(instance=instance)


def clients(service: Any) -> list[Any]:
    """Return the clients that *service* has made so far."""
    found = [
        private_names.ACTIVE_CLIENT.of(service, None),
        *private_names.CLIENTS.of(service, {}).values(),
        private_names.ONLY_CLIENT.of(service, None),
    ]
    return list({id(client): client for client in found if client is not None}.values())
