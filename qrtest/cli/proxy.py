"""`qrtest proxy`: records and replays what programs in any language ask."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qrtest.cli.programs import started

if TYPE_CHECKING:
    from qrtest.harness.proxy import Proxy

__all__ = ["proxy"]

UNANSWERED = 1
DIRECTIONS = """\
qrtest {what} by an HTTP proxy on {url}

programs use it, and trust its certificate while it runs, with
{environment}

Programs that read other settings need the proxy {url}
and the certificate {authority}. Ctrl-C or SIGTERM ends it{saves}.
"""


@click.command(
    context_settings={"ignore_unknown_options": True},
    short_help="Record or replay programs of any language.",
)
@click.option(
    "--record", "recorded", type=click.Path(dir_okay=False, path_type=Path), metavar="CASSETTE"
)
@click.option("--replay", "replayed", type=click.Path(path_type=Path), metavar="CASSETTE")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", default=0, help="Where to listen; 0, the default, is a free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Whom to listen to.")
@click.option(
    "--mode",
    type=click.Choice(["once", "new_episodes", "all", "rewrite"]),
    help="Of a recording, as in qrtest.record; rewrite, the default, records everything anew.",
)
@click.option(
    "--pace",
    type=click.Choice(["recorded", "polls", "instant"]),
    help="Of a replay: by the number of polls (the default), the recorded time (with --script), or at once.",
)
@click.option("--keep-failed", is_flag=True, help="Of a recording: save although COMMAND failed.")
@click.option("--clock", help="Of a replay: real (the default), virtual, or as 60x.")
@click.option("--script", help="Of a replay: another script for the recorded job.")
@click.option(
    "--ignore", multiple=True, help="A query parameter or JSON field that does not count."
)
@click.option(
    "--authority",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the certificate is, while it runs, that programs have to trust.  [default: a temporary file]",
)
@click.option(
    "--upstream-authority",
    type=click.Path(exists=True, dir_okay=False),
    help="Of a recording: certificates to trust the real hosts by, instead of the usual ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Say where it is in one line of JSON.")
def proxy(
    recorded: Path | None,
    replayed: Path | None,
    command: tuple[str, ...],
    as_json: bool,
    keep_failed: bool,
    **options: Any,
) -> None:
    """Record or replay what programs of any language ask, by an HTTP proxy.

    \b
    With COMMAND, runs it with the variables that point it at the proxy; the exit status is its own. Without,
    prints them, and serves until Ctrl-C or SIGTERM. A recording is saved at the end, without secrets, unless
    COMMAND failed.
    The exit status of a replay is 1 if something was asked that is not in the cassette.
    Examples:
      qrtest proxy --record cassettes/bell.yaml -- cargo run
      qrtest proxy --replay cassettes/bell.yaml --pace polls -- node bell.mjs
      qrtest proxy --record cassettes/bell.yaml --port 8766
    """
    from qrtest.harness.proxy import proxy as proxied

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    if recorded is not None and replayed is not None:
        raise click.UsageError("A proxy either records or replays: --record or --replay, not both.")
    given = {name: value for name, value in options.items() if value not in (None, ())}
    status = 0
    with proxied(record=recorded, replay=replayed, note=_note, **given) as running:
        try:
            if command:
                status = _run(command, running)
                if status and not keep_failed and running.recording is not None:
                    running.recording.discard()
            else:
                click.echo(_line(running) if as_json else _directions(running))
                running.wait()
        except KeyboardInterrupt:
            click.echo("qrtest: stopped.", err=True)
    if status and not keep_failed and running.recording is not None:
        click.echo(
            f"qrtest: the program ended with status {status}: {recorded} was not saved.", err=True
        )
    elif running.recording is not None:
        click.echo(f"qrtest: recorded {recorded}.", err=True)
    elif running.unanswered:
        click.echo(f"qrtest: {len(running.unanswered)} request(s) were not recorded.", err=True)
        status = status or UNANSWERED
    sys.exit(status)


def _run(command: tuple[str, ...], running: Proxy) -> int:
    with started(command, {**os.environ, **running.environment}) as process:
        try:
            return process.wait()
        finally:
            process.terminate()


def _note(line: str) -> None:
    click.echo(f"qrtest: {line}", err=True)


def _line(running: Proxy) -> str:
    about = {"url": running.url, "authority": str(running.authority.absolute()), "pid": os.getpid()}
    return json.dumps({**about, "environment": running.environment})


def _directions(running: Proxy) -> str:
    names = running.environment.items()
    return DIRECTIONS.format(
        what="replays" if running.recording is None else "records",
        url=running.url,
        environment="\n".join(f"  export {name}={shlex.quote(value)}" for name, value in names),
        authority=running.authority.absolute(),
        saves="" if running.recording is None else ", and saves the cassette",
    )
