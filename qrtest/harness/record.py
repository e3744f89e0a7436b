"""Tap, recorder, redaction, scan and file, tied together: `record`."""

from __future__ import annotations

import hashlib
import os
import secrets
import warnings
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from qrtest.advice import page
from qrtest.cassette.digests import Digests
from qrtest.cassette.model import Cassette, Interaction, Provenance
from qrtest.clock.clocks import WallClock
from qrtest.clock.moment import EPOCH
from qrtest.errors import CassetteError, RecordingError, RecordingWarning, RehearsalWarning
from qrtest.harness.arguments import ignored_names, must_be_a_path
from qrtest.redaction.allowlist import Rules, project_rules
from qrtest.redaction.redactor import shown
from qrtest.redaction.sanitize import KEY_VARIABLE, provenance_of, sanitized

if TYPE_CHECKING:
    from qrtest.harness.recorder import Recorder
    from qrtest.playback.player import Player
    from qrtest.transport.connection_watch import ConnectionWatch

__all__ = ["MODES", "PENDING", "Mode", "Recording", "name_in_a_cassette", "record"]

Mode = Literal["once", "new_episodes", "all", "rewrite"]
PENDING: Final = ".pending-"
"""How the name of a cassette begins that `qrtest record` has not put in its place yet."""

MOST_PROBLEMS: Final = 10
Unrecorded = Literal["warn", "error", "ignore"]
UNRECORDED: Final = ("warn", "error", "ignore")
CLIENTS: Final = ("requests", "urllib3", "http.client", "urllib.request", "httpx", "aiohttp")
MODES: Final = ("once", "new_episodes", "all", "rewrite")
CHANGE_REQUESTS: Final = frozenset(
    {
        "filter_query_parameters",
        "filter_post_data_parameters",
        "filter_nested_post_data_parameters",
        "filter_sensitive_data",
        "before_record",
        "before_record_request",
        "before_save_interaction",
    }
)
"""The filters and hooks of vcrpy after which a request may be another one than was sent."""

DIGITS: Final = 16


def record(
    path: str | os.PathLike[str],
    *,
    mode: Mode = "rewrite",
    keep_on_error: bool = False,
    key: str | bytes | None = None,
    rules: Rules | None = None,
    ignore: Iterable[str] = (),
    unrecorded: Unrecorded = "warn",
    test: str = "",
    **vcr_options: Any,
) -> Recording:
    """Record what the HTTP clients of this process send, in all threads; a context manager.

    The clients are requests, urllib3, http.client, urllib.request, httpx and aiohttp.


    *mode*: "rewrite" records everything anew; "all", too, and keeps what is not asked for again;
    "new_episodes" replays what is known and records the rest; "once" records unless there is a
    cassette, which is replayed. *keep_on_error*: save although the block raised. *key* makes the
    placeholders; without it (or the variable QRTEST_REDACTION_KEY) they are different every time.
    *rules*: what the project adds to redaction; None reads its pyproject.toml. *ignore*: names of query
    parameters and JSON fields that do not count when requests are compared. *unrecorded*: what a recording
    without an interaction, or a connection that could not be recorded, comes to: "warn" of it
    (`RecordingWarning`), raise an "error" when all else has been saved, or "ignore" it. *test*: the name of
    the test whose own cassette it is, which the file remembers. Further keywords are filters and hooks of
    vcrpy; a replay has to be given those that change requests, and its errors say so.

    Raises `CassetteBusy` when somebody else is recording it, `CassetteError` for a path that cannot be
    written. What the scan of the finished text finds is a `SecretFound`: the session is kept then, for its
    owner alone.

    >>> record("x.yaml", mode="always")
    Traceback (most recent call last):
        ...
    qrtest.errors.RecordingError: mode='always': there are 'once', 'new_episodes', 'all', 'rewrite'.
    """
    if mode not in MODES:
        raise RecordingError(f"mode={mode!r}: there are {', '.join(map(repr, MODES))}.")
    if unrecorded not in UNRECORDED:
        raise RecordingError(
            f"unrecorded={unrecorded!r}: there are {', '.join(map(repr, UNRECORDED))}."
        )
    must_be_a_path(path)
    for name, value, kinds in (
        ("key", key, str | bytes | None),
        ("rules", rules, Rules | None),
        ("test", test, str),
        ("keep_on_error", keep_on_error, bool),
    ):
        if not isinstance(value, kinds):
            raise RecordingError(f"{name}={value!r}: it should be of type {kinds}.")
    given = key if key is not None else os.environ.get(KEY_VARIABLE)
    made = given.encode() if isinstance(given, str) else given
    return Recording(
        Path(path),
        mode=mode,
        keep_on_error=keep_on_error,
        key=made or secrets.token_bytes(32),
        rules=rules,
        ignored=ignored_names(ignore, RecordingError),
        unrecorded=unrecorded,
        test=test,
        vcr_options=vcr_options,
    )


