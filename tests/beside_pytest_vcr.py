"""Beside pytest-vcr, which refuses to be loaded with pytest-recording: run by `nox -s beside_pytest_vcr`.

It stays out of the extra `test`, because pytest ends with an internal error wherever both are installed.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from benchmarks import cassettes
from tests.end_to_end.test_manners import Company, company

__all__ = ["company"]


def test_both_are_installed() -> None:
    """Otherwise the tests below would show nothing."""
    assert {"recording", "vcr"} <= entry_points(group="pytest11").names


def test_each_does_what_it_is_for(company: Company) -> None:
    """Their marker, fixture and option beside ours, in one test."""
    code = """
import pytest

@pytest.mark.vcr
@pytest.mark.qrtest(script="DONE")
def test_both(runtime_job, vcr):
    assert vcr is not None
    assert runtime_job().done()
"""
    company.run(code, "--vcr-record=none", beside="vcr").assert_outcomes(passed=2)


def test_the_benchmark_of_cassettes_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its suites of pytest-recording and of ours, each without the plugins that they do not need."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    rows = cassettes.as_a_test(tmp_path, polls=2).rows
    assert [row[0] for row in rows] == ["pytest-recording", "qrtest"]
