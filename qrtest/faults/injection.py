"""A service that wraps a service and applies faults: which strike a request, and in which order.

When a fault strikes is decided by the fault; what it does to the answer, by its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qrtest.faults.fault import Ask, Fault
from qrtest.http.messages import Request, Response, Service
from qrtest.service.service import Time

__all__ = ["FaultyService"]


class FaultyService:
    """A service that answers as *service* does, with faults on all requests or on those of single jobs."""

    def __init__(self, service: Service, clock: Time) -> None:
        self._service = service
        self._clock = clock
        self._plans: dict[str | None, list[_Counted]] = {}

    def add(self, plan: Sequence[Fault], *, job_id: str | None = None) -> None:
        """Let *plan* strike the requests about one job, or all requests.

        Those that are about no job at all, as a submission or a session, are always among the latter.
        """
        for fault in plan:
            of = job_id if fault.is_about_a_job else None
            self._plans.setdefault(of, []).append(_Counted(fault))

    def handle(self, request: Request) -> Response:
        """Return the answer to *request* after the faults that strike it."""
        if not self._plans:
            return self._service.handle(request)
        where = request.route
        if where is None:
            return self._service.handle(request)
        now = self._clock.now()
        of_all, of_this = self._plans.get(None, ()), self._plans.get(where.name, ())
        counted = [*of_all, *of_this]
        striking = [entry.fault for entry in counted if entry.counts(where.operation, now)]

        def ask() -> Response:
            return self._service.handle(request)

        if not striking:
            return ask()
        for fault in reversed(striking):
            ask = _struck(fault, ask)
        return replace(ask(), struck=tuple(map(repr, striking)))


class _Counted:
    """A fault with the number of calls that it has seen."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._calls = 0

    def counts(self, operation: str, now: float) -> bool:
        """Count a call if it concerns the fault, and return whether the fault strikes it."""
        if not self.fault.concerns(operation, now):
            return False
        self._calls += 1
        return self.fault.strikes(self._calls - 1)


def _struck(fault: Fault, ask: Ask) -> Ask:
    return lambda: fault.apply(ask)
