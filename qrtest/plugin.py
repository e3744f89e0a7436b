"""The pytest plugin: fixtures, a marker, and the timeline in the report of a test that failed.

A thin leaf: nothing heavy is imported before a test asks for a fixture, and tests that ask for none
pay nothing.
"""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from qrtest.clock import VirtualClock, WallClock
    from qrtest.recording import Recording
    from qrtest.replaying import Replay

    Session = Replay | Recording

__all__: list[str] = []

MARKER: Final = "qrtest"
OF_THE_JOB: Final = ("script", "scenario", "result")
OF_THE_SIMULATION: Final = (
    "transport",
    "clock",
    "seed",
    "latency",
    "longest",
    "most_requests",
    "backends",
    "instances",
    "limits",
    "network",
    "faults",
)
OF_THE_CASSETTE: Final = ("cassette", "pace")
OF_A_REPLAY: Final = ("pace", "transport", "clock", "longest", "most_requests", "network")
UNUSED: Final = ("ignore", "warn", "fail")
LINES: Final = 40
REPORTER: Final = "qrtest-reporter"
PLAYER: Final = "qrtest-player"
EXAMPLES: Final = "qrtest-examples"
SIMULATION: Final = pytest.StashKey[Any]()
FAILED: Final = pytest.StashKey[bool]()
CASSETTES: Final = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("qrtest", "IBM Quantum doubles and cassettes")
    group.addoption(
        "--qrtest-record",
        dest="qrtest_record",
        metavar="{none,once,new_episodes,all,rewrite}",
        help="record the cassettes of tests marked qrtest(cassette=...); default: none",
    )
    group.addoption(
        "--qrtest-record-in-ci", action="store_true", help="record even where CI is set"
    )
    group.addoption(
        "--qrtest-keep-failed",
        action="store_true",
        help="save a recording although the test failed",
    )
    group.addoption(
        "--qrtest-unused",
        dest="qrtest_unused",
        choices=UNUSED,
        help="what to do about exchanges of a cassette that a test did not ask for; default: ignore",
    )
    group.addoption(
        "--qrtest-save-failures",
        action="store_true",
        help="write what check_consumer finds as scenario files, which are tried first from then on",
    )
    parser.addini(
        "qrtest_scenarios",
        "the folder of scenario files, from the root of the project",
        default="cassettes/scenarios",
    )
    parser.addini("qrtest_record", "as --qrtest-record", default="")
    parser.addini("qrtest_unused", "as --qrtest-unused", default="ignore")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "qrtest(script=None, scenario=None, faults=(), transport='direct', **options): the life of the "
        "job that runtime_job makes, and options of the simulation, as of qrtest.simulate; "
        "or qrtest(cassette=..., pace='recorded', **options): a recorded session instead, as of "
        "qrtest.replay; cassette=True is cassettes/<module>/<test>.yaml.",
    )
    config.stash[CASSETTES] = {}
    _keep_scenarios(config)


def _keep_scenarios(config: pytest.Config) -> None:
    """Say where check_consumer finds the lives that broke a consumer, for as long as pytest runs."""
    from qrtest import saving

    folder = saving.FOLDER.set(config.rootpath / config.getini("qrtest_scenarios"))
    is_on = saving.IS_ON.set(config.getoption("qrtest_save_failures"))
    config.add_cleanup(lambda: saving.FOLDER.reset(folder))
    config.add_cleanup(lambda: saving.IS_ON.reset(is_on))


