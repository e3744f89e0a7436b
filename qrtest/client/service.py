"""A genuine QiskitRuntimeService of the installed release, over a transport of ours."""

from __future__ import annotations

from typing import Any, Final

from qiskit_ibm_runtime import QiskitRuntimeService

from qrtest.client import releases
from qrtest.client.clients import TOKEN, URL, carry
from qrtest.errors import SimulationError
from qrtest.transport.line import Line

__all__ = ["make_service", "saved_service"]

LOCAL: Final = "local"
CLASSIC: Final = "ibm_quantum"


def make_service(line: Line, *, transport: str, instance: str | None, channel: str | None) -> Any:
    """A genuine service of the installed release, over the mounted transport, carried on by *line*.

    *channel*: one that the release knows, its own choice for None. *instance*: a CRN or a name; None
    lets the service choose among all. No saved account is read or written.

    Raises `SimulationError` for a channel that the release does not know.
    """
    known = releases.channels()
    channel = channel or releases.platform_channel()
    if channel not in known:
        raise SimulationError(
            f"channel={channel!r}: the installed release knows {', '.join(map(repr, known))}."
        )
    if channel == LOCAL:
        return QiskitRuntimeService(channel=LOCAL)
    if channel == CLASSIC:
        service = QiskitRuntimeService(channel=CLASSIC, token=TOKEN)
    else:
        service = QiskitRuntimeService(channel=channel, token=TOKEN, url=URL, instance=instance)
    for client in _clients(service):
        carry(client, line, transport=transport)
    return service


def saved_service() -> Any:
    """A genuine service of the account that is saved on this machine, on the real network."""
    return QiskitRuntimeService()


def _clients(service: Any) -> list[Any]:
    clients = [service._active_api_client] if hasattr(service, "_active_api_client") else []
    clients += list(getattr(service, "_api_clients", {}).values())
    if hasattr(service, "_api_client"):
        clients.append(service._api_client)
    return list({id(client): client for client in clients if client is not None}.values())
