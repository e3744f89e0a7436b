"""The session of a test that has a cassette: a replay or a recording, from beginning to end.

A leaf of the plugin, imported when a test has one.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest.errors import QrtestError
from qrtest.plugin import cassettes, marker, report, settings, summary
from qrtest.plugin.project import Project

if TYPE_CHECKING:
    from qrtest.harness.record import Recording
    from qrtest.harness.replay import Replay

    Session = Replay | Recording

__all__ = ["played"]

CASSETTES: Final = pytest.StashKey[dict[str, str]]()
"""The tests of this run by the cassettes that they have."""


@contextmanager
def played(item: pytest.Item, options: dict[str, Any]) -> Iterator[Session]:
    """The session of a test with a cassette; the recording of a test that fails is forgotten."""
    project = _project(item)
    session = _session(item, options, project)
    _check_age(item, session, options)
    counting: Any = item.config.pluginmanager.get_plugin(summary.NAME)
    has_failed = True
    try:
        with session:
            yield session
            has_failed = report.FAILED in item.stash
            if has_failed and not item.config.getoption("qrtest_keep_failed"):
                getattr(session, "discard", bool)()
    finally:
        counting.count(session, options["unused"], project.cassettes, has_failed=has_failed)


def _check_age(item: pytest.Item, session: Session, options: dict[str, Any]) -> None:
    """Warn of a cassette that is replayed past its time, or fail, as the setting `expired` says."""
    what = marker.chosen(item.config, "expired", {"marker": options.get("expired")}).value
    try:
        told = cassettes.expired(session, options.get("expires"))
    except QrtestError as error:
        raise pytest.UsageError(f"{item.nodeid}: expires={options['expires']!r}: {error}") from None
    if told and what == "fail":
        pytest.fail(f"{item.nodeid}: {told}", pytrace=False)
    if told and what == "warn":
        warnings.warn(pytest.PytestWarning(f"{item.nodeid}: {told}"), stacklevel=1)


def _session(item: pytest.Item, options: dict[str, Any], project: Project) -> Session:
    """The replay or the recording of the cassette that the marker names."""
    config = item.config
    try:
        if not config.getoption("qrtest_record_in_ci"):
            cassettes.refuse_in_ci(options["record"], os.environ)
        test_class = getattr(item, "cls", None)
        default = cassettes.file_name(item.name, test_class and test_class.__name__)
        wanted = options["cassette"]
        path = cassettes.found(
            wanted,
            test_file=item.path,
            root=config.rootpath,
            default=default,
            directory=project.cassettes,
        )
        if wanted is True:
            _refuse_collision(item, str(path))
        replayed: dict[str, Any] = {
            name: options[name] for name in settings.OF_A_REPLAY if name in options
        }
        session = cassettes.session(
            path,
            options["record"],
            project=project,
            keep_on_error=config.getoption("qrtest_keep_failed"),
            options=replayed,
        )
    except QrtestError as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None
    shown = os.path.relpath(path, config.rootpath)
    report.enlist(item, session, "replay", {"cassette": shown, **replayed})
    return session


def _project(item: pytest.Item) -> Project:
    """What the nearest conftest.py says in the hook, if any does."""
    said = [each for each in item.ihook.pytest_qrtest_configure(config=item.config) if each]
    project = said[0] if said else Project()
    if not isinstance(project, Project):
        raise pytest.UsageError(
            f"pytest_qrtest_configure gave {project!r}: it should return a qrtest.Project."
        )
    return project


def _refuse_collision(item: pytest.Item, path: str) -> None:
    owner = item.config.stash.setdefault(CASSETTES, {}).setdefault(path, item.nodeid)
    if owner != item.nodeid:
        raise pytest.UsageError(
            f"{item.nodeid}: its cassette would be {path}, which is that of {owner}: give one of the two "
            "a name, @pytest.mark.qrtest(cassette='name.yaml')."
        )
