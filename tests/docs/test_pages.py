"""The pages that list things list all of them; the built distributions hold what they should."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import qrtest
from docs import make_architecture
from qrtest import errors, faults, properties, strategies
from qrtest.errors import QrtestError
from qrtest.http.operations import OPERATIONS
from qrtest.plugin import fixtures as plugin_fixtures

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
DIRECTIVE = re.compile(r"^\.\. auto(\w+):: qrtest\.([\w.]+)", re.MULTILINE)


def documented(*kinds: str) -> set[str]:
    return {name for kind, name in DIRECTIVE.findall(REFERENCE) if kind in kinds}


def _has_code(value: object) -> bool:
    """Return whether *value* is a function, or a class that is neither an exception nor a kind of fault."""
    is_made_by_a_function = inspect.isclass(value) and issubclass(value, (Exception, faults.Fault))
    return (inspect.isclass(value) or inspect.isfunction(value)) and not is_made_by_a_function


def test_the_reference_has_every_public_name_and_no_other() -> None:
    """A name is public when it is in `qrtest.__all__`."""
    modules = {"errors", "faults", "properties", "strategies"}
    assert documented("function", "class", "exception", "data") == set(qrtest.__all__) - modules
    assert documented("module") == modules


@pytest.mark.parametrize("name", sorted(qrtest.__all__))
def test_every_public_name_explains_itself(name: str) -> None:
    """It can be had from qrtest, is listed by dir(), and has a docstring, or is made of such."""
    value = getattr(qrtest, name)
    assert name in dir(qrtest)
    assert all(each.says for each in value.values()) if name == "scenarios" else value.__doc__


@pytest.mark.parametrize("module", [errors, faults, properties, strategies])
def test_what_a_public_module_offers_explains_itself(module: object) -> None:
    """Each of its names; constants are described in the docs."""
    for name in module.__all__:  # type: ignore[attr-defined]
        value = getattr(module, name)
        assert value.__doc__, name


ENTRIES = {
    **{name: getattr(qrtest, name) for name in documented("function", "class")},
    **{
        f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name)
        for module in (faults, properties, strategies)
        for name in module.__all__
    },
}
"""Functions and classes that the reference shows; those that make a fault stand for its class."""


@pytest.mark.parametrize("name", [each for each in sorted(ENTRIES) if _has_code(ENTRIES[each])])
def test_an_entry_of_the_reference_has_an_example(name: str) -> None:
    """Which the suite runs as a doctest; what can be raised is said, in it or where it is made."""
    assert ">>> " in (inspect.getdoc(ENTRIES[name]) or "")


def test_the_page_that_errors_name_has_every_operation() -> None:
    """The row of `on=` is the list that an unknown operation points to."""
    scripts = (ROOT / "docs" / "scripts.md").read_text(encoding="utf-8")
    [row] = [line for line in scripts.splitlines() if line.startswith("| `on` | the operation: ")]
    names = row.partition("the operation: ")[2].partition(" |")[0].replace("or one of ", "")
    assert set(names.split(", ")) == set(OPERATIONS)
    with pytest.raises(QrtestError, match=r"scripts\.html#faults-are-what-goes-wrong"):
        faults.drop(on="unknown")


def test_the_reference_has_every_fixture() -> None:
    """Those that the plugin defines."""
    source = Path(plugin_fixtures.__file__).read_text(encoding="utf-8")
    fixtures = set(re.findall(r"@pytest\.fixture\ndef (\w+)", source))
    assert "runtime_job" in fixtures
    assert fixtures == set(re.findall(r"^\| `(\w+)` \|", REFERENCE, re.MULTILINE))


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_every_page_is_in_the_table_of_contents(page: Path) -> None:
    """So that a reader of the site finds it."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert page.stem == "index" or re.search(rf"^{page.stem}$", index, re.MULTILINE)


def test_the_diagram_in_the_docs_is_drawn_from_the_layers() -> None:
    """docs/architecture.md shows the tables of the architecture's test as they stand there."""
    drawn = make_architecture.PAGE.read_text(encoding="utf-8")
    assert drawn == make_architecture.page(), "write it anew: python -m docs.make_architecture"


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    for kind in ("wheel", "sdist"):
        build = f"from hatchling.build import build_{kind} as build; build({str(folder)!r})"
        subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, timeout=120)
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(distributions: Path) -> None:
    """All modules, the captured answers with their licences, the type marker, the entry points."""
    [wheel] = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [metadata] = [name for name in names if name.endswith("METADATA")]
        [points] = [name for name in names if name.endswith("entry_points.txt")]
        about = archive.read(metadata).decode()
        entries = archive.read(points).decode()
    package = Path(qrtest.__file__).parent
    sources = {path.relative_to(package.parent).as_posix() for path in package.rglob("*.py")}
    assert sources <= names
    assert "qrtest/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {"qrtest", metadata.partition("/")[0]}
    assert "License-Expression: MIT" in about
    for entry in (
        "qrtest = qrtest.cli:main",
        "qrtest = qrtest.plugin",
        "qrtest.strategies.register:register",
    ):
        assert entry in entries


def test_the_sdist_can_be_tested_and_read(distributions: Path) -> None:
    """Tests, docs, examples, cassettes and benchmarks are in it; what a checkout piles up is not."""
    [sdist] = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for wanted in (
        "tests/docs/test_pages.py",
        "docs/design.md",
        "examples/run.py",
        "examples/fetch_command/fix.patch",
        "cassettes/sampler.yaml",
        "benchmarks/polls.py",
        "conftest.py",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
    ):
        assert wanted in names
    assert not [name for name in names if "__pycache__" in name or ".git/" in name]
