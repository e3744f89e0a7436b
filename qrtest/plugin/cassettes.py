"""The session of a test that has a cassette: which file, which record mode, and from beginning to end.

The first half knows names and modes, not pytest; the second half is the plugin's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest.errors import CassetteError, QrtestError, RecordingError
from qrtest.plugin import marker, report, settings, summary
from qrtest.plugin.project import DIRECTORY, Project

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette
    from qrtest.clock.duration import Duration
    from qrtest.harness.record import Recording
    from qrtest.harness.replay import Replay

__all__ = ["CassetteTests", "expired", "file_name", "find", "refuse_in_ci", "session"]

OWNERS: Final = pytest.StashKey[dict[str, str]]()
"""The test that each cassette of this run belongs to, by its path."""

LONGEST_NAME: Final = 240
_FORBIDDEN: Final = re.compile(r"[<>?%*:|\"'/\\\0]")


def file_name(test: str, class_name: str | None = None) -> str:
    """Return the name of the cassette of a *test*, as pytest-recording gives it.

    >>> file_name("test_bell[a/b]", "TestBell")
    'TestBell.test_bell[a-b].yaml'
    """
    name = f"{class_name}.{test}" if class_name else test
    name = _FORBIDDEN.sub("-", name)
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        name = (
            name[: LONGEST_NAME - len(digest) - 1]
            .encode()[: LONGEST_NAME - 33]
            .decode(errors="ignore")
        )
        name = f"{name}_{digest}"
    return f"{name}.yaml"


def find(
    wanted: str | os.PathLike[str] | bool,
    *,
    test_file: Path,
    root: Path,
    default: str,
    directory: str = DIRECTORY,
) -> Path:
    """Return the file of the cassette that a marker *wanted*; True is *default*, cassettes/module/test.yaml.

    *directory* is the name of the folder of cassettes. A name is looked for below cassettes/module,
    cassettes, the directory of the test and the root of the project, in this order; one that does not
    exist is to be recorded in the first that fits. A whole path may name a file below the root. Raises
    `CassetteError` for a name that leads out of these.
    """
    from qrtest.cassette.store import confined

    cassettes = test_file.parent / directory
    if wanted is True:
        return _in_any_order(confined(cassettes / test_file.stem, default))
    if not isinstance(wanted, str | os.PathLike):
        raise CassetteError(f"cassette={wanted!r}: give a name, or True for the test's own.")
    name = os.fspath(wanted)
    if Path(name).is_absolute() and Path(name).is_relative_to(root):
        return confined(root, os.path.relpath(name, root))
    confined(root, name)  # whose error names the widest of these places
    places = [cassettes / test_file.stem, cassettes, test_file.parent, root]
    choices = [confined(place, name) for place in places]
    for choice in choices:
        if choice.is_file():
            return choice
    return choices[3] if Path(name).parts[:1] == (directory,) else choices[1]


def _in_any_order(path: Path) -> Path:
    """Return *path*, or the one file whose parameters are the same in another order.

    The order of parameters in a test's name is pytest's affair, and has changed between its releases.
    """
    if path.exists() or "[" not in path.stem or not path.parent.is_dir():
        return path
    same = [
        other for other in path.parent.glob("*.yaml") if _parameters(other) == _parameters(path)
    ]
    return same[0] if len(same) == 1 else path


def _parameters(path: Path) -> tuple[str, list[str]]:
    name, _, rest = path.stem.partition("[")
    return name, sorted(rest.removesuffix("]").split("-"))


def refuse_in_ci(mode: str, environment: Mapping[str, str]) -> None:
    """Raise `RecordingError` when *mode* records and the *environment* is that of CI."""
    if mode != "none" and environment.get("CI", "").lower() not in ("", "0", "false"):
        raise RecordingError(
            f"--qrtest-record={mode} in CI: a recording needs credentials and a look at what it holds. "
            "Record on your own machine, or force it with --qrtest-record-in-ci."
        )


def expired(session: Replay | Recording, expires: Duration | None) -> str:
    """Return the warning of a replay whose recording is older than *expires*; "" of any other session.

    Raises `DurationError` for a length that cannot be read.
    """
    from qrtest.cassette.checks import age
    from qrtest.clock import duration as durations
    from qrtest.harness.replay import Replay

    if expires is None or not isinstance(session, Replay):
        return ""
    longest = durations.seconds(expires)
    found = list(age(session.cassette, longest_seconds=longest, now=datetime.now(UTC)))
    if not found:
        return ""
    return (
        f"{session.name} has expired, after {durations.text(longest)}: {found[0].kind}. "
        "That is: pytest --qrtest-record=rewrite"
    )


# --- of one test ------------------------------------------------------------------------------------


class CassetteTests:
    """A plugin for tests that have a cassette and take no fixture: their own client is replayed or recorded.

    With `@given`, every example has a replay of its own; a recording is one for all of them.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run the test within the session of its cassette."""
        if item.get_closest_marker(settings.MARKER) is None or report.SESSION in item.stash:
            return (yield)
        of_fixture = getattr(item, "funcargs", {}).get("qrtest_options", {})
        options = marker.resolve(item, of_fixture)
        if "cassette" not in options:
            return (yield)
        options = {"transport": "requests", **options}
        with session(item, options) as entered:
            if hasattr(entered, "discard") or not marker.draws_examples(item):
                return (yield)
            from qrtest.plugin.hypothesis_examples import within_each

            @contextmanager
            def again() -> Iterator[dict[str, Any]]:
                with session(item, options):
                    yield {}

            with within_each(item, again):
                return (yield)


@contextmanager
def session(item: pytest.Item, options: Mapping[str, Any]) -> Iterator[Replay | Recording]:
    """Enter the session of a test with a cassette; the recording of a test that fails is discarded."""
    project = _project(item)
    entered = _replay_or_recording(item, options, project)
    _check_age(item, entered, options)
    has_failed = True
    try:
        with entered:
            yield entered
            has_failed = report.FAILED in item.stash
            if has_failed and not item.config.getoption("qrtest_keep_failed"):
                getattr(entered, "discard", bool)()
    finally:
        summary.of(item.config).count(
            entered, options["unused"], project.cassettes, has_failed=has_failed
        )


def _check_age(item: pytest.Item, session: Replay | Recording, options: Mapping[str, Any]) -> None:
    """Warn of a cassette that is replayed past its time, or fail, as the setting `expired` says."""
    reaction = options.get("expired", settings.SETTINGS["expired"].default)
    try:
        message = expired(session, options.get("expires"))
    except QrtestError as error:
        raise pytest.UsageError(f"{item.nodeid}: expires={options['expires']!r}: {error}") from None
    if message and reaction == "fail":
        pytest.fail(f"{item.nodeid}: {message}", pytrace=False)
    if message and reaction == "warn":
        warnings.warn(pytest.PytestWarning(f"{item.nodeid}: {message}"), stacklevel=1)


def _replay_or_recording(
    item: pytest.Item, options: Mapping[str, Any], project: Project
) -> Replay | Recording:
    """Return the session of the cassette that the marker names, not entered yet."""
    of_replay: dict[str, Any] = {
        name: options[name] for name in settings.OF_A_REPLAY if name in options
    }
    is_own = options["cassette"] is True
    try:
        filters = settings.filters_of(options)
        if not item.config.getoption("qrtest_record_in_ci"):
            refuse_in_ci(options["record"], os.environ)
        path = _path(item, options["cassette"], project)
        mode = options["record"]
        if mode == "none" or (mode == "once" and path.exists()):
            entered: Replay | Recording = _replay(path, project, {**of_replay, **filters})
            known = entered.cassette
        else:
            known = _known(path) if is_own else None
            options_of_record = {
                "keep_on_error": item.config.getoption("qrtest_keep_failed"),
                "test": _full_name(item) if is_own else "",
                **filters,
            }
            entered = _recording(path, mode, project, options_of_record)
    except QrtestError as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None
    if is_own and known is not None and known.provenance is not None:
        _refuse_another_tests(item, path, known.provenance.test)
    shown = os.path.relpath(path, item.config.rootpath)
    report.enlist(item, entered, "replay", {"cassette": shown, **of_replay, **filters})
    return entered


def _replay(path: Path, project: Project, options: Mapping[str, Any]) -> Replay:
    from qrtest.harness.replay import replay

    return replay(path, ignore=project.ignore, **options)


def _recording(path: Path, mode: Any, project: Project, options: Mapping[str, Any]) -> Recording:
    from qrtest.harness.record import record
    from qrtest.redaction.allowlist import project_rules

    return record(
        path,
        mode=mode,
        rules=project_rules(path) | project.rules(),
        ignore=project.ignore,
        **options,
    )


def _known(path: Path) -> Cassette | None:
    """Return the cassette that a recording is about to change; None if there is none that can be read."""
    from qrtest.cassette import store

    if not path.exists():
        return None
    try:
        return store.load(path)
    except CassetteError:
        return None


def _path(item: pytest.Item, wanted: Any, project: Project) -> Path:
    """Return the file of the cassette that the marker of *item* wants."""
    test_class = getattr(item, "cls", None)
    path = find(
        wanted,
        test_file=item.path,
        root=item.config.rootpath,
        default=file_name(item.name, test_class and test_class.__name__),
        directory=project.cassettes,
    )
    if wanted is True:
        _refuse_collision(item, str(path))
    return path


def _project(item: pytest.Item) -> Project:
    """Return the project of the nearest conftest.py that has one."""
    given = [each for each in item.ihook.pytest_qrtest_configure(config=item.config) if each]
    project = given[0] if given else Project()
    if not isinstance(project, Project):
        raise pytest.UsageError(
            f"pytest_qrtest_configure gave {project!r}: it should return a qrtest.Project."
        )
    return project


def _refuse_collision(item: pytest.Item, path: str) -> None:
    owner = item.config.stash.setdefault(OWNERS, {}).setdefault(path, item.nodeid)
    if owner != item.nodeid:
        raise pytest.UsageError(
            f"{item.nodeid}: its cassette would be {path}, which is that of {owner}: give one of the two "
            "a name, @pytest.mark.qrtest(cassette='name.yaml')."
        )


def _full_name(item: pytest.Item) -> str:
    """Return the name of a test within its file, with its classes: `TestBell::test_it[a/b]`."""
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return "::".join([*classes, item.name])


def _refuse_another_tests(item: pytest.Item, path: Path, recorded_by: str) -> None:
    """Raise `pytest.UsageError` if the cassette *path* is that of a test whose file has the same name.

    A cassette that was renamed with its test is not such a one.
    """
    from qrtest.harness.record import name_in_a_cassette

    name = _full_name(item)
    is_own = recorded_by in ("", name_in_a_cassette(name))
    if not is_own and _own_file(recorded_by) == _own_file(name):
        raise pytest.UsageError(
            f"{item.nodeid}: its cassette would be {path}, which {recorded_by} recorded: give one of the "
            "two tests a name for its cassette, @pytest.mark.qrtest(cassette='name.yaml'). If that test is "
            "gone, delete the file and record it again."
        )


def _own_file(full_name: str) -> str:
    """Return the name of the file of the test *full_name*, as a file system that ignores case sees it."""
    head, bracket, parameters = full_name.partition("[")
    *classes, test = head.split("::")
    return file_name(f"{test}{bracket}{parameters}", classes[-1] if classes else None).casefold()
