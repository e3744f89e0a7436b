"""Starts a recording inside a Python program that `qrtest record` runs, or keeps it on this machine.

Python imports this by its name, before the program. The first process that gets here is the one that is
recorded, until it exits; what it starts itself is not. It writes a byte into its claim for each request.
The children of a simulation, and theirs in turn, are kept on this machine where the environment says so.

The Python that imports this may be another than that of qrtest: it has the standard library only, and may be
older, so that nothing here is newer than Python 3.6.2.
"""

import atexit
import importlib.machinery
import importlib.util
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

HERE = str(Path(__file__).parent)
PACKAGES = str(Path(__file__).resolve().parents[3])
"""The folder that qrtest is installed in."""

NOT_STARTED = 2
"""The exit status of a process that would not have been recorded."""


def _begin() -> None:
    target, claim = os.environ.pop("QRTEST_RECORDING", None), os.environ.pop("QRTEST_CLAIM", None)
    if target is None or claim is None or Path(claim).exists():
        return
    try:
        from qrtest import record
    except Exception as error:
        _stop(
            f"{sys.executable} cannot import qrtest ({type(error).__name__}: {error}): its program would run "
            "unrecorded, and was not started. Run it with the Python of qrtest, "
            f"{os.environ.get('QRTEST_PYTHON')}, or install qrtest in this one."
        )
    try:
        claimed = os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0))
    except FileExistsError:
        return

    def count(response: object) -> object:
        os.write(claimed, b".")
        return response

    try:
        recording = record(target, before_record_response=count)
        recording.__enter__()
    except Exception as error:
        _stop(f"the recording could not begin, and the program was not started: {error}")

    def end() -> None:
        from qrtest.errors import QrtestError

        try:
            recording.__exit__(None, None, None)
        except QrtestError as error:
            sys.stderr.write(f"qrtest: {error}\n")

    atexit.register(end)


def _stop(reason: str) -> NoReturn:
    """End the process before its program begins. Python prints what is raised here, and goes on."""
    if sys.stderr is not None:
        sys.stderr.write(f"qrtest: {reason}\n")
        sys.stderr.flush()
    os._exit(NOT_STARTED)


def _block() -> None:
    """Keep this process on this machine.

    A Python without qrtest takes the network block from the qrtest that injects this. One that is too old to
    read it has the proxies of the environment only, as programs in other languages have.
    """
    try:
        from qrtest.transport.network_block import BLOCKED
    except ImportError:
        sys.path.append(PACKAGES)
        try:
            from qrtest.transport.network_block import BLOCKED
        except Exception:
            return
        finally:
            sys.path.remove(PACKAGES)
    BLOCKED.__enter__()


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
    _block()
else:
    os.environ["PYTHONPATH"] = os.pathsep.join(
        entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry != HERE
    )
_go_on()
_begin()
