"""Records exchanges on a tape of vcrpy's: the only import of vcr.

vcrpy's tape, filters and hooks are used as they are. Its patches are not: they take themselves back
while a connection is made, for all threads at once, so that interactions of other threads are lost or
let through. Here an exchange arrives whole, from a tap that never closes in between, and a lock
around the tape is all that threads need. docs/decisions/0005-recording.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any, Final

from qrtest.advice import choices, page
from qrtest.cassette.model import Interaction
from qrtest.clock.clocks import Clock
from qrtest.clock.program_time import ProgramTime, Since
from qrtest.errors import RecordingError
from qrtest.extras import needed
from qrtest.http.messages import Request, Response, phrase
from qrtest.playback.player import CONTROL_PATH, Player
from qrtest.playback.track import SHORTEST_SECONDS
from qrtest.redaction.redactor import is_token_exchange

with needed("record"):
    from vcr import VCR
    from vcr.cassette import Cassette as Tape
    from vcr.request import Request as TapeRequest

__all__ = ["Recorder"]

NOT_OF_A_TAPE = ("path_transformer", "func_path_generator", "record_on_exception")
OWN = "qrtest"
DIGITS: Final = 6


class Recorder:
    """Answers from *player* what it knows, and from the network what it does not, and notes that.

    *may_record* False: what is not known is an error. *options* are those of vcrpy's `use_cassette`:
    filters, hooks, hosts to ignore. *is_of_this_process* False: the program that asks is another one, whose
    waits are not seen. Raises `RecordingError` for one that vcrpy does not have.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        player: Player | None = None,
        may_record: bool = True,
        options: Mapping[str, Any] | None = None,
        is_of_this_process: bool = True,
    ) -> None:
        self._clock = clock
        self._is_of_this_process = is_of_this_process
        self._player = player
        self._may_record = may_record
        self._tape = _tape(dict(options or {}))
        self._kept: list[tuple[int, Interaction]] = []
        self._program_time = ProgramTime()
        self._answers: dict[int, tuple[Since, float]] = {}

    def observed(self) -> AbstractContextManager[None]:
        """Return a context manager that observes how the program waits, which the times are taken by."""
        return self._program_time.observed()

    @property
    def clock(self) -> Clock:
        """The clock of the recording."""
        return self._clock

    def takes(self, host: str) -> bool:
        """Return True: whatever is sent is recorded."""
        del host
        return True

    def answer(
        self, request: Request, scheme: str, timeout: float | None
    ) -> tuple[Response, float] | Callable[[Response], None]:
        """Return the known response to *request*, or what notes that of the network."""
        del timeout
        if request.path.startswith(CONTROL_PATH):
            return _not_noted
        since = self._program_time.asked()
        if self._player is not None:
            with self._clock.lock:
                if not self._may_record or self._player.find(request) is not None:
                    known = self._player.handle(request)
                    self._answered(since, known.delay)
                    return known, 0.0
        return partial(self._note, request, scheme, since, self._clock.now())

    def _answered(self, since: Since, cost: float) -> int:
        number = self._program_time.answered(since, cost)
        self._answers[number] = since, cost
        return number

    @property
    def has_answered(self) -> bool:
        """Whether any request was answered, by the network or from what is known."""
        return bool(self._answers)

    @property
    def count(self) -> int:
        """How many interactions were noted so far."""
        return len(self._tape)

    def interactions(self) -> list[Interaction]:
        """Return what was noted, secrets and all, after vcrpy's hooks, in the order of the requests."""
        self._kept = []
        with self._clock.lock:
            self._tape._persister = self
            self._tape._save(force=True)
        kept = sorted(self._kept, key=lambda each: each[1].at or 0.0)
        levelled = _levelled([interaction for _, interaction in kept])
        if not self._is_of_this_process:
            return levelled
        numbered = [(number, each) for (number, _), each in zip(kept, levelled, strict=True)]
        # A replay makes its own tokens, at no cost in time.
        asked = [(number, each) for number, each in numbered if not is_token_exchange(each.request)]
        # A request that timed out or was cancelled took the program as long as it did here.
        answered = [pair for pair in asked if pair[1].response.failure != "timeout"]
        began = self._began({number: each.took for number, each in answered})
        return [replace(each, program=began.get(number)) for number, each in numbered]

    def _began(self, tooks: Mapping[int, float | None]) -> dict[int, float]:
        """Return when each request was made in the time of the program, with answers that took *tooks*."""
        began: dict[int, float] = {}
        ends: dict[int, float] = {}
        for number, (since, cost) in sorted(self._answers.items()):
            start = 0.0 if since.answer is None else ends[since.answer]
            began[number] = round(start + since.seconds, DIGITS)
            ends[number] = began[number] + max(tooks.get(number) or cost, SHORTEST_SECONDS)
        return began

    def save_cassette(self, path: Any, tape: Mapping[str, Any], serializer: Any) -> None:
        """Take what vcrpy would write: the recorder is the tape's persister."""
        del path, serializer
        pairs = zip(tape["requests"], tape["responses"], strict=True)
        self._kept = [
            (response.get(OWN, {}).get("number", -1), _interaction(request, response))
            for request, response in pairs
        ]

    def _note(
        self, request: Request, scheme: str, since: Since, at: float, response: Response
    ) -> None:
        took = round(self._clock.now() - at, 6)
        with self._clock.lock:
            number = self._answered(since, SHORTEST_SECONDS if is_token_exchange(request) else took)
            own = {
                "at": round(at, 6),
                "took": max(took, response.delay),
                "failure": response.failure,
                "number": number,
            }
            self._put_on_the_tape(request, scheme, response, own)

    def _put_on_the_tape(
        self, request: Request, scheme: str, response: Response, own: Mapping[str, Any]
    ) -> None:
        query = f"?{request.query}" if request.query else ""
        uri = f"{scheme}://{request.host}{request.path}{query}"
        taped = {
            "status": {"code": response.status, "message": response.status_text},
            "headers": {name: [value] for name, value in response.headers.items()},
            "body": {"string": response.body},
            OWN: own,
        }
        asked = TapeRequest(request.method, uri, request.body or None, dict(request.headers))
        self._tape.append(asked, taped)


