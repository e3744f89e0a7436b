"""The page about mutants says what the run left behind."""

from __future__ import annotations

import json
from pathlib import Path

from docs import make_quality
from docs.make_quality import Survivor, outcomes, sample, survivors, table

MUTATED = """\
def x_wait__mutmut_orig(most):
    limit = most or 60
    return limit > 5

def x_wait__mutmut_1(most):
    limit = most and 60
    return limit > 5

def x_wait__mutmut_2(most):
    limit = most or 60
    return limit >= 5
"""
SPANS = {"x_wait__mutmut_orig": [1, 3], "x_wait__mutmut_1": [5, 7], "x_wait__mutmut_2": [9, 11]}


def left_behind(folder: Path, *codes: int | None) -> Path:
    """Return a folder as mutmut leaves it, of one module with as many mutants as *codes*."""
    (folder / "qrtest" / "lifecycle").mkdir(parents=True)
    module = folder / "qrtest" / "lifecycle" / "script.py"
    module.write_text(MUTATED)
    by_mutant = {
        f"qrtest.lifecycle.script.x_wait__mutmut_{at}": code for at, code in enumerate(codes, 1)
    }
    module.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": by_mutant}))
    module.with_suffix(".py.spans").write_text(json.dumps({"spans": SPANS}))
    return folder


def test_each_outcome_is_counted(tmp_path: Path) -> None:
    """A share is of those that were tried; a run that was stopped has noticed nothing."""
    found = outcomes(left_behind(tmp_path, 1, 0, 37, -24, 33, None))
    row = "| `qrtest.lifecycle.script` | sample | 6 | 1 | 1 | 1 | 1 | 1 | 1 | 40 % |"
    assert row in table(found).splitlines()


def test_a_survivor_is_shown_as_the_change_that_it_is(tmp_path: Path) -> None:
    """The lines before and after, and the function as it is written."""
    found = outcomes(left_behind(tmp_path, 1, 0))
    change = Survivor("qrtest.lifecycle.script.wait", "return limit > 5", "return limit >= 5")
    assert list(survivors(found, tmp_path)) == [change]


def test_the_sample_is_always_the_same_one() -> None:
    """Of each module that is not tried whole, one mutant in so many."""
    found = {
        module: {f"x_wait__mutmut_{at}": "not run" for at in range(80)}
        for module in (make_quality.WHOLE[0], "qrtest.service.jobs")
    }
    names = list(sample(found))
    assert names == list(sample(found))
    assert len(names) == 80 / make_quality.EVERY
    assert {name.rpartition(".")[0] for name in names} == {"qrtest.service.jobs"}
