"""What importing costs, in processor time beside pytest's own. Run: python -m benchmarks.imports"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.report import Measured, show

ROUNDS = 9
IMPORTS = {
    "qrtest": "import qrtest",
    "qrtest's plugin, and what it needs at start": "import qrtest.plugin, qrtest.run_options",
    "pytest-recording's plugin": "import pytest_recording.plugin",
}
CODE = "import time, pytest; start = time.process_time(); {}; print(time.process_time() - start)"


def milliseconds(statement: str) -> float:
    """Return the processor time of *statement* in a Python that has imported pytest."""
    command = [sys.executable, "-c", CODE.format(statement)]
    # Bytecode is kept, as an installation has it, whatever the environment says.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(ended.stdout) * 1e3


def measured() -> Iterator[Measured]:
    """Yield what importing costs."""
    rows = []
    for name, statement in IMPORTS.items():
        milliseconds(statement)
        taken = [milliseconds(statement) for _ in range(ROUNDS)]
        rows.append((name, f"{statistics.median(taken):.1f}", f"{min(taken):.1f}"))
    yield Measured(
        "Importing, in processor time beside pytest's own imports",
        ("what", "ms, median", "ms, least"),
        rows,
        f"{ROUNDS} times each, with bytecode cached.",
    )


if __name__ == "__main__":
    show(measured())
