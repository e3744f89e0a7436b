"""Sessions as decorators: unittest shows the timeline, and nothing stays when a test is over."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import unittest
from pathlib import Path

import pytest

import qrtest
from tests.recordings import JOB, short

PROGRAM = """
import asyncio, unittest
import qrtest


@qrtest.simulate(seed=3)
class Waits(unittest.TestCase):
    def setUp(self):
        self.job = self.sim.job("QUEUED 2h; DONE")

    def test_the_job_is_done(self):
        self.job.wait_for_final_state()
        self.assertEqual(self.job.status(), "DONE")
        self.assertGreater(self.sim.clock.now(), 7000)

    def test_time_begins_anew(self):
        self.assertEqual(self.sim.clock.now(), 0)

    def tearDown(self):
        self.job.status()

    def test_that_fails(self):
        self.assertEqual(self.job.status(), "DONE")


@qrtest.simulate()
class WaitsInALoop(unittest.IsolatedAsyncioTestCase):
    async def test_the_loop_waits_on_the_same_clock(self):
        job = self.sim.job("QUEUED 2h; DONE")
        while not job.in_final_state():
            await asyncio.sleep(30)
        self.assertGreater(self.sim.clock.now(), 7000)
"""


def test_unittest_runs_each_test_in_a_simulation_of_its_own(tmp_path: Path) -> None:
    """`python -m unittest` ends at once; the failure shows what happened to the job."""
    (tmp_path / "test_waits.py").write_text(PROGRAM)
    ran = subprocess.run(
        [sys.executable, "-m", "unittest", "test_waits"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Ran 4 tests" in ran.stderr
    assert "FAILED (failures=1)" in ran.stderr
    assert "AssertionError: 'QUEUED' != 'DONE'" in ran.stderr
    assert "qrtest timeline:\n" in ran.stderr
    assert "poll             200 Queued" in ran.stderr


def test_a_function_is_run_in_a_new_simulation_each_time() -> None:
    """As often as it is called; afterwards time is real."""

    @qrtest.simulate(seed=1)
    def hour() -> float:
        before = time.monotonic()
        time.sleep(3600)
        return time.monotonic() - before

    assert hour() == hour() == 3600


def test_a_coroutine_function_is_run_in_a_simulation() -> None:
    """Its waits are virtual, too."""

    @qrtest.simulate()
    async def hour() -> str:
        await asyncio.sleep(3600)
        return "done"

    start = time.perf_counter()
    assert asyncio.run(hour()) == "done"
    assert time.perf_counter() - start < 600


def test_a_replay_decorates_as_well() -> None:
    """A test case over a cassette: each test plays it from its beginning."""

    @qrtest.replay(short())
    class Polls(unittest.TestCase):
        sim: qrtest.Replay

        def test_first(self) -> None:
            assert self.sim.job().job_id() == JOB
            assert self.sim.job().status() == "QUEUED"

        test_again = test_first

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Polls).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])


def test_an_exception_carries_the_timeline_and_a_skip_does_not() -> None:
    """As a note, which every traceback of Python prints."""

    @qrtest.simulate()
    def fail(error: Exception) -> None:
        raise error

    with pytest.raises(KeyError) as failed:
        fail(KeyError("x"))
    assert failed.value.__notes__[0].startswith("qrtest timeline:")
    with pytest.raises(unittest.SkipTest) as skipped:
        fail(unittest.SkipTest("not today"))
    assert not hasattr(skipped.value, "__notes__")


def test_a_class_that_is_no_test_case_is_an_error_that_says_what_may_be_decorated() -> None:
    """Classes of tests for pytest have fixtures."""
    with pytest.raises(
        qrtest.errors.SimulationError, match=r"Plain cannot .* methods or a TestCase"
    ):

        @qrtest.simulate()
        class Plain:
            """No test case."""
