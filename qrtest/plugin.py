"""The pytest plugin: fixtures, a marker, and the timeline in the report of a test that failed.

A thin leaf: nothing heavy is imported before a test asks for a fixture, and tests that ask for none
pay nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from qrtest.clock import VirtualClock, WallClock
    from qrtest.simulation import Simulation

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
    "network",
    "faults",
)
LINES: Final = 40
REPORTER: Final = "qrtest-reporter"
SIMULATION: Final = pytest.StashKey["Simulation"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "qrtest(script=None, scenario=None, faults=(), transport='direct', **options): the life of the "
        "job that runtime_job makes, and options of the simulation, as of qrtest.simulate.",
    )


@pytest.fixture
def runtime_simulation(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    """A simulation of IBM Quantum of this test's own, with the options of the marker qrtest."""
    from qrtest.simulation import simulate

    options = _marked(request.node)
    for name in OF_THE_JOB:
        options.pop(name, None)
    with simulate(**options) as simulation:
        request.node.stash[SIMULATION] = simulation
        if not request.config.pluginmanager.has_plugin(REPORTER):
            request.config.pluginmanager.register(_Reporter(), REPORTER)
        yield simulation


@pytest.fixture
def runtime_job(request: pytest.FixtureRequest, runtime_simulation: Simulation) -> Any:
    """A factory of job doubles, as `Simulation.job`; without a life, by the marker qrtest's."""
    marked = _marked(request.node)
    life = _life(marked)

    def runtime_job(*lives: Any, **options: Any) -> Any:
        if not lives and life is not None:
            lives = (life,)
        if "result" in marked:
            options.setdefault("result", marked["result"])
        return runtime_simulation.job(*lives, **options)

    return runtime_job


@pytest.fixture
def runtime_service(request: pytest.FixtureRequest, runtime_simulation: Simulation) -> Any:
    """A genuine QiskitRuntimeService; the first job it submits lives by the marker qrtest."""
    marked = _marked(request.node)
    life = _life(marked)
    if life is not None:
        runtime_simulation.next_job(life, result=marked.get("result"))
    return runtime_simulation.service()


@pytest.fixture
def virtual_clock(runtime_simulation: Simulation) -> VirtualClock | WallClock:
    """The clock of this test's simulation: `now()`, `advance("1h")`."""
    return runtime_simulation.clock


class _Reporter:
    """Adds the timeline to the report of a test that failed; registered by the first simulation."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        simulation = item.stash.get(SIMULATION, None)
        if simulation is not None and report.when == "call" and report.failed:
            report.sections.append(("qrtest timeline", simulation.journal.timeline(lines=LINES)))
        return report


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
    known = (*OF_THE_JOB, *OF_THE_SIMULATION)
    for name in marked:
        if name not in known and name not in _behaviours():
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise pytest.UsageError(
                f"{node.nodeid}: the marker qrtest has no {name!r}: it takes {', '.join(known)}, "
                f"and the options of Behaviour.{hint}"
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


def _life(marked: dict[str, Any]) -> Any:
    scenario = marked.get("scenario")
    if isinstance(scenario, str):
        from qrtest.catalogue import scenarios

        return scenarios[scenario]
    return scenario if scenario is not None else marked.get("script")
