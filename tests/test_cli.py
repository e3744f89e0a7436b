"""The command line, through its entry point."""

from __future__ import annotations

import subprocess
import sys

import pytest


def qrtest(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    command = [sys.executable, "-c", "from qrtest.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("transport", ["direct", "requests"])
def test_the_demo_plays_three_lives(transport: str) -> None:
    """With timelines and outcomes, from payloads of the real service, and nothing on stderr."""
    shown = qrtest("demo", "--transport", transport)
    assert (shown.returncode, shown.stderr) == (0, "")
    for expected in (
        "QUEUED 2h; RUNNING 30s; DONE",
        "×13,091 until 1:59:59.50",
        "PrimitiveResult, 4,096 shots",
        "RuntimeJobFailureError: 'Unable to retrieve job result. Error code 1500; Internal error.",
        "RuntimeJobMaxTimeoutError: 'Error code 1305; Ran too long'",
    ):
        assert expected in shown.stdout


def test_the_demo_is_the_same_every_time() -> None:
    """To the last letter."""
    assert qrtest("demo").stdout == qrtest("demo").stdout


def test_help_shows_the_commands_and_the_exit_status() -> None:
    """And each command has help of its own, with an example."""
    shown = qrtest("--help")
    assert shown.returncode == 0
    assert "demo" in shown.stdout
    assert "Exit status: 0" in shown.stdout
    assert "Example: qrtest demo" in qrtest("demo", "--help").stdout


def test_a_call_that_is_wrong_says_so_on_stderr() -> None:
    """With exit status 2 and nothing on stdout."""
    for wrong in (["dmeo"], ["demo", "--transport", "pigeon"]):
        shown = qrtest(*wrong)
        assert (shown.returncode, shown.stdout) == (2, "")
        assert shown.stderr


def test_the_version_is_that_of_the_package() -> None:
    """qrtest --version."""
    from importlib.metadata import version

    assert version("qrtest") in qrtest("--version").stdout
