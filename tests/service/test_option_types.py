"""The options that a sampler and an estimator have are those of the published models."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibm_quantum_schemas.estimator.version_0_1 import OptionsModel as EstimatorOptions
from ibm_quantum_schemas.sampler.version_0_1 import OptionsModel as SamplerOptions
from pydantic import ValidationError

from qrtest.service.input_types import problem
from qrtest.service.option_types import NAMES, RULES, SIMULATOR_NAMES

MODELS: dict[str, Any] = {"sampler": SamplerOptions, "estimator": EstimatorOptions}
WORDS = ["middle", "alap", "XY4", "active", "linear", "pea", "polynomial_degree_3"]
VALUES = [-1, 3, 0.25, 1.5, [], [2.5], [2.5, 3], [[0, 1]], {}, *WORDS]
# A negative delay is out of the backend's range, which has a code of its own; the level of an estimator is sent
# beside its options, and the type of measurement is checked wherever it is given.
BESIDE = {("resilience_level",), ("execution", "rep_delay"), ("execution", "meas_type")}
PATHS = [*(set(RULES) - BESIDE), ("nope",), ("simulator", "nope"), ("twirling", "nope")]


def accepts(model: Any, options: Any) -> bool:
    """Say whether the published *model* accepts these options."""
    try:
        model.model_validate(options, strict=True)
    except ValidationError:
        return False
    return True


def nested(path: tuple[str, ...], value: Any) -> Any:
    """Return *value* at *path*."""
    for name in reversed(path):
        value = {name: value}
    return value


@pytest.mark.parametrize("program_id", MODELS)
@given(path=st.sampled_from(sorted(PATHS)), value=st.sampled_from(VALUES))
def test_an_option_is_refused_where_the_published_model_refuses_it(
    program_id: str, path: tuple[str, ...], value: Any
) -> None:
    """Unknown names, wrong types, and values out of bounds."""
    options = nested(path, value)
    is_refused = problem(program_id, {"pubs": [], "options": options}) is not None
    assert is_refused == (not accepts(MODELS[program_id], options))


@pytest.mark.parametrize(
    "resilience",
    [
        {"pec_mitigation": True, "zne_mitigation": True},
        {"zne": {"noise_factors": [1, 2], "extrapolator": ["linear", "double_exponential"]}},
        {"zne": {"extrapolator": "polynomial_degree_3"}},
    ],
)
def test_what_does_not_go_together_is_refused(resilience: Any) -> None:
    """By the published model, and here."""
    options = {"resilience": resilience}
    assert not accepts(EstimatorOptions, options)
    assert problem("estimator", {"pubs": [], "options": options}) is not None


@pytest.mark.parametrize("program_id", MODELS)
def test_the_names_are_those_of_the_models(program_id: str) -> None:
    """And the one that clients before 0.32 send."""
    fields = MODELS[program_id].model_fields
    assert set(NAMES[program_id]) == {*fields, "transpilation"}
    assert set(SIMULATOR_NAMES) == set(fields["simulator"].annotation.__args__[0].model_fields)


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"options": {"nope": 1}}, "the options of the sampler have no 'nope', but default_shots"),
        ({"options": {"simulator": {"nope": 1}}}, "the options of the simulator have no 'nope'"),
        ({"nope": 1}, "the sampler has no input 'nope', but pubs, options"),
        ({"resilience_level": 1}, "the sampler has no input 'resilience_level'"),
        ({"precision": 0.1}, "the sampler has no input 'precision'"),
        ({"shots": 0}, "shots are 0, which is not a whole number above 0"),
        ({"shots": True}, "shots are True"),
    ],
)
def test_the_error_of_an_unknown_name_lists_the_known_ones(
    params: dict[str, Any], what: str
) -> None:
    """Of an option, and of an input."""
    found = problem("sampler", {"pubs": [], **params})
    assert found is not None
    assert found.startswith(what)


def test_inputs_of_primitives_of_version_1_have_other_names() -> None:
    """They are not checked."""
    params = {"circuits": [], "skip_transpilation": True, "options": {"optimization_level": 3}}
    assert problem("sampler", params) is None
