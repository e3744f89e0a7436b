"""The kinds of faults: what each does to an answer, and the function that makes it.

A new kind is written here, and nowhere else: see `qrtest.faults.fault`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeGuard, Unpack, get_args

from qrtest.clock.duration import Duration
from qrtest.errors import FaultError
from qrtest.faults.fault import Ask, Fault, When, kind, seconds, when_of
from qrtest.http.messages import Failure, Response
from qrtest.service import corruption, error_responses, serialize
from qrtest.service.result_stream import BreakingStream

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

Damage = Literal["base64", "zlib", "npy", "type", "shape"]
BREAKS: Final = ("reset", "refused", "closed", "timeout", "dns", "tls")
STREAM: Final = "stream"
CLOSE_CODES: Final = range(1000, 5000)
FOR_EVER: Final = float("inf")


@dataclass(frozen=True, kw_only=True, repr=False)
class Status(Fault):
    """The answer has another status *code*; *retry_after* as the header says it, *body* as it came."""

    code: int
    retry_after: str | None = None
    takes_effect: bool = False
    body: str | None = None

    def apply(self, ask: Ask) -> Response:
        if self.takes_effect:
            ask()
        return error_responses.with_status(self.code, retry_after=self.retry_after, body=self.body)


@kind(
    Status,
    leading="code",
    draws=(
        Status(code=503, on="poll"),
        Status(code=504, on="poll"),
        Status(code=429, retry_after="30", on="poll"),
        Status(code=500, on="result"),
        Status(code=409, on="cancel"),
        Status(code=503, on="submit"),
        Status(code=429, on="submit"),
        Status(code=500, on="logs"),
        Status(code=500, on="metrics"),
        Status(code=503, on="tags"),
        Status(code=503, on="session"),
        Status(code=500, on="backend"),
    ),
)
def status(
    code: int,
    *,
    retry_after: Duration | None = None,
    takes_effect: bool = False,
    body: str | None = None,
    **when: Unpack[When],
) -> Status:
    """Answer with status *code*, and with a Retry-After header when *retry_after* is given.

    The request has no effect, unless it *takes_effect*: a submission that made a job and is answered 500.
    *retry_after*: seconds, a length of time, or an HTTP date. *body*: instead of the service's usual words.

    >>> status(429, retry_after="30s")
    faults.status(429, retry_after='30')
    """
    if isinstance(code, bool) or not isinstance(code, int) or not 300 <= code <= 599:
        raise FaultError(f"status({code!r}): give a status that is no success, 300 to 599.")
    header = None
    if retry_after is not None:
        header = retry_after if _is_date(retry_after) else f"{seconds(retry_after):.0f}"
    return Status(
        code=code, retry_after=header, takes_effect=takes_effect, body=body, **when_of(when)
    )


def _is_date(retry_after: Duration) -> TypeGuard[str]:
    """Return whether it is an HTTP date, the other form of Retry-After (RFC 9110, section 10.2.3)."""
    if not isinstance(retry_after, str):
        return False
    from email.utils import parsedate_to_datetime

    try:
        parsedate_to_datetime(retry_after)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, kw_only=True, repr=False)
class Drop(Fault):
    """The connection breaks, in the way that *how* says; the request had no effect."""

    how: Failure = "reset"

    def apply(self, ask: Ask) -> Response:
        return Response(0, failure=self.how)


@kind(
    Drop,
    draws=(
        Drop(on="poll"),
        Drop(on="result"),
        Drop(on="cancel"),
        Drop(on="submit"),
        Drop(on="interim_results"),
    ),
)
def drop(*, how: Failure = "reset", **when: Unpack[When]) -> Drop:
    """Break the connection: "reset", "refused", "closed" without an answer, a "timeout", "dns" or "tls".

    "dns": the name of the host is not resolved. "tls": the handshake fails.

    >>> drop(on="poll", after=10)
    faults.drop(on='poll', after=10)
    """
    if how not in BREAKS:
        raise FaultError(f"how={how!r}: there are {', '.join(map(repr, BREAKS))}.")
    return Drop(how=how, **when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class ExpiredToken(Fault):
    """401: the service does not take the token any more."""

    def apply(self, ask: Ask) -> Response:
        return error_responses.token_rejected().answer(trace=error_responses.NO_TRACE)


@kind(
    ExpiredToken,
    draws=(
        ExpiredToken(on="poll"),
        ExpiredToken(on="result"),
    ),
)
def expired_token(**when: Unpack[When]) -> ExpiredToken:
    """Answer 401: the token is not accepted any more.

    >>> expired_token(after=5)
    faults.expired_token(after=5)
    """
    return ExpiredToken(**when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Html(Fault):
    """A page of HTML with status 200, as a proxy in between sends."""

    def apply(self, ask: Ask) -> Response:
        return Response(200, corruption.HTML_PAGE, {"Content-Type": "text/html; charset=utf-8"})


@kind(
    Html,
    draws=(
        Html(on="poll"),
        Html(on="result"),
        Html(on="logs"),
        Html(on="metrics"),
    ),
)
def html(**when: Unpack[When]) -> Html:
    """Answer with a page of HTML and status 200 instead.

    >>> html(on="result")
    faults.html(on='result')
    """
    return Html(**when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Truncate(Fault):
    """Only the first *keep* (0 to 1) of the body arrives, as if it were whole."""

    keep: float = 0.5

    def apply(self, ask: Ask) -> Response:
        answer = ask()
        return replace(answer, body=answer.body[: int(len(answer.body) * self.keep)])


@kind(
    Truncate,
    draws=(
        Truncate(on="poll"),
        Truncate(on="result"),
    ),
)
def truncate(*, keep: float = 0.5, **when: Unpack[When]) -> Truncate:
    """Cut the body off after the part *keep* of it, 0 to 1.

    >>> truncate(on="result")
    faults.truncate(on='result')
    """
    if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 0 <= keep < 1:
        raise FaultError(f"keep={keep!r} is not the part of the body that arrives: 0 to 1.")
    return Truncate(keep=float(keep), **when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Empty(Fault):
    """The body is empty."""

    def apply(self, ask: Ask) -> Response:
        return replace(ask(), body=b"")


@kind(Empty, draws=(Empty(on="result"),))
def empty(**when: Unpack[When]) -> Empty:
    """Leave the body empty.

    >>> empty(on="result", times=None)
    faults.empty(on='result', times=None)
    """
    return Empty(**when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Corrupt(Fault):
    """The first encoded value in the body is damaged at one layer, *what*."""

    what: Damage

    def apply(self, ask: Ask) -> Response:
        answer = ask()
        return replace(answer, body=corruption.corrupted(answer.body, self.what))


@kind(
    Corrupt,
    leading="what",
    draws=(
        Corrupt(what="base64", on="result"),
        Corrupt(what="zlib", on="result"),
        Corrupt(what="npy", on="result"),
        Corrupt(what="shape", on="result"),
    ),
)
def corrupt(what: Damage, **when: Unpack[When]) -> Corrupt:
    """Damage the first array in the body: its "base64", "zlib", "npy", "type" or "shape".

    >>> corrupt("zlib", on="result")
    faults.corrupt('zlib', on='result')
    """
    if what not in get_args(Damage):
        raise FaultError(f"corrupt({what!r}): there are {', '.join(map(repr, get_args(Damage)))}.")
    return Corrupt(what=what, **when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Slow(Fault):
    """The answer takes *seconds* longer."""

    seconds: float

    def apply(self, ask: Ask) -> Response:
        answer = ask()
        return replace(answer, delay=answer.delay + self.seconds)


@kind(Slow, leading="seconds", draws=(Slow(seconds=30.0, on="poll"),))
def slow(by: Duration, **when: Unpack[When]) -> Slow:
    """Delay the answer.

    >>> slow("5s", on="result")
    faults.slow('5s', on='result')
    """
    return Slow(seconds=seconds(by), **when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Hang(Fault):
    """Nothing comes for *seconds* (None: for ever), then the connection closes without an answer."""

    seconds: float | None = None

    def apply(self, ask: Ask) -> Response:
        delay = FOR_EVER if self.seconds is None else self.seconds
        return Response(0, failure="closed", delay=delay)


@kind(Hang, leading="seconds")
def hang(lasts: Duration | None = None, **when: Unpack[When]) -> Hang:
    """Send nothing for a while (for ever when no length is given), then close the connection.

    >>> hang("90s")
    faults.hang('1m30s')
    """
    return Hang(seconds=None if lasts is None else seconds(lasts), **when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class LoseResponse(Fault):
    """The request takes effect, and its answer is lost."""

    def apply(self, ask: Ask) -> Response:
        return replace(ask(), failure="closed")


@kind(LoseResponse, draws=(LoseResponse(on="submit"), LoseResponse(on="cancel")))
def lose_response(**when: Unpack[When]) -> LoseResponse:
    """Let the request take effect, and break the connection before the answer.

    >>> lose_response(on="submit")
    faults.lose_response(on='submit')
    """
    return LoseResponse(**when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class Ignore(Fault):
    """The service answers 204, yet nothing happens."""

    def apply(self, ask: Ask) -> Response:
        return serialize.empty(204)


@kind(Ignore, draws=(Ignore(on="cancel"),))
def ignore(**when: Unpack[When]) -> Ignore:
    """Answer 204, as if the request had taken effect, without effect: a cancel that loses the race.

    >>> ignore(on="cancel")
    faults.ignore(on='cancel')
    """
    return Ignore(**when_of(when))


@dataclass(frozen=True, kw_only=True, repr=False)
class BreakStream(Fault):
    """A stream ends after that many *messages*: with a close *code*, or (None) without one."""

    on: str = STREAM
    code: int | None = None
    messages: int = 0

    def apply(self, ask: Ask) -> Response:
        answer = ask()
        if answer.stream is None:
            return answer
        stream = BreakingStream(answer.stream, messages=self.messages, code=self.code)
        return replace(answer, stream=stream)


@kind(BreakStream, leading="code")
def break_stream(
    code: int | None = None, *, messages: int = 0, **when: Unpack[When]
) -> BreakStream:
    """Close the stream of a job with *code*, or reset its connection, after so many *messages*.

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
    return BreakStream(code=code, messages=messages, **when_of(when))
