"""The report of promises that are not kept: one sentence, what happened, a test to paste, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qrtest.excerpt import excerpt
from qrtest.harness.simulate import Simulation
from qrtest.properties.pasted_code import (
    PastedName,
    identifier,
    imports,
    name_of,
    named,
    section,
)
from qrtest.timeline.journal import Journal
from qrtest.timeline.timeline import Timeline

__all__ = ["Broken", "Promise", "Subject", "happened_since", "report"]

MOST_LISTED: Final = 9
MOST_TIMELINE_LINES: Final = 5
WIDTH: Final = 96
MOST_OF_A_LINE: Final = 150


@dataclass(frozen=True)
class Promise:
    """A promise: its *name*, what it *says*, and *broken*, which tries it on what it makes.

    *broken* is called with the maker and describes what was wrong, or returns None.

    >>> def nameless(make_job):
    ...     return None if make_job("DONE").job_id() else "It has none."
    >>> Promise("named", "A job has an id.", nameless)
    Promise(name='named', says='A job has an id.')
    """

    name: str
    says: str
    broken: Callable[[Callable[..., Any]], str | None] = field(repr=False)


@dataclass(frozen=True)
class Subject:
    """What is held to promises: a *noun*, the class *of* which they are, and the function that checks.

    *maker* is what that function takes, *example* one of it, *mistaken* a hint for those who gave something
    else. What is tried has one of *methods* at least.
    """

    noun: str
    of: str
    check: str
    maker: str
    example: str
    methods: tuple[str, ...]
    mistaken: str = ""


@dataclass(frozen=True)
class Broken:
    """A *promise* that was not kept: *what* was wrong, and what *happened* meanwhile, as text."""

    promise: Promise
    what: str
    happened: str = ""

    @property
    def text(self) -> str:
        """What was promised, and what was seen."""
        return f"{self.promise.says} {self.what}"


def happened_since(journal: Journal, before: Collection[str]) -> str:
    """Return the timeline of the jobs of *journal* whose ids are not in *before*."""
    known = {f"job {name}" for name in before}
    drawn = journal.drawn()
    new = tuple(track for track in drawn.tracks if track.name not in {*known, "account"})
    texts = "\n".join(Timeline("", new).texts(lines=MOST_TIMELINE_LINES - 1)).splitlines()
    return "\n".join(texts[:MOST_TIMELINE_LINES])


def report(
    make: Callable[..., Any],
    broken: Sequence[Broken],
    tried: int,
    subject: Subject,
    *,
    is_simulated: bool,
) -> str:
    """Return all that a person needs to see and repeat the first of *broken*, without secrets."""
    from qrtest.redaction.redactor import shown

    first, *others = broken
    lines = [
        f"This {subject.noun} breaks {len(broken)} of {tried} promises of {subject.of}, first "
        f"{first.promise.name!r}: {first.text}"
    ]
    if first.happened:
        lines += section("What happened (virtual time, request, answer)", first.happened)
    if others:
        lines += ["", "The others:", "", *_listed(others)]
    code = _test(make, first.promise, subject, is_simulated=is_simulated)
    lines += section("To paste into a test", code)
    return shown("\n".join(lines))


def _listed(broken: Sequence[Broken]) -> list[str]:
    shown = broken if len(broken) <= MOST_LISTED else broken[: MOST_LISTED - 1]
    lines = [excerpt(f"{each.promise.name}: {each.text}", MOST_OF_A_LINE) for each in shown]
    rest = [each.promise.name for each in broken[len(shown) :]]
    if rest:
        lines += textwrap.wrap(
            f"and {len(rest)} more: {', '.join(rest)}", WIDTH, break_on_hyphens=False
        )
    return [f"  {line}" for line in lines]


def _test(
    make: Callable[..., Any], promise: Promise, subject: Subject, *, is_simulated: bool
) -> str:
    what = f"make_{subject.noun}"
    simulation = _simulation_of(make)
    maker = named(make, "the function", what)
    if simulation is not None:
        maker = PastedName(f"sim.{name_of(make).rpartition('.')[2]}")
    is_ours = promise.broken.__module__.startswith("qrtest.")
    own = f"promise = ...  # fill in: the Promise named {promise.name!r}"
    to_fill_in = [*([maker.line] if maker.line else []), *([] if is_ours else [own])]
    promises = repr([promise.name]) if is_ours else "[promise]"
    call = f"qrtest.{subject.check}({maker.code}, promises={promises})"
    if simulation is not None:
        chosen = f"transport={simulation.transport!r}" if simulation.transport != "direct" else ""
        body = [f"    with qrtest.simulate({chosen}) as sim:", f"        {call}"]
    elif is_simulated:
        body = ["    with qrtest.simulate():", f"        {call}"]
    else:
        body = [f"    {call}"]
    advice = (
        f"What to do: {subject.example} keeps every promise that is tried by default. Mend this one "
        f"first, others often follow from it; known=[{promise.name!r}] leaves it out."
    )
    test = identifier(make, what).lower().replace("simulation_", "")
    return "\n".join(
        [
            "import qrtest",
            *imports([maker]),
            *(["", *to_fill_in] if to_fill_in else []),
            "",
            "",
            f"def test_{test}_{promise.name.replace('-', '_')}():",
            *body,
            "",
            *textwrap.wrap(advice, WIDTH, initial_indent="# ", subsequent_indent="# "),
        ]
    )


def _simulation_of(make: Callable[..., Any]) -> Simulation | None:
    """Return the simulation that *make* is a method of."""
    owner = getattr(make, "__self__", None)
    return owner if isinstance(owner, Simulation) else None
