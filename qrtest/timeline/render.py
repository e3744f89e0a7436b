"""A timeline as a picture: SVG of any width, and a page of HTML that needs nothing else.

All jobs share one axis of time. What each mark means is in the legend, and in docs/timeline.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from qrtest.clock import duration as durations
from qrtest.redaction.redactor import shown
from qrtest.timeline.axis import Axis
from qrtest.timeline.labels import Lanes, width_of, wrapped
from qrtest.timeline.paper import MARGIN, WIDTHS, Paper, page
from qrtest.timeline.timeline import Event, Stretch, Timeline, Track, clock_face, merged

__all__ = ["html", "svg"]

DETAILED: Final = 4
"""Up to so many tracks, each request but a poll has a label; with more, only a mark."""

TRACKS: Final = 24
MARKS: Final = 11
"""Requests other than polls, and errors, that a track shows; those in the middle are counted."""

LONGEST_PAUSE: Final = 2.0
"""Seconds without a poll that are still part of a run of polls."""

NARROW: Final = 600.0
BAND: Final = 26.0
LANE: Final = 14.0
LEAST_STRETCH, LEAST_MARK = 4.0, 10.0
"""Pixels that a stretch, and a mark from the one before it, have at least."""

FINAL: Final = ("DONE", "ERROR", "CANCELLED")
STATUSES: Final = ("QUEUED", "RUNNING", *FINAL)
LEGEND: Final = (
    ("line", "fine", "polls with one answer, and how many"),
    ("dot", "fine", "another request"),
    ("dot", "refused", "refused (4xx)"),
    ("dot", "broken", "broken (5xx, no answer)"),
    ("fault", "broken", "struck by a fault"),
    ("break", "quiet", "a gap that is not to scale"),
)


def svg(timeline: Timeline, *, width: float = 960) -> str:
    """Return *timeline* as an SVG image *width* pixels wide, without secrets.

    >>> svg(Timeline("nothing", ()))[:4]
    '<svg'
    """
    paper = Paper(width, timeline.title or "timeline")
    _heading(paper, timeline)
    sessions = list(dict.fromkeys(["", *(track.session for track in timeline.tracks)]))
    tracks = sorted(timeline.tracks[:TRACKS], key=lambda track: sessions.index(track.session))
    drawn = [replace(track, events=tuple(_few(track))) for track in tracks]
    axis = _axis(drawn, paper)
    if drawn:
        _scale(paper, drawn, axis)
    session = ""
    has_threads = len({event.thread for track in timeline.tracks for event in track.events}) > 1
    for track in drawn:
        if track.session != session:
            session = track.session
            paper.lines(f"session {session}", size=11, style="quiet bold")
        _track(paper, track, axis, is_detailed=len(drawn) <= DETAILED, shows_threads=has_threads)
    if len(timeline.tracks) > len(drawn):
        paper.lines(f"and {len(timeline.tracks) - len(drawn):,} more", size=12, style="quiet")
    _faults(paper, timeline)
    _legend(paper)
    return paper.svg()


def html(timeline: Timeline) -> str:
    """Return *timeline* as a page of HTML: the picture, in the width that fits, and the same as text.

    >>> "<svg" in html(Timeline("nothing", ()))
    True
    """
    text = "\n\n".join(timeline.texts(lines=24)) or "Nothing was asked."
    pictures = {width: svg(timeline, width=width) for width in WIDTHS}
    return page(timeline.title or "timeline", pictures, text)


# --- what is drawn -----------------------------------------------------------------------------------


def _few(track: Track) -> Iterator[Event]:
    """Yield the events of *track* that are drawn: all runs of polls, and not too many others."""
    threads = dict.fromkeys(event.thread for event in track.events)
    events = [
        event
        for thread in threads
        for event in merged(each for each in track.events if each.thread == thread)
    ]
    events.sort(key=lambda event: event.at)
    marks = [number for number, event in enumerate(events) if _is_mark(event)]
    half = MARKS // 2
    hidden = set(marks[half : len(marks) - half]) if len(marks) > MARKS else set()
    for number, event in enumerate(events):
        if number not in hidden:
            yield event
        elif number == min(hidden):
            yield Event(
                at=event.at,
                until=events[max(hidden)].until,
                operation=f"{len(hidden):,} more",
                kind="broken" if any(events[each].kind == "broken" for each in hidden) else "fine",
                thread=event.thread,
            )


def _is_mark(event: Event) -> bool:
    """Return whether *event* gets a mark of its own: whether it is not a run of polls."""
    return event.operation != "poll" or event.kind != "fine" or bool(event.faults)


def _drawn_until(events: Sequence[Event]) -> Iterator[tuple[Event, float]]:
    """Yield each event with the time up to which it is drawn: a run of polls, up to the next event."""
    for event, after in pairwise([*events, None]):
        assert event is not None
        is_run = event.times > 1 and not _is_mark(event)
        pause = max(LONGEST_PAUSE, (event.until - event.at) / 20)
        goes_on = (
            is_run
            and after is not None
            and after.thread == event.thread
            and 0 <= after.at - event.until <= pause
        )
        yield event, after.at if after is not None and goes_on else event.until


def _axis(tracks: Sequence[Track], paper: Paper) -> Axis:
    """Return the axis on which everything that is drawn of *tracks* has a place."""
    times = {0.0}
    apart = []
    for track in tracks:
        for stretch in track.stretches:
            times |= {stretch.start} if stretch.end is None else {stretch.start, stretch.end}
            if stretch.end is not None:
                apart.append((stretch.start, stretch.end, LEAST_STRETCH))
        for event, until in _drawn_until(track.events):
            times |= {event.at, until}
        if len(tracks) <= DETAILED:
            marks = [0.0, *(event.at for event in track.events if _is_mark(event))]
            apart += [(before, after, LEAST_MARK) for before, after in pairwise(marks)]
    last = max((_width(track.stretches[-1]) for track in tracks if track.stretches), default=0.0)
    # The last status, which has no end, gets the room that its label needs.
    right = paper.right - min(max(last, LANE), paper.inner / 3)
    return Axis.of(times, apart, MARGIN, right)


def _width(stretch: Stretch) -> float:
    return width_of(_label(stretch), 11) + 2 * LANE


def _label(stretch: Stretch) -> str:
    """Return what stands on a stretch: status and length, or that it goes on."""
    if stretch.end is None:
        is_final = stretch.status.partition(" ")[0] in FINAL
        return stretch.status if is_final else f"{stretch.status} …"
    return f"{stretch.status} {durations.text(round(stretch.end - stretch.start, 3))}"


# --- how it is drawn ---------------------------------------------------------------------------------


def _heading(paper: Paper, timeline: Timeline) -> None:
    asked = sum(event.times for track in timeline.tracks for event in track.events if event.answer)
    ends = [
        time
        for track in timeline.tracks
        for time in (
            *(event.until for event in track.events),
            *(stretch.end or stretch.start for stretch in track.stretches),
        )
    ]
    lasts = durations.text(round(max(ends, default=0.0), 2))
    paper.lines(timeline.title or "timeline", size=15, style="ink bold")
    paper.lines(f"{lasts}, {asked:,} requests" if asked else lasts, size=11, style="quiet")
    paper.down(6)


def _scale(paper: Paper, tracks: Sequence[Track], axis: Axis) -> None:
    """Draw the axis: the moments at which a status begins, as many as have room, and the breaks."""
    lanes = Lanes()
    moments = {stretch.start for track in tracks for stretch in track.stretches}
    y = paper.top + LANE
    for time in sorted(moments or {0.0}):
        text = clock_face(time)
        width = width_of(text, 9)
        left = min(axis.at(time), paper.right - width)
        if lanes.put(left, width) == 0:
            paper.text(left, y - 7, text, size=9, style="quiet")
            paper.add(f'<path class="tick" d="M{axis.at(time)} {y}v5"/>')
    drawn_to = MARGIN
    for start, end in axis.breaks():
        middle = round((start + end) / 2, 1)
        paper.add(f'<path class="axis" d="M{drawn_to} {y}H{start}"/>')
        paper.add(f'<path class="axis broken-axis" d="M{start} {y}H{end}"/>')
        paper.add(f'<path class="break" d="M{middle - 4} {y + 4}l3 -8M{middle + 1} {y + 4}l3 -8"/>')
        drawn_to = end
    paper.add(f'<path class="axis" d="M{drawn_to} {y}H{paper.right}"/>')
    paper.down(LANE + 10)


def _track(
    paper: Paper, track: Track, axis: Axis, *, is_detailed: bool, shows_threads: bool
) -> None:
    threads = list(dict.fromkeys(event.thread for event in track.events))
    names = ", ".join(filter(None, threads)) if shows_threads else ""
    name = f"{track.name}, asked by {names}" if names else track.name
    paper.lines(name, size=11, style="quiet")
    top = paper.top
    paper.add(
        f'<rect class="empty" x="{MARGIN}" y="{top:.1f}" width="{paper.inner:.1f}" height="{BAND}" rx="5"/>'
    )
    paper.down(BAND)
    if track.stretches:
        _band(paper, track.stretches, axis, top)
    if track.events:
        for thread in threads:
            _runs(paper, [each for each in track.events if each.thread == thread], axis)
        if is_detailed:
            _mark_labels(paper, track.events, axis)
    paper.down(12)


def _band(paper: Paper, stretches: Sequence[Stretch], axis: Axis, top: float) -> None:
    """Draw the statuses of a job; labels that do not fit onto their stretch stand below it."""
    below = []
    for stretch in stretches:
        left = axis.at(stretch.start)
        right = paper.right if stretch.end is None else axis.at(stretch.end)
        width = max(right - left - 1.5, 2.0)
        status = stretch.status.partition(" ")[0]
        style = status.lower() if status in STATUSES else "unknown"
        paper.add(
            f'<rect class="band {style}" x="{left}" y="{top:.1f}" width="{width:.1f}" height="{BAND}" '
            f'rx="4">{paper.title(str(stretch))}</rect>'
        )
        label = _label(stretch)
        is_inside = width_of(label, 11) + 12 <= width
        clear = left + width_of(label, 11) + 12 if is_inside else left
        for start, end in axis.breaks():
            x = round((max(start, clear) + min(end, right)) / 2, 1)
            if max(start, clear) + 6 < x < min(end, right) - 6:
                paper.add(
                    f'<path class="gap" d="M{x - 5} {top + BAND:.1f}l6 -{BAND}m4 0l-6 {BAND}"/>'
                )
        if is_inside:
            paper.text(left + 6, top + 17, label, size=11, style=f"on-{style} bold")
        else:
            below.append((left + width / 2, [label], "ink"))
    _hang(paper, below, top + BAND)


def _hang(paper: Paper, labels: Iterable[tuple[float, list[str], str]], top: float) -> None:
    """Write labels below *top*, each in the first lane that has room, with a line up to its place.

    A label is its place, its texts, and the style of its first line. The lines end where a text is in their
    way, and go on below it; few are, as labels are placed from the right to the left.
    """
    lanes = Lanes()
    placed: list[tuple[float, float, int, int]] = []
    leaders, texts = [], []
    for x, parts, style in sorted(labels, key=lambda label: -label[0]):
        lines = [line for part in parts for line in wrapped(shown(part), 10, paper.inner)]
        width = max(width_of(line, 10) for line in lines)
        left = min(max(x - 4, MARGIN), paper.right - width)
        row = lanes.put(left, width, len(lines))
        placed.append((left, left + width, row, row + len(lines)))
        leaders.append((x, row))
        for number, line in enumerate(lines):
            y = top + (row + number + 1) * LANE - 1
            texts.append((left, y, line, style if number == 0 else "quiet"))
    for x, row in leaders:
        in_the_way = sorted(
            (first, after)
            for left, right, first, after in placed
            if first < row and left - 2 <= x <= right + 2
        )
        start, drawn = 0.0, ""
        for first, after in in_the_way:
            drawn += _line(x, top + start, top + first * LANE + 1)
            start = max(start, after * LANE + 3)
        drawn += _line(x, top + start, top + row * LANE + 4)
        paper.add(f'<path class="leader" d="{drawn}"/>')
    for left, y, line, style in texts:
        paper.text(left, y, line, size=10, style=style)
    paper.down(len(lanes) * LANE + (4 if texts else 0))


def _line(x: float, start: float, end: float) -> str:
    """Return a vertical line as a part of a path, "" if it has no length."""
    return f"M{x:.1f} {start:.1f}V{end:.1f}" if end > start else ""


def _runs(paper: Paper, events: Sequence[Event], axis: Axis) -> None:
    """Draw the requests of one thread: runs of polls as lines, others as marks."""
    y = round(paper.top + LANE, 1)
    lanes = Lanes()
    marks = [axis.at(event.at) for event in events if _is_mark(event)]
    for x in marks:
        lanes.put(x - 7, 14)
    for event, until in _drawn_until(events):
        left, right = axis.at(event.at), axis.at(until)
        title = paper.title(str(event))
        if not _is_mark(event):
            right = max(left, right - 5 * (until > event.until))
            paper.add(
                f'<path class="run" d="M{left} {y}H{right}M{left} {y - 4}v8M{right} {y - 4}v8">{title}</path>'
            )
            count = f"×{event.times:,}"
            width = width_of(count, 10)
            middle = (left + right - width) / 2
            if event.times > 1 and right - left > width + 14 and lanes.put(middle, width) == 0:
                blank = f'x="{middle - 3:.1f}" y="{y - 7}" width="{width + 6:.1f}" height="14"'
                paper.add(f'<rect class="paper" {blank}/>')
                paper.text(middle, y + 3.5, count, size=10, style="fine")
            continue
        if event.faults and right > left:
            paper.add(f'<path class="struck" d="M{left} {y}H{right}"/>')
        shape = (
            f'<path class="mark broken" d="M{left} {y - 7}l6.5 11.5h-13Z">'
            if event.faults
            else f'<circle class="mark {event.kind}" cx="{left}" cy="{y}" r="4.5">'
        )
        paper.add(f"{shape}{title}</{'path' if event.faults else 'circle'}>")
    paper.down(LANE + 8)


def _mark_labels(paper: Paper, events: Sequence[Event], axis: Axis) -> None:
    """Write what each mark stands for below the marks."""
    labels = []
    for event in filter(_is_mark, events):
        name = event.operation + (f" ×{event.times:,}" if event.times > 1 else "")
        answer = event.answer or (event.faults[0].removeprefix("faults.") if event.faults else "")
        labels.append((axis.at(event.at), [name, answer] if answer else [name], event.kind))
    _hang(paper, labels, paper.top - 4)


def _faults(paper: Paper, timeline: Timeline) -> None:
    """List the faults that struck, with how many requests each struck."""
    struck: Counter[str] = Counter()
    for track in timeline.tracks:
        for event in track.events:
            for fault in event.faults:
                struck[fault] += event.times
    for fault, count in struck.items():
        y = paper.top + 10
        paper.add(f'<path class="mark broken" d="M{MARGIN + 6} {y - 9}l5.5 9.5h-11Z"/>')
        times = "" if count == 1 else f" ×{count:,}"
        paper.lines(f"{fault}{times}", size=10, style="quiet", indent=18)


def _legend(paper: Paper) -> None:
    """Draw what each mark means, in as many rows as the width needs."""
    paper.down(8)
    x, y = MARGIN, paper.top + 10
    for shape, style, text in LEGEND:
        width = 21 + width_of(text, 10) + 16
        if x > MARGIN and x + width > paper.right:
            x, y = MARGIN, y + 18
        middle = y - 3.5
        if shape == "line":
            paper.add(
                f'<path class="run" d="M{x} {middle}h16M{x} {middle - 4}v8M{x + 16} {middle - 4}v8"/>'
            )
        elif shape == "dot":
            paper.add(f'<circle class="mark {style}" cx="{x + 8}" cy="{middle}" r="4"/>')
        elif shape == "fault":
            paper.add(f'<path class="mark broken" d="M{x + 8} {y - 10}l5.5 9.5h-11Z"/>')
        else:
            paper.add(f'<path class="break" d="M{x + 4} {y}l3 -8M{x + 9} {y}l3 -8"/>')
        lines = wrapped(text, 10, paper.right - x - 21)
        for line in lines:
            paper.text(x + 21, y, line, size=10, style="quiet")
            y += 14 * (line is not lines[-1])
        x += width
    paper.down(y - paper.top + 4)
