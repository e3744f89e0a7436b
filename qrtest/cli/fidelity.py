"""`qrtest fidelity`: whether a service behaves as the simulated one assumes that the real one does."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from qrtest.clock import duration
from qrtest.errors import QrtestError, SettingError

if TYPE_CHECKING:
    from qrtest.fidelity.lab import Lab

__all__ = ["fidelity"]

REAL: Final = "real"


@click.command(short_help="Check what is assumed of the real service.")
@click.option("--against", required=True, metavar="real|URL", help="The service to check.")
@click.option("--instance", help="The CRN or the name of the instance to spend from.")
@click.option("--backend", help="The backend to use; the one with the shortest queue otherwise.")
@click.option("--budget", metavar="LENGTH", help="QPU time that all jobs together may take.")
@click.option("--patience", default="1h", show_default=True, help="How long to wait for queues.")
@click.option("--poll", default="2s", show_default=True, help="Between two looks at a job.")
@click.option(
    "--cassette",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("fidelity.yaml"),
    show_default=True,
    help="Where the answers are recorded, without secrets.",
)
@click.option("--yes", is_flag=True, help="Do not ask before anything is submitted.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
def fidelity(against: str, cassette: Path, yes: bool, as_json: bool, **options: Any) -> None:
    """Check one by one what the simulated service assumes of the real one, on an account of yours.

    \b
    "real" is IBM Quantum with the saved account, an address is a server of `qrtest serve`. It submits jobs
    of one circuit and one shot, each with a bound of 10 s, and deletes them again. First it says what it
    would do and how much of the plan that may take, and asks; nothing has been submitted then. Printed is
    which assumption held, fell, or could not be checked; the exit status is 1 if one fell.
    Examples:
      qrtest fidelity --against real --budget 1m
      qrtest fidelity --against http://127.0.0.1:8765 --yes
    """
    from qrtest.fidelity import canary
    from qrtest.harness.record import record

    poll, patience = (duration.seconds(options[name]) for name in ("poll", "patience"))
    budget = options["budget"]
    seconds = float(canary.most_seconds()) if budget is None else duration.seconds(budget)
    instance = options["instance"]
    with record(cassette, keep_on_error=True) as recording:
        try:
            lab = _lab(against, instance, poll=poll, patience=patience, budget=seconds)
            lab.backend = canary.chosen_backend(lab, options["backend"])
            _state(lab, against)
            if not yes:
                click.confirm("Go on?", abort=True, err=True)
        except BaseException:
            recording.discard()
            raise
        left = canary.run(lab)
    _conclude(lab, cassette, left, as_json=as_json)


def _lab(against: str, instance: str | None, **options: Any) -> Lab:
    """Return what the checks ask by: the genuine client of the service."""
    from qrtest.client.connect import connect
    from qrtest.client.runtime_service import saved_service
    from qrtest.fidelity.lab import Lab

    if against == REAL:
        try:
            service = saved_service(instance)
        except QrtestError:
            raise
        except Exception as error:
            raise SettingError(
                f"The saved account cannot be used: {type(error).__name__}: {error}. Save one with "
                "QiskitRuntimeService.save_account(), and name its instance with --instance."
            ) from None
    elif against.startswith(("http://", "https://")):
        service = connect(against, instance=instance)
    else:
        raise SettingError(f"--against {against}: there are 'real' and the address of a server.")
    return Lab(service, backend="", say=_note, **options)


def _note(line: str) -> None:
    click.echo(f"qrtest: {line}", err=True)


def _state(lab: Lab, against: str) -> None:
    """Say what will be done, and what it may take, on stderr."""
    from qrtest.fidelity import canary

    remaining = canary.remaining_seconds(lab)
    if remaining is not None and remaining < lab.budget:
        lab.budget = max(0.0, remaining)
    _note(f"against {against}, on {lab.backend}, it will")
    for line in canary.plan():
        click.echo(f"  {line}", err=True)
    known = "the instance does not say what is left" if remaining is None else f"{remaining:.0f} s"
    _note(
        f"the jobs may take {lab.budget:.0f} s of QPU time in all; left of the plan: {known}. One of them "
        "has no bound of its own, because the bound that the service gives it is looked at; it is "
        "cancelled at once. Nothing has been submitted so far."
    )


def _conclude(lab: Lab, cassette: Path, left: list[str], *, as_json: bool) -> None:
    """Print the verdicts, and end with the status that they come to."""
    from qrtest.fidelity import canary

    verdicts = list(canary.report(lab))
    if as_json:
        click.echo(json.dumps([asdict(verdict) for verdict, _ in verdicts], indent=1))
    else:
        for _, line in verdicts:
            click.echo(line)
    count = Counter(verdict.outcome for verdict, _ in verdicts)
    _note(
        f"of {len(verdicts)} assumptions {count['held']} held, {count['fell']} fell, "
        f"{count['not checked']} could not be checked; {lab.spent:.0f} s of QPU time were taken. "
        f"The answers are in {cassette}."
    )
    for job in left:
        _note(f"this job is still there: {job}")
    sys.exit(1 if count["fell"] else 0)
