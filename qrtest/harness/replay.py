"""Cassette, clock, transport and client in one: `replay`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from qrtest.advice import choices
from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette, Interaction
from qrtest.clock import clocks
from qrtest.clock.clocks import VirtualClock, WallClock
from qrtest.clock.duration import Duration
from qrtest.clock.moment import Moment
from qrtest.errors import SimulationError
from qrtest.harness.arguments import ignored_names, must_be_a_path
from qrtest.harness.base import Environment, Session, SessionOptions, Transport
from qrtest.harness.decorated import made_again
from qrtest.http.messages import Request, Service
from qrtest.lifecycle.script import Script
from qrtest.lifecycle.step import Step
from qrtest.playback.player import Pace, Player, Time
from qrtest.playback.recorded_moment import moment_of
from qrtest.scenario.scenario import Scenario

if TYPE_CHECKING:
    from qrtest.client.job_doubles import RuntimeJobV2
    from qrtest.playback.recorded_jobs import RecordedJob

__all__ = [
    "Replay",
    "loaded",
    "player_of",
    "replay",
    "request_filter_of",
    "rescripted_jobs",
    "service_of",
]

ScriptLike = Script | Step | str | Scenario
EVERY_JOB: Final = "*"
"""Stands in a mapping of scripts for the jobs that it does not name."""

MOST_REQUESTS: Final = 200_000


@made_again
def replay(
    cassette: str | os.PathLike[str] | Cassette,
    *,
    script: ScriptLike | Mapping[str, ScriptLike] | None = None,
    pace: Pace = "recorded",
    transport: Transport = "direct",
    clock: Literal["virtual", "real"] = "virtual",
    longest: Duration | None = clocks.LONGEST_DEFAULT,
    most_requests: int = MOST_REQUESTS,
    watchdog: Duration | None = None,
    network: bool = False,
    ignore: Iterable[str] = (),
    starts: Moment | None = None,
    **vcr_options: Any,
) -> Replay:
    """Return a replay of a recorded session, to be used as a context manager.

    *cassette*: a file of qrtest's, vcrpy's or pytest-recording's. *script*: another script for the
    recorded job, or scripts by job id, `"*"` for every job that is not named: the job keeps its
    recorded facts, and answers what was never asked, too. A scenario of the cassette that was changed
    (`Scenario.from_cassette(path).but(...)`) is one. *pace*: "recorded" answers by the recorded time on
    the virtual clock, whatever the poll interval; "polls" by the number of polls; "instant" with the
    last word at once. A cassette without times is played by polls. *ignore*: names of query parameters
    and JSON fields that do not count when requests are compared. Further keywords are the filters and
    hooks of vcrpy that the session was recorded with: what they removed from requests is removed again.
    *starts*: the date and time at which it begins; None: when it was recorded, so that the dates of its
    jobs and `datetime.now` agree. The other options are those of `simulate`.

    Raises `CassetteError` for a file that cannot be read, `SimulationError` for a script of no job.

    >>> with replay("cassettes/sampler.yaml", script="QUEUED 6h; ERROR 1500") as sim:
    ...     sim.job().wait_for_final_state(timeout=None)
    ...     sim.clock.now() > 6 * 3600
    True
    >>> from qrtest.cassette.model import Cassette
    >>> with replay(Cassette()) as sim:
    ...     sim.jobs
    ()
    """
    options = SessionOptions(
        transport=transport,
        clock=clock,
        longest=longest,
        most_requests=most_requests,
        watchdog=watchdog,
        network=network,
        starts=starts,
    )
    return Replay(
        cassette,
        options,
        script=script,
        pace=pace,
        ignored=ignored_names(ignore),
        vcr_options=vcr_options,
    )


class Replay(Session):
    """A recorded session that answers again, with its own time and journal. Made by `replay`.

    `clock` is the time, `journal` what was asked and answered, `unused` what was not asked for, `name`
    what the cassette is called.

    >>> with replay("cassettes/sampler.yaml") as sim:
    ...     sim.job().wait_for_final_state()
    ...     sim.clock.now() < 5
    True
    """

    def __init__(
        self,
        cassette: str | os.PathLike[str] | Cassette,
        options: SessionOptions,
        *,
        script: ScriptLike | Mapping[str, ScriptLike] | None,
        pace: Pace,
        ignored: frozenset[str] = frozenset(),
        vcr_options: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(cassette, Cassette):
            must_be_a_path(cassette)
        self.name: Final = "the cassette" if isinstance(cassette, Cassette) else os.fspath(cassette)
        self.cassette: Final = loaded(cassette)
        self._pace = pace
        self._rescripted = rescripted_jobs(self.cassette, script, self.name, pace=pace)
        self._ignored = ignored
        self._filtered = request_filter_of(vcr_options or {})
        self._hosts = frozenset(each.request.host for each in self.cassette.interactions)
        if options.starts is None and options.clock == "virtual":
            options = replace(options, starts=moment_of(self.cassette))
        self._epoch = options.epoch
        super().__init__(
            Environment(
                self._made,
                options,
                noun="replay",
                maker="replay",
                answers_local=self._is_recorded,
                own_instances=self._own_instances,
            )
        )

    def _made(self, clock: VirtualClock | WallClock) -> Service:
        self._player = player_of(
            self.cassette,
            clock,
            epoch=self._epoch,
            pace=self._pace,
            name=self.name,
            ignored=self._ignored,
            filtered=self._filtered,
        )
        return service_of(self._player, clock, self._rescripted)

    def _own_instances(self, listed: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
        """Return the recorded instances by the names that the program has for them."""
        return self._player.own_instances(listed, wanted)

    def _is_recorded(self, request: Request) -> bool:
        return request.host in self._hosts or self._player.find(request) is not None

    @property
    def jobs(self) -> tuple[str, ...]:
        """The ids of the recorded jobs, in the order in which they appear."""
        return tuple(self._player.jobs())

    @property
    def used(self) -> frozenset[int]:
        """The numbers of the exchanges that were played, from 0."""
        return self._player.used

    @property
    def unused(self) -> tuple[Interaction, ...]:
        """The exchanges that were not played (yet)."""
        return self._player.unused

    def job(self, job_id: str | None = None, *, result_decoder: Any = None) -> RuntimeJobV2:
        """Return the recorded job: the genuine class, asking the cassette.

        *job_id* can be left out when there is only one. Raises `SimulationError` when there is no
        such job, or more than one to choose from.
        """
        self._environment.must_be_active("job()")
        jobs = self._player.jobs()
        if job_id is None and len(jobs) == 1:
            [job_id] = jobs
        if job_id not in jobs:
            known = choices(job_id or "", jobs, f"qrtest show {self.name}")
            problem = "has not exactly one job" if job_id is None else f"has no job {job_id!r}"
            raise SimulationError(f"{self.name} {problem}. {known} Say which: sim.job(job_id).")
        found = jobs[str(job_id)]
        return self._environment.double(
            found,
            instance=self._player.account.crn,
            backend=found.backend or None,
            result_decoder=result_decoder,
        )

    @property
    def api_client(self) -> Any:
        """A genuine RuntimeClient of this replay: what the constructor of RuntimeJobV2 takes."""
        self._environment.must_be_active("api_client")
        return self._environment.client(self._player.account.crn)

    def service(self) -> Any:
        """Return a genuine QiskitRuntimeService of the recorded account; the same one every time."""
        return self._environment.service(self._player.account.crn)


def player_of(
    cassette: Cassette,
    clock: Time,
    *,
    epoch: float,
    pace: Pace,
    name: str,
    ignored: frozenset[str],
    filtered: Callable[[Request], Request],
) -> Player:
    """Return a player of *cassette* that knows circuits and backends by the installed client."""
    return Player(
        cassette,
        clock,
        epoch=epoch,
        pace=pace,
        name=name,
        same_circuit=partial(_difference, digests=cassette.digests),
        describe=_snapshot,
        ignored=ignored,
        filtered=filtered,
    )


def service_of(player: Player, clock: Time, rescripted: Mapping[str, RecordedJob]) -> Service:
    """Return *player*, whose *rescripted* jobs, if there are any, follow their new scripts."""
    if not rescripted:
        return player
    from qrtest.playback.rescripted_service import RescriptedService

    return RescriptedService(player, clock, dict(rescripted))


def request_filter_of(options: Mapping[str, Any]) -> Callable[[Request], Request]:
    """Return what vcrpy's filters and hooks make of a request; vcrpy is imported only for some."""
    if not options:
        return lambda request: request
    from qrtest.harness.recorder import request_filter

    return request_filter(options)


