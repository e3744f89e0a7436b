"""`qrtest hunt`: a long search for what breaks a consumer, on all cores, that goes on where it stopped."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from qrtest.clock import duration as durations
from qrtest.extras import needed

if TYPE_CHECKING:
    from qrtest.properties.hunt import Hunt, Progress

__all__ = ["hunt"]

SOMETHING_FOUND: Final = 1
UNFIT: Final = re.compile(r"[^A-Za-z0-9_.-]+")
TAKES: Final = ("job", "service", "simulation", "session")


@click.command(short_help="Search for what breaks a consumer, for as long as you like.")
@click.argument("target", metavar="MODULE:FUNCTION")
@click.option("--for", "length", default="10m", show_default=True, metavar="TIME", help="How long.")
@click.option(
    "--takes",
    type=click.Choice(TAKES),
    default="job",
    show_default=True,
    help="What the function is called with.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many jobs."
)
@click.option(
    "--allowed",
    multiple=True,
    metavar="EXCEPTION",
    help="An exception that may leave it; again for more.",
)
@click.option("--max-wait", default="24h", show_default=True, help="Virtual time it gets.")
@click.option(
    "--processes", type=click.IntRange(min=1), default=None, help="All cores, unless given."
)
@click.option(
    "--saved",
    type=click.Path(file_okay=False, path_type=Path),
    default="cassettes/scenarios",
    show_default=True,
    help="Where scenario files go.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=".qrtest-hunt",
    show_default=True,
    help="Where a hunt is kept, to go on.",
)
@click.pass_context
def hunt(
    context: click.Context,
    target: str,
    length: str,
    takes: str,
    jobs: int,
    allowed: tuple[str, ...],
    max_wait: str,
    processes: int | None,
    saved: Path,
    state: Path,
) -> None:
    """Search for scenarios in which MODULE:FUNCTION breaks a rule, on all cores, for some time.

    What is found is printed and saved as scenario files, which check_consumer tries first in every
    later run. The same call again goes on where the last one stopped. At the end stands what the
    function has met of statuses, transitions, endings and faults, and what it never met. Exit status 1:
    a rule is broken.

    \b
    Examples:
      qrtest hunt mylib.waiting:collect --for 10m
      qrtest hunt mylib.waiting:collect --allowed RuntimeJobFailureError --allowed TimeoutError
    """
    from qrtest.properties import hunt as hunts

    seconds = durations.seconds(length)
    options: dict[str, Any] = {
        "takes": takes,
        "jobs": jobs,
        "allowed": allowed,
        "max_wait": max_wait,
    }
    path = state / f"{UNFIT.sub('-', target)}.json"
    with _bar(seconds, target) as on_progress:
        found = hunts.hunt(
            target,
            seconds=seconds,
            state=path,
            saved=saved,
            options=options,
            processes=processes or os.cpu_count() or 1,
            on_progress=on_progress,
        )
    for line in hunts.lines_of(found):
        click.echo(line)
    if found.found:
        context.exit(SOMETHING_FOUND)


@contextmanager
def _bar(seconds: float, what: str) -> Iterator[Progress]:
    """Yield what shows how far a hunt is: a bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _hunt, _seconds: None
        return
    with needed("cli"):
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[seen]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=seconds, seen="")

        def show(current: Hunt, spent: float) -> None:
            seen = f"{current.runs:,} runs, {current.coverage.percent:.0f} % seen, {len(current.found)} found"
            bar.update(task, completed=min(spent, seconds), seen=seen)

        yield show
