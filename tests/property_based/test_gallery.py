"""Each bug of the gallery is found and shrunk; no right consumer is accused.

The numbers of examples are those that the project promises; with `--hypothesis-profile=thorough`
the right ones go through 2,000 scenarios each.
"""

from __future__ import annotations

import pytest

import qrtest
from qrtest import Scenario, faults
from qrtest.errors import ConsumerBug
from qrtest.properties import RULES
from tests.gallery import BUGS, RIGHT, GaveUp


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found_and_shrunk(name: str) -> None:
    """Within 200 examples, down to three steps and one fault, under the rule that it breaks."""
    bug = BUGS[name]
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(bug.consumer, allowed=GaveUp, max_examples=200, **bug.options)
    scenarios = found.value.scenario
    assert found.value.rule == bug.rule
    for scenario in scenarios if isinstance(scenarios, tuple) else (scenarios,):
        assert len(scenario.script) <= 3
        assert len(scenario.faults) <= 1


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_consumer_is_not_accused(name: str) -> None:
    """In as many scenarios as the profile says; those that take a service, in seven."""
    qrtest.check_consumer(RIGHT[name].consumer, **{"allowed": GaveUp, **RIGHT[name].options})


def test_a_job_that_was_given_up_while_it_ran_is_no_lost_result() -> None:
    """Its limit was over a second before the job was; only then another one failed."""
    scenarios = ("DONE", "QUEUED 1h; RUNNING 1s; DONE", "QUEUED 1h; RUNNING 1s; ERROR")
    right = RIGHT["keeps_the_failures"]
    qrtest.check_consumer(
        right.consumer, allowed=GaveUp, scenarios=[tuple(map(Scenario, scenarios))], **right.options
    )


def test_logs_that_are_the_same_page_as_the_result_are_no_undecoded_result() -> None:
    """A proxy answered both with its page: what is returned may well be the logs."""
    page = Scenario("ERROR", faults=[faults.html(on="result"), faults.html(on="logs")])
    right = RIGHT["the_logs_or_why_not"]
    qrtest.check_consumer(right.consumer, allowed=GaveUp, scenarios=[page], **right.options)
    with pytest.raises(ConsumerBug, match="an answer that could not be decoded"):
        qrtest.check_consumer(
            lambda job: job._api_client.job_results(job.job_id()), scenarios=[page]
        )


def test_the_gallery_is_as_large_as_promised() -> None:
    """At least 25 bugs and 60 right consumers."""
    assert len(BUGS) >= 25
    assert len(RIGHT) >= 60


def test_every_rule_has_a_consumer_that_breaks_it() -> None:
    """No rule is there that nothing was seen to break."""
    assert {bug.rule for bug in BUGS.values()} == {rule.name for rule in RULES}


@pytest.mark.parametrize("name", ["waits_for_done_only", "hands_on_whatever_result_returns"])
def test_the_scenario_that_was_found_shows_the_bug_again(name: str) -> None:
    """What is pasted fails in the same way."""
    bug = BUGS[name]
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(bug.consumer, allowed=GaveUp)
    with pytest.raises(ConsumerBug) as again:
        qrtest.check_consumer(bug.consumer, allowed=GaveUp, scenarios=[found.value.scenario])
    assert again.value.scenario == found.value.scenario
    assert again.value.rule == found.value.rule


def test_a_scenario_that_breaks_nothing_is_passed_over() -> None:
    """Scenarios may be given one by one: each is tried as it is."""
    scenarios = [Scenario("DONE"), Scenario("QUEUED 5s; DONE")]
    qrtest.check_consumer(BUGS["waits_for_done_only"].consumer, scenarios=scenarios)
