"""The genuine job keeps what is promised, however it is asked; a project adds rules of its own."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

import qrtest
from qrtest import Scenario
from qrtest.errors import MachineFailed
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
    until_then = settings(max_examples=1_000, stateful_step_count=20, phases=[Phase.generate])
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


def _swallowed(genuine):
    def cancel(self) -> None:
        with contextlib.suppress(Exception):
            genuine(self)

    return cancel


def _without_tags(genuine):
    def update_tags(self, new_tags):
        return genuine(self, new_tags) if new_tags else list(self.tags)

    return update_tags


def _stale(genuine):
    def metrics(self):
        found = genuine(self)
        found["timestamps"].pop("finished", None)
        return found

    return metrics


def _for_ever(genuine):
    def wait(self, timeout=None, **options):
        return genuine(self, timeout=timeout or 5, **options)

    return wait


def _impatient(genuine):
    def status(self):
        found = genuine(self)
        return "CANCELLED" if found == "ERROR" else found

    return status


CHANGES = {
    "cancel": _swallowed,
    "update_tags": _without_tags,
    "metrics": _stale,
    "wait_for_final_state": _for_ever,
    "status": _impatient,
    "errored": lambda genuine: lambda self: genuine(self) or self.cancelled(),
    "error_message": lambda genuine: lambda self: (genuine(self) or "").partition(":")[0] or None,
    "logs": lambda genuine: lambda self: None,
    "result": lambda genuine: lambda self, **options: str(genuine(self, **options)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_client_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A method of the genuine class that does something else than before."""
    kind = qrtest.RuntimeJobV2
    monkeypatch.setattr(kind, name, CHANGES[name](getattr(kind, name)))
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the step raised
        run(JobMachine)


def test_the_test_to_paste_takes_the_same_steps() -> None:
    """By hand, with the failure of the same step."""

    class Mine(JobMachine):
        scenarios = st.just(Scenario("CANCELLED"))

        @rule()
        def never_over(self) -> None:
            assert not self.job.in_final_state()

    test = Mine.TestCase()
    with pytest.raises(MachineFailed) as found:
        test.runTest()
    assert found.value.step == "never_over"
    pasted = "\n".join(
        line[4:] for line in str(found.value).partition("To paste into a test:\n\n")[2].splitlines()
    )
    names: dict[str, object] = {"Mine": Mine}
    exec(pasted.replace("Mine = ...", "pass"), names)
    with pytest.raises(AssertionError):
        names["test_mine_never_over"]()  # type: ignore[operator]


def test_lives_is_an_older_name_of_scenarios() -> None:
    """What a subclass says by it is drawn."""

    class Older(JobMachine):
        lives = st.just(Scenario("ERROR"))

    assert Older.scenarios is Older.lives
