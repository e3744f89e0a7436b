"""What goes wrong, on which operation, and when: faults as values.

A fault says on what (*on*: an operation, or "any"), how many calls it lets pass first (*after*), how
many it then strikes (*times*, None for every one), and between which times (*since*, *until*).
Calls are counted as HTTP requests, the client's own retries included, from *since* on.

>>> status(503, times=3, on="poll")
faults.status(503, on='poll', times=3)

What each does to an answer is in `qrtest.faults.injection`. Several faults on one call compose:
the first of a list is the outermost.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Final, Literal, TypedDict, Unpack

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.code_repr import AsCode
from qrtest.errors import DurationError, FaultError
from qrtest.http.messages import Failure
from qrtest.http.operations import OF_A_JOB, OPERATIONS

__all__ = [
    "BreakStream",
    "Corrupt",
    "Drop",
    "Empty",
    "ExpiredToken",
    "Fault",
    "Hang",
    "Html",
    "Ignore",
    "LoseResponse",
    "Slow",
    "Status",
    "Truncate",
    "break_stream",
    "corrupt",
    "drop",
    "empty",
    "expired_token",
    "hang",
    "html",
    "ignore",
    "lose_response",
    "slow",
    "status",
    "truncate",
]

ANY: Final = "any"
STREAM: Final = "stream"
BREAKS: Final = ("reset", "refused", "closed", "timeout")
DAMAGES: Final = ("base64", "zlib", "npy", "type", "shape")
CLOSE_CODES: Final = range(1000, 5000)
Damage = Literal["base64", "zlib", "npy", "type", "shape"]


class When(TypedDict, total=False):
    """The keywords that every fault takes: see the module."""

    on: str
    after: int
    times: int | None
    since: Duration
    until: Duration | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Fault(AsCode):
    """What all faults have: on what, and when. Made by the functions of this module."""

    on: str = ANY
    after: int = 0
    times: int | None = 1
    since: float = 0.0
    until: float | None = None

    def __post_init__(self) -> None:
        if self.on != ANY and self.on not in OPERATIONS:
            near = difflib.get_close_matches(str(self.on), OPERATIONS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise FaultError(
                f"on={self.on!r} is not an operation: there are any, {', '.join(OPERATIONS)}.{hint}"
            )
        if isinstance(self.after, bool) or not isinstance(self.after, int) or self.after < 0:
            raise FaultError(f"after={self.after!r} is not how many calls to let pass: 0 or more.")
        if self.times is not None and (
            isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1
        ):
            raise FaultError(
                f"times={self.times!r} is not how many calls to strike: 1 or more, or None for all."
            )
        if self.until is not None and self.until <= self.since:
            raise FaultError(
                f"until={durations.text(self.until)!r} is not after since={durations.text(self.since)!r}."
            )

    @property
    def is_about_a_job(self) -> bool:
        """Whether it strikes requests about one job, if it is told which: a submission is about none."""
        return self.on == ANY or self.on in OF_A_JOB

    def concerns(self, operation: str, now: float) -> bool:
        """Whether a call of *operation* at the time *now* counts for this fault."""
        return (
            self.on in (ANY, operation)
            and now >= self.since
            and (self.until is None or now < self.until)
        )

    def strikes(self, calls_before: int) -> bool:
        """Whether it strikes the call that *calls_before* others went before."""
        return calls_before >= self.after and (
            self.times is None or calls_before < self.after + self.times
        )

    def __repr__(self) -> str:
        arguments = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in _LEADING and value is not None:
                arguments.append(repr(durations.text(value) if entry.name == "seconds" else value))
            elif entry.name not in _WHEN and value != entry.default:
                arguments.append(f"{entry.name}={value!r}")
        for name in _WHEN:
            value = getattr(self, name)
            if value != getattr(type(self), name):
                is_time = name in ("since", "until") and value is not None
                arguments.append(f"{name}={(durations.text(value) if is_time else value)!r}")
        return f"faults.{_FUNCTION_OF[type(self)]}({', '.join(arguments)})"


_WHEN: Final = ("on", "after", "times", "since", "until")
_LEADING: Final = ("code", "seconds", "what")


@dataclass(frozen=True, kw_only=True, repr=False)
class Status(Fault):
    """The answer has another status *code*; *retry_after* as the header says it, *body* as it came."""

    code: int
    retry_after: str | None = None
    takes_effect: bool = False
    body: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Drop(Fault):
    """The connection breaks, in the way that *how* says; the request had no effect."""

    how: Failure = "reset"


@dataclass(frozen=True, kw_only=True, repr=False)
class Hang(Fault):
    """Nothing comes for *seconds* (None: for ever), then the connection is closed without a word."""

    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Slow(Fault):
    """The answer takes *seconds* longer."""

    seconds: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Truncate(Fault):
    """Only the first *keep* (0 to 1) of the body arrives, as if it were whole."""

    keep: float = 0.5


@dataclass(frozen=True, kw_only=True, repr=False)
class Html(Fault):
    """A page of HTML with status 200, as a proxy in between would say."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Empty(Fault):
    """The body is empty."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Corrupt(Fault):
    """The first encoded value in the body is damaged at one layer, *what*."""

    what: Damage


@dataclass(frozen=True, kw_only=True, repr=False)
class ExpiredToken(Fault):
    """401: the service does not take the token any more."""


@dataclass(frozen=True, kw_only=True, repr=False)
class LoseResponse(Fault):
    """The request takes effect, and its answer is lost."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Ignore(Fault):
    """The service says 204, yet nothing happens."""


