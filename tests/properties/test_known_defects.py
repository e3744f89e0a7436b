"""What the genuine client is known not to keep is found, unless it is left out."""

from __future__ import annotations

import pytest

import qrtest
from qrtest.errors import BrokenPromises, SimulationError
from qrtest.properties import KNOWN_DEFECTS

NAMES = tuple(defect.name for defect in KNOWN_DEFECTS)


@pytest.mark.parametrize("transport", ["direct", "requests"])
def test_each_defect_shows(transport) -> None:
    """All of them, and nothing else."""
    with qrtest.simulate(transport=transport) as sim, pytest.raises(BrokenPromises) as found:
        qrtest.check_job(sim.job, known=False)
    assert found.value.names == NAMES


def test_names_leave_out_what_is_known() -> None:
    """A defect that is not named is reported."""
    with qrtest.simulate() as sim:
        qrtest.check_job(sim.job, known=NAMES)
        with pytest.raises(BrokenPromises) as found:
            qrtest.check_job(sim.job, known=NAMES[1:])
    assert found.value.names == NAMES[:1]


def test_a_name_that_is_no_promise_is_an_error() -> None:
    """It would leave out nothing."""
    with qrtest.simulate() as sim, pytest.raises(SimulationError, match="'two-message'"):
        qrtest.check_job(sim.job, known=["two-message"])
