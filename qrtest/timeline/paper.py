"""What pictures are drawn on: an SVG that grows downwards, light or dark as the system is, and a page."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from qrtest.redaction.redactor import shown
from qrtest.timeline.labels import wrapped

__all__ = ["MARGIN", "WIDTHS", "Paper", "page"]

MARGIN: Final = 20.0
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NARROW: Final = 700
"""Pixels of a window below which the lines of the text are wrapped."""

WIDTHS: Final = (340, 540, 740, 1100)
"""Of the pictures in a page: the widest that fits is shown."""

MONO: Final = "ui-monospace, 'SF Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"
LIGHT: Final = {
    "ink": "#0f172a", "quiet": "#55637a", "hair": "#cbd5e1", "paper": "#ffffff", "empty": "#f1f5f9",
    "fine": "#475569", "refused": "#b45309", "broken": "#dc2626", "queued": "#dbe4f0", "on-queued": "#0f172a",
}  # fmt: skip
DARK: Final = {
    "ink": "#e2e8f0", "quiet": "#9fb0c7", "hair": "#3b4a61", "paper": "#0f172a", "empty": "#1b2740",
    "fine": "#a9b8cc", "refused": "#f59e0b", "broken": "#f87171", "queued": "#3d4f6d", "on-queued": "#f1f5f9",
}  # fmt: skip
BANDS: Final = {
    "running": "#1d4ed8",
    "done": "#15803d",
    "error": "#b91c1c",
    "cancelled": "#92400e",
    "unknown": "#7e22ce",
}


def _rules(colours: dict[str, str]) -> str:
    """Return the rules of a style sheet with *colours*."""
    filled = ("ink", "quiet", "fine", "refused", "broken", "paper", "empty", "queued", "on-queued")
    rules = [f".{name}{{fill:{colours[name]}}}" for name in filled]
    rules += [
        f".axis,.tick,.leader{{stroke:{colours['hair']};fill:none}}",
        ".broken-axis{stroke-dasharray:2 4}",
        f".run{{stroke:{colours['fine']};stroke-width:1.5;fill:none}}",
        f".break{{stroke:{colours['quiet']};stroke-width:1.5;fill:none}}",
        f".gap{{stroke:{colours['paper']};stroke-width:2;fill:none}}",
        f".struck{{stroke:{colours['broken']};stroke-width:3;fill:none}}",
        f".mark{{stroke:{colours['paper']}}}",
        f"text{{paint-order:stroke;stroke:{colours['paper']};stroke-width:3px;stroke-linejoin:round}}",
        "text[class*=on-]{stroke:none}",
    ]
    return "".join(rules)


STYLE: Final = "".join(
    [
        _rules(LIGHT),
        ".bold{font-weight:600}",
        *(f".{name}{{fill:{colour}}}.on-{name}{{fill:#ffffff}}" for name, colour in BANDS.items()),
        f"@media (prefers-color-scheme:dark){{{_rules(DARK)}}}",
    ]
)


class Paper:
    """An SVG image of a fixed *width* that is drawn from the top to the bottom; `top` is where it goes on."""

    def __init__(self, width: float, title: str) -> None:
        self.width: Final = float(width)
        self.right: Final = width - MARGIN
        self.inner: Final = self.right - MARGIN
        self.top = MARGIN
        self._title: Final = title
        self._parts: list[str] = []

    def add(self, part: str) -> None:
        """Add an element, which must be escaped."""
        self._parts.append(part)

    def down(self, pixels: float) -> None:
        """Go on further down."""
        self.top += pixels

    def text(self, x: float, y: float, text: str, *, size: float, style: str) -> None:
        """Write one line of *text* whose left end on the base line is *x*, *y*."""
        self.add(
            f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" font-size="{size}">{safe(text)}</text>'
        )

    def lines(self, text: str, *, size: float, style: str, indent: float = 0.0) -> None:
        """Write *text* over the whole width, in as many lines as it needs, and go on below."""
        for line in wrapped(shown(text), size, self.inner - indent):
            self.text(MARGIN + indent, self.top + size, line, size=size, style=style)
            self.down(size * 1.45)

    def title(self, text: str) -> str:
        """Return what a browser shows at the pointer: *text* in one line.

        Secrets are looked for in its columns: in one line, "token 200" would be one.
        """
        return f"<title>{_escaped(' '.join(shown(text).split()))}</title>"

    def svg(self) -> str:
        """Return the whole image."""
        height = round(self.top + MARGIN)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {height}" '
            f'width="{self.width:g}" height="{height}" role="img" font-family="{MONO}">'
        )
        return "\n".join(
            [
                head,
                f"<title>{safe(self._title)}</title>",
                f"<style>{STYLE}</style>",
                f'<rect class="paper" width="{self.width:g}" height="{height}" rx="10"/>',
                *self._parts,
                "</svg>\n",
            ]
        )


def safe(text: str) -> str:
    """Return *text* without secrets, escaped, and without characters that XML does not allow."""
    return _escaped(shown(text))


def _escaped(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", escape(text, quote=True))


def page(title: str, pictures: dict[int, str], text: str) -> str:
    """Return a page of HTML with the widest of *pictures* (by their width) that fits, and *text* below."""
    widths = sorted(pictures)
    shown_from = [0, *(width + 40 for width in widths[1:])]
    rules = "".join(
        f"@media (min-width:{start}px){{.picture{{display:none}}.w{width}{{display:block}}}}"
        for start, width in zip(shown_from, widths, strict=True)
    )
    drawn = "\n".join(f'<div class="picture w{width}">{pictures[width]}</div>' for width in widths)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{safe(title)}</title>
<style>
body {{ margin: 0; padding: 20px; background: #f1f5f9; color: {LIGHT["ink"]}; }}
main {{ max-width: {widths[-1]}px; margin: auto; }}
svg {{ display: block; width: 100%; height: auto; }}
pre {{ margin: 20px 0 0; padding: 16px 20px; overflow-x: auto; background: {LIGHT["paper"]};
  border-radius: 10px; font: 12.5px/1.55 {MONO}; }}
@media (max-width: {NARROW}px) {{
  pre {{ font-size: 10px; white-space: pre-wrap; overflow-wrap: anywhere; }}
}}
{rules}
@media (prefers-color-scheme: dark) {{
  body {{ background: #020617; color: {DARK["ink"]}; }}
  pre {{ background: {DARK["paper"]}; }}
}}
</style>
</head>
<body>
<main>
{drawn}
<pre>{safe(text)}</pre>
</main>
</body>
</html>
"""
