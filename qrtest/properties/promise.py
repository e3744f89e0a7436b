"""A promise as a value: what it says, and a function that tries it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from qrtest.advice import choices, page
from qrtest.errors import BrokenPromises, SimulationError
from qrtest.excerpt import excerpt
from qrtest.harness.base import current_journal
from qrtest.properties.first_line import first_line
from qrtest.properties.pasted_code import name_of
from qrtest.properties.project_frames import frame_of_the_consumer
from qrtest.properties.promise_report import Broken, Promise, Subject, happened_since, report

__all__ = [
    "DONE",
    "FAILED",
    "LONG_ENOUGH_SECONDS",
    "STUCK",
    "TOO_LONG",
    "MakeJob",
    "Promise",
    "Raised",
    "Subject",
    "chosen",
    "hold",
    "left_out",
    "raised",
]

MakeJob = Callable[[Any], Any]
"""Makes a job of a script's text, or of a `Scenario`."""

DONE: Final = "QUEUED 5s; RUNNING 5s; DONE"
FAILED: Final = 'QUEUED 5s; RUNNING 5s; ERROR 1500 "Internal error."'
TOO_LONG: Final = "QUEUED 5s; RUNNING 5s; ERROR 1305"
STUCK: Final = "QUEUED"
LONG_ENOUGH_SECONDS: Final = 60
"""After so long, jobs of these scripts have ended, but for one that is stuck."""

MOST_OF_AN_ERROR: Final = 160
MOST_OF_A_VALUE: Final = 80


def hold(make: Callable[..., Any], promises: Sequence[Promise], subject: Subject) -> None:
    """Try *promises* with *make*. Raises `BrokenPromises` that lists those that are not kept.

    Raises `SimulationError` for a *make* that makes nothing which could be tried.
    """
    __tracebackhide__ = True
    if not callable(make):
        given = excerpt(repr(make), MOST_OF_A_VALUE)
        raise SimulationError(
            f"{subject.check}({given}): give {subject.maker}, as {subject.example}."
        )
    calls = _Calls(subject)
    watched = calls.watch(make)
    broken: list[Broken] = []
    for promise in promises:
        journal = current_journal()
        before = {entry.name for entry in journal or ()}
        what = _tried(promise, watched)
        if what is not None:
            is_first = journal is not None and not broken
            happened = happened_since(journal, before) if journal is not None and is_first else ""
            broken.append(Broken(promise, what, happened))
    if not broken:
        return
    if calls.failure and not calls.made_one:
        raise SimulationError(
            f"{subject.check}({name_of(make)}): {calls.failure}, so there is no {subject.noun} to try. "
            f"Give {subject.maker}, as {subject.example}. {subject.mistaken}"
        )
    raise BrokenPromises(
        report(make, broken, len(promises), subject, is_simulated=current_journal() is not None),
        names=tuple(each.promise.name for each in broken),
    )


class _Calls:
    """Watches a maker: whether it ever made what can be tried, and if not, why."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.made_one = False
        self.failure = ""

    def watch(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Return *make* with its signature, watched."""

        @functools.wraps(make)
        def watched(*given: Any) -> Any:
            call = f"{name_of(make)}({', '.join(repr(str(each)) for each in given)})"
            try:
                made = make(*given)
            except Exception as error:
                self.failure = self.failure or f"{call} raised {_worded(error)}{_where(error)}"
                raise
            if any(hasattr(made, name) for name in self._subject.methods):
                self.made_one = True
            value = excerpt(repr(made), MOST_OF_A_VALUE)
            self.failure = self.failure or f"{call} returned {value}"
            return made

        return watched


def _worded(error: Exception) -> str:
    words = excerpt(first_line(error), MOST_OF_AN_ERROR)
    return f"{type(error).__name__}: {words}"


def _where(error: Exception) -> str:
    frame = frame_of_the_consumer(error.__traceback__)
    return f", from {Path(frame.filename).name}:{frame.lineno}" if frame else ""


def chosen(
    promises: Iterable[Promise | str] | None, usual: Sequence[Promise], known: Sequence[Promise]
) -> tuple[Promise, ...]:
    """Return *promises*, or those of *usual* and *known* of that name; *usual* for None.

    Raises `SimulationError` for what is no promise.
    """
    if promises is None:
        return tuple(usual)
    named = {each.name: each for each in (*usual, *known)}
    given = (promises,) if isinstance(promises, str | Promise) else promises
    found: list[Promise] = []
    for each in given if isinstance(given, Iterable) else (given,):
        promise = named.get(each) if isinstance(each, str) else each
        if not isinstance(promise, Promise):
            names = choices(each, named, page("job-properties"))
            raise SimulationError(f"promises={each!r}: give values of Promise, or names. {names}")
        found.append(promise)
    return tuple(found)


def left_out(
    promises: Sequence[Promise], defects: Sequence[Promise], known: bool | Collection[str]
) -> tuple[Promise, ...]:
    """Return *promises* and *defects* without those that are *known*: names, all *defects*, or none.

    Raises `SimulationError` for a name that is none.
    """
    if isinstance(known, bool):
        return tuple(promises) if known else (*promises, *defects)
    everything = (*promises, *defects)
    names = [promise.name for promise in everything]
    given = {known} if isinstance(known, str) else set(known)
    for name in sorted(given):
        if name not in names:
            raise SimulationError(f"known={name!r}: there is no such promise; see {names}.")
    return tuple(promise for promise in everything if promise.name not in given)


def _tried(promise: Promise, make: Callable[..., Any]) -> str | None:
    try:
        return promise.broken(make)
    except Exception as error:
        return f"It raised {_worded(error)}"


class Raised(tuple[str, ...]):
    """The names of an exception and of its bases, its own first; none where nothing was raised.

    >>> str(Raised(["KeyError", "LookupError"])), str(Raised())
    ('KeyError', 'nothing')
    """

    __slots__ = ()

    def __str__(self) -> str:
        return self[0] if self else "nothing"


def raised(call: Callable[[], Any]) -> Raised:
    """Return what *call* raises."""
    try:
        call()
    except Exception as error:
        return Raised(kind.__name__ for kind in type(error).__mro__)
    return Raised()
