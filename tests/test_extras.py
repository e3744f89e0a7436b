"""Libraries that only some parts of qrtest need may be missing: the other parts work, and an error names the extra."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from qrtest.extras import EXTRAS

ROOT = Path(__file__).parents[1]
LIBRARIES = sorted(library for _, libraries in EXTRAS.values() for library in libraries)
WITHOUT = """
import sys
for library in {libraries!r}:
    sys.modules[library] = None
import qrtest
"""
"""A Python in which importing one of the libraries raises the ImportError of a missing one."""

USES = {
    "click": "from qrtest.cli.commands import run",
    "filelock": "qrtest.record('x.yaml').__enter__()",
    "httptools": "qrtest.simulate(transport='sockets').__enter__()",
    "hypothesis": "qrtest.check_consumer(print)",
    "rich": "sys.stderr.isatty = lambda: True\n"
    "from qrtest.cli.progress import tracked; list(tracked([1, 2, 3], 'trying'))",
    "trustme": "qrtest.serve(https_port=0).__enter__()",
    "vcr": "qrtest.record('x.yaml').__enter__()",
    "websockets": "qrtest.serve().__enter__()",
}
"""Code that needs each of the libraries."""

EVERYTHING_ELSE = """
import qrtest.plugin
with qrtest.simulate(transport=TRANSPORT) as sim:
    assert sim.job("QUEUED 2h; DONE").result()
with qrtest.replay(CASSETTE) as sim:
    assert sim.job().result()
print(qrtest.timeline_of(CASSETTE))
"""


def run(code: str, *libraries: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run *code* in a Python without *libraries*."""
    cassette = str(ROOT / "cassettes" / "sampler.yaml")
    head = f"{WITHOUT.format(libraries=libraries)}\nCASSETTE = {cassette!r}\n"
    command = [sys.executable, "-c", head + code]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, timeout=120
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_error_names_the_library_and_the_extra_that_installs_it(
    library: str, tmp_path: Path
) -> None:
    """With the command to run, as the last line of the traceback."""
    [extra] = [name for name, (_, libraries) in EXTRAS.items() if library in libraries]
    ended = run(USES[library], library, cwd=tmp_path)
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith(f"qrtest.errors.MissingDependency: {library} is not installed, and ")
    assert last.endswith(f"pip install 'qrtest[{extra}]'.")


@pytest.mark.parametrize("transport", ["direct", "requests"])
def test_the_other_parts_work_without_any_of_them(transport: str, tmp_path: Path) -> None:
    """Simulations, replays, searches, timelines and the plugin."""
    code = f"TRANSPORT = {transport!r}\n{EVERYTHING_ELSE}"
    ended = run(code, *LIBRARIES, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_the_command_line_says_it_in_one_line(tmp_path: Path) -> None:
    """Without a traceback, with the exit status of an error."""
    ended = run("from qrtest.cli import main; main()", "click", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "qrtest: click is not installed, and commands need it: pip install 'qrtest[cli]'."
    ]


@pytest.mark.parametrize("name", ["strategies", "strategies.scenarios", "JobMachine", "check_job"])
def test_whatever_needs_hypothesis_says_so(name: str, tmp_path: Path) -> None:
    """By whichever name it is reached; the package of strategies itself is only names."""
    ended = run(
        f"from operator import attrgetter; attrgetter({name!r})(qrtest)", "hypothesis", cwd=tmp_path
    )
    assert ("qrtest[hypothesis]" in ended.stderr) == (name != "strategies")


def test_the_doctor_works_without_pytest(tmp_path: Path) -> None:
    """And says that it is missing."""
    code = "from qrtest.cli import main; sys.argv = ['qrtest', 'doctor']; main()"
    ended = run(code, "pytest", *set(LIBRARIES) - {"click"}, cwd=tmp_path)
    assert "Traceback" not in ended.stderr
    assert "pip install 'qrtest[pytest]'" in ended.stdout


def test_the_extras_are_those_of_the_package() -> None:
    """What an error says to install is there to be installed; `all` is all of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for extra, (_, libraries) in EXTRAS.items():
        names = {each.partition(">")[0].removesuffix("py") for each in extras[extra]}
        assert names == set(libraries)
    assert extras["all"] == [f"qrtest[{','.join(sorted({*EXTRAS, 'pytest'}))}]"]
