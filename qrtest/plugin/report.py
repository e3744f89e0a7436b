"""The report of a test that failed: registered by the first simulation, and told which test has which."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import pytest

__all__ = ["FAILED", "SIMULATION", "enlist"]

REPORTER: Final = "qrtest-reporter"
SIMULATION: Final = pytest.StashKey[Any]()
MADE_BY: Final = pytest.StashKey[tuple[str, dict[str, Any]]]()
FAILED: Final = pytest.StashKey[bool]()


class _Reporter:
    """Adds the timeline to the report of a test that failed; registered by the first simulation."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        simulation = item.stash.get(SIMULATION, None)
        if simulation is not None and report.when == "call" and report.failed:
            item.stash[FAILED] = True
            if hasattr(simulation, "journal"):
                _explain(report, item, simulation)
        return report


def _explain(report: pytest.TestReport, item: pytest.Item, session: Any) -> None:
    """Add what happened, and how to get there again, to the *report* of a test that failed."""
    from qrtest.plugin import failure

    maker, options = item.stash[MADE_BY]
    again = failure.again(maker, options, getattr(session, "lives", ()), test=item.nodeid)
    lines = failure.LINES - again.count("\n") - 1
    told = {
        "qrtest timeline": failure.timeline(session.journal, lines=max(lines, failure.LINES // 2)),
        "qrtest: to get there again": again,
    }
    folder = item.config.getoption("qrtest_report")
    if folder:
        page = failure.draw(session.journal, folder, item.nodeid)
        told["qrtest: drawn"] = str(page)
    report.sections.extend(told.items())
    if item.config.pluginmanager.has_plugin("html"):
        from base64 import b64encode

        from pytest_html import extras

        attached = [extras.text(text, name=title) for title, text in told.items()]
        drawn = failure.picture_of(session.journal, item.nodeid)
        attached.append(extras.svg(b64encode(drawn.encode()).decode()))
        vars(report)["extras"] = [*getattr(report, "extras", []), *attached]


def enlist(item: pytest.Item, session: Any, maker: str, options: dict[str, Any]) -> None:
    """Let the report of *item* know of its *session*, and what made it."""
    item.stash[SIMULATION] = session
    item.stash[MADE_BY] = (maker, options)
    if not item.config.pluginmanager.has_plugin(REPORTER):
        item.config.pluginmanager.register(_Reporter(), REPORTER)
