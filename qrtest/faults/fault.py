"""What all faults have in common, and the registry of their kinds.

A kind is a subclass of `Fault`, which says what it does to an answer, and a function under `kind`, by
which users make it. Everything else is derived from the two: how a fault is printed, saved, loaded,
drawn by hypothesis and listed in the documentation.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, ParamSpec, TypedDict, TypeVar

from qrtest.advice import choices, page
from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.code_repr import AsCode
from qrtest.errors import DurationError, FaultError
from qrtest.http.messages import Response
from qrtest.http.operations import OF_A_JOB, OPERATIONS

__all__ = [
    "ANY",
    "SECONDS",
    "Ask",
    "Fault",
    "Kind",
    "When",
    "kind",
    "kind_named",
    "kind_of",
    "kinds",
    "seconds",
    "when_of",
]

ANY: Final = "any"
WHEN: Final = ("on", "after", "times", "since", "until")
SECONDS: Final = ("seconds", "since", "until")
"""The fields of faults that are lengths of time: printed and saved as texts, as "1m30s"."""

Ask = Callable[[], Response]
"""Ask the service, or what is left of it under other faults. Called at most once for a request."""

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made", bound="Fault")


class When(TypedDict, total=False):
    """The keywords that every fault takes: see `qrtest.faults`."""

    on: str
    after: int
    times: int | None
    since: Duration
    until: Duration | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Fault(AsCode, ABC):
    """What all faults have: on what, and when. Made by the functions of `qrtest.faults`.

    Raises `FaultError` for an operation that does not exist, and for a number or time out of range.

    >>> from qrtest import faults
    >>> faults.drop(on="poll", after=10)
    faults.drop(on='poll', after=10)
    """

    on: str = ANY
    after: int = 0
    times: int | None = 1
    since: float = 0.0
    until: float | None = None

    def __post_init__(self) -> None:
        if self.on != ANY and self.on not in OPERATIONS:
            known = choices(
                self.on, (ANY, *OPERATIONS), page("scripts", "faults-are-what-goes-wrong")
            )
            raise FaultError(f"on={self.on!r} is not an operation. {known}")
        if isinstance(self.after, bool) or not isinstance(self.after, int) or self.after < 0:
            raise FaultError(f"after={self.after!r} is not how many calls to let pass: 0 or more.")
        if self.times is not None and (
            isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1
        ):
            raise FaultError(
                f"times={self.times!r} is not how many calls to strike: 1 or more, or None for all."
            )
        if self.until is not None and self.until <= self.since:
            raise FaultError(
                f"until={durations.text(self.until)!r} is not after since={durations.text(self.since)!r}."
            )

    @abstractmethod
    def apply(self, ask: Ask) -> Response:
        """Return what arrives in place of the answer of *ask*, which is called if the request has effect."""

    @property
    def is_about_a_job(self) -> bool:
        """Whether it can be limited to the requests of one job: a submission belongs to none yet."""
        return self.on == ANY or self.on in OF_A_JOB

    def concerns(self, operation: str, now: float) -> bool:
        """Return whether a call of *operation* at the time *now* counts for this fault."""
        return (
            self.on in (ANY, operation)
            and now >= self.since
            and (self.until is None or now < self.until)
        )

    def strikes(self, calls_before: int) -> bool:
        """Return whether it strikes the call that *calls_before* others went before."""
        return calls_before >= self.after and (
            self.times is None or calls_before < self.after + self.times
        )

    def __repr__(self) -> str:
        kind = kind_of(self)
        arguments = []
        for entry in (*_own_fields(type(self)), *_when_fields(type(self))):
            value = getattr(self, entry.name)
            shown = repr(
                durations.text(value) if entry.name in SECONDS and value is not None else value
            )
            if entry.name == kind.leading:
                arguments += [] if value is None else [shown]
            elif value != entry.default:
                arguments.append(f"{entry.name}={shown}")
        return f"faults.{kind.name}({', '.join(arguments)})"


def _own_fields(of: type[Fault]) -> list[Any]:
    return [entry for entry in fields(of) if entry.name not in WHEN]


def _when_fields(of: type[Fault]) -> list[Any]:
    return [entry for name in WHEN for entry in fields(of) if entry.name == name]


# --- the registry -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of fault: the class of its values, and the function *make* of this *name* that makes them.

    *leading*: the field that *make* takes by place, None if there is none. *draws*: the faults of this
    kind that hypothesis draws from, the most usual first.
    """

    name: str
    make: Callable[..., Fault]
    type: type[Fault]
    leading: str | None
    draws: tuple[Fault, ...]


_KINDS: Final[dict[str, Kind]] = {}


def kind(
    of: type[Fault], *, leading: str | None = None, draws: Sequence[Fault] = ()
) -> Callable[[Callable[Arguments, Made]], Callable[Arguments, Made]]:
    """Register the decorated function as the one that makes faults *of* that class: see `Kind`.

    Raises `FaultError` for a class that does not say what it does, and for a name that is taken.
    """
    if inspect.isabstract(of):
        raise FaultError(f"{of.__name__} needs a method apply(ask), which says what it does.")
    if leading is not None and leading not in {entry.name for entry in fields(of)}:
        raise FaultError(f"{of.__name__} has no field {leading!r}.")

    def register(make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
        if make.__name__ in _KINDS:
            raise FaultError(f"There is a kind of faults named {make.__name__!r}: choose another.")
        _KINDS[make.__name__] = Kind(make.__name__, make, of, leading, tuple(draws))
        return make

    return register


def kinds() -> tuple[Kind, ...]:
    """Return all kinds, in the order in which they were registered.

    >>> [kind.name for kind in kinds()][:2]
    ['status', 'drop']
    """
    return tuple(_KINDS.values())


def kind_named(name: str) -> Kind | None:
    """Return the kind of that *name*; None when there is none."""
    return _KINDS.get(name)


def kind_of(fault: Fault) -> Kind:
    """Return the kind of *fault*. Raises `FaultError` for a class that is not registered."""
    for each in _KINDS.values():
        if each.type is type(fault):
            return each
    name = type(fault).__name__
    raise FaultError(
        f"{name} is no registered kind of faults, so it cannot be printed or saved: put "
        f"@kind({name}) of qrtest.faults.fault on the function that makes it."
    )


# --- what the functions share -------------------------------------------------------------------------


class _When(TypedDict, total=False):
    on: str
    after: int
    times: int | None
    since: float
    until: float | None


def when_of(when: When) -> _When:
    """Return the keywords of *when* with lengths in seconds. Raises `FaultError` for one that is none."""
    known = {name: value for name, value in when.items() if name in WHEN}
    if len(known) != len(when):
        unknown = ", ".join(sorted(set(when) - set(WHEN)))
        raise FaultError(f"A fault has no {unknown}: it takes {', '.join(WHEN)}.")
    for name in ("since", "until"):
        if known.get(name) is not None:
            known[name] = seconds(known[name])  # type: ignore[arg-type]
    return known  # type: ignore[return-value]


def seconds(length: Duration) -> float:
    """Return *length* in seconds. Raises `FaultError` for what is no length of time."""
    try:
        return durations.seconds(length)
    except DurationError as error:
        raise FaultError(str(error)) from None
