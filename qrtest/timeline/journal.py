"""The journal: every request and answer with its virtual time.

It is a service that wraps a service. A poll with the same answer as the one before makes no new entry: the
entry counts, so that a day of polling is one line and no memory.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import current_thread, get_ident
from typing import Any, Final

from qrtest.http.messages import Request, Response, Service
from qrtest.http.operations import OF_A_JOB
from qrtest.lifecycle.step import Step
from qrtest.service import parse
from qrtest.service.service import Time
from qrtest.timeline.timeline import Event, Kind, Timeline, Track, stretches

__all__ = ["Entry", "Journal", "kind_of", "label_of", "session_of", "summary"]

UNROUTED: Final = "unknown"
LARGE_BYTES: Final = 4_096
LONGEST_WORD: Final = 40
MINUTE_SECONDS: Final = 60.0 - 1e-6
"""A minute, without what a sum of many short pauses is off by."""

CHECKED_EVERY: Final = 1_024
"""After so many requests the times are forgotten that no longer count."""

LONGEST_READ: Final = 100_000
"""Bytes of an answer beyond which it is not parsed for its summary."""


@dataclass(slots=True)
class Entry:
    """A request and its answer; *times* of them from *at* to *until*, in seconds on the clock.

    *most_in_a_minute* is the largest number of them that were within 60 seconds: quick and slow ones may
    follow each other. *recent* are the times of the last ones, as many as another in the same minute would
    make more. *kept_answer* is the answer in a word or two where the answer itself was not kept.
    *thread* is the name of the thread that carried the request here.
    """

    operation: str
    name: str
    request: Request
    response: Response
    at: float
    until: float
    times: int = 1
    kept_answer: str = ""
    thread: str = ""
    most_in_a_minute: int = 1
    recent: list[float] = field(default_factory=list, repr=False, compare=False)

    @property
    def answer(self) -> str:
        """The answer in a word or two, as `'200 Queued'`."""
        return self.kept_answer or summary(self.response)

    def __str__(self) -> str:
        return str(self.event())

    def event(self) -> Event:
        """Return the entry as an event of a timeline."""
        return Event(
            at=self.at,
            until=self.until,
            times=self.times,
            operation=self.operation,
            answer=self.answer,
            status=_status(self),
            kind=kind_of(self.response),
            faults=self.response.struck,
            thread=self.thread,
        )


class Journal:
    """Answers as *service* does and keeps every request and answer. Iterating gives the entries in order.

    *most*: how many entries are kept, the last ones, without headers and large bodies; None keeps all
    there is.
    """

    def __init__(self, service: Service, clock: Time, *, most: int | None = None) -> None:
        self._service = service
        self._clock = clock
        self._most = most
        self._entries: deque[Entry] = deque(maxlen=most)
        self._last: dict[tuple[str, int], Entry] = {}

    def handle(self, request: Request) -> Response:
        """Answer *request*, and keep both."""
        at = self._clock.now()
        response = self._service.handle(request)
        where = request.route
        name = where.name if where is not None and where.operation in OF_A_JOB else ""
        key = (name, get_ident())
        last = self._last.get(key)
        if (
            last is not None
            and last.response is response
            and (last.request is request or _same(last.request, request))
        ):
            last.times += 1
            last.until = at
            recent = last.recent
            recent.append(at)
            if recent[-1 - last.most_in_a_minute] > at - MINUTE_SECONDS:
                last.most_in_a_minute += 1
            if not last.times % CHECKED_EVERY:
                del recent[: -1 - last.most_in_a_minute]
        else:
            operation = where.operation if where is not None else UNROUTED
            thread = current_thread().name
            entry = Entry(operation, name, request, response, at, at, thread=thread, recent=[at])
            if self._most is not None:
                self._forget(entry, key)
            self._last[key] = entry
            self._entries.append(entry)
        return response

    def _forget(self, entry: Entry, key: tuple[str, int]) -> None:
        """Drop headers and large bodies of *entry*; remember as many last entries as entries are kept."""
        entry.request = replace(entry.request, headers={}, body=b"")
        if len(entry.response.body) > LARGE_BYTES:
            entry.kept_answer = entry.answer
            entry.response = replace(entry.response, body=b"")
        self._last.pop(key, None)
        if len(self._last) == self._most:
            del self._last[next(iter(self._last))]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.copy())

    def __len__(self) -> int:
        return len(self._entries)

    def count(self, operation: str | None = None, *, job_id: str | None = None) -> int:
        """Return how many requests there were; of one *operation*, and about one job, if given."""
        return sum(
            entry.times
            for entry in self
            if operation in (None, entry.operation) and job_id in (None, entry.name)
        )

    def timeline(self, *, lines: int = 40) -> str:
        """Return what happened to each job as text, a line an event, at most *lines* of them a job.

        The columns: virtual time, request, answer, and how often until when.
        """
        return "\n".join(self.timelines(lines=lines)) or "Nothing was asked."

    def timelines(self, *, lines: int = 40) -> list[str]:
        """Return the timeline of each job as text, in the order of their first requests."""
        return self.drawn().texts(lines=lines)

    def drawn(self, title: str = "") -> Timeline:
        """Return what happened as a value that can be drawn."""
        from qrtest.redaction.redactor import Redactor

        by_name: dict[str, list[Event]] = {}
        sessions: dict[str, str] = {}
        redactor = Redactor(b"shown")
        for entry in self:
            by_name.setdefault(entry.name, []).append(entry.event())
            if entry.operation == "poll" and not sessions.get(entry.name):  # a fault names none
                sessions[entry.name] = session_of(entry.response)
        return Timeline(
            title,
            tuple(
                Track(
                    f"job {redactor.identifier(name)}" if name else "account",
                    stretches(events),
                    tuple(events),
                    sessions.get(name, ""),
                )
                for name, events in by_name.items()
            ),
        )


def kind_of(response: Response) -> Kind:
    """Return whether *response* is fine, refused (4xx), or broken (5xx, or no answer at all).

    >>> kind_of(Response(503))
    'broken'
    """
    if response.failure is not None or response.status >= 500:
        return "broken"
    return "refused" if response.status >= 400 else "fine"


def session_of(response: Response) -> str:
    """Return the id of the session of the job that *response* describes, or "".

    >>> session_of(Response(200, b'{"id": "j", "session_id": "s"}'))
    's'
    """
    if kind_of(response) != "fine" or b'"session_id"' not in response.body[:LONGEST_READ]:
        return ""
    try:
        body = json.loads(response.body)
    except parse.UNREADABLE:
        return ""
    session = body.get("session_id") if isinstance(body, dict) else None
    return session if isinstance(session, str) else ""


def label_of(step: Step) -> str:
    """Return what a timeline calls a *step*.

    >>> from qrtest.lifecycle.step import failed
    >>> label_of(failed(code=1305))
    'ERROR 1305'
    """
    name = _shown(step.says or step.status, "state.status")
    return name if step.code is None else f"{name} {step.code}"


def _status(entry: Entry) -> str:
    if entry.operation != "poll" or kind_of(entry.response) != "fine":
        return ""
    step = parse.step_of(entry.response.body)
    return "" if step is None else label_of(step)


def _same(one: Request, other: Request) -> bool:
    return one.path == other.path and one.method == other.method and one.query == other.query


def summary(response: Response) -> str:
    """Return *response* in a word or two: its status, and the job's if it has one.

    >>> summary(Response(200, b'{"state": {"status": "Queued"}}'))
    '200 Queued'
    """
    if response.failure is not None:
        return f"connection {response.failure}"
    size = (
        f"{response.status} {len(response.body):,} bytes" if response.body else str(response.status)
    )
    if response.body[:1] != b"{" or len(response.body) > LONGEST_READ:
        return size
    try:
        body = json.loads(response.body)
    except parse.UNREADABLE:
        return size
    state, errors = body.get("state"), body.get("errors")
    if isinstance(state, dict) and "status" in state:
        code = state.get("reason_code")
        status = _shown(state["status"], "state.status")
        return f"{response.status} {status}" + (f" {_shown(code, 'code')}" if code else "")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return f"{response.status} code {_shown(errors[0].get('code'), 'code')}"
    return size


def _shown(value: Any, place: str) -> str:
    """Return *value*, which stands at *place* in an answer: words of the service, or what redaction keeps."""
    from qrtest.redaction.redactor import Redactor
    from qrtest.redaction.words import is_of_the_service, parts

    text = str(value)
    if len(text) < LONGEST_WORD and (text.isdigit() or all(map(is_of_the_service, parts(text)))):
        return text
    return Redactor(b"shown").value(json.dumps(text), place).strip('"')
