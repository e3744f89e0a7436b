"""Base addresses of the service: recorded requests to any of them, under the usual paths.

A gateway, a proxy or a `url_resolver` may put the API below a path of its own. Such a request is known by
the header that names the version of the API; the paths below its base are the service's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qrtest.cassette.model import Cassette, Interaction
from qrtest.http.messages import Request
from qrtest.service.api_versions import base_path_of

__all__ = ["BaseAddresses"]


class BaseAddresses:
    """The base addresses at which *interactions* asked the service."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self._bases = {
            (each.request.host, base)
            for each in interactions
            if (base := base_path_of(each.request)) is not None
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
