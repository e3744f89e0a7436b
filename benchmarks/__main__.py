"""Writes docs/performance.md, and the table in the README, from one run of all benchmarks.

Run: python -m benchmarks [--rivals PYTHON]

PYTHON is an interpreter that has localqpu and pytest-httpserver; without it one is made for the run.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    cassettes,
    clients,
    doubles,
    imports,
    polls,
    results,
    searches,
    serve,
    startup,
    waits,
)
from benchmarks.report import Measured, show

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- measured by python -m benchmarks -->\n", "<!-- end -->\n"
HEAD = """# Performance

Measured side by side in one run of `python -m benchmarks`, which wrote this page on {date}: {processors}
processors, Python {python}, qiskit-ibm-runtime {client}, requests {requests}, responses {responses},
vcrpy {vcrpy}. The load of the machine was {before} at the begin and {after} at the end{busy}

Each benchmark can be run alone: `python -m benchmarks.polls`, and so on.
"""
BUSY = ": other work was going on, so read the ratios."


@contextmanager
def rivals(python: str | None) -> Iterator[str]:
    """Provide an interpreter that has the other servers."""
    if python is not None:
        yield python
        return
    with tempfile.TemporaryDirectory() as name:
        venv.create(name, with_pip=True)
        made = str(Path(name) / ("Scripts" if os.name == "nt" else "bin") / "python")
        wanted = ["localqpu", "pytest-httpserver"]
        subprocess.run([made, "-m", "pip", "install", "-q", *wanted], check=True)
        yield made


def load() -> float:
    """Return how many processes want a processor, over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def sections(python: str) -> Iterator[tuple[str, Iterator[Measured]]]:
    """Yield the headings of the page, each with its tables."""
    yield "A poll, and waiting for a job (`benchmarks.polls`)", polls.measured()
    yield "Waiting on one clock (`benchmarks.waits`)", waits.measured()
    yield "How much of the client runs (`benchmarks.doubles`)", doubles.measured()
    yield "A suite that uses none of it (`benchmarks.imports`, `benchmarks.startup`)", both()
    yield "Cassettes (`benchmarks.cassettes`)", cassettes.measured()
    yield "Every HTTP client (`benchmarks.clients`)", clients.measured()
    yield "A server (`benchmarks.serve`)", serve.measured(python)
    yield "Results of submitted jobs (`benchmarks.results`)", results.measured()
    yield "Searches (`benchmarks.searches`)", searches.measured()


def both() -> Iterator[Measured]:
    """Yield what importing costs, and what starting costs."""
    yield from imports.measured()
    yield from startup.measured()


def comparison(found: list[Measured]) -> str:
    """Return the table of the README: rows that were measured, with what each tool has to show."""

    def cell(title: str, row: str, column: int) -> str:
        """Return the figure in the table whose title begins so, in the row that begins so."""
        [table] = [each for each in found if each.title.startswith(title)]
        [cells] = [each for each in table.rows if each[0].startswith(row)]
        return cells[column]

    code, test = "Functions of the client", "26 recorded polls"
    threads, server = "Recording 40 requests", "Status polls of a server"
    rows = [
        (
            "functions of the client that `job.result()` runs",
            cell(code, "Mock", 1), cell(code, "vcrpy", 1), "–", cell(code, "qrtest, requests", 1),
        ),
        (
            "a wait of 26 recorded polls and the result, as a test",
            "–", f"{cell(test, 'pytest-recording', 1)} ms", "–", f"{cell(test, 'qrtest', 1)} ms",
        ),
        (
            "of 40 requests by 8 threads, recorded",
            "–", cell(threads, "vcrpy", 1), "–", cell(threads, "qrtest", 1),
        ),
        (
            "polls a second over a port",
            "–", "–", cell(server, "localqpu", 1), cell(server, "qrtest", 1),
        ),
    ]  # fmt: skip
    head = ("measured", "with Mock", "with pytest-recording", "with localqpu", "with qrtest")
    lines = [f"| {' | '.join(head)} |", "|---|---:|---:|---:|---:|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", metavar="PYTHON")
    options = parser.parse_args()
    before, parts, found = load(), [], []
    with rivals(options.rivals) as python:
        for heading, tables in sections(python):
            kept = list(tables)
            show(kept)
            found += kept
            parts.append("\n".join([f"## {heading}\n", *(each.markdown() for each in kept)]))
    after = load()
    processors = os.cpu_count() or 1
    head = HEAD.format(
        date=datetime.now(UTC).date(),
        processors=processors,
        python=platform.python_version(),
        client=version("qiskit-ibm-runtime"),
        **{name: version(name) for name in ("requests", "responses", "vcrpy")},
        before=f"{before:.1f}",
        after=f"{after:.1f}",
        busy=BUSY if max(before, after) > processors else ".",
    )
    PAGE.write_text("\n".join([head, *parts]), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    first, _, rest = text.partition(BEGIN)
    _, _, last = rest.partition(END)
    README.write_text(f"{first}{BEGIN}\n{comparison(found)}\n{END}{last}", encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE.relative_to(ROOT)} and the table of {README.name}\n")


if __name__ == "__main__":
    main()
