"""`qrtest pin`: what the installed client does, written down, and compared after an upgrade."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from qrtest.client import releases

__all__ = ["pin"]

ZONE = "<+0530>-5:30"
"""A fixed time zone that is not UTC, so that a date is read the same on every machine."""

CHANGED = 1


@click.command(short_help="Pin what the installed client does; say what an upgrade changed.")
@click.argument(
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default="cassettes/client.json",
    metavar="[FILE]",
)
@click.option("--check", is_flag=True, help="Compare with FILE instead of writing it.")
@click.pass_context
def pin(context: click.Context, path: Path, check: bool) -> None:
    """Write what the installed qiskit-ibm-runtime makes of every scenario to FILE (cassettes/client.json).

    Every method of a job is called in every scenario of the catalogue, and beside it typed values, errors of
    every method, lists, sessions and submissions are tried. With --check nothing is written: the calls that
    come to something else than in FILE are printed, and the exit status is 1 if there are any.

    \b
    Examples:
      qrtest pin
      qrtest pin --check
    """
    from qrtest.properties import pinned_client

    os.environ["TZ"] = ZONE
    if hasattr(time, "tzset"):
        time.tzset()
    installed = ".".join(map(str, releases.installed()))
    before = pinned_client.load(path) if check else None
    now = pinned_client.pinned()
    calls = sum(map(len, now.values()))
    if before is None:
        pinned_client.save(now, path)
        click.echo(f"{path}: {calls:,} calls of qiskit-ibm-runtime {installed} pinned", err=True)
        return
    release, pinned = before
    lines = list(pinned_client.changes(pinned, now))
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(f"{installed} does what {release} did, in {calls:,} calls", err=True)
        return
    changed = sum(not line.startswith(" ") for line in lines)
    click.echo(f"{installed} differs from {release} in {changed} of {len(now)} scenarios", err=True)
    context.exit(CHANGED)
