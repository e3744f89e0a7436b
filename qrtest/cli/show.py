"""`qrtest show`: a cassette or a scenario as a timeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import ScenarioError
from qrtest.redaction.redactor import Redactor, shown
from qrtest.scenario import scenario_file
from qrtest.scenario.scenario import Scenario
from qrtest.timeline import render
from qrtest.timeline.journal import summary
from qrtest.timeline.sources import timeline_of

__all__ = ["show"]


@click.command(short_help="Show a cassette or a scenario as a timeline.")
@click.argument("path", type=click.Path(path_type=Path), metavar="CASSETTE")
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write a picture, too."
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the interactions as JSON instead.")
def show(path: Path, svg: Path | None, html: Path | None, as_json: bool) -> None:
    """Show what happened to each job in a cassette, or will in a scenario file; a line an event.

    \b
    The columns: when, request, answer, how often and until when. The legend: https://qrtest.readthedocs.io/en/latest/timeline.html
    Examples:
      qrtest show cassettes/bell.yaml
      qrtest show cassettes/bell.yaml --svg bell.svg
      qrtest show cassettes/bell.yaml --json | jq '.[] | .answer'
    """
    found = _loaded(path)
    timeline = timeline_of(path)
    if as_json:
        if isinstance(found, tuple):
            raise click.UsageError("--json prints interactions, and a scenario has none.")
        click.echo(json.dumps([_data(each) for each in found.interactions], indent=1))
    else:
        click.echo(shown(f"{_title(path.name, found)}\n{timeline}"))
    if svg is not None:
        svg.write_text(render.svg(timeline), encoding="utf-8")
    if html is not None:
        html.write_text(render.html(timeline), encoding="utf-8")


def _loaded(path: Path) -> Cassette | tuple[Scenario, ...]:
    try:
        return scenario_file.load_jobs(path)
    except ScenarioError:
        return store.load(path)


def _title(name: str, found: Cassette | tuple[Scenario, ...]) -> str:
    if isinstance(found, tuple):
        return f"{name}: {', '.join(str(scenario.script) for scenario in found)}"
    origin = found.provenance
    if origin is None:
        return f"{name}: {len(found)} interactions, of another tool"
    about = Redactor(b"shown").text(
        ", ".join(filter(None, (origin.service, origin.client, origin.recorded)))
    )
    return f"{name}: {len(found)} interactions, {about}"


def _data(interaction: Interaction) -> dict[str, Any]:
    return {
        "at": interaction.at,
        "until": interaction.until,
        "repeat": interaction.repeat,
        "request": str(Redactor(b"shown").request(interaction.request)),
        "status": interaction.response.status,
        "answer": shown(summary(interaction.response)),
        "failure": interaction.response.failure,
    }
