"""The pytest plugin: fixtures, a marker, and the timeline in the report of a test that failed.

A thin leaf: nothing heavy is imported before a test asks for a fixture, and tests that ask for none
pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from qrtest.plugin import marker, report, settings

if TYPE_CHECKING:
    from qrtest.clock.clocks import VirtualClock, WallClock

__all__: list[str] = []

PLAYER: Final = "qrtest-player"
EXAMPLES: Final = "qrtest-examples"
OPTIONS: Final = "qrtest_options"
SERVER: Final = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("qrtest", "IBM Quantum doubles and cassettes")
    for setting in settings.SETTINGS.values():
        group.addoption(
            setting.option,
            dest=setting.ini,
            choices=setting.choices,
            help=f"{setting.says}; default: {setting.default}",
        )
        parser.addini(setting.ini, f"as {setting.option}", default="")
    group.addoption(
        "--qrtest-record-in-ci", action="store_true", help="record even where CI is set"
    )
    group.addoption(
        "--qrtest-report",
        metavar="DIR",
        help="draw what happened in every test that failed, as SVG and HTML in DIR",
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
    parser.addini(
        "qrtest_scenarios",
        "the folder of scenario files, from the root of the project",
        default="cassettes/scenarios",
    )
    parser.addini(
        "qrtest_surface",
        "the surface that doubles of jobs show: documented, or installed",
        default="documented",
    )
    parser.addini("qrtest_server_clock", "the clock of runtime_server", default="60x")
    parser.addini("qrtest_max_age", "tell of cassettes that are older, as 180d", default="")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from qrtest.plugin import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "qrtest(script=None, scenario=None, faults=(), transport='direct', **options): the life of the "
        "job that runtime_job makes, and options of the simulation, as of qrtest.simulate; "
        "or qrtest(cassette=..., script=None, pace='recorded', **options): a recorded session instead, "
        "whose job may live another life, as of qrtest.replay; "
        "cassette=True is cassettes/<module>/<test>.yaml.",
    )
    for name in settings.SETTINGS:
        marker.chosen(config, name, {})
    _keep_scenarios(config)
    _choose_surface(config)
    _summarise(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    shown = (f"{name}={marker.chosen(config, name, {})}" for name in settings.SETTINGS)
    told = [f"qrtest: {', '.join(shown)}"]
    if config.get_verbosity() > 0:
        told.append(f"qrtest: the first of {', '.join(settings.PRECEDENCE)} that says it is heard")
    return told


def _keep_scenarios(config: pytest.Config) -> None:
    """Say where check_consumer finds the lives that broke a consumer, for as long as pytest runs."""
    from qrtest import run_options

    folder = config.rootpath / config.getini("qrtest_scenarios")
    config.add_cleanup(run_options.SCENARIO_FOLDER.set(folder))
    config.add_cleanup(run_options.IS_SAVING.set(config.getoption("qrtest_save_failures")))


def _summarise(config: pytest.Config) -> None:
    from qrtest.plugin.summary import NAME, Summary

    summary = Summary(config)
    config.pluginmanager.register(summary, NAME)
    config.add_cleanup(summary.close)


def _choose_surface(config: pytest.Config) -> None:
    """Let doubles show the surface of the ini option, for as long as pytest runs."""
    from qrtest import run_options
    from qrtest.errors import SimulationError

    try:
        config.add_cleanup(run_options.choose_surface(config.getini("qrtest_surface")))
    except SimulationError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture
def qrtest_options() -> dict[str, Any]:
    """What the marker qrtest takes, for all tests in reach: to be overridden; the marker goes before it."""
    return {}


@pytest.fixture
def runtime_simulation(
    request: pytest.FixtureRequest, qrtest_options: dict[str, Any]
) -> Iterator[Any]:
    """A simulation of IBM Quantum of this test's own, with the options of the marker qrtest.

    With a cassette in the marker it is the replay of that, or the recording. A test with `@given` has
    one of its own in every example.
    """
    request.node.stash[marker.SAID] = qrtest_options
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


@pytest.fixture
def runtime_server(request: pytest.FixtureRequest, qrtest_options: dict[str, Any]) -> Any:
    """The simulated service on a port of this machine, as `qrtest.serve` makes it, in a fresh state.

    One server serves all tests of a session, or of a worker of pytest-xdist, from the first that asks
    for it. The first job that is submitted lives by the marker qrtest, whose options are those of
    `Server.reset`. Time goes as `qrtest_server_clock` says: 60 times as fast.
    """
    item, config = request.node, request.config
    item.stash[marker.SAID] = qrtest_options
    options = {"clock": config.getini("qrtest_server_clock"), **marker.options(item)}
    if "cassette" in options:
        raise pytest.UsageError(
            f"{item.nodeid}: the marker qrtest has a cassette, and runtime_server serves scripts: replay "
            "the cassette with runtime_job, or give the server script=... or scenario=...."
        )
    server = _server(config)
    told = {name: options[name] for name in options if name not in settings.NOT_OF_A_SERVER}
    server.reset(**told)
    life = marker.life(options, config.rootpath)
    if life is not None:
        server.next_job(life, result=options.get("result"))
    report.enlist(item, server, "serve", told)
    return server


def _server(config: pytest.Config) -> Any:
    """The server of this session, or of this worker."""
    if SERVER not in config.stash:
        from qrtest.harness.serve import serve

        stack = ExitStack()
        config.stash[SERVER] = stack.enter_context(serve())
        config.add_cleanup(stack.close)
    return config.stash[SERVER]


@contextmanager
def _simulated(item: pytest.Item) -> Iterator[Any]:
    """What the marker of *item* asks for: a simulation, a replay or a recording."""
    from qrtest.harness.simulate import simulate

    options = marker.options(item)
    if "cassette" in options:
        from qrtest.plugin.played import played

        with played(item, options) as session:
            yield session
        return
    for name in (*settings.OF_THE_JOB, *settings.OF_THE_CASSETTE):
        options.pop(name, None)
    with simulate(**options) as simulation:
        report.enlist(item, simulation, "simulate", options)
        yield simulation


def _job_maker(item: pytest.Item, simulation: Any) -> Any:
    marked = marker.options(item)
    if "cassette" in marked:
        return simulation.job
    life = marker.life(marked, item.config.rootpath)

    def runtime_job(*lives: Any, **options: Any) -> Any:
        if not lives and life is not None:
            lives = (life,)
        if "result" in marked:
            options.setdefault("result", marked["result"])
        return simulation.job(*lives, **options)

    return runtime_job


def _service(item: pytest.Item, simulation: Any) -> Any:
    marked = marker.options(item)
    life = marker.life(marked, item.config.rootpath)
    if life is not None and "cassette" not in marked:
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
    marked = [item for item in session.items if item.get_closest_marker(marker.MARKER) is not None]
    for item in marked:
        names = getattr(item, "fixturenames", None)
        if names is not None and OPTIONS not in names:
            names.append(OPTIONS)
    if marked and not plugins.has_plugin(PLAYER):
        plugins.register(_Player(), PLAYER)


class _Player:
    """Gives a test that has a cassette and asks for no fixture its session, under its own client.

    With `@given`, every example has a replay of its own; a recording is one for all of them.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        if item.get_closest_marker(marker.MARKER) is None or report.SIMULATION in item.stash:
            return (yield)
        item.stash[marker.SAID] = getattr(item, "funcargs", {}).get(OPTIONS, {})
        options = marker.options(item)
        if "cassette" not in options:
            return (yield)
        from qrtest.plugin.played import played

        options = {"transport": "requests", **options}
        with played(item, options) as session:
            if hasattr(session, "discard") or not _is_drawn(item):
                return (yield)
            from qrtest.plugin.hypothesis_examples import within_each

            @contextmanager
            def again() -> Iterator[dict[str, Any]]:
                with played(item, options):
                    yield {}

            with within_each(item, again):
                return (yield)


class _Examples:
    """Gives every example of a test with `@given` a simulation of its own."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        session = item.stash.get(report.SIMULATION, None)
        is_simulation = session is not None and session is not item.config.stash.get(SERVER, None)
        if not is_simulation or hasattr(session, "discard") or not _is_drawn(item):
            return (yield)
        from qrtest.plugin.hypothesis_examples import afresh

        @contextmanager
        def fresh(names: set[str]) -> Iterator[dict[str, Any]]:
            with _simulated(item) as simulation:
                yield {name: FIXTURES[name](item, simulation) for name in names}

        with afresh(item, __name__, fresh):
            return (yield)


def _is_drawn(item: pytest.Item) -> bool:
    """Whether hypothesis draws examples of *item*."""
    return getattr(getattr(item, "obj", None), "is_hypothesis_test", False) is True
