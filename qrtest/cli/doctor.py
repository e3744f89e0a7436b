"""`qrtest doctor`: report what is installed, where settings come from, and what looks wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from qrtest.cli.diagnosis import FOLDER, Diagnosis, diagnose

__all__ = ["doctor"]


@click.command(short_help="Report what is installed, and what looks wrong.")
@click.argument(
    "project", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--strict", is_flag=True, help="End with status 1 for warnings, too.")
@click.option(
    "--release",
    metavar="VERSION|PATH",
    help="Say what that release of the client changed instead.",
)
def doctor(project: Path, as_json: bool, strict: bool, release: str | None) -> None:
    """Print what is installed, what is supported, and where PROJECT's settings and cassettes come from.

    \b
    What looks wrong comes last, with what to do: releases, plugins that quarrel, settings, and variables
    that would leak an API key. The exit status is 1 then. A variable that holds an API key, as
    QISKIT_IBM_TOKEN does, is a warning: status 0, unless with --strict. Secret values are not shown.

    \b
    With --release it reads the sources of a release of qiskit-ibm-runtime, without installing it: what
    qrtest relies on and the release does not have (status 1, unless it is one that qrtest knows), and what
    is other than in the installed one.
    Examples:
      qrtest doctor
      qrtest doctor --strict
      qrtest doctor --json | jq .problems
      qrtest doctor --release 0.52.0
    """
    if release is not None:
        _report_release(release, as_json=as_json)
        return
    found = diagnose(project, os.environ)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        click.echo("\n".join(_lines(found)))
    sys.exit(1 if found.problems or (strict and found.warnings) else 0)


def _report_release(release: str, *, as_json: bool) -> None:
    """Print what a release of the client changed, and end with status 1 if something is missing."""
    from qrtest.cli.release_sources import installed_sources, sources
    from qrtest.client import release_changes, release_facts

    with sources(release) as folder:
        facts = release_facts.read(folder)
    installed = installed_sources()
    before = None if installed is None else release_facts.read(installed)
    problems = list(release_changes.problems(facts))
    changes = [] if before is None else list(release_changes.changes(before, facts))
    known = None if before is None else before.version
    if as_json:
        found = {"release": facts.version, "problems": problems, "than": known, "changes": changes}
        click.echo(json.dumps(found, indent=1))
    else:
        click.echo(
            f"qiskit-ibm-runtime {facts.version}\n\nwhat qrtest relies on and it does not have"
        )
        click.echo("\n".join(f"  {problem}" for problem in problems or ["nothing"]))
        if known is not None:
            click.echo(f"\nwhat is other than in the installed {known}")
            click.echo("\n".join(f"  {change}" for change in changes or ["nothing"]))
    sys.exit(1 if problems else 0)


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"Python {found.python}; supported: {found.supported}"
    yield "\ninstalled"
    yield from (f"  {name:<20} {number or '-'}" for name, number in found.installed.items())
    yield "\nextras"
    for extra, missing in found.extras.items():
        lacking = f"without {', '.join(missing)}: pip install 'qrtest[{extra}]'"
        yield f"  {extra:<20} {lacking if missing else 'all of it'}"
    yield "\nconfiguration"
    yield from (f"  {file}: {settings}" for file, settings in found.configuration.items())
    yield from (f"  {name}={value} (environment)" for name, value in found.environment.items())
    if not found.configuration and not found.environment:
        yield "  none: all as by default"
    yield "\ncassettes"
    yield from (f"  {folder}: {count} file(s)" for folder, count in found.cassettes.items())
    if not found.cassettes:
        yield f"  none: there is no folder {FOLDER}"
    if found.warnings:
        yield "\nwarnings"
        yield from (f"  {warning}" for warning in found.warnings)
    yield "\nproblems"
    yield from (f"  {problem}" for problem in found.problems or ("none",))
