"""Versions of the API: what a new one needs, and that nothing else knows of them."""

from __future__ import annotations

import pytest

from qrtest import Scenario
from qrtest.service import api_versions
from tests.asking import Asking

NEXT = "2099-01-01"


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> str:
    """A version that is entered in the table, as one to come would be."""
    monkeypatch.setattr(api_versions, "VERSIONS", (*api_versions.VERSIONS, NEXT))
    return NEXT


def test_a_version_that_is_not_in_the_table_is_refused() -> None:
    """With code 1002, and the versions that are."""
    ask = Asking()
    ask.version = NEXT
    answer = ask("GET", "/backends")
    assert (answer.status, answer.code) == (400, 1002)
    assert api_versions.newest() in answer.body["errors"][0]["solution"]


def test_a_version_added_to_the_table_is_listed_and_answered(next_version: str) -> None:
    """As the only live one, in the form of the version before it."""
    ask = Asking("RUNNING 1s; DONE")
    newest_before = ask.version
    job_id = ask.submit()
    ask.clock.sleep(60)
    before = ask("GET", f"/jobs/{job_id}/metrics").body
    ask.version = next_version
    assert ask("GET", f"/jobs/{job_id}/metrics").body == before
    *old, live = ask("GET", "/versions").body["versions"]
    assert live == {"version": next_version, "status": "live"}
    assert {entry["status"] for entry in old} == {"deprecated"}
    assert newest_before in {entry["version"] for entry in old}


def test_a_threshold_moved_to_a_new_version_changes_answers_from_it_on(
    next_version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The serializer compares with the constant of the table and has none of its own."""
    monkeypatch.setattr(api_versions, "CHARGE_TIME", next_version)
    ask = Asking("DONE")
    job_id = ask.submit()
    ask.clock.sleep(60)
    assert "seconds" in ask("GET", f"/jobs/{job_id}").body["usage"]
    ask.version = next_version
    assert "qpu_charge_time_seconds" in ask("GET", f"/jobs/{job_id}").body["usage"]


def test_a_scenario_is_recorded_in_the_newest_version(next_version: str) -> None:
    """A cassette that is written from a script asks as a client of that version would."""
    cassette = Scenario("DONE").to_cassette()
    versions = {each.request.header(api_versions.HEADER) for each in cassette.interactions}
    assert versions == {next_version}
