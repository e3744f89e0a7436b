"""Ends a consumer that makes no progress in real time, and knows Ctrl-C from its own exceptions.

A consumer can wait for something that no simulation fulfils: an event that is never set, a socket, a child
process. A thread beside the search watches whether it asks the service, or lets virtual time pass. When it
does neither for too long, a signal interrupts it. Signals reach the main thread alone, so that elsewhere, and
where the system has no such signals, nothing is interrupted.
"""

from __future__ import annotations

import _thread
import signal
import threading
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

from qrtest.clock import clocks

__all__ = ["RealTimeLimit", "Stalled"]

LOOKS_PER_LIMIT: Final = 20
SIGNAL: Final = getattr(signal, "SIGURG", None)
"""Ignored by default, so that one that comes too late does no harm."""


class Stalled(BaseException):
    """Interrupts a consumer that made no progress; not an `Exception`, so that few handlers catch it."""


class RealTimeLimit:
    """Watches a search: `begin` is called at the start of every run, with what shows its progress.

    *seconds* of real time without progress interrupt the run with `Stalled`. `stalled_at` is then the
    stack at that moment, in text.
    """

    def __init__(self, seconds: float) -> None:
        self.stalled_at = ""
        self.was_interrupted_by_user = False
        self._seconds = seconds
        self._progress: Callable[[], object] | None = None
        self._run = 0
        self._is_over = _thread.allocate_lock()
        self._before: dict[int, Any] = {}

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
            self._progress = None
            self._is_over.release()
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def begin(self, progress: Callable[[], object]) -> None:
        """Watch a run: *progress* returns another value whenever the run has done something."""
        self._run += 1
        self._progress = progress

    def end(self) -> None:
        """Stop watching the run."""
        self._progress = None

    def _watch(self, main_thread: int) -> None:
        last: object = None
        since = clocks.unix_time()
        while not self._is_over.acquire(timeout=self._seconds / LOOKS_PER_LIMIT):
            progress = self._progress
            now = None if progress is None else (self._run, progress())
            if now is None or now != last:
                last, since = now, clocks.unix_time()
            elif clocks.unix_time() - since >= self._seconds:
                since = clocks.unix_time()
                assert SIGNAL is not None
                signal.pthread_kill(main_thread, SIGNAL)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._progress is not None:
            self.stalled_at = "".join(traceback.format_stack(frame))
            raise Stalled

    def _note_user(self, number: int, frame: FrameType | None) -> None:
        self.was_interrupted_by_user = True
        handler = self._before[signal.SIGINT]
        if callable(handler):
            handler(number, frame)
