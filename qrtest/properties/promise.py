"""A promise as a value: what it says, and a function that tries it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qrtest.errors import BrokenPromises, SimulationError

__all__ = [
    "DONE",
    "FAILED",
    "LONG_ENOUGH_SECONDS",
    "STUCK",
    "TOO_LONG",
    "MakeJob",
    "Promise",
    "Raised",
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


@dataclass(frozen=True)
class Promise:
    """A promise: its *name*, what it *says*, and *broken*, which tries it on what it makes.

    *broken* is called with the maker and describes what was wrong, or returns None.
    """

    name: str
    says: str
    broken: Callable[[Callable[..., Any]], str | None] = field(repr=False)


def hold(make: Callable[..., Any], promises: Sequence[Promise], what: str, of: str) -> None:
    """Try *promises* with *make*. Raises `BrokenPromises` that lists those that are not kept."""
    __tracebackhide__ = True
    broken = {}
    for promise in promises:
        found = _tried(promise, make)
        if found is not None:
            broken[promise.name] = f"{promise.says} {found}"
    if broken:
        listed = "\n".join(f"  {name}: {found}" for name, found in broken.items())
        raise BrokenPromises(
            f"This {what} breaks {len(broken)} of {len(promises)} promises of {of}:\n{listed}",
            names=tuple(broken),
        )


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
        first_line = textwrap.shorten(str(error).partition("\n")[0], MOST_OF_AN_ERROR)
        return f"It raised {type(error).__name__}: {first_line}"


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