@dataclass(frozen=True, kw_only=True, repr=False)
class BreakStream(Fault):
    """A stream ends after that many *messages*: with a close *code*, or (None) without a word."""

    on: str = STREAM
    code: int | None = None
    messages: int = 0


def status(
    code: int,
    *,
    retry_after: Duration | None = None,
    takes_effect: bool = False,
    body: str | None = None,
    **when: Unpack[When],
) -> Status:
    """The service answers with status *code*, and with a Retry-After header when one is given.

    The request has no effect, unless it *takes_effect*: a submission that made a job and says 500.
    *body*: instead of the service's usual words.

    >>> status(429, retry_after="30s")
    faults.status(429, retry_after='30')
    """
    if isinstance(code, bool) or not isinstance(code, int) or not 300 <= code <= 599:
        raise FaultError(f"status({code!r}): give a status that is no success, 300 to 599.")
    header = None
    if retry_after is not None:
        header = f"{_seconds(retry_after):.0f}"
    return Status(
        code=code, retry_after=header, takes_effect=takes_effect, body=body, **_when(when)
    )


def drop(*, how: Failure = "reset", **when: Unpack[When]) -> Drop:
    """The connection is reset; or "refused", "closed" without a word, or it runs into a "timeout".

    >>> drop(on="poll", after=10)
    faults.drop(on='poll', after=10)
    """
    if how not in BREAKS:
        raise FaultError(f"how={how!r}: there are {', '.join(map(repr, BREAKS))}.")
    return Drop(how=how, **_when(when))


def hang(lasts: Duration | None = None, **when: Unpack[When]) -> Hang:
    """Nothing comes for a while (for ever when no length is given), then the connection closes.

    >>> hang("90s")
    faults.hang('1m30s')
    """
    return Hang(seconds=None if lasts is None else _seconds(lasts), **_when(when))


def slow(by: Duration, **when: Unpack[When]) -> Slow:
    """The answer takes that much longer.

    >>> slow("5s", on="result")
    faults.slow('5s', on='result')
    """
    return Slow(seconds=_seconds(by), **_when(when))


def truncate(*, keep: float = 0.5, **when: Unpack[When]) -> Truncate:
    """The body ends early.

    >>> truncate(on="result")
    faults.truncate(on='result')
    """
    if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 0 <= keep < 1:
        raise FaultError(f"keep={keep!r} is not the part of the body that arrives: 0 to 1.")
    return Truncate(keep=float(keep), **_when(when))


