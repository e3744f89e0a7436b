"""Nothing leaves the machine: connections to anywhere but this machine are refused, in all threads.

The transports never connect; this is for the code under test, whatever client it uses. It works on
Python's own sockets: a client in C with sockets of its own would not be noticed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

from qrtest.errors import NetworkBlocked
from qrtest.patching import Patch, Patches

__all__ = ["BLOCKED", "is_local"]

_LOCAL_NAMES: Final = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})
_METHODS: Final = ("connect", "connect_ex", "sendto")


def _guards() -> Iterator[Patch]:
    for name in _METHODS:
        yield socket.socket, name, _guarded(getattr(socket.socket, name))
    yield socket, "getaddrinfo", _guarded_look_up(socket.getaddrinfo)


BLOCKED: Final = Patches(_guards)
"""Connections out of this machine, and the look-up of names, are refused while anybody is inside.

Raises, in whoever connects, `NetworkBlocked`. Loopback and local sockets work as ever.
"""


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            address = arguments[-1]
            _refuse_outside(address[0], address[1])
        return method(self, *arguments)

    return guarded


def _guarded_look_up(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_outside(host, port)
        return look_up(host, port, *arguments, **options)

    return getaddrinfo


def _refuse_outside(host: Any, port: Any) -> None:
    if not is_local(host):
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        raise NetworkBlocked(
            f"A connection to {name}:{port} was refused: while a simulation is active nothing leaves "
            "this machine. To answer that host, give its client a double of its own; to let "
            "everything through, say simulate(network=True)."
        )


def is_local(host: Any) -> bool:
    """Return whether *host*, a name or an address, is this machine."""
    if host is None:
        return True
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if name.lower() in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
