"""Where in its script a job is. A cursor moves only when it is asked.

Times are seconds on the simulation's clock. A cursor follows its script, and three things can intervene:
it is stopped (by a cancel, or by the end of its session), held in the queue, and released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import UNKNOWN, Step, cancelled

__all__ = ["NEVER", "STARTED", "ScriptCursor"]

NEVER: Final = float("inf")
NOT_BEGUN: Final = Step(transitions.INITIALIZING)
WAITING: Final = (transitions.INITIALIZING, transitions.QUEUED)
STARTED: Final = (transitions.RUNNING, transitions.DONE, transitions.ERROR)


class ScriptCursor:
    """The position of one job in *script*, from the time *created_at* on; *held*: queued until released.

    >>> cursor = ScriptCursor(Script.parse("QUEUED 5s; RUNNING 2s; DONE"), created_at=0)
    >>> cursor.advance(6)
    >>> cursor.step.status, cursor.starts(), cursor.ends()
    ('RUNNING', 5.0, 7.0)
    """

    def __init__(self, script: Script, *, created_at: float, held: bool = False) -> None:
        self.created_at = created_at
        self.began: dict[str, float] = {}
        self.ended: float | None = None
        self.step = NOT_BEGUN
        self.since = created_at
        self.until = NEVER
        self._script = script
        self._entered: list[float] = []
        self._step_ends = NEVER
        self._held: float | None = 0.0 if held else None
        self._stop: tuple[float, Step] | None = None
        if not held:
            self._enter(created_at)
            self.advance(created_at)

    @property
    def is_final(self) -> bool:
        """Whether the job has ended for good; a script that is illegal on purpose may go on."""
        return self.step.is_final and self.until == NEVER

    def advance(self, now: float) -> None:
        """Move to the step of the time *now*."""
        while self.until <= now and self.until != NEVER:
            if self._stop is not None and self._stop[0] <= self._step_ends:
                at, step = self._stop
                self._begin(step, at)
                self.until = self._step_ends = NEVER
            else:
                self._enter(self.until)

    def cancel(self, at: float, reason: str | None = None) -> None:
        """Cancel the job at the time *at*, unless it ends before."""
        self.stop(at, cancelled(reason))

    def stop(self, at: float, step: Step) -> None:
        """End the job in *step* at the time *at*, unless it ends before."""
        if not self.is_final and (self._stop is None or at < self._stop[0]):
            self._stop = (at, step)
            self.until = min(self.until, at)

    def hold(self, at: float) -> None:
        """Keep the job in the queue from the time *at* on, until released."""
        self.advance(at)
        if self._held is None and self.step.status in WAITING:
            self._held = self._step_ends - at
            self._step_ends = NEVER
            self.until = NEVER if self._stop is None else self._stop[0]

    def release(self, at: float) -> None:
        """Let the job continue in the queue, with as much time left as there was."""
        self.advance(at)
        if self._held is not None and self.step.status in WAITING:
            self._step_ends = at + self._held
            self.until = min(self.until, self._step_ends)
        self._held = None

    def go_on(self, script: Script, at: float) -> None:
        """Append *script* to a script whose last step had no end, from the time *at* on.

        >>> cursor = ScriptCursor(Script.parse("QUEUED"), created_at=0)
        >>> cursor.go_on(Script.parse("RUNNING 2s; DONE"), at=60)
        >>> cursor.ends()
        62.0
        """
        self.advance(at)
        if self.step.is_final:
            return
        so_far = list(self._script.steps)
        so_far[-1] = replace(so_far[-1], seconds=at - self._entered[-1] if self._entered else 0.0)
        self._script = Script(*so_far, *script.steps, legal=False)
        if self._held is None:
            self._step_ends = at
            self.until = min(self.until, at)
        else:
            self._held = 0.0

    def starts(self) -> float:
        """Return when it ran first, or will as things stand; NEVER if it will not."""
        for status in STARTED:
            if status in self.began:
                return self.began[status]
        return next((at for step, at in self._ahead() if step.status in STARTED), NEVER)

    def ends(self) -> float:
        """Return when it ended, or will as things stand; NEVER if it will not."""
        if self.ended is not None:
            return self.ended
        stop = NEVER if self._stop is None else self._stop[0]
        return min(stop, next((at for step, at in self._ahead() if step.is_final), NEVER))

    def running_seconds(self, now: float) -> float:
        """Return how long the job has run by the time *now*."""
        self.advance(now)
        began = self.began.get(transitions.RUNNING)
        if began is None:
            return 0.0
        return (self.ended if self.ended is not None else now) - began

    def interim(self, now: float) -> list[tuple[float, str]]:
        """Return the interim results that have appeared by the time *now*, each with when it did.

        A step's are spread evenly over its length, one a second where it lasts for ever.
        """
        self.advance(now)
        end = now if self.ended is None else min(now, self.ended)
        entered = zip(self._script.steps, self._entered, strict=False)
        return [(moment, text) for moment, text in _appearing(entered) if moment <= end]

    def next_event(self, now: float) -> float:
        """Return when the next interim result appears, or the job ends, as things stand; NEVER if neither."""
        self.advance(now)
        entered = zip(self._script.steps, self._entered, strict=False)
        ahead = _appearing(chain(entered, self._ahead()))
        return min(self.ends(), next((moment for moment, _ in ahead if moment > now), NEVER))

    def _ahead(self) -> Iterator[tuple[Step, float]]:
        """Return the steps to come, each with when it begins, up to where it is stopped."""
        at = self._step_ends
        stop = NEVER if self._stop is None else self._stop[0]
        for step in self._script.steps[len(self._entered) :]:
            if at >= stop:
                return
            yield step, at
            at += NEVER if step.seconds is None else step.seconds

    def _enter(self, at: float) -> None:
        step = self._script.steps[len(self._entered)]
        self._begin(step, at)
        self._entered.append(at)
        is_last = len(self._entered) == len(self._script.steps)
        self._step_ends = self.until = at + (
            NEVER if is_last or step.seconds is None else step.seconds
        )
        if self._stop is not None and not step.is_final:
            self.until = min(self.until, self._stop[0])

    def _begin(self, step: Step, at: float) -> None:
        self.step = step
        self.since = at
        if step.status != UNKNOWN:
            self.began.setdefault(step.status, at)
        if step.is_final and self.ended is None:
            self.ended = at


def _appearing(steps: Iterable[tuple[Step, float]]) -> Iterator[tuple[float, str]]:
    """Return the interim results of *steps*, that begin when it says, each with when it appears."""
    for step, at in steps:
        pieces = len(step.interim) + 1
        lasts = float(pieces) if step.seconds is None else step.seconds
        for number, text in enumerate(step.interim, 1):
            yield at + lasts * number / pieces, text
