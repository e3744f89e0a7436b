"""A pytest in a process of its own that need not import the client: it is forked from one that has.

What a test of a plugin's manners needs is a pytest that knows nothing of ours; the seconds that the
import of qiskit takes it does not need.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from multiprocessing import forkserver
from pathlib import Path

import pytest

__all__ = ["run"]

CLIENT = "qiskit_ibm_runtime"
LONGEST = 120.0


def run(folder: Path, *arguments: str) -> pytest.RunResult:
    """Return what `python -m pytest` with *arguments* says and ends with, in *folder*."""
    forkserver.set_forkserver_preload([CLIENT])
    output, errors = folder / "stdout", folder / "stderr"
    began = time.perf_counter()
    process = multiprocessing.get_context("forkserver").Process(
        target=_run, args=(folder, output, errors, list(arguments), dict(os.environ))
    )
    process.start()
    process.join(LONGEST)
    if process.exitcode is None:
        process.kill()
        process.join()
    lines = [path.read_text().splitlines() for path in (output, errors)]
    print(*lines[0], *lines[1], sep="\n")
    return pytest.RunResult(process.exitcode or 0, *lines, time.perf_counter() - began)


def _run(
    folder: Path, output: Path, errors: Path, arguments: list[str], environment: Mapping[str, str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, number in ((output, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["pytest", *arguments]
    sys.path.insert(0, str(folder))
    sys.exit(pytest.main(arguments))
