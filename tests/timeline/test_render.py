"""Pictures of timelines: nothing is cut or printed over at any width, and time is to scale or marked where not."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Scenario, timeline_of
from qrtest import strategies as qst
from qrtest.clock import duration as durations
from qrtest.timeline import render
from qrtest.timeline.axis import Axis
from qrtest.timeline.paper import WIDTHS
from qrtest.timeline.timeline import Event, Stretch, Timeline, Track

NAMESPACE = "{http://www.w3.org/2000/svg}"
LETTER = 0.602
"""The width of a letter of DejaVu Sans Mono, which is the widest of the fonts, in sizes of the font."""

words = st.text("abcdefghij KLMNOP_-.()[]', ×", min_size=1, max_size=40)
statuses = st.sampled_from(
    ["QUEUED", "RUNNING", "DONE", "ERROR 1305", "CANCELLED", "Validating your job"]
)
lengths = st.sampled_from([0.0, 0.001, 0.4, 1.0, 30.0, 7_200.0, 86_400.0 * 30])


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Draw a job with some statuses and requests, in any order of lengths and from any threads."""
    at, stretches = draw(lengths), []
    for status, length in draw(st.lists(st.tuples(statuses, lengths), max_size=7)):
        stretches.append(Stretch(status, at, at + length))
        at += length
    stretches.append(Stretch(draw(statuses), at, None))
    events = draw(
        st.lists(
            st.builds(
                lambda at, lasts, **more: Event(at=at, until=at + lasts, **more),
                at=st.floats(0, at + 1),
                lasts=lengths,
                times=st.sampled_from([1, 2, 13_083]),
                operation=st.one_of(st.just("poll"), words),
                answer=words,
                kind=st.sampled_from(["fine", "refused", "broken"]),
                faults=st.sampled_from([(), ("faults.status(503, on='poll', times=3)",)]),
                thread=st.sampled_from(["MainThread", "ThreadPoolExecutor-0_1"]),
            ),
            max_size=15,
        )
    )
    events.sort(key=lambda event: event.at)
    return Track(
        draw(words), tuple(stretches), tuple(events), draw(st.sampled_from(["", "s1", "s2"]))
    )


timelines = st.builds(Timeline, words, st.lists(tracks(), max_size=8).map(tuple))
widths = st.sampled_from([320, *WIDTHS, 1600])


def texts(svg: str) -> Iterator[tuple[str, float, float, float, float]]:
    """Yield every text of a picture with its box: left, top, right, bottom."""
    for element in ET.fromstring(svg).iter(f"{NAMESPACE}text"):
        text = element.text or ""
        size, x, y = (float(element.get(name, 0)) for name in ("font-size", "x", "y"))
        yield text, x, y - 0.75 * size, x + LETTER * size * len(text), y + 0.2 * size


@given(timelines, widths)
def test_no_text_is_printed_over_another_or_leaves_the_paper(
    timeline: Timeline, width: float
) -> None:
    """The boxes of all texts are apart, at every width."""
    svg = render.svg(timeline, width=width)
    height = float(ET.fromstring(svg).get("height", 0))
    for (one, left, top, right, bottom), other in combinations(texts(svg), 2):
        is_apart = right <= other[1] or other[3] <= left or bottom <= other[2] or other[4] <= top
        assert is_apart, (one, other[0])
    for text, left, top, right, bottom in texts(svg):
        assert 0 <= left <= right <= width, text
        assert 0 <= top <= bottom <= height, text


@given(timelines, widths)
def test_no_line_to_a_label_crosses_another_label(timeline: Timeline, width: float) -> None:
    """It ends above a text that is in its way, and goes on below."""
    svg = render.svg(timeline, width=width)
    boxes = list(texts(svg))
    for element in ET.fromstring(svg).iter(f"{NAMESPACE}path"):
        if element.get("class") != "leader":
            continue
        for part in element.get("d", "").split("M")[1:]:
            x, start, end = (float(number) for number in part.replace("V", " ").split())
            for text, left, top, right, bottom in boxes:
                is_apart = x < left or x > right or end <= top + 3 or start >= bottom
                assert is_apart, (text, part)


@given(timelines, widths)
def test_each_band_says_its_status_and_its_length(timeline: Timeline, width: float) -> None:
    """In full: on the band, or below it where that is too short. A last status that is final has no length."""
    written = " ".join(text for text, *_ in texts(render.svg(timeline, width=width)))
    for track in timeline.tracks:
        for stretch in track.stretches:
            if stretch.end is not None:
                length = durations.text(round(stretch.end - stretch.start, 3))
                assert f"{stretch.status} {length}" in written
            assert stretch.status in written


def test_a_title_has_what_was_answered() -> None:
    """In one line "token 200" is no key of anybody, and a real one is not shown."""
    token = Event(at=0, until=0, operation="token", answer="200 465 bytes")
    other = Event(at=1, until=1, operation="poll", answer="token=Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf")
    svg = render.svg(Timeline("one job", (Track("job j", (), (token, other)),)))
    titles = [each.text for each in ET.fromstring(svg).iter(f"{NAMESPACE}title")]
    assert "0:00:00.00 token 200 465 bytes" in titles
    assert "Zq7Kp2mXw9Lr4TvB8nYc3HdJ5sGf" not in svg


