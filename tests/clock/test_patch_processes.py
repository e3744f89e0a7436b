"""A child process gets the time that passes on the clock between two questions whether it has ended."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from qrtest import VirtualClock
from qrtest.clock.patch_time import install

# The child ends when its standard input does, or by itself after a while.
CHILD = [sys.executable, "-c", "import time; time.sleep(0.3)"]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child may take long to start on a busy machine."""
    monkeypatch.setattr("qrtest.clock.patch_processes.LONGEST_IN_ALL_SECONDS", 600.0)


@pytest.mark.usefixtures("patient")
def test_a_loop_that_asks_for_a_child_process_waits_about_as_long_as_it_runs() -> None:
    """Without that, hours of virtual time would have passed before it has begun."""
    clock, began = VirtualClock(), time.monotonic()
    with install(clock), subprocess.Popen(CHILD) as child:
        while child.poll() is None:
            time.sleep(0.5)
        assert child.returncode == 0
    assert 0.5 <= clock.now() <= time.monotonic() - began + 1


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "is_running",
    [lambda process: process.is_alive(), lambda process: process.exitcode is None],
    ids=["is_alive", "exitcode"],
)
def test_so_does_one_that_asks_for_a_process_of_multiprocessing(
    is_running: Callable[[multiprocessing.Process], bool],
) -> None:
    """By either of its members."""
    process = multiprocessing.get_context("fork").Process(target=subprocess.run, args=(CHILD,))
    clock, began = VirtualClock(), time.monotonic()
    with install(clock):
        process.start()
        while is_running(process):
            time.sleep(0.5)
    assert process.exitcode == 0
    assert 0.5 <= clock.now() <= time.monotonic() - began + 1


def test_a_child_that_serves_for_ever_does_not_hold_the_others_up() -> None:
    """All questions after it wait for a few seconds in all; then time goes as fast as ever."""
    program = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    clock = VirtualClock()
    with (
        pytest.MonkeyPatch.context() as patched,
        install(clock),
        subprocess.Popen(program, stdin=subprocess.PIPE) as child,
    ):
        patched.setattr("qrtest.clock.patch_processes.LONGEST_IN_ALL_SECONDS", 0.05)
        for _ in range(1000):
            assert child.poll() is None
            time.sleep(60)
    assert clock.now() == 60_000


def test_without_a_clock_nothing_waits() -> None:
    """The genuine methods are back."""
    with install(VirtualClock()):
        pass
    with subprocess.Popen(CHILD) as child:
        assert subprocess.Popen.poll(child) is None
        assert subprocess.Popen.poll.__module__ == "subprocess"