def name_in_a_cassette(test: str) -> str:
    """Return the name of a *test* as its cassette holds it: a digest, where it looks like a secret.

    >>> name_in_a_cassette("TestBell::test_it[a/b]")
    'TestBell::test_it[a/b]'
    """
    if test.isprintable() and shown(test) == test:
        return test
    return f"sha256:{hashlib.sha256(test.encode(errors='surrogatepass')).hexdigest()[:DIGITS]}"


class Recording:
    """A recording: going on inside its `with` block. Made by `record`.

    `cassette` is what it saved, `clock` counts seconds since it was made.

    >>> import tempfile
    >>> from qrtest import record
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recording = record(f"{folder}/bell.yaml")
    >>> recording.clock.now() < 60
    True
    """

    def __init__(
        self,
        path: Path,
        *,
        mode: Mode,
        keep_on_error: bool,
        key: bytes,
        rules: Rules | None,
        ignored: frozenset[str],
        unrecorded: Unrecorded,
        test: str,
        vcr_options: dict[str, Any],
    ) -> None:
        self.path: Final = path
        self.cassette: Cassette | None = None
        self.clock: Final = WallClock()
        self._genuine_service: Any = None
        self._mode = mode
        self._keep_on_error = keep_on_error
        self._key = key
        self._rules = rules
        self._ignored = ignored
        self._unrecorded = unrecorded
        self._test = name_in_a_cassette(test)
        self._target = path.parent / path.name.removeprefix(PENDING)
        self._known: Provenance | None = None
        self._watch: ConnectionWatch | None = None
        self._vcr_options = vcr_options
        self._is_discarded = False
        self._is_of_this_process = True
        self._before: tuple[Interaction, ...] = ()
        self._digests: Digests | None = None
        self._recorder: Recorder | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._recorder is not None:
            raise RecordingError(
                "This recording was entered before: each serves once. Call record() again."
            )
        from qrtest.cassette import store
        from qrtest.harness.recorder import Recorder
        from qrtest.transport.connection_watch import ConnectionWatch
        from qrtest.transport.interception import INTERCEPTION

        with ExitStack() as stack:
            stack.enter_context(store.held(self.path))
            if self._rules is None:
                self._rules = project_rules(self.path)
            player = self._player()
            self._recorder = Recorder(
                self.clock,
                player=player,
                may_record=self._mode != "once" or player is None,
                options=self._vcr_options,
                is_of_this_process=self._is_of_this_process,
            )
            stack.enter_context(self._recorder.observed())
            stack.enter_context(INTERCEPTION.recording(self._recorder))
            if self._is_of_this_process:
                self._watch = ConnectionWatch()
                stack.enter_context(self._watch.watching())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack as stack:
            del stack
            if not self._is_discarded and (error is None or self._keep_on_error):
                self._save()
        if error is None and not self._is_discarded:
            self._report_unrecorded()

    def of_another_program(self) -> Self:
        """Let requests be those of other programs: their waits, and what connects here, are not observed."""
        self._is_of_this_process = False
        return self

    @property
    def count(self) -> int:
        """How many exchanges were recorded so far."""
        return 0 if self._recorder is None else self._recorder.count

    def service(self) -> Any:
        """Return a genuine QiskitRuntimeService of the saved account, on the real network."""
        if self._genuine_service is None:
            from qrtest.client.runtime_service import saved_service

            self._genuine_service = saved_service()
        return self._genuine_service

    def job(self, job_id: str | None = None) -> Any:
        """Return the real job *job_id* of the saved account. Raises `RecordingError` without an id."""
        if job_id is None:
            raise RecordingError(
                "A recording has no job of its own: say which, job('d5h6o44pe0pc73am1f1g'), or submit "
                "one with service()."
            )
        return self.service().job(job_id)

    def discard(self) -> None:
        """Save nothing: the cassette stays as it was."""
        self._is_discarded = True

    def _player(self) -> Player | None:
        """Return a player of what the cassette holds already; None if all is recorded anew."""
        if self._mode == "rewrite" or not self.path.exists():
            return None
        from qrtest.cassette import store
        from qrtest.harness.recorder import request_filter
        from qrtest.playback.player import Player

        known = store.load(self.path)
        self._before = known.interactions
        self._digests = known.digests
        self._known = known.provenance
        if self._mode == "all":
            return None
        return Player(
            known,
            self.clock,
            epoch=EPOCH,
            pace="polls",
            name=os.fspath(self.path),
            ignored=self._ignored,
            filtered=request_filter(self._vcr_options),
        )

    def _save(self) -> None:
        from qrtest.cassette import store

        assert self._recorder is not None
        recorded = self._recorder.interactions()
        if not recorded and (self._before or self.path.exists()):
            return
        if self._mode == "all":
            self._before = self._not_again(recorded)
        try:
            text, self.cassette = sanitized(
                recorded,
                before=self._before,
                digests=self._digests,
                key=self._key,
                rules=self._rules or Rules(),
                name=os.fspath(self._target),
                as_json=self.path.suffix == ".json",
                provenance=self._provenance(recorded),
            )
            store.save_text(self.path, text)
            self._rehearse(recorded)
        except CassetteError as error:
            raise type(error)(f"{error}\n{self._kept(recorded)}") from error

    def _provenance(self, recorded: list[Interaction]) -> Provenance:
        """Return where the cassette comes from: this session, and the one that it goes on with."""
        before = self._known or Provenance()
        filters = {name for name, value in self._vcr_options.items() if value} & CHANGE_REQUESTS
        return replace(
            provenance_of(recorded),
            test=self._test or before.test,
            filters=tuple(sorted(filters.union(before.filters))),
        )

    def _rehearse(self, recorded: list[Interaction]) -> None:
        """Warn of what a replay would not answer as it was recorded, while it can be recorded again."""
        from qrtest.playback.rehearsal import rehearsed

        assert self.cassette is not None
        asked = [each.request for each in recorded]
        problems = list(rehearsed(self.cassette, asked, ignored=self._ignored))
        if problems:
            listed = "\n".join(f"  {problem}" for problem in problems[:MOST_PROBLEMS])
            warnings.warn(
                f"{self._target} was saved, and a replay of it would not be the session that was recorded: "
                f"{len(problems)} problem(s).\n{listed}\nRecord it again "
                f"while you can; {page('recording')} says what a rehearsal finds.",
                RehearsalWarning,
                stacklevel=4,
            )

    def _report_unrecorded(self) -> None:
        """Warn, or raise `RecordingError`, if something that was asked is not in the cassette."""
        assert self._recorder is not None
        seen = () if self._watch is None else self._watch.seen
        problems = [f"{where} connected and was not recorded" for where in seen]
        recorded = (
            f"What is recorded is what {', '.join(CLIENTS)} send; for programs in other languages and other "
            "clients"
        )
        if not self._recorder.has_answered and self._is_of_this_process:
            problems.insert(
                0,
                "no request was made that it could see, and it has no interaction (what is asked of a "
                'simulate() or replay() is recorded with transport="sockets" alone)',
            )
        elif not self._recorder.has_answered:
            problems.insert(0, "no request came to the proxy, and it has no interaction")
            recorded = "The program has to send by HTTP_PROXY and HTTPS_PROXY; how to make it"
        if not problems or self._unrecorded == "ignore":
            return
        message = (
            f"The recording of {os.fspath(self._target)} is not whole: {'; '.join(problems)}. "
            f"{recorded} see {page('proxy')}"
        )
        message = shown(message)  # the command line of another program may hold anything
        if self._unrecorded == "error":
            raise RecordingError(message)
        warnings.warn(message, RecordingWarning, stacklevel=3)

    def _kept(self, recorded: list[Interaction]) -> str:
        """Keep a session that could not be saved; return where it is, and how to finish."""
        from qrtest.cassette import unsaved

        target = self._target
        everything = [*self._before, *recorded]
        provenance = self._provenance(recorded)
        try:
            kept = unsaved.keep(target, everything, provenance, self._digests or Digests())
        except CassetteError as error:
            return str(error)
        return (
            f"The session is not lost: {kept} holds it, secrets and all, readable by you alone; git and "
            f"replay ignore it. When that is mended: qrtest convert {kept} --output {target}"
        )

    def _not_again(self, recorded: list[Interaction]) -> tuple[Interaction, ...]:
        """Return what was known before and has not been asked for again."""
        from qrtest.playback.matching import without
        from qrtest.playback.request_index import RequestIndex

        index: RequestIndex[int] = RequestIndex(self._digests or Digests())
        numbers = [
            index.add(without(each.request, self._ignored), number)
            for number, each in enumerate(self._before)
        ]
        again = {index.find(without(each.request, self._ignored)) for each in recorded}
        return tuple(
            each for number, each in zip(numbers, self._before, strict=True) if number not in again
        )
