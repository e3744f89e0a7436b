"""Child processes that are given the environment of a simulation stay on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import qrtest

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
    """What a Python child prints."""
    command = [sys.executable, "-c", *arguments]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60
    ).stdout.strip()


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


def test_a_program_that_is_no_python_finds_no_way_out() -> None:
    """curl goes by the proxy of the environment, which is nowhere."""
    with qrtest.simulate() as sim:
        command = ["curl", "-sS", "--max-time", "5", "https://192.0.2.1/"]
        found = subprocess.run(
            command, env=sim.child_environment, capture_output=True, text=True, timeout=60
        )
    assert (found.returncode, "127.0.0.1 port 9" in found.stderr) == (7, True)
