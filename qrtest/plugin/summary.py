"""The lines at the end of a run about cassettes and scenarios, counted over all workers of pytest-xdist.

`Tally` counts and words: values in, lines out, it reads no file and knows no pytest. `Summary` is the plugin
that asks the file system and prints; it is registered with the first thing to count.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from qrtest.harness.record import Recording
    from qrtest.harness.replay import Replay
    from qrtest.timeline.coverage import Coverage
    from qrtest.timeline.journal import Journal

__all__ = ["Played", "Summary", "Tally", "lines", "of"]

NAME: Final = "qrtest-summary"
"""The name under which pytest knows the plugin."""

TITLE: Final = "qrtest"
KEY: Final = "qrtest"
FAILURE: Final = 1
SEVERITY: Final = ("ignore", "warn", "fail")
SHOWN: Final = 3


def of(config: pytest.Config) -> Summary:
    """Return the summary of this run, or of this worker's part of it."""
    plugins = config.pluginmanager
    summary: Summary | None = plugins.get_plugin(NAME)
    if summary is None:
        summary = Summary(config)
        plugins.register(summary, NAME)
    return summary


@dataclass(frozen=True)
class Played:
    """A cassette that was replayed: how many *interactions* it has, and which of them were *unused*.

    *wanted* is what to do about those; *expired* says that it is too old, and since when.

    >>> one, other = Played(3, {0: "GET /a", 2: "GET /c"}), Played(3, {2: "GET /c"}, wanted="fail")
    >>> one | other
    Played(interactions=3, unused={2: 'GET /c'}, wanted='fail', expired='')
    """

    interactions: int
    unused: Mapping[int, str]
    wanted: str = "ignore"
    expired: str = ""

    def __or__(self, other: Played) -> Played:
        """Merge two tests with one cassette: unused is what neither asked for."""
        both = {number: asked for number, asked in self.unused.items() if number in other.unused}
        wanted = max(self.wanted, other.wanted, key=SEVERITY.index)
        return Played(self.interactions, both, wanted, self.expired or other.expired)


