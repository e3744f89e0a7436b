"""How many whole job lives hypothesis drives a second, beside what drawing them costs.

Run: python -m benchmarks.lives
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

import qrtest
from qrtest import Scenario
from qrtest import strategies as qst

LIVES = 500
NOW = [time.process_time]
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
    live: Callable[[Scenario], None], lives: st.SearchStrategy[Scenario]
) -> tuple[float, float]:
    """What an example costs to draw and to live, in processor time: each the best of five runs."""
    spent = [0.0]

    def timed(scenario: Scenario) -> None:
        began = NOW[0]()
        live(scenario)
        spent[0] += NOW[0]() - began

    run = settings(
        max_examples=LIVES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(lives)(timed))
    run()
    taken = []
    for _ in range(5):
        spent[0], began = 0.0, NOW[0]()
        run()
        taken.append((NOW[0]() - began - spent[0], spent[0]))
    return min(drawn for drawn, _ in taken) / LIVES, min(lived for _, lived in taken) / LIVES


def main() -> None:
    table = Table(title=f"{LIVES} job lives under hypothesis, direct transport, one core")
    for column in ("lives", "drawn (µs each)", "lived (µs each)", "lived a second"):
        table.add_column(column, justify="left" if column == "lives" else "right")
    for title, live, lives in (
        ("without faults, statuses to the end", statuses, CALM),
        ("without faults, to the decoded result", whole, CALM),
        ("with faults, to the decoded result", whole, ALL),
    ):
        drawn, lived = costs(live, lives)
        table.add_row(title, f"{drawn * 1e6:,.0f}", f"{lived * 1e6:,.0f}", f"{1 / lived:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
