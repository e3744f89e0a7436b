"""Keeps everything on this machine: whatever would leave it is refused, in all threads.

A simulation answers the HTTP clients that it knows before they connect; this is for everything else that the
code under test may use. It guards Python's own sockets: a client in C with sockets of its own is not noticed.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from qrtest.advice import page
from qrtest.errors import NetworkBlocked
from qrtest.patching import Patch, Patches

__all__ = ["BLOCKED", "is_local"]

LOCAL_NAMES: Final = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})
INTERNET: Final = (socket.AF_INET, socket.AF_INET6)
LOOK_UPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
SENDS: Final = (
    (socket.socket, ("send", "sendall", "sendfile")),
    (ssl.SSLSocket, ("send", "write")),
)
ADDRESS_OF_SENDMSG: Final = 3
PROXY_VARIABLES: Final = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy")
TEST_TOOLS: Final = frozenset({"_pydevd_bundle", "debugpy", "execnet", "pydevd", "xdist"})
"""Roots of modules whose connections are not the code's under test: debuggers, and workers elsewhere."""


def _guards() -> Iterator[Patch]:
    for name in ("connect", "connect_ex"):
        yield socket.socket, name, _guarding_connection(getattr(socket.socket, name))
    yield socket.socket, "sendto", _guarding_address(socket.socket.sendto)
    yield socket.socket, "sendmsg", _guarding_message(socket.socket.sendmsg)
    for owner, names in SENDS:
        for name in names:
            yield owner, name, _guarding_peer(getattr(owner, name))
    for name in LOOK_UPS:
        yield socket, name, _guarding_look_up(getattr(socket, name))
    yield socket, "getnameinfo", _guarding_name(socket.getnameinfo)


BLOCKED: Final = Patches(_guards, is_stable=True)
"""A context manager inside of which nothing leaves this machine.

An attempt raises `NetworkBlocked`: by connecting, by sending on a connection of before, by a datagram, by
the look-up of a name, or by a proxy of the environment. Loopback and local sockets work as ever.
"""


def _guarding_connection(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in INTERNET:
            try:
                _refuse_outside(*address[:2])
                _refuse_proxy(*address[:2])
            except NetworkBlocked:
                # Those who open sockets close them after an OSError only.
                self.close()
                raise
        return method(self, address)

    return guarded


def _guarding_address(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if self.family in INTERNET:
            _refuse_outside(*arguments[-1][:2])
        return method(self, *arguments)

    return guarded


def _guarding_message(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if self.family in INTERNET:
            is_addressed = len(arguments) > ADDRESS_OF_SENDMSG
            address = arguments[ADDRESS_OF_SENDMSG] if is_addressed else None
            _refuse_outside(*(address or _peer(self))[:2])
        return method(self, *arguments)

    return guarded


def _guarding_peer(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any, **options: Any) -> Any:
        if self.family in INTERNET:
            _refuse_outside(*_peer(self)[:2])
        return method(self, *arguments, **options)

    return guarded


def _guarding_look_up(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_outside(host, arguments[0] if arguments else options.get("port"))
        return look_up(host, *arguments, **options)

    return guarded


def _guarding_name(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def getnameinfo(address: Any, flags: int) -> Any:
        if not flags & socket.NI_NUMERICHOST:
            _refuse_outside(*address[:2])
        return look_up(address, flags)

    return getnameinfo


def _peer(connected: socket.socket) -> Any:
    """Return the address that *connected* is connected to; a local one if there is none."""
    try:
        return connected.getpeername()
    except OSError:
        return None, None


def _refuse_outside(host: Any, port: Any) -> None:
    if not is_local(host) and not _is_for_a_test_tool():
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        where = name if port is None else f"{name}:{port}"
        raise NetworkBlocked(
            f"A connection to {_shown(where)} was refused: while a simulation is active nothing leaves "
            f"this machine. HTTP clients that qrtest knows are answered (table: {page('fixtures')}); "
            "to answer another host or protocol, give its client a double of its own; to let "
            "everything through, say simulate(network=True)."
        )


def _refuse_proxy(host: Any, port: Any) -> None:
    """Refuse the address of a proxy of the environment: what is sent there leaves this machine."""
    for variable in PROXY_VARIABLES:
        for name in (variable, variable.upper()):
            value = os.environ.get(name)
            if value and _is_at(value, host, port):
                where = _shown(f"{host}:{port}")
                raise NetworkBlocked(
                    f"A connection to {where} was refused: it is the proxy of {name}, and while a "
                    "simulation is active nothing leaves this machine. Unset the variable for this test, "
                    "or say simulate(network=True)."
                )


def _shown(where: str) -> str:
    """Return a host with its port as an error may show it: what a program builds may hold its key."""
    from qrtest.redaction.redactor import shown_host

    return shown_host(where)


def _is_at(proxy: str, host: Any, port: Any) -> bool:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        return (parts.port or 80) == port and is_local(parts.hostname) and is_local(host)
    except ValueError:
        return False


def _is_for_a_test_tool() -> bool:
    """Return whether a test tool connects or sends, rather than code that it runs."""
    frame = sys._getframe(1)
    while frame is not None:
        root = frame.f_globals.get("__name__", "").partition(".")[0]
        if root != "qrtest" and root not in sys.stdlib_module_names:
            return root in TEST_TOOLS
        frame = frame.f_back  # type: ignore[assignment]
    return False


def is_local(host: Any) -> bool:
    """Return whether *host*, a name or an address in any form, is this machine.

    >>> [is_local(host) for host in ("localhost", "127.1", "::ffff:127.0.0.1", "192.0.2.1")]
    [True, True, True, False]
    """
    if host is None:
        return True
    name = host.decode(errors="replace") if isinstance(host, bytes | bytearray) else str(host)
    return _is_local_name(name.lower())


@lru_cache(maxsize=1024)
def _is_local_name(name: str) -> bool:
    if name in LOCAL_NAMES or name.endswith(".localhost") or name == _GETHOSTNAME().lower():
        return True
    address = _address(name)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return address.is_loopback or address.is_unspecified or _is_own(address)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except (OSError, ValueError):
        return None


def _is_own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether *address* is one of this machine's.

    What is sent to such an address would come from it. A datagram socket raises, and sends nothing.
    """
    family = socket.AF_INET if address.version == IPV4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            _CONNECT(probe, (str(address), 9))
            return bool(ipaddress.ip_address(probe.getsockname()[0]) == address)
    except OSError:
        return False


IPV4: Final = 4
_CONNECT: Final = socket.socket.connect
_GETHOSTNAME: Final = socket.gethostname
