"""Every situation has a name, a sentence and a source; the pages say what running them shows."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from qiskit_ibm_runtime import Session

import qrtest
from qrtest import Scenario, scenarios

DOCS = Path(__file__).parents[2] / "docs"


def make_tables() -> Any:
    """docs/make_tables.py, as a module."""
    spec = importlib.util.spec_from_file_location("make_tables", DOCS / "make_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


TABLES = make_tables()


@pytest.mark.parametrize("scenario", scenarios.values(), ids=scenarios)
def test_a_situation_says_what_it_is_and_where_it_comes_from(scenario: Scenario) -> None:
    """One line of parametrize gives them all, each a whole sentence with its source."""
    assert scenarios[scenario.name] is scenario
    assert scenario.says.endswith((".", "?"))
    assert scenario.source


@pytest.mark.parametrize("scenario", scenarios.values(), ids=scenarios)
def test_a_situation_can_be_simulated(scenario: Scenario) -> None:
    """A wait with a timeout comes to an end in every situation, or is stopped with a report."""
    with qrtest.simulate() as sim:
        job = sim.job(scenario)
        try:
            job.result(timeout=3_600)
        except Exception as error:
            assert str(error)
        assert sim.journal.count("poll") > 0


def test_a_situation_that_is_not_there_is_named_with_the_nearest() -> None:
    """It is a KeyError, as of any mapping."""
    with pytest.raises(KeyError) as found:
        scenarios["cancel-looses-race"]
    assert isinstance(found.value, qrtest.QrtestError)
    assert str(found.value) == (
        "scenarios['cancel-looses-race']: there is no such scenario. Did you mean 'cancel-loses-race'? "
        "(All 38: https://qrtest.readthedocs.io/en/latest/catalogue.html)"
    )
    assert scenarios.get("cancel-looses-race") is None
    assert "cancel-looses-race" not in scenarios


def test_a_fault_on_submit_strikes_the_submission_of_the_next_job() -> None:
    """A scenario of the catalogue is whole under `next_job`, too."""
    assert TABLES.outcome(scenarios["quota-reached"]).endswith("jobs made: 0")
    assert TABLES.outcome(scenarios["post-5xx-duplicates-job"]).endswith("jobs made: 6")


@pytest.mark.parametrize("page", TABLES.PAGES)
def test_a_page_says_what_the_installed_release_does(page: str) -> None:
    """The column of the installed release is what running it gives; `make_tables.py` renews it."""
    run, _ = TABLES.PAGES[page]
    columns = TABLES.columns(page)
    if TABLES.installed() in columns:
        assert run() == columns[TABLES.installed()]
    else:
        assert set(run()) == set(next(iter(columns.values())))


@pytest.mark.parametrize("page", TABLES.PAGES)
def test_a_page_is_made_of_its_columns(page: str) -> None:
    """Nobody wrote on the page by hand."""
    _, show = TABLES.PAGES[page]
    assert (DOCS / f"{page}.md").read_text() == show(TABLES.columns(page))


@pytest.mark.parametrize(
    ("reason_code", "state"),
    [
        ("number", {"reason": "Ran too long", "reason_code": 1305}),
        ("text", {"reason": "Ran too long", "reason_code": "1305"}),
        ("alone", {"reason_code": 1305}),
    ],
)
def test_an_error_code_is_reported_in_three_ways(reason_code: str, state: dict[str, Any]) -> None:
    """As a number, as a text, and without the reason beside it."""
    with qrtest.simulate(reason_code=reason_code) as sim:
        sim.job("ERROR 1305").status()
        poll = next(iter(sim.journal))
    assert json.loads(poll.response.body)["state"] == {"status": "Cancelled", **state}


def test_a_fault_on_a_session_strikes_sessions_whichever_job_it_came_with() -> None:
    """A session is not the job's: its faults count from when the scenario is said."""
    assert TABLES.outcome(scenarios["session-close-404"]) == "`session.close()` None"
    with qrtest.simulate() as sim:
        sim.next_job(scenarios["session-close-404"])
        session = Session(backend=sim.service().backend("ibm_torino"))
        session.close()
        assert [entry.response.status for entry in sim.journal if entry.operation == "session"] == [
            200,
            404,
        ]
