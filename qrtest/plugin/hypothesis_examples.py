"""A fresh simulation or replay for every example that hypothesis draws.

Fixtures are set up once a test, and `@given` calls the test many times. What is here lets each call
begin with fresh values of the fixtures of qrtest, or with a fresh session. Imported only for tests with
`@given`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis.errors import FailedHealthCheck

__all__ = ["afresh", "within_each"]

SETTINGS: Final = "_hypothesis_internal_use_settings"
"""Where hypothesis, and its own plugin for pytest, keep the settings of a test."""

Values = Callable[[], AbstractContextManager[Mapping[str, Any]]]


@contextmanager
def afresh(
    item: Any, module: str, make: Callable[[set[str]], AbstractContextManager[Mapping[str, Any]]]
) -> Iterator[None]:
    """Let every example of *item* begin with fresh values of the fixtures that *module* defines.

    *make* is given their names. Raises hypothesis's own `FailedHealthCheck` for a fixture of somebody
    else that is made once for all examples, unless the test's settings suppress that.
    """
    ours, others = _asked_for(item, module)
    if not ours:
        yield
        return
    function = getattr(item.obj, "__func__", item.obj)
    before: settings = getattr(function, SETTINGS)
    if others and HealthCheck.function_scoped_fixture not in before.suppress_health_check:
        raise FailedHealthCheck(
            f"{item.nodeid} takes the fixture {min(others)!r}, which is set up once for all examples "
            "(those of qrtest are fresh in each). Make what it is inside the test; if it does not "
            "matter, say @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])."
        )
    kept = {*before.suppress_health_check, HealthCheck.function_scoped_fixture}
    setattr(function, SETTINGS, settings(before, suppress_health_check=kept))
    try:
        with within_each(item, lambda: make(ours)):
            yield
    finally:
        setattr(function, SETTINGS, before)


@contextmanager
def within_each(item: Any, values: Values) -> Iterator[None]:
    """Call every example of *item* within the context of *values*, and pass them to it."""
    function = getattr(item.obj, "__func__", item.obj)
    inner = function.hypothesis.inner_test
    function.hypothesis.inner_test = _each(inner, values)
    try:
        yield
    finally:
        function.hypothesis.inner_test = inner


def _asked_for(item: Any, module: str) -> tuple[set[str], set[str]]:
    """Return the function-scoped fixtures that the test takes: those of *module*, and those of others."""
    manager = item._request._fixturemanager
    definitions = manager.getfixtureinfo(node=item, func=item.function, cls=None).name2fixturedefs
    takes = signature(item.function).parameters
    asked = {
        name: found[-1].func.__module__ == module
        for name, found in definitions.items()
        if name in takes and found[-1].scope == "function"
    }
    ours = {name for name, is_ours in asked.items() if is_ours}
    return ours, set(asked) - ours


def _each(inner: Callable[..., Any], values: Values) -> Callable[..., Any]:
    """Return *inner* so that each call gets fresh *values* for the arguments that they name."""
    if iscoroutinefunction(inner):

        @wraps(inner)
        async def awaited(*arguments: Any, **options: Any) -> Any:
            with values() as fresh:
                return await inner(*arguments, **{**options, **fresh})

        return awaited

    @wraps(inner)
    def called(*arguments: Any, **options: Any) -> Any:
        with values() as fresh:
            return inner(*arguments, **{**options, **fresh})

    return called
