"""A simulated job: the service's answer to each operation, at any moment of the job's script."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from qrtest.http.messages import Response
from qrtest.lifecycle import transitions
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step
from qrtest.service import error_responses, plain_results, serialize
from qrtest.service.behaviour import Behaviour
from qrtest.service.job_facts import JobFacts
from qrtest.service.payload_template import JobRecord
from qrtest.service.script_cursor import STARTED, ScriptCursor

__all__ = ["Recorded", "ResultMaker", "SimulatedJob"]


ResultMaker = Callable[[float, float], str]
"""Makes a result from when the job started to run and when it ended, in seconds since 1970.

It is called once, when the result is first asked for: most jobs of a test are never asked.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the service answers about a job besides its state; None where it makes the answer up.

    *metrics* are answered as they are, whatever the script; those of a *record* follow the script.
    """

    result: str | ResultMaker | None = None
    logs: str | None = None
    metrics: str | None = None
    record: JobRecord | None = None


LEAST_CHARGED: Final = 1.0
"""Seconds of QPU time of a job that is done and whose script gives it no time: charges are whole seconds."""


class SimulatedJob:
    """A job of the simulated service. *cursor*: where in its script it is; *crn*: its instance."""

    def __init__(
        self,
        facts: JobFacts,
        cursor: ScriptCursor,
        recorded: Recorded,
        behaviour: Behaviour,
        *,
        epoch: float,
        crn: str = "",
    ) -> None:
        self.facts = facts
        self.cursor = cursor
        self.crn = crn
        self._recorded = recorded
        self._behaviour = behaviour
        self._epoch = epoch
        self._results_read = False
        self._poll: Response | None = None
        self._poll_step: Step | None = None
        self._poll_version = ""
        self._polls_to_wait = behaviour.queued_polls

    @property
    def stored_result(self) -> str | None:
        """What the service keeps as this job's result; a result that is to be made exists from the end on."""
        result = self._recorded.result
        if not callable(result):
            return result
        ended = self.cursor.ended
        if ended is None:
            return None
        started = self.cursor.began.get(transitions.RUNNING, ended)
        text = result(self._epoch + started, self._epoch + ended)
        self._recorded = replace(self._recorded, result=text)
        return text

    def settle(self, script: Script, recorded: Recorded, now: float) -> None:
        """Continue by *script* from the time *now* on, and answer what is *recorded*."""
        self._recorded = recorded
        self.cursor.go_on(script, now)

    def poll(self, now: float, version: str, *, with_params: bool) -> Response:
        """GET job, in the form of the API *version*. The same object for as long as nothing changes."""
        cursor = self.cursor
        if cursor.until <= now:
            cursor.advance(now)
        if self._polls_to_wait:
            return self._counted_poll(now, version, with_params=with_params)
        if with_params:
            return serialize.json_response(self.describe(now, version, with_params=True))
        if self._poll_step is cursor.step and self._poll_version == version:
            assert self._poll is not None
            return self._poll
        answer = serialize.json_response(self.describe(now, version, with_params=False))
        if cursor.ended is None or self._is_accounted(now):
            self._poll, self._poll_step, self._poll_version = answer, cursor.step, version
        return answer

    def describe(self, now: float, version: str, *, with_params: bool) -> dict[str, Any]:
        """Return the job as GET job and GET jobs show it, in the form of the API *version*."""
        self.cursor.advance(now)
        ended, record = self.cursor.ended, self._recorded.record
        usage = None
        if ended is not None:
            usage_of = serialize.job_usage if record is None else record.usage
            usage = usage_of(version, self._measured_seconds(now), complete=self._is_accounted(now))
        state = serialize.job_state(self.cursor.step, self._behaviour.reason_code)
        body = serialize.job(self.facts, state, usage=usage, with_params=with_params)
        return body if record is None else record.described(body, ended=self.moment(ended))

    def moment(self, seconds: float | None) -> str | None:
        """Return a time on the simulation's clock as the service writes it; None for None."""
        return None if seconds is None else serialize.timestamp(self._epoch + seconds)

    def charged_seconds(self, now: float) -> float:
        """Return the QPU time of the job by the time *now*, before it is rounded up.

        A job that is done was charged for: the 87 captured metrics of such jobs have 3 seconds and more.
        One whose script gives it no time to run counts as `LEAST_CHARGED`.
        """
        ran = self.cursor.running_seconds(now)
        if not ran and self.cursor.step.status == transitions.DONE:
            return LEAST_CHARGED
        return ran

    def _measured_seconds(self, now: float) -> float:
        """Return `charged_seconds`; of a recorded job, how long it ran: the record has what was charged."""
        if self._recorded.record is None:
            return self.charged_seconds(now)
        return self.cursor.running_seconds(now)

    def _is_accounted(self, now: float) -> bool:
        ended = self.cursor.ended
        return ended is not None and now >= ended + self._behaviour.usage_lag

    def _counted_poll(self, now: float, version: str, *, with_params: bool) -> Response:
        """Answer one of the polls that a job stays queued for; release it after the last."""
        body = self.describe(now, version, with_params=with_params)
        self._polls_to_wait -= 1
        if not self._polls_to_wait:
            self.cursor.release(now)
        return serialize.json_response(body)

    def result(self, now: float) -> Response:
        """GET results: 204 until there are any."""
        self.cursor.advance(now)
        step = self.cursor.step
        stored = self.stored_result
        if step.status == transitions.DONE and stored is not None:
            return self._hand_out(stored)
        if step.status == transitions.ERROR and self._behaviour.failed_results == "text":
            reason = serialize.job_state(step, self._behaviour.reason_code).get("reason")
            text = stored if stored is not None else step.reason or reason
            return serialize.text_response(text or "")
        return serialize.empty(204)

    def interim_results(self, now: float) -> Response:
        """GET interim_results: a JSON list of JSON texts, the newest first."""
        texts = [text for _, text in self.cursor.interim(now)]
        if not texts:
            return serialize.text_response(self._behaviour.interim_before_any)
        return serialize.text_response(json.dumps(texts[::-1]))

    def logs(self, now: float) -> Response:
        """GET logs: only a job that has ended has any."""
        self.cursor.advance(now)
        if not self.cursor.step.is_final:
            return self._no_logs(self._behaviour.logs_before_end)
        if not self._recorded.logs:
            return self._no_logs(self._behaviour.empty_logs)
        return serialize.text_response(self._recorded.logs)

    def metrics(self, now: float, version: str) -> Response:
        """GET metrics, in the form of the API *version*."""
        if self._recorded.metrics is not None:
            return Response(200, self._recorded.metrics.encode(), serialize.JSON)
        cursor, record = self.cursor, self._recorded.record
        cursor.advance(now)
        began = min((at for status, at in cursor.began.items() if status in STARTED), default=None)
        running, finished = self.moment(began), self.moment(cursor.ended)
        created, seconds = self.facts.created, self._measured_seconds(now)
        if record is not None and record.metrics is not None:
            return serialize.json_response(
                record.measured(
                    created=created, running=running, finished=finished, seconds=seconds
                )
            )
        return serialize.json_response(
            serialize.metrics(
                version,
                created=created,
                running=running,
                finished=finished,
                seconds=seconds,
                complete=self._is_accounted(now),
                client=self.facts.client,
            )
        )

    def cancel(self, now: float) -> Response:
        """POST cancel: 204, or 409 for a job that has ended."""
        self.cursor.advance(now)
        if self.cursor.step.is_final:
            raise error_responses.not_cancellable(self.facts.job_id)
        if self._behaviour.cancel_takes_effect:
            self.cursor.cancel(now + self._behaviour.cancel_lag)
            self.cursor.advance(now)
        return serialize.empty(204)

    def tag(self, tags: tuple[str, ...]) -> Response:
        """PUT tags: these instead of the ones before."""
        self.facts = replace(self.facts, tags=tags)
        self._poll_step = None
        return serialize.empty(204)

    def check_deletable(self, now: float) -> None:
        """DELETE job: refused while the job is not in a terminal state, as the behaviour says."""
        self.cursor.advance(now)
        if self.cursor.step.is_final:
            return
        is_running = self.cursor.step.status == transitions.RUNNING
        status = self._behaviour.delete_running if is_running else self._behaviour.delete_queued
        if status != 204:
            raise error_responses.not_deletable(self.facts.job_id, status)

    def sent_result(self, result: str) -> str:
        """Return the stored *result* in the form that the submission asked for."""
        if plain_results.is_wanted(self.facts.program_id, self.facts.params):
            return plain_results.plain(result)
        return result

    def _hand_out(self, result: str) -> Response:
        if self.facts.private and self._behaviour.private_results_once:
            if self._results_read:
                return serialize.empty(204)
            self._results_read = True
        return serialize.text_response(self.sent_result(result))

    def _no_logs(self, status: int) -> Response:
        if status == 200:
            return serialize.text_response("")
        raise error_responses.job_unknown(self.facts.job_id)
