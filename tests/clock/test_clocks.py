"""Clocks: virtual, real and accelerated time as values."""

from __future__ import annotations

import time
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import VirtualClock, WallClock, simulate
from qrtest.clock.clocks import AcceleratedClock, clock_named
from qrtest.clock.patch_time import NAMES
from qrtest.errors import ClockError

REAL = MappingProxyType({name: getattr(time, name) for name in NAMES})


def test_sleeping_is_jumping() -> None:
    """Five hundred years pass at once."""
    clock = VirtualClock(longest=None)
    for _ in range(5):
        clock.advance("36500d")
    clock.sleep(0.25)
    assert clock.now() == 5 * 36_500 * 86_400 + 0.25


@given(st.lists(st.floats(0, 1e6, allow_nan=False) | st.integers(0, 10**6)))
def test_time_only_goes_forward(lengths: list[float]) -> None:
    """Whatever is slept, the time never decreases, and is the sum to the nanosecond."""
    clock = VirtualClock(longest=None)
    times = [clock.now()]
    for length in lengths:
        clock.sleep(length)
        times.append(clock.now())
    assert times == sorted(times)
    assert round(times[-1] * 1e9) == pytest.approx(sum(round(n * 10**9) for n in lengths), abs=1e3)


def test_time_cannot_go_backwards() -> None:
    """Neither by the clock's own method nor by sleeping less than nothing."""
    clock = VirtualClock()
    with pytest.raises(ClockError, match="It cannot go backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="non-negative"):
        clock.sleep(-1)
    assert clock.now() == 0


def test_real_time_cannot_be_moved() -> None:
    """It says what to do instead."""
    with pytest.raises(ClockError, match="use clock='virtual'"):
        WallClock().advance("1h")


def test_a_loop_that_never_sleeps_ends_because_requests_cost_time() -> None:
    """Fifty virtual milliseconds each, unless another pace is given."""
    with simulate() as sim:
        job = sim.job("QUEUED 10s; DONE")
        polls = 0
        while not job.done():
            polls += 1
        assert polls == 200
        assert sim.clock.now() == 201 * 0.05


def test_the_cost_of_a_request_can_be_chosen() -> None:
    """latency=..."""
    with simulate(latency="2s") as sim:
        sim.job().status()
        assert sim.clock.now() == 2


def test_real_time_is_real() -> None:
    """clock="real": the job is queued for as long as it says."""
    with simulate(clock="real") as sim:
        job = sim.job("QUEUED 300ms; DONE")
        assert job.status() == "QUEUED"
        start = REAL["monotonic"]()
        job.wait_for_final_state()
        assert REAL["monotonic"]() - start >= 0.25


def test_an_hour_is_slept_in_a_moment() -> None:
    """Sleeping really takes the hour's share."""
    wall, clock = WallClock(), AcceleratedClock(1_000_000)
    clock.sleep(3600)
    assert clock.now() >= 3600
    assert wall.now() < 60


@given(steps=st.lists(st.integers(0, 10**6), max_size=5), speed=st.sampled_from([0.5, 1, 60]))
def test_time_never_goes_backwards(steps: list[int], speed: float) -> None:
    """Moved ahead by anything, it is at least that far."""
    clock = AcceleratedClock(speed)
    for seconds in steps:
        before = clock.now()
        clock.advance(seconds)
        assert clock.now() >= before + seconds
    with pytest.raises(ClockError, match="cannot go backwards"):
        clock.advance(-1)


def test_nobody_waits_longer_than_it_takes() -> None:
    """What is left to wait of an hour, in real seconds."""
    assert AcceleratedClock(60).spend(3600) == 60
    assert WallClock().spend(5) == 5
    assert VirtualClock().spend(5) == 0


@pytest.mark.parametrize(("name", "speed"), [("real", 1), ("60x", 60), ("0.5x", 0.5), ("3", 3)])
def test_clocks_have_names(name: str, speed: float) -> None:
    """Real time is that of speed 1."""
    clock = clock_named(name)
    assert isinstance(clock, AcceleratedClock)
    assert clock.speed == speed


def test_a_virtual_clock_of_a_server_has_no_end() -> None:
    """There is no code under test in this process that would wait for ever."""
    clock = clock_named("virtual")
    clock.advance("5000d")
    assert clock.now() == 5000 * 86_400


@pytest.mark.parametrize("name", ["fast", "", "x", "0x", "-1x", "infx", "nanx"])
def test_a_clock_that_makes_no_sense_is_refused(name: str) -> None:
    """With what there is instead."""
    with pytest.raises(ClockError, match="'60x'|above 0"):
        clock_named(name)
