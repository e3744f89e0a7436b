"""What a release that is not known yet changed: found in its sources, with the place to mend it."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import qiskit_ibm_runtime

from qrtest.client import release_changes, release_facts
from qrtest.client.release_facts import ReleaseFacts
from qrtest.errors import UnsupportedRelease
from tests.command_line import qrtest

INSTALLED = Path(qiskit_ibm_runtime.__file__).parent
READ = (
    *("__init__.py", "VERSION.txt", "json.py", "runtime_job_v2.py", "qiskit_runtime_service.py"),
    *("session.py", "batch.py", "api", "decoders", "results/noise_learner.py"),
)
"""What of the client is copied and changed: where all is that qrtest relies on."""

Change = Callable[[Path], None]


def replaced(file: str, old: str, new: str) -> Change:
    """Return a change of one text in a file of the client."""

    def change(package: Path) -> None:
        path = package / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def release(folder: Path, *changes: Change) -> ReleaseFacts:
    """Return the facts of the installed client after some *changes*."""
    package = folder / "qiskit_ibm_runtime"
    for name in READ:
        source, target = INSTALLED / name, package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for change in changes:
        change(package)
    return release_facts.read(folder)


def test_a_checkout_says_in_its_project_file_what_it_requires(tmp_path: Path) -> None:
    """In whatever order it has the bounds: those of a wheel are sorted."""
    project = '[project]\nrequires-python = ">=3.10"\ndependencies = ["qiskit>=2.3, <3", "scipy"]\n'
    (tmp_path / "pyproject.toml").write_text(project)
    assert release(tmp_path).requires == {"Python >=3.10", "qiskit<3,>=2.3", "scipy"}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> ReleaseFacts:
    """The facts of the installed client."""
    return release(tmp_path_factory.mktemp("known"))


def test_the_installed_release_has_all_that_is_relied_on(known: ReleaseFacts) -> None:
    """And differs from itself in nothing."""
    assert list(release_changes.problems(known)) == []
    assert list(release_changes.changes(known, known)) == []
    assert release_changes.is_known(known)


@pytest.mark.parametrize(
    ("change", "problem", "place"),
    [
        (
            replaced("qiskit_runtime_service.py", "_active_api_client", "_chosen_client"),
            "no class has _active_api_client",
            "ACTIVE_CLIENT of qrtest/client/private_names.py",
        ),
        (
            replaced("json.py", "class RuntimeDecoder", "class Decoder"),
            "RuntimeDecoder is not at json:RuntimeDecoder",
            "PLACES of qrtest/client/releases.py",
        ),
        (
            replaced("api/rest/program_job.py", '"/logs"', '"/log_lines"'),
            "/jobs/{}/log_lines is a path that the service does not have",
            "qrtest/http/operations.py",
        ),
        (
            replaced("api/rest/base.py", "2026-04-15", "2027-01-01"),
            "the API version 2027-01-01 is asked for",
            "qrtest/service/api_versions.py",
        ),
    ],
)
def test_what_is_relied_on_and_missing_is_a_problem(
    tmp_path: Path, change: Change, problem: str, place: str
) -> None:
    """Exactly one, with where to mend it."""
    [found] = release_changes.problems(release(tmp_path, change))
    assert found.startswith(problem)
    assert place in found


def test_what_moved_is_found_where_it_is(tmp_path: Path) -> None:
    """By its name."""

    def move(package: Path) -> None:
        (package / "json.py").rename(package / "coding.py")

    found = list(release_changes.problems(release(tmp_path, move)))
    assert any("there is coding:RuntimeDecoder" in each for each in found)


def test_what_is_other_than_before_is_listed(tmp_path: Path, known: ReleaseFacts) -> None:
    """Methods, their parameters, schemas and tags of results."""
    after = release(
        tmp_path,
        replaced("runtime_job_v2.py", "def logs(self)", "def logs(self, last)"),
        replaced("runtime_job_v2.py", "def metrics(self)", "def measures(self)"),
        replaced("decoders/executor/decoder.py", '"v2.0":', '"v3.0":'),
        replaced("json.py", 'obj_type == "settings"', 'obj_type == "choices"'),
    )
    assert list(release_changes.changes(known, after)) == [
        "- value of __type__ settings",
        "+ value of __type__ choices",
        "- schema of decoders.executor.decoder v2.0",
        "+ schema of decoders.executor.decoder v3.0",
        "~ method RuntimeJobV2.logs() is RuntimeJobV2.logs(last)",
        "+ method RuntimeJobV2.measures()",
        "- method RuntimeJobV2.metrics()",
    ]


def test_the_command_reads_a_wheel(tmp_path: Path) -> None:
    """Of a release that is not known: what is missing is printed, and the status is 1."""
    release(
        tmp_path,
        replaced("VERSION.txt", (INSTALLED / "VERSION.txt").read_text().strip(), "9.9.0"),
        replaced("api/rest/base.py", "2026-04-15", "2027-01-01"),
    )
    wheel = tmp_path / "qiskit_ibm_runtime-9.9.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for path in (tmp_path / "qiskit_ibm_runtime").rglob("*.*"):
            packed.write(path, path.relative_to(tmp_path))
    found = qrtest("doctor", "--release", wheel)
    assert found.returncode == 1
    assert found.stdout.startswith("qiskit-ibm-runtime 9.9.0\n")
    assert "the API version 2027-01-01 is asked for" in found.stdout


def test_a_folder_or_file_without_a_release_is_an_error(tmp_path: Path) -> None:
    """With what to give."""
    with pytest.raises(UnsupportedRelease, match="give a wheel"):
        release_facts.read(tmp_path)
    (tmp_path / "x.whl").write_text("no wheel")
    found = qrtest("doctor", "--release", tmp_path / "x.whl")
    assert (found.returncode, "is no wheel and no sdist" in found.stderr) == (2, True)
