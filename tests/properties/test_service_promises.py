"""A service keeps what QiskitRuntimeService, Session and Batch promise; one that is changed does not."""

from __future__ import annotations

import pytest
from qiskit_ibm_runtime import QiskitRuntimeService, Session

import qrtest
from qrtest.errors import BrokenPromises, SimulationError
from qrtest.properties import SERVICE_PROMISES

FEW = [each for each in SERVICE_PROMISES if each.name in {"finds", "order", "session", "details"}]
"""All of them take seconds."""


def maker(sim):
    """Return a maker of services whose submissions faults can strike."""

    def make_service(*faults):
        if faults:
            sim.next_job(qrtest.Scenario("QUEUED 1m; DONE", faults=faults))
        return sim.service()

    return make_service


def broken(sim, **options) -> tuple[str, ...]:
    """Return the promises that a service of *sim* breaks."""
    with pytest.raises(BrokenPromises) as found:
        qrtest.check_service(maker(sim), promises=FEW, **options)
    return found.value.names


def test_the_genuine_service_keeps_every_promise() -> None:
    """Over the simulated service, with the client's own layer of HTTP."""
    with qrtest.simulate(transport="requests") as sim:
        qrtest.check_service(maker(sim))


def test_lists_that_ignore_the_order_are_noticed(monkeypatch) -> None:
    """Jobs come in the order of the service's default, whatever is asked for."""
    genuine = QiskitRuntimeService.jobs
    monkeypatch.setattr(
        QiskitRuntimeService,
        "jobs",
        lambda self, descending=True, **options: genuine(self, **options),
    )
    with qrtest.simulate() as sim:
        assert broken(sim) == ("order",)


def test_a_session_that_does_not_close_is_noticed(monkeypatch) -> None:
    """It still takes jobs, and says so; what is known is left out."""
    monkeypatch.setattr(Session, "close", lambda self: None)
    with qrtest.simulate() as sim:
        assert broken(sim, known=["details"]) == ("session",)


def test_a_name_that_is_no_promise_is_an_error() -> None:
    """The message lists the names that there are."""
    with qrtest.simulate() as sim, pytest.raises(SimulationError, match="'none'.*filters"):
        qrtest.check_service(sim.service, known=["none"])
