"""The report of a failed test: the timeline of its jobs, and code to paste that reproduces it.

At most a screen, in 80 columns, without colour and without secrets; and, if asked for, a picture.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest.code_repr import as_code, imports_for

if TYPE_CHECKING:
    from types import FrameType

    from qrtest.scenario.scenario import Scenario
    from qrtest.timeline.journal import Journal

__all__ = [
    "COLUMNS",
    "FAILED",
    "LINES",
    "SESSION",
    "draw",
    "enlist",
    "explain_held",
    "picture_of",
    "reproduction",
    "timeline",
]

REPORTER: Final = "qrtest-reporter"
SESSION: Final = pytest.StashKey[Any]()
"""The simulation, replay, recording or server of a test."""

MADE_BY: Final = pytest.StashKey[tuple[str, Mapping[str, Any]]]()
"""The name of the function of qrtest that made the session, and its options."""

FAILED: Final = pytest.StashKey[bool]()
"""Set when the setup or the call of the test has failed."""

COLUMNS: Final = 80
LINES: Final = 24
"""The size of a classic terminal; logs of CI are often no wider."""

MOST_SCENARIOS: Final = 3
MOST_SESSIONS: Final = 3
MOST_NAMED: Final = 3
TIMELINE: Final = "qrtest timeline"
OF_A_JOB: Final = "job "
"""How the name of the track of a job begins."""

OF_THE_FIRST: Final = (
    "# script= and result= of the marker are those of the first job that is submitted"
)
ALL: Final = "print(sim.journal.timeline())"
LONGEST_NAME: Final = 120
DIGEST_DIGITS: Final = 8
_NOT_IN_A_FILE_NAME: Final = re.compile(r"[^\w.-]+")


def enlist(item: pytest.Item, session: Any, maker: str, options: Mapping[str, Any]) -> None:
    """Let the report of *item* cover its *session*, which `qrtest.<maker>` made with *options*."""
    item.stash[SESSION] = session
    item.stash[MADE_BY] = (maker, options)
    if not item.config.pluginmanager.has_plugin(REPORTER):
        item.config.pluginmanager.register(_Reporter(), REPORTER)


class _Reporter:
    """Adds the sections to the report of a failed test; registered by the first session."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        session = item.stash.get(SESSION, None)
        if session is not None and report.when in ("setup", "call") and report.failed:
            item.stash[FAILED] = True
            if report.when == "call" and hasattr(session, "journal"):
                _explain(report, item, session)
        return report


