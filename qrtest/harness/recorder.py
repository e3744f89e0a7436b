"""Records exchanges on a tape of vcrpy's: the only import of vcr.

vcrpy's tape, filters and hooks are used as they are. Its patches are not: they take themselves back
while a connection is made, for all threads at once, so that exchanges of other threads are lost or
let through. Here an exchange arrives whole, from a tap that never closes in between, and a lock
around the tape is all that threads need. docs/decisions/0005-recording.md has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from qrtest.cassette.model import Interaction
from qrtest.errors import RecordingError
from qrtest.extras import needed
from qrtest.http.messages import Request, Response, Service, phrase
from qrtest.playback.player import Player

with needed("record"):
    from vcr import VCR
    from vcr.cassette import Cassette as Tape
    from vcr.request import Request as TapeRequest

__all__ = ["Recorder"]

NOT_OF_A_TAPE = ("path_transformer", "func_path_generator", "record_on_exception")
OWN = "qrtest"


class Clock(Protocol):
    """All that a recorder asks of a clock."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held while the tape is written."""

    def now(self) -> float:
        """Seconds since the recording began."""


class Recorder:
    """Answers from *player* what it knows, and from the network what it does not, and notes that.

    *may_record* False: what is not known is an error. *options* are those of vcrpy's `use_cassette`:
    filters, hooks, hosts to ignore. Raises `RecordingError` for one that vcrpy does not have.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        player: Player | None = None,
        may_record: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._clock = clock
        self._player = player
        self._may_record = may_record
        self._tape = _tape(dict(options or {}))
        self._kept: list[Interaction] = []

    def answer(self, request: Request, scheme: str, network: Service) -> Response:
        """The answer to *request*: a known one, or the network's, which is noted."""
        if self._player is not None:
            with self._clock.lock:
                if not self._may_record or self._player.find(request) is not None:
                    return self._player.handle(request)
        at = self._clock.now()
        response = network.handle(request)
        took = self._clock.now() - at
        self._note(request, scheme, response, at=at, took=took)
        return response

    @property
    def count(self) -> int:
        """How many exchanges were noted so far."""
        return len(self._tape)

    def interactions(self) -> list[Interaction]:
        """What was noted, after vcrpy's hooks, in the order in which it was asked. With its secrets."""
        self._kept = []
        with self._clock.lock:
            self._tape._persister = self
            self._tape._save(force=True)
        return sorted(self._kept, key=lambda interaction: interaction.at or 0.0)

    def save_cassette(self, path: Any, tape: Mapping[str, Any], serializer: Any) -> None:
        """Take what vcrpy would write: the recorder is the tape's persister."""
        del path, serializer
        pairs = zip(tape["requests"], tape["responses"], strict=True)
        self._kept = [_interaction(request, response) for request, response in pairs]

    def _note(
        self, request: Request, scheme: str, response: Response, *, at: float, took: float
    ) -> None:
        query = f"?{request.query}" if request.query else ""
        uri = f"{scheme}://{request.host}{request.path}{query}"
        said = {
            "status": {"code": response.status, "message": phrase(response.status)},
            "headers": {name: [value] for name, value in response.headers.items()},
            "body": {"string": response.body},
            OWN: {"at": round(at, 6), "took": round(took, 6), "failure": response.failure},
        }
        asked = TapeRequest(request.method, uri, request.body or None, dict(request.headers))
        with self._clock.lock:
            self._tape.append(asked, said)


def _tape(options: dict[str, Any]) -> Tape:
    """An empty tape with the filters and hooks of *options*."""
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
                f"{name!r} is no option of a recording: there are {', '.join(sorted(taken))}, as of vcrpy."
            )
    merged = VCR().get_merged_config(path="unused", record_mode="all", **options)
    return Tape(**{name: merged[name] for name in known if name not in NOT_OF_A_TAPE})


def _interaction(request: TapeRequest, said: Mapping[str, Any]) -> Interaction:
    own = said.get(OWN, {})
    body = said["body"]["string"]
    headers = {name: ", ".join(values) for name, values in said["headers"].items()}
    content = body.encode() if isinstance(body, str) else body
    response = Response(said["status"]["code"], content, headers, failure=own.get("failure"))
    asked = request.body_bytes or b""
    return Interaction(
        request=Request.to(request.method, request.uri, headers=dict(request.headers), body=asked),
        response=response,
        at=own.get("at"),
        took=own.get("took"),
        scheme=request.scheme,
    )
