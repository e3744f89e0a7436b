"""A timeline as a picture: SVG, and a page of HTML that needs nothing else.

Time runs to the right, but not evenly: an hour in which nothing changes is little wider than a minute, and
its length is written on it. What each mark means is in the legend, and in docs/timeline.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Final

from qrtest.clock import duration as durations
from qrtest.redaction.redactor import shown
from qrtest.timeline.timeline import Event, Stretch, Timeline, Track, clock_face, merged

__all__ = ["html", "svg"]

WIDTH: Final = 960
MARGIN: Final = 28
RIGHT: Final = WIDTH - MARGIN
TITLE_HEIGHT: Final = 64
TRACK_HEIGHT: Final = 150
LEGEND_HEIGHT: Final = 44
BAND: Final = 30
LANE: Final = 64
"""From the top of a band to the lane of its polls."""

TRACKS: Final = 4
MARKS: Final = 11
"""Requests other than polls, and errors, that a track shows; those in the middle are counted."""

LONGEST_PAUSE: Final = 2.0
"""Seconds without a poll that are still part of a run of polls."""

GAP: Final = 74.0
END_WIDTH: Final = 120.0
LETTER: Final = 6.6
MONO: Final = "ui-monospace, 'SF Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"
SANS: Final = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
INK, QUIET, HAIR, PAPER = "#0f172a", "#64748b", "#e2e8f0", "#ffffff"
FINE, REFUSED, BROKEN = "#475569", "#b45309", "#dc2626"
COLOURS: Final = {
    "QUEUED": ("#dbe4f0", INK),
    "RUNNING": ("#2563eb", PAPER),
    "DONE": ("#15803d", PAPER),
    "ERROR": ("#b91c1c", PAPER),
    "CANCELLED": ("#92400e", PAPER),
}
UNKNOWN: Final = ("#7e22ce", PAPER)
OF_KIND: Final = {"fine": FINE, "refused": REFUSED, "broken": BROKEN}
LEGEND: Final = (
    ("line", FINE, "polls: from the first to the last that said the same"),
    ("dot", FINE, "another request"),
    ("dot", REFUSED, "refused (4xx)"),
    ("dot", BROKEN, "broken (5xx, no answer)"),
    ("fault", BROKEN, "struck by a fault"),
)


def svg(timeline: Timeline) -> str:
    """*timeline* as an SVG image, without secrets.

    >>> svg(Timeline("nothing", ()))[:4]
    '<svg'
    """
    tracks = timeline.tracks[:TRACKS]
    left_out = len(timeline.tracks) - len(tracks)
    drawn = [replace(track, events=tuple(_few(track))) for track in tracks]
    scale = _Scale.of(drawn)
    height = TITLE_HEIGHT + TRACK_HEIGHT * len(drawn) + LEGEND_HEIGHT + (20 if left_out else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="{SANS}">',
        f"<title>{_safe(timeline.title or 'timeline')}</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="{PAPER}"/>',
        *_heading(timeline),
    ]
    top = TITLE_HEIGHT
    for track in drawn:
        parts += _track(track, scale, top)
        top += TRACK_HEIGHT
    if left_out:
        parts.append(_text(MARGIN, top + 6, f"and {left_out:,} more", size=12, fill=QUIET))
        top += 20
    parts += _legend(top + LEGEND_HEIGHT - 18)
    return "\n".join([*parts, "</svg>"]) + "\n"


def html(timeline: Timeline) -> str:
    """*timeline* as a page of HTML: the picture, and the same as text.

    >>> "<svg" in html(Timeline("nothing", ()))
    True
    """
    title = _safe(timeline.title or "timeline")
    text = escape(shown("\n\n".join(timeline.texts(lines=24)) or "Nothing was asked."))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; padding: 2rem 1rem; background: #f1f5f9; color: {INK}; font-family: {SANS}; }}
main {{ max-width: {WIDTH}px; margin: auto; }}
svg {{ display: block; width: 100%; height: auto; filter: drop-shadow(0 1px 3px #0f172a22); }}
pre {{ margin: 1.25rem 0 0; padding: 1rem 1.25rem; overflow-x: auto; background: {PAPER}; color: #334155;
  border-radius: 10px; font: 12.5px/1.55 {MONO}; box-shadow: 0 1px 3px #0f172a22; }}
</style>
</head>
<body>
<main>
{svg(timeline)}<pre>{text}</pre>
</main>
</body>
</html>
"""


# --- what is drawn -----------------------------------------------------------------------------------


