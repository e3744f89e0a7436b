"""What the installed client does is pinned; what a later one does otherwise is said, call by call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from qiskit_ibm_runtime import RuntimeJobV2

import qrtest
from qrtest.cli.commands import group
from qrtest.errors import ScenarioError
from qrtest.properties import pinned_client
from qrtest.properties.pinned_programs import PROGRAMS


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One scenario and one program: all of them take a quarter of a minute."""
    scenario, name = "failed-reason-only-on-server", "texts of failures"
    monkeypatch.setattr(pinned_client, "scenarios", {scenario: qrtest.scenarios[scenario]})
    monkeypatch.setattr(pinned_client, "PROGRAMS", {name: PROGRAMS[name]})
    monkeypatch.setenv("TZ", "UTC")


def pin(*arguments: str, status: int = 0) -> str:
    """Return what `qrtest pin` prints."""
    result = CliRunner().invoke(group, ["pin", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_the_same_client_does_the_same(tmp_path: Path) -> None:
    """Two runs give the same file, and the second finds no change."""
    path = tmp_path / "client.json"
    pin(str(path))
    assert "does what" in pin("--check", str(path))


@pytest.mark.parametrize(
    ("method", "change", "line"),
    [
        ("cancelled", lambda self: True, "+ cancelled(): True"),
        ("logs", lambda self: None, "+ logs(): None"),
    ],
)
def test_a_change_of_the_client_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, change: object, line: str
) -> None:
    """The scenario, then the call as it was and as it is; the exit status says so, too."""
    path = tmp_path / "client.json"
    pin(str(path))
    monkeypatch.setattr(RuntimeJobV2, method, change)
    printed = pin("--check", str(path), status=1)
    assert printed.startswith("failed-reason-only-on-server\n")
    assert f"  {line}" in printed
    assert "in 1 of 2 scenarios" in printed


@pytest.mark.parametrize("text", ["{}", "[]", "no json", json.dumps({"qrtest-pin": 1, "found": 3})])
def test_another_file_is_an_error(tmp_path: Path, text: str) -> None:
    """The message names the file."""
    path = tmp_path / "client.json"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=r"client\.json"):
        pinned_client.load(path)
