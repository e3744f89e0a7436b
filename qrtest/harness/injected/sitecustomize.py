"""Starts a recording inside a Python program that `qrtest record` runs, or keeps it on this machine.

Python imports this by its name, before the program. The first process that gets here is the one that is
recorded, until it exits; what it starts itself is not. It writes a byte into its claim for each request.
The children of a simulation, and theirs in turn, are kept on this machine where the environment says so.
"""

from __future__ import annotations

import atexit
import importlib.machinery
import importlib.util
import os
import sys
from contextlib import suppress
from pathlib import Path

HERE = str(Path(__file__).parent)


def _begin() -> None:
    target, claim = os.environ.pop("QRTEST_RECORDING", None), os.environ.pop("QRTEST_CLAIM", None)
    if target is None or claim is None:
        return
    try:
        claimed = os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0))
    except FileExistsError:
        return
    from qrtest import record
    from qrtest.errors import QrtestError

    def count(response: object) -> object:
        os.write(claimed, b".")
        return response

    recording = record(target, before_record_response=count)
    recording.__enter__()

    def end() -> None:
        try:
            recording.__exit__(None, None, None)
        except QrtestError as error:
            sys.stderr.write(f"qrtest: {error}\n")

    atexit.register(end)


def _go_on() -> None:
    """Import the sitecustomize that this one stands before, if there is one."""
    rest = [entry for entry in sys.path if entry != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        with suppress(Exception):
            spec.loader.exec_module(module)


sys.path[:] = [entry for entry in sys.path if entry != HERE]
if "QRTEST_BLOCK_NETWORK" in os.environ:
    from qrtest.transport.network_block import BLOCKED

    BLOCKED.__enter__()
else:
    os.environ["PYTHONPATH"] = os.pathsep.join(
        entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry != HERE
    )
_go_on()
_begin()
