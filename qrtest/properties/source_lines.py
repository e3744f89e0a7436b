"""Which lines of the project a broken rule is about, where no exception says so.

A consumer is run once more for it, with `sys.setprofile`: it is called at each call and return of a function,
of which those of the project are kept.
"""

from __future__ import annotations

import sys
import threading
from traceback import FrameSummary
from types import FrameType, TracebackType
from typing import Any, Final, Self

from qrtest.clock.line_switches import is_of_the_project
from qrtest.http.messages import Request
from qrtest.properties.project_frames import calls_the_consumer
from qrtest.timeline.journal import Entry, Journal

__all__ = ["BUSIEST", "SourceLines", "project_frame"]

BUSIEST: Final = "busiest poll"
"""Names the poll that was the last one of the busiest minute, beside the names of operations."""

MOST_EVENTS: Final = 3_000_000
"""After so many calls and returns nothing more is looked at: seconds of real time."""

MOST_RETURNS: Final = 2_000
PLAIN: Final = (str, bytes, int, float, complex, bool, type(None))
"""Values that are the same object in many places, so that they do not say where they come from."""

COMPREHENSIONS: Final = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


class SourceLines:
    """Keeps, while it is entered, where the project returns values and where it asks the service.

    >>> with SourceLines() as lines:
    ...     pass
    >>> lines.of_value(3), lines.of_request("submit")
    (None, None)
    """

    def __init__(self) -> None:
        self._asked: dict[str, FrameSummary] = {}
        self._most_in_a_minute = 1
        self._returned: list[tuple[Any, FrameSummary]] = []
        self._outermost: FrameSummary | None = None
        self._events = 0
        self._before: Any = None
        self._is_looking = False

    def __enter__(self) -> Self:
        # A profiler that is at work, as cProfile, is left alone: it could not be set again.
        if sys.getprofile() is None:
            self._before = threading.getprofile()
            self._is_looking = True
            threading.setprofile(self._look)
            sys.setprofile(self._look)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_looking:
            sys.setprofile(None)
            threading.setprofile(self._before)

    def of_value(self, value: object) -> FrameSummary | None:
        """Return where *value* was returned first, or else what the consumer itself returned last."""
        if not isinstance(value, PLAIN):
            for each, frame in self._returned:
                if each is value:
                    return frame
        return self._outermost

    def of_request(self, operation: str) -> FrameSummary | None:
        """Return where the project caused the last request of *operation*, "" for any, or `BUSIEST`."""
        return self._asked.get(operation)

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        self._events += 1
        if self._events > MOST_EVENTS:
            sys.setprofile(None)
        code = frame.f_code
        if event == "call" and code is Journal.handle.__code__:
            request = frame.f_locals["request"]
            caller = project_frame(frame.f_back)
            if caller is not None and isinstance(request, Request):
                where = request.route
                for operation in ("", where.operation if where is not None else ""):
                    self._asked[operation] = _summary(caller)
        elif event == "return" and code is Journal.handle.__code__:
            entry = frame.f_locals.get("last")  # none yet where the service raised
            if isinstance(entry, Entry) and entry.operation == "poll":
                self._note_pace(entry.most_in_a_minute, project_frame(frame.f_back))
        elif event == "return" and is_of_the_project(code.co_filename):
            self._note(frame, argument)

    def _note_pace(self, most_in_a_minute: int, caller: FrameType | None) -> None:
        if caller is not None and most_in_a_minute > self._most_in_a_minute:
            self._most_in_a_minute = most_in_a_minute
            self._asked[BUSIEST] = _summary(caller)

    def _note(self, frame: FrameType, value: Any) -> None:
        if frame.f_code.co_name in COMPREHENSIONS:
            return
        summary = _summary(frame)
        if len(self._returned) < MOST_RETURNS and not isinstance(value, PLAIN):
            self._returned.append((value, summary))
        if project_frame(frame.f_back) is None and _is_in_the_consumer(frame):
            self._outermost = summary


def project_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the project, from *frame* outwards up to the call of the consumer."""
    while frame is not None and not calls_the_consumer(frame.f_code.co_filename):
        code = frame.f_code
        if is_of_the_project(code.co_filename) and code.co_name not in COMPREHENSIONS:
            return frame
        frame = frame.f_back
    return None


def _is_in_the_consumer(frame: FrameType | None) -> bool:
    while frame is not None and not calls_the_consumer(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None


def _summary(frame: FrameType) -> FrameSummary:
    code = frame.f_code
    return FrameSummary(code.co_filename, frame.f_lineno, code.co_name)
