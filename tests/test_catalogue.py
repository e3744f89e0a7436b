"""Every situation has a name, a sentence and a source; the pages say what running them shows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

import qrtest
from qrtest import Scenario, scenarios

DOCS = Path(__file__).parent.parent / "docs"


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
def test_a_situation_can_be_lived(scenario: Scenario) -> None:
    """A wait with a timeout comes to an end in every situation, or is stopped with a report."""
    with qrtest.simulate() as sim:
        job = sim.job(scenario)
        try:
            job.result(timeout=3_600)
        except Exception as error:
            assert str(error)
        assert sim.journal.count("poll") > 0


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
