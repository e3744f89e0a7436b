"""`qrtest diff`: what a new recording says otherwise than an old one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qrtest.cassette import store
from qrtest.cassette.compare import TIERS, differences

__all__ = ["diff"]


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--tier",
    type=click.Choice(TIERS),
    default="value",
    show_default=True,
    help="Down to which tier: shape breaks programs, value is what fields say, volatile is noise.",
)
def diff(before: Path, after: Path, tier: str) -> None:
    """Show what AFTER says otherwise than BEFORE, and end with status 1 if there is anything.

    Example: qrtest diff cassettes/bell.yaml fresh.yaml --tier shape
    """
    wanted = TIERS[: TIERS.index(tier) + 1]
    found = [
        each for each in differences(store.load(before), store.load(after)) if each.tier in wanted
    ]
    for difference in found:
        click.echo(str(difference))
    sys.exit(1 if found else 0)
