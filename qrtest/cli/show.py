"""`qrtest show`: a cassette as a timeline."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qrtest import duration as durations
from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.cassette.redact import Redactor
from qrtest.wire import payloads

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]

WIDTH = 110


@click.command(short_help="Show a cassette, a line an exchange.")
@click.argument("cassette", type=click.Path(path_type=Path))
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write a picture, too."
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the exchanges as JSON instead.")
def show(cassette: Path, svg: Path | None, html: Path | None, as_json: bool) -> None:
    """Show what a cassette holds, a line an exchange.

    \b
    The columns: when, request, answer, how often and until when.
    Examples:
      qrtest show cassettes/bell.yaml
      qrtest show cassettes/bell.yaml --svg bell.svg
      qrtest show cassettes/bell.yaml --json | jq '.[] | .answer'
    """
    found = store.load(cassette)
    console = _drawn(cassette.name, found)
    if as_json:
        click.echo(json.dumps([_data(each) for each in found.interactions], indent=1))
    else:
        click.echo(console.export_text(clear=False), nl=False)
    if svg is not None:
        svg.write_text(console.export_svg(title=cassette.name, clear=False), encoding="utf-8")
    if html is not None:
        html.write_text(console.export_html(clear=False), encoding="utf-8")


def _drawn(name: str, cassette: Cassette) -> Console:
    from rich.console import Console
    from rich.table import Table

    console = Console(record=True, file=io.StringIO(), width=WIDTH)
    console.print(_title(name, cassette), highlight=False)
    table = Table.grid(padding=(0, 2))
    for number in range(4):
        table.add_column(justify="right" if number == 0 else "left", overflow="fold")
    for interaction in cassette.interactions:
        table.add_row(*_row(interaction), style=_style(interaction))
    console.print(table)
    return console


def _title(name: str, cassette: Cassette) -> str:
    origin = cassette.provenance
    if origin is None:
        return f"{name}: {len(cassette)} exchanges, of another tool"
    about = ", ".join(filter(None, (origin.service, origin.client, origin.recorded)))
    return f"{name}: {len(cassette)} exchanges, {about}"


def _row(interaction: Interaction) -> tuple[str, str, str, str]:
    when = "" if interaction.at is None else durations.text(round(interaction.at, 3))
    often = ""
    if interaction.repeat > 1:
        often = f"×{interaction.repeat:,}"
        if interaction.until is not None:
            often += f" until {durations.text(round(interaction.until, 3))}"
    request = Redactor(b"shown").request(interaction.request)
    return when, str(request), payloads.summary(interaction.response), often


def _data(interaction: Interaction) -> dict[str, Any]:
    return {
        "at": interaction.at,
        "until": interaction.until,
        "repeat": interaction.repeat,
        "request": str(Redactor(b"shown").request(interaction.request)),
        "status": interaction.response.status,
        "answer": payloads.summary(interaction.response),
        "failure": interaction.response.failure,
    }


def _style(interaction: Interaction) -> str:
    if interaction.response.failure is not None or interaction.response.status >= 500:
        return "red"
    return "yellow" if interaction.response.status >= 400 else ""