def _few(track: Track) -> Iterator[Event]:
    """Yield the events of *track* that are drawn: all runs of polls, and not too many others."""
    events = list(merged(track.events))
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
        goes_on = is_run and after is not None and after.at - event.until <= pause
        yield event, after.at if after is not None and goes_on else event.until


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where times are: *places* of *times*, and straight lines in between."""

    times: tuple[float, ...]
    places: tuple[float, ...]

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> _Scale:
        """Return the scale on which everything that is drawn of *tracks* has room."""
        gaps: dict[float, float] = {0.0: 0.0}
        for track in tracks:
            for stretch in track.stretches:
                gaps.setdefault(stretch.start, 0.0)
                if stretch.end is not None:
                    gaps[stretch.end] = max(gaps.get(stretch.end, 0.0), GAP)
            for event, until in _drawn_until(track.events):
                gap = GAP if _is_mark(event) else 0.0
                gaps[event.at] = max(gaps.get(event.at, 0.0), gap)
                gaps.setdefault(until, 0.0)
        times = sorted(gaps)
        lengths = [math.log10(1 + after - before) for before, after in pairwise(times)]
        least = [gaps[time] for time in times[1:]]
        room = RIGHT - MARGIN - END_WIDTH
        shrink = min(1.0, room / (sum(least) or 1.0))
        spare = max(room - sum(least) * shrink, 0.0) / (sum(lengths) or 1.0)
        places = [float(MARGIN)]
        for length, gap in zip(lengths, least, strict=True):
            places.append(places[-1] + gap * shrink + length * spare)
        return cls(tuple(times), tuple(places))

    def at(self, time: float) -> float:
        """Return the place of *time*."""
        for number, after in enumerate(self.times[1:], 1):
            if time <= after:
                before = self.times[number - 1]
                share = (time - before) / (after - before)
                left = self.places[number - 1]
                return round(left + share * (self.places[number] - left), 1)
        return round(self.places[-1], 1)


# --- how it is drawn ---------------------------------------------------------------------------------


def _safe(text: str) -> str:
    return escape(shown(text), quote=True)


def _text(
    x: float, y: float, text: str, *, size: float = 11, fill: str = INK, anchor: str = "start",
    mono: bool = False, bold: bool = False,
) -> str:  # fmt: skip
    family = f' font-family="{MONO}"' if mono else ""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"'
        f"{family}{weight}>{_safe(text)}</text>"
    )


def _heading(timeline: Timeline) -> Iterator[str]:
    asked = sum(event.times for track in timeline.tracks for event in track.events if event.answer)
    ends = [
        moment
        for track in timeline.tracks
        for moment in (
            *(event.until for event in track.events),
            *(stretch.end or stretch.start for stretch in track.stretches),
        )
    ]
    lasts = durations.text(round(max(ends, default=0.0), 2))
    about = f"{lasts}, {asked:,} requests" if asked else lasts
    yield _text(MARGIN, 34, _clipped(timeline.title or "timeline", 84), size=17, bold=True)
    yield _text(RIGHT, 34, about, size=12.5, fill=QUIET, anchor="end")


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _track(track: Track, scale: _Scale, top: float) -> Iterator[str]:
    yield f'<line x1="{MARGIN}" x2="{RIGHT}" y1="{top - 12}" y2="{top - 12}" stroke="{HAIR}"/>'
    yield _text(MARGIN, top + 8, track.name, size=12, fill=QUIET, mono=True)
    band = top + 20
    yield f'<rect x="{MARGIN}" y="{band}" width="{RIGHT - MARGIN}" height="{BAND}" rx="6" fill="#f8fafc"/>'
    if track.stretches:
        yield from _band(track.stretches, scale, band)
    yield from _lanes(track.events, scale, band + LANE)


def _band(stretches: Sequence[Stretch], scale: _Scale, top: float) -> Iterator[str]:
    last_label = -GAP
    for stretch in stretches:
        left = scale.at(stretch.start)
        right = float(RIGHT) if stretch.end is None else scale.at(stretch.end)
        fill, ink = COLOURS.get(stretch.status.split()[0], UNKNOWN)
        width = max(right - left - 1.5, 2.0)
        yield (
            f'<rect x="{left}" y="{top}" width="{width:.1f}" height="{BAND}" rx="5" fill="{fill}">'
            f"<title>{_safe(str(stretch).strip())}</title></rect>"
        )
        for label in _labels(stretch):
            if len(label) * LETTER + 12 <= width:
                yield _text(left + 9, top + 19.5, label, size=11.5, fill=ink, bold=True)
                break
        if left - last_label >= GAP:
            yield f'<line x1="{left}" x2="{left}" y1="{top + BAND}" y2="{top + BAND + 5}" stroke="{QUIET}"/>'
            yield _text(
                left, top + BAND + 16, clock_face(stretch.start), size=10, fill=QUIET, mono=True
            )
            last_label = left


def _labels(stretch: Stretch) -> Iterator[str]:
    """Yield the possible labels of a stretch, the longest first."""
    if stretch.end is None:
        is_final = stretch.status.split()[0] in ("DONE", "ERROR", "CANCELLED")
        yield stretch.status if is_final else f"{stretch.status} …"
    else:
        lasts = durations.text(round(stretch.end - stretch.start, 2))
        yield f"{stretch.status}  {lasts}"
        yield stretch.status
        yield stretch.status[:3]


def _lanes(events: Sequence[Event], scale: _Scale, top: float) -> Iterator[str]:
    """Runs of polls on a line; below it what else was asked, each with its name and answer."""
    free = [-math.inf, -math.inf]
    for event, until in _drawn_until(events):
        left, right = scale.at(event.at), scale.at(until)
        colour = OF_KIND[event.kind]
        if not _is_mark(event):
            yield from _run(event, left, max(left, right - 7 * (until > event.until)), top)
            continue
        if event.faults and right > left:
            yield f'<line x1="{left}" x2="{right}" y1="{top}" y2="{top}" stroke="{BROKEN}" stroke-width="3"/>'
        yield from _mark(event, left, colour, top)
        words = [_clipped(event.operation, 16), _clipped(event.answer or _brief(event), 18)]
        if event.times > 1:
            words[0] += f" ×{event.times:,}"
        length = max(map(len, words)) * 5.6 + 8
        row = 0 if left >= free[0] else 1
        x = left - 4 if row == 0 else max(left - 4, free[1])
        free[row] = x + length
        y = top + 19 + row * 25
        yield _text(x, y, words[0], size=9.5, fill=colour, bold=True)
        yield _text(x, y + 11, words[1], size=9.5, fill=QUIET)


def _brief(event: Event) -> str:
    """Return the first fault that struck, without its options."""
    name = event.faults[0].removeprefix("faults.") if event.faults else ""
    first, comma, _ = name.partition(",")
    return f"{first})" if comma else name


def _run(event: Event, left: float, right: float, y: float) -> Iterator[str]:
    yield (
        f'<g stroke="{FINE}" stroke-width="1.5"><title>{_safe(str(event).strip())}</title>'
        f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        f'<line x1="{left}" x2="{left}" y1="{y - 4}" y2="{y + 4}"/>'
        f'<line x1="{right}" x2="{right}" y1="{y - 4}" y2="{y + 4}"/></g>'
    )
    count = f"×{event.times:,}"
    if event.times > 1 and right - left > len(count) * 6 + 14:
        middle = (left + right) / 2
        half = len(count) * 3.1 + 4
        yield f'<rect x="{middle - half:.1f}" y="{y - 7}" width="{2 * half:.1f}" height="14" fill="{PAPER}"/>'
        yield _text(middle, y + 3.5, count, size=10, fill=FINE, anchor="middle", mono=True)


def _mark(event: Event, x: float, colour: str, y: float) -> Iterator[str]:
    title = f"<title>{_safe(' '.join(str(event).split()))}</title>"
    if event.faults:
        yield (
            f'<path d="M{x} {y - 7}L{x + 6.5} {y + 4.5}L{x - 6.5} {y + 4.5}Z" fill="{BROKEN}" '
            f'stroke="{PAPER}">{title}</path>'
        )
    else:
        yield f'<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}" stroke="{PAPER}">{title}</circle>'


def _legend(y: float) -> Iterator[str]:
    x = float(MARGIN)
    for shape, colour, says in LEGEND:
        if shape == "line":
            yield f'<path d="M{x} {y - 3.5}h16" stroke="{colour}" stroke-width="1.5"/>'
        elif shape == "dot":
            yield f'<circle cx="{x + 8}" cy="{y - 3.5}" r="4" fill="{colour}"/>'
        else:
            yield f'<path d="M{x + 8} {y - 9}l5.5 9.5h-11Z" fill="{colour}"/>'
        yield _text(x + 21, y, says, size=10.5, fill=QUIET)
        x += 21 + len(says) * 5.35 + 20
