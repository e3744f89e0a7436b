"""`qrtest record`: run a Python program and record what it asks."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from qrtest.cli.programs import started
from qrtest.cli.progress import titled
from qrtest.errors import RecordingError
from qrtest.harness.child_environment import with_injected
from qrtest.harness.record import PENDING

__all__ = ["record"]

TICK_SECONDS = 0.2
"""How often the count in the title of the terminal is renewed."""


@click.command(
    context_settings={"ignore_unknown_options": True},
    short_help="Run a program and record what it asks.",
)
@click.argument("cassette", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--keep-failed", is_flag=True, help="Save although the program failed.")
def record(cassette: Path, command: tuple[str, ...], keep_failed: bool) -> None:
    """Run COMMAND, a Python program, and record what its HTTP clients send.

    \b
    The first Python process that starts is recorded; in a Python without qrtest it is not started. The
    cassette is saved when the program ends with status 0, whole, without secrets. The exit status is the
    program's. While it runs, the title of the terminal counts the requests.
    Examples:
      qrtest record cassettes/bell.yaml -- python bell.py
      qrtest record cassettes/bell.yaml -- python -m pytest tests/test_bell.py
    """
    from qrtest.cassette import store

    with store.held(cassette), tempfile.TemporaryDirectory() as folder:
        pending = cassette.with_name(f"{PENDING}{cassette.name}")
        _make_way(pending)
        claim = Path(folder) / "claim"
        try:
            status = _run(command, pending, claim)
            _settle(cassette, pending, status, keep_failed=keep_failed, was_recorded=claim.exists())
        finally:
            pending.unlink(missing_ok=True)
    sys.exit(status)


def _make_way(pending: Path) -> None:
    """Remove what a killed recorder left at *pending*. Raises `RecordingError` for what is no file."""
    try:
        pending.unlink(missing_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{pending} is in the way, where a recording is kept until it is whole: {error.strerror}. "
            "Move it elsewhere."
        ) from None


def _run(command: tuple[str, ...], pending: Path, claim: Path) -> int:
    environment = with_injected(
        QRTEST_RECORDING=str(pending.absolute()),
        QRTEST_CLAIM=str(claim),
        QRTEST_PYTHON=sys.executable,
    )
    with started(command, environment) as process, titled() as title:
        try:
            while True:
                try:
                    return process.wait(TICK_SECONDS)
                except subprocess.TimeoutExpired:
                    title(f"qrtest: {_count(claim):,} request(s) recorded")
        finally:
            process.kill()


def _count(claim: Path) -> int:
    """Return how many requests were recorded: the program writes a byte for each to *claim*."""
    return claim.stat().st_size if claim.exists() else 0


def _settle(
    cassette: Path, pending: Path, status: int, *, keep_failed: bool, was_recorded: bool
) -> None:
    if status and not keep_failed:
        click.echo(
            f"qrtest: the program ended with status {status}: {cassette} was not saved.", err=True
        )
    elif not pending.exists() and was_recorded:
        raise RecordingError(f"{cassette} was not saved: the reason stands above.")
    elif not pending.exists():
        raise RecordingError(
            f"{cassette} was not saved: no Python program was recorded. COMMAND has to start Python with "
            "qrtest installed, and to end by itself."
        )
    else:
        pending.replace(cassette)
        click.echo(f"qrtest: recorded {cassette}.", err=True)
