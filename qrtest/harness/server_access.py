"""Which requests a server answers: those to its own addresses, from no web page, and with its token.

A browser lets any page of the internet send requests to a port of this machine. It names the page in the
header Origin, and the name that the page used for this machine in Host.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from qrtest.http.messages import Request, Response
from qrtest.service import serialize
from qrtest.transport.network_block import is_local

__all__ = ["TOKEN_HEADER", "TOKEN_VARIABLE", "Access"]

TOKEN_VARIABLE: Final = "QRTEST_SERVER_TOKEN"  # noqa: S105 (the name of a variable)
TOKEN_HEADER: Final = "X-Qrtest-Token"  # noqa: S105 (the name of a header)
TOKEN_BYTES: Final = 16


class Access:
    """Refuses requests with a foreign Host or Origin, and those to the control endpoint without *token*.

    *names*: hosts that the server may be called, besides addresses and the names of this machine. *token*
    None takes that of the variable QRTEST_SERVER_TOKEN, or makes one.

    >>> access = Access(token="t")
    >>> access.error_response(Request("GET", "127.0.0.1:8765", "/v1/jobs")) is None
    True
    >>> access.error_response(Request("GET", "rebound.example.org", "/v1/jobs")).status
    403
    >>> access.control_error(Request("POST", "127.0.0.1:8765", "/_qrtest/reset")).status
    401
    """

    def __init__(self, names: Iterable[str] = (), *, token: str | None = None) -> None:
        self.token: Final = (
            token or os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(TOKEN_BYTES)
        )
        self._names = frozenset(name.lower() for name in names)

    def error_response(self, request: Request) -> Response | None:
        """Return the error response to a request that comes from a web page, or to a name of another's."""
        host = request.header("Host") or request.host
        if not self._is_own(host):
            return _refused(
                403,
                f"the Host {host!r} is not this server's: ask it by its address, or start it with "
                f"--allow-host {_name(host)}.",
            )
        origin = request.header("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return _refused(
                403, f"the Origin {origin!r} is foreign: web pages of others are not answered."
            )
        return None

    def control_error(self, request: Request) -> Response | None:
        """Return the error response to a request to the control endpoint that does not show the token."""
        shown = request.header(TOKEN_HEADER) or ""
        scheme, _, bearer = (request.header("Authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and not shown:
            shown = bearer.strip()
        if hmac.compare_digest(shown.encode(), self.token.encode()):
            return None
        return _refused(
            401,
            f"the control endpoint wants the token that the server printed when it began, in the header "
            f"{TOKEN_HEADER} or as 'Authorization: Bearer'.",
        )

    def _is_own(self, host: str) -> bool:
        name = _name(host)
        return not name or name in self._names or is_local(name) or _is_address(name)


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refused(status: int, why: str) -> Response:
    answer: dict[str, Any] = {"error": why}
    return serialize.json_response(answer, status)
