"""What no single run shows: each function says of one run whether it went wrong, a search counts them.

A `Rule` with such a function is broken when every run that it is about went wrong, and at least two did.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from qrtest.lifecycle import transitions
from qrtest.properties.consumer_run import ANYTHING, Run
from qrtest.properties.returned_value_rules import is_as_on_failure
from qrtest.service import parse

__all__ = [
    "cancels_a_short_job",
    "has_raised",
    "refuses_what_is_done",
    "returns_result_data",
    "throws_all_results_away",
]

SHORT_SECONDS: Final = 10.0


def has_raised(run: Run) -> bool:
    """Return whether the consumer raised; to exit with status 0 is to return."""
    is_success = isinstance(run.error, SystemExit) and run.error.code in (0, None)
    return run.error is not None and not is_success


def refuses_what_is_done(run: Run) -> bool | None:
    """Return whether the consumer raised, or returned nothing, though its jobs were done; None elsewhere.

    To return nothing counts for a consumer alone that has a line `return job.result()`, or one like it.
    """
    has_own_result = any(scenario.result is not None for scenario in run.scenarios)
    if run.has_faults or not run.is_done or has_own_result or run.was_stopped:
        return None
    if run.bounds.on_failure is ANYTHING or run.error is not None:
        return has_raised(run) or (_is_nothing(run.value) and _returns_a_result(run.consumer))
    return is_as_on_failure(run.value, run.bounds.on_failure)


def returns_result_data(run: Run) -> bool:
    """Return whether the consumer returned result data of all its jobs: that is what it is for."""
    return len(run.data) >= len(run.own) > 0


def throws_all_results_away(run: Run) -> bool | None:
    """Return whether nothing at all was returned because one of several jobs had failed; None for other runs.

    A consumer that raises, or that names the jobs that are done, has lost nothing.
    """
    failed = [
        job_id
        for job_id, truth in zip(run.own, run.truths, strict=True)
        if truth.step.status in (transitions.ERROR, transitions.CANCELLED)
    ]
    others = [truth for truth in run.truths if truth.step.status == transitions.DONE]
    is_of_one_failure = len(failed) == 1 and len(others) == len(run.own) - 1 >= 1
    if run.has_faults or run.error is not None or run.was_stopped or not is_of_one_failure:
        return None
    seen = [e.at for e in run.asked("poll") if e.name == failed[0] and parse.is_final(e.response)]
    if not seen or any(truth.ended is None or truth.ended > seen[0] for truth in others):
        return None
    return _holds_nothing(run.value)


def cancels_a_short_job(run: Run) -> bool | None:
    """Return whether the consumer cancelled a job of a few seconds, without a fault; None for other runs."""
    if run.has_faults or len(run.own) != 1 or run.was_stopped:
        return None
    script = run.scenario.script
    seconds = sum(step.seconds or 0.0 for step in script)
    if script.end.status != transitions.DONE or not 0 < seconds <= SHORT_SECONDS:
        return None
    polls = run.asked("poll")
    if not polls or parse.is_final(polls[0].response):
        return None
    if run.asked("cancel"):
        return None if run.is_done else True
    return False


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, dict | list | tuple | str) and not value)


def _holds_nothing(value: object) -> bool:
    """Return whether *value* is None, False, or a container of nothing else."""
    if isinstance(value, dict):
        return not value
    if isinstance(value, list | tuple | set):
        return all(_holds_nothing(each) for each in value)
    return value is None or value is False or value == ""


@lru_cache(maxsize=64)
def _returns_a_result(consumer: Callable[[Any], Any]) -> bool:
    """Return whether the source of *consumer*, if there is one, returns what `result()` gave."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(consumer)))
    except (TypeError, OSError, SyntaxError):
        return False
    [function, *_] = tree.body
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    own = list(_statements(function.body))
    named = {
        target.id
        for each in own
        if isinstance(each, ast.Assign) and _asks_for_a_result(each.value)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    return any(
        _asks_for_a_result(each.value)
        or (isinstance(each.value, ast.Name) and each.value.id in named)
        for each in own
        if isinstance(each, ast.Return) and each.value is not None
    )


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a function, those of functions inside of it left out."""
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        found.append(statement)
        for part in ast.iter_child_nodes(statement):
            if isinstance(part, ast.stmt):
                found += _statements([part])
            elif isinstance(part, ast.ExceptHandler | ast.match_case):
                found += _statements(part.body)
    return found


def _asks_for_a_result(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr == "result"
        for each in ast.walk(node)
    )
