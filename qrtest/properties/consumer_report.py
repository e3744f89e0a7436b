"""The report of a broken rule: one sentence, what happened, a test to paste, and what to do."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from traceback import FrameSummary
from types import FrameType
from typing import Any, Final

from qrtest.clock.line_switches import is_of_the_project
from qrtest.excerpt import excerpt
from qrtest.properties.consumer_rules import RULES, Rule
from qrtest.properties.consumer_run import Run
from qrtest.properties.first_line import first_line
from qrtest.properties.pasted_code import (
    PastedName,
    identifier,
    imports,
    name_of,
    named,
    section,
)
from qrtest.properties.project_frames import frame_of_the_consumer
from qrtest.properties.source_lines import BUSIEST, SourceLines
from qrtest.scenario.scenario import Scenario
from qrtest.timeline.shortened import shortened

__all__ = ["Finding", "report", "runnable_test"]

MOST_LINES: Final = 31
"""With a short test above it the report of pytest is a screen."""

SHORT_TEST_LINES: Final = 8
MOST_TIMELINE_LINES: Final = 13
LEAST_TIMELINE_LINES: Final = 5
"""Two jobs that a finding names fit into as many."""

WIDTH: Final = 96
MOST_FAULT: Final = 80
MOST_KEPT: Final = 3
REQUESTS: Final = {
    "submissions": ("submit", ", which submitted the last of them"),
    "poll-rate": (BUSIEST, ", which polled"),
    "after-the-end": ("", ", which asked last"),
    "session-left-open": ("session", ", which opened or closed the last session"),
    "cancels-too-early": ("cancel", ", which cancelled"),
}
"""Rules about requests: which operation it is, and what the function did from which the last one came."""


@dataclass(frozen=True)
class Finding:
    """A rule that a run broke, and how.

    *repeats*: whether it breaks it again when it is run again. *beside*: the scenarios of further runs that
    it takes to break the rule. *same_with* says what of the scenario may be otherwise. *kept* names what the
    consumer kept of earlier calls, if the rule is broken by that alone, *before* the scenarios of such calls.
    *lines* are those of the project that were seen in the run, if they were looked for.
    """

    rule: Rule
    run: Run
    what: str
    repeats: bool = True
    beside: tuple[tuple[Scenario, ...], ...] = ()
    same_with: str = ""
    kept: tuple[str, ...] = ()
    before: tuple[tuple[Scenario, ...], ...] = ()
    lines: SourceLines | None = None


def report(finding: Finding, consumer: Callable[[Any], Any], options: Mapping[str, Any]) -> str:
    """Return all that a person needs to see and repeat *finding*; *options* are those of the check.

    What looks like a secret is replaced: the exception of a program may quote the answer to its login.
    """
    from qrtest.redaction.redactor import shown

    run = finding.run
    lines = [
        f"{name_of(consumer)} breaks the rule {finding.rule.name!r}: {finding.what}, "
        f"{_jobs(run.scenarios)}.",
        *_source_line(finding),
    ]
    if not finding.repeats:
        lines += [
            "",
            "It did not happen again when it was run again: it goes by something that outlasts a call, or "
            "by chance.",
        ]
    if finding.kept:
        lines += ["", *textwrap.wrap(_of_earlier_calls(finding), WIDTH)]
    rest: list[str] = []
    if run.switches:
        rest += section(
            "The order of its threads and tasks (virtual time)", "\n".join(run.switches)
        )
    rest += section("To paste into a test", _test(finding, consumer, options))
    left = (
        MOST_LINES
        - _further_lines()
        - "\n".join([*lines, *rest, *section("What happened", "")]).count("\n")
    )
    same = textwrap.wrap(f"The rule is broken as well with {finding.same_with}.", WIDTH)
    if finding.same_with and left - len(same) > LEAST_TIMELINE_LINES:
        lines += ["", *same]
        left -= len(same) + 1
    size = min(max(left, LEAST_TIMELINE_LINES), MOST_TIMELINE_LINES)
    happened = shortened(run.journal.drawn(), lines=size, columns=WIDTH, accused=_accused(finding))
    happened = happened or "Nothing was asked."
    lines += section("What happened (virtual time, request, answer)", happened)
    return shown("\n".join([*lines, *rest]))


def _accused(finding: Finding) -> list[str]:
    """Return the ids of the jobs that *finding* or the exception names, or of the one asked for last."""
    run = finding.run
    known = dict.fromkeys([*run.own, run.others])
    for text in (finding.what, "" if run.error is None else first_line(run.error)):
        named = [job_id for job_id in known if job_id and job_id in text]
        if named:
            return sorted(named, key=text.find)
    asked = [entry.name for entry in run.journal if entry.name in run.own]
    return asked[-1:]


def _of_earlier_calls(finding: Finding) -> str:
    """Return that the rule is broken by what the consumer keeps of earlier calls."""
    kept = ", ".join(finding.kept[:MOST_KEPT])
    if finding.before:
        rest = "so the test below calls it for a job that is DONE first"
    else:
        rest = "and the test below passes alone"
    return f"It passes when it starts afresh: {kept} keeps something of an earlier call, {rest}."


def _further_lines() -> int:
    """Return how many lines pytest prints of the test that is running, beyond those of a short one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_of_the_project(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None or frame.f_code.co_name == "<module>":
        return 0
    shown = frame.f_lineno - frame.f_code.co_firstlineno + 1
    return max(0, shown - SHORT_TEST_LINES)


def _script(scenario: Scenario) -> str:
    return f"'{scenario.script}'"


def _jobs(scenarios: tuple[Scenario, ...]) -> str:
    if len(scenarios) > 1:
        alike = [(script, len(list(same))) for script, same in groupby(map(_script, scenarios))]
        return "with the jobs " + ", ".join(
            script if times == 1 else f"{script} ×{times}" for script, times in alike
        )
    [scenario] = scenarios
    faults = [excerpt(repr(fault), MOST_FAULT) for fault in scenario.faults]
    return f"with a job '{scenario.script}'" + (f" and {', '.join(faults)}" if faults else "")


def _source_line(finding: Finding) -> list[str]:
    """Return the line of the project that asked, raised, waited or returned what the rule is about."""
    frame, did = _line_of(finding)
    if frame is None:
        return ["", "    Which line of the project it was is not known: none was seen in that run."]
    where = f"{Path(frame.filename).name}:{frame.lineno}, in {frame.name}{did}"
    return ["", f"    {where}:", f"        {frame.line or '(its source cannot be read)'}"]


def _line_of(finding: Finding) -> tuple[FrameSummary | None, str]:
    """Return the line, and what the function that it stands in did."""
    run, lines = finding.run, finding.lines
    operation, did = REQUESTS.get(finding.rule.name, (None, ""))
    if lines is not None and operation is not None:
        asked = lines.of_request(operation)
        if asked is not None:
            return asked, did
    if run.stalled_at is not None:
        return run.stalled_at, ""
    raised_at = None if run.error is None else frame_of_the_consumer(run.error.__traceback__)
    if raised_at is not None or lines is None:
        return raised_at, ""
    if run.error is not None or finding.rule.name == "ends":
        # An event loop that was stopped has no coroutine in its traceback.
        return lines.of_request(""), ", which asked last"
    return lines.of_value(run.value), ", which returned it"


# --- a test to paste ----------------------------------------------------------------------------------


def runnable_test(
    finding: Finding, consumer: Callable[[Any], Any], options: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return the test to paste and its name; None if a person has to complete it."""
    code = _test(finding, consumer, options)
    return None if "  # fill in: " in code else (code, _name(finding, consumer))


def _name(finding: Finding, consumer: Callable[[Any], Any]) -> str:
    return f"test_{identifier(consumer)}_{finding.rule.name.replace('-', '_')}"


def _test(finding: Finding, consumer: Callable[[Any], Any], options: Mapping[str, Any]) -> str:
    scenarios = finding.run.scenarios
    subject = named(consumer, "the consumer")
    kinds = {kind: named(kind, "an exception class") for kind in options.get("allowed", ())}
    is_ours = finding.rule in RULES
    names = ["Scenario", *(["faults"] if finding.run.has_faults else [])]
    if any(scenario.behaviour.chosen() for scenario in scenarios):
        names.insert(0, "Behaviour")
    if any(scenario.record is not None and not scenario._code for scenario in scenarios):
        names.insert(0, "JobRecord")
    arguments = [
        subject.code,
        *(f"{option}={_code(value, kinds)}" for option, value in options.items()),
        f"scenarios=[{', '.join(map(_shown, [*finding.before, scenarios, *finding.beside]))}]",
        *(() if is_ours else ("rules=[broken_rule]",)),
    ]
    own = f"broken_rule = ...  # fill in: the Rule named {finding.rule.name!r}"
    needed = [subject, *kinds.values()]
    to_fill_in = [each.line for each in needed if each.line] + [own] * (not is_ours)
    advice = f"What to do: {finding.rule.says} {finding.rule.advice}"
    return "\n".join(
        [
            "import qrtest",
            f"from qrtest import {', '.join(names)}",
            *imports(needed),
            *(["", *to_fill_in] if to_fill_in else []),
            "",
            "",
            f"def {_name(finding, consumer)}():",
            *_call(arguments),
            "",
            *textwrap.wrap(advice, WIDTH, initial_indent="# ", subsequent_indent="# "),
        ]
    )


def _shown(scenarios: tuple[Scenario, ...]) -> str:
    """Return the code of the scenarios of one run."""
    return repr(scenarios[0]) if len(scenarios) == 1 else f"({', '.join(map(repr, scenarios))})"


def _call(arguments: list[str]) -> Iterator[str]:
    whole = f"    qrtest.check_consumer({', '.join(arguments)})"
    if len(whole) <= WIDTH:
        yield whole
        return
    yield "    qrtest.check_consumer("
    yield from (f"        {argument}," for argument in arguments)
    yield "    )"


def _code(value: Any, names: Mapping[Any, PastedName]) -> str:
    if isinstance(value, type):
        return names[value].code if value in names else name_of(value)
    if isinstance(value, tuple):
        parts = [_code(part, names) for part in value]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return repr(value)
