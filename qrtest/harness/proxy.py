"""Records and replays what programs in any language ask, as the HTTP proxy that they are pointed at: `proxy`.

A recording is one of `record`, whose requests come by the proxy; a replay is a player as in `replay`, in
real time or a multiple of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from qrtest.clock import clocks
from qrtest.clock.clocks import AcceleratedClock, VirtualClock
from qrtest.clock.moment import EPOCH, unix_time
from qrtest.errors import RecordingError, UnansweredRequest
from qrtest.harness.child_environment import node_variables
from qrtest.harness.record import Mode, Recording, record
from qrtest.harness.replay import (
    ScriptLike,
    loaded,
    player_of,
    request_filter_of,
    rescripted_jobs,
    service_of,
)
from qrtest.http.messages import Request, Response
from qrtest.playback.player import Pace
from qrtest.playback.recorded_moment import moment_of
from qrtest.redaction.allowlist import plain_name
from qrtest.redaction.redactor import shown
from qrtest.transport.dispatcher import FOR_EVER, Dispatcher
from qrtest.transport.proxy_port import ProxyPort, error_response
from qrtest.transport.server import LOOPBACK
from qrtest.transport.tls import Authority

__all__ = ["Proxy", "proxy"]

TRUST: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
"""The variables by which OpenSSL and rustls, requests, Node.js and curl learn what to trust."""

PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY")
NOT_FOUND: Final = 404
AUTHORITY: Final = "qrtest-authority.pem"


def proxy(
    *,
    record: str | os.PathLike[str] | None = None,
    replay: str | os.PathLike[str] | None = None,
    port: int = 0,
    host: str = LOOPBACK,
    authority: str | os.PathLike[str] | None = None,
    upstream_authority: str | None = None,
    mode: Mode = "rewrite",
    pace: Pace | None = None,
    clock: str = "real",
    script: ScriptLike | None = None,
    ignore: Iterable[str] = (),
    note: Callable[[str], object] = str,
    **vcr_options: Any,
) -> Proxy:
    """Return an HTTP proxy on *port* of *host* that records or replays; a context manager.

    *record*: the cassette to write, as `qrtest.record` does with *mode* and *ignore*; *replay*: the cassette
    to answer from, as `qrtest.replay` does with *pace*, *script* and *ignore*. The usual pace is "polls",
    because the time of another program is real, and never the same twice; with a *script* it is "recorded".
    *clock*: "real", "virtual", or so many times as fast, as "60x"; it begins with the first request. Further
    keywords are the filters and hooks of vcrpy.
    *authority*: where the certificate is written that clients have to trust; None takes a temporary file.
    *upstream_authority*: a file with the certificates that the real hosts are trusted by. *note* is
    called with a line for each request that failed.

    Raises `RecordingError` unless one of *record* and *replay* is given, `CassetteError` for a file that
    cannot be read, `ServerError` when the port cannot be had.

    >>> with proxy(replay="cassettes/sampler.yaml") as proxied:
    ...     sorted(proxied.environment)[:3]
    ['CURL_CA_BUNDLE', 'HTTPS_PROXY', 'HTTP_PROXY']
    """
    if (record is None) is (replay is None):
        raise RecordingError("A proxy either records or replays: give it record= or replay=.")
    answering: _Recorded | _Replayed
    if record is not None:
        answering = _Recorded(
            _recording(record, mode=mode, ignore=ignore, **vcr_options), upstream_authority
        )
    else:
        assert replay is not None
        answering = _Replayed(
            replay,
            clock=clock,
            pace=pace or ("polls" if script is None else "recorded"),
            script=script,
            ignored=frozenset(map(plain_name, ignore)),
            vcr_options=vcr_options,
            note=note,
        )
    return Proxy(answering, host=host, number=port, authority=authority, note=note)


def _recording(path: str | os.PathLike[str], **options: Any) -> Recording:
    return record(path, unrecorded="error", **options).of_another_program()


class Proxy:
    """An HTTP proxy that records or replays. Made by `proxy`.

    `url` is where it is, `authority` the file with the certificate to trust, `environment` the variables that
    point programs at it, `recording` the recording (None: it replays).

    >>> from qrtest import proxy
    >>> with proxy(replay="cassettes/sampler.yaml") as proxied:
    ...     proxied.environment["HTTPS_PROXY"] == proxied.url
    True
    """

    def __init__(
        self,
        answering: _Recorded | _Replayed,
        *,
        host: str,
        number: int,
        authority: str | os.PathLike[str] | None,
        note: Callable[[str], object],
    ) -> None:
        self._answering = answering
        self._host = host
        self._number = number
        self._given = authority
        self._note = note
        self._port: ProxyPort | None = None
        self._stack = ExitStack()
        self.recording: Final = answering.recording
        self.authority = Path(AUTHORITY)

    def __enter__(self) -> Self:
        issuer = Authority()
        with ExitStack() as stack:
            stack.enter_context(self._answering)
            self._port = ProxyPort(
                self._answering, issuer, host=self._host, number=self._number, note=self._noted
            )
            stack.callback(self._port.close)
            if self._given is None:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="qrtest-"))
                self.authority = Path(folder, AUTHORITY)
            else:
                self.authority = Path(self._given)
                stack.callback(self.authority.unlink, missing_ok=True)
            self.authority.write_text(issuer.pem, encoding="ascii")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    @property
    def url(self) -> str:
        """Where it is, as `http://127.0.0.1:8766`."""
        if self._port is None:
            raise RecordingError(
                "A proxy has an address inside 'with qrtest.proxy(...) as proxy:'."
            )
        return self._port.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs use the proxy and trust its certificate.

        Names of proxies are given in both cases: curl reads `http_proxy` only.
        """
        proxies = dict.fromkeys((*PROXIES, *map(str.lower, PROXIES)), self.url)
        trust = dict.fromkeys(TRUST, str(self.authority.absolute()))
        return {**proxies, **trust, "NO_PROXY": "", "no_proxy": "", **node_variables()}

    @property
    def unanswered(self) -> tuple[str, ...]:
        """What was asked of a replay and not recorded, each with the nearest requests of the cassette."""
        return tuple(self._answering.unanswered)

    def _noted(self, line: str) -> None:
        """Note *line* without secrets: it names a request, which nobody has redacted."""
        self._note(shown(line))

    def wait(self) -> None:
        """Wait until the proxy is closed, or a signal comes."""
        assert self._port is not None
        self._port.wait()


