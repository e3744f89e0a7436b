"""A simulated job: a state machine of its own, which is asked and never runs by itself.

`Life` follows a script: given the time, it says what the job is doing. `SimulatedJob` puts the
service's words to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from qrtest import lifecycle
from qrtest.script import UNKNOWN, Script, Step, cancelled
from qrtest.wire import payloads
from qrtest.wire.behaviour import Behaviour
from qrtest.wire.messages import Response
from qrtest.wire.payloads import JobFacts

__all__ = ["Life", "Recorded", "SimulatedJob"]

NEVER: Final = float("inf")


class Life:
    """Where in its script a job is. Times are seconds on the simulation's clock."""

    def __init__(self, script: Script, *, born: float) -> None:
        self.born = born
        self.began: dict[str, float] = {}
        self.ended: float | None = None
        self.step = Step(lifecycle.INITIALIZING)
        self.since = born
        self.until = NEVER
        self._script = script
        self._next = 0
        self._cancelled: tuple[float, str | None] | None = None
        self._enter(born)
        self.advance(born)

    @property
    def is_final(self) -> bool:
        """Whether the job has ended for good; a script that is illegal on purpose may go on."""
        return self.step.is_final and self.until == NEVER

    def advance(self, now: float) -> None:
        """Live up to the time *now*."""
        while self.until <= now:
            if self._cancelled is not None and self._cancelled[0] <= self.until:
                self._end_by_cancel()
            else:
                self._enter(self.until)

    def cancel(self, at: float, reason: str | None = None) -> None:
        """Be cancelled at the time *at*, unless the job ends before."""
        self._cancelled = (at, reason)
        self.until = min(self.until, at)

    def running_seconds(self, now: float) -> float:
        """How long the job has run by the time *now*."""
        began = self.began.get(lifecycle.RUNNING)
        if began is None:
            return 0.0
        return (self.ended if self.ended is not None else now) - began

    def interim(self, now: float) -> list[tuple[float, str]]:
        """The interim results that have appeared by the time *now*, each with when it did.

        A step's are spread evenly over its length, one a second where it lasts for ever.
        """
        self.advance(now)
        end = now if self.ended is None else min(now, self.ended)
        appeared: list[tuple[float, str]] = []
        at = self.born
        for step in self._script.steps:
            pieces = len(step.interim) + 1
            lasts = float(pieces) if step.seconds is None else step.seconds
            appeared += [
                (at + lasts * number / pieces, text) for number, text in enumerate(step.interim, 1)
            ]
            at += lasts
        return [(moment, text) for moment, text in appeared if moment <= end]

    def _enter(self, at: float) -> None:
        self._begin(self._script.steps[self._next], at)
        self._next += 1
        is_last = self._next == len(self._script.steps)
        lasts = NEVER if is_last or self.step.seconds is None else self.step.seconds
        self.until = at + lasts
        if self._cancelled is not None and not self.step.is_final:
            self.until = min(self.until, self._cancelled[0])

    def _end_by_cancel(self) -> None:
        assert self._cancelled is not None
        at, reason = self._cancelled
        self._begin(cancelled(reason), at)
        self.until = NEVER

    def _begin(self, step: Step, at: float) -> None:
        self.step = step
        self.since = at
        if step.status != UNKNOWN:
            self.began.setdefault(step.status, at)
        if step.is_final and self.ended is None:
            self.ended = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the service has to say about a job besides its life; None where it makes it up itself."""

    result: str | None = None
    logs: str | None = None
    metrics: str | None = None


class SimulatedJob:
    """A job of the simulated service: answers each operation for a moment in its life."""

    def __init__(
        self,
        facts: JobFacts,
        life: Life,
        recorded: Recorded,
        behaviour: Behaviour,
        *,
        epoch: float,
    ) -> None:
        self.facts = facts
        self.life = life
        self._recorded = recorded
        self._behaviour = behaviour
        self._epoch = epoch
        self._results_read = False
        self._poll: Response | None = None
        self._poll_step: Step | None = None

    @property
    def stored_result(self) -> str | None:
        """What the service keeps as this job's result."""
        return self._recorded.result

    def poll(self, now: float, *, with_params: bool) -> Response:
        """GET job. The answer is the same object for as long as nothing changes."""
        life = self.life
        if life.until <= now:
            life.advance(now)
        if with_params:
            return payloads.json_response(self.describe(now, with_params=True))
        if self._poll is None or self._poll_step is not life.step:
            self._poll = payloads.json_response(self.describe(now, with_params=False))
            self._poll_step = life.step
        return self._poll

    def describe(self, now: float, *, with_params: bool) -> dict[str, Any]:
        """The job as GET job and GET jobs show it."""
        self.life.advance(now)
        usage = self.life.running_seconds(now) if self.life.ended is not None else None
        return payloads.job(self.facts, self.life.step, usage=usage, with_params=with_params)

    def result(self, now: float, trace: str) -> Response:
        """GET results: 204 until there are any."""
        self.life.advance(now)
        step = self.life.step
        if step.status == lifecycle.DONE and self._recorded.result is not None:
            return self._hand_out(self._recorded.result)
        if step.status == lifecycle.ERROR and self._behaviour.failed_results == "text":
            text = self._recorded.result if self._recorded.result is not None else step.reason
            return payloads.text_response(text or "")
        return payloads.empty(204)

    def interim_results(self, now: float) -> Response:
        """GET interim_results: a JSON list of JSON texts, the newest first."""
        texts = [text for _, text in self.life.interim(now)]
        if not texts:
            return payloads.text_response(self._behaviour.interim_before_any)
        return payloads.text_response(json.dumps(texts[::-1]))

    def logs(self, now: float, trace: str) -> Response:
        """GET logs: only a job that has ended has any."""
        self.life.advance(now)
        if not self.life.step.is_final:
            return self._no_logs(self._behaviour.logs_before_end, trace)
        if not self._recorded.logs:
            return self._no_logs(self._behaviour.empty_logs, trace)
        return payloads.text_response(self._recorded.logs)

    def metrics(self, now: float, version: str) -> Response:
        """GET metrics, in the era of the API *version*."""
        if self._recorded.metrics is not None:
            return Response(200, self._recorded.metrics.encode(), payloads.JSON)
        life = self.life
        life.advance(now)
        running = life.began.get(lifecycle.RUNNING)
        return payloads.json_response(
            payloads.metrics(
                version,
                created=self.facts.created,
                running=None if running is None else payloads.timestamp(self._epoch + running),
                finished=None
                if life.ended is None
                else payloads.timestamp(self._epoch + life.ended),
                seconds=life.running_seconds(now),
                complete=life.ended is not None and now >= life.ended + self._behaviour.usage_lag,
            )
        )

    def cancel(self, now: float, trace: str) -> Response:
        """POST cancel: 204, or 409 for a job that has ended."""
        self.life.advance(now)
        if self.life.step.is_final:
            return payloads.not_cancellable(self.facts.job_id, trace=trace)
        if self._behaviour.cancel_takes_effect:
            self.life.cancel(now + self._behaviour.cancel_lag)
            self.life.advance(now)
        return payloads.empty(204)

    def tag(self, tags: tuple[str, ...]) -> Response:
        """PUT tags: these instead of the ones before."""
        self.facts = replace(self.facts, tags=tags)
        self._poll = None
        return payloads.empty(204)

    def may_be_deleted(self, now: float) -> int:
        """The status that DELETE job answers: 204, or why not."""
        self.life.advance(now)
        if self.life.step.is_final:
            return 204
        if self.life.step.status == lifecycle.RUNNING:
            return self._behaviour.delete_running
        return self._behaviour.delete_queued

    def _hand_out(self, result: str) -> Response:
        if self.facts.private and self._behaviour.private_results_once:
            if self._results_read:
                return payloads.empty(204)
            self._results_read = True
        return payloads.text_response(result)

    def _no_logs(self, status: int, trace: str) -> Response:
        if status == 200:
            return payloads.text_response("")
        return payloads.job_not_found(self.facts.job_id, trace=trace)
