"""What the report of a failed test says of its jobs: what happened, and what to paste to get there again.

At most a screen, in 80 columns, without colour and without secrets; and, if a person wants it, a picture.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from qrtest.code_repr import as_code, imports_for
from qrtest.redaction.redactor import shown
from qrtest.scenario.scenario import Scenario
from qrtest.timeline.journal import Journal

__all__ = ["COLUMNS", "LINES", "again", "draw", "picture_of", "timeline"]

COLUMNS: Final = 80
LINES: Final = 24
"""A terminal of the old kind, which CI logs still are."""

LIVES: Final = 3
LONGEST_NAME: Final = 120
DIGEST_DIGITS: Final = 8
_STRANGE: Final = re.compile(r"[^\w.-]+")
SHORTEST: Final = 4


def timeline(journal: Journal, *, lines: int = LINES) -> str:
    """What happened to each job, in at most *lines* lines: fewer of each job, then fewer jobs.

    >>> from qrtest import simulate
    >>> with simulate() as sim:
    ...     sim.job("QUEUED 5s; CANCELLED").wait_for_final_state()
    >>> print(timeline(sim.journal).replace(sim.job_ids()[0], "..."))
    job ...
        0:00:00.00  poll             200 Queued  ×10 until 0:00:04.95
        0:00:05.50  poll             200 Cancelled
    """
    told = [text.splitlines() for text in journal.timelines(lines=lines - 1)]
    if sum(map(len, told)) > lines:
        each = max(SHORTEST, lines // len(told))
        told = [text.splitlines() for text in journal.timelines(lines=each - 1)]
    fitting = _fitting(told, lines)
    kept = [line for text in told[:fitting] for line in text]
    if fitting < len(told):
        kept.append(f"... and {len(told) - fitting:,} more jobs")
    return "\n".join(map(_clipped, shown("\n".join(kept)).splitlines()))


def again(
    maker: str, options: Mapping[str, Any], lives: Sequence[tuple[str, Scenario]], *, test: str
) -> str:
    """What to run and what to paste: *maker* with *options*, then the *lives* by how they began.

    >>> print(again("simulate", {}, [("job", Scenario("DONE"))], test="test_it.py::test_done"))
    pytest 'test_it.py::test_done'
    <BLANKLINE>
    import qrtest
    from qrtest import Scenario
    <BLANKLINE>
    with qrtest.simulate() as sim:
        sim.job(Scenario('DONE'))
    """
    body = [f"sim.{how}({_broken(scenario)})" for how, scenario in lives[:LIVES]]
    if len(lives) > LIVES:
        body.append(f"...  # and {len(lives) - LIVES:,} more")
    if not lives:
        body.append("job = sim.job()" if maker == "replay" else "...")
    head = f"with qrtest.{maker}({_arguments(options)}) as sim:"
    code = "\n".join([head, *("    " + each.replace("\n", "\n    ") for each in body)])
    imports = imports_for(code)
    return shown("\n".join([f"pytest {test!r}", "", *imports, "", code]))


def draw(journal: Journal, into: str, test: str) -> Path:
    """Draw what happened in *test* as SVG and HTML in the folder *into*; the path of the page.

    Tests have files of their own, so that workers of pytest-xdist do not meet.
    """
    from qrtest.timeline import render

    digest = hashlib.sha256(test.encode()).hexdigest()[:DIGEST_DIGITS]
    stem = f"{_STRANGE.sub('-', test)[-LONGEST_NAME:].strip('-.')}-{digest}"
    folder = Path(into)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.svg").write_text(picture_of(journal, test), encoding="utf-8")
    page = folder / f"{stem}.html"
    page.write_text(render.html(journal.drawn(_name(test))), encoding="utf-8")
    return page


def picture_of(journal: Journal, test: str) -> str:
    """What happened in *test* as SVG."""
    from qrtest.timeline import render

    return render.svg(journal.drawn(_name(test)))


def _name(test: str) -> str:
    return test.rpartition("::")[2]


def _fitting(told: Sequence[Sequence[str]], lines: int) -> int:
    """How many of *told* have room in *lines*, with a line for those that have not."""
    used = 0
    for number, text in enumerate(told):
        is_last = number == len(told) - 1
        if used + len(text) > lines - (not is_last):
            return max(number, 1)
        used += len(text)
    return len(told)


def _clipped(line: str) -> str:
    return line if len(line) <= COLUMNS else f"{line[: COLUMNS - 3]}..."


def _arguments(options: Mapping[str, Any]) -> str:
    named = [f"{name}={as_code(value)}" for name, value in options.items() if name != "cassette"]
    return ", ".join(
        [*(as_code(options[name]) for name in ("cassette",) if name in options), *named]
    )


def _broken(scenario: Scenario) -> str:
    """*scenario* as code, over several lines where one is too long."""
    code = repr(scenario)
    if len(code) <= COLUMNS - 20:
        return code
    return code.replace(", faults=[", ",\n    faults=[").replace(", result=", ",\n    result=")