@given(timelines)
def test_all_that_was_asked_is_written_in_full(timeline: Timeline) -> None:
    """No word is cut; what is left out is counted."""
    for track in timeline.tracks:
        svg = render.svg(Timeline("one job", (track,)))
        written = "".join("".join(text for text, *_ in texts(svg)).split())
        hidden = "more" in written
        for event in track.events:
            if event.operation != "poll" and not hidden:
                assert "".join(event.operation.split()) in written
                assert "".join(event.answer.split()) in written
        assert "…" not in written.replace("…", "", len(track.stretches))


def test_time_is_to_scale_where_it_can_be() -> None:
    """A queue of six minutes is as wide as six of one minute."""
    bands = bands_of(Scenario("QUEUED 6m; RUNNING 1m; DONE"))
    assert bands[0] == pytest.approx(6 * bands[1], rel=0.05)
    assert "break" not in classes(render.svg(timeline_of(Scenario("QUEUED 6m; RUNNING 1m; DONE"))))


def test_a_gap_that_is_not_to_scale_is_marked_and_never_shorter_than_one_that_is() -> None:
    """Six hours of queue beside 0.4 s of run."""
    scenario = Scenario("QUEUED 6h; RUNNING 0.4s; DONE")
    queue, run = bands_of(scenario)[:2]
    assert queue > 10 * run > 20
    drawn = classes(render.svg(timeline_of(scenario)))
    assert {"break", "gap", "axis broken-axis"} <= drawn


@given(
    st.lists(st.sampled_from([0.001, 0.4, 1.0, 30.0, 7_200.0, 86_400.0]), min_size=2, max_size=9)
)
def test_what_lasts_longer_is_never_drawn_shorter(gaps: list[float]) -> None:
    """Unless both are broken; and what is not broken has one scale."""
    times = [sum(gaps[:number]) for number in range(len(gaps) + 1)]
    axis = Axis.of(times, [(one, two, 4.0) for one, two in pairwise(times)], 0, 800)
    drawn = [(axis.at(after) - axis.at(before)) for before, after in pairwise(times)]
    kept = [number for number in range(len(gaps)) if number not in axis.broken]
    for number in kept:
        for other in range(len(gaps)):
            if gaps[other] >= gaps[number]:
                assert drawn[other] >= drawn[number] - 0.3
    if kept:
        scales = [drawn[number] / gaps[number] for number in kept if gaps[number] >= 1]
        assert not scales or max(scales) - min(scales) <= 0.3
    assert axis.at(times[-1]) == pytest.approx(800, abs=0.1)


def test_twenty_jobs_share_one_chart() -> None:
    """With their sessions, and the threads that polled a job if there were several."""
    events = [
        Event(at=float(n), until=n + 1.0, operation="poll", thread=f"worker-{n % 2}", answer="200")
        for n in range(4)
    ]
    jobs = [
        Track(f"job {n}", (Stretch("DONE", float(n), None),), tuple(events), f"s{n % 3}")
        for n in range(20)
    ]
    written = [text for text, *_ in texts(render.svg(Timeline("twenty", tuple(jobs))))]
    assert [text for text in written if text.startswith("session")] == [
        "session s0",
        "session s1",
        "session s2",
    ]
    assert sum(text.startswith("job ") for text in written) == 20
    assert "job 0, asked by worker-0, worker-1" in written


def test_whose_requests_they_were_is_written_where_threads_took_part() -> None:
    """Also where each asked for a job of its own, and of requests that are not drawn one by one."""
    tracks = [
        Track(
            f"job {number}",
            (),
            tuple(
                Event(at=at, until=at, operation=f"o{at}", thread=f"worker-{number}")
                for at in map(float, range(30))
            ),
        )
        for number in range(2)
    ]
    written = render.svg(Timeline("threads", tuple(tracks)))
    assert "job 0, asked by worker-0<" in written
    assert "job 1, asked by worker-1<" in written
    assert "asked by" not in render.svg(Timeline("one", (tracks[0],)))


@given(st.text(max_size=60), widths)
def test_any_text_can_be_drawn(text: str, width: float) -> None:
    """Control characters, unpaired surrogates and wide letters included: the picture is XML and a file."""
    event = Event(at=1.0, until=2.0, operation=text, answer=text, faults=(text,), thread=text)
    timeline = Timeline(text, (Track(text, (Stretch(text, 0.0, 1.0),), (event,), text),))
    svg = render.svg(timeline, width=width)
    ET.fromstring(svg.encode())
    render.html(timeline).encode()


@given(qst.scenarios())
def test_a_page_has_a_picture_for_each_width(scenario: Scenario) -> None:
    """All of them in light and dark."""
    page = render.html(timeline_of(scenario))
    assert page.count("<svg") == len(WIDTHS)
    assert page.count("prefers-color-scheme:dark") == len(WIDTHS)


def bands_of(scenario: Scenario) -> list[float]:
    """Return the widths of the bands of a picture."""
    root = ET.fromstring(render.svg(timeline_of(scenario)))
    return [
        float(rect.get("width", 0))
        for rect in root.iter(f"{NAMESPACE}rect")
        if rect.get("class", "").startswith("band")
    ]


def classes(svg: str) -> set[str]:
    """Return what is drawn in a picture before its legend, by the names of its styles."""
    drawn = [element.get("class", "") for element in ET.fromstring(svg).iter()]
    return set(drawn[: drawn.index("run")] if "run" in drawn else drawn)
