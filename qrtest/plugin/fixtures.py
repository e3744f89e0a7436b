"""The six fixtures, and a fresh value of each in every example of a test with `@given`.

This module is what a fixture of ours is known by: those defined here are made afresh, those of others
are not.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qrtest.clock.clocks import VirtualClock, WallClock

__all__ = [
    "FreshExamples",
    "qrtest_options",
    "runtime_job",
    "runtime_server",
    "runtime_service",
    "runtime_simulation",
    "virtual_clock",
]

SERVER: Final = pytest.StashKey[Any]()
"""The server of a session, or of a worker of pytest-xdist."""


@pytest.fixture
def qrtest_options() -> dict[str, Any]:
    """Options of the marker qrtest for all tests that see it, to be overridden; the marker goes first."""
    return {}


@pytest.fixture
def runtime_simulation(
    request: pytest.FixtureRequest, qrtest_options: dict[str, Any]
) -> Iterator[Any]:
    """A simulation of IBM Quantum for this test, with the options of the marker qrtest.

    With a cassette in the marker it is a replay of that, or its recording. A test with `@given` has
    a new one in every example.
    """
    from qrtest.plugin import marker

    marker.resolve(request.node, qrtest_options)
    with _session(request.node) as simulation:
        yield simulation


@pytest.fixture
def runtime_job(request: pytest.FixtureRequest, runtime_simulation: Any) -> Any:
    """A factory of job doubles, as `Simulation.job`; without a script, it takes the marker's.

    With a cassette in the marker it is `Replay.job`: the recorded job.
    """
    return _job_factory(request.node, runtime_simulation)


@pytest.fixture
def runtime_service(request: pytest.FixtureRequest, runtime_simulation: Any) -> Any:
    """A genuine QiskitRuntimeService; the first job it submits follows the marker's script."""
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
    for it. The first job that is submitted follows the marker's script; the marker's options are those of
    `Server.reset`. The clock is that of the ini option `qrtest_server_clock`: 60 times as fast by default.
    """
    from qrtest.plugin import marker, report, settings

    item, config = request.node, request.config
    resolved = marker.resolve(item, qrtest_options)
    if "cassette" in resolved:
        raise pytest.UsageError(
            f"{item.nodeid}: the marker qrtest has a cassette, and runtime_server serves scripts: replay "
            "the cassette with runtime_job, or give the server script=... or scenario=...."
        )
    options = {"clock": config.getini("qrtest_server_clock"), **resolved}
    given = {name: options[name] for name in options if name not in settings.NOT_OF_A_SERVER}
    server = _server(config)
    server.reset(**given)
    request.getfixturevalue("monkeypatch").setenv("QRTEST_SERVER_TOKEN", server.control_token)
    script = marker.script(options, config.rootpath)
    if script is not None or "result" in options:
        server.next_job(*([] if script is None else [script]), result=options.get("result"))
    report.enlist(item, server, "serve", given)
    return server


def _server(config: pytest.Config) -> Any:
    """Return the server of this session, or of this worker."""
    if SERVER not in config.stash:
        from qrtest.harness.serve import serve

        stack = ExitStack()
        config.stash[SERVER] = stack.enter_context(serve())
        config.add_cleanup(stack.close)
    return config.stash[SERVER]


@contextmanager
def _session(item: pytest.Item) -> Iterator[Any]:
    """Enter what the marker of *item* asks for: a simulation, a replay or a recording."""
    from qrtest.plugin import marker, settings

    options = marker.options(item)
    if "cassette" in options:
        from qrtest.plugin import cassettes

        with cassettes.session(item, options) as session:
            yield session
        return
    from qrtest.harness.simulate import simulate
    from qrtest.plugin import report

    others = {*settings.OF_THE_JOB, *settings.OF_THE_CASSETTE}
    options = {name: value for name, value in options.items() if name not in others}
    with simulate(**options) as simulation:
        report.enlist(item, simulation, "simulate", options)
        yield simulation


def _job_factory(item: pytest.Item, simulation: Any) -> Any:
    from qrtest.plugin import marker

    marked = marker.options(item)
    if "cassette" in marked:
        return simulation.job
    script = marker.script(marked, item.config.rootpath)

    def runtime_job(*scripts: Any, **options: Any) -> Any:
        if not scripts and script is not None:
            scripts = (script,)
        if "result" in marked:
            options.setdefault("result", marked["result"])
        return simulation.job(*scripts, **options)

    return runtime_job


def _service(item: pytest.Item, simulation: Any) -> Any:
    from qrtest.plugin import marker

    marked = marker.options(item)
    script = marker.script(marked, item.config.rootpath)
    if "cassette" not in marked and (script is not None or "result" in marked):
        simulation.next_job(*([] if script is None else [script]), result=marked.get("result"))
    return simulation.service()


VALUES: Final[Mapping[str, Callable[[pytest.Item, Any], Any]]] = {
    "runtime_simulation": lambda _, simulation: simulation,
    "runtime_job": _job_factory,
    "runtime_service": _service,
    "virtual_clock": lambda _, simulation: simulation.clock,
}
"""The value of each fixture that belongs to a simulation, given the test and the simulation."""


class FreshExamples:
    """A plugin that gives every example of a test with `@given` a simulation of its own."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run the test with fresh fixtures in every example."""
        from qrtest.plugin import marker, report

        if not marker.draws_examples(item):
            return (yield)
        from qrtest.plugin.hypothesis_examples import afresh

        session = item.stash.get(report.SESSION, None)
        is_server = session is item.config.stash.get(SERVER, None)
        # A recording, which can be discarded, is one for all examples.
        if session is None or is_server or hasattr(session, "discard"):
            return (yield)

        @contextmanager
        def fresh(names: set[str]) -> Iterator[dict[str, Any]]:
            with _session(item) as simulation:
                yield {name: VALUES[name](item, simulation) for name in names}

        with afresh(item, __name__, fresh):
            return (yield)
