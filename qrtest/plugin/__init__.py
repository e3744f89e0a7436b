"""The pytest plugin: its options, and the hooks that pytest calls in every run.

Importing it is part of every start of pytest where qrtest is installed, so nothing heavy is imported before a
test needs it, and the summary and the report are registered when there is something to say.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from qrtest.plugin import settings
from qrtest.plugin.fixtures import (
    qrtest_options,
    runtime_job,
    runtime_server,
    runtime_service,
    runtime_simulation,
    virtual_clock,
)

if TYPE_CHECKING:
    from qrtest.plugin.project import Project

# pytest looks for fixtures among the attributes of this module.
__all__ = [
    "qrtest_options",
    "runtime_job",
    "runtime_server",
    "runtime_service",
    "runtime_simulation",
    "virtual_clock",
]

CASSETTE_TESTS = "qrtest-cassette-tests"
EXAMPLES = "qrtest-examples"
"""Names of the plugins that are registered when tests need them."""


PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
"""The folder of qrtest, whose frames say nothing about a wrong call of it."""

HIDDEN = ("_pytest", "pluggy", "unittest", "qiskit_ibm_runtime")
"""Packages that call tests, and the client: their frames do not say which call was wrong."""

ERRORS = "qrtest.errors."
"""How what pytest says of an exception of qrtest begins."""


class HookSpecs:
    """The hooks that a project may implement in its conftest.py."""

    def pytest_qrtest_configure(self, config: pytest.Config) -> Project | None:
        """Return the `qrtest.Project` of the tests below this conftest.py; the nearest one is asked.

        It is called once for each test that has a cassette. Decorate it with
        `@pytest.hookimpl(optionalhook=True)`, and `-p no:qrtest` keeps working.
        """


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(HookSpecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("qrtest", "IBM Quantum doubles and cassettes")
    for setting in settings.SETTINGS.values():
        group.addoption(
            setting.option,
            dest=setting.ini,
            choices=setting.choices,
            help=f"{setting.help}; default: {setting.default}",
        )
        parser.addini(setting.ini, f"as {setting.option}", default="")
    group.addoption(
        "--qrtest-record-in-ci", action="store_true", help="record even where CI is set"
    )
    group.addoption(
        "--qrtest-report",
        metavar="DIR",
        help="draw the timeline of every failed test, and the coverage of the run, as SVG and HTML in DIR",
    )
    group.addoption(
        "--qrtest-keep-failed",
        action="store_true",
        help="save a recording although the test failed",
    )
    group.addoption(
        "--qrtest-save-failures",
        action="store_true",
        help="write what check_consumer finds as scenario files, which are tried first from then on",
    )
    group.addoption(
        "--qrtest-coverage",
        action="store_true",
        help="list the statuses, transitions, endings and faults that the tests have seen, or never seen",
    )
    group.addoption(
        "--qrtest-fail-under",
        metavar="PERCENT",
        help="let the run fail if the tests have seen less than this share of them",
    )
    parser.addini("qrtest_fail_under", "as --qrtest-fail-under", default="")
    parser.addini(
        "qrtest_scenarios",
        "the folder of scenario files, from the root of the project",
        default="cassettes/scenarios",
    )
    parser.addini(
        "qrtest_surface",
        "the members that job doubles have: documented, or installed",
        default="documented",
    )
    parser.addini("qrtest_server_clock", "the clock of runtime_server", default="60x")
    parser.addini(
        "qrtest_watchdog",
        "after how much real time without progress a test is stopped, as 10s, or never; default: 60s",
        default="",
    )
    parser.addini(
        "qrtest_max_age", "list cassettes that are older, as 180d, in the summary", default=""
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "qrtest(script=None, scenario=None, faults=(), transport='direct', **options): the script or "
        "scenario of the job that runtime_job makes, and options of the simulation, as of qrtest.simulate; "
        "or qrtest(cassette=..., script=None, pace='recorded', **options): a recorded session instead, "
        "whose job may follow another script, as of qrtest.replay; "
        "cassette=True is cassettes/<module>/<test>.yaml.",
    )
    for name in settings.SETTINGS:
        try:
            settings.configured(config, name)
        except ValueError as error:  # a SettingError, not imported when all is well
            raise pytest.UsageError(f"qrtest: {error}") from None
    _set_run_options(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    shown = (f"{name}={settings.configured(config, name)}" for name in settings.SETTINGS)
    header = [f"qrtest: {', '.join(shown)}"]
    if config.get_verbosity() > 0:
        header.append(f"qrtest: precedence, highest first: {', '.join(settings.PRECEDENCE)}")
    return header


def _set_run_options(config: pytest.Config) -> None:
    """Set what the rest of qrtest reads, for as long as this pytest runs."""
    from qrtest import run_options

    def count_saved(path: Path) -> None:
        from qrtest.plugin import summary

        summary.of(config).count_saved(path)

    folder = config.rootpath / config.getini("qrtest_scenarios")
    config.add_cleanup(run_options.SCENARIO_FOLDER.set(folder))
    config.add_cleanup(run_options.IS_SAVING.set(config.getoption("qrtest_save_failures")))
    config.add_cleanup(run_options.ON_SAVED.set(count_saved))
    _count_coverage(config)
    surface = config.getini("qrtest_surface")
    if surface not in run_options.SURFACES:
        known = ", ".join(map(repr, run_options.SURFACES))
        raise pytest.UsageError(f"qrtest_surface = {surface}: there are {known}.")
    config.add_cleanup(run_options.SURFACE.set(surface))
    watchdog = config.getini("qrtest_watchdog")
    if watchdog:
        from qrtest.clock import duration
        from qrtest.errors import DurationError

        try:
            is_length = watchdog == "never" or duration.seconds(watchdog) > 0
        except DurationError:
            is_length = False
        if not is_length:
            raise pytest.UsageError(
                f"qrtest_watchdog = {watchdog}: give a length of time above 0, as 10s, or never."
            )
        config.add_cleanup(run_options.WATCHDOG.set(watchdog))


def _count_coverage(config: pytest.Config) -> None:
    """Count what is seen of jobs, if an option asks for it."""
    folder = config.getoption("qrtest_report")
    if folder:
        if Path(folder).suffix in (".html", ".svg"):
            raise pytest.UsageError(
                f"--qrtest-report={folder}: give a folder: each failed test has a page of its own there."
            )
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise pytest.UsageError(
                f"--qrtest-report={folder}: it cannot be written to: {error.strerror}."
            ) from None
    threshold = config.getoption("qrtest_fail_under") or config.getini("qrtest_fail_under")
    options = ("qrtest_coverage", "qrtest_report")
    if threshold or any(map(config.getoption, options)):
        from qrtest import run_options
        from qrtest.plugin import summary

        count = summary.of(config).count_coverage(threshold)
        config.add_cleanup(run_options.ON_SESSION_END.set(count))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Register the hooks that wrap single tests, where a test is marked or draws examples."""
    plugins = session.config.pluginmanager
    if "hypothesis" in sys.modules and not plugins.has_plugin(EXAMPLES):
        from qrtest.plugin import marker
        from qrtest.plugin.fixtures import FreshExamples

        if any(map(marker.draws_examples, session.items)):
            plugins.register(FreshExamples(), EXAMPLES)
    marked = [
        item for item in session.items if item.get_closest_marker(settings.MARKER) is not None
    ]
    for item in marked:
        names = getattr(item, "fixturenames", None)
        if names is not None and qrtest_options.__name__ not in names:
            names.append(qrtest_options.__name__)
    if marked and not plugins.has_plugin(CASSETTE_TESTS):
        from qrtest.plugin.cassettes import CassetteTests

        plugins.register(CassetteTests(), CASSETTE_TESTS)


