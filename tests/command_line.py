"""The command line, as a function that is called and as a process of its own.

Both go through `qrtest.cli.main`. What a process alone shows (a program that is run, a terminal, a
signal, the exit status as a shell sees it) wants the process; everything else is called, which takes a
hundredth of the time.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO
from unittest import mock

import pytest

from qrtest.cli import main

__all__ = ["RUN", "qrtest", "qrtest_process"]

ROOT = Path(__file__).parent.parent
RUN = [sys.executable, "-c", "from qrtest.cli import main; main()"]


def qrtest(
    *arguments: object, cwd: Path = ROOT, terminal: TextIO | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return what `qrtest` with *arguments* prints and ends with in *cwd*; stderr is the *terminal*."""
    words = list(map(str, arguments))
    output, errors = _pipe(), _pipe()
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(terminal or errors),
        mock.patch.dict(os.environ, _environment(environment)),
        mock.patch.object(sys, "argv", ["qrtest", *words]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    status = ended.value.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(words, status, _read(output), _read(errors))


def qrtest_process(
    *arguments: object, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return the same in a process of its own."""
    return subprocess.run(
        [*RUN, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, **_environment(environment)},
    )  # fmt: skip


def _pipe() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _read(pipe: io.TextIOWrapper) -> str:
    pipe.seek(0)
    return pipe.read()


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), **more}
