"""`qrtest init`: write a first test into a project, and what its cassettes need of git."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from qrtest.errors import SettingError

__all__ = ["init"]

TEST = '''"""A first test with qrtest: a job whose script is known, and no queue, network or waiting."""

import pytest
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError


def collect(job):
    """Replace this by your own code that waits for a job."""
    return job.result(timeout=4 * 3600)[0].data.meas.get_counts()


def test_a_long_queue(runtime_job):
    assert collect(runtime_job("QUEUED 2h; RUNNING 30s; DONE"))


def test_a_failure(runtime_job):
    with pytest.raises(RuntimeJobFailureError):
        collect(runtime_job("QUEUED 5m; ERROR 1500"))
'''
HOOK = '''

@pytest.hookimpl(optionalhook=True)  # so that pytest -p no:qrtest keeps working
def pytest_qrtest_configure(config):
    """What holds for all cassettes: see https://qrtest.readthedocs.io/en/latest/fixtures.html"""
    from qrtest import Project

    return Project(cassettes="cassettes")
'''
IGNORED = (
    "cassettes/**/*.bak",
    "cassettes/**/.*.lock",
    "cassettes/**/.pending-*",
    ".hypothesis/",
    ".qrtest-hunt/",
)
ATTRIBUTES = (
    "**/cassettes/** text eol=lf",
    "**/cassettes/** linguist-generated",
)
"""A cassette's digest is of its bytes, so that no line end may change; reviews fold what is generated."""


@dataclass(frozen=True)
class Change:
    """A file to write, whole; *why* is said before it is written."""

    path: Path
    text: str
    why: str


@click.command(short_help="Write a first test into a project.")
@click.argument(
    "project", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def init(project: Path, yes: bool) -> None:
    """Write a first test into PROJECT, a hook into conftest.py, and entries for git; ask first.

    \b
    Nothing that exists is written over: lines are added to .gitignore, .gitattributes and conftest.py if they
    are not there. Doing it twice changes nothing. Answered with no, it writes nothing and ends with status 1.
    Examples:
      qrtest init
      qrtest init ../my-project --yes
    """
    changes = list(_changes(project))
    if not changes:
        click.echo("qrtest: everything is there already.", err=True)
        return
    for change in changes:
        click.echo(f"{change.path}: {change.why}", err=True)
    if not yes and not click.confirm("Write this?", default=True, err=True):
        click.echo("Nothing was written.", err=True)
        sys.exit(1)
    for change in changes:
        try:
            change.path.parent.mkdir(parents=True, exist_ok=True)
            change.path.write_text(change.text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise SettingError(
                f"{change.path}: it cannot be written: {error.strerror or error}. Make the folder writable "
                "and run it again: what is there already is kept."
            ) from None
        click.echo(change.path, file=sys.stdout)


def _changes(project: Path) -> Iterator[Change]:
    tests = (
        project / "tests" if (project / "tests").is_dir() or not _has_tests(project) else project
    )
    test = tests / "test_qrtest_first.py"
    if not test.exists():
        yield Change(test, TEST, "a first test")
    yield from _hook(tests / "conftest.py")
    yield from _added(project / ".gitignore", IGNORED, "what is not to be committed")
    yield from _added(project / ".gitattributes", ATTRIBUTES, "cassettes keep their line ends")


def _has_tests(project: Path) -> bool:
    return any(project.glob("test_*.py")) or (project / "conftest.py").exists()


def _hook(conftest: Path) -> Iterator[Change]:
    before = _read(conftest)
    if "pytest_qrtest_configure" in before:
        return
    try:
        compile(before, str(conftest), "exec")
    except (SyntaxError, ValueError) as error:
        raise SettingError(f"{conftest}: it is no Python: {error}. Mend it first.") from None
    head = before.rstrip() if before.strip() else '"""Fixtures and hooks of the tests."""'
    has_pytest = any(line.strip() == "import pytest" for line in before.splitlines())
    text = f"{head}\n{HOOK}" if has_pytest else f"{head}\n\nimport pytest\n{HOOK}"
    yield Change(conftest, text, "where the cassettes of the project stand")


def _added(path: Path, lines: tuple[str, ...], why: str) -> Iterator[Change]:
    before = _read(path)
    missing = [line for line in lines if line not in before.splitlines()]
    if missing:
        head = before if not before or before.endswith("\n") else f"{before}\n"
        yield Change(path, head + "\n".join(missing) + "\n", why)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: it cannot be read: {error}.") from None
