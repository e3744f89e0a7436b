"""Runs a `JobMachine` as a test, and reports its failure: what differed, what happened, and the steps."""

from __future__ import annotations

import textwrap
import traceback
import unittest
from functools import lru_cache
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from qrtest.errors import MachineFailed
from qrtest.properties.muted_output import MUTED_CLIENT
from qrtest.properties.project_frames import frame_of_the_consumer, trace_of_the_project

__all__ = ["TestCase", "last_timeline"]

MOST_STEPS: Final = 12
MOST_TIMELINE_LINES: Final = 12
DRAWN: Final = "Draw 1 (the job): "
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
    except Exception as error:
        steps = _steps(error)
        if not steps:
            raise
        message, step = _message(kind, error, steps)
        failure = MachineFailed(message, step=step, error=error)
        shown = trace_of_the_project(error.__traceback__)
    else:
        return
    raise failure.with_traceback(shown)  # with the rule's own line: pytest hides all other frames


def _steps(error: BaseException) -> list[str]:
    notes = "\n".join(getattr(error, "__notes__", ())).splitlines()
    begin = next((n for n, line in enumerate(notes) if line.startswith("state = ")), len(notes))
    return [line for line in notes[begin:] if line.startswith(("state", DRAWN))]


def _message(
    kind: type[RuleBasedStateMachine], error: BaseException, steps: list[str]
) -> tuple[str, str]:
    job = next((line.removeprefix(DRAWN) for line in steps if line.startswith(DRAWN)), "...")
    calls = [line for line in steps if line.startswith("state.") and not line.startswith(UNSAID)]
    frames = traceback.extract_tb(error.__traceback__)
    frame = frame_of_the_consumer(error.__traceback__)
    step = calls[-1].removeprefix("state.").partition("(")[0] if calls else "submit"
    what = textwrap.shorten(str(error).partition("\n")[0] or type(error).__name__, 200)
    lines = [f"{kind.__name__} finds in {step}, with the job {textwrap.shorten(job, 160)}: {what}."]
    if frame is not None and frame.line:
        lines += ["", f"    {frame.filename.rpartition('/')[2]}:{frame.lineno}: {frame.line}"]
    elif frames:
        lines += ["", f"    {frames[-1].name}: {frames[-1].line}"]
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
        f"def test_{kind.__name__.lower()}_{step}():",
        f"    with {kind.__name__}.on({job}) as state:",
        *(f"        {call}" for call in shown),
        *([f"        # {left_out} steps in between were left out"] if left_out > 0 else []),
    ]
    happened = last_timeline.get(kind, "Nothing was asked.")
    lines += [
        "",
        "What happened (virtual time, request, answer):",
        "",
        textwrap.indent(happened, "    "),
    ]
    lines += ["", "To paste into a test:", "", textwrap.indent("\n".join(test), "    ")]
    return "\n".join(lines), step
