"""The recorded requests of a cassette: which of them a request is, and which are the nearest if it is none.

Requests to the service are found whatever the host, for a client of another release or region. Where one was
made to several hosts, each has its own answers, and the host decides, or the region that it serves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from qrtest.cassette.model import Cassette
from qrtest.http.messages import Request
from qrtest.playback.matching import SameCircuit, reasons, similarity, without
from qrtest.playback.regions import region_of_host
from qrtest.playback.request_index import RequestIndex
from qrtest.playback.request_tree import hashed
from qrtest.playback.track import Track

__all__ = ["RecordedRequests"]

CIRCUIT: Final = b"QuantumCircuit"
Plain = tuple[str, str, str, str]


class RecordedRequests:
    """The requests of *cassette*, each with its answers in a `Track`.

    *ignored* are the plain names of what does not count. *same_circuit* compares circuits that are
    not equal byte for byte.
    """

    def __init__(
        self, cassette: Cassette, *, ignored: frozenset[str], same_circuit: SameCircuit | None
    ) -> None:
        self.tracks: Final[list[Track]] = []
        self._digests = cassette.digests
        self._ignored = ignored
        self._same_circuit = same_circuit
        self._index: RequestIndex[dict[str, Track]] = RequestIndex(cassette.digests)
        self._with_circuits: dict[str, list[Track]] = {}
        self._plain: dict[Plain, Track] = {}
        for number, interaction in enumerate(cassette.interactions):
            asked = without(interaction.request, ignored)
            self._track(asked).add(number, replace(interaction, request=asked))

    def find(self, request: Request) -> Track | None:
        """Return the track of *request*; None if it was not recorded."""
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

    def nearest(self, request: Request, most: int) -> Iterable[tuple[Track, tuple[str, ...]]]:
        """Yield the recorded requests that are most like *request*, and why each is another one."""
        request = without(request, self._ignored)
        wanted = self._index.tree(request)
        trees = {id(track): self._index.tree(track.request) for track in self.tracks}
        in_order = sorted(
            self.tracks, key=lambda track: similarity(wanted, trees[id(track)]), reverse=True
        )
        for track in in_order[:most]:
            why = self._reasons(request, track)
            yield track, why or (f"the host is {request.host!r}, and several were recorded",)

    def _look_up(self, request: Request) -> Track | None:
        by_host = self._index.find(request)
        if by_host is None and request.method == "GET" and request.is_true("exclude_params"):
            by_host = self._index.find(without(request, frozenset({"excludeparams"})))
        track = None
        if by_host is not None:
            track = by_host.get(request.host) or _of_the_region(request.host, by_host)
        return self._with_same_circuits(request, track) if CIRCUIT in request.body else track

    def _with_same_circuits(self, request: Request, equal: Track | None) -> Track | None:
        """Return the first track with answers left whose circuits are those of *request*.

        *equal* is the one that has the very bytes, if there is one. It does not go before the others: a
        circuit that is built twice is written differently each time, and the recorded order is what a
        program that submits it again expects.
        """
        known = self._with_circuits.get(self._without_body(request), ())
        for track in known:
            if not track.is_used_up and (track is equal or not self._reasons(request, track)):
                return track
        if equal is not None:
            return equal
        return next((track for track in known if not self._reasons(request, track)), None)

    def _reasons(self, request: Request, track: Track) -> tuple[str, ...]:
        return reasons(
            request, track.request, digests=self._digests, same_circuit=self._same_circuit
        )

    def _without_body(self, request: Request) -> str:
        return hashed(self._index.tree(replace(request, body=b"")))

    def _track(self, request: Request) -> Track:
        """Return the track that an interaction with *request* belongs to."""
        plain = (request.method, request.host, request.path, request.query)
        if not request.body and plain in self._plain:
            return self._plain[plain]
        by_host = self._index.add(request, {})
        track = by_host.get(request.host)
        if track is None:
            track = by_host[request.host] = Track()
            self.tracks.append(track)
            if CIRCUIT in request.body:
                self._with_circuits.setdefault(self._without_body(request), []).append(track)
        if not request.body:
            self._plain[plain] = track
        return track


def _of_the_region(host: str, by_host: dict[str, Track]) -> Track | None:
    """Return the only track, or that of the only recorded host which serves the region of *host*."""
    if len(by_host) == 1:
        return next(iter(by_host.values()))
    region = region_of_host(host)
    alike = [track for known, track in by_host.items() if region_of_host(known) == region]
    return alike[0] if len(alike) == 1 and region is not None else None
