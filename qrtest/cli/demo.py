"""`qrtest demo`: three scripts for one job, made of captured payloads, through the genuine class."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import click

from qrtest import Scenario, Script, done, queued, ran_too_long, running, simulate

__all__ = ["demo"]

CAPTURED = "qrtest.captured"
RESULT = "result-sampler-v2.json"
FAILED_JOB = "job-failed-1500.json"


@click.command(short_help="Play three scripts for one job.")
@click.option(
    "--transport",
    type=click.Choice(["direct", "requests"]),
    default="direct",
    show_default=True,
    help="How requests reach the simulated service.",
)
@click.option("--queue", default="2h", show_default=True, help="How long the job waits its turn.")
def demo(transport: Any, queue: str) -> None:
    """Play three scripts for one job, made of answers captured from the real service.

    \b
    The job is an instance of the installed RuntimeJobV2. Its two-hour queue takes no time.
    Examples:
      qrtest demo
      qrtest demo --transport requests --queue 10m
    """
    folder = files(CAPTURED)
    with as_file(folder / RESULT) as result, as_file(folder / FAILED_JOB) as failed_job:
        good = Scenario(Script(queued(queue), running("30s"), done()), result=result)
        captured = Scenario.from_info(failed_job)
        died = Scenario(
            Script(queued(queue), running("3s"), captured.script.end), program_id="estimator"
        )
        _play("a good run, with a result captured from the real service", good, transport)
        _play("a captured failure, code 1500", died, transport)
        late = Scenario(Script(queued("1m"), running("10m"), ran_too_long()))
        _play("ran longer than its max_execution_time of ten minutes", late, transport)


def _play(title: str, scenario: Scenario, transport: Any) -> None:
    with simulate(transport=transport) as sim:
        job = sim.job(scenario)
        click.secho(f"{title}: {scenario.script}", bold=True)
        try:
            outcome = _shown(job.result())
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        click.echo(sim.journal.timeline())
        click.echo(f"  result() of {_genuine(job)}: {outcome}\n")


def _genuine(job: Any) -> str:
    """Return the name of the genuine class that *job* is an instance of."""
    return next(
        f"{each.__module__}.{each.__name__}"
        for each in type(job).__mro__
        if not each.__module__.startswith("qrtest.")
    )


def _shown(result: Any) -> str:
    counts = result[0].data.meas.get_counts()
    most = sorted(counts.items(), key=lambda entry: -entry[1])[:3]
    shots = sum(counts.values())
    return f"{type(result).__name__}, {shots:,} shots, most often {most}"
