"""Which names of a consumer hold data that its last call changed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from qrtest.properties.kept_state import changed, kept_state

RESULTS: dict[str, Any] = {}
LIMIT = 3


def in_a_global(job: str) -> None:
    """Keeps its job under a global name, in a function of its own."""
    _remember(job)


def _remember(job: str) -> None:
    RESULTS[job] = job


def in_a_default(job: str, known: list[str] = []) -> None:  # noqa: B006 (it is the bug)
    """Keeps its job in a default argument."""
    known.append(job)


class InItsClass:
    """Keeps its jobs in the class."""

    jobs: list[str] = []  # noqa: RUF012 (it is the bug)

    def __call__(self, job: str) -> None:
        self.jobs.append(job)


class InItself:
    """Keeps its jobs in the object whose method is called."""

    def __init__(self) -> None:
        self.jobs: list[str] = []

    def collect(self, job: str) -> None:
        """Keep a job."""
        self.jobs.append(job)


def _in_a_closure() -> Callable[[str], None]:
    seen: set[str] = set()

    def collect(job: str) -> None:
        seen.add(job)

    return collect


@functools.lru_cache
def _known(job: str) -> str:
    return job


def in_a_cache(job: str) -> str:
    """Keeps its jobs in a cache of functools."""
    return _known(job)


def nothing(job: str) -> int:
    """Reads what is there, and keeps nothing."""
    return LIMIT + len(RESULTS) + len(job)


@pytest.mark.parametrize(
    ("consumer", "names"),
    [
        (in_a_global, ("RESULTS",)),
        (in_a_default, ("known",)),
        (InItsClass(), ("InItsClass.jobs",)),
        (InItself().collect, ("InItself",)),
        (_in_a_closure(), ("seen",)),
        (in_a_cache, ("_known.cache",)),
        (functools.partial(in_a_default, known=[]), ("known",)),
        (nothing, ()),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_a_call_leaves_behind_is_named(
    consumer: Callable[[str], Any], names: tuple[str, ...]
) -> None:
    """By the name that the code of the consumer has for it."""
    before = kept_state(consumer)
    consumer(f"a job of {names}")
    assert changed(before, kept_state(consumer)) == names