def _explain(report: pytest.TestReport, item: pytest.Item, session: Any) -> None:
    """Add what happened, and how to reproduce it, to the *report* of a failed test."""
    maker, options = item.stash[MADE_BY]
    scenarios = getattr(session, "scenarios", ())
    jobs = session.jobs if maker == "replay" else ()
    from qrtest.timeline.shortened import rank

    seen = {track.name: rank(track) for track in session.journal.drawn().tracks}
    code = reproduction(
        maker,
        options,
        scenarios,
        test=item.nodeid,
        jobs=jobs,
        ranks=[seen.get(f"{OF_A_JOB}{job_id}", 1) for job_id in jobs or session.job_ids()],
    )
    if len(scenarios) > 1 and _is_of_the_first(item, next(iter(scenarios))[0]):
        code += f"\n{OF_THE_FIRST}"
    if maker == "simulate" and not scenarios:  # no job was made: there is nothing to paste
        code = code.partition("\n")[0]
    lines = LINES - code.count("\n") - 1
    happened = timeline(session.journal, lines=max(lines, LINES // 2), failure=report.longreprtext)
    sections = {TIMELINE: happened} if happened else {}
    sections["qrtest: to reproduce"] = code
    _attach(report, item, sections, session.journal)


def _is_of_the_first(item: pytest.Item, method: str) -> bool:
    """Return whether the marker of *item* gave its script or result to the first job that was submitted."""
    from qrtest.plugin import marker

    return method == "next_job" and not {"script", "scenario", "result"}.isdisjoint(
        marker.options(item)
    )


def explain_held(
    report: pytest.TestReport,
    item: pytest.Item,
    error: BaseException,
    frames: Sequence[FrameType],
) -> None:
    """Add to the *report* of a failed test the timelines of sessions that variables of its *frames* hold.

    For tests that make their simulation themselves; not where *error* shows a timeline of its own: a picture
    of that is drawn where one is asked for.
    """
    from qrtest.errors import ConsumerBug, QrtestError
    from qrtest.harness.base import Session

    if isinstance(error, ConsumerBug) and error.journal is not None:
        _attach(report, item, {}, error.journal)
    is_a_report = isinstance(error, QrtestError) and isinstance(error, AssertionError)
    notes = getattr(error, "__notes__", ())
    if is_a_report or any(str(note).startswith(TIMELINE) for note in notes):
        return
    serving = sys.modules.get("qrtest.harness.serve")  # not imported for this: it needs an extra
    kinds = (Session,) if serving is None else (Session, serving.Server)
    enlisted = item.stash.get(SESSION, None)
    held = {
        id(value): (name, value)
        for frame in frames
        if frame.f_globals.get("__name__", "").partition(".")[0] != "qrtest"
        for name, value in frame.f_locals.items()
        if issubclass(type(value), kinds) and value is not enlisted and len(value.journal)
    }
    chosen = list(held.values())[-MOST_SESSIONS:]
    for number, (name, session) in enumerate(chosen, 1):
        title = TIMELINE if len(chosen) == 1 else f"{TIMELINE} of {name}"
        lines = LINES // len(chosen)
        failure = report.longreprtext
        sections = {title: timeline(session.journal, lines=lines, failure=failure)}
        if enlisted is None and number == len(chosen):
            _attach(report, item, sections, session.journal)
        else:
            report.sections.extend(sections.items())


def _attach(
    report: pytest.TestReport, item: pytest.Item, sections: dict[str, str], journal: Journal
) -> None:
    """Add *sections* to *report*, and a picture where one is asked for."""
    folder = item.config.getoption("qrtest_report")
    if folder:
        sections["qrtest: drawn"] = str(draw(journal, folder, item.nodeid))
    report.sections.extend(sections.items())
    if item.config.pluginmanager.has_plugin("html"):
        from base64 import b64encode

        from pytest_html import extras

        attached = [extras.text(text, name=title) for title, text in sections.items()]
        picture = picture_of(journal, item.nodeid)
        attached.append(extras.svg(b64encode(picture.encode()).decode()))
        vars(report)["extras"] = [*getattr(report, "extras", []), *attached]


# --- the timeline -----------------------------------------------------------------------------------


def timeline(journal: Journal, *, lines: int = LINES, failure: str = "") -> str:
    """Return what happened to each job, in at most *lines* lines: fewer of each job, then fewer jobs.

    Up to three jobs whose ids are in the text of the *failure* come first; more are those of a list.

    >>> from qrtest import simulate
    >>> with simulate() as sim:
    ...     sim.job("QUEUED 5s; CANCELLED").wait_for_final_state()
    >>> print(timeline(sim.journal).replace(sim.job_ids()[0], "..."))
    job ...
        0:00:00.00  poll             200 Queued  ×10 until 0:00:04.95
        0:00:05.50  poll             200 Cancelled
    """
    from qrtest.timeline.shortened import shortened

    drawn = journal.drawn()
    job_ids = [track.name.removeprefix(OF_A_JOB) for track in drawn.tracks]
    named = [job_id for job_id in job_ids if job_id in failure]
    accused = named if len(named) <= MOST_NAMED else ()
    return shortened(drawn, lines=lines, columns=COLUMNS, everything=ALL, accused=accused)


# --- the code that reproduces it --------------------------------------------------------------------


def reproduction(
    maker: str,
    options: Mapping[str, Any],
    scenarios: Sequence[tuple[str, Scenario]],
    *,
    test: str,
    jobs: Sequence[str] = (),
    ranks: Sequence[int] = (),
) -> str:
    """Return what to run and what to paste: *maker* with *options*, then each of the *scenarios*.

    Each scenario comes with the method that was given it, `job` or `next_job`. *jobs*: the ids of the jobs
    of a replay. *ranks*: a number for each scenario or job; of many, the lowest are shown.

    >>> from qrtest import Scenario
    >>> print(reproduction("simulate", {}, [("job", Scenario("DONE"))], test="test_it.py::test_done"))
    pytest 'test_it.py::test_done'
    <BLANKLINE>
    import qrtest
    from qrtest import Scenario
    <BLANKLINE>
    with qrtest.simulate() as sim:
        sim.job(Scenario('DONE'))
    """
    from qrtest.redaction.redactor import shown

    body = _first(
        [f"sim.{method}({_broken(each)})" for method, each in scenarios],
        ranks if len(ranks) == len(scenarios) else (),
    )
    if len(jobs) == 1:
        body.append("job = sim.job()")
    elif jobs:
        body += _first([f"job = sim.job({job_id!r})" for job_id in jobs], ranks)
    body = body or ["..."]
    head = f"with qrtest.{maker}({_arguments(options)}) as sim:"
    code = "\n".join([head, *("    " + each.replace("\n", "\n    ") for each in body)])
    return shown("\n".join([f"pytest {test!r}", "", *imports_for(code), "", code]))


def _first(calls: Sequence[str], ranks: Sequence[int]) -> list[str]:
    """Return the *calls* with the lowest *ranks*, in their order; those in between are counted."""
    chosen = sorted(range(len(calls)), key=lambda place: ranks[place] if ranks else 0)
    found: list[str] = []
    before = -1
    for place in [*sorted(chosen[:MOST_SCENARIOS]), len(calls)]:
        if place > before + 1:
            found.append(f"...  # and {place - before - 1:,} more")
        found += calls[place : place + 1]
        before = place
    return found


def _arguments(options: Mapping[str, Any]) -> str:
    first = [as_code(options["cassette"])] if "cassette" in options else []
    named = [f"{name}={_value(value)}" for name, value in options.items() if name != "cassette"]
    return ", ".join([*first, *named])


def _value(value: Any) -> str:
    """Return *value* as code; a function by its name."""
    return str(getattr(value, "__name__", "...")) if callable(value) else as_code(value)


def _broken(scenario: Scenario) -> str:
    """Return *scenario* as code, over several lines where one is too long."""
    code = repr(scenario)
    if len(code) <= COLUMNS - 20:
        return code
    return code.replace(", faults=[", ",\n    faults=[").replace(", result=", ",\n    result=")


# --- the picture ------------------------------------------------------------------------------------


def draw(journal: Journal, into: str, test: str) -> Path:
    """Draw what happened in *test* as SVG and HTML in the folder *into*; return the path of the page.

    Tests have files of their own, so that workers of pytest-xdist do not meet.
    """
    from qrtest.timeline import render

    digest = hashlib.sha256(test.encode()).hexdigest()[:DIGEST_DIGITS]
    stem = f"{_NOT_IN_A_FILE_NAME.sub('-', test)[-LONGEST_NAME:].strip('-.')}-{digest}"
    folder = Path(into)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.svg").write_text(picture_of(journal, test), encoding="utf-8")
    page = folder / f"{stem}.html"
    page.write_text(render.html(journal.drawn(_name(test))), encoding="utf-8")
    return page


def picture_of(journal: Journal, test: str) -> str:
    """Return what happened in *test* as SVG."""
    from qrtest.timeline import render

    return render.svg(journal.drawn(_name(test)))


def _name(test: str) -> str:
    return test.rpartition("::")[2]
