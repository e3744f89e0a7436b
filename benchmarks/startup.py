"""What the plugin costs a suite that does not use it. Run: python -m benchmarks.startup"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import Measured, show

ROUNDS = 11
TESTS = 2_000
PLUGINS = {
    "neither": [],
    "qrtest": ["-p", "qrtest.plugin"],
    "pytest-recording": ["-p", "pytest_recording.plugin"],
}


def seconds(folder: Path, arguments: list[str]) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    start = time.perf_counter()
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        capture_output=True,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(Path.cwd())},
    )
    return time.perf_counter() - start


def medians(folder: Path, rounds: int) -> dict[str, float]:
    """In turn, so that a change in the machine's speed strikes all alike."""
    taken: dict[str, list[float]] = {name: [] for name in PLUGINS}
    for _ in range(rounds):
        for name, arguments in PLUGINS.items():
            taken[name].append(seconds(folder, arguments))
    return {name: statistics.median(times) for name, times in taken.items()}


def measured() -> Iterator[Measured]:
    """Yield what a suite pays that does not use the plugin."""
    with tempfile.TemporaryDirectory() as name:
        one, many = Path(name, "one"), Path(name, "many")
        for folder, count in ((one, 1), (many, TESTS)):
            folder.mkdir()
            (folder / "test_plain.py").write_text(
                "\n".join(f"def test_{n}(): pass" for n in range(count)), encoding="utf-8"
            )
        start, suite = medians(one, ROUNDS), medians(many, 5)
    rows = []
    for plugin in PLUGINS:
        a_test = (suite[plugin] - start[plugin]) / TESTS * 1e3
        bare = (suite["neither"] - start["neither"]) / TESTS * 1e3
        rows.append(
            (
                plugin,
                f"{start[plugin] * 1e3:.0f}",
                f"{(start[plugin] - start['neither']) * 1e3:+.0f}",
                f"{a_test:.3f}",
                f"{a_test - bare:+.3f}",
            )
        )
    yield Measured(
        "A suite that uses none of it",
        ("plugin", "start, ms", "over none", f"a test of {TESTS:,}, ms", "over none"),
        rows,
        f"Medians of {ROUNDS} starts and 5 suites. Less than 20 ms, or 0.2 ms a test, is noise.",
    )


if __name__ == "__main__":
    show(measured())
