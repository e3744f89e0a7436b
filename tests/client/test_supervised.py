"""Commands that end with the process that asked for them, in processes that really end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from qrtest.client import supervised

COMMAND = """
import socket, sys, time
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.sendall(sys.stdin.read().encode())
time.sleep(3600)
"""
ASKING = """
import os, sys
from qrtest.client import supervised
supervised.run([sys.executable, "-c", sys.argv[1], sys.argv[2]], b"asked", os.environ)
"""


def test_a_command_ends_when_the_process_that_asked_is_killed() -> None:
    """Without a word: its connection comes to an end, though it would have slept for an hour."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        asking = [sys.executable, "-c", ASKING, COMMAND, str(server.getsockname()[1])]
        with subprocess.Popen(asking) as process:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(60)
                assert connection.recv(100) == b"asked\n"
                process.kill()
                try:
                    left = connection.recv(100)
                except ConnectionResetError:
                    left = b""
                assert left == b""


def test_what_a_command_writes_and_how_it_ends_is_returned() -> None:
    """Of both outputs, with a request that no pipe holds at once."""
    code = "import sys; print(len(input())); print('why', file=sys.stderr); sys.exit(7)"
    done = supervised.run([sys.executable, "-c", code], b"x" * 1_000_000, os.environ)
    assert (done.returncode, done.stdout.split()) == (7, [b"1000000"])
    assert done.stderr.split() == [b"why"]


def test_a_command_that_reads_nothing_is_no_error() -> None:
    """Nor is one that ends by a signal."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    done = supervised.run([sys.executable, "-c", code], b"x" * 1_000_000, os.environ)
    assert done.returncode > 0
