"""A timeline that has to be short keeps the jobs that a failure names, and says what it leaves out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qrtest.timeline.shortened import shortened
from qrtest.timeline.timeline import Event, Timeline, Track

ANSWERS = {"DONE": "200 Completed", "ERROR": "200 Failed", "QUEUED": "200 Queued"}


def track(number: int, statuses: list[str]) -> Track:
    """Return a job that was polled once for each of *statuses*."""
    events = tuple(
        Event(at=at, until=at, operation="poll", answer=ANSWERS[status], status=status)
        for at, status in enumerate(statuses)
    )
    return Track(f"job id{number:02}", (), events)


@st.composite
def accusations(draw: st.DrawFn) -> tuple[Timeline, list[str]]:
    """Draw jobs, and the ids of up to two of them, polled or not."""
    some = st.lists(st.sampled_from(list(ANSWERS)), min_size=1, max_size=9)
    jobs = [track(number, draw(some)) for number in range(draw(st.integers(1, 30)))]
    known = [job.name.removeprefix("job ") for job in jobs]
    names = st.sampled_from([*known, "never"])
    return Timeline("", tuple(jobs)), draw(st.lists(names, min_size=1, max_size=2, unique=True))


@given(accusations(), st.integers(5, 40))
def test_the_accused_are_seen_however_short_it_is(
    case: tuple[Timeline, list[str]], lines: int
) -> None:
    """Marked, with what they were answered last, and in no more lines."""
    timeline, accused = case
    shown = shortened(timeline, lines=lines, columns=96, accused=accused).splitlines()
    assert len(shown) <= lines
    alone = len(timeline.tracks) == 1 and "never" not in accused
    last = {each.name: str(each.events[-1]) for each in timeline.tracks}
    for job_id in accused:
        [place] = [
            n for n, line in enumerate(shown) if line.split("  ")[0].endswith(f"job {job_id}")
        ]
        assert shown[place].startswith("! ") is not alone
        if job_id == "never":
            assert shown[place].endswith("(nothing was asked about it)")
        else:
            others = [n for n, line in enumerate(shown) if n > place and " job" in line[:5]]
            own = shown[place + 1 : others[0] if others else len(shown)]
            # A poll that is answered as those before it is merged with them.
            assert any(
                last[f"job {job_id}"].split()[1:] == line.split()[1:4] for line in own
            ) or any(last[f"job {job_id}"].split()[1:] == line.split()[1:] for line in own)


def test_what_is_not_accused_is_not_marked() -> None:
    """Without a job that is named, and where it is the only one."""
    two = Timeline("", (track(1, ["DONE"]), track(2, ["ERROR"])))
    assert "!" not in shortened(two, lines=9, columns=80)
    assert "!" not in shortened(Timeline("", two.tracks[:1]), lines=9, columns=80, accused=["id01"])
    assert shortened(two, lines=9, columns=80, accused=["id01"]).count("! job id01") == 1


def test_one_line_of_a_job_is_its_last() -> None:
    """With how many lines it has."""
    text = track(1, ["QUEUED", "DONE"]).text(lines=1).splitlines()
    assert text[0] == "job id01  (the last of 2 lines)"
    assert "200 Completed" in text[1]
