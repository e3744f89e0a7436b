"""`check_consumer`: what it says when it found something, and what it lets pass."""

from __future__ import annotations

import contextlib
import re
import time

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from qiskit_ibm_runtime.exceptions import RuntimeJobTimeoutError

import qrtest
from qrtest import Scenario, Script, done, queued
from qrtest import strategies as qst
from qrtest.errors import ConsumerBug, SimulationError, UnansweredRequest
from qrtest.properties import RULES, Rule

REPORT = """\
collect breaks the rule 'ends': it had not ended after 1d26.45s of virtual time and 2,878 requests, \
with a job 'ERROR'.

    test_consumer.py:52, in collect:
        time.sleep(30)

The rule is broken as well with the end CANCELLED.

What happened (virtual time, request, answer):

    job d5ari02iph6it600000g
        0:00:00.00  poll             200 Failed
        0:00:00.05  result           200

To paste into a test:

    import qrtest
    from qrtest import Scenario
    from tests.properties.test_consumer import collect


    def test_collect_ends():
        qrtest.check_consumer(collect, allowed=(LookupError,), scenarios=[Scenario('ERROR')])

    # What to do: A wait comes to an end, whatever the job does. Give the wait a limit, as in
    # job.result(timeout=3600), and count unknown statuses against it. If it may take that long, say
    # max_wait= or max_requests=."""


def collect(job):
    """Wait for ever for a job that did not complete."""
    while job.status() != "DONE":
        time.sleep(30)
    return job.result()


def found(*arguments, **options) -> ConsumerBug:
    """Return the bug that a check finds."""
    with pytest.raises(ConsumerBug) as caught:
        qrtest.check_consumer(*arguments, **options)
    return caught.value


def test_the_report_says_what_is_wrong_and_how_to_see_it_again() -> None:
    """One sentence, the line of the consumer, what happened, a whole test to paste, and what to do."""
    report = re.sub(
        r"1d[\d.]+s|[\d,]+ requests|py:\d+", "#", str(found(collect, allowed=LookupError))
    )
    assert report == re.sub(r"1d[\d.]+s|[\d,]+ requests|py:\d+", "#", REPORT)


def test_a_report_of_many_jobs_fits_a_screen_beside_the_test() -> None:
    """Those that went well are counted."""

    def forgets_them(jobs) -> None:
        for job in jobs:
            job.wait_for_final_state()
        raise LookupError

    report = str(found(forgets_them, jobs=20, scenarios=[Scenario("DONE")]))
    assert len(report.splitlines()) <= 33
    assert "... and 18 more jobs (18 DONE)" in report


def test_the_pasted_test_finds_the_bug() -> None:
    """What stands under "To paste into a test" is a test that fails for the same reason."""
    bug = found(collect, allowed=LookupError)
    pasted = str(bug).partition("To paste into a test:\n\n")[2]
    names: dict[str, object] = {}
    exec("\n".join(line[4:] for line in pasted.splitlines()), names)
    with pytest.raises(ConsumerBug, match="collect breaks the rule 'ends'"):
        names["test_collect_ends"]()  # type: ignore[operator]


def test_the_consumers_own_exception_is_kept_and_its_line_is_shown() -> None:
    """The report names the line that let it escape; the exception itself has its traceback."""

    def careless(job):
        return {"QUEUED": 1}[job.status()]

    bug = found(careless)
    assert isinstance(bug.error, KeyError)
    assert bug.error.__traceback__ is not None
    assert "it let KeyError escape, from line" in str(bug)
    assert '        return {"QUEUED": 1}[job.status()]' in str(bug).splitlines()


def test_a_project_adds_rules_of_its_own() -> None:
    """A rule is a value; the built-in ones can be dropped."""
    never_cancel = Rule(
        "never-cancel",
        "Jobs are not cancelled.",
        "Leave it.",
        lambda run: "it cancelled the job" if run.asked("cancel") else None,
    )

    def cancels(job):
        job.cancel()

    stuck = [Scenario("QUEUED")]
    assert found(cancels, rules=[*RULES, never_cancel], scenarios=stuck).rule == "never-cancel"
    qrtest.check_consumer(cancels, scenarios=stuck)


