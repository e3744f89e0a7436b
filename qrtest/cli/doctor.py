"""`qrtest doctor`: what is installed, where things come from, and what looks wrong."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

import click

from qrtest.cassette import store
from qrtest.client import releases
from qrtest.errors import QrtestError
from qrtest.plugin.project import DIRECTORY
from qrtest.plugin.settings import SETTINGS
from qrtest.redaction.allowlist import project_rules

__all__ = ["Diagnosis", "doctor", "wrong"]

PACKAGES = (
    "qrtest",
    "qiskit-ibm-runtime",
    "qiskit",
    "pytest",
    "hypothesis",
    "responses",
    "requests",
    "urllib3",
    "vcrpy",
    "pytest-xdist",
    "pytest-recording",
    "pytest-vcr",
    "pytest-html",
)
CONFIGURATION = (
    "pytest.toml",
    "pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
    "conftest.py",
)
VARIABLES = (
    *(setting.variable for setting in SETTINGS.values()),
    "QRTEST_REDACTION_KEY",
    "CI",
    "NO_COLOR",
)
SAID = re.compile(
    r"qrtest_\w+ *= *[^\n,]+|--qrtest-[\w-]+(?:=\w+)?|\[tool\.qrtest[^]]*\]|pytest_qrtest_configure|no:qrtest"
)
SAFE_VCRPY = (8, 2, 1)


@dataclass(frozen=True)
class Diagnosis:
    """What was found; a version or a value that is None is not there."""

    python: str
    installed: Mapping[str, str | None]
    supported: str
    configuration: Mapping[str, str]
    environment: Mapping[str, str | None]
    cassettes: Mapping[str, int]
    problems: tuple[str, ...]


@click.command(short_help="Report what is installed, and what looks wrong.")
@click.argument(
    "project", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def doctor(project: Path, as_json: bool) -> None:
    """Print what is installed, what is supported, and where PROJECT's settings and cassettes come from.

    \b
    What looks wrong comes last, with what to do; the exit status is 1 then. Values of variables that
    could be secret are not shown.
    Examples:
      qrtest doctor
      qrtest doctor --json | jq .problems
    """
    found = _diagnosed(project)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        click.echo("\n".join(_lines(found)))
    sys.exit(1 if found.problems else 0)


def _diagnosed(project: Path) -> Diagnosis:
    installed = {name: _version(name) for name in PACKAGES}
    environment = {
        name: "(set)" if name == "QRTEST_REDACTION_KEY" else os.environ[name]
        for name in VARIABLES
        if name in os.environ
    }
    folders = [path for path in project.rglob(DIRECTORY) if path.is_dir() and _is_ours(path)]
    oldest, newest = (".".join(map(str, each)) for each in (releases.OLDEST, releases.NEWEST_KNOWN))
    return Diagnosis(
        python=platform.python_version(),
        installed=installed,
        supported=f"qiskit-ibm-runtime {oldest} and newer, tried up to {newest}",
        configuration=dict(_configuration(project)),
        environment=environment,
        cassettes={os.fspath(folder): len(store.files(folder)) for folder in sorted(folders)},
        problems=(*wrong(installed, environment), *_broken(project)),
    )


def wrong(
    installed: Mapping[str, str | None], environment: Mapping[str, str | None]
) -> Iterator[str]:
    """Yield what looks wrong with versions and variables, each with what to do.

    >>> list(wrong({"vcrpy": "7.0.0"}, {}))
    ['vcrpy 7.0.0 runs code from a cassette: pip install "vcrpy>=8.2.1".']
    """
    vcrpy = installed.get("vcrpy")
    if vcrpy is not None and _release(vcrpy) < SAFE_VCRPY:
        yield f'vcrpy {vcrpy} runs code from a cassette: pip install "vcrpy>=8.2.1".'
    client = installed.get("qiskit-ibm-runtime")
    if client is not None and _release(client)[:2] > releases.NEWEST_KNOWN:
        yield (
            f"qiskit-ibm-runtime {client} is newer than any that was tried: if something is missing, "
            "look for a newer qrtest."
        )
    if installed.get("pytest-recording") and installed.get("pytest-vcr"):
        yield (
            "pytest-recording and pytest-vcr are both installed, and refuse each other: run pytest with "
            "-p no:vcr or -p no:recording."
        )
    for setting in SETTINGS.values():
        value = environment.get(setting.variable)
        if value and value not in setting.choices:
            yield f"{setting.variable}={value}: there are {', '.join(setting.choices)}."
    if environment.get("QRTEST_RECORD", "none") != "none" and environment.get("CI"):
        yield "QRTEST_RECORD is set in CI, where nothing is recorded: unset it."


def _broken(project: Path) -> Iterator[str]:
    """Yield what looks wrong with the installation and with the files of *project*."""
    try:
        releases.installed()
    except QrtestError as error:
        yield str(error)
    if not any(point.name == "qrtest" for point in entry_points(group="pytest11")):
        yield "pytest does not find the plugin: qrtest is not installed, only on the path. pip install it."
    try:
        project_rules(project.absolute() / "x")
    except QrtestError as error:
        yield str(error)
    for backup in sorted(project.rglob(f"{DIRECTORY}/**/*.bak")):
        yield f"{backup}: what convert kept may hold secrets: delete it, do not commit it."


def _configuration(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that configure qrtest, each with the settings in it."""
    for name in CONFIGURATION:
        file = project / name
        if file.is_file():
            said = dict.fromkeys(SAID.findall(file.read_text("utf-8", "replace")))
            if said:
                yield os.fspath(file), ", ".join(said)


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"Python {found.python}; supported: {found.supported}"
    yield "\ninstalled"
    yield from (f"  {name:<20} {number or '-'}" for name, number in found.installed.items())
    yield "\nconfiguration"
    yield from (f"  {file}: {said}" for file, said in found.configuration.items())
    yield from (f"  {name}={value} (environment)" for name, value in found.environment.items())
    if not found.configuration and not found.environment:
        yield "  none: all as by default"
    yield "\ncassettes"
    yield from (f"  {folder}: {count} file(s)" for folder, count in found.cassettes.items())
    if not found.cassettes:
        yield f"  none: there is no folder {DIRECTORY}"
    yield "\nproblems"
    yield from (f"  {problem}" for problem in found.problems or ("none",))


def _is_ours(folder: Path) -> bool:
    hidden = (part for part in folder.parts if part.startswith(".") and part not in (".", ".."))
    return not any(hidden) and "site-packages" not in folder.parts


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())
