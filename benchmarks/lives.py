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


def nothing(scenario: Scenario) -> None:
    """Draw a life and leave it."""


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


def seconds_each(live: Callable[[Scenario], None], lives: st.SearchStrategy[Scenario]) -> float:
    """What an example costs in processor time, the best of three runs."""
    run = settings(
        max_examples=LIVES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(lives)(live))
    run()
    taken = []
    for _ in range(3):
        began = NOW[0]()
        run()
        taken.append(NOW[0]() - began)
    return min(taken) / LIVES


def main() -> None:
    table = Table(title=f"{LIVES} job lives under hypothesis, direct transport, one core")
    for column in ("lives", "drawn (µs each)", "lived (µs each)", "lived a second", "with drawing"):
        table.add_column(column, justify="left" if column == "lives" else "right")
    for title, live, lives in (
        ("without faults, statuses to the end", statuses, CALM),
        ("without faults, to the decoded result", whole, CALM),
        ("with faults, to the decoded result", whole, ALL),
    ):
        drawing = seconds_each(nothing, lives)
        both = seconds_each(live, lives)
        lived = both - drawing
        table.add_row(
            title,
            f"{drawing * 1e6:,.0f}",
            f"{lived * 1e6:,.0f}",
            f"{1 / lived:,.0f}",
            f"{1 / both:,.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