def test_a_rule_can_be_dropped() -> None:
    """Without the rule, what it forbids is allowed."""
    stuck = [Scenario("QUEUED")]
    qrtest.check_consumer(lambda job: {"00": 5}, rules=[], scenarios=stuck)
    assert found(lambda job: {"00": 5}, scenarios=stuck).rule == "no-result"


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_answer(seed: int) -> None:
    """Word for word."""
    settings = hypothesis.settings(database=None)
    drawn = qst.scenarios()
    first = found(collect, seed=seed, settings=settings, scenarios=drawn)
    assert str(found(collect, seed=seed, settings=settings, scenarios=drawn)) == str(first)


def test_what_was_found_is_kept_in_hypothesis_database() -> None:
    """The next run begins with it: one example is enough to find it again."""
    database = InMemoryExampleDatabase()
    settings = hypothesis.settings(database=database, max_examples=200)
    drawn = qst.scenarios(qst.scripts(endings=["DONE", "CANCELLED"]))
    bug = found(collect, settings=settings, scenarios=drawn)
    again = found(collect, settings=settings, scenarios=drawn, max_examples=1)
    assert again.scenario == bug.scenario


def test_a_strategy_narrows_the_search() -> None:
    """Scenarios that are not drawn cannot break it."""
    qrtest.check_consumer(
        collect, scenarios=qst.scenarios(qst.scripts(endings=["DONE"]), st.just(()))
    )


def test_explicit_scenarios_are_of_the_program_that_was_asked_for() -> None:
    """Where they do not say another one themselves."""
    own = Scenario("DONE", program_id="noise-learner")
    given = [Scenario("DONE"), own]
    programs: list[str] = []
    for scenarios in (given, st.sampled_from(given)):
        programs.clear()
        qrtest.check_consumer(
            lambda job: programs.append(job.primitive_id),
            scenarios=scenarios,
            program_id="estimator",
            max_examples=20,
        )
        assert set(programs) == {"estimator", "noise-learner"}


def test_a_consumer_may_take_the_simulation() -> None:
    """It then submits jobs itself."""

    def submit_nothing(sim):
        assert isinstance(sim, qrtest.Simulation)

    qrtest.check_consumer(submit_nothing, takes="simulation", scenarios=[Scenario("DONE")])


def test_a_consumer_that_behaves_differently_each_time_is_reported_all_the_same() -> None:
    """With the scenario that showed it, and with the note that it does not show each time."""
    turns = iter(range(1000))

    def moody(job):
        if next(turns) % 2:
            raise KeyError

    assert found(moody, scenarios=qst.scenarios()).rule == "escapes"


def test_what_the_simulation_cannot_answer_is_no_bug_of_the_consumer() -> None:
    """It is raised as what it is."""

    def asks_elsewhere(job):
        job._api_client._session.get("https://example.org/v1/other")

    with pytest.raises(UnansweredRequest):
        qrtest.check_consumer(asks_elsewhere, scenarios=[Scenario("DONE")])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"allowed": ("KeyError",)}, "is no exception class; write allowed="),
        ({"takes": "jobs"}, "there are 'job', 'service', 'simulation'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, message: str) -> None:
    """The message says what to write."""
    with pytest.raises(SimulationError, match=message):
        qrtest.check_consumer(collect, **options)


def test_a_wait_of_half_a_day_is_no_bug() -> None:
    """The client asks about twice a second: what it asks in `max_wait` is no reason to accuse anybody."""

    def wait(job):
        with contextlib.suppress(RuntimeJobTimeoutError):
            job.wait_for_final_state(timeout=12 * 3600)

    qrtest.check_consumer(wait, scenarios=[Scenario("QUEUED")])


def test_time_is_virtual() -> None:
    """A day of waiting takes no time, and no deadline of hypothesis is missed."""

    def patient(job):
        time.sleep(80_000)
        return job.status()

    settings = hypothesis.settings(deadline=1, max_examples=20)
    qrtest.check_consumer(
        patient, scenarios=st.just(Scenario(Script(queued("20h"), done()))), settings=settings
    )
