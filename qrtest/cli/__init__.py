"""The command line: stdout is data, stderr is talk, the exit status is the verdict."""

from __future__ import annotations

import os
import sys

import click

from qrtest.cli.check import check
from qrtest.cli.convert import convert
from qrtest.cli.demo import demo
from qrtest.cli.diff import diff
from qrtest.cli.doctor import doctor
from qrtest.cli.record import record
from qrtest.cli.rescript import rescript
from qrtest.cli.serve import serve
from qrtest.cli.show import show
from qrtest.errors import QrtestError

__all__ = ["main"]

FAILED = 2
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="qrtest", prog_name="qrtest")
def commands() -> None:
    """Record-replay testing for software that runs jobs on IBM Quantum.

    \b
    See it first, then record a session of your own, look at it, and guard it in CI:
      qrtest demo
      qrtest record cassettes/bell.yaml -- python bell.py
      qrtest show cassettes/bell.yaml
      qrtest check cassettes --tests tests

    \b
    What is asked for goes to stdout, everything else to stderr. Exit status:
      0    all is well
      1    something was found, by check, diff or doctor
      2    something was wrong with the call, or with a file
      130  it was interrupted
    That of `qrtest record` is the status of the program it runs.

    \b
    Where a machine would read there is --json. NO_COLOR turns colour off.
    For completion in your shell (bash; zsh and fish likewise) say
      eval "$(_QRTEST_COMPLETE=bash_source qrtest)"
    """


for command in (check, convert, demo, diff, doctor, record, rescript, serve, show):
    commands.add_command(command)


def main() -> None:
    """Run the command line; an error of qrtest is one message on stderr and exit status 2."""
    color = False if os.environ.get("NO_COLOR") else None
    try:
        status = commands.main(prog_name="qrtest", standalone_mode=False, color=color)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        click.echo("qrtest: interrupted", err=True)
        status = INTERRUPTED
    except QrtestError as error:
        click.echo(f"qrtest: {error}", err=True)
        status = FAILED
    sys.exit(status if isinstance(status, int) else 0)
