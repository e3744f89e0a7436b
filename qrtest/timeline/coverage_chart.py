"""Coverage of the job's state machine as a picture: the graph of statuses with counts, endings and faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from qrtest.timeline.coverage import BEGINNING, Coverage
from qrtest.timeline.labels import width_of
from qrtest.timeline.paper import MARGIN, WIDTHS, Paper, page

__all__ = ["html", "svg"]

TITLE: Final = "status coverage"
HEIGHT: Final = 38.0
ARROW: Final = 40.0
"""From where an arrow goes straight down, above its status."""

ROUND: Final = 80.0
"""Within how many pixels an arrow from the beginning reaches its side."""

WIDEST: Final = 150.0
THOUSAND: Final = 1_000
PLACES: Final = {
    BEGINNING: (1 / 2, 0.0),
    "QUEUED": (1 / 4, 100.0),
    "RUNNING": (3 / 4, 160.0),
    "DONE": (1 / 6, 280.0),
    "ERROR": (3 / 6, 280.0),
    "CANCELLED": (5 / 6, 280.0),
}
"""Where each status stands: its middle, of the width, and its top in pixels."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A status in the picture: *middle* and *top* in pixels, and where the arrows to it end."""

    middle: float
    top: float
    width: float
    sources: tuple[str, ...]

    def port(self, source: str) -> float:
        """Return where the arrow from *source* ends."""
        number = self.sources.index(source) + 1
        return self.middle - self.width / 2 + self.width * number / (len(self.sources) + 1)


def svg(coverage: Coverage, *, width: float = 740) -> str:
    """Return *coverage* as an SVG image *width* pixels wide.

    >>> "QUEUED" in svg(Coverage())
    True
    """
    paper = Paper(width, TITLE)
    paper.lines(TITLE, size=15, style="ink bold")
    share = f"{coverage.seen} of {coverage.total} seen ({coverage.percent:.0f} %)"
    paper.lines(share, size=11, style="quiet")
    paper.down(12)
    _graph(paper, coverage)
    for group in ("endings", "faults"):
        paper.lines(group, size=11, style="quiet bold")
        _flow(paper, coverage.counts[group])
    paper.lines("dotted and grey: never seen", size=10, style="quiet")
    return paper.svg()


def html(coverage: Coverage) -> str:
    """Return *coverage* as a page of HTML: the picture, in the width that fits, and the same as text."""
    pictures = {width: svg(coverage, width=width) for width in WIDTHS}
    return page(TITLE, pictures, "\n".join(coverage.lines()))


def _graph(paper: Paper, coverage: Coverage) -> None:
    """Draw the statuses and the arrows between them, each with how many jobs went that way."""
    arrows = [tuple(name.split(" -> ")) for name in coverage.counts["transitions"]]
    width = min(paper.inner / 3 - 12, WIDEST)
    nodes = {
        name: _Node(
            MARGIN + share * paper.inner,
            paper.top + top,
            width,
            _in_order([source for source, target in arrows if target == name], share),
        )
        for name, (share, top) in PLACES.items()
    }
    drawn = [(source, target) for source, target in arrows if {source, target} <= set(nodes)]
    for source, target in drawn:
        count = coverage.counts["transitions"][f"{source} -> {target}"]
        _arrow(paper, nodes[source], nodes[target], source, is_seen=count > 0)
    for name, node in nodes.items():
        if name == BEGINNING:
            text, left = name, node.middle - width_of(name, 10) / 2
            paper.text(left, node.top + 22, text, size=10, style="ink bold")
        else:
            _box(paper, node, name, coverage.counts["statuses"].get(name, 0))
    for source, target in drawn:
        count = coverage.counts["transitions"][f"{source} -> {target}"]
        _count(paper, nodes[target], source, count)
    paper.down(max(top for _, top in PLACES.values()) + HEIGHT + 26)


def _in_order(sources: list[str], share: float) -> tuple[str, ...]:
    """Return *sources* so that an arrow from the beginning goes round the statuses, on the outer side."""
    return tuple(sorted(sources, key=lambda source: (source == BEGINNING) == (share < 1 / 2)))[::-1]


def _arrow(paper: Paper, start: _Node, end: _Node, source: str, *, is_seen: bool) -> None:
    x, y = end.port(source), end.top - ARROW
    below = start.top + (28 if source == BEGINNING else HEIGHT)
    bend = max((y - below) / 2, 16)
    if source == BEGINNING and y - below > ROUND:
        y, bend = (
            below + ROUND,
            ROUND,
        )  # early to its side, then straight down beside what stands there
    style = "run" if is_seen else "axis broken-axis"
    paper.add(
        f'<path class="{style}" d="M{start.middle:.1f} {below:.1f}C{start.middle:.1f} {below + bend:.1f} '
        f'{x:.1f} {y - bend:.1f} {x:.1f} {y:.1f}V{end.top - 1:.1f}m-3 -5l3 5l3 -5"/>'
    )


def _box(paper: Paper, node: _Node, name: str, count: int) -> None:
    left = node.middle - node.width / 2
    style = name.lower() if count else "empty"
    ink = f"on-{style} bold" if count else "quiet bold"
    paper.add(
        f'<rect class="band {style}" x="{left:.1f}" y="{node.top:.1f}" width="{node.width:.1f}" '
        f'height="{HEIGHT}" rx="5"/>'
    )
    for text, down in ((name, 16), (f"{count:,}", 30)):
        middle = node.middle - width_of(text, 10) / 2
        paper.text(middle, node.top + down, text, size=10, style=ink)


def _count(paper: Paper, node: _Node, source: str, count: int) -> None:
    """Write a count onto its arrow; every other one stands higher, so that neighbours have room."""
    text = f"{count / THOUSAND:.0f}k" if count >= 10 * THOUSAND else str(count)
    width = width_of(text, 9)
    x = node.port(source) - width / 2
    y = node.top - 10 - 14 * (node.sources.index(source) % 2)
    paper.add(
        f'<rect class="paper" x="{x - 2:.1f}" y="{y - 9:.1f}" width="{width + 4:.1f}" height="11"/>'
    )
    paper.text(x, y, text, size=9, style="ink" if count else "quiet")


def _flow(paper: Paper, counts: object) -> None:
    """Write names with their counts one after another, in as many lines as they need."""
    assert isinstance(counts, dict)
    x = MARGIN
    for name, count in counts.items():
        text = f"{name} {count:,}"
        width = width_of(text, 10)
        if x > MARGIN and x + width > paper.right:
            x = MARGIN
            paper.down(16)
        paper.text(x, paper.top + 11, text, size=10, style="ink" if count else "quiet")
        if not count:
            line = f"M{x:.1f} {paper.top + 15:.1f}h{width:.1f}"
            paper.add(f'<path class="axis broken-axis" d="{line}"/>')
        x += width + 14
    paper.down(26)
