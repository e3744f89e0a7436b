"""What participants cannot report themselves is seen from outside, in real time."""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qrtest import VirtualClock, simulate
from qrtest.clock import observer
from qrtest.clock.patch_time import install
from qrtest.errors import NeverEnds, QrtestError


def test_a_loop_that_never_waits_is_stopped_with_the_line_that_it_is_at() -> None:
    """It waits for a thread that gets no turn, because time stands still for who computes."""
    flag: list[bool] = []

    def set_flag() -> None:
        time.sleep(1)
        flag.append(True)

    def spin() -> None:
        # In a function of its own: in Python 3.13.0 an exception that arrives in an empty loop skips the `with` around it.
        while not flag:
            pass

    with (
        pytest.raises(NeverEnds, match=r"MainThread .* at test_observer.py:\d+"),
        simulate(watchdog=0.5),
    ):
        threading.Thread(target=set_flag).start()
        spin()


def test_a_thread_that_hangs_in_the_operating_system_is_named() -> None:
    """The one that waits for it gets the error, instead of waiting for ever."""
    reading, writing = os.pipe()

    def read() -> None:
        os.read(reading, 1)

    def wait_for_it() -> None:
        thread = threading.Thread(target=read, name="Reader")
        thread.start()
        thread.join()

    with (
        pytest.raises(
            NeverEnds, match=r"Reader computes or is blocked at test_observer.py:\d+ in read"
        ),
        simulate(watchdog="500ms"),
    ):
        try:
            wait_for_it()
        finally:
            os.write(writing, b"x")
    os.close(reading)
    os.close(writing)


def test_others_go_on_beside_a_thread_that_is_blocked() -> None:
    """The turn is passed on; the time stands still until it is back."""
    reading, writing = os.pipe()
    order: list[tuple[str, float]] = []

    def read() -> None:
        os.read(reading, 1)
        order.append(("read", clock.now()))

    def write() -> None:
        os.write(writing, b"x")
        order.append(("written", clock.now()))

    clock = VirtualClock()
    with install(clock):
        _run(read, write, lambda: time.sleep(60))
    assert sorted(order) == [("read", 0), ("written", 0)]
    os.close(reading)
    os.close(writing)


@pytest.fixture
def soon_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a second without input is long."""
    monkeypatch.setattr(observer, "QUIET_TICKS", 20)


@pytest.fixture
def no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that other tests have left do not count."""
    monkeypatch.setattr(observer, "has_children", lambda: False)


@pytest.mark.usefixtures("soon_quiet", "no_children")
@pytest.mark.parametrize("ends", [os.pipe, socket.socketpair], ids=["pipe", "sockets"])
def test_what_another_thread_sends_later_comes_later(ends: Callable[[], Any]) -> None:
    """Time stands still for a while for who waits for input, and then goes on to when it is sent."""
    reading, writing = (each if isinstance(each, int) else each.detach() for each in ends())
    clock = VirtualClock()

    def write() -> None:
        time.sleep(30)
        os.write(writing, b"x")

    with install(clock):
        thread = threading.Thread(target=write)
        thread.start()
        assert os.read(reading, 1) == b"x"
        assert clock.now() == 30
        thread.join()
    os.close(reading)
    os.close(writing)


@pytest.mark.usefixtures("soon_quiet")
def test_time_stands_still_for_who_waits_for_a_child_process() -> None:
    """However long that takes: the child does not go by the clock."""
    clock = VirtualClock()

    def wait_for_it() -> None:
        program = "import time; time.sleep(0.4); print()"
        subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE)
        ended.append(clock.now())

    ended: list[float] = []
    with install(clock):
        _run(wait_for_it, lambda: time.sleep(60))
    assert ended == [0]


@pytest.mark.usefixtures("soon_quiet", "no_children")
def test_a_server_in_a_thread_lets_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for connections for ever, in a loop, and answers those that come."""
    monkeypatch.setattr("qrtest.clock.patch_loops.PATIENCE_WITH_OTHERS_SECONDS", 0.05)

    class Echo(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            time.sleep(5)
            self.wfile.write(self.rfile.readline())

    with (
        simulate(network=True) as sim,
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for number in range(2):
            with socket.create_connection(server.server_address) as connection:
                connection.sendall(b"hello\n")
                assert connection.makefile().readline() == "hello\n"
            assert 5 * number < sim.clock.now() % 3600 < 5 * number + 9
            sim.job("QUEUED 1h; DONE").wait_for_final_state()
        server.shutdown()
        thread.join()


def _run(*targets: Callable[[], object]) -> None:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_forked_process_goes_on_by_itself(tmp_path: Path) -> None:
    """Its only thread takes part in its copy of the clock; what the parent waits for is not its business."""
    clock = VirtualClock()
    with install(clock):
        sleeper = threading.Thread(target=time.sleep, args=(100,))
        sleeper.start()
        child = os.fork()
        if child == 0:
            threading.Event().wait(5)
            time.sleep(5)
            tmp_path.joinpath("now").write_text(str(clock.now()))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        sleeper.join()
    assert tmp_path.joinpath("now").read_text() == "10.0"
    assert clock.now() == 100


def test_the_time_of_the_watchdog_can_be_set_for_a_run(pytester: pytest.Pytester) -> None:
    """By the ini file, for fixtures and simulations alike; the marker goes before it."""
    pytester.makeini("[pytest]\nqrtest_watchdog = 0.3s\n")
    pytester.makepyfile(
        """
        import os, threading
        import pytest
        from qrtest import simulate

        def hang():
            reading, writing = os.pipe()
            reader = threading.Thread(target=os.read, args=(reading, 1), daemon=True)
            reader.start()
            try:
                reader.join()
            finally:
                os.write(writing, b"x")

        def test_of_the_run(runtime_simulation):
            hang()

        def test_of_a_simulation():
            with simulate():
                hang()

        @pytest.mark.qrtest(watchdog="400ms")
        def test_of_the_marker(runtime_simulation):
            hang()
        """
    )
    ran = pytester.runpytest("-p", "no:randomly")
    ran.assert_outcomes(failed=3)
    ran.stdout.fnmatch_lines(
        ["*Nothing has moved for 0.3 seconds*", "*0.3 seconds*", "*0.4 seconds*"]
    )


@pytest.mark.parametrize("value", ["0", "-1s", "soon"])
def test_a_watchdog_of_no_length_is_refused(value: str, pytester: pytest.Pytester) -> None:
    """With what it can be."""
    with pytest.raises(QrtestError, match="give a length|length of time"):
        simulate(watchdog=value)
    pytester.makeini(f"[pytest]\nqrtest_watchdog = {value}\n")
    pytester.runpytest().stderr.fnmatch_lines([f"*qrtest_watchdog = {value}: give a length*"])


def test_no_watchdog_at_all_can_be_asked_for() -> None:
    """Nothing is stopped then."""
    with simulate(watchdog="never") as sim:
        assert sim.clock.now() == 0
