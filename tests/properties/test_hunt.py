"""A hunt finds, saves, goes on where it stopped, and says what was covered."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from qrtest.cli.commands import group
from qrtest.errors import ScenarioError, SettingError
from qrtest.properties import hunt as hunts
from qrtest.scenario import scenario_file

PROGRAM = """
import time

def collect(job):
    while job.status() != "DONE":
        time.sleep(30)
    return job.result()
"""


def test_a_hunt_finds_saves_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario file is beside the tests; the next call knows the rule, and counts on."""
    monkeypatch.chdir(tmp_path)
    Path("hunted_program.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(str(tmp_path))
    command = ["hunt", "hunted_program:collect", "--for", "1s", "--processes", "1"]
    result = CliRunner().invoke(group, command, catch_exceptions=False)
    assert result.exit_code == 1, result.output
    assert "collect breaks the rule 'ends'" in result.output
    assert "status coverage:" in result.output
    assert str(scenario_file.load(Path("cassettes/scenarios/collect-ends.yaml")).script) == "ERROR"
    [state] = Path(".qrtest-hunt").iterdir()
    before = hunts.Hunt.load(state)
    assert (before.rounds, list(before.found)) == (1, ["ends"])
    result = CliRunner().invoke(group, [*command[:-3], "0s"], catch_exceptions=False)
    assert "collect breaks the rule 'ends'" in result.output
    assert hunts.Hunt.load(state) == before


@pytest.mark.parametrize("target", ["json", "json:none", "no_such_module:f", "math:pi", ":"])
def test_a_target_that_is_none_is_an_error(target: str) -> None:
    """The message has the target."""
    with pytest.raises(SettingError, match=target):
        hunts.imported(target)


def test_a_state_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """The message says what to do."""
    path = tmp_path / "state.json"
    path.write_text("{}")
    with pytest.raises(ScenarioError, match="delete it"):
        hunts.Hunt.load(path)