@pytest.fixture
def runtime_simulation(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A simulation of IBM Quantum of this test's own, with the options of the marker qrtest.

    With a cassette in the marker it is the replay of that, or the recording. A test with `@given` has
    one of its own in every example.
    """
    with _simulated(request.node) as simulation:
        yield simulation


@pytest.fixture
def runtime_job(request: pytest.FixtureRequest, runtime_simulation: Any) -> Any:
    """A factory of job doubles, as `Simulation.job`; without a life, by the marker qrtest's.

    With a cassette in the marker it is `Replay.job`: the recorded job.
    """
    return _job_maker(request.node, runtime_simulation)


@pytest.fixture
def runtime_service(request: pytest.FixtureRequest, runtime_simulation: Any) -> Any:
    """A genuine QiskitRuntimeService; the first job it submits lives by the marker qrtest."""
    return _service(request.node, runtime_simulation)


@pytest.fixture
def virtual_clock(runtime_simulation: Any) -> VirtualClock | WallClock:
    """The clock of this test's simulation: `now()`, `advance("1h")`."""
    clock: VirtualClock | WallClock = runtime_simulation.clock
    return clock


@contextmanager
def _simulated(item: pytest.Item) -> Iterator[Any]:
    """What the marker of *item* asks for: a simulation, a replay or a recording."""
    from qrtest.simulation import simulate

    options = _marked(item)
    if "cassette" in options:
        with _session(item, options) as session:
            yield session
            _settle(item, session)
        return
    for name in OF_THE_JOB:
        options.pop(name, None)
    with simulate(**options) as simulation:
        _enlist(item, simulation)
        yield simulation


def _job_maker(item: pytest.Item, simulation: Any) -> Any:
    marked = _marked(item)
    if "cassette" in marked:
        return simulation.job
    life = _life(marked, item.config.rootpath)

    def runtime_job(*lives: Any, **options: Any) -> Any:
        if not lives and life is not None:
            lives = (life,)
        if "result" in marked:
            options.setdefault("result", marked["result"])
        return simulation.job(*lives, **options)

    return runtime_job


def _service(item: pytest.Item, simulation: Any) -> Any:
    marked = _marked(item)
    life = _life(marked, item.config.rootpath)
    if life is not None:
        simulation.next_job(life, result=marked.get("result"))
    return simulation.service()


FIXTURES: Final[Mapping[str, Callable[[pytest.Item, Any], Any]]] = {
    "runtime_simulation": lambda _, simulation: simulation,
    "runtime_job": _job_maker,
    "runtime_service": _service,
    "virtual_clock": lambda _, simulation: simulation.clock,
}
"""What each of our fixtures is, of a simulation."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Stay out of the way of suites in which nothing is marked, and nothing drawn."""
    plugins = session.config.pluginmanager
    if not plugins.has_plugin(EXAMPLES) and any(map(_is_drawn, session.items)):
        plugins.register(_Examples(), EXAMPLES)
    if not plugins.has_plugin(PLAYER) and any(
        item.get_closest_marker(MARKER) is not None for item in session.items
    ):
        plugins.register(_Player(), PLAYER)


class _Player:
    """Gives a test that has a cassette and asks for no fixture its session, under its own client."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        if item.get_closest_marker(MARKER) is None or SIMULATION in item.stash:
            return (yield)
        options = _marked(item)
        if "cassette" not in options:
            return (yield)
        with _session(item, {"transport": "requests", **options}) as session:
            outcome = yield
            _settle(item, session)
            return outcome


class _Examples:
    """Gives every example of a test with `@given` a simulation of its own."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        session = item.stash.get(SIMULATION, None)
        if session is None or hasattr(session, "discard") or not _is_drawn(item):
            return (yield)
        from qrtest.examples import afresh

        @contextmanager
        def fresh(names: set[str]) -> Iterator[dict[str, Any]]:
            with _simulated(item) as simulation:
                yield {name: FIXTURES[name](item, simulation) for name in names}

        with afresh(item, __name__, fresh):
            return (yield)


def _is_drawn(item: pytest.Item) -> bool:
    """Whether hypothesis draws examples of *item*."""
    return getattr(getattr(item, "obj", None), "is_hypothesis_test", False) is True


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
                timeline = simulation.journal.timeline(lines=LINES)
                report.sections.append(("qrtest timeline", timeline))
        return report


def _enlist(item: pytest.Item, session: Any) -> None:
    """Let the report of *item* know of its *session*."""
    item.stash[SIMULATION] = session
    if not item.config.pluginmanager.has_plugin(REPORTER):
        item.config.pluginmanager.register(_Reporter(), REPORTER)


def _session(item: pytest.Item, options: dict[str, Any]) -> Session:
    """The replay or the recording of the cassette that the marker names."""
    from qrtest import sessions
    from qrtest.errors import QrtestError

    config = item.config
    try:
        mode = sessions.mode_of(
            option=config.getoption("qrtest_record"),
            ini=config.getini("qrtest_record"),
            environment=os.environ,
            in_ci=config.getoption("qrtest_record_in_ci"),
        )
        test_class = getattr(item, "cls", None)
        default = sessions.file_name(item.name, test_class and test_class.__name__)
        wanted = options["cassette"]
        path = sessions.found(wanted, test_file=item.path, root=config.rootpath, default=default)
        if wanted is True:
            _refuse_collision(item, str(path))
        replayed: dict[str, Any] = {name: options[name] for name in OF_A_REPLAY if name in options}
        keep = config.getoption("qrtest_keep_failed")
        session = sessions.session(path, mode, keep_on_error=keep, options=replayed)
    except QrtestError as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None
    _enlist(item, session)
    return session


def _refuse_collision(item: pytest.Item, path: str) -> None:
    owner = item.config.stash[CASSETTES].setdefault(path, item.nodeid)
    if owner != item.nodeid:
        raise pytest.UsageError(
            f"{item.nodeid}: its cassette would be {path}, which is that of {owner}: give one of the two "
            "a name, @pytest.mark.qrtest(cassette='name.yaml')."
        )


def _settle(item: pytest.Item, session: Session) -> None:
    """After the test: forget the recording of one that failed, and say what was not asked for."""
    unused = getattr(session, "unused", ())
    if item.stash.get(FAILED, False):
        if hasattr(session, "discard") and not item.config.getoption("qrtest_keep_failed"):
            session.discard()
        return
    wanted = item.config.getoption("qrtest_unused") or item.config.getini("qrtest_unused")
    if wanted not in UNUSED:
        raise pytest.UsageError(f"qrtest_unused = {wanted}: there are {', '.join(UNUSED)}.")
    if unused and wanted != "ignore":
        message = (
            f"{item.nodeid}: {len(unused)} exchange(s) of its cassette were not asked for: "
            + ", ".join(str(each.request) for each in unused[:3])
        )
        if wanted == "fail":
            pytest.fail(message, pytrace=False)
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What the markers say, the nearest last."""
    marked: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(MARKER))):
        if marker.args:
            raise pytest.UsageError(
                f"{node.nodeid}: the marker qrtest takes names only: "
                f"write @pytest.mark.qrtest(script={marker.args[0]!r})."
            )
        marked |= marker.kwargs
    known = (*OF_THE_JOB, *OF_THE_CASSETTE, *OF_THE_SIMULATION)
    for name in marked:
        if name not in known and name not in _behaviours():
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise pytest.UsageError(
                f"{node.nodeid}: the marker qrtest has no {name!r}: it takes {', '.join(known)}, "
                f"and the options of Behaviour.{hint}"
            )
    if "cassette" in marked:
        for name in marked:
            if name not in (*OF_THE_CASSETTE, *OF_A_REPLAY):
                raise pytest.UsageError(
                    f"{node.nodeid}: the marker qrtest has a cassette and {name}: a recorded session has "
                    f"its own. Beside a cassette it takes {', '.join(OF_A_REPLAY)}."
                )
    if "script" in marked and "scenario" in marked:
        raise pytest.UsageError(
            f"{node.nodeid}: the marker qrtest has a script and a scenario: a scenario is a script "
            "with faults and a result, give one of the two."
        )
    return marked


def _behaviours() -> tuple[str, ...]:
    from qrtest.wire.behaviour import Behaviour

    return tuple(Behaviour.__dataclass_fields__)


def _life(marked: dict[str, Any], root: Path) -> Any:
    scenario = marked.get("scenario")
    if isinstance(scenario, str) and scenario.endswith(".yaml"):
        from qrtest import scenario_file

        return scenario_file.load(root / scenario)
    if isinstance(scenario, str):
        from qrtest.catalogue import scenarios

        return scenarios[scenario]
    return scenario if scenario is not None else marked.get("script")
