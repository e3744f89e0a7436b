"""One timeline of everything that has one: as text, as SVG, as a page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

import qrtest
from qrtest import Scenario, faults, timeline_of
from qrtest import strategies as qst
from qrtest.cassette.model import Cassette
from qrtest.scenario import scenario_file
from qrtest.timeline import render
from qrtest.timeline.timeline import Event, Timeline, Track
from tests.recordings import PROVENANCE, exchange, short

NAMESPACE = "{http://www.w3.org/2000/svg}"
CASSETTE = Path(__file__).parents[2] / "cassettes" / "sampler.yaml"
PLAN = [faults.status(503, on="poll", after=3), faults.drop(on="result")]


def waited(sim: Any, **options: Any) -> Timeline:
    job = sim.job(**options)
    try:
        job.result(timeout=None)
    except Exception as error:
        assert "qiskit_ibm_runtime" in type(error).__module__, error
    return timeline_of(sim)


def states(timeline: Timeline) -> list[str]:
    return [stretch.status for stretch in timeline.tracks[0].stretches]


def words(svg: str) -> list[str]:
    """Return what stands written in a picture."""
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{NAMESPACE}text")]


def test_recording_scenario_simulation_and_replay_have_the_same_states() -> None:
    """One script, four ways to it."""
    scenario = Scenario.from_cassette(CASSETTE).but(queue="5s", run="30s")
    recording = scenario.to_cassette()
    with qrtest.simulate() as sim:
        simulated = waited(sim, script=scenario)
    with qrtest.replay(recording) as replay:
        replayed = waited(replay)
    expected = ["QUEUED", "RUNNING", "DONE"]
    for timeline in (timeline_of(recording), timeline_of(scenario), simulated, replayed):
        assert states(timeline) == expected
        assert all(word in words(render.svg(timeline)) for word in expected[2:])


def test_the_text_is_the_one_of_the_journal() -> None:
    """A journal prints its timeline."""
    with qrtest.simulate() as sim:
        timeline = waited(sim, script="QUEUED 5s; ERROR 1500", faults=PLAN)
    assert str(timeline) == sim.journal.timeline()
    assert "! faults.status(503" in str(timeline)


def test_a_picture_has_states_requests_and_faults() -> None:
    """Lengths and counts are written, what was struck has a mark, and a legend says what is what."""
    plan = [faults.status(503, on="logs"), faults.drop(on="metrics")]
    with qrtest.simulate() as sim:
        job = sim.job("QUEUED 2h; RUNNING 30s; DONE", faults=plan)
        job.wait_for_final_state(timeout=None)
        for ask in (job.logs, job.metrics):
            with suppress(IBMRuntimeError):
                ask()
    timeline = timeline_of(sim)
    svg = render.svg(timeline)
    written = words(svg)
    assert {"503 code 1999", "connection reset", "metrics", "struck by a fault"} <= set(written)
    assert any(word.startswith("QUEUED") for word in written)
    assert any(word.startswith("×") and "," in word for word in written)


def test_a_long_wait_is_no_wider_than_a_page() -> None:
    """A day in which nothing changes and a second side by side: all of it stays on the paper."""
    svg = render.svg(timeline_of(Scenario("QUEUED 30d; RUNNING 1ms; DONE")))
    root = ET.fromstring(svg)
    for rect in root.iter(f"{NAMESPACE}rect"):
        left, width = float(rect.get("x", 0)), float(rect.get("width", 0))
        assert 0 <= left <= left + width <= 960


@given(st.one_of(qst.scenarios(), qst.lives_of(CASSETTE)))
def test_any_scenario_can_be_drawn(scenario: Scenario) -> None:
    """As well-formed SVG, on one page, with the states in the order of the script."""
    timeline = timeline_of(scenario)
    root = ET.fromstring(render.svg(timeline))
    assert float(root.get("height", 0)) < 400
    assert len(states(timeline)) == len(scenario.script)
    for mark in root.iter(f"{NAMESPACE}circle"):
        assert 0 <= float(mark.get("cx", -1)) <= 960


def test_many_jobs_and_requests_stay_on_a_screen() -> None:
    """What does not fit is counted."""
    events = tuple(
        Event(at=float(n), until=float(n), operation=f"ask{n}", answer="200") for n in range(500)
    )
    timeline = Timeline("many", tuple(Track(f"job {n}", (), events) for n in range(40)))
    svg = render.svg(timeline)
    assert float(ET.fromstring(svg).get("height", 0)) <= 2000
    assert "and 16 more" in words(svg)
    assert "490 more" in words(render.svg(Timeline("one", timeline.tracks[:1])))


def test_nothing_secret_is_drawn() -> None:
    """Neither in the picture nor on the page; and what looks like a tag is none."""
    secret = "Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf"
    other = exchange(path=f"/elsewhere?apikey={secret}", at=1.0)
    cassette = Cassette((*short().interactions, other), PROVENANCE)
    timeline = timeline_of(cassette, f"<script>alert('Bearer {secret}')</script>")
    for drawn in (render.svg(timeline), render.html(timeline), str(timeline)):
        assert secret not in drawn
    assert "<script" not in render.html(timeline)


def test_a_page_needs_nothing_else() -> None:
    """No address in it but that of the SVG's own language."""
    page = render.html(timeline_of(CASSETTE))
    assert page.count("http") == page.count("http://www.w3.org/2000/svg")


def test_a_scenario_file_is_shown(tmp_path: Path) -> None:
    """As a cassette is."""
    scenario = Scenario("QUEUED 1h; DONE", faults=[faults.drop(on="poll", since="10m")])
    scenario_file.save(scenario, tmp_path / "stuck.yaml")
    assert str(timeline_of(tmp_path / "stuck.yaml")).splitlines() == [
        "scenario",
        "    0:00:00.00  QUEUED           for 1h",
        "    0:10:00.00  poll",
        "                                 ! faults.drop(on='poll', since='10m')",
        "    1:00:00.00  DONE",
    ]


def test_a_scenario_file_of_several_jobs_has_a_track_for_each(tmp_path: Path) -> None:
    """In the order of the file."""
    scenario_file.save([Scenario("QUEUED 1h; DONE"), Scenario("DONE")], tmp_path / "two.yaml")
    assert [track.name for track in timeline_of(tmp_path / "two.yaml").tracks] == [
        "scenario 1",
        "scenario 2",
    ]


def test_failed_tests_are_drawn_on_demand(pytester: pytest.Pytester) -> None:
    """--qrtest-report=DIR: a picture and a page for each test that failed, and none for others."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("end", ["ERROR 1500", "CANCELLED"])
        def test_it(runtime_job, end):
            job = runtime_job(f"QUEUED 5s; {end}")
            job.wait_for_final_state()
            assert job.status() == "ERROR"
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--qrtest-report=drawn")
    result.assert_outcomes(passed=1, failed=1)
    [svg] = (pytester.path / "drawn").glob("*test_it*.svg")
    [page] = (pytester.path / "drawn").glob("*test_it*.html")
    assert "test_it[CANCELLED]" in words(svg.read_text())
    result.stdout.fnmatch_lines([f"drawn/{page.name}"])
