"""Scenarios: what they are made of, and the errors of what they cannot be made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qrtest import Scenario, simulate
from qrtest.errors import QrtestError, ResultError, ScenarioError, SimulationError

CASSETTE = "cassettes/sampler.yaml"
NO_PATHS = (None, 5, b"cassettes/sampler.yaml", [], {}, True)


@pytest.mark.parametrize("given", NO_PATHS)
@pytest.mark.parametrize("read", [Scenario.from_cassette, Scenario.all_from_cassette])
def test_what_is_no_cassette_is_an_error(read: Callable[[Any], Any], given: Any) -> None:
    """With what to give."""
    with pytest.raises(ScenarioError, match="is no cassette: give one, or its path"):
        read(given)


@pytest.mark.parametrize("job_id", [5, b"x", [], {}, ""])
def test_what_is_no_id_of_a_job_is_an_error(job_id: Any) -> None:
    """With the ids that there are."""
    with pytest.raises(ScenarioError, match="has no job.*d5h6o44pe0pc73am1f1g"):
        Scenario.from_cassette(CASSETTE, job_id)


@pytest.mark.parametrize("given", [None, 5, b"x", []])
def test_what_is_no_description_of_a_job_is_an_error(given: Any) -> None:
    """Neither a path nor what GET job answers."""
    with pytest.raises(ResultError, match="no description of a job"):
        Scenario.from_info(given)


WRONG = (
    ("faults", 5),
    ("faults", "drop"),
    ("faults", ["drop"]),
    ("tags", 5),
    ("tags", "mine"),
    ("tags", [5]),
    ("program_id", 5),
)


@pytest.mark.parametrize(
    ("name", "value"), [*WRONG, ("behaviour", 5), ("metrics", 5), ("record", 5)]
)
def test_a_value_of_a_wrong_type_is_an_error_where_the_scenario_is_made(
    name: str, value: Any
) -> None:
    """It names the value; a text is no list of texts."""
    with pytest.raises(ScenarioError, match=f"^{name}="):
        Scenario("DONE", **{name: value})


@pytest.mark.parametrize(("name", "value"), WRONG[:-1])
def test_a_change_of_a_wrong_type_is_an_error(name: str, value: Any) -> None:
    """As in the constructor."""
    with pytest.raises(ScenarioError, match=f"^{name}="):
        Scenario("DONE").but(**{name: value})


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_job_of_a_wrong_type_is_an_error(name: str, value: Any) -> None:
    """Of the simulation, in the same words; no job is made."""
    with simulate() as sim:
        with pytest.raises(SimulationError, match=f"^{name}="):
            sim.job("DONE", **{name: value})
        assert not list(sim.journal)


def test_an_option_of_another_function_is_called_so() -> None:
    """And is not what was meant by itself."""
    with simulate() as sim, pytest.raises(QrtestError, match="'params' is not taken here, but by"):
        sim.next_job("DONE", params={})