def _not_noted(response: Response) -> None:
    """Note nothing of *response*."""


def _levelled(interactions: list[Interaction]) -> list[Interaction]:
    """Return *interactions* in which equal neighbours of one request took the same time each.

    The file keeps one duration for all of them, and the time of the program must follow from the file.
    """
    groups: list[list[int]] = []
    last: dict[tuple[str, str, bytes], list[int]] = {}
    for number, each in enumerate(interactions):
        kind = (each.request.method, each.uri, each.request.body)
        group = last.get(kind)
        if group is None or _outcome(interactions[group[-1]]) != _outcome(each):
            group = last[kind] = []
            groups.append(group)
        group.append(number)
    levelled = list(interactions)
    for group in groups:
        took = sum(interactions[number].took or 0.0 for number in group) / len(group)
        for number in group:
            levelled[number] = replace(interactions[number], took=round(took, DIGITS))
    return levelled


def _outcome(interaction: Interaction) -> tuple[object, ...]:
    response = interaction.response
    return response.status, response.failure, response.body


def request_filter(options: Mapping[str, Any]) -> Callable[[Request], Request]:
    """Return what the filters and hooks in *options* of a recording make of a request.

    A request that they leave out of a recording stays as it is: a replay does not answer it.
    """
    if not options:
        return lambda request: request
    change = _tape(dict(options))._before_record_request

    def filtered(request: Request) -> Request:
        query = f"?{request.query}" if request.query else ""
        uri = f"https://{request.host}{request.path}{query}"
        asked = TapeRequest(request.method, uri, request.body or None, dict(request.headers))
        changed = change(asked)
        if changed is None:
            return request
        headers, body = dict(changed.headers), changed.body_bytes or b""
        return Request.to(changed.method, changed.uri, headers=headers, body=body)

    return filtered


def _tape(options: dict[str, Any]) -> Tape:
    """Return an empty tape with the filters and hooks of *options*."""
    known = VCR().get_merged_config(path="unused")
    taken = {
        "filter_headers",
        "filter_query_parameters",
        "filter_post_data_parameters",
        "filter_nested_post_data_parameters",
        "ignore_hosts",
        "ignore_localhost",
        "decode_compressed_response",
        "before_record_request",
        "before_record_response",
        "before_record",
        "filter_sensitive_data",
        "before_save_interaction",
    }
    for name in options:
        if name not in taken:
            raise RecordingError(
                f"{name!r} is no option of a recording. {choices(name, sorted(taken), page('recording'))}"
            )
    for name, value in options.items():
        if name.startswith("before_") and not all(map(callable, _several(value))):
            raise RecordingError(
                f"{name}={value!r}: give a function, as vcrpy takes it, or a list."
            )
    try:
        merged = VCR().get_merged_config(path="unused", record_mode="all", **options)
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordingError(f"vcrpy does not take {options!r}: {error}.") from error
    return Tape(**{name: merged[name] for name in known if name not in NOT_OF_A_TAPE})


def _several(value: Any) -> Iterable[Any]:
    """Return the hooks in *value*: one, a list of them, or None for none."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _interaction(request: TapeRequest, taped: Mapping[str, Any]) -> Interaction:
    own = taped.get(OWN, {})
    body = taped["body"]["string"]
    headers = {name: ", ".join(values) for name, values in taped["headers"].items()}
    content = body.encode() if isinstance(body, str) else body
    status, words = taped["status"]["code"], taped["status"].get("message") or ""
    response = Response(
        status,
        content,
        headers,
        failure=own.get("failure"),
        reason="" if words == phrase(status) else words,
    )
    asked = request.body_bytes or b""
    return Interaction(
        request=Request.to(request.method, request.uri, headers=dict(request.headers), body=asked),
        response=response,
        at=own.get("at"),
        took=own.get("took"),
        scheme=request.scheme,
    )
