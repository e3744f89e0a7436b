"""How many scenarios hypothesis drives a second, beside what drawing them costs.

Run: python -m benchmarks.searches
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import qrtest
from benchmarks.report import Measured, show
from qrtest import Scenario
from qrtest import strategies as qst

EXAMPLES = 500
CALM = qst.scenarios(qst.scripts(longest="5s"), st.just(()))
ALL = qst.scenarios(qst.scripts(longest="5s"))


def statuses(scenario: Scenario) -> None:
    """From submission to the end, by status alone."""
    with qrtest.simulate() as sim:
        job = sim.job(scenario)
        for _ in range(10):
            try:
                if job.in_final_state():
                    return
            except Exception:
                return
            sim.clock.sleep(1)


def whole(scenario: Scenario) -> None:
    """From submission to the decoded result, as a consumer with a timeout does."""
    with qrtest.simulate() as sim:
        try:
            sim.job(scenario).result(timeout=5)
        except Exception:
            return


def costs(
    run_one: Callable[[Scenario], None], scenarios: st.SearchStrategy[Scenario]
) -> tuple[float, float]:
    """Return what an example costs to draw and to run, in processor time: each the best of five runs."""
    spent = [0.0]

    def timed(scenario: Scenario) -> None:
        began = time.process_time()
        run_one(scenario)
        spent[0] += time.process_time() - began

    run = settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(scenarios)(timed))
    run()
    taken = []
    for _ in range(5):
        spent[0], began = 0.0, time.process_time()
        run()
        taken.append((time.process_time() - began - spent[0], spent[0]))
    return min(drawn for drawn, _ in taken) / EXAMPLES, min(ran for _, ran in taken) / EXAMPLES


def measured() -> Iterator[Measured]:
    """Yield what an example of a search costs."""
    rows = []
    for title, run, scenarios in (
        ("without faults, statuses to the end", statuses, CALM),
        ("without faults, to the decoded result", whole, CALM),
        ("with faults, to the decoded result", whole, ALL),
    ):
        drawn, ran = costs(run, scenarios)
        rows.append((title, f"{drawn * 1e6:,.0f}", f"{ran * 1e6:,.0f}", f"{1 / ran:,.0f}"))
    yield Measured(
        "Scenarios under hypothesis",
        ("scenarios", "to draw, µs each", "to run, µs each", "runs a second"),
        rows,
        f"Processor time of one core, {EXAMPLES} scenarios each, direct transport, the best of five runs.",
    )


if __name__ == "__main__":
    show(measured())
