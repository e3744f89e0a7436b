"""Sessions and batches: a state that follows from the requests made and from the scripts of the jobs.

A session never runs by itself. Asked at a moment, it first cancels the jobs that were still queued when
it ended, then derives its history from its jobs. Sources: the REST description, observations of the
real service, and the states that the client distinguishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from qrtest.lifecycle.step import cancelled, failed
from qrtest.service import error_responses, parse, serialize
from qrtest.service.behaviour import Behaviour
from qrtest.service.script_cursor import NEVER, ScriptCursor

__all__ = ["SessionFacts", "SimulatedSession", "read_accepting", "read_session"]

MAX_TTL: Final = 28_800
BATCH: Final = "batch"
DEDICATED: Final = "dedicated"

CREATED: Final = "session_created"
ACTIVATED: Final = "session_activated"
IDLE: Final = "session_inactivated_by_interactive_ttl"
CLOSED_EARLY: Final = "session_closed_early"
EXPIRED: Final = "session_closed_by_max_ttl"
CLOSED_REASON: Final = "Session closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """The facts of a session that never change. *created_at*: seconds on the simulation's clock."""

    session_id: str
    backend: str
    mode: str
    max_ttl: float
    created_at: float
    crn: str


class Moment(NamedTuple):
    """A session's state from *at* on."""

    state: str
    reason: str
    at: float


class _Run(NamedTuple):
    start: float
    created_at: float
    end: float


class SimulatedSession:
    """A session of the simulated service."""

    def __init__(self, facts: SessionFacts, behaviour: Behaviour, *, epoch: float) -> None:
        self.facts: Final = facts
        self.accepts_jobs = True
        self._behaviour = behaviour
        self._epoch = epoch
        self._cursors: list[ScriptCursor] = []
        self._stopped_taking: float | None = None
        self._closed: float | None = None
        self._has_ended = False

    def add(self, cursor: ScriptCursor) -> None:
        """Add a job, by its *cursor*."""
        self._cursors.append(cursor)

    def settle(self, now: float) -> None:
        """End the jobs that were in the queue when the session closed, if it has by the time *now*."""
        expires = self._expires()
        end = min(expires, NEVER if self._closed is None else self._closed)
        if end > now:
            return
        if not self._has_ended:
            self._has_ended, self.accepts_jobs = True, False
        step = cancelled(CLOSED_REASON)
        if expires == end and self._behaviour.session_expiry == "fail":
            step = failed(CLOSED_REASON, code=1217)
        for cursor in self._cursors:
            if cursor.starts() > end:
                cursor.stop(end, step)

    def is_open(self, now: float) -> bool:
        """Return whether a job may be submitted."""
        self.settle(now)
        return self.accepts_jobs and self._history(now)[-1].state != "closed"

    def accept(self, accepting: bool, now: float) -> None:
        """Accept jobs or not (PATCH). A session that accepts none closes when its jobs have ended.

        One that has closed stays closed, although the flag can be changed (observed).
        """
        self.settle(now)
        self.accepts_jobs = accepting
        if not accepting and self._stopped_taking is None:
            self._stopped_taking = now
        elif accepting and self._history(now)[-1].state != "closed":
            self._stopped_taking = None

    def close(self, now: float) -> None:
        """Close the session (DELETE close): queued jobs do not run, running ones finish."""
        self.settle(now)
        self.accepts_jobs = False
        if self._closed is None and self._history(now)[-1].state != "closed":
            self._closed = now
        self.settle(now)

    def describe(self, now: float) -> dict[str, Any]:
        """Return the body of GET session."""
        self.settle(now)
        history = self._history(now)
        last = history[-1]
        runs = [run for run in self._runs() if run.start <= now]
        body: dict[str, Any] = {
            "id": self.facts.session_id,
            "backend_name": self.facts.backend,
            "mode": self.facts.mode,
            "state": last.state,
            "state_reason": last.reason,
            "accepting_jobs": self.accepts_jobs,
            "max_ttl": round(self.facts.max_ttl),
            "interactive_ttl": round(self._behaviour.interactive_ttl),
            "started_at": self._stamp(self.facts.created_at),
            "elapsed_time": round(self._active_seconds(history, now), 3),
            "timestamps": [
                {"status": moment.state, "timestamp": self._stamp(moment.at)} for moment in history
            ],
            "user_id": serialize.USER_ID,
        }
        began = [moment.at for moment in history if moment.state == "active"]
        when: dict[str, float | None] = {
            "activated_at": began[0] if began else None,
            "last_job_started": max((run.start for run in runs), default=None),
            "last_job_completed": max((run.end for run in runs if run.end <= now), default=None),
            "closed_at": last.at if last.state == "closed" else None,
        }
        body |= {name: self._stamp(at) for name, at in when.items() if at is not None}
        if began:
            body["active_ttl"] = round(max(0.0, began[0] + self.facts.max_ttl - now))
        return body

    def _stamp(self, at: float) -> str:
        return serialize.timestamp(self._epoch + at)

    def _expires(self) -> float:
        """Return when max_ttl is over: it counts from the first job that runs."""
        return (
            min((cursor.starts() for cursor in self._cursors), default=NEVER) + self.facts.max_ttl
        )

    def _runs(self) -> list[_Run]:
        """Return the jobs that ran, run, will run or wait for ever, in the order they start."""
        runs = [_Run(cursor.starts(), cursor.created_at, cursor.ends()) for cursor in self._cursors]
        return sorted(run for run in runs if run.start < NEVER or run.end == NEVER)

    def _history(self, now: float) -> list[Moment]:
        """Return the states there were, in order, up to the time *now*."""
        history = [
            Moment("open", CREATED, self.facts.created_at),
            *_spells(self._runs(), self._behaviour.interactive_ttl),
        ]
        closed = self._closing()
        history = [moment for moment in history if moment.at <= closed.at] + [closed]
        return [moment for moment in history if moment.at <= now]

    def _closing(self) -> Moment:
        """Return how it closes, as things stand; the moment may never come."""
        early = [NEVER if self._closed is None else self._closed]
        if self._stopped_taking is not None:
            early.append(max([self._stopped_taking, *(cursor.ends() for cursor in self._cursors)]))
        if self._expires() < min(early):
            return Moment("closed", EXPIRED, self._expires())
        return Moment("closed", CLOSED_EARLY, min(early))

    @staticmethod
    def _active_seconds(history: list[Moment], now: float) -> float:
        until = [moment.at for moment in history[1:]] + [now]
        return sum(
            end - moment.at
            for moment, end in zip(history, until, strict=True)
            if moment.state == "active"
        )


