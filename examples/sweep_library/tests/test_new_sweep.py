"""With qrtest: genuine jobs with scripts, also such as nobody thought of."""

from __future__ import annotations

import math

import pytest

import qrtest
from sweep import POLL_SECONDS, SweepFailedError, collect, sweep


@pytest.mark.qrtest(script="QUEUED 2h; RUNNING 20s; DONE", result="computed")
def test_fringes(runtime_service, virtual_clock):
    """The circuits really run; the two hours in the queue do not."""
    nothing, half_a_turn = sweep(runtime_service.backend("ibm_torino"), [0, math.pi], shots=100)
    assert nothing == {"1": 100}
    assert half_a_turn == {"0": 100}
    assert virtual_clock.now() > 7200


@pytest.mark.qrtest(script="QUEUED 5m; CANCELLED")
def test_a_job_that_somebody_cancelled(runtime_job, virtual_clock):
    """On the platform's page, or by a colleague: known at the next poll, not after all patience."""
    with pytest.raises(SweepFailedError, match="CANCELLED"):
        collect(runtime_job())
    assert virtual_clock.now() < 300 + 2 * POLL_SECONDS


def test_no_script_of_a_job_breaks_it():
    """Whatever happens to the job, on the way or at the gateway."""
    qrtest.check_consumer(collect, allowed=SweepFailedError, max_examples=25)
