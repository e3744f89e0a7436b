"""Timelines of everything that has one: a recording, a scenario, a simulation, a replay."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from qrtest.cassette import store
from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import ScenarioError
from qrtest.faults import Fault
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step
from qrtest.playback.recorded_jobs import RecordedJob, jobs_in, step_in
from qrtest.redaction.public_names import public_names
from qrtest.redaction.redactor import Redactor
from qrtest.scenario import scenario_file
from qrtest.scenario.scenario import Scenario
from qrtest.timeline.journal import Journal, kind_of, label_of, session_of, summary
from qrtest.timeline.timeline import Event, Stretch, Timeline, Track

__all__ = ["Journaled", "timeline_of"]


class Journaled(Protocol):
    """What keeps a journal: a `qrtest.Simulation`, `qrtest.Replay` or `qrtest.Server`."""

    @property
    def journal(self) -> Journal:
        """The requests and answers so far."""


def timeline_of(
    what: str | os.PathLike[str] | Cassette | Scenario | Journal | Journaled,
    title: str = "",
) -> Timeline:
    """Return the timeline of a cassette or scenario (the value or its file), a simulation, replay or server.

    `str` of it is text; `qrtest show` draws it as SVG and HTML. *title* is the heading of a drawing, by
    default the name of the file or the script. Times are in seconds since the beginning. Statuses are those
    of the script or, of a recording, by the service's own timestamps; in a simulation and a replay, as the
    client received them. Raises `CassetteError` or `ScenarioError` for a file that is neither.

    >>> from qrtest import Scenario, timeline_of
    >>> print(timeline_of(Scenario("QUEUED 2h; ERROR 1500")))
    scenario
        0:00:00.00  QUEUED           for 2h
        2:00:00.00  ERROR 1500
    """
    if isinstance(what, str | os.PathLike):
        path = Path(what)
        title = title or path.name
        try:
            return _of_scenarios(scenario_file.load_jobs(path), title)
        except ScenarioError:
            what = store.load(path)
    if isinstance(what, Cassette):
        return _of_cassette(what, title)
    if isinstance(what, Scenario):
        return _of_scenarios((what,), title or str(what.script))
    journal = what if isinstance(what, Journal) else what.journal
    return journal.drawn(title)


def _of_scenarios(scenarios: Sequence[Scenario], title: str) -> Timeline:
    names = [f"scenario {n}" for n in range(1, len(scenarios) + 1)]
    tracks = (
        Track(
            "scenario" if len(scenarios) == 1 else name,
            tuple(_stretches(each.script, 0.0)),
            tuple(_planned(each.faults)),
        )
        for name, each in zip(names, scenarios, strict=True)
    )
    return Timeline(title, tuple(tracks))


def _stretches(script: Script, created_at: float) -> Iterator[Stretch]:
    at = created_at
    for step in script:
        end = None if step.seconds is None else at + step.seconds
        yield Stretch(label_of(step), at, end)
        at = at if end is None else end


def _planned(faults: Iterable[Fault]) -> Iterator[Event]:
    for fault in faults:
        until = fault.since if fault.until is None else fault.until
        yield Event(
            at=fault.since, until=until, operation=fault.on, kind="broken", faults=(repr(fault),)
        )


def _of_cassette(cassette: Cassette, title: str) -> Timeline:
    known = jobs_in(cassette)
    redactor = Redactor(b"shown")
    redactor.keep(public_names(cassette.interactions))
    by_name: dict[str, list[Interaction]] = {}
    for interaction in cassette.interactions:
        where = interaction.request.route
        name = where.name if where is not None and where.name in known else ""
        by_name.setdefault(name, []).append(interaction)
    tracks = [
        Track(
            f"job {redactor.identifier(name)}" if name else "account",
            _seen_from_the_start(known[name]) if name else (),
            tuple(map(_event, interactions)),
            redactor.identifier(
                next(filter(None, (session_of(each.response) for each in interactions)), "")
            )
            if name
            else "",
        )
        for name, interactions in by_name.items()
    ]
    return Timeline(title, tuple(tracks))


def _seen_from_the_start(job: RecordedJob) -> tuple[Stretch, ...]:
    """Return the stretches of *job* as far as the recording reaches back."""
    return tuple(
        Stretch(each.status, max(each.start, 0.0), each.end)
        for each in _stretches(job.scenario.script, job.created_at)
        if each.end is None or each.end > 0
    )


def _event(interaction: Interaction) -> Event:
    where = interaction.request.route
    step: Step | None = step_in(interaction.response)
    at = interaction.at or 0.0
    asked = where.operation if where is not None else None
    return Event(
        at=at,
        until=at if interaction.end is None else interaction.end,
        times=interaction.repeat,
        operation=asked or str(Redactor(b"shown").request(interaction.request)),
        answer=summary(interaction.response),
        status=label_of(step) if step is not None and asked == "poll" else "",
        kind=kind_of(interaction.response),
    )
