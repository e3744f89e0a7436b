"""What a release needs: metadata, a recipe, a workflow, a hook; read, and compared with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import make_picture
from qrtest import faults
from qrtest.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def read(name: str) -> Any:
    """Return the data of a YAML file of the repository."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def steps(workflow: str, job: str) -> str:
    """Return what the steps of a job run and use, as one text."""
    found = read(f".github/workflows/{workflow}.yml")["jobs"][job]["steps"]
    return "\n".join(str(step.get("run") or step.get("uses")) for step in found)


def test_the_metadata_says_who_where_and_for_what() -> None:
    """Authors, addresses, keywords and the Pythons that CI tries."""
    assert PROJECT["authors"] == [{"name": "The qrtest developers"}]
    assert {"Homepage", "Documentation", "Changelog", "Issues", "Source"} <= set(PROJECT["urls"])
    assert PROJECT["keywords"] == sorted(PROJECT["keywords"])
    prefix = "Programming Language :: Python :: 3."
    classified = [each for each in PROJECT["classifiers"] if each.startswith(prefix)]
    assert [each.rpartition(" ")[2] for each in classified] == PYTHONS
    assert PROJECT["classifiers"] == sorted(PROJECT["classifiers"])


def test_ci_runs_everything_on_three_systems_and_the_tests_on_four_pythons() -> None:
    """As a workflow that anybody can read."""
    jobs = read(".github/workflows/ci.yml")["jobs"]
    systems = ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert jobs["everything"]["strategy"]["matrix"]["os"] == systems
    assert "bash .ci/run" in steps("ci", "everything")
    assert jobs["tests"]["strategy"]["matrix"] == {"os": systems, "python": PYTHONS}
    assert "for version in 3.12 3.13; do" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_a_release_is_checked_and_published_without_a_token() -> None:
    """By trusted publishing: the job that publishes may ask for an identity, and for nothing else."""
    publish = read(".github/workflows/publish.yml")["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert "twine check --strict" in steps("publish", "build")
    assert "gh-action-pypi-publish" in steps("publish", "publish")
    text = (ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "password" not in text
    assert "twine check --strict" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_hook_runs_a_command_that_exists() -> None:
    """On cassettes, wherever they stand in a repository."""
    [hook] = read(".pre-commit-hooks.yaml")
    program, command = hook["entry"].split()
    assert program in PROJECT["scripts"]
    assert command in COMMANDS
    for path, is_one in [
        ("cassettes/bell.yaml", True),
        ("tests/cassettes/test_it/test_a.json", True),
        ("tests/test_it.py", False),
        ("docs/cassettes.md", False),
    ]:
        assert bool(re.search(hook["files"], path)) == is_one


def test_an_issue_asks_for_the_doctor() -> None:
    """And reminds of secrets."""
    body = read(".github/ISSUE_TEMPLATE/bug.yml")["body"]
    [doctor] = [part for part in body if part["id"] == "doctor"]
    assert "qrtest doctor" in doctor["attributes"]["label"]
    assert doctor["validations"]["required"]


def test_the_recipe_needs_what_the_package_needs() -> None:
    """Under the names of conda, which are in small letters."""
    text = (ROOT / "recipe" / "meta.yaml").read_text(encoding="utf-8")
    version = re.search(r'set version = "(.*)"', text)
    assert version is not None
    assert version[1] == PROJECT["version"]
    lines = [line for line in text.splitlines() if not line.startswith("{%")]
    recipe = yaml.safe_load("\n".join(lines).replace("{{ version }}", version[1]))
    wanted = {each.lower().replace(">", " >", 1) for each in PROJECT["dependencies"]}
    assert set(recipe["requirements"]["run"]) == {*wanted, f"python {PROJECT['requires-python']}"}
    extras = PROJECT["optional-dependencies"]
    optional = {
        each.replace(">", " >", 1)
        for each in [*extras["hypothesis"], *extras["pytest"], *extras["record"]]
    }
    assert set(recipe["requirements"]["run_constrained"]) == optional


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"])
def test_what_people_look_for_first_stands_at_the_root(name: str) -> None:
    """And is in the sdist."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (ROOT / name).is_file()
    assert f"/{name}" in config["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]


def test_the_picture_of_the_readme_shows_its_example() -> None:
    """Drawn by a command, of the script and the fault that stand in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert make_picture.SCRIPT in readme
    assert [repr(each) for each in make_picture.FAULTS] == [
        repr(eval(re.search(r"faults\.status\(.*?\)", readme)[0], {"faults": faults}))  # type: ignore[index]
    ]
    drawn = make_picture.PICTURE.read_text(encoding="utf-8")
    assert drawn == make_picture.picture(), "draw it anew: python -m docs.make_picture"


def test_the_figures_of_the_readme_are_those_of_the_page() -> None:
    """Both are written by one run of python -m benchmarks."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    table = readme.partition("python -m benchmarks -->")[2].partition("<!-- end -->")[0]
    figures = re.findall(r"\| (\d[\d,.]*)", table)
    assert len(figures) >= 9
    assert all(re.search(rf"\| {re.escape(figure)} \|", page) for figure in figures)