def loaded(cassette: str | os.PathLike[str] | Cassette) -> Cassette:
    """Return the cassette of a file. Raises `CassetteError`."""
    if isinstance(cassette, Cassette):
        return cassette
    from qrtest.cassette import store

    return store.load(cassette)


def rescripted_jobs(
    cassette: Cassette,
    script: ScriptLike | Mapping[str, ScriptLike] | None,
    name: str,
    *,
    pace: Pace,
) -> dict[str, RecordedJob]:
    """Return the jobs of *cassette* that *script* gives another scenario. Raises `SimulationError`."""
    if script is None:
        return {}
    if pace != "recorded":
        raise SimulationError(f"script= goes by the time: leave pace={pace!r} out.")
    from qrtest.playback.recorded_jobs import jobs_in
    from qrtest.scenario.as_recording import recorded_job_of

    known = jobs_in(cassette)
    if not isinstance(script, Mapping):
        if len(known) != 1:
            raise SimulationError(
                f"{name} has not exactly one job. {choices('', known, f'qrtest show {name}')} Say whose "
                f"script it is: script={{job_id: script}}, or that of every job: {{{EVERY_JOB!r}: script}}."
            )
        script = dict.fromkeys(known, script)
    if EVERY_JOB in script and known:
        others = dict.fromkeys(known, script[EVERY_JOB])
        script = others | {each: script[each] for each in script if each != EVERY_JOB}
    for job_id in script:
        if job_id not in known:
            jobs = choices(job_id, known, f"qrtest show {name}")
            raise SimulationError(f"{name} has no job {job_id!r}. {jobs}")
    return {
        job_id: recorded_job_of(_in_place_of(Scenario.of_job(known[job_id]), given), known[job_id])
        for job_id, given in script.items()
    }


def _in_place_of(recorded: Scenario, script: ScriptLike) -> Scenario:
    """Return *script* as a scenario, with the *recorded* facts unless it has its own."""
    if not isinstance(script, Scenario):
        return recorded.but(script=script)
    if script.record is not None:
        return script
    changed = recorded.but(script=script.script, faults=script.faults, result=script.result)
    return replace(changed, behaviour=script.behaviour)


def _difference(wanted: bytes, known: bytes, *, digests: Digests) -> str | None:
    from qrtest.client.circuit_diff import difference

    return difference(wanted, known, digests)


def _snapshot(name: str, aspect: str) -> bytes | None:
    """Return what the installed release knows of a backend whose description was not recorded."""
    from qrtest.client.backend_snapshots import Snapshots

    try:
        return Snapshots((name,)).describe(name, aspect)
    except SimulationError:
        return None