@dataclass(frozen=True)
class Tally:
    """What a run, or a worker's part of it, *recorded* (interactions by file), *played* and *saved*.

    *folders* are those in which the cassettes stand; *coverage* is what was seen of jobs, if counted.
    """

    recorded: Mapping[str, int] = field(default_factory=dict)
    played: Mapping[str, Played] = field(default_factory=dict)
    saved: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    coverage: Coverage | None = None

    def __or__(self, other: Tally) -> Tally:
        """Merge two parts of a run."""
        played = dict(self.played)
        for path, one in other.played.items():
            played[path] = played[path] | one if path in played else one
        return Tally(
            {**self.recorded, **other.recorded},
            played,
            self.saved | other.saved,
            self.folders | other.folders,
            self.coverage | other.coverage
            if self.coverage and other.coverage
            else self.coverage or other.coverage,
        )

    @property
    def fails(self) -> bool:
        """Whether something unused was not to be."""
        return any(one.unused and one.wanted == "fail" for one in self.played.values())

    def data(self) -> dict[str, Any]:
        """Return the tally as plain values, to be sent to another process."""
        played = {
            path: [one.interactions, dict(one.unused), one.wanted, one.expired]
            for path, one in self.played.items()
        }
        return {
            "recorded": dict(self.recorded),
            "played": played,
            "saved": sorted(self.saved),
            "folders": sorted(self.folders),
            "coverage": self.coverage and self.coverage.counts,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Tally:
        """Return the tally that `data` gave.

        >>> tally = Tally({"a.yaml": 2}, {"b.yaml": Played(1, {0: "GET /x"})}, frozenset({"s.yaml"}))
        >>> Tally.of(tally.data()) == tally
        True
        """
        played = {path: Played(*values) for path, values in data["played"].items()}
        coverage = None
        if data["coverage"] is not None:
            from qrtest.timeline.coverage import Coverage

            coverage = Coverage.from_data(data["coverage"])
        saved, folders = frozenset(data["saved"]), frozenset(data["folders"])
        return cls(data["recorded"], played, saved, folders, coverage)


def lines(
    tally: Tally, orphaned: Iterable[tuple[str, str]], *, shows_coverage: bool = True
) -> list[str]:
    """Return the summary: counts, then a line for each thing to look at.

    *orphaned* are files that no test uses, with the reason. *shows_coverage*: also what was seen of jobs.

    >>> print(*lines(Tally({"a.yaml": 2}), [("old.yaml", "no test names it")]), sep="\\n")
    cassettes: 1 recorded, 0 replayed, 0 with unused interactions, 1 orphaned, 0 expired
    recorded  a.yaml: 2 interactions
    orphaned  old.yaml: no test names it
    """
    lost = sorted(orphaned)
    unused = {path: one for path, one in sorted(tally.played.items()) if one.unused}
    expired = {path: one.expired for path, one in sorted(tally.played.items()) if one.expired}
    found = []
    if tally.recorded or tally.played:
        found.append(
            f"cassettes: {len(tally.recorded)} recorded, {len(tally.played)} replayed, "
            f"{len(unused)} with unused interactions, {len(lost)} orphaned, {len(expired)} expired"
        )
    if tally.saved:
        found.append(f"scenarios: {len(tally.saved)} saved")
    found += [
        f"recorded  {path}: {_counted(count)}" for path, count in sorted(tally.recorded.items())
    ]
    found += [
        f"unused    {path}: {_unused(one)}"
        for path, one in unused.items()
        if one.wanted != "ignore"
    ]
    found += [f"orphaned  {path}: {why}" for path, why in lost]
    found += [f"expired   {path}: {why}" for path, why in expired.items()]
    found += [f"saved     {path}" for path in sorted(tally.saved)]
    return [*found, *(tally.coverage.lines() if tally.coverage and shows_coverage else ())]


def _counted(count: int) -> str:
    return f"{count} interaction{'' if count == 1 else 's'}"


def _unused(one: Played) -> str:
    named = list(one.unused.values())
    more = f", and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f"{len(named)} of {_counted(one.interactions)}: {', '.join(named[:SHOWN])}{more}"


class Summary:
    """A plugin of its own: it counts in each process, is merged in the first, and printed there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._tally = Tally()
        self._lock = Lock()
        self._least = 0.0
        self._has_threshold = False

    def count(
        self, session: Replay | Recording, wanted: str, folder: str, *, has_failed: bool
    ) -> None:
        """Count what *session* did to its cassette, which stands in some *folder* of this name.

        A test that failed cannot have asked for all.
        """
        from qrtest.harness.record import Recording

        if isinstance(session, Recording):
            if session.cassette is None:
                return
            path = session.path
            tally = Tally({self._name(path): session.count})
        else:
            path = Path(session.name)
            played = _played(session, wanted, self._longest(), has_failed=has_failed)
            tally = Tally(played={self._name(path): played})
        named = [self._name(parent) for parent in path.parents if parent.name == folder]
        self._add(tally | Tally(folders=frozenset(named[:1])))

    def count_saved(self, path: Path) -> None:
        """Count a scenario file that check_consumer wrote."""
        self._add(Tally(saved=frozenset([self._name(path)])))

    def count_coverage(self, threshold: str) -> Callable[[Journal], None]:
        """Return the function that counts what a client saw of jobs in a journal.

        *threshold*: the share in percent below which the run fails; "" is none.
        """
        from qrtest.timeline.coverage import Coverage

        try:
            self._least = float(threshold or 0)
        except ValueError:
            self._least = math.nan
        if not 0 <= self._least <= 100:
            raise pytest.UsageError(
                f"qrtest_fail_under = {threshold}: give a number from 0 to 100."
            )
        self._has_threshold = bool(threshold)
        self._add(Tally(coverage=Coverage()))

        def count(journal: Journal) -> None:
            self._add(Tally(coverage=Coverage.of(journal.drawn())))

        return count

    def add(self, data: Mapping[str, Any]) -> None:
        """Add what a worker has counted, as its `Tally.data`."""
        self._add(Tally.of(data))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send what was counted, or judge it."""
        sent = getattr(self._config, "workeroutput", None)
        if sent is not None:
            sent[KEY] = self._tally.data()
            return
        if self._tally.coverage is not None and self._config.getoption("qrtest_report"):
            self._draw(self._tally.coverage)
        if (self._tally.fails or self._is_short()) and session.exitstatus == 0:
            session.exitstatus = FAILURE

    def _shows_coverage(self) -> bool:
        """Return whether coverage was asked for as text, not as a picture alone."""
        return self._has_threshold or bool(self._config.getoption("qrtest_coverage"))

    def _is_short(self) -> bool:
        """Return whether less was seen of jobs than the threshold says."""
        coverage = self._tally.coverage
        is_run = not self._config.getoption("collectonly")
        return is_run and coverage is not None and coverage.percent < self._least

    def _draw(self, coverage: Coverage) -> None:
        """Write the pictures of *coverage* into the folder of the report."""
        from qrtest.timeline import coverage_chart

        folder = Path(self._config.getoption("qrtest_report"))
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / "coverage.html"
        page.write_text(coverage_chart.html(coverage), encoding="utf-8")
        page.with_suffix(".svg").write_text(coverage_chart.svg(coverage), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary."""
        found = lines(self._tally, self._orphaned(), shows_coverage=self._shows_coverage())
        if not found:
            return
        terminalreporter.write_sep("=", TITLE)
        for line in found:
            terminalreporter.write_line(line)
        if self._tally.fails:
            terminalreporter.write_line(
                "qrtest_unused=fail: record these cassettes again, or let a test ask for all of it",
                red=True,
            )
        if self._is_short():
            terminalreporter.write_line(
                f"qrtest_fail_under={self._least:g}: the tests have seen less than that of what jobs do",
                red=True,
            )

    def _add(self, more: Tally) -> None:
        # Sessions end in threads, too.
        with self._lock:
            self._tally |= more

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._config.rootpath)).as_posix()

    def _longest(self) -> float | None:
        age = self._config.getini("qrtest_max_age")
        if not age:
            return None
        from qrtest.clock import duration

        return duration.seconds(age)

    def _orphaned(self) -> Iterator[tuple[str, str]]:
        """Yield the cassettes beside those of this run that no test can use, each with the reason."""
        from qrtest.cassette import checks, store

        used = {*self._tally.recorded, *self._tally.played}
        root = self._config.rootpath
        scenarios = root / self._config.getini("qrtest_scenarios")
        for folder in sorted(root / name for name in self._tally.folders):
            sources = [
                (file, file.read_text("utf-8", "replace")) for file in folder.parent.rglob("*.py")
            ]
            for file in store.files(folder):
                if scenarios not in file.parents and self._name(file) not in used:
                    for finding in checks.ownership(file, sources):
                        yield self._name(file), finding.kind.rpartition(": ")[2]


def _played(session: Replay, wanted: str, longest: float | None, *, has_failed: bool) -> Played:
    from qrtest.cassette import checks
    from qrtest.redaction.redactor import Redactor

    redactor = Redactor(b"shown")
    interactions = session.cassette.interactions
    unused = {
        number: str(redactor.request(each.request))
        for number, each in enumerate(interactions)
        if number not in session.used and not has_failed
    }
    old = (
        []
        if longest is None
        else list(checks.age(session.cassette, longest_seconds=longest, now=datetime.now(UTC)))
    )
    return Played(len(interactions), unused, wanted, old[0].kind if old else "")
