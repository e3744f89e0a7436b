"""A bug that needs an earlier call is reported as one, and the test to paste makes that call."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import qrtest
from qrtest.errors import ConsumerBug

STATEFUL = """
from qiskit.exceptions import QiskitError
from requests import RequestException

results = {}

def first_result(job):
    if not results:
        try:
            results["first"] = job.result(timeout=3600)
        except (QiskitError, RequestException, ValueError):
            return None
    return results["first"]
"""


def test_a_bug_that_needs_an_earlier_call_is_reported_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is pasted breaks the same rule in a fresh process, where the scenario alone would pass."""
    (tmp_path / "stateful_consumer.py").write_text(STATEFUL, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    consumer = importlib.import_module("stateful_consumer").first_result
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(consumer)
    assert "It passes when it starts afresh: results keeps something of an earlier call, so" in str(
        found.value
    )
    assert "scenarios=[Scenario('DONE'), Scenario('ERROR')]" in str(found.value)
