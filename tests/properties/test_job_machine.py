"""The genuine job keeps what is promised, however it is asked; a project adds rules of its own."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from qrtest import Scenario
from qrtest.properties import JobMachine

TestDirect = JobMachine.TestCase
TestDirect.settings = settings(max_examples=40, stateful_step_count=20)


class OverRequests(JobMachine):
    """The same, with the whole client."""

    transport = "requests"


TestRequests = OverRequests.TestCase
TestRequests.settings = settings(max_examples=10, stateful_step_count=15)


def run(machine: type[JobMachine]) -> None:
    """Run a machine until its first failure."""
    until_then = settings(max_examples=300, stateful_step_count=20, phases=[Phase.generate])
    run_state_machine_as_test(machine, settings=until_then)


def test_a_project_adds_rules() -> None:
    """A rule of a subclass is mixed with the built-in ones, and its failure is found."""

    class Mine(JobMachine):
        scenarios = st.just(Scenario("RUNNING 5s; DONE"))

        @rule()
        def never_done(self) -> None:
            assert self.job.status() != "DONE"

    with pytest.raises(AssertionError):
        run(Mine)


def test_a_status_that_changes_after_the_end_is_found() -> None:
    """A job that takes back that it was done breaks an invariant."""

    class Forgetful(JobMachine):
        scenarios = st.just(Scenario("DONE"))

        @rule()
        def forget(self) -> None:
            self.job.status = lambda: "RUNNING"

    with pytest.raises(AssertionError):
        run(Forgetful)


def test_a_timeout_that_is_kept_badly_is_found() -> None:
    """A wait that takes a minute longer than it may is no wait of a genuine job."""

    class Late(JobMachine):
        lives = st.just(Scenario("QUEUED"))

        @rule()
        def slow_down(self) -> None:
            wait = type(self.job).wait_for_final_state

            def late(*arguments: object, **options: object) -> None:
                self.sim.clock.sleep(60)
                wait(self.job, *arguments, **options)

            self.job.wait_for_final_state = late

    with pytest.raises(AssertionError):
        run(Late)
