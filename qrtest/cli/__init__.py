"""The command line: stdout is data, stderr is talk, the exit status is the verdict."""

from __future__ import annotations

import sys

import click

from qrtest.cli.check import check
from qrtest.cli.convert import convert
from qrtest.cli.demo import demo
from qrtest.cli.diff import diff
from qrtest.cli.record import record
from qrtest.cli.show import show
from qrtest.errors import QrtestError

__all__ = ["main"]

FAILED = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="qrtest", prog_name="qrtest")
def commands() -> None:
    """Record-replay testing for software that runs jobs on IBM Quantum.

    \b
    Exit status: 0 all is well, 1 something was found, 2 something was wrong with the call.
    """


for command in (check, convert, demo, diff, record, show):
    commands.add_command(command)


def main() -> None:
    """Run the command line; an error of qrtest is one message on stderr and exit status 2."""
    try:
        commands(prog_name="qrtest")
    except QrtestError as error:
        click.echo(f"qrtest: {error}", err=True)
        sys.exit(FAILED)
