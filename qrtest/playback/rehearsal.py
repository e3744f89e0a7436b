"""A rehearsal: a cassette is replayed once in memory, request by request, and what would go wrong is found.

It is done while a session can still be recorded again, and by `qrtest check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from qrtest.cassette.model import Cassette, Interaction
from qrtest.clock.moment import EPOCH
from qrtest.errors import QrtestError, UnansweredRequest
from qrtest.http.messages import Request, Response
from qrtest.http.operations import OF_A_JOB
from qrtest.playback.player import Player
from qrtest.redaction.redactor import is_token_exchange, shown
from qrtest.service.parse import named

__all__ = ["rehearsed", "unanswerable"]

MADE_BY: Final = ("submit", "session")
READ_AT_ITS_TIME: Final = ("GET", "HEAD")


def unanswerable(cassette: Cassette, asked: Iterable[Request]) -> Iterator[str]:
    """Yield the requests of *asked*, as they were made, that a replay of *cassette* does not answer."""
    player = Player(cassette, _Moment(), epoch=EPOCH)
    for request in asked:
        if not is_token_exchange(request) and player.find(request) is None:
            yield shown(str(request))


def rehearsed(
    cassette: Cassette, asked: Iterable[Request] = (), *, ignored: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield what a replay of *cassette* would not answer, or would answer otherwise than it was recorded.

    *asked*: the requests as they were made, before anything was replaced in them. *ignored*: plain names
    of what does not count.

    >>> list(rehearsed(Cassette()))
    []
    """
    try:
        player = Player(cassette, clock := _Moment(), epoch=EPOCH, ignored=ignored)
    except QrtestError as error:
        yield str(error)
        return
    for number, each in enumerate(cassette.interactions, 1):
        yield from _differences(player, clock, number, each)
    for request in asked:
        if not is_token_exchange(request) and player.find(request) is None:
            yield f"{shown(str(request))} was made and is not in the cassette"
    yield from _names_without_an_answer(cassette)


class _Moment:
    """A clock that stands at the moment of an interaction."""

    def __init__(self) -> None:
        self.moment = 0.0

    def now(self) -> float:
        """Return the moment."""
        return self.moment


def _differences(player: Player, clock: _Moment, number: int, each: Interaction) -> Iterator[str]:
    """Yield how the replay answers the interaction *number* otherwise than it was recorded."""
    starts = each.at if each.program is None else each.program
    ends = each.end if each.program is None else each.program_end
    moments = [starts or 0.0, *([ends] if ends is not None and each.repeat > 1 else [])]
    is_read = each.request.method in READ_AT_ITS_TIME
    for clock.moment in moments if is_read else moments[:1] * each.repeat:
        try:
            answer = player.handle(each.request)
        except UnansweredRequest as error:
            yield f"{_named(number, each)}: {str(error).splitlines()[0]}"
            return
        if _outcome(answer) != _outcome(each.response):
            problem = "a replay answers it with what was recorded at another time"
            yield f"{_named(number, each)}: {problem}"
            return


def _named(number: int, interaction: Interaction) -> str:
    return f"interaction {number}, {shown(str(interaction.request))}"


def _outcome(response: Response) -> tuple[object, ...]:
    return response.status, response.failure, response.body


def _names_without_an_answer(cassette: Cassette) -> Iterator[str]:
    """Yield the jobs that are asked for and in no answer, where jobs that were made are never asked for.

    Then a job has one name in the answer that made it and another one in the requests about it: a program
    that is replayed would ask by a name that was not recorded.
    """
    made = {
        name
        for each in cassette.interactions
        if each.request.route is not None
        and each.request.route.operation in MADE_BY
        and each.request.method == "POST"
        and (name := named(each.response.body)) is not None
    }
    wanted = {
        each.request.route.name: number
        for number, each in enumerate(cassette.interactions, 1)
        if each.request.route is not None and each.request.route.operation in OF_A_JOB
    }
    if not made or not made.isdisjoint(wanted):
        return
    answers = b"\n".join(each.response.body for each in cassette.interactions)
    for name in [name for name in wanted if name.encode() not in answers]:
        yield (
            f"interaction {wanted[name]}: no answer names the job {shown(name)}, and those that were "
            "made are never asked for"
        )
