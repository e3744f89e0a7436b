"""The real time, and a table of measurements: shown on a terminal, or written into docs/performance.md."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import table as rich_table
from rich.console import Console

__all__ = ["Measured", "now", "show"]


def now() -> float:
    """Return the real seconds since some moment, also inside of a simulation."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class Measured:
    """Rows of figures under a *title*; the first column says what was measured. *note* stands below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """Return the table as a section of a page."""
        lines = [
            f"### {self.title}",
            "",
            f"| {' | '.join(self.columns)} |",
            f"|---|{'---:|' * (len(self.columns) - 1)}",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]
        return "\n".join([*lines, *(["", self.note] if self.note else []), ""])


def show(measured: Iterable[Measured]) -> None:
    """Print tables as they come."""
    console = Console(width=110)
    for each in measured:
        shown = rich_table.Table(title=each.title, caption=each.note or None)
        for number, column in enumerate(each.columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in each.rows:
            shown.add_row(*row)
        console.print(shown)
