"""Runs a `JobMachine` as a test, and reports its failure: what differed, what happened, and the steps."""

from __future__ import annotations

import ast
import inspect
import textwrap
import traceback
import unittest
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from qrtest.clock.line_switches import is_of_the_project
from qrtest.errors import MachineFailed
from qrtest.excerpt import excerpt
from qrtest.properties.first_line import first_line
from qrtest.properties.muted_output import MUTED_CLIENT
from qrtest.properties.pasted_code import section
from qrtest.properties.project_frames import frame_of_the_consumer, trace_of_the_project

__all__ = ["TestCase", "last_timeline"]

MOST_STEPS: Final = 12
MOST_TIMELINE_LINES: Final = 12
DRAWN: Final = "Draw 1 (the job): "
MOST_OF_WHAT: Final = 200
WIDTH: Final = 96
OWN_RULES: Final = str(Path(__file__).with_name("job_machine.py"))
UNSAID: Final = ("state = ", "state.submit(", "state.teardown(")

last_timeline: dict[type, str] = {}
"""What happened in the last run of each machine; that of a failure is the one that hypothesis reports."""


class TestCase:
    """A descriptor: the test of a machine, for pytest and unittest alike."""

    __test__ = False

    def __get__(self, machine: object, kind: type[RuleBasedStateMachine]) -> type[Any]:
        return _test_of(kind)


@lru_cache
def _test_of(kind: type[RuleBasedStateMachine]) -> type[Any]:
    class MachineTest(unittest.TestCase):
        settings = hypothesis.settings(deadline=None, suppress_health_check=list(HealthCheck))

        def runTest(self) -> None:  # noqa: N802 - the name that unittest calls
            __tracebackhide__ = True
            _run(kind, self.settings)

    MachineTest.runTest.is_hypothesis_test = True  # type: ignore[attr-defined]
    MachineTest.__name__ = f"{kind.__name__}.TestCase"
    MachineTest.__qualname__ = f"{kind.__qualname__}.TestCase"
    return MachineTest


def _run(kind: type[RuleBasedStateMachine], chosen: hypothesis.settings) -> None:
    """Run the machine. Raises `MachineFailed`, an AssertionError, with what hypothesis found."""
    __tracebackhide__ = True
    phases = tuple(phase for phase in chosen.phases if phase is not Phase.explain)
    alone = hypothesis.settings(chosen, report_multiple_bugs=False, phases=phases, print_blob=False)
    try:
        with MUTED_CLIENT:
            run_state_machine_as_test(kind, settings=alone)
    except Flaky as error:
        first = _first_failure(error)
        failure = MachineFailed(_flaky_message(kind, first), step="", error=first)
        shown = trace_of_the_project(first.__traceback__) or _trace_of_the_class(kind)
    except Exception as error:
        steps = _steps(error)
        if not steps:
            raise
        message, step = _message(kind, error, steps)
        failure = MachineFailed(message, step=step, error=error)
        shown = trace_of_the_project(error.__traceback__) or _trace_of_the_class(kind)
    else:
        return
    raise failure.with_traceback(shown)  # with the rule's own line: pytest hides all other frames


def _trace_of_the_class(kind: type) -> TracebackType | None:
    """Return a traceback of the line at which the machine *kind* is defined, None without such a line.

    A rule of qrtest has no line of the project: pytest would say that all frames are hidden.
    """
    try:
        filename = inspect.getfile(kind)
        lines, number = inspect.getsourcelines(kind)
    except (TypeError, OSError):
        return None
    if not is_of_the_project(filename):
        return None
    tree = ast.parse("raise RuntimeError")
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr):
            node.end_col_offset = len(lines[0].rstrip())
    code = compile(tree, filename, "exec").replace(co_firstlineno=number)
    try:
        exec(code, {"__name__": kind.__module__})  # noqa: S102 - a frame of that line has no other maker
    except RuntimeError as error:
        trace = error.__traceback__
    return None if trace is None else trace.tb_next


def _first_failure(error: BaseException) -> BaseException:
    """Return what a machine raised that did not do so again, as hypothesis keeps it."""
    kept = getattr(error, "exceptions", ()) or (error.__cause__ or error.__context__ or error,)
    return next((each for each in kept if not isinstance(each, HypothesisException)), kept[0])


