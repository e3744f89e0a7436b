"""A job's stream: what the service says and when, and how a client waits and connects again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Script, VirtualClock, WallClock, faults
from qrtest.cassette.model import Cassette
from qrtest.errors import FaultError, UnansweredRequest
from qrtest.http.messages import Close, Request
from qrtest.playback.player import Player
from qrtest.scenario import scenario_file
from qrtest.scenario.scenario import Scenario
from qrtest.service.behaviour import Behaviour
from qrtest.service.job_facts import JobFacts
from qrtest.service.jobs import Recorded, SimulatedJob
from qrtest.service.result_stream import BreakingStream, JobStream
from qrtest.service.script_cursor import ScriptCursor
from qrtest.transport.stream_client import PATIENCE_TICKS, Patience, StreamBroken, Streamer
from tests.drawn_scripts import scripts
from tests.recordings import JOB, PROVENANCE, exchange, poll, short, with_interim_results

FACTS = JobFacts(job_id="j", created="", backend="b", program_id="sampler", params="{}")


def job(script: Script, result: str | None = "the result") -> SimulatedJob:
    """Return a job that is created_at at 0."""
    cursor = ScriptCursor(script, created_at=0.0)
    return SimulatedJob(FACTS, cursor, Recorded(result=result), Behaviour(), epoch=0.0)


def conversation(stream: Any, longest: int = 100) -> Iterator[tuple[float, Any]]:
    """Everything that *stream* says, asked whenever it asks to be, with the time."""
    now = 0.0
    for _ in range(longest):
        sent_messages = stream.next(now)
        if isinstance(sent_messages, float):
            assert sent_messages > now
            if sent_messages == float("inf"):
                return
            now = sent_messages
        else:
            yield now, sent_messages
            if isinstance(sent_messages, Close):
                return


# --- what the service says --------------------------------------------------------------------------


@given(scripts())
def test_a_stream_says_what_appears_when_it_does_and_then_the_end(script: Script) -> None:
    """An acknowledgement, every interim result at its moment, the result of a job that completes."""
    simulated = job(script)
    sent_messages = list(conversation(JobStream(simulated)))
    end = simulated.cursor.ended
    appeared = simulated.cursor.interim(float("inf") if end is None else end)
    expected: list[tuple[float, Any]] = [(0.0, "ACK"), *appeared]
    if end is not None:
        expected += [(end, "the result")] if script.end.status == "DONE" else []
        expected += [(end, Close(1000))]
        assert sent_messages == expected
    else:
        assert [what for _, what in sent_messages] == [what for _, what in expected][
            : len(sent_messages)
        ]


@given(scripts(endless=False), st.floats(0, 200))
def test_a_cancelled_job_ends_its_stream(script: Script, at: float) -> None:
    """Nothing that would have come afterwards is said."""
    simulated = job(script)
    simulated.cursor.cancel(at)
    sent_messages = list(conversation(JobStream(simulated)))
    assert sent_messages[-1] == (simulated.cursor.ended, Close(1000))
    assert all(moment <= max(at, 0.0) for moment, _ in sent_messages)


@given(scripts(endless=False), st.integers(0, 6), st.sampled_from([None, 1011]))
def test_a_broken_stream_says_the_first_messages_only(
    script: Script, messages: int, code: int | None
) -> None:
    """The acknowledgement does not count."""
    whole = [what for _, what in conversation(JobStream(job(script)))]
    stream = BreakingStream(JobStream(job(script)), messages=messages, code=code)
    sent_messages = [what for _, what in conversation(stream)]
    assert sent_messages == (
        [*whole[: messages + 1], Close(code)] if len(whole) > messages + 1 else whole
    )


# --- the stream of a recorded job -------------------------------------------------------------------

HANDSHAKE = Request("GET", "host", f"/stream/jobs/{JOB}", headers={"Upgrade": "websocket"})


def played(cassette: Cassette, pace: Any) -> Any:
    """Return the stream that a player of *cassette* gives, and the player."""
    player = Player(cassette, VirtualClock(), epoch=0.0, pace=pace)
    answer = player.handle(HANDSHAKE)
    return answer.stream, player


def test_a_recorded_job_streams_by_the_recorded_time() -> None:
    """Its interim results spread over the time it ran, and its result when it was seen to have one."""
    stream, player = played(with_interim_results(), "recorded")
    assert [(round(at, 3), sent_messages) for at, sent_messages in conversation(stream)] == [
        (0.0, "ACK"),
        (3.667, '"first"'),
        (4.333, '{"i": 2}'),
        (5.0, '{"results": []}'),
        (5.0, Close(1000)),
    ]
    assert [each.request.route.operation for each in player.unused] == ["poll"] * 3


@pytest.mark.parametrize("pace", ["polls", "instant"])
def test_without_a_time_to_go_by_it_streams_at_once(pace: Any) -> None:
    """Else nothing would ever come to somebody who does not poll."""
    stream, _ = played(with_interim_results(), pace)
    sent_messages = [what for _, what in conversation(stream)]
    assert sent_messages == ["ACK", '"first"', '{"i": 2}', '{"results": []}', Close(1000)]
    assert stream.next(0.0) == Close(1000)


@pytest.mark.parametrize("pace", ["recorded", "instant"])
def test_the_stream_of_a_job_that_was_not_seen_to_end_does_not(pace: Any) -> None:
    """The last answer holds."""
    stream, _ = played(Cassette(short().interactions[:2], PROVENANCE), pace)
    assert [what for _, what in conversation(stream)] == ["ACK"]
    assert stream.next(0.0) == float("inf")


def test_a_stream_goes_on_from_where_its_job_was_changed() -> None:
    """A job that is cancelled at once has what it had by the time of the recorded cancel."""
    cancel = exchange("POST", f"/jobs/{JOB}/cancel", status=204, at=4.0, took=0.1)
    was_cancelled = [*with_interim_results().interactions[:2], cancel, poll("Cancelled", 4.5)]
    asked = with_interim_results().interactions[4:]
    stream, player = played(Cassette((*was_cancelled, *asked), PROVENANCE), "recorded")
    assert stream.next(0.0) == "ACK"
    assert stream.next(0.0) == pytest.approx(3.5)
    player.handle(cancel.request)
    assert [stream.next(0.0) for _ in range(3)] == ['"first"', '{"i": 2}', pytest.approx(0.5)]
    assert stream.next(0.5) == Close(1000)


def test_what_was_not_recorded_cannot_be_streamed() -> None:
    """A result that nobody asked for, with what to do; a job that there is not; plain HTTP is refused."""
    without_result = Cassette(short().interactions[:3], PROVENANCE)
    with pytest.raises(
        UnansweredRequest, match=r"was not recorded\. Let .* ask for it: job\.result"
    ):
        played(without_result, "recorded")
    with pytest.raises(UnansweredRequest, match="it is none of the 0 interactions"):
        played(Cassette(), "recorded")
    player = Player(short(), VirtualClock(), epoch=0.0)
    assert player.handle(Request("GET", "host", f"/stream/jobs/{JOB}")).status == 426


# --- waiting ----------------------------------------------------------------------------------------


def test_a_clock_that_stands_still_is_moved() -> None:
    """To where the next message is, and not further."""
    clock = VirtualClock()
    patience = Patience(clock)
    for _ in range(PATIENCE_TICKS - 1):
        patience.tick(60.0)
    assert clock.now() == 0
    patience.tick(60.0)
    assert clock.now() == 60


def test_a_moment_between_two_nanoseconds_is_reached() -> None:
    """A third of a second is never the time on a clock that counts them."""
    clock = VirtualClock()
    patience = Patience(clock)
    for _ in range(2 * PATIENCE_TICKS + 2):
        patience.tick(1 / 3)
    assert clock.now() >= 1 / 3


def test_a_clock_that_somebody_moves_is_left_alone() -> None:
    """However little."""
    clock = VirtualClock()
    patience = Patience(clock)
    for _ in range(10 * PATIENCE_TICKS):
        clock.sleep(0.001)
        patience.tick(60.0)
    assert clock.now() < 2


@pytest.mark.parametrize("make", [VirtualClock, WallClock])
def test_nothing_moves_for_what_never_comes_and_real_time_by_itself(make: Any) -> None:
    """A stream that has nothing to say yet says so for ever."""
    clock = make()
    patience = Patience(clock)
    due = float("inf") if isinstance(clock, VirtualClock) else 3600.0
    for _ in range(3 * PATIENCE_TICKS):
        patience.tick(due)
    assert clock.now() < 1800


# --- connecting -------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3) | st.none(), max_size=20))
def test_only_six_failures_in_a_row_are_too_many(connections: list[int | None]) -> None:
    """A connection that brought a message but the acknowledgement begins the count anew."""
    plan = iter(connections)
    made: list[int | None] = []
    received: list[str] = []

    def connect(_: threading.Event) -> Iterator[str]:
        messages = next(plan, "end")
        if messages == "end":
            yield from ["ACK", "last"]
            return
        made.append(messages)
        if messages is not None:
            yield from ["ACK", *("message" for _ in range(messages))]
        raise StreamBroken

    clock = VirtualClock()
    Streamer(connect, clock, received.append).job_results()
    in_a_row, slept, gave_up = 0, 0.0, False
    for messages in made:
        in_a_row = in_a_row + 1 if not messages else 1
        slept += min(8.0, 0.5 * 2 ** (in_a_row - 1))
        gave_up = in_a_row == 6
    assert received == ["message"] * sum(each or 0 for each in made) + ["last"] * (not gave_up)
    assert gave_up or made == connections
    assert clock.now() == pytest.approx(slept)


# --- the fault --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: faults.break_stream(7), "give a close code of websockets, 1000 to 4999, or None"),
        (lambda: faults.break_stream(messages=-1), "messages=-1 is not how many arrive first"),
        (lambda: faults.break_stream(on="poll"), "leave out on=, only streams break so"),
    ],
)
def test_a_break_that_makes_no_sense_is_refused(make: Any, why: str) -> None:
    """With what to write instead."""
    with pytest.raises(FaultError, match=why):
        make()


@pytest.mark.parametrize(
    "fault", [faults.break_stream(), faults.break_stream(1011, messages=2, times=None)]
)
def test_a_break_can_be_written_and_read(fault: faults.Fault) -> None:
    """As code, and in a scenario file."""
    assert eval(repr(fault)) == fault
    scenario = Scenario("DONE", faults=[fault])
    assert scenario_file.read(scenario_file.written(scenario), "a file") == scenario