def html(**when: Unpack[When]) -> Html:
    """A page of HTML comes instead, with status 200.

    >>> html(on="result")
    faults.html(on='result')
    """
    return Html(**_when(when))


def empty(**when: Unpack[When]) -> Empty:
    """The body is empty.

    >>> empty(on="result", times=None)
    faults.empty(on='result', times=None)
    """
    return Empty(**_when(when))


def corrupt(what: Damage, **when: Unpack[When]) -> Corrupt:
    """The first array in the body is damaged: its "base64", "zlib" or "npy", its "type" or "shape".

    >>> corrupt("zlib", on="result")
    faults.corrupt('zlib', on='result')
    """
    if what not in DAMAGES:
        raise FaultError(f"corrupt({what!r}): there are {', '.join(map(repr, DAMAGES))}.")
    return Corrupt(what=what, **_when(when))


def expired_token(**when: Unpack[When]) -> ExpiredToken:
    """The service answers 401.

    >>> expired_token(after=5)
    faults.expired_token(after=5)
    """
    return ExpiredToken(**_when(when))


def lose_response(**when: Unpack[When]) -> LoseResponse:
    """The request takes effect, and the connection breaks before the answer.

    >>> lose_response(on="submit")
    faults.lose_response(on='submit')
    """
    return LoseResponse(**_when(when))


def ignore(**when: Unpack[When]) -> Ignore:
    """The service says that it did it (204), and did not: a cancel that loses the race.

    >>> ignore(on="cancel")
    faults.ignore(on='cancel')
    """
    return Ignore(**_when(when))


def break_stream(
    code: int | None = None, *, messages: int = 0, **when: Unpack[When]
) -> BreakStream:
    """The stream of a job is closed with *code*, or its connection reset, after some *messages*.

    The acknowledgement, with which each connection begins, does not count.

    >>> break_stream(1011, messages=2)
    faults.break_stream(1011, messages=2)
    """
    if code is not None and (isinstance(code, bool) or code not in CLOSE_CODES):
        raise FaultError(
            f"break_stream({code!r}): give a close code of websockets, 1000 to 4999, or None."
        )
    if isinstance(messages, bool) or not isinstance(messages, int) or messages < 0:
        raise FaultError(f"messages={messages!r} is not how many arrive first: 0 or more.")
    if when.get("on", STREAM) != STREAM:
        raise FaultError(f"break_stream(on={when['on']!r}): leave out on=, only streams break so.")
    return BreakStream(code=code, messages=messages, **_when(when))


_FUNCTION_OF: Final[dict[type[Fault], str]] = {
    Status: "status",
    Drop: "drop",
    Hang: "hang",
    Slow: "slow",
    Truncate: "truncate",
    Html: "html",
    Empty: "empty",
    Corrupt: "corrupt",
    ExpiredToken: "expired_token",
    LoseResponse: "lose_response",
    Ignore: "ignore",
    BreakStream: "break_stream",
}


def name_of(fault: Fault) -> str:
    """The name of the function of this module that makes such a fault.

    >>> name_of(drop())
    'drop'
    """
    return _FUNCTION_OF[type(fault)]


class _When(TypedDict, total=False):
    on: str
    after: int
    times: int | None
    since: float
    until: float | None


def _when(when: When) -> _When:
    known = {name: value for name, value in when.items() if name in _WHEN}
    if len(known) != len(when):
        strange = ", ".join(sorted(set(when) - set(_WHEN)))
        raise FaultError(f"A fault has no {strange}: it takes {', '.join(_WHEN)}.")
    for name in ("since", "until"):
        if known.get(name) is not None:
            known[name] = _seconds(known[name])  # type: ignore[arg-type]
    return known  # type: ignore[return-value]


def _seconds(length: Duration) -> float:
    try:
        return durations.seconds(length)
    except DurationError as error:
        raise FaultError(str(error)) from None
