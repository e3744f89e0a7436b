"""A request that was authenticated."""

from __future__ import annotations

from typing import NamedTuple

from qrtest.http.messages import Request
from qrtest.http.operations import Route
from qrtest.service.instances import Instance

__all__ = ["Ask"]


class Ask(NamedTuple):
    """An authenticated request: its route, instance, API version and time."""

    request: Request
    where: Route
    instance: Instance
    crn: str
    version: str
    now: float

    @property
    def change(self) -> bytes | None:
        """The body of a request that changes something; None for GET."""
        return None if self.request.method == "GET" else self.request.body
