"""A throw-away certificate for a port that speaks HTTPS: only clients that get its authority trust it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any

from qrtest.extras import needed

__all__ = ["Authority", "Certificate", "throw_away", "trusting"]

NAME = "qrtest, for tests only"


@dataclass(frozen=True)
class Certificate:
    """What a port speaks TLS by, and *authority*: the PEM text that a client has to trust."""

    context: ssl.SSLContext
    authority: str


def throw_away(*hosts: str) -> Certificate:
    """Return a new certificate for *hosts*, by an authority of its own that nobody else has the key of.

    >>> throw_away("127.0.0.1").authority.startswith("-----BEGIN CERTIFICATE-----")
    True
    """
    with needed("serve"):
        import trustme

    authority = trustme.CA(organization_name=NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return Certificate(context, authority.cert_pem.bytes().decode())


class Authority:
    """A throw-away authority that issues a certificate for each host that is asked for.

    >>> authority = Authority()
    >>> authority.context_for("iam.cloud.ibm.com") is authority.context_for("iam.cloud.ibm.com")
    True
    """

    def __init__(self) -> None:
        with needed("serve"):
            import trustme

        self._authority: Any = trustme.CA(organization_name=NAME)
        self.context_for = cache(self._context_for)

    @property
    def pem(self) -> str:
        """What clients have to trust, as PEM text."""
        return str(self._authority.cert_pem.bytes().decode())

    def _context_for(self, host: str) -> ssl.SSLContext:
        """Return what TLS with clients of *host* is spoken by; they are offered HTTP/1.1 only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(host).configure_cert(context)
        return context


def trusting(authority: str | None) -> ssl.SSLContext:
    """Return what a client trusts that was given the file *authority*: that, or for None the usual ones."""
    return ssl.create_default_context(cafile=authority)
