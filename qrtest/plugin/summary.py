"""What pytest says in the end about cassettes and scenarios, over all workers of pytest-xdist.

A leaf of the plugin: it asks the file system, and leaves counting and wording to `tally`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest import run_options

if TYPE_CHECKING:
    from qrtest.harness.record import Recording
    from qrtest.harness.replay import Replay
    from qrtest.plugin.tally import Tally

__all__ = ["NAME", "Summary"]

NAME: Final = "qrtest-summary"
"""Of the plugin among those of pytest."""

TITLE: Final = "qrtest"
KEY: Final = "qrtest"
FAILURE: Final = 1


class Summary:
    """A plugin of its own: counts in each process, is merged in the first, and told there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._tally: Tally | None = None
        self._saved: list[Path] = []
        self._stop_saving = run_options.SAVED.set(self._saved)

    def close(self) -> None:
        """Count no more."""
        self._stop_saving()

    def count(
        self, session: Replay | Recording, wanted: str, folder: str, *, has_failed: bool
    ) -> None:
        """Count what *session* did to its cassette, which stands in some *folder* of this name.

        A test that failed cannot have asked for all.
        """
        from qrtest.harness.record import Recording
        from qrtest.plugin.tally import Tally

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

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add what a worker has counted."""
        sent = getattr(node, "workeroutput", {}).get(KEY)
        if sent is not None:
            from qrtest.plugin.tally import Tally

            self._add(Tally.of(sent))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send what was counted, or judge it."""
        if self._saved:
            from qrtest.plugin.tally import Tally

            self._add(Tally(saved=frozenset(map(self._name, self._saved))))
        if self._tally is None:
            return
        sent = getattr(self._config, "workeroutput", None)
        if sent is not None:
            sent[KEY] = self._tally.data()
        elif self._tally.fails and session.exitstatus == 0:
            session.exitstatus = FAILURE

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell it."""
        if self._tally is None:
            return
        from qrtest.plugin import tally

        terminalreporter.write_sep("=", TITLE)
        for line in tally.lines(self._tally, self._orphaned()):
            terminalreporter.write_line(line)
        if self._tally.fails:
            terminalreporter.write_line(
                "qrtest_unused=fail: record these cassettes again, or let a test ask for all of it",
                red=True,
            )

    def _add(self, more: Tally) -> None:
        self._tally = more if self._tally is None else self._tally | more

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._config.rootpath)).as_posix()

    def _longest(self) -> float | None:
        age = self._config.getini("qrtest_max_age")
        if not age:
            return None
        from qrtest.clock import duration

        return duration.seconds(age)

    def _orphaned(self) -> Iterator[tuple[str, str]]:
        """The cassettes beside those of this run that no test can want, and why."""
        from qrtest.cassette import checks, store

        assert self._tally is not None
        asked = {*self._tally.recorded, *self._tally.played}
        root = self._config.rootpath
        scenarios = root / self._config.getini("qrtest_scenarios")
        for folder in sorted(root / name for name in self._tally.folders):
            sources = [
                (file, file.read_text("utf-8", "replace")) for file in folder.parent.rglob("*.py")
            ]
            for file in store.files(folder):
                if scenarios not in file.parents and self._name(file) not in asked:
                    for finding in checks.ownership(file, sources):
                        yield self._name(file), finding.kind.rpartition(": ")[2]


def _played(session: Replay, wanted: str, longest: float | None, *, has_failed: bool) -> Any:
    from datetime import UTC, datetime

    from qrtest.cassette import checks
    from qrtest.plugin.tally import Played
    from qrtest.redaction.redactor import Redactor

    redactor = Redactor(b"shown")
    exchanges = session.cassette.interactions
    unused = {
        number: str(redactor.request(each.request))
        for number, each in enumerate(exchanges)
        if number not in session.used and not has_failed
    }
    old = (
        []
        if longest is None
        else list(checks.age(session.cassette, longest_seconds=longest, now=datetime.now(UTC)))
    )
    return Played(len(exchanges), unused, wanted, old[0].kind if old else "")
