"""A service that answers from a cassette: by look-up, advance then hold.

What changes a job (submit, cancel, tags) is answered in the recorded order. What asks is answered as
*pace* says: by recorded time, by count, or at once with the last word. Tokens are made afresh, so
that a cassette neither holds a credential nor expires.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Final, Protocol

from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import CassetteError, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.http.operations import route
from qrtest.playback.matching import SameCircuit, reasons, similarity, without
from qrtest.playback.recorded_jobs import RecordedJob, is_stamped, jobs_in
from qrtest.playback.request_index import RequestIndex
from qrtest.playback.request_tree import hashed
from qrtest.playback.stream import AT_ONCE, streamed
from qrtest.playback.timing import program_time_of
from qrtest.playback.track import SHORTEST_SECONDS, USUAL_SECONDS, Pace, Track, in_program_time
from qrtest.redaction.redactor import Redactor, is_token_exchange
from qrtest.service import api_versions, parse, serialize
from qrtest.service.accounts import Account
from qrtest.service.instances import CRN, Instance
from qrtest.service.job_facts import JobFacts

__all__ = ["PACES", "Pace", "Player"]

PACES: Final = ("recorded", "polls", "instant")
NEAREST: Final = 3
READS: Final = ("GET", "HEAD")
CIRCUIT: Final = b"QuantumCircuit"
STREAMED: Final = ("result", "interim_results")
"""What a stream is made of."""


class Time(Protocol):
    """All that a player asks of a clock."""

    def now(self) -> float:
        """Seconds since the replay began."""


class Player:
    """Answers from *cassette*, which is called *name* in messages.

    *same_circuit* compares circuits that another release of qiskit wrote. *describe* gives what was
    not recorded of a backend. *ignored* are the plain names of what does not respond requests apart.
    Raises `CassetteError` for a
    pace that does not exist.
    """

    def __init__(
        self,
        cassette: Cassette,
        clock: Time,
        *,
        epoch: float,
        pace: Pace = "recorded",
        name: str = "the cassette",
        same_circuit: SameCircuit | None = None,
        describe: Callable[[str, str], bytes | None] | None = None,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        if pace not in PACES:
            raise CassetteError(f"pace={pace!r}: there are {', '.join(map(repr, PACES))}.")
        self.account: Final = Account([Instance(crn=_instance(cassette))], epoch=epoch)
        self._cassette = cassette
        self._clock = clock
        self._epoch = epoch
        self._pace = pace if cassette.is_timed or pace != "recorded" else "polls"
        self._name = name
        self._same_circuit = same_circuit
        self._ignored = ignored
        self._describe = describe or (lambda name, aspect: None)
        self._index: RequestIndex[Track] = RequestIndex(cassette.digests)
        self._tracks: list[Track] = []
        self._with_circuits: dict[str, list[Track]] = {}
        self._plain: dict[tuple[str, str, str, str], Track] = {}
        for number, interaction in enumerate(cassette.interactions):
            asked = without(interaction.request, ignored)
            self._track(asked).add(number, replace(interaction, request=asked))
        if self._pace == "recorded":
            self._put_right()
        self._ahead: dict[str, float] = {}
        self._used: set[int] = set()

    @cached_property
    def _recorded(self) -> dict[str, RecordedJob]:
        dated = program_time_of(self._cassette.interactions)
        return {name: in_program_time(job, dated) for name, job in jobs_in(self._cassette).items()}

    @property
    def used(self) -> frozenset[int]:
        """The numbers of the exchanges that were played, from 0."""
        return frozenset(self._used)

    @property
    def unused(self) -> tuple[Interaction, ...]:
        """The exchanges that were not played."""
        exchanges = enumerate(self._cassette.interactions)
        return tuple(each for number, each in exchanges if number not in self._used)

    def handle(self, request: Request) -> Response:
        """The recorded answer to *request*. Raises `UnansweredRequest`, with the nearest ones."""
        track = self.find(request)
        if track is None:
            answer = self._unrecorded(without(request, self._ignored))
            took = SHORTEST_SECONDS if is_token_exchange(request) else USUAL_SECONDS
            return replace(answer, delay=took)
        number, response = self._read(track, request)
        self._used.add(number)
        return response

    def seconds_for(self, request: Request) -> float:
        """How long the recorded answer to *request* took that is in force now; it counts as played."""
        track = self.find(request)
        if track is None:
            return USUAL_SECONDS
        number, response = self._read(track, request)
        self._used.add(number)
        return response.delay

    def _read(self, track: Track, request: Request) -> tuple[int, Response]:
        """The number and the answer that are in force now."""
        now = self._clock.now()
        if request.method in READS:
            return track.read(self._pace, now + self._ahead.get(track.name, 0.0))
        number, response = track.next()
        self._align(track, self._cassette.interactions[number], now)
        return number, response

    def find(self, request: Request) -> Track | None:
        """The track of *request*; None when it was not recorded."""
        request = without(request, self._ignored)
        if request.body:
            return self._look_up(request)
        plain = (request.method, request.host, request.path, request.query)
        track = self._plain.get(plain)
        if track is None:
            track = self._look_up(request)
            if track is not None:
                self._plain[plain] = track
        return track

    def _look_up(self, request: Request) -> Track | None:
        track = self._index.find(request)
        if track is not None:
            return track
        if request.method == "GET" and request.is_true("exclude_params"):
            return self._index.find(without(request, frozenset({"excludeparams"})))
        if CIRCUIT in request.body:
            return self._same_but_for_circuits(request)
        return None

    def _same_but_for_circuits(self, request: Request) -> Track | None:
        for track in self._with_circuits.get(self._without_body(request), ()):
            if not self._reasons(request, track):
                return track
        return None

    def _reasons(self, request: Request, track: Track) -> tuple[str, ...]:
        return reasons(
            request,
            track.request,
            digests=self._cassette.digests,
            same_circuit=self._same_circuit,
        )

    def _without_body(self, request: Request) -> str:
        return hashed(self._index.tree(replace(request, body=b"")))

    def _track(self, request: Request) -> Track:
        """The track that an exchange with *request* belongs to."""
        plain = (request.method, request.host, request.path, request.query)
        if not request.body and plain in self._plain:
            return self._plain[plain]
        made = Track()
        track = self._index.add(request, made)
        if track is made:
            self._tracks.append(track)
            if CIRCUIT in request.body:
                self._with_circuits.setdefault(self._without_body(request), []).append(track)
        if not request.body:
            self._plain[plain] = track
        return track

    def _put_right(self) -> None:
        """Let a change be seen when it was, by the service's timestamps, not only when it was asked for."""
        if not any(map(is_stamped, self._cassette.interactions)):
            return
        for job in self._recorded.values():
            for track in self._tracks:
                where = track.request.route
                if where is not None and where.operation == "poll" and where.name == job.job_id:
                    track.put_right(job)

    def _align(self, track: Track, interaction: Interaction, now: float) -> None:
        """Let the time of what *interaction* changed go on from when that was recorded."""
        moment = interaction.at if interaction.program is None else interaction.program
        if moment is None:
            return
        ahead = moment - now
        made = (
            parse.named(interaction.response.body) if interaction.request.method == "POST" else None
        )
        if made is not None:
            self._ahead[made] = ahead
        elif track.name:
            self._ahead[track.name] = max(ahead, self._ahead.get(track.name, 0.0))

    # --- what was not recorded ---

    def _unrecorded(self, request: Request) -> Response:
        if is_token_exchange(request):
            return self._token(request)
        where = route(request.method, request.path)
        operation = where.operation if where is not None else ""
        if operation == "search":
            return self.account.instances.search()
        if operation == "plan" and where is not None:
            return self.account.instances.plan(where.name)
        if operation == "usage":
            return self.account.instances.usage(
                self.account.instances.named(None), 0.0, self._clock.now()
            )
        if operation == "stream" and where is not None and where.name in self._recorded:
            return self._streamed(where.name, request)
        if operation == "instance":
            return serialize.json_response({"qctrl_enabled": False})
        if operation == "backends":
            return self._devices(request)
        if operation == "backend" and where is not None:
            described = self._describe(where.name, where.action)
            if described is not None:
                return Response(200, described, serialize.JSON)
        raise UnansweredRequest(self._explain(request))

    def _streamed(self, name: str, request: Request) -> Response:
        """The stream of the job *name*: at once, where there is no time to go by."""
        goes_by_time = self._pace == "recorded"
        answer = streamed(
            self._recorded[name],
            request,
            lambda: self._ahead.get(name, 0.0) if goes_by_time else AT_ONCE,
        )
        for track in self._tracks:
            where = track.request.route
            if where is not None and where.name == name and where.operation in STREAMED:
                self._used.update(track.numbers)
        return answer

    def _token(self, request: Request) -> Response:
        token = self.account.token(self._epoch + self._clock.now())
        if request.path.endswith("/token") or request.path.endswith("/token/"):
            return token
        return serialize.json_response({"id": parse.access_token(token)})

    def _devices(self, request: Request) -> Response:
        version = api_versions.named(request)
        names = tuple(dict.fromkeys(job.backend for job in self.jobs().values() if job.backend))
        described = {name: parse.device(self._describe(name, "device")) for name in names}
        return serialize.json_response(serialize.devices(names, version, described))

    def jobs(self) -> dict[str, JobFacts]:
        """The jobs of the cassette by their ids, in the order in which they appear."""
        found: dict[str, JobFacts] = {}
        described: set[str] = set()
        for interaction in self._cassette.interactions:
            known, is_described = _job(interaction)
            if known is not None and (known.job_id not in found or known.job_id not in described):
                found[known.job_id] = known
                if is_described:
                    described.add(known.job_id)
        return found

    def _explain(self, request: Request) -> str:
        wanted = self._index.tree(request)
        interactions = self._cassette.interactions
        tracks = sorted(
            self._tracks,
            key=lambda track: similarity(wanted, self._index.tree(track.request)),
            reverse=True,
        )
        lines = []
        for track in tracks[:NEAREST]:
            why = self._reasons(request, track)
            shown = Redactor(b"shown").request(track.request)
            lines.append(f"  exchange {track.first + 1}, {shown}: {'; '.join(why)}")
        nearest = "\n".join(["The nearest:", *lines]) if lines else "It is empty."
        return (
            f"{Redactor(b'shown').request(request)} was not recorded: it is none of the "
            f"{len(interactions)} exchanges of {self._name}, and was not sent anywhere.\n{nearest}\n"
            "To record what is missing: pytest --qrtest-record=new_episodes, or qrtest record."
        )


def _job(interaction: Interaction) -> tuple[JobFacts | None, bool]:
    """What an exchange tells about a job, and whether it describes it or was its submission."""
    where = route(interaction.request.method, interaction.request.path)
    if where is not None and interaction.response.status == 200:
        if where.operation == "submit":
            return parse.submitted_job(interaction.request.body, interaction.response.body), False
        if where.operation == "poll":
            return parse.described_job(interaction.response.body), True
    return None, False


def _instance(cassette: Cassette) -> str:
    """The instance of the recorded account, as far as the search for it was recorded."""
    for interaction in cassette.interactions:
        where = route(interaction.request.method, interaction.request.path)
        if where is not None and where.operation == "search":
            crn = parse.first_instance(interaction.response.body)
            if crn is not None:
                return crn
    return CRN
