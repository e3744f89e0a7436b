"""Sessions as decorators: for unittest, and for functions that know nothing of fixtures."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from qrtest.errors import SimulationError

__all__ = ["Decorating", "made_again"]

TEST_PREFIX: Final = "test"
P = ParamSpec("P")
Made = TypeVar("Made", bound="Decorating")
Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


def made_again(make: Callable[P, Made]) -> Callable[P, Made]:
    """Let what *make* returns know how it was made: as a decorator, it is made anew for every call."""

    @wraps(make)
    def made(*arguments: P.args, **options: P.kwargs) -> Made:
        session = make(*arguments, **options)
        session.made_by = make, arguments, options
        return session

    return made


class Decorating:
    """Base class of sessions that can be used as decorators."""

    made_by: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

    def __call__(self, wrapped: Wrapped) -> Wrapped:
        """Run *wrapped*, a function or each test of a `unittest.TestCase`, in a new session like this one.

        Tests of a class have the session as `self.sim`, from `setUp` on. An exception that leaves a function
        or a test carries the timeline of its jobs as a note. Raises `SimulationError` for any other class.

        >>> import time
        >>> from qrtest import simulate
        >>> @simulate()
        ... def wait() -> float:
        ...     time.sleep(3600)
        ...     return time.monotonic()
        >>> wait() == wait()
        True
        """
        make, arguments, options = self.made_by
        make_again = partial(make, *arguments, **options)
        if isinstance(wrapped, type):
            return cast("Wrapped", _class(wrapped, make_again))
        return _function(wrapped, make_again)


def _function(function: Wrapped, make: Callable[[], Any]) -> Wrapped:
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def ran_async(*arguments: Any, **options: Any) -> Any:
            with make() as session, _Explained(session):
                return await function(*arguments, **options)

        return cast("Wrapped", ran_async)

    @wraps(function)
    def ran(*arguments: Any, **options: Any) -> Any:
        with make() as session, _Explained(session):
            return function(*arguments, **options)

    return cast("Wrapped", ran)


def _class(case: Any, make: Callable[[], Any]) -> Any:
    """Return the test case *case*, changed: each test has a session, which it explains when it fails."""
    from unittest import TestCase

    if not issubclass(case, TestCase):
        raise SimulationError(
            f"{case.__qualname__} cannot be decorated: it is no unittest.TestCase. "
            "Decorate functions, methods or a TestCase; in a class of tests for pytest, the fixture "
            "runtime_simulation gives each test a simulation."
        )
    set_up = case.setUp

    @wraps(set_up)
    def set_up_in_session(self: Any) -> None:
        # unittest runs clean-ups last of all: tearDown is still inside.
        stack = ExitStack()
        self.sim = stack.enter_context(make())
        self.addCleanup(stack.close)
        set_up(self)

    case.setUp = set_up_in_session
    for name in dir(case):
        test = getattr(case, name)
        if name.startswith(TEST_PREFIX) and callable(test):
            setattr(case, name, _explained(test))
    return case


def _explained(test: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(test):

        @wraps(test)
        async def ran_async(self: Any, *arguments: Any) -> Any:
            with _Explained(self.sim):
                return await test(self, *arguments)

        return ran_async

    @wraps(test)
    def ran(self: Any, *arguments: Any) -> Any:
        with _Explained(self.sim):
            return test(self, *arguments)

    return ran


class _Explained:
    """Notes on an exception what happened in *session* before it."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, Exception):
            return
        from unittest import SkipTest

        if not isinstance(error, SkipTest):
            error.add_note(f"qrtest timeline:\n{self._session.journal.timeline()}")
