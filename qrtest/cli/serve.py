"""`qrtest serve`: the simulated service on a port, for any client in any language."""

from __future__ import annotations

import importlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from qrtest.harness.serve import Server

__all__ = ["serve"]

ANSWERING: Final = (
    "qrtest.client.backend_snapshots",
    "qrtest.client.circuit_checks",
    "qrtest.client.circuit_limits",
    "qrtest.client.computing_process",
    "qrtest.client.fitted_results",
    "qrtest.client.result_encoder",
    "qrtest.timeline.render",
)
"""Modules that the server needs for some requests only, with all that they import themselves."""

DIRECTIONS = """\
qrtest serves IBM Quantum on {url}  (clock: {clock}){https}

qiskit-ibm-runtime, in Python:
  import qrtest
  service = qrtest.connect("{url}")

other clients, whose hosts are set one by one:
  runtime   {runtime_url}
  IAM       {iam_url}/identity/token
  CRN       {crn}
  API key   {api_key}  (any will do; never give a real one)

the environment that the SDKs of IBM Cloud read:
{environment}

what becomes of jobs, the time, and what was asked (https://qrtest.readthedocs.io/en/latest/serve.html):
  curl -H 'X-Qrtest-Token: {control_token}' {control_url}/journal
"""


@click.command(short_help="Serve the simulated service on a port.")
@click.option("--port", default=8765, show_default=True, help="Where to listen; 0 is a free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Whom to listen to.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    help="A name that clients may call it by, besides those of this machine.",
)
@click.option("--https-port", type=int, help="Answer there, too, by HTTPS; 0 is a free port.")
@click.option(
    "--authority",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("qrtest-authority.pem"),
    show_default=True,
    help="Where the certificate is, while it serves, that clients of the HTTPS port have to trust.",
)
@click.option("--clock", default="real", show_default=True, help="real, virtual, or as 60x.")
@click.option(
    "--starts",
    help="The date and time at which it begins, as 2026-03-01T12:00Z or now; by default now, and "
    "2026-01-01 on a virtual clock.",
)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    help="A scenario file: what jobs do that are given no script of their own.",
)
@click.option("--backend", "backends", multiple=True, help="A device to have, as ibm_torino.")
@click.option("--seed", default=0, show_default=True, help="Of ids and computed results.")
@click.option(
    "--limits", is_flag=True, help="Enforce the documented limits: rate and size of submissions."
)
@click.option("--json", "as_json", is_flag=True, help="Say where it is in one line of JSON.")
def serve(
    port: int,
    host: str,
    https_port: int | None,
    authority: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Serve the simulated service on a port, until Ctrl-C or SIGTERM.

    \b
    For clients in other processes and other languages. The journal keeps the last 1,000 entries.
    Examples:
      qrtest serve --port 8765 --clock 60x --scenario stuck.yaml
      qrtest serve --port 0 --json | jq .
    """
    from qrtest.harness.serve import serve as served

    early: list[int] = []
    _on_signals(lambda number, _: early.append(number))
    try:
        with served(port, host=host, https_port=https_port, **_given(options)) as server:
            if server.authority is not None:
                authority.write_text(server.authority, encoding="ascii")
            click.echo(_line(server) if as_json else _directions(server, authority))
            _import_what_answers_need()
            _on_signals(signal.default_int_handler)
            if early:
                raise KeyboardInterrupt
            server.wait()
    except KeyboardInterrupt:
        click.echo("qrtest: stopped.", err=True)
    finally:
        if https_port is not None:
            authority.unlink(missing_ok=True)


def _on_signals(handler: Callable[[int, FrameType | None], object]) -> None:
    """Let *handler* handle Ctrl-C and SIGTERM.

    Until all is imported they are noted only: an exception in the middle of an import is lost in a finalizer,
    or is taken for a module that cannot be imported.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, handler)


def _import_what_answers_need() -> None:
    """Import the modules that requests would import: a server may run while the installation is replaced."""
    for name in ANSWERING:
        importlib.import_module(name)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the command as `qrtest.serve` takes them."""
    from qrtest.scenario import scenario_file
    from qrtest.service.limits import Limits

    given = {name: value for name, value in options.items() if value not in (None, ())}
    if given.pop("limits"):
        given["limits"] = Limits.documented()
    if "scenario" in given:
        given["scenario"] = scenario_file.load(given["scenario"])
    return given


def _about(server: Server) -> dict[str, Any]:
    """Return how clients are pointed at it, the token of the control endpoint included."""
    return {**server.about, "control_token": server.control_token}


def _line(server: Server) -> str:
    return json.dumps({**_about(server), "pid": os.getpid()})


def _directions(server: Server, authority: Path) -> str:
    about = _about(server)
    https = ""
    if about["https_url"]:
        https = f"\nand by HTTPS on {about['https_url']}; the certificate to trust is {authority}"
    environment = "\n".join(
        f"  export {name}={value}" for name, value in about["environment"].items()
    )
    return DIRECTIONS.format(
        **{**about, "https": https, "crn": about["instances"][0], "environment": environment}
    )
