"""Code that would wait for ever is stopped, and the error says what it was doing."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest

from qrtest import simulate
from qrtest.clock.patch_time import NAMES
from qrtest.errors import NeverEnds, Stop

REAL = {name: getattr(time, name) for name in NAMES}


def test_code_that_would_wait_for_ever_is_stopped_by_time() -> None:
    """The error says why, and shows the timeline."""
    with simulate(longest="1h") as sim:
        job = sim.job("QUEUED")
        with pytest.raises(NeverEnds) as caught:
            job.wait_for_final_state()
    assert str(caught.value) == (
        "The code under test would have waited for ever: 1h of virtual time have passed.\n"
        f"job {job.job_id()}\n"
        "    0:00:00.00  poll             200 Queued  ×6,546 until 0:59:59.75\n"
        "If it may take that long, say simulate(longest=..., most_requests=...)."
    )


def test_code_that_would_ask_for_ever_is_stopped_by_requests() -> None:
    """A loop that never sleeps, over a job that never ends."""
    with simulate(most_requests=1000) as sim:
        job = sim.job("RUNNING")
        with pytest.raises(NeverEnds, match="it has made 1,000 requests"):
            while not job.done():
                pass


def test_code_that_swallows_the_stop_is_stopped_all_the_same() -> None:
    """`except Exception` in a loop does not keep a test running for ever."""
    swallowed = 0
    with pytest.raises(NeverEnds, match="200 requests"), simulate(most_requests=200) as sim:
        job = sim.job("RUNNING")
        while True:
            try:
                job.status()
            except Exception:
                swallowed += 1
    assert 0 < swallowed < 100


def test_the_stop_is_no_exception_so_that_nothing_catches_it_by_chance() -> None:
    """Like KeyboardInterrupt."""
    assert not issubclass(Stop, Exception)


def test_code_that_catches_everything_fails_at_the_end_of_the_simulation() -> None:
    """It has caught what no code should, and goes on as if nothing had happened."""

    def give_up_after_many(job: Any) -> None:
        for _ in range(60):
            with suppress(BaseException):
                while job.status() != "DONE":
                    time.sleep(3600)

    with pytest.raises(NeverEnds, match="1h of virtual time"), simulate(longest="1h") as sim:
        give_up_after_many(sim.job("QUEUED"))
