"""Strategies for faults. Users find them in `qrtest.strategies`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest import faults as faulty
from qrtest.errors import FaultError
from qrtest.faults import Fault
from qrtest.strategies.draw_scripts import mostly_first

__all__ = ["MENU", "fault_plans", "faults"]

MENU: Final[tuple[Fault, ...]] = (
    faulty.status(503, on="poll"),
    faulty.status(504, on="poll"),
    faulty.drop(on="poll"),
    faulty.expired_token(on="poll"),
    faulty.status(429, retry_after="30s", on="poll"),
    faulty.html(on="poll"),
    faulty.truncate(on="poll"),
    faulty.slow("30s", on="poll"),
    faulty.truncate(on="result"),
    faulty.html(on="result"),
    faulty.empty(on="result"),
    faulty.corrupt("base64", on="result"),
    faulty.corrupt("zlib", on="result"),
    faulty.corrupt("npy", on="result"),
    faulty.corrupt("shape", on="result"),
    faulty.status(500, on="result"),
    faulty.drop(on="result"),
    faulty.expired_token(on="result"),
    faulty.status(409, on="cancel"),
    faulty.ignore(on="cancel"),
    faulty.drop(on="cancel"),
    faulty.status(503, on="submit"),
    faulty.status(429, on="submit"),
    faulty.drop(on="submit"),
    faulty.status(500, on="logs"),
    faulty.html(on="logs"),
    faulty.status(500, on="metrics"),
    faulty.html(on="metrics"),
    faulty.drop(on="interim_results"),
    faulty.status(503, on="tags"),
)
"""The faults that are drawn, each striking once; the most usual first."""

TIMES: Final = (1, None, 2, 6, 7)
"""How often a fault strikes. The client sends a request up to six times, so that 6 exhausts it."""


def faults(*, operations: Sequence[str] | None = None) -> SearchStrategy[Fault]:
    """Draw a fault on one of *operations* (None: on any) that strikes once, several times, or always.

    Raises `FaultError` when no fault is known for these operations.

    >>> from hypothesis import find
    >>> find(faults(operations=["result"]), lambda fault: True)
    faults.truncate(on='result')
    """
    menu = [fault for fault in MENU if operations is None or fault.on in operations]
    if not menu:
        known = ", ".join(dict.fromkeys(fault.on for fault in MENU))
        raise FaultError(f"operations={operations!r}: there are faults on {known}.")
    return st.builds(
        _timed,
        st.sampled_from(menu),
        mostly_first((0, 1, 2, 10)),
        st.sampled_from(TIMES),
        mostly_first((0.0, 60.0)),
    )


def fault_plans(
    *, operations: Sequence[str] | None = None, most: int = 2
) -> SearchStrategy[tuple[Fault, ...]]:
    """Draw up to *most* faults on *operations* (None: on any).

    >>> from hypothesis import find
    >>> find(fault_plans(), bool)
    (faults.status(503, on='poll'),)
    """
    return st.lists(faults(operations=operations), max_size=most).map(tuple)


def _timed(fault: Fault, after: int, times: int | None, since: float) -> Fault:
    return replace(fault, after=after, times=times, since=since)
