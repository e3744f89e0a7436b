"""A service that answers from a cassette: by look-up, advance then hold.

What changes a job (submit, cancel, tags) is answered in the recorded order. What reads is answered by
*pace*: by recorded time, by count, or at once with the last answer. Tokens are made anew, so that a
cassette neither holds a credential nor expires.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Protocol

from qrtest.cassette.model import Cassette, Interaction
from qrtest.errors import CassetteError, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.playback.base_addresses import BaseAddresses
from qrtest.playback.matching import SameCircuit
from qrtest.playback.own_instances import used_instance, with_own_name
from qrtest.playback.recorded_jobs import RecordedJob, is_stamped, jobs_in
from qrtest.playback.recorded_requests import RecordedRequests
from qrtest.playback.stream import AT_ONCE, streamed
from qrtest.playback.timing import program_time_of
from qrtest.playback.track import SHORTEST_SECONDS, USUAL_SECONDS, Pace, Track, in_program_time
from qrtest.redaction.redactor import Redactor, is_token_exchange
from qrtest.service import api_versions, parse, serialize
from qrtest.service.accounts import Account
from qrtest.service.instances import CRN, Instance
from qrtest.service.job_facts import JobFacts

__all__ = ["CONTROL_PATH", "PACES", "Pace", "Player", "Time"]

PACES: Final = ("recorded", "polls", "instant")
CONTROL_PATH: Final = "/_qrtest"
"""How paths begin by which a server of qrtest's is scripted: these requests are never recorded."""

NEAREST: Final = 3
READS: Final = ("GET", "HEAD")
STREAMED: Final = ("result", "interim_results")
"""What a stream is made of."""


class Time(Protocol):
    """The part of a clock that a player uses."""

    def now(self) -> float:
        """Return the seconds since the replay began."""


class Player:
    """Answers from *cassette*, which is called *name* in messages.

    *same_circuit* compares circuits that are not equal byte for byte. *describe* gives what was
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
        filtered: Callable[[Request], Request] = lambda request: request,
    ) -> None:
        if pace not in PACES:
            raise CassetteError(f"pace={pace!r}: there are {', '.join(map(repr, PACES))}.")
        self._filtered = filtered
        self._bases = BaseAddresses(cassette.interactions)
        cassette = self._bases.usual_cassette(cassette)
        self.account: Final = Account([Instance(crn=used_instance(cassette) or CRN)], epoch=epoch)
        self._cassette = cassette
        self._clock = clock
        self._epoch = epoch
        self._pace = pace if cassette.is_timed or pace != "recorded" else "polls"
        self._name = name
        self._describe = describe or (lambda name, aspect: None)
        self._requests = RecordedRequests(cassette, ignored=ignored, same_circuit=same_circuit)
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
        """The numbers of the interactions that were played, from 0."""
        return frozenset(self._used)

    @property
    def unused(self) -> tuple[Interaction, ...]:
        """The interactions that were not played."""
        numbered = enumerate(self._cassette.interactions)
        return tuple(each for number, each in numbered if number not in self._used)

    def handle(self, request: Request) -> Response:
        """Return the recorded answer to *request*. Raises `UnansweredRequest`, with the nearest requests."""
        track = self.find(request)
        if track is None:
            answer = self._unrecorded(self._bases.usual(request))
            took = SHORTEST_SECONDS if is_token_exchange(request) else USUAL_SECONDS
            return replace(answer, delay=took)
        number, response = self._read(track, request)
        self._used.add(number)
        return response

    def seconds_for(self, request: Request) -> float:
        """Return how long the recorded answer to *request* took that is in force now; it counts as played."""
        track = self.find(request)
        if track is None:
            return USUAL_SECONDS
        number, response = self._read(track, request)
        self._used.add(number)
        return response.delay

    def _read(self, track: Track, request: Request) -> tuple[int, Response]:
        """Return the number and the answer that are in force now."""
        now = self._clock.now()
        if request.method in READS:
            return track.read(self._pace, now + self._ahead.get(track.name, 0.0))
        number, response = track.next()
        self._align(track, self._cassette.interactions[number], now)
        return number, response

    def own_instances(self, listed: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
        """Return the instances *listed* in a recorded answer, with the program's own CRN or name *wanted*."""
        return with_own_name(listed, wanted, self._cassette.digests)

    def find(self, request: Request) -> Track | None:
        """Return the track of *request*; None when it was not recorded."""
        return self._requests.find(self._bases.usual(self._filtered(request)))

    def _put_right(self) -> None:
        """Date changes by the service's timestamps, not only by the requests that saw them."""
        if not any(map(is_stamped, self._cassette.interactions)):
            return
        for track in self._requests.tracks:
            where = track.request.route
            if where is not None and where.operation == "poll" and where.name in self._recorded:
                track.put_right(self._recorded[where.name])

    def _align(self, track: Track, interaction: Interaction, now: float) -> None:
        """Continue the recorded time of what *interaction* changed from that interaction on."""
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
        if request.path.startswith(CONTROL_PATH):
            return serialize.json_response({"instances": [self.account.crn]})
        where = request.route
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
        """Return the stream of the job *name*; all at once, where there is no time to go by."""
        goes_by_time = self._pace == "recorded"
        answer = streamed(
            self._recorded[name],
            request,
            lambda: self._ahead.get(name, 0.0) if goes_by_time else AT_ONCE,
        )
        for track in self._requests.tracks:
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
        """Return the jobs of the cassette by their ids, in the order in which they appear."""
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
        interactions = self._cassette.interactions
        lines = []
        for track, why in self._requests.nearest(request, NEAREST):
            shown = Redactor(b"shown").request(track.request)
            lines.append(f"  interaction {track.first + 1}, {shown}: {'; '.join(why)}")
        nearest = "\n".join(["The nearest:", *lines]) if lines else "It is empty."
        return (
            f"{Redactor(b'shown').request(request)} was not recorded: it is none of the "
            f"{len(interactions)} interactions of {self._name}, and was not sent anywhere.\n{nearest}\n"
            f"{self._about_filters()}\n"
            "To record what is missing: pytest --qrtest-record=new_episodes, or qrtest record."
        )

    def _about_filters(self) -> str:
        """Return what to do about the filters and hooks of the recording."""
        provenance = self._cassette.provenance
        if provenance is None or not provenance.filters:
            return (
                "What filters removed from a recording is removed in a replay that is given the same "
                "filters."
            )
        named = ", ".join(f"{name}=..." for name in provenance.filters)
        return (
            f"It was recorded with {named}: give qrtest.replay(), or the marker, the same, which then "
            "removes the same from what is asked."
        )


def _job(interaction: Interaction) -> tuple[JobFacts | None, bool]:
    """Return the facts of a job in *interaction*, and whether it describes the job or submitted it."""
    where = interaction.request.route
    if where is not None and interaction.response.status == 200:
        if where.operation == "submit":
            return parse.submitted_job(interaction.request.body, interaction.response.body), False
        if where.operation == "poll":
            return parse.described_job(interaction.response.body), True
    return None, False
