"""Sends a request of another program on to the network, as it came, by urllib3.

It goes through the tap of urllib3 like everything of this process: so a recording sees it. Nothing is
retried, redirected or decompressed: that is the business of the program that asked.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import SKIP_HEADER

from qrtest.http.messages import Request, Response
from qrtest.transport.http_bytes import unusual
from qrtest.transport.tls import trusting
from qrtest.transport.urllib3_tap import drained, how_broken, how_failed

__all__ = ["Forwarding"]

OF_ONE_CONNECTION: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that count between two neighbours only (RFC 9110, section 7.6.1)."""

MOST_HOSTS: Final = 100
CONNECTIONS_A_HOST: Final = 32
NOT_ADDED: Final = dict.fromkeys(("accept-encoding", "user-agent"), SKIP_HEADER)
"""What urllib3 would add to a request that has none."""


class Forwarding:
    """Sends requests to the hosts that they name.

    *authority*: a file with the certificates to trust; None trusts the usual ones. Proxies that the
    environment names are used.
    """

    def __init__(self, authority: str | None = None) -> None:
        trust = trusting(authority)
        self._direct = urllib3.PoolManager(
            MOST_HOSTS, maxsize=CONNECTIONS_A_HOST, ssl_context=trust
        )
        self._proxies = {
            scheme: urllib3.ProxyManager(
                address if "://" in address else f"http://{address}", ssl_context=trust
            )
            for scheme, address in urllib.request.getproxies().items()
            if scheme in ("http", "https")
        }

    def send(self, request: Request, scheme: str) -> Response:
        """Return the network's answer to *request*, or how the connection failed."""
        query = f"?{request.query}" if request.query else ""
        url = f"{scheme}://{request.host}{request.path}{query}"
        try:
            received = self._manager(request.host, scheme).urlopen(
                request.method,
                url,
                body=request.body or None,
                headers=_sent(request),
                redirect=False,
                retries=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )
        except LocationParseError:
            return Response(0, failure="dns")
        except (HTTPError, HTTPException, OSError) as error:
            return Response(0, failure=how_failed(error) or "closed")
        body, broken = drained(received)
        received.release_conn()
        return Response(
            received.status,
            body,
            dict(_received(received.headers)),
            failure=None if broken is None else how_broken(broken),
            reason=unusual(received.reason, received.status),
        )

    def _manager(self, host: str, scheme: str) -> urllib3.PoolManager:
        found = self._proxies.get(scheme)
        return self._direct if found is None or urllib.request.proxy_bypass(host) else found


def _sent(request: Request) -> dict[str, str]:
    """Return the headers that are sent on: the length is urllib3's business, and a usual Host, too."""
    left_out = {"content-length", *_of_the_connection(request.headers)}
    if request.header("Host") == request.host:
        left_out.add("host")
    kept = {name: text for name, text in request.headers.items() if name.lower() not in left_out}
    given = {name.lower() for name in kept}
    return {**{name: skip for name, skip in NOT_ADDED.items() if name not in given}, **kept}


def _received(headers: urllib3.HTTPHeaderDict) -> Iterator[tuple[str, str]]:
    """Yield the headers that are handed on; cookies cannot be joined, and have a line each."""
    left_out = _of_the_connection(headers)
    for name in headers:
        if name.lower() not in left_out:
            yield name, ("\n" if name.lower() == "set-cookie" else ", ").join(headers.getlist(name))


def _of_the_connection(headers: Mapping[str, str]) -> Iterable[str]:
    named = next((text for name, text in headers.items() if name.lower() == "connection"), "")
    return OF_ONE_CONNECTION | {name.strip().lower() for name in named.split(",")}
