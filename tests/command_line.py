"""The command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["qrtest"]

ROOT = Path(__file__).parent.parent
RUN = [sys.executable, "-c", "from qrtest.cli import main; main()"]


def qrtest(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What `qrtest` with *arguments* says and ends with, in the directory *cwd*."""
    return subprocess.run(
        [*RUN, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )  # fmt: skip
