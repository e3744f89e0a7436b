"""Strategies for scenarios, and for jobs that follow them. Users find them in `qrtest.strategies`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import control
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.faults import Fault
from qrtest.harness.simulate import Transport, simulate
from qrtest.lifecycle.script import Script
from qrtest.scenario.scenario import Scenario
from qrtest.strategies.draw_faults import fault_plans
from qrtest.strategies.draw_scripts import scripts as any_scripts

if TYPE_CHECKING:
    from qrtest.cassette.model import Cassette
    from qrtest.client.job_doubles import RuntimeJobV2

__all__ = ["jobs", "lives_of", "scenarios", "scenarios_of"]

Scripts = SearchStrategy[Script]
Plans = SearchStrategy[tuple[Fault, ...]]


def scenarios(
    scripts: Scripts | None = None,
    faults: Plans | None = None,
    results: SearchStrategy[Any] | None = None,
    *,
    program_id: str = "sampler",
    lives: Scripts | None = None,
) -> SearchStrategy[Scenario]:
    """Draw scenarios: a script, faults and a result for one job.

    The parts are those of `scripts()` and `fault_plans()` and a small valid result, unless given.
    `lives` is an older name of *scripts*.

    Raises `ResultError` for a program that is not known.

    >>> from hypothesis import find
    >>> find(scenarios(), lambda scenario: scenario.faults)
    Scenario('DONE', faults=[faults.status(503, on='poll')])
    """
    scripts = lives if scripts is None else scripts
    return st.builds(
        lambda script, plan, result: Scenario(
            script, faults=plan, result=result, program_id=program_id
        ),
        any_scripts() if scripts is None else scripts,
        fault_plans() if faults is None else faults,
        st.none() if results is None else results,
    )


def scenarios_of(
    cassette: str | os.PathLike[str] | Cassette,
    job_id: str | None = None,
    *,
    scripts: Scripts | None = None,
    faults: Plans | None = None,
    lives: Scripts | None = None,
) -> SearchStrategy[Scenario]:
    """Draw scenarios of a recorded job: inputs, result, metrics and logs are as recorded.

    Script and faults are drawn, by `scripts()` and `fault_plans()` unless given. *job_id* can be left
    out when there is only one job. `lives` is an older name of *scripts*, and `lives_of` of this
    function. Raises as `Scenario.from_cassette`.

    >>> from hypothesis import find
    >>> find(scenarios_of("cassettes/sampler.yaml"), lambda drawn: drawn.script.end.status == "ERROR")
    Scenario.from_cassette('cassettes/sampler.yaml').but(script='ERROR', faults=[])
    """
    scripts = lives if scripts is None else scripts
    recorded = Scenario.from_cassette(cassette, job_id)
    return st.builds(
        lambda script, plan: recorded.but(script=script, faults=plan),
        any_scripts() if scripts is None else scripts,
        fault_plans() if faults is None else faults,
    )


lives_of = scenarios_of


def jobs(
    scenarios: SearchStrategy[Scenario] | None = None,
    *,
    lives: SearchStrategy[Scenario] | None = None,
    transport: Transport = "direct",
    **options: Any,
) -> SearchStrategy[RuntimeJobV2]:
    """Draw doubles of jobs, each in a simulation of its own that lasts as long as the example.

    *options* are those of `qrtest.simulate`; `lives` is an older name of *scenarios*. A job
    prints as `sim.job(Scenario('DONE'))`, for a test that has a simulation `sim`. Two jobs of one
    example do not share a clock: to have several in one simulation, draw scenarios and make the jobs
    from them.

    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5)
    ... @given(jobs())
    ... def test_an_id(job):
    ...     assert job.job_id()
    >>> test_an_id()
    """

    def make(scenario: Scenario) -> RuntimeJobV2:
        from qrtest.client.job_doubles import printed_as

        simulation = simulate(transport=transport, **options)
        simulation.__enter__()
        control.cleanup(lambda: simulation.__exit__(None, None, None))
        return printed_as(simulation.job(scenario), f"sim.job({scenario!r})")

    scenarios = lives if scenarios is None else scenarios
    return (any_scenarios() if scenarios is None else scenarios).map(make)


any_scenarios = scenarios
"""The function `scenarios`, under a name that no parameter hides."""
