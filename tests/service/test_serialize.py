"""The service's JSON: what is said of a step is read back as it, and in a word on the timeline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Script, unknown
from qrtest.service import parse, serialize
from qrtest.service.behaviour import Behaviour
from tests.drawn_scripts import scripts


@given(scripts(), st.sampled_from(["number", "text"]))
def test_what_is_written_of_a_step_is_read_back_as_it(script: Script, reason_code: str) -> None:
    """But for how long it lasts and what appears meanwhile, which a poll does not say."""
    for step in script:
        answer = serialize.json_response({"state": serialize.job_state(step, reason_code)})
        assert parse.step_of(answer.body) == replace(step, seconds=None, interim=())


@pytest.mark.parametrize("word", ["", "Validating"])
def test_an_unknown_word_is_a_step_and_none_is_not(word: str) -> None:
    """A status without a word is no status."""
    answer = serialize.json_response({"state": {"status": word}})
    assert parse.step_of(answer.body) == (unknown(word) if word else None)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "cancel_lag": st.floats(0, 100) | st.just("5s"),
            "queued_polls": st.integers(0, 3),
            "offline": st.sampled_from(["queue", "refuse"]),
            "reason_code": st.sampled_from(["number", "text", "alone"]),
        },
    )
)
def test_the_repr_of_a_behaviour_is_code_for_it(options: dict[str, object]) -> None:
    """With the choices that differ, and no others."""
    behaviour = Behaviour.of(options)
    assert eval(repr(behaviour), {"Behaviour": Behaviour}) == behaviour
    assert set(behaviour.chosen()) <= set(options)
