"""Strategies for faults. Users find them in `qrtest.strategies`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.advice import choices, page
from qrtest.errors import FaultError
from qrtest.faults import Fault
from qrtest.faults.fault import kinds
from qrtest.strategies.draw_scripts import mostly_first

__all__ = ["fault_plans", "faults", "menu"]

DRAWN_FIRST: Final = ("poll", "result", "cancel", "submit", "logs", "metrics")


def menu() -> list[Fault]:
    """Return the faults that are drawn, those of every kind, on the most usual operations first."""
    drawn = [fault for kind in kinds() for fault in kind.draws]
    order = {operation: place for place, operation in enumerate(DRAWN_FIRST)}
    return sorted(drawn, key=lambda fault: order.get(fault.on, len(order)))


TIMES: Final = (1, None, 2, 6, 7)
"""How often a fault strikes. The client sends a request up to six times, so that 6 exhausts it."""


def faults(*, operations: Sequence[str] | None = None) -> SearchStrategy[Fault]:
    """Draw a fault on one of *operations* (None: on any) that strikes once, several times, or always.

    Raises `FaultError` when no fault is known for these operations.

    >>> from hypothesis import find
    >>> find(faults(operations=["result"]), lambda fault: True)
    faults.status(500, on='result')
    """
    drawn = [fault for fault in menu() if operations is None or fault.on in operations]
    if not drawn:
        known = dict.fromkeys(fault.on for fault in menu())
        where = page("scripts", "faults-are-what-goes-wrong")
        given = next(iter(operations or ()), "")
        raise FaultError(
            f"operations={operations!r}: no fault is known for these. {choices(given, known, where)}"
        )
    return st.builds(
        _timed,
        st.sampled_from(drawn),
        mostly_first((0, 1, 2, 10)),
        st.sampled_from(TIMES),
        mostly_first((0.0, 60.0)),
    )


def fault_plans(
    *, operations: Sequence[str] | None = None, most: int = 2
) -> SearchStrategy[tuple[Fault, ...]]:
    """Draw up to *most* faults on *operations* (None: on any).

    Raises `FaultError` for an operation without faults.

    >>> from hypothesis import find
    >>> find(fault_plans(), bool)
    (faults.status(503, on='poll'),)
    """
    return st.lists(faults(operations=operations), max_size=most).map(tuple)


def _timed(fault: Fault, after: int, times: int | None, since: float) -> Fault:
    return replace(fault, after=after, times=times, since=since)