@pytest.hookimpl
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Hide the frames of qrtest where it says what is wrong with a call of it, but for --full-trace."""
    excinfo = call.excinfo
    if (
        excinfo is None
        or "qrtest.errors" not in sys.modules
        or item.config.getoption("fulltrace", False)
    ):
        return
    from qrtest.errors import QrtestError

    if isinstance(excinfo.value, QrtestError | pytest.UsageError):
        # pytest cuts the raw traceback again, so that a filtered copy of it would not last.
        if call.when == "setup" and isinstance(excinfo.value, pytest.UsageError):
            call.excinfo = _message_only(excinfo.value)
            return
        whole = list(_entries(excinfo.tb))
        folders = _hidden_folders()
        entries = [entry for entry in whole if not _is_hidden(entry, folders)]
        if 0 < len(entries) < len(whole):
            shown: TracebackType | None = None
            for entry in reversed(entries):
                shown = TracebackType(shown, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
            call.excinfo = pytest.ExceptionInfo.from_exception(excinfo.value.with_traceback(shown))


@pytest.hookimpl(wrapper=True, specname="pytest_runtest_makereport")
def pytest_explain_own_sessions(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show in the report of a failed test what happened in the sessions that the test made itself."""
    report = yield
    # Read now: pytest's own hook for unittest puts the exception of a test case here.
    excinfo = call.excinfo
    has_sessions = "qrtest.harness.base" in sys.modules
    if has_sessions and report.failed and report.when == "call" and excinfo is not None:
        from qrtest.plugin.report import explain_held

        explain_held(
            report, item, excinfo.value, [entry.tb_frame for entry in _entries(excinfo.tb)]
        )
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Leave the first line of a message of qrtest to the summary, which repeats all of it where CI is set."""
    crash = getattr(report.longrepr, "reprcrash", None) if report.failed else None
    if crash is not None and crash.message.startswith(ERRORS):
        crash.message = crash.message.partition("\n")[0]


def _message_only(error: Exception) -> pytest.ExceptionInfo[BaseException]:
    """Return what *error* says as a failure that is shown without frames: those of a fixture are ours."""
    try:
        pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)
    except pytest.fail.Exception as failure:
        return pytest.ExceptionInfo.from_exception(failure)


def _entries(whole: TracebackType | None) -> Iterator[TracebackType]:
    while whole is not None:
        yield whole
        whole = whole.tb_next


def _is_hidden(entry: TracebackType, folders: tuple[str, ...]) -> bool:
    frame = entry.tb_frame
    if frame.f_code.co_filename == "<string>":  # what dataclasses write
        return str(frame.f_globals.get("__name__")).startswith("qrtest.")
    return frame.f_code.co_filename.startswith(folders)


def _hidden_folders() -> tuple[str, ...]:
    """Return the folders of qrtest and of HIDDEN, as far as they are imported."""
    files = (sys.modules[name].__file__ for name in HIDDEN if name in sys.modules)
    return (PACKAGE, *(f"{Path(file).parent}{os.sep}" for file in files if file))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist has counted to the summary."""
    sent = getattr(node, "workeroutput", {}).get("qrtest")
    if sent is not None:
        from qrtest.plugin import summary

        summary.of(node.config).add(sent)
