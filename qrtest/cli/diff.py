"""`qrtest diff`: what a new recording says otherwise than an old one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from qrtest.harness.drift import drift
from qrtest.playback.diff import TIERS, Tier

__all__ = ["diff"]


@click.command(short_help="Compare two cassettes.")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path), required=False)
@click.option(
    "--against",
    metavar="serve|CASSETTE",
    help="Ask qrtest's own service of today what was recorded, or compare with another cassette.",
)
@click.option(
    "--tier",
    type=click.Choice(TIERS),
    default="value",
    show_default=True,
    help="Down to which tier: shape breaks programs, value is what fields say, volatile is noise.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def diff(before: Path, after: Path | None, against: str | None, tier: Tier, as_json: bool) -> None:
    """Show what AFTER says otherwise than BEFORE, and end with status 1 if there is anything.

    With --against serve the requests of BEFORE are asked again of qrtest's own service: where the two
    differ in shape, one of them is not what the real service is by now.

    \b
    Examples:
      qrtest diff cassettes/bell.yaml fresh.yaml --tier shape
      qrtest diff cassettes/bell.yaml fresh.yaml --json
      qrtest diff cassettes/bell.yaml --against serve --tier shape
    """
    if (after is None) == (against is None):
        raise click.UsageError("Say what to compare with: AFTER, or --against serve.")
    found = drift(before, against if after is None else after, tier=tier)  # type: ignore[arg-type]  # one is said
    if as_json:
        click.echo(json.dumps([asdict(difference) for difference in found], indent=1))
    else:
        for difference in found:
            click.echo(str(difference))
    sys.exit(1 if found else 0)
