"""What a run of tests has seen of the job's state machine: counted as a client saw it, added up, and never lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from qrtest import Scenario, faults, simulate, timeline_of
from qrtest import strategies as qst
from qrtest.timeline.coverage import Coverage


def seen(*scenarios: Scenario | str, polls: int | None = None) -> Coverage:
    """Return the coverage of a job that is polled until it ends, or *polls* times."""
    with simulate(longest=None) as sim:
        for scenario in scenarios:
            job = sim.job(scenario)
            try:
                if polls is None:
                    job.wait_for_final_state(timeout=None)
                for _ in range(polls or 0):
                    job.status()
            except Exception:  # whatever the faults do is on the timeline
                sim.clock.advance("1m")
    return Coverage.of(timeline_of(sim))


def counted(coverage: Coverage, group: str) -> dict[str, int]:
    """Return the names of a group that were seen, with their counts."""
    return {name: count for name, count in coverage.counts[group].items() if count}


def test_statuses_transitions_and_endings_are_counted_once_a_job() -> None:
    """However often it was polled."""
    coverage = seen("QUEUED 5s; RUNNING 3s; DONE", "QUEUED 5s; ERROR 1305")
    assert counted(coverage, "statuses") == {"QUEUED": 2, "RUNNING": 1, "DONE": 1, "ERROR": 1}
    assert counted(coverage, "transitions") == {
        "created -> QUEUED": 2,
        "QUEUED -> RUNNING": 1,
        "QUEUED -> ERROR": 1,
        "RUNNING -> DONE": 1,
    }
    assert counted(coverage, "endings") == {"DONE": 1, "ERROR 1305": 1}


def test_what_no_poll_met_was_not_seen() -> None:
    """The script goes on to RUNNING and DONE, and one poll sees the queue."""
    coverage = seen("QUEUED 5s; RUNNING 3s; DONE", polls=1)
    assert counted(coverage, "statuses") == {"QUEUED": 1}
    assert counted(coverage, "endings") == {"no end seen": 1}
    assert "RUNNING -> DONE" in coverage.never()["transitions"]


def test_strikes_of_faults_and_words_out_of_the_table_are_counted() -> None:
    """A fault by its kind, as often as it struck; a status that no client knows as one."""
    plan = [faults.status(503, on="poll", times=3)]
    coverage = seen(Scenario('UNKNOWN "Validating" 5s; QUEUED 5s; DONE', faults=plan))
    assert counted(coverage, "faults") == {"status": 3}
    assert counted(coverage, "statuses") == {"unknown status": 1, "QUEUED": 1, "DONE": 1}
    assert "drop" in coverage.never()["faults"]


@given(st.lists(qst.scenarios(), max_size=3), st.lists(qst.scenarios(), max_size=3))
def test_parts_of_a_run_add_up_in_any_order(one: list[Scenario], two: list[Scenario]) -> None:
    """And survive the way between processes."""
    first, second = seen(*one), seen(*two)
    assert first | second == second | first
    assert (first | second).seen >= max(first.seen, second.seen)
    assert Coverage.from_data(first.counts) == first
    assert (first | second).total == first.total
    assert 0 <= first.percent <= 100


@given(st.lists(qst.scenarios(), max_size=4))
def test_everything_is_either_counted_or_listed_as_never_seen(scenarios: list[Scenario]) -> None:
    """In lines that fit a terminal."""
    coverage = seen(*scenarios)
    lines = list(coverage.lines())
    text = " ".join(line.strip() for line in lines)
    for group, counts in coverage.counts.items():
        for name, count in counts.items():
            if group != "transitions":
                assert f"{name} {count:,}" in text if count else name in text
    source, drawn = "", {}
    for line in lines:
        arrow = re.fullmatch(r"  (\w*) +\+(--|\.\.) +([\d,]+) (?:->|\.\.) (\w+)", line)
        if arrow:
            source = arrow[1] or source
            drawn[f"{source} -> {arrow[4]}"] = int(arrow[3].replace(",", ""))
            assert (arrow[2] == "--") == (drawn[f"{source} -> {arrow[4]}"] > 0)
    assert drawn == coverage.counts["transitions"]
    assert max(map(len, lines)) <= 80
    assert coverage.seen + sum(map(len, coverage.never().values())) == coverage.total
