"""The newest release beside the genuine RuntimeJobV2 of 0.29.1: one trace, but for what the client changed.

Not part of the suite: it needs release 0.29.1 in an environment of its own, whose interpreter
QRTEST_DOCUMENTED_PYTHON names. `nox -s "release(0.29.1)" differential` makes it and runs this.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Scenario, faults
from qrtest.scenario import scenario_file
from tests.client_changes import CHANGES, Change, Seen
from tests.client_trace import CALLS, trace
from tests.drawn_scripts import WHEN, kinds, scripts

pytestmark = pytest.mark.filterwarnings("ignore:.*was removed from RuntimeJobV2:DeprecationWarning")

OF_A_CHANGE = ("instance", "result([Upper])")
"""Calls that are different by themselves: each has its case in CHANGES."""

OPERATIONS = [
    "any",
    "poll",
    "result",
    "cancel",
    "logs",
    "metrics",
    "tags",
    "interim_results",
    "stream",
]
FAULTS = WHEN.flatmap(
    lambda when: st.sampled_from(OPERATIONS).flatmap(lambda on: kinds({**when, "on": on}))
) | st.builds(
    faults.break_stream,
    st.sampled_from([None, 1000, 1001, 1011, 4001]),
    messages=st.integers(0, 3),
    after=st.integers(0, 2),
    times=st.integers(1, 3),
)


class Documented:
    """The genuine RuntimeJobV2 of 0.29.1, in its own environment."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [os.environ["QRTEST_DOCUMENTED_PYTHON"], "-m", "tests.client_trace"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )

    def trace(self, case: Mapping[str, Any]) -> list[Seen]:
        """Return what it makes of *case*."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        return [Seen(*each) for each in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def documented() -> Iterator[Documented]:
    """The other end of the comparison."""
    process = Documented()
    yield process
    process.close()


def differences(old: list[Seen], new: list[Seen]) -> list[tuple[Seen, Seen]]:
    """Return where the two are not alike."""
    assert [each.call for each in old] == [each.call for each in new]
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


def newest(case: Mapping[str, Any]) -> list[Seen]:
    """Return what qrtest.RuntimeJobV2 makes of *case* under the installed release."""
    return [Seen(*each) for each in json.loads(json.dumps(trace(case, genuine=False)))]


@given(
    script=scripts(),
    plan=st.lists(FAULTS, max_size=3),
    calls=st.lists(st.sampled_from(sorted(set(CALLS) - set(OF_A_CHANGE))), min_size=1, max_size=6),
)
def test_the_documented_surface_is_the_same(
    documented: Documented, script: Any, plan: list[faults.Fault], calls: list[str]
) -> None:
    """Values, exceptions, texts, virtual times and requests: equal, or explained by a listed change.

    In a session, where both ask as often.
    """
    scenario = Scenario(script, faults=plan, params={"a": 1}, tags=["t"])
    case = {"scenario": scenario_file.written(scenario), "session_id": "s", "calls": calls}
    of_a_poll = [change for change in CHANGES if change.name != "poll interval"]
    for old, new in differences(documented.trace(case), newest(case)):
        assert any(change.explains(old, new) for change in of_a_poll), f"{old}\n{new}"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_listed_change_is_seen(documented: Documented, change: Change) -> None:
    """It is there, and it alone explains what is different in its case."""
    found = differences(documented.trace(change.case), newest(change.case))
    assert found
    for old, new in found:
        explained_by = [each.name for each in CHANGES if each.explains(old, new)]
        assert explained_by == [change.name], f"{old}\n{new}"
