"""Ends a consumer that makes no progress in real time, and knows Ctrl-C from its own exceptions.

A consumer can wait for something that no simulation fulfils: an event that is never set, a socket, a child
process. Or it catches whatever stops it and goes on. A thread beside the search watches the run, and sends a
signal when it has to end. Signals reach the main thread alone, so that elsewhere, and where the system has no
such signals, nothing is interrupted.
"""

from __future__ import annotations

import _thread
import linecache
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Final, Self

from qrtest.clock.line_switches import is_of_a_library, is_of_the_project
from qrtest.clock.moment import unix_time
from qrtest.properties.project_frames import project_frames

__all__ = ["RealTimeLimit", "Stalled", "Watched"]

LOOK_SECONDS: Final = 0.25
STOPPED_SECONDS: Final = 2.0
"""How long a consumer that was stopped by the simulation may go on."""

MOST_LIMITS: Final = 6
"""A run that does make progress may take this many times the limit."""

OUTSIDE_OF_A_BLOCK: Final = ("try:", "except", "finally:", "while ", "for ")
"""Beginnings of lines at which an exception leaves the `try` statement that stands there."""

SIGNAL: Final = getattr(signal, "SIGURG", None)
"""Ignored by default, so that one that comes too late does no harm."""


class Stalled(BaseException):
    """Interrupts a consumer; not an `Exception`, so that few handlers catch it.

    *is_slow*: it made progress, but took too long in real time.
    """

    def __init__(self, *, is_slow: bool) -> None:
        super().__init__("interrupted by qrtest")
        self.is_slow = is_slow


@dataclass(frozen=True)
class Watched:
    """A run as it is watched: what shows its *progress*, and whether it *was_stopped*."""

    progress: Callable[[], object]
    was_stopped: Callable[[], bool]


class RealTimeLimit:
    """Watches a search: `begin` is called at the start of every run, `end` at its end.

    *seconds* of real time without progress interrupt the run with `Stalled`. `stalled_at` is then the
    line of the project at that moment.
    """

    def __init__(self, seconds: float) -> None:
        self.stalled_at: traceback.FrameSummary | None = None
        self._has_struck = False
        self.was_interrupted_by_user = False
        self._seconds = seconds
        self._watched: Watched | None = None
        self._is_slow = False
        self._is_due = False
        self._began_in: FrameType | None = None
        self._is_over = _thread.allocate_lock()
        self._before: dict[int, Any] = {}
        self._trace_before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread() or SIGNAL is None:
            return self
        self._before = {
            SIGNAL: signal.signal(SIGNAL, self._interrupt),
            signal.SIGINT: signal.signal(signal.SIGINT, self._note_user),
        }
        self._is_over.acquire()
        # Not `threading.Thread`: it would follow the virtual clock.
        _thread.start_new_thread(self._watch, (threading.get_ident(),))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before:
            self._watched = None
            self._is_over.release()
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def begin(self, watched: Watched) -> None:
        """Watch a run."""
        self._watched = watched
        self._began_in = sys._getframe(1)

    def end(self) -> None:
        """Stop watching the run, and stopping it."""
        self._watched = self._began_in = None
        self._is_due = False
        if self._has_struck and sys.gettrace() == self._raise_in_handlers:
            sys.settrace(self._trace_before)
        self._has_struck = False

    def _watch(self, main_thread: int) -> None:
        run: Watched | None = None
        last: object = None
        began = since = alive_since = 0.0
        assert SIGNAL is not None
        while not self._is_over.acquire(timeout=min(LOOK_SECONDS, self._seconds / 4)):
            watched, now = self._watched, unix_time()
            if watched is None or watched is not run:
                run, last = watched, None
                began = since = alive_since = now
                continue
            progress = watched.progress()
            if progress != last:
                last, since = progress, now
            if not watched.was_stopped():
                alive_since = now
            self._is_slow = now - began >= self._seconds * MOST_LIMITS
            is_stalled = (
                self._has_struck
                or now - since >= self._seconds
                or now - alive_since >= STOPPED_SECONDS
            )
            if is_stalled or self._is_slow:
                began = since = alive_since = now
                signal.pthread_kill(main_thread, SIGNAL)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise here and, should that be caught, again in the handler, where the same `try` cannot.

        Inside of qrtest it is left to the next line of the project: an exception at any moment would break
        what is in the middle of a change, and comes to nothing where a generator is being closed. When no
        line follows, the next signal, at the next look, raises wherever it is.
        """
        if self._watched is None:
            return
        if not self._has_struck:
            frames = project_frames(traceback.extract_stack(frame))
            self.stalled_at = frames[-1] if frames else None
            self._has_struck = True
            self._trace_before = sys.gettrace()
        of_the_run = [
            each for each in self._frames_of_the_run(frame) if not is_of_a_library(_file(each))
        ]
        for each in of_the_run:
            if is_of_the_project(_file(each)):
                each.f_trace = self._raise_in_handlers
        sys.settrace(self._raise_in_handlers)
        is_in_the_project = not of_the_run or is_of_the_project(_file(of_the_run[0]))
        if not is_in_the_project and not self._is_due:
            self._is_due = True
            return
        raise Stalled(is_slow=self._is_slow)

    def _frames_of_the_run(self, frame: FrameType | None) -> Iterator[FrameType]:
        while frame is not None and frame is not self._began_in:
            yield frame
            frame = frame.f_back

    def _raise_in_handlers(self, frame: FrameType, event: str, argument: object) -> Any:
        """Trace a line; Python drops a trace function that has raised, and the next signal sets it again."""
        if self._watched is None or not is_of_the_project(_file(frame)):
            return None
        if event == "line" and (self._is_due or _leaves_a_block(frame)):
            self._is_due = False
            raise Stalled(is_slow=self._is_slow)
        return self._raise_in_handlers

    def _note_user(self, number: int, frame: FrameType | None) -> None:
        self.was_interrupted_by_user = True
        handler = self._before[signal.SIGINT]
        if callable(handler):
            handler(number, frame)


def _leaves_a_block(frame: FrameType) -> bool:
    return linecache.getline(_file(frame), frame.f_lineno).strip().startswith(OUTSIDE_OF_A_BLOCK)


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename
