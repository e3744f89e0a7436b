"""The group of commands: each is imported when it is called, and an error ends in a message and a status."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

from qrtest.errors import QrtestError
from qrtest.extras import needed

with needed("cli"):
    import click

__all__ = ["COMMANDS", "group", "run"]

COMMANDS: Final = (
    "check",
    "convert",
    "demo",
    "diff",
    "doctor",
    "fidelity",
    "hunt",
    "init",
    "pin",
    "proxy",
    "record",
    "rescript",
    "serve",
    "show",
)
"""Each is a module of this folder with a function of the same name."""

FAILED: Final = 2
INTERRUPTED: Final = 130


class _ImportedWhenCalled(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command *cmd_name*, or None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"qrtest.cli.{cmd_name}"), cmd_name)
        return command


@click.group(
    cls=_ImportedWhenCalled,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="qrtest", prog_name="qrtest")
def group() -> None:
    """Record-replay testing for software that runs jobs on IBM Quantum.

    \b
    See it first, write a first test, then record a session of your own, look at it, and guard it in CI:
      qrtest demo
      qrtest init
      qrtest record cassettes/bell.yaml -- python bell.py
      qrtest show cassettes/bell.yaml
      qrtest check cassettes --tests tests

    \b
    What is asked for goes to stdout, everything else to stderr. Exit status:
      0    all is well
      1    something was found, by check, diff, doctor, fidelity, hunt or pin --check
      2    something was wrong with the call, or with a file
      130  it was interrupted
    That of `qrtest record` is the status of the program it runs.

    \b
    Where a machine would read there is --json. NO_COLOR turns colour off.
    For completion in your shell (bash; zsh and fish likewise) say
      eval "$(_QRTEST_COMPLETE=bash_source qrtest)"
    """


def run() -> int:
    """Run the command line and return its exit status; an error of qrtest is one message on stderr."""
    color = False if os.environ.get("NO_COLOR") else None
    try:
        status = group.main(prog_name="qrtest", standalone_mode=False, color=color)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("qrtest: interrupted", err=True)
        return INTERRUPTED
    except QrtestError as error:
        click.echo(f"qrtest: {error}", err=True)
        return FAILED
    return status if isinstance(status, int) else 0
