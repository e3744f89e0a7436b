"""Writes docs/commands.md from the command line's own help. Run: python -m docs.make_commands"""

from __future__ import annotations

from pathlib import Path

import click

from qrtest.cli.commands import COMMANDS, group

PAGE = Path(__file__).parent / "commands.md"
WIDTH = 80
HEAD = """# The command line

This page is the commands' own help, written by `python -m docs.make_commands`; a test compares the two.
"""


def shown(command: click.Command, path: str) -> str:
    """Return the help of *command*, as a terminal shows it."""
    context = click.Context(
        command, info_name=path, terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    return f"```text\n{command.get_help(context)}\n```\n"


def page() -> str:
    """Return the whole page."""
    sections = [HEAD, shown(group, "qrtest")]
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        sections += [f"## qrtest {name}\n", shown(command, f"qrtest {name}")]
    return "\n".join(sections)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