def _spells(runs: list[_Run], idle_time: float) -> Iterator[Moment]:
    """Yield the changes of state: active during jobs and *idle_time* beyond, then inactive until the next."""
    busy_until: float | None = None
    for run in runs:
        if busy_until is None:
            yield Moment("active", ACTIVATED, run.start)
        elif run.created_at > busy_until + idle_time:
            yield Moment("inactive", IDLE, busy_until + idle_time)
            yield Moment("active", ACTIVATED, run.start)
        busy_until = run.end if busy_until is None else max(busy_until, run.end)
    if busy_until is not None:
        yield Moment("inactive", IDLE, busy_until + idle_time)


def read_session(body: bytes) -> dict[str, Any]:
    """Return the mode, backend and max_ttl that the body of POST sessions asks for.

    The mode is required, and `backend_name` stands in for a backend that is not given (REST description).
    """
    asked = parse.json_object(body or b"{}")
    if asked.get("mode") is None:
        raise error_responses.body_invalid("'mode' is missing")
    mode = asked["mode"]
    backend = asked.get("backend", asked.get("backend_name"))
    ttl = asked.get("max_ttl", asked.get("max_session_ttl"))
    ttl = MAX_TTL if ttl is None else ttl
    if mode not in (DEDICATED, BATCH):
        raise error_responses.body_invalid(f"mode must be {DEDICATED!r} or {BATCH!r}")
    if backend is not None and not isinstance(backend, str):
        raise error_responses.body_invalid("backend must be a text")
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not 0 < ttl <= MAX_TTL:
        raise error_responses.body_invalid(
            f"max_ttl must be a number of seconds from 1 to {MAX_TTL}"
        )
    return {"mode": mode, "backend": backend, "max_ttl": float(ttl)}


def read_accepting(body: bytes) -> bool:
    """Return whether the body of PATCH session lets it take jobs."""
    try:
        accepting = parse.json_object(body)["accepting_jobs"]
    except KeyError:
        accepting = None
    if not isinstance(accepting, bool):
        raise error_responses.body_invalid("accepting_jobs must be true or false")
    return accepting
