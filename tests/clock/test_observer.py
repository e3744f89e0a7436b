"""What participants cannot report themselves is seen from outside, in real time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qrtest import VirtualClock, simulate
from qrtest.clock import observer
from qrtest.clock.patch_time import install
from qrtest.errors import NeverEnds


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second without progress is a hang."""
    monkeypatch.setattr(observer.Observer.__init__, "__defaults__", (0.5,))


@pytest.mark.usefixtures("impatient")
def test_a_loop_that_never_waits_is_stopped_with_the_line_that_it_is_at() -> None:
    """It waits for a thread that gets no turn, because time stands still for who computes."""
    flag: list[bool] = []

    def set_flag() -> None:
        time.sleep(1)
        flag.append(True)

    with pytest.raises(NeverEnds, match=r"MainThread .* at test_observer.py:\d+"), simulate():
        threading.Thread(target=set_flag).start()
        while not flag:
            pass


@pytest.mark.usefixtures("impatient")
def test_a_thread_that_hangs_in_the_operating_system_is_named() -> None:
    """The one that waits for it is told, instead of waiting for ever."""
    reading, writing = os.pipe()

    def read() -> None:
        os.read(reading, 1)

    def wait_for_it() -> None:
        thread = threading.Thread(target=read, name="Reader")
        thread.start()
        thread.join()

    with (
        pytest.raises(NeverEnds, match=r"Reader is blocked at test_observer.py:\d+ in read"),
        simulate(),
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
