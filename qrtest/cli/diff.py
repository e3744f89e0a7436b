"""`qrtest diff`: what a new recording says otherwise than an old one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from qrtest.cassette import store
from qrtest.cassette.compare import TIERS, differences

__all__ = ["diff"]


@click.command(short_help="Compare two cassettes.")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--tier",
    type=click.Choice(TIERS),
    default="value",
    show_default=True,
    help="Down to which tier: shape breaks programs, value is what fields say, volatile is noise.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def diff(before: Path, after: Path, tier: str, as_json: bool) -> None:
    """Show what AFTER says otherwise than BEFORE, and end with status 1 if there is anything.

    \b
    Examples:
      qrtest diff cassettes/bell.yaml fresh.yaml --tier shape
      qrtest diff cassettes/bell.yaml fresh.yaml --json
    """
    wanted = TIERS[: TIERS.index(tier) + 1]
    found = [
        each for each in differences(store.load(before), store.load(after)) if each.tier in wanted
    ]
    if as_json:
        click.echo(json.dumps([asdict(difference) for difference in found], indent=1))
    else:
        for difference in found:
            click.echo(str(difference))
    sys.exit(1 if found else 0)
