"""A genuine QiskitRuntimeService of the installed release, over a transport of ours."""

from __future__ import annotations

from typing import Any

from qiskit_ibm_runtime import QiskitRuntimeService

from qrtest.client import releases
from qrtest.client.jobs import TOKEN, URL, carry
from qrtest.transport.line import Line

__all__ = ["make_service", "saved_service"]


def make_service(line: Line, *, transport: str, instance: str) -> Any:
    """A genuine service for *instance*: made over the mounted transport, carried on by *line*.

    No saved account is read or written.
    """
    service = QiskitRuntimeService(
        channel=releases.platform_channel(), token=TOKEN, url=URL, instance=instance
    )
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
