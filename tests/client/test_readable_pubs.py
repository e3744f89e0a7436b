"""What of a submitted pub is computed, and which reason a pub gets that is not."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from qrtest.client.readable_pubs import (
    NOT_COMPUTED,
    NotComputedError,
    decoded_inputs,
    read_pub,
)
from qrtest.service.input_checks import UNREADABLE_INPUT

ANGLE = Parameter("angle")


def rotated(*, angle: Any = ANGLE, measured: bool = False) -> QuantumCircuit:
    """Return two qubits of which one is turned."""
    circuit = QuantumCircuit(2)
    circuit.rx(angle, 0)
    if measured:
        circuit.measure_all()
    return circuit


def test_a_pub_is_read_with_its_values_by_name() -> None:
    """Whatever the order and the shape that they came in."""
    pub = read_pub("sampler", [rotated(measured=True), np.zeros((3, 1)), 100], "pub 0")
    assert pub.values.shape == (3,)
    assert list(pub.values.data) == [("angle",)]
    assert pub.wanted == 100


def test_no_values_at_all_are_an_empty_result() -> None:
    """A shape with a zero in it is one that the client accepts."""
    pub = read_pub("sampler", [rotated(measured=True), np.zeros((0, 3, 1))], "pub 0")
    assert pub.values.shape == (0, 3)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("program_id", ["sampler", "estimator"])
def test_numbers_that_are_not_finite_are_not_computed(program_id: str, wrong: float) -> None:
    """As parameter values, and as an angle of the circuit; a simulator would give a value for them."""
    is_sampler = program_id == "sampler"
    between = [] if is_sampler else [SparsePauliOp("ZZ")]
    bound = rotated(measured=is_sampler)
    with pytest.raises(NotComputedError, match="values of angle that are not finite") as found:
        read_pub(program_id, [bound, *between, [wrong]], "pub 3")
    assert found.value.code == NOT_COMPUTED
    fixed = rotated(angle=wrong, measured=is_sampler)
    with pytest.raises(NotComputedError, match="pub 3 has the instruction rx with"):
        read_pub(program_id, [fixed, *between], "pub 3")


@pytest.mark.parametrize(
    ("program_id", "entries"),
    [
        ("estimator", [rotated(angle=1.0), SparsePauliOp("ZZZ")]),
        ("estimator", [rotated(angle=1.0), SparsePauliOp("ZZ"), [1.0, 2.0]]),
        ("sampler", [rotated(measured=True), {"phase": 1.0}]),
        ("sampler", [rotated(measured=True)]),
        ("sampler", ["no circuit at all"]),
        ("sampler", [3]),
    ],
    ids=["wide observable", "values for none", "another name", "no values", "text", "number"],
)
def test_a_pub_that_does_not_fit_its_circuit_cannot_be_read(
    program_id: str, entries: list[Any]
) -> None:
    """Code 1603, as for all inputs that the service cannot parse."""
    with pytest.raises(NotComputedError) as found:
        read_pub(program_id, entries, "pub 0")
    assert found.value.code == UNREADABLE_INPUT


def test_inputs_that_cannot_be_decoded_cannot_be_read() -> None:
    """A circuit whose QPY is damaged."""
    damaged = {"pubs": [[{"__type__": "QuantumCircuit", "__value__": "AAAA"}]]}
    with pytest.raises(NotComputedError, match="The input could not be parsed") as found:
        decoded_inputs(json.dumps(damaged))
    assert found.value.code == UNREADABLE_INPUT
