"""Runs a command that ends when this process ends, however it does: a supervisor between them sees to it.

The supervisor is a small Python, run as `python -m qrtest.client.supervised COMMAND`. Its standard input is a
pipe of the process that asked. When that ends, killed or not, the pipe comes to its end, on every system, and
the supervisor ends the command. The command cannot do so itself: a simulator in C++ lets no other thread of
Python run. A process that was forked from the asking one and goes on keeps the pipe open, and so the command
running.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

__all__ = ["run"]

SIGNALLED: Final = 128
"""What shells add to the number of the signal that ended a command, to make an exit status."""


def run(
    command: Sequence[str], request: bytes, env: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run *command* with one line, *request*, as its standard input, and return what it wrote.

    It ends when this process does, or when waiting for it is broken off.
    """
    supervisor = subprocess.Popen(  # noqa: S603 (this interpreter, this module)
        [sys.executable, "-m", __name__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
    )
    # `communicate` would close it at once; an open pipe is what says that this process runs.
    pipe, supervisor.stdin = supervisor.stdin, None
    assert pipe is not None
    try:
        with suppress(BrokenPipeError):  # it ended early: its status says more
            pipe.write(request + b"\n")
            pipe.flush()
        out, err = supervisor.communicate()
    finally:
        with suppress(BrokenPipeError):
            pipe.close()
    return subprocess.CompletedProcess(command, supervisor.returncode, out, err)


def main(command: Sequence[str]) -> int:
    """Run *command* until it ends or standard input does; return its exit status."""
    request = sys.stdin.buffer.readline()
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # noqa: S603
        threading.Thread(target=_end_with_the_input, args=(child,), daemon=True).start()
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.write(request)
            child.stdin.close()
        status = child.wait()
    return status if status >= 0 else SIGNALLED - status


def _end_with_the_input(child: subprocess.Popen[bytes]) -> None:
    """Wait for the end of standard input, and end *child*."""
    # Not by the buffered stream: its lock would be held when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
