"""Sees, during a recording, which connections are made past the taps: what they carry is not recorded."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any, Final

from qrtest.patching import Patch, Patches
from qrtest.transport.interception import is_hidden

__all__ = ["ConnectionWatch"]

INTERNET: Final = (socket.AF_INET, socket.AF_INET6)
CONNECTS: Final = ("connect", "connect_ex")
IN_C: Final = {
    "grpc._channel": ("Channel", "grpc"),
    "grpc.aio._channel": ("Channel", "grpc"),
}
"""Libraries with sockets of their own, by the class whose first argument is the address."""

HTTP_PROGRAMS: Final = frozenset({"aria2c", "curl", "http", "https", "node", "wget", "xh"})
"""Programs that are started to ask a service."""


class ConnectionWatch:
    """Notes connections, as texts that name host and library, while it is `watching`."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    @property
    def seen(self) -> tuple[str, ...]:
        """What connected, each once, in order."""
        return tuple(self._seen)

    def watching(self) -> Patches:
        """Return a context manager inside of which connections of all threads are noted."""
        return Patches(self._patches)

    def _patches(self) -> Iterator[Patch]:
        for name in CONNECTS:
            yield socket.socket, name, self._noting_address(getattr(socket.socket, name))
        for module, (name, library) in IN_C.items():
            owner = getattr(sys.modules.get(module), name, None)
            if owner is not None:
                yield owner, "__init__", self._noting_target(owner.__init__, library)
        pycurl = sys.modules.get("pycurl")
        if pycurl is not None:
            yield pycurl, "Curl", self._noting_curl(pycurl)
        if "subprocess" in sys.modules:
            import subprocess

            yield subprocess.Popen, "__init__", self._noting_program(subprocess.Popen.__init__)

    def _noting_address(self, connect: Callable[..., Any]) -> Callable[..., Any]:
        def noting(connecting: socket.socket, address: Any) -> Any:
            is_stream = connecting.type == socket.SOCK_STREAM
            if connecting.family in INTERNET and is_stream and not is_hidden():
                self._note(f"{address[0]}:{address[1]}", _library())
            return connect(connecting, address)

        return noting

    def _noting_target(self, method: Callable[..., Any], library: str) -> Callable[..., Any]:
        def noting(made: Any, target: Any, *arguments: Any, **options: Any) -> Any:
            name = target.decode(errors="replace") if isinstance(target, bytes) else target
            self._note(str(name), library)
            return method(made, target, *arguments, **options)

        return noting

    def _noting_curl(self, pycurl: Any) -> Any:
        watch = self

        class Curl(pycurl.Curl):  # type: ignore[misc]
            def perform(self) -> Any:
                try:
                    return super().perform()
                finally:
                    watch._note(str(self.getinfo(pycurl.EFFECTIVE_URL)), "pycurl")

        return Curl

    def _noting_program(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def noting(made: Any, args: Any, *more: Any, **options: Any) -> Any:
            words = _words(args)
            if words and PurePath(words[0]).name in HTTP_PROGRAMS:
                host = next((word for word in words[1:] if "://" in word), "a host it knows")
                self._note(host, f"the program {PurePath(words[0]).name}")
            return method(made, args, *more, **options)

        return noting

    def _note(self, host: str, library: str) -> None:
        self._seen[f"{host} by {library}"] = None


def _words(arguments: Any) -> list[str]:
    if isinstance(arguments, list | tuple):
        return [str(word) for word in arguments]
    return str(arguments).split()


def _library() -> str:
    """Return the nearest module on the stack that is neither Python's own nor qrtest's."""
    frame = sys._getframe(2)
    while frame is not None:
        root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if root and root != "qrtest" and root not in sys.stdlib_module_names:
            return root
        frame = frame.f_back  # type: ignore[assignment]
    return "socket"
