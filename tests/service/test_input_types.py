"""What a program cannot read of its inputs: each of these fails a job with code 1603 and says what it is."""

from __future__ import annotations

from typing import Any

import pytest

from qrtest.service.input_types import problem

QASM = "OPENQASM 3.0; bit c; c = measure $0;"


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"pubs": "x"}, "pubs is not a list"),
        ({"version": 99}, "version 99 is not 2"),
        ({"version": True}, "version True is not 2"),
        ({"options": []}, "options is not an object"),
        ({"options": {"default_shots": 0}}, "default_shots is not a number of shots"),
        (
            {"options": {"default_precision": float("nan")}},
            "default_precision is not a number above 0",
        ),
        ({"options": {"resilience_level": 7}}, "resilience_level is not 0 to 2"),
        ({"resilience_level": 3}, "resilience_level is not 0 to 2"),
        ({"options": {"execution": 1}}, "execution is not an object"),
        ({"options": {"execution": {"meas_type": "raw"}}}, "execution.meas_type is none of"),
        ({"options": {"twirling": True}}, "twirling is not an object"),
        ({"options": {"twirling": {"enable_gates": "yes"}}}, "twirling.enable_gates is neither"),
        (
            {"options": {"resilience": {"zne_mitigation": 1}}},
            "resilience.zne_mitigation is neither",
        ),
        (
            {"options": {"twirling": {"num_randomizations": 0}}},
            "twirling.num_randomizations is neither a whole number above 0 nor 'auto'",
        ),
        (
            {"options": {"resilience": {"zne": {"noise_factors": [0.5]}}}},
            "resilience.zne.noise_factors is not a list of numbers, 1 or more",
        ),
        (
            {"options": {"resilience": {"zne": {"extrapolator": []}}}},
            "resilience.zne.extrapolator is neither a name nor a list of names",
        ),
    ],
)
@pytest.mark.parametrize("program_id", ["sampler", "estimator"])
def test_options_that_cannot_be_read_are_named(
    program_id: str, params: dict[str, Any], what: str
) -> None:
    """With what they should be."""
    found = problem(program_id, params)
    assert found is not None
    assert found.startswith(what)


@pytest.mark.parametrize("shots", [0, -1, True, 1.5, "5", [5], {}])
def test_shots_are_whole_numbers_above_0(shots: Any) -> None:
    """Or left out, or null."""
    found = problem("sampler", {"pubs": [[QASM], [QASM, None, shots]]})
    assert found == f"the shots of pub 1 are {shots!r}, which is not a whole number above 0"


@pytest.mark.parametrize("precision", [0, -0.1, True, "0.1", float("nan"), float("inf")])
def test_a_precision_is_a_finite_number_above_0(precision: Any) -> None:
    """Or left out, or null."""
    found = problem("estimator", {"pubs": [[QASM, {"Z": 1}, None, precision]]})
    assert found is not None
    assert found.startswith("the precision of pub 0 is")


@pytest.mark.parametrize(
    ("program_id", "pub", "what"),
    [
        ("sampler", [QASM, None, 5, None, None], "pub 0 has 5 entries, where 1 to 3 are known"),
        ("sampler", [], "pub 0 has 0 entries"),
        ("estimator", [QASM], "pub 0 has 1 entries, where 2 to 4 are known"),
        ("sampler", 5, "pub 0 is neither a list nor a circuit"),
        ("sampler", [5], "pub 0 does not begin with a circuit"),
        ("estimator", [QASM, {"01": 1}], "an observable of pub 0, '01', has other letters than"),
        (
            "estimator",
            [QASM, [["Z"], ["r"]]],
            "an observable of pub 0, 'r', has other letters than",
        ),
        ("estimator", [QASM, {"Z": float("nan")}], "an observable of pub 0 has a coefficient that"),
        ("estimator", [QASM, {"Z": "1"}], "an observable of pub 0 has a coefficient that"),
        ("estimator", [QASM, None], "an observable of pub 0 is None"),
        ("estimator", [QASM, [{"Z": 1}, {"ZZ": 1}]], "the observables of pub 0 are of different"),
    ],
)
def test_pubs_that_cannot_be_read_are_named(program_id: str, pub: Any, what: str) -> None:
    """By their number, from 0."""
    found = problem(program_id, {"pubs": [pub]})
    assert found is not None
    assert found.startswith(what)


@pytest.mark.parametrize(
    ("program_id", "params"),
    [
        ("sampler", {}),
        ("sampler", {"pubs": [QASM, [QASM], [QASM, None, None], {"__type__": "QuantumCircuit"}]}),
        ("sampler", {"version": 1, "circuits": []}),
        (
            "sampler",
            {"options": {"twirling": {"num_randomizations": "auto"}, "default_shots": None}},
        ),
        (
            "estimator",
            {"pubs": [[QASM, "Z"], [QASM, [[{"XZ": 1, "YI": -0.5}], ["ZZ"]], None, 0.1]]},
        ),
        ("estimator", {"pubs": [[QASM, {"Z": {"__type__": "complex", "__value__": [1, 0]}}]]}),
        ("estimator", {"pubs": [[QASM, {"": 1.0}]], "resilience_level": 2, "version": 2}),
    ],
)
def test_what_can_be_read_has_no_problem(program_id: str, params: dict[str, Any]) -> None:
    """Whatever client wrote it."""
    assert problem(program_id, params) is None
