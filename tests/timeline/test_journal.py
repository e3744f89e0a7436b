"""What did happen, and its one rendering."""

from __future__ import annotations

import contextlib
from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

from qrtest import faults, simulate
from qrtest.http.messages import FAILURES, Failure, Response
from qrtest.service import serialize
from qrtest.timeline.journal import summary


def test_a_timeline_shows_each_job_in_lines_of_time_request_answer() -> None:
    """Polls that say the same are one line; a fault stands below what it struck."""
    with simulate() as sim:
        job = sim.job(
            'QUEUED 2h; RUNNING 30s; ERROR 1500 "Why."',
            faults=[faults.status(503, on="poll", after=5)],
        )
        other = sim.job("DONE")
        assert job.error_message() is None
        other.result()
        with pytest.raises(Exception, match="Why."):
            job.result()
        timeline = sim.journal.timeline()
    assert timeline == (
        f"job {job.job_id()}\n"
        "    0:00:00.00  poll             200 Queued  ×5 until 0:00:01.80\n"
        "    0:00:02.35  poll             503 code 1999\n"
        "                                 ! faults.status(503, on='poll', after=5)\n"
        "    0:00:02.40  poll             200 Queued  ×13,087 until 1:59:59.70\n"
        "    2:00:00.25  poll             200 Running  ×55 until 2:00:29.95\n"
        "    2:00:30.50  poll             200 Failed 1500\n"
        "    2:00:30.55  result           200 4 bytes\n"
        f"job {other.job_id()}\n"
        "    0:00:00.05  poll             200 Completed\n"
        "    0:00:00.10  result           200 499 bytes"
    )
    assert max(map(len, timeline.splitlines())) <= 80


def test_a_long_timeline_is_cut_in_the_middle() -> None:
    """To at most so many lines a job."""
    with simulate() as sim:
        job = sim.job("QUEUED")
        for _ in range(30):
            job.status()
            job.metrics()
    lines = sim.journal.timeline(lines=10).splitlines()
    assert len(lines) == 11
    assert lines[6] == "           ...  51 more"


def test_what_a_fault_struck_is_never_left_out_of_a_long_timeline() -> None:
    """Nor are the first and the last request, wherever the fault struck."""
    for after in range(0, 60, 7):
        with simulate() as sim:
            job = sim.job("QUEUED", faults=[faults.status(404, on="metrics", after=after)])
            for _ in range(60):
                job.status()
                with contextlib.suppress(IBMRuntimeError):
                    job.metrics()
        lines = sim.journal.timeline(lines=10).splitlines()[1:]
        assert len(lines) <= 10
        assert [line for line in lines if "! faults.status(404, on='metrics'" in line]
        assert "0:00:00.00" in lines[0]
        assert "metrics" in lines[-1]


def test_days_are_counted() -> None:
    """For jobs that wait long."""
    with simulate() as sim:
        job = sim.job("QUEUED 3d; DONE")
        sim.clock.advance("2d")
        job.status()
    assert sim.journal.timeline().splitlines()[1] == " 2d 0:00:00.00  poll             200 Queued"


def test_requests_are_counted_by_operation_and_job() -> None:
    """Retries of the client are requests, too."""
    with simulate() as sim:
        one = sim.job("DONE", faults=[faults.status(500, times=2, on="poll")])
        other = sim.job("DONE")
        one.result()
        other.status()
    assert sim.journal.count() == 5
    assert sim.journal.count("poll") == 4
    assert sim.journal.count("poll", job_id=one.job_id()) == 3
    assert sim.journal.count("cancel") == 0


def test_a_day_of_polling_is_few_entries() -> None:
    """Memory does not grow with the number of polls."""
    with simulate() as sim:
        job = sim.job("QUEUED 1d; DONE")
        while not job.in_final_state():
            sim.clock.advance("1s")
    assert sim.journal.count() > 80_000
    assert len(sim.journal) == 2


@pytest.mark.parametrize(("after", "most"), [(0, 121), (90, 120)])
def test_the_busiest_minute_of_an_entry_is_kept(after: int, most: int) -> None:
    """Whether quick polls or slow ones come first: one entry holds them all."""
    with simulate() as sim:
        job = sim.job("QUEUED")
        job.status()
        sim.clock.advance(after)
        for _ in range(200):
            job.status()
            sim.clock.advance(0.45)  # an answer takes 0.05 s
        for _ in range(10):
            sim.clock.advance(30)
            job.status()
        [entry] = sim.journal
    assert (entry.times, entry.most_in_a_minute) == (211, most)


def test_an_empty_journal_says_so() -> None:
    """Instead of nothing."""
    with simulate() as sim:
        sim.job()
    assert sim.journal.timeline() == "Nothing was asked."


@pytest.mark.parametrize("failure", FAILURES)
def test_the_summary_of_a_broken_connection_names_how_it_broke(failure: Failure) -> None:
    """There is no status to show."""
    assert summary(Response(0, failure=failure)) == f"connection {failure}"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(204), "204"),
        (serialize.text_response("a log"), "200 5 bytes"),
        (Response(200, b"{ cut"), "200 5 bytes"),
        (
            serialize.json_response({"state": {"status": "Failed", "reason_code": 1500}}),
            "200 Failed 1500",
        ),
        (serialize.json_response({"state": "Failed"}), "200 19 bytes"),
        (serialize.error(404, 1291, "Job not found.", trace="t"), "404 code 1291"),
        (serialize.json_response({"errors": []}, 500), "500 14 bytes"),
    ],
)
def test_the_summary_of_an_answer_is_a_word_or_two(response: Response, expected: str) -> None:
    """The job's status, the error's code, or how much it was."""
    assert summary(response) == expected


def test_a_job_stays_in_its_session_where_its_first_polls_are_refused() -> None:
    """An answer that a fault made names no session; a later one does."""
    gateway = faults.status(503, on="poll", times=2)
    with simulate() as sim:
        job = sim.job("RUNNING 1s; DONE", session_id="a-session", faults=[gateway])
        for _ in range(3):
            with contextlib.suppress(IBMRuntimeError):
                job.status()
        assert sim.journal.drawn().tracks[0].session == "a-session"


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from([0.01, 0.1, 1.0, 7.0, 70.0]))))
def test_the_busiest_minute_is_that_of_all_times(stretches: list[tuple[int, float]]) -> None:
    """As counted from each request back, also after those that no longer count were forgotten."""
    times = [0.0]
    with simulate(latency=0, longest=None) as sim:
        job = sim.job("QUEUED")
        job.status()
        for number, seconds in stretches:
            for _ in range(number):
                sim.clock.sleep(seconds)
                times.append(sim.clock.now())
                job.status()
    [entry] = sim.journal
    most = max(bisect_right(times, at) - bisect_right(times, at - 60 + 1e-6) for at in times)
    assert (entry.times, entry.most_in_a_minute) == (len(times), most)
