"""Base addresses of the service: recorded requests to any of them, under the usual paths.

A gateway, a proxy or a `url_resolver` may put the API below a path of its own. Such a request is known by
the header that names the version of the API; the paths below its base are the service's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from qrtest.cassette.model import Cassette, Interaction
from qrtest.http.messages import Request
from qrtest.http.operations import route
from qrtest.service.api_versions import HEADER

__all__ = ["BaseAddresses"]

DEEPEST: Final = 8
"""Below how many segments of a path the API may be."""


class BaseAddresses:
    """The base addresses at which *interactions* asked the service."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self._bases = {
            base for each in interactions if (base := _base_of(each.request)) is not None
        }

    def usual(self, request: Request) -> Request:
        """Return *request* with the service's usual path, if it goes to one of the bases."""
        for host, prefix in self._bases:
            if request.host == host and request.path.startswith(f"{prefix}/"):
                return replace(request, path=request.path.removeprefix(prefix))
        return request

    def usual_cassette(self, cassette: Cassette) -> Cassette:
        """Return *cassette* with all requests under the usual paths."""
        if not self._bases:
            return cassette
        interactions = (
            replace(each, request=self.usual(each.request)) for each in cassette.interactions
        )
        return replace(cassette, interactions=tuple(interactions))


def _base_of(request: Request) -> tuple[str, str] | None:
    """Return host and path of the base that *request* goes to; None for a usual one, or another service."""
    if request.route is not None or request.header(HEADER) is None:
        return None
    segments = request.path.split("/")
    for count in range(2, min(len(segments), DEEPEST)):
        if route(request.method, "/" + "/".join(segments[count:])) is not None:
            return request.host, "/".join(segments[:count])
    return None
