"""Faults keep to the operations that were asked for, and shrink to one."""

from __future__ import annotations

import pytest
from hypothesis import find, given

from qrtest import faults
from qrtest import strategies as qst
from qrtest.errors import FaultError
from qrtest.faults import Fault


@given(qst.fault_plans(operations=["cancel"], most=3))
def test_faults_keep_to_the_operations(plan: tuple[Fault, ...]) -> None:
    """A plan is narrowed to operations, and to a number of faults."""
    assert len(plan) <= 3
    assert {fault.on for fault in plan} <= {"cancel"}


def test_an_operation_without_faults_is_refused() -> None:
    """The message says on which there are some."""
    with pytest.raises(FaultError, match="no fault is known for these. There are poll, result"):
        qst.faults(operations=["search"])


def test_a_plan_shrinks_to_the_one_fault_that_matters() -> None:
    """The rest of the plan, and its timing, go."""
    found = find(qst.fault_plans(), lambda plan: any(isinstance(f, faults.Truncate) for f in plan))
    assert found == (faults.truncate(on="poll"),)
