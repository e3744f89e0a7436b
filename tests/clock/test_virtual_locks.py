"""Locks and their like answer on the virtual clock as the genuine ones do, for good and bad arguments."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import VirtualClock
from qrtest.clock.patch_time import install

SHORT = 0.001
TIMEOUTS = st.sampled_from([-1, -5, -0.5, 0, SHORT, 1e20, float("nan"), "soon", None])
LOCKS: dict[str, Callable[[], Any]] = {
    "Lock": lambda: threading.Lock(),
    "RLock": lambda: threading.RLock(),
    "Semaphore": lambda: threading.Semaphore(1),
    "BoundedSemaphore": lambda: threading.BoundedSemaphore(1),
    "Condition": lambda: threading.Condition(),
    "Event": lambda: threading.Event(),
    "Barrier": lambda: threading.Barrier(2),
    "Queue": lambda: queue.Queue(1),
    "SimpleQueue": lambda: queue.SimpleQueue(),
}
CALLS = st.one_of(
    st.tuples(
        st.sampled_from(["acquire"]), st.booleans(), TIMEOUTS.filter(lambda it: it is not None)
    ),
    st.tuples(st.sampled_from(["acquire", "get"]), st.just(False)),
    st.tuples(st.just("wait"), TIMEOUTS.filter(lambda it: it is not None and it == it)),
    st.tuples(st.just("get"), st.just(True), st.sampled_from([-1, 0, SHORT])),
    st.tuples(st.just("put"), st.just("it"), st.just(True), st.sampled_from([-1, 0, SHORT])),
    st.tuples(st.sampled_from(["release", "__enter__", "__exit__", "locked", "__repr__"])),
    st.tuples(st.sampled_from(["notify", "set", "clear", "is_set", "abort", "reset", "qsize"])),
)


def outcome(call: Callable[[], Any]) -> str:
    """Return what it returns or raises; addresses and owners differ from object to object."""
    try:
        answer = repr(call())
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    return re.sub(r"0x[0-9a-f]+|owner=\d+", "...", answer)


def played(kind: str, calls: list[tuple[Any, ...]]) -> list[str]:
    """Return what each call on a fresh object comes to; what would wait for ever is left out."""
    made, found = LOCKS[kind](), []
    for name, *arguments in calls:
        method = getattr(made, name, None)
        if method is None or (name == "locked" and kind == "RLock"):
            continue
        if name == "wait" and kind == "Barrier" and arguments[0] in ("soon", 1e20):
            continue
        if "Semaphore" in kind and name == "acquire" and arguments[-1] != arguments[-1]:
            continue  # the genuine one waits for ever, and uses the processor meanwhile
        if name == "__exit__":
            arguments = [None, None, None]
        if (name, kind) == ("__enter__", "Condition"):
            method, arguments = made.acquire, [False]
        elif name == "__enter__" or (name == "acquire" and arguments[1:] == [-1] and arguments[0]):
            method, arguments = made.acquire, [True, SHORT]
        found.append(f"{name} {outcome(lambda m=method, a=arguments: m(*a))}")
    return found


@given(st.sampled_from(sorted(LOCKS)), st.lists(CALLS, max_size=8))
def test_the_same_calls_have_the_same_outcomes(kind: str, calls: list[tuple[Any, ...]]) -> None:
    """Values, exceptions and their words, as far as the genuine calls do not wait for ever."""
    calls = [call for call in calls if not (call[-1] == 1e20 and call[0] in ("acquire", "wait"))]
    genuine = played(kind, calls)
    with install(VirtualClock()):
        assert played(kind, calls) == genuine


@pytest.mark.parametrize("seconds", [-1, "soon", None, float("nan"), float("inf"), 1e20, False])
def test_what_is_no_length_of_sleep_is_refused_as_ever(seconds: Any) -> None:
    """With the words of the genuine function."""
    genuine = outcome(lambda: time.sleep(seconds))
    with install(VirtualClock()):
        assert outcome(lambda: time.sleep(seconds)) == genuine


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_loop_that_looks_at_events_and_the_time_ends(timeout: int) -> None:
    """That is how futures.as_completed keeps a timeout of nothing."""
    clock = VirtualClock()
    with install(clock), pytest.raises(futures.TimeoutError):
        list(futures.as_completed([futures.Future()], timeout))
    assert clock.now() < 0.01
