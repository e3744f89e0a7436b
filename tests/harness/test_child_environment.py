"""Child processes that are given the environment of a simulation stay on this machine."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

import qrtest
from qrtest.harness.child_environment import with_injected
from tests.command_line import qrtest_process

ASK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
except Exception as error:
    print(type(error).__name__)
else:
    print("connected")
"""


def printed(*arguments: str, env: Mapping[str, str]) -> str:
    """Return what a Python child prints."""
    command = [sys.executable, "-c", *arguments]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60
    ).stdout.strip()


@pytest.fixture(scope="module")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of a virtual environment without packages."""
    folder = tmp_path_factory.mktemp("other")
    venv.create(folder, with_pip=False)
    return str(next(folder.glob("bin/python")))


def test_a_child_is_blocked_as_its_parent_is_and_reaches_this_machine() -> None:
    """An address that is reserved for documentation, and a port here."""
    with qrtest.simulate(transport="sockets") as sim:
        assert sim.port is not None
        environment = sim.child_environment
        assert printed(ASK, "192.0.2.1", "80", env=environment) == "NetworkBlocked"
        assert printed(ASK, "127.0.0.1", str(sim.port), env=environment) == "connected"


def test_a_grandchild_is_blocked_too() -> None:
    with qrtest.simulate() as sim:
        outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ASK!r}, '192.0.2.1', '80'])"
        assert printed(outer, env=sim.child_environment) == "NetworkBlocked"


SPAWN = """
import multiprocessing, os, socket, qrtest

def leave(queue):
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5).close()
    except Exception as error:
        queue.put(type(error).__name__)
    else:
        queue.put("connected")

if __name__ == "__main__":
    spawning = multiprocessing.get_context("spawn")
    with qrtest.simulate() as sim:
        os.environ.update(sim.child_environment)
        queue = spawning.Queue()
        child = spawning.Process(target=leave, args=(queue,))
        child.start()
        print(queue.get(timeout=50))
        child.join()
"""


def test_a_child_that_multiprocessing_spawns_is_blocked(tmp_path: Path) -> None:
    """It has the environment of its parent, as no other can be given to it."""
    program = tmp_path / "spawn.py"
    program.write_text(SPAWN)
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("NetworkBlocked\n", "")


def test_a_program_that_is_no_python_finds_no_way_out() -> None:
    """curl goes by the proxy of the environment, which is nowhere."""
    with qrtest.simulate() as sim:
        command = ["curl", "-sS", "--max-time", "5", "https://192.0.2.1/"]
        found = subprocess.run(
            command, env=sim.child_environment, capture_output=True, text=True, timeout=60
        )
    assert (found.returncode, "127.0.0.1 port 9" in found.stderr) == (7, True)


def test_a_child_whose_python_has_no_qrtest_is_blocked_and_runs(other_python: str) -> None:
    with qrtest.simulate() as sim:
        command = [other_python, "-c", ASK, "192.0.2.1", "80"]
        found = subprocess.run(
            command, env=sim.child_environment, capture_output=True, text=True, timeout=60
        )
    assert (found.stdout, found.stderr, found.returncode) == ("NetworkBlocked\n", "", 0)


def test_nothing_runs_unrecorded_in_a_python_without_qrtest(
    other_python: str, tmp_path: Path
) -> None:
    """It ends before the program begins, and names the Python that has qrtest."""
    found = qrtest_process(
        "record", "x.yaml", "--", other_python, "-c", "print('ran')", cwd=tmp_path
    )
    assert (found.stdout, found.returncode) == ("", 2)
    assert f"{other_python} cannot import qrtest (ModuleNotFoundError: " in found.stderr
    assert f"the Python of qrtest, {sys.executable}," in found.stderr
    assert "Traceback" not in found.stderr
    assert not list(tmp_path.iterdir())


def test_nothing_runs_unrecorded_when_the_recording_cannot_begin(tmp_path: Path) -> None:
    """Python prints errors of what it imports before a program, and goes on; here the program must not run."""
    folder, claim = tmp_path / "folder", tmp_path / "claim"
    folder.mkdir()
    environment = with_injected(QRTEST_RECORDING=str(folder), QRTEST_CLAIM=str(claim))
    found = subprocess.run(
        [sys.executable, "-c", "print('ran')"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (found.stdout, found.returncode) == ("", 2)
    assert "the recording could not begin, and the program was not started: " in found.stderr
    assert f"{folder}: it is not a regular file" in found.stderr