class _Recorded:
    """Answers from the network, which *recording* notes."""

    def __init__(self, recording: Recording, authority: str | None) -> None:
        self.recording: Recording | None = recording
        self.unanswered: list[str] = []
        self._authority = authority

    def __enter__(self) -> None:
        from qrtest.transport.forwarding import Forwarding

        self._forwarding = Forwarding(self._authority)
        assert self.recording is not None
        self.recording.__enter__()

    def __exit__(self, *error: Any) -> None:
        assert self.recording is not None
        self.recording.__exit__(*error)

    def answer(self, request: Request, scheme: str) -> tuple[Response, float]:
        """Return the network's answer, as soon as it has come."""
        return self._forwarding.send(request, scheme), 0.0


class _Replayed:
    """Answers from the cassette *path*, on a clock that begins with the first request."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: str,
        pace: Pace,
        script: ScriptLike | None,
        ignored: frozenset[str],
        vcr_options: dict[str, Any],
        note: Callable[[str], object],
    ) -> None:
        self.recording: Recording | None = None
        self.unanswered: list[str] = []
        self._note = note
        self._clock = _Begun(clocks.clock_named(clock))
        name = os.fspath(path)
        cassette = loaded(path)
        self._first = min((each.at or 0.0 for each in cassette.interactions), default=0.0)
        is_virtual = isinstance(self._clock.clock, VirtualClock)
        player = player_of(
            cassette,
            self._clock,
            epoch=(moment_of(cassette) or EPOCH) if is_virtual else unix_time(),
            pace=pace,
            name=name,
            ignored=ignored,
            filtered=request_filter_of(vcr_options),
        )
        rescripted = rescripted_jobs(cassette, script, name, pace=pace)
        service = service_of(player, self._clock, rescripted)
        self._dispatcher = Dispatcher(service, self._clock.clock, None, latency=0.0)

    def __enter__(self) -> None:
        """Begin: nothing has to be opened."""

    def __exit__(self, *error: object) -> None:
        """End: nothing has to be closed."""

    def answer(self, request: Request, scheme: str) -> tuple[Response, float]:
        """Return the recorded answer; an error response with the nearest requests if there is none."""
        del scheme
        self._clock.begin(self._first)
        try:
            response, wait = self._dispatcher.ask(request)
        except UnansweredRequest as error:
            self.unanswered.append(str(error))
            self._note(str(error))
            return error_response(NOT_FOUND, str(error)), 0.0
        return response, self._clock.clock.spend(wait) if wait < FOR_EVER else wait


class _Begun:
    """The time of *clock*, shifted so that the first request comes when it came in the recording."""

    def __init__(self, clock: VirtualClock | AcceleratedClock) -> None:
        self.clock: Final = clock
        self.lock: Final = clock.lock
        self._shift: float | None = None

    def begin(self, at: float) -> None:
        """Let it be *at* now, unless it has begun already."""
        with self.lock:
            if self._shift is None:
                self._shift = at - self.clock.now()

    def now(self) -> float:
        """Return the seconds since the recording began."""
        return self.clock.now() + (self._shift or 0.0)
