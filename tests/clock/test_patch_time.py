"""The functions of `time` follow the installed clock, under every name, in every thread."""

from __future__ import annotations

import sys
import threading
import time
import types
from time import sleep as imported_sleep
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.clock.patch_time import NAMES, install

REAL = types.MappingProxyType({name: getattr(time, name) for name in NAMES})
NUMBERS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")


def code_under_test(body: str) -> types.ModuleType:
    """Return a module of somebody else's, with *body*."""
    module = types.ModuleType("somebody_elses_polling")
    exec(body, vars(module))
    return module


def test_every_name_answers_from_the_clock_while_it_is_installed() -> None:
    """sleep, time, monotonic, perf_counter and their nanosecond forms."""
    clock = VirtualClock()
    with install(clock):
        before = {name: getattr(time, name)() for name in NUMBERS}
        time.sleep(3600)
        after = {name: getattr(time, name)() for name in NUMBERS}
    for name in before:
        unit = 10**9 if name.endswith("_ns") else 1
        assert after[name] - before[name] == 3600 * unit
    assert before["time"] == EPOCH
    assert clock.now() == 3600


def test_a_name_imported_long_before_answers_from_the_clock() -> None:
    """`from time import sleep` at the top of a module is found and followed."""
    clock = VirtualClock()
    with install(clock):
        imported_sleep(7200)
    assert clock.now() == 7200


def test_a_module_that_took_the_place_of_another_is_found() -> None:
    """As many modules as last time, but not the same ones: a file of tests was imported anew."""
    before = code_under_test("from time import sleep")
    after = code_under_test("from time import sleep")
    name = before.__name__
    sys.modules[name] = before
    try:
        with install(VirtualClock()):
            pass
        del sys.modules[name]
        sys.modules[name] = after
        clock = VirtualClock()
        with install(clock):
            assert after.sleep is not REAL["sleep"]
            after.sleep(60)
        assert clock.now() == 60
    finally:
        del sys.modules[name]


def test_a_module_imported_between_two_simulations_is_found() -> None:
    """The look for such names goes through new modules each time."""
    with install(VirtualClock()):
        pass
    module = code_under_test("from time import sleep, monotonic")
    sys.modules[module.__name__] = module
    try:
        clock = VirtualClock()
        with install(clock):
            module.sleep(60)
        assert clock.now() == 60
        assert module.sleep is REAL["sleep"]
    finally:
        del sys.modules[module.__name__]


def test_everything_is_restored_also_after_an_exception() -> None:
    """No name of `time`, and nothing imported from it, stays replaced."""
    with pytest.raises(ZeroDivisionError), install(VirtualClock()), install(VirtualClock()):
        _ = 1 / 0
    assert {name: getattr(time, name) for name in NAMES} == REAL
    assert imported_sleep is REAL["sleep"]
    assert threading.Thread.start.__module__ == "threading"


def test_two_simulations_in_two_threads_have_a_time_each() -> None:
    """A thread follows the clock it installed, and so do the threads it starts."""
    seen: dict[int, float] = {}
    both_are_in = threading.Barrier(2)

    def live(seconds: int) -> None:
        clock = VirtualClock()
        with install(clock):
            both_are_in.wait()
            child = threading.Thread(target=time.sleep, args=(seconds,))
            child.start()
            child.join()
            time.sleep(seconds)
            both_are_in.wait()
        seen[seconds] = clock.now()

    threads = [threading.Thread(target=live, args=(seconds,)) for seconds in (10, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {10: 20, 500: 1000}


def test_the_innermost_of_two_nested_clocks_is_followed() -> None:
    """And the outer one again after it."""
    outer, inner = VirtualClock(), VirtualClock()
    with install(outer):
        with install(inner):
            time.sleep(5)
        time.sleep(7)
    assert (outer.now(), inner.now()) == (7, 5)


def test_hypothesis_keeps_real_time_for_its_deadlines() -> None:
    """An example that takes two virtual hours is no slow example."""
    from hypothesis import settings

    @settings(deadline=5_000, max_examples=3, database=None)
    @given(st.integers())
    def two_hours(_: int) -> None:
        with install(VirtualClock()):
            time.sleep(7200)

    two_hours()


def test_a_loop_that_only_looks_at_the_time_ends() -> None:
    """Time moves for who does nothing but ask for it."""
    clock = VirtualClock()
    with install(clock):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            pass
    assert clock.now() >= 5


def test_looking_at_the_time_now_and_then_does_not_move_it() -> None:
    """Reading is free for code that does not insist."""
    clock = VirtualClock()
    with install(clock):
        for _ in range(1000):
            time.time()
    assert clock.now() == 0


def test_a_patch_that_ends_inside_leaves_the_function_on_the_clock() -> None:
    """And the genuine function is there afterwards."""
    before = patch("time.sleep")
    before.start()
    clock = VirtualClock()
    with install(clock):
        before.stop()
        time.sleep(3600)
    assert clock.now() == 3600
    assert time.sleep is REAL["sleep"]


def test_a_patch_that_began_inside_leaves_nothing_behind_after_the_next_time() -> None:
    """When it ends it puts back what it had found, which was no genuine function."""
    with install(VirtualClock()):
        inside = patch("time.sleep")
        inside.start()
    inside.stop()
    with install(VirtualClock()):
        pass
    assert time.sleep is REAL["sleep"]
