"""`qrtest check`: find what is wrong with cassettes. For CI."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from qrtest.cassette import checks, codec, store
from qrtest.cassette.checks import Finding
from qrtest.cli.progress import tracked
from qrtest.clock import duration as durations
from qrtest.errors import CassetteError, ScenarioError
from qrtest.playback.rehearsal import rehearsed
from qrtest.redaction import scan
from qrtest.redaction.allowlist import project_rules
from qrtest.scenario import scenario_file

__all__ = ["check"]


@click.command(short_help="Find secrets, cuts and gaps in cassettes.")
@click.argument("places", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--max-age", metavar="LENGTH", help="Complain about older ones, as 180d.")
@click.option(
    "--tests",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The directory of tests: find cassettes that no test wants.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(places: tuple[Path, ...], max_age: str | None, tests: Path | None, as_json: bool) -> None:
    """Check cassettes, files or whole directories, and end with status 1 if anything was found.

    \b
    Looked for: secrets, files that were cut, edited or are empty, answers that lack fields of the service,
    requests that a replay would not answer as they were recorded; with options also age, and cassettes that
    no test wants. A finding never shows what was found.
    Examples:
      qrtest check cassettes --max-age 180d --tests tests
      qrtest check cassettes --json | jq '.[].kind'
    """
    longest = None if max_age is None else durations.seconds(max_age)
    sources = (
        [] if tests is None else [(path, path.read_text("utf-8")) for path in tests.rglob("*.py")]
    )
    files = [file for place in places for file in store.files(place)]
    findings = {
        file: _findings(file, longest, sources, tests is not None)
        for file in tracked(files, "checking")
    }
    found = [(file, each) for file, several in findings.items() for each in several or ()]
    if as_json:
        rows = [{"file": str(file), "where": each.where, "kind": each.kind} for file, each in found]
        click.echo(json.dumps(rows, indent=1))
    else:
        for file, each in found:
            click.echo(f"{file}: {each}")
    checked = sum(several is not None for several in findings.values())
    click.echo(f"{checked} cassette(s), {len(found)} finding(s)", err=True)
    sys.exit(1 if found else 0)


def _findings(
    file: Path, longest: float | None, sources: list[tuple[Path, str]], wants_owner: bool
) -> list[Finding] | None:
    """Return what is wrong with the cassette *file*; None if it is a scenario beside cassettes."""
    try:
        text = store.read(file)
        cassette = codec.loads(text, name=str(file))
    except CassetteError as error:
        if _is_scenario(file):
            return None
        return [Finding(str(error).removeprefix(f"{file}: "), "the file")]
    found = [
        *scan.secrets(text, cassette, rules=project_rules(file)),
        *checks.emptiness(cassette),
        *checks.shapes(cassette),
        *(Finding(problem, "a replay") for problem in rehearsed(cassette)),
    ]
    if longest is not None:
        found += checks.age(cassette, longest_seconds=longest, now=datetime.now(UTC))
    if wants_owner:
        found += checks.ownership(file, sources)
    return found


def _is_scenario(file: Path) -> bool:
    """Return whether *file* is a scenario that check_consumer saved: these stand beside cassettes."""
    try:
        scenario_file.load_jobs(file)
    except (OSError, ScenarioError):
        return False
    return True
