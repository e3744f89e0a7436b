"""What of a scenario does not matter is found by trying, and is no more than was tried."""

from __future__ import annotations

import re

import pytest

import qrtest
from qrtest import Scenario, faults
from qrtest.errors import ConsumerBug


def unimportant_to(consumer, scenario: Scenario) -> str:
    """Return what the report says may be otherwise, "" for nothing."""
    with pytest.raises(ConsumerBug) as bug:
        qrtest.check_consumer(consumer, scenarios=[scenario])
    found = re.search(r"The rule is broken as well with (.*?)\.\n\n", str(bug.value), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def test_what_a_consumer_does_not_look_at_does_not_matter() -> None:
    """It lets the error of a failed job escape, however long that waited; a job that is done has none."""
    found = unimportant_to(lambda job: job.result(), Scenario("QUEUED 1m; RUNNING 10s; ERROR 1500"))
    assert found == (
        "QUEUED for 0.5 or 3 times as long; RUNNING for 0.5 or 3 times as long; the end CANCELLED"
    )


def test_a_limit_of_the_consumer_matters() -> None:
    """A queue of half a minute is over before it gives up."""
    found = unimportant_to(lambda job: job.result(timeout=40), Scenario("QUEUED 1m; DONE"))
    assert found == "QUEUED for 3 times as long; the end ERROR or CANCELLED"


def test_another_error_of_the_service_may_matter() -> None:
    """It takes a 503 for no message, and nothing else."""

    def takes_one_for_none(job) -> str:
        try:
            return job.error_message() or ""
        except Exception as error:
            if "503" in str(error):
                return ""
            raise

    broken = Scenario("ERROR 1500", faults=[faults.status(500, on="result", times=None)])
    assert unimportant_to(takes_one_for_none, broken) == "a status 502 or 504"


def test_nothing_is_reported_where_everything_matters() -> None:
    """Only a job that is done is one that it spoils."""

    def spoils(job) -> None:
        if job.status() == "DONE":
            raise LookupError

    assert unimportant_to(spoils, Scenario("DONE")) == ""
