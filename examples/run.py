"""Runs the suites of the examples, with their bugs and without: python examples/run.py

Old tests pass either way; new tests fail with the bug. Anything else ends with status 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent
PROJECTS = ("sweep_library", "resuming_service", "fetch_command")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider"]
PYTEST += ["-pqrtest.plugin", "-ppytest_recording.plugin"]
FIXED, BROKEN = "fixed", "with the bug"
EXPECTED = {
    (FIXED, "old"): True,
    (FIXED, "new"): True,
    (BROKEN, "old"): True,
    (BROKEN, "new"): False,
}


def suites(project: Path) -> dict[str, bool]:
    """Return whether the old and the new tests of *project* pass."""
    report = project / "report.xml"
    subprocess.run(
        [*PYTEST, f"--junitxml={report}"],
        cwd=project,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    passes: dict[str, bool] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        which = "old" if "test_old_" in case.attrib["classname"] else "new"
        passes[which] = passes.get(which, True) and len(case) == 0
    return passes


def outcomes(name: str, folder: Path) -> Iterator[tuple[str, str, bool]]:
    """Yield which suite of a copy of the project *name* passes, without its fix and with it."""
    project = folder / name
    shutil.copytree(HERE / name, project)
    for state in (FIXED, BROKEN):
        if state == BROKEN:
            subprocess.run(["git", "apply", "-R", "fix.patch"], cwd=project, check=True)
        for which, is_passing in suites(project).items():
            yield state, which, is_passing


def main() -> int:
    """Run all, print a line for each, and say whether everything was as it should be."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in PROJECTS:
            seen = {}
            for state, which, is_passing in outcomes(name, Path(folder)):
                seen[state, which] = is_passing
                word = "passes" if is_passing else "fails"
                print(f"{name:17} {state:13} the {which} test {word}")
            if seen != EXPECTED:
                print(f"{name:17} WRONG: expected {EXPECTED}")
                wrong += 1
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
