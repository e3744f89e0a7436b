"""Time for a server: it passes by itself, so many times as fast, and can be moved ahead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.clock.accelerated import AcceleratedClock, clock_named
from qrtest.clock.clocks import VirtualClock, WallClock
from qrtest.errors import ClockError


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
