"""Broken connections as exceptions of the standard library, and the other way round."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

from qrtest.http.messages import Failure

__all__ = ["error_of", "failure_of"]


def error_of(failure: Failure) -> OSError:
    """Return what a socket, or the one who reads from it, raises for a *failure*.

    >>> error_of("refused")
    ConnectionRefusedError(111, 'Connection refused')
    """
    match failure:
        case "dns":
            return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        case "refused":
            return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        case "tls":
            return ssl.SSLError(1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] handshake failure")
        case "timeout":
            return TimeoutError("timed out")
        case "reset":
            return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return RemoteDisconnected("Remote end closed connection without response")


def failure_of(error: BaseException) -> Failure | None:
    """Return what a recording calls *error*; None if it is no broken connection.

    >>> failure_of(ConnectionRefusedError()), failure_of(ValueError())
    ('refused', None)
    """
    kinds: tuple[tuple[type[BaseException], Failure], ...] = (
        (socket.gaierror, "dns"),
        (ssl.SSLError, "tls"),
        (TimeoutError, "timeout"),
        (ConnectionRefusedError, "refused"),
        (RemoteDisconnected, "closed"),
        (IncompleteRead, "cut"),
        (ConnectionError, "reset"),
        (HTTPException, "closed"),
    )
    return next((failure for kind, failure in kinds if isinstance(error, kind)), None)
