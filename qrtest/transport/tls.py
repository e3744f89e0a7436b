"""A throw-away certificate for a port that speaks HTTPS: only clients that get its authority trust it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from qrtest.extras import needed

__all__ = ["Certificate", "throw_away", "trusting"]


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

    authority = trustme.CA(organization_name="qrtest, for tests only")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return Certificate(context, authority.cert_pem.bytes().decode())


def trusting(authority: str | None) -> ssl.SSLContext:
    """Return what a client trusts that was given the file *authority*: that, or for None the usual ones."""
    return ssl.create_default_context(cafile=authority)
