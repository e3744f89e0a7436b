"""`qrtest rescript`: recordings in which a job goes through another scenario."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from qrtest.advice import choices
from qrtest.cassette import store
from qrtest.cli.progress import tracked
from qrtest.errors import ScenarioError
from qrtest.playback import rescript as rescripting
from qrtest.playback.recorded_jobs import RecordedJob, jobs_in
from qrtest.scenario.as_recording import recorded_job_of, save_sanitized
from qrtest.scenario.scenario import Scenario

__all__ = ["rescript"]


@click.command(short_help="Give a recorded job another scenario.")
@click.argument("cassettes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--script", metavar="SCRIPT", help="A whole script: 'QUEUED 6h; RUNNING 30s; ERROR 1500'."
)
@click.option(
    "--ends", metavar="STEP", help="How it ends: 'ERROR 1500', CANCELLED; or QUEUED, for ever."
)
@click.option("--queue", metavar="LENGTH", help="How long it waits, as 6h.")
@click.option("--run", metavar="LENGTH", help="How long it runs.")
@click.option("--job", "job_id", metavar="ID", help="Which job, if there are several.")
@click.option("--every-job", is_flag=True, help="All jobs of the recording.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path),
    help="The cassette to write; of several, the directory to write them to.",
)  # fmt: skip
def rescript(
    cassettes: tuple[Path, ...],
    job_id: str | None,
    every_job: bool,
    output: Path,
    **changes: str | None,
) -> None:
    """Give recorded jobs another scenario, and write what a recording of that would hold.

    \b
    The job keeps its facts: inputs, backend, tags, and its result if it still has one. Timestamps, usage,
    logs and the interactions after its end follow the new script. What is written says that it was scripted.
    Examples:
      qrtest rescript cassettes/bell.yaml --ends "ERROR 1500" --queue 6h -o cassettes/failed.yaml
      qrtest rescript cassettes/bell.yaml --ends QUEUED -o cassettes/for-ever.yaml
      qrtest rescript cassettes/*.yaml --every-job --ends CANCELLED -o cassettes/cancelled
    """
    given = _given(changes)
    if every_job and job_id is not None:
        raise click.UsageError("Give --job or --every-job, not both.")
    targets = _targets(cassettes, output)
    for cassette in tracked(cassettes, "rescripting"):
        found = store.load(cassette)
        recorded = jobs_in(found)
        chosen = recorded if every_job else _chosen(recorded, job_id, cassette)
        for name, job in chosen.items():
            scenario = Scenario.of_job(job).but(**given)
            # Those before it have moved what followed them.
            before = jobs_in(found)[name]
            found = rescripting.rescripted(found, recorded_job_of(scenario, before))
            click.echo(f"{job.scenario.script}\n  becomes\n{scenario.script}", file=sys.stderr)
        save_sanitized(found, targets[cassette])
        click.echo(targets[cassette], file=sys.stdout)


def _targets(cassettes: tuple[Path, ...], output: Path) -> dict[Path, Path]:
    """Return the file that each is written to; no recording is written over, and no two go to one file."""
    into = len(cassettes) > 1 or output.is_dir()
    targets = {each: output / each.name if into else output for each in cassettes}
    if len(set(targets.values())) < len(targets):
        raise click.UsageError(f"Two of them have one name: write them to {output} one by one.")
    for cassette, target in targets.items():
        if target.absolute() == cassette.absolute():
            raise click.UsageError(f"{cassette} would be written over: give another --output.")
    return targets


def _chosen(
    known: Mapping[str, RecordedJob], job_id: str | None, name: Path
) -> Mapping[str, RecordedJob]:
    if job_id is None and len(known) == 1:
        return known
    if job_id is None or job_id not in known:
        problem = "has not exactly one job" if job_id is None else f"has no job {job_id!r}"
        jobs = choices(job_id or "", known, f"qrtest show {name}")
        raise ScenarioError(f"{name} {problem}. {jobs} Say which with --job, or --every-job.")
    return {job_id: known[job_id]}


def _given(changes: Mapping[str, str | None]) -> dict[str, Any]:
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise click.UsageError("Say what is to be otherwise: --script, --ends, --queue or --run.")
    return given