def _flaky_message(kind: type[RuleBasedStateMachine], error: BaseException) -> str:
    """Return the report of a failure that the same steps did not give again."""
    what = excerpt(first_line(error) or type(error).__name__, MOST_OF_WHAT)
    lines = [
        f"{kind.__name__} failed, and not again by the same steps: {type(error).__name__}: {what}",
        *_source_line(error),
    ]
    lines += section("What happened (virtual time, request, answer)", _happened(kind))
    advice = (
        "What to do: a rule goes by something that outlasts an example (a variable of the module, a file, "
        "real time, random numbers). Keep it in the machine, and set it in __init__."
    )
    return "\n".join([*lines, "", *textwrap.wrap(advice, WIDTH)])


def _source_line(error: BaseException) -> list[str]:
    frame = frame_of_the_consumer(error.__traceback__)
    if frame is not None and frame.line:
        return ["", f"    {Path(frame.filename).name}:{frame.lineno}: {frame.line}"]
    frames = traceback.extract_tb(error.__traceback__)
    return ["", f"    {frames[-1].name}: {frames[-1].line}"] if frames else []


def _happened(kind: type) -> str:
    return last_timeline.get(kind, "Nothing was asked.")


def _steps(error: BaseException) -> list[str]:
    notes = "\n".join(getattr(error, "__notes__", ())).splitlines()
    begin = next((n for n, line in enumerate(notes) if line.startswith("state = ")), len(notes))
    return [line for line in notes[begin:] if line.startswith(("state", DRAWN))]


def _message(
    kind: type[RuleBasedStateMachine], error: BaseException, steps: list[str]
) -> tuple[str, str]:
    job = next((line.removeprefix(DRAWN) for line in steps if line.startswith(DRAWN)), "...")
    calls = [line for line in steps if line.startswith("state.") and not line.startswith(UNSAID)]
    step = _called(error) or "submit"
    what = excerpt(first_line(error) or type(error).__name__, MOST_OF_WHAT)
    what = what.removesuffix(".")
    lines = [f"{kind.__name__} finds in {step}, with the job {excerpt(job, 160)}: {what}."]
    lines += _source_line(error)
    advice = _advice(kind, step, is_rule=any(c.startswith(f"state.{step}(") for c in calls))
    left_out = len(calls) - MOST_STEPS
    shown = calls if left_out <= 0 else [*calls[: MOST_STEPS - 1], calls[-1]]
    names = "Scenario, faults" if "faults." in job else "Scenario"
    test = [
        f"from qrtest import {names}",
        f"from {kind.__module__} import {kind.__qualname__.partition('.')[0]}"
        if "<" not in kind.__qualname__
        else f"{kind.__name__} = ...  # fill in: the machine",
        "",
        "",
        f"def test_{kind.__name__.lower()}_{step.replace(' ', '_')}():",
        f"    with {kind.__name__}.on({job}) as state:",
        *(f"        {call}" for call in shown or ["pass"]),
        *([f"        # {left_out} steps in between were left out"] if left_out > 0 else []),
        "",
        *textwrap.wrap(advice, WIDTH, initial_indent="# ", subsequent_indent="# "),
    ]
    lines += section("What happened (virtual time, request, answer)", _happened(kind))
    lines += section("To paste into a test", "\n".join(test))
    from qrtest.redaction.redactor import shown as without_secrets

    return without_secrets("\n".join(lines)), step


def _called(error: BaseException) -> str:
    """Return the name of the method of a machine that hypothesis called when *error* was raised."""
    for frame in traceback.extract_tb(error.__traceback__):
        is_ours = frame.filename == OWN_RULES
        if is_ours or is_of_the_project(frame.filename):
            return "a precondition" if frame.name == "<lambda>" else frame.name
    return ""


def _advice(kind: type[RuleBasedStateMachine], step: str, *, is_rule: bool) -> str:
    """Return what to do about a failed *step*, which is the project's own or one of `JobMachine`."""
    if not is_rule:
        return (
            f"What to do: it is {step} of the machine that raised this, and no rule, so it says nothing of "
            "the job. Mend the machine."
        )
    is_ours = getattr(getattr(kind, step, None), "__module__", "").startswith("qrtest.")
    if is_ours:
        return (
            f"What to do: the job broke a promise of RuntimeJobV2. If `scenarios` or an overridden method "
            f"makes it so on purpose, override {step}; otherwise see whether the client has changed, by "
            f"`qrtest pin --check`."
        )
    return (
        f"What to do: run this test in a debugger, and decide who is right. If the job is, {step} expects "
        f"what it does not promise: change the rule, or give it a precondition."
    )
