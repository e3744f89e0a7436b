"""The command line: stdout is data, stderr is talk, the exit status is the verdict."""

from __future__ import annotations

import sys

from qrtest.errors import MissingDependency

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from qrtest.cli.commands import run
    except MissingDependency as error:
        sys.stderr.write(f"qrtest: {error}\n")
        sys.exit(2)
    sys.exit(run())
