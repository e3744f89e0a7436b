"""`JobMachine`: hypothesis calls the methods of a genuine job in any order, beside a model of it.

The model is the script, the time, and whether the job was cancelled; what the job returns is compared with it
after every step. A project extends the machine with rules of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final, Self

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from qrtest import faults, strategies
from qrtest.errors import SimulationError
from qrtest.harness.simulate import Transport, simulate
from qrtest.lifecycle import transitions
from qrtest.lifecycle.step import UNKNOWN, Step
from qrtest.properties.job_machine_report import MOST_TIMELINE_LINES, TestCase, last_timeline
from qrtest.properties.returned_data import marks_of
from qrtest.scenario.scenario import Scenario

__all__ = ["JobMachine"]

SUCCESS: Final = 200
CLAIMS: Final = {
    "done": transitions.DONE,
    "errored": transitions.ERROR,
    "cancelled": transitions.CANCELLED,
    "running": transitions.RUNNING,
}
ERROR_OF: Final = {
    transitions.ERROR: ("RuntimeJobFailureError", "RuntimeJobMaxTimeoutError"),
    transitions.CANCELLED: ("RuntimeInvalidStateError",),
}
ONE_POLL_SECONDS: Final = 1.0
HICCUPS: Final = (
    faults.status(503, on="poll"),
    faults.drop(on="poll"),
    faults.slow("1s", on="poll"),
    faults.status(502, on="poll", times=2),
)
"""Faults that the client survives by itself: what it returns must not change for them."""

CANCEL_FAILS: Final = faults.status(500, on="cancel", times=None)
"""A fault that the client must report: the job goes on, and is not taken for cancelled."""


class JobMachine(RuleBasedStateMachine):
    """A job in a simulation of its own, whose methods are called in any order.

    `scenarios` draws its scenario, `transport` carries its requests; both may be replaced in a subclass.
    Rules of a subclass find the job at `self.job` and the simulation at `self.sim`. `lives` is an older
    name of `scenarios`.

    >>> class TestMine(JobMachine.TestCase):
    ...     '''Run by pytest and unittest alike.'''
    """

    scenarios: ClassVar[st.SearchStrategy[Scenario]] = strategies.scenarios(
        strategies.scripts(longest="10m"),
        st.just(()) | st.sampled_from((*HICCUPS, CANCEL_FAILS)).map(lambda fault: (fault,)),
    )
    transport: ClassVar[Transport] = "direct"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "lives" in vars(cls):
            cls.scenarios = vars(cls)["lives"]
        if not isinstance(cls.scenarios, st.SearchStrategy):
            raise SimulationError(
                f"{cls.__name__}.scenarios = {cls.scenarios!r}: give a strategy that draws scenarios, as "
                "just(Scenario('QUEUED 5s; DONE'))."
            )

    TestCase = TestCase()

    @classmethod
    @contextmanager
    def on(cls, scenario: Scenario) -> Iterator[Self]:
        """Return a machine with a job of *scenario*, to take its steps by hand.

        >>> with JobMachine.on(Scenario("DONE")) as state:
        ...     state.ask_status()
        """
        machine = cls()
        machine.begin(scenario)
        try:
            yield machine
        finally:
            machine.teardown()

    def __init__(self) -> None:
        super().__init__()
        self.sim: Any = None
        self.job: Any = None
        self.end: str | None = None
        self.was_cancelled = False
        self.cancel_fails = False
        self.job_id = ""
        self.result: Any = None

    @initialize(data=st.data())
    def submit(self, data: st.DataObject) -> None:
        """Begin a simulation with a job."""
        self.begin(data.draw(self.scenarios, label="the job"))

    def begin(self, scenario: Scenario) -> None:
        """Begin a simulation with a job of *scenario*."""
        self.sim = simulate(transport=self.transport)
        self.sim.__enter__()
        self.job = self.sim.job(scenario)
        self.job_id = self.job.job_id()
        self.cancel_fails = any(fault.on == "cancel" for fault in scenario.faults)

    def teardown(self) -> None:
        """End the simulation."""
        if self.sim is not None:
            self.sim.__exit__(None, None, None)
            last_timeline[type(self)] = self.sim.journal.timeline(lines=MOST_TIMELINE_LINES)

    # --- what is done -----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.5, 1.0, 5.0, 60.0, 600.0)))
    def time_passes(self, seconds: float) -> None:
        """Let time pass without a request."""
        self.sim.clock.sleep(seconds)

    @rule()
    def ask_status(self) -> None:
        """Compare status() with the script; once final, it stays what it was."""
        before = self._true_statuses()
        status = self.job.status()
        possible = before | self._true_statuses()
        assert status in possible, f"status() returned {status}, the job was {before}"

    @rule(claim=st.sampled_from(tuple(CLAIMS)))
    def ask_claim(self, claim: str) -> None:
        """Compare done(), errored(), cancelled() and running() with the status."""
        before = self._true_statuses()
        claimed = getattr(self.job, claim)()
        possible = {CLAIMS[claim] == status for status in before | self._true_statuses()}
        assert claimed in possible, f"{claim}() returned {claimed}, the job was {before}"

    @rule()
    def ask_error_message(self) -> None:
        """Expect a message of a failed job, and of no other."""
        before = self._true_statuses()
        message = self.job.error_message()
        if message is None:
            assert before != {transitions.ERROR}, "error_message() of a failed job returned None"
        else:
            assert self.job.status() == transitions.ERROR, (
                f"error_message() returned {message!r}, the job has not failed"
            )
            reason = self._step().reason or ""
            assert reason in message, f"error_message() returned {message!r} without {reason!r}"

    @rule()
    def cancel(self) -> None:
        """Expect a job that has ended to refuse, and any other to be cancelled."""
        had_ended = self._step().is_final
        rejected = _raised(self.job.cancel)
        if self.cancel_fails:
            assert rejected is not None, "cancel() swallowed an error of the service"
            assert _is(rejected, "IBMRuntimeError"), f"cancel() raised {rejected!r}"
        elif rejected is None:
            assert not had_ended, "cancel() of a job that had ended was not refused"
            self.was_cancelled = True
        else:
            assert _is(rejected, "RuntimeInvalidStateError"), f"cancel() raised {rejected!r}"
            assert self._step().is_final, "a job that had not ended could not be cancelled"

    @rule(tags=st.lists(st.sampled_from(("a", "b", "c")), unique=True))
    def update_tags(self, tags: list[str]) -> None:
        """Expect the tags to be replaced."""
        returned = self.job.update_tags(tags)
        assert sorted(returned) == sorted(self.job.tags) == sorted(tags), f"tags: {self.job.tags}"

    @rule()
    def ask_metrics(self) -> None:
        """Expect timestamps in their order, and of the end when there was one."""
        had_ended = self._step().is_final
        times = self.job.metrics()["timestamps"]
        names = [name for name in ("created", "running", "finished") if times.get(name)]
        known = [datetime.fromisoformat(times[name]) for name in names]
        assert known == sorted(known), f"timestamps {times}"
        assert times.get("finished") or not had_ended, f"no time of the end in {times}"

    @rule()
    def ask_what_stays(self) -> None:
        """Expect id, session and logs to be what they are."""
        assert self.job.job_id() == self.job_id
        assert self.job.session_id is None
        assert isinstance(self.job.logs(), str)

    @rule(timeout=st.sampled_from((1, 10, 100)))
    def wait(self, timeout: int) -> None:
        """Expect a wait to end with the job, or with a timeout that is off by one poll at most."""
        self._wait(timeout)

    @rule()
    def wait_no_time(self) -> None:
        """Expect a timeout of 0 to be one, and no wait without a limit."""
        self._wait(0)

    def _wait(self, timeout: int) -> None:
        began = self.sim.clock.now()
        error = _raised(partial(self.job.wait_for_final_state, timeout=timeout))
        if error is None:
            assert self._step().is_final
        else:
            assert _is(error, "RuntimeJobTimeoutError"), f"the wait raised {error!r}"
            late = self.sim.clock.now() - began - timeout
            assert 0 <= late <= ONE_POLL_SECONDS + self._retries(began), f"late by {late} s"

    @rule()
    def take_result(self) -> None:
        """Expect a result of a job that is done, and an error for one that ended otherwise."""
        results: list[Any] = []
        error = _raised(lambda: results.append(self.job.result(timeout=ONE_POLL_SECONDS)))
        if error is None:
            assert self.job.status() == transitions.DONE
            [result] = results
            assert not isinstance(result, str | None), f"result() returned {result!r}"
            marks = marks_of(result)
            assert self.result in (None, marks), "result() returned another result than before"
            self.result = marks
        elif not _is(error, "RuntimeJobTimeoutError"):
            wanted = ERROR_OF.get(self.job.status(), ())
            assert _is(error, *wanted), f"result() raised {error!r}"

    # --- what always holds ------------------------------------------------------------------------

    @precondition(lambda self: self.job is not None)
    @invariant()
    def a_final_status_never_changes(self) -> None:
        """Compare a final status with what it was when it was first seen."""
        if self.end is not None:
            assert self.job.status() == self.end
        elif self._step().is_final:
            self.end = self.job.status()
            assert self.end in transitions.FINAL

    @precondition(lambda self: self.end is not None)
    @invariant()
    def ends_exclude_each_other(self) -> None:
        """Expect exactly one of done, errored and cancelled of a job that has ended."""
        claims = [self.job.done(), self.job.errored(), self.job.cancelled()]
        assert claims.count(True) == 1
        assert self.job.in_final_state()

    # --- the model --------------------------------------------------------------------------------

    def _step(self) -> Step:
        step: Step = self.sim.truth(self.job.job_id()).step
        return step

    def _true_statuses(self) -> set[str]:
        """Return the statuses that a client may report now."""
        step = self._step()
        if self.end is not None:
            return {self.end}
        if self.was_cancelled:
            return {transitions.CANCELLED}
        if step.status == UNKNOWN:
            return {str(step.says).upper()}
        return {step.status}

    def _retries(self, began: float) -> float:
        """Return how much later than one poll the client's retries and slow answers since *began* may be."""
        since = [entry for entry in self.sim.journal if entry.until >= began]
        failed = [entry for entry in since if entry.response.status != SUCCESS]
        slow = sum(entry.response.delay or 0.0 for entry in since)
        return float(slow + sum(entry.until - entry.at + 2 for entry in failed))


def _raised(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def _is(error: Exception, *names: str) -> bool:
    """Return whether *error* is of one of the client's classes *names*, or derived from one."""
    return any(kind.__name__ in names for kind in type(error).__mro__)
