"""Scripts are values; an order of statuses that no job can have is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qrtest
from qrtest import (
    Script,
    cancelled,
    done,
    failed,
    queued,
    ran_too_long,
    running,
    unknown,
)
from qrtest.errors import ScriptError
from tests.drawn_scripts import ENDS, LENGTHS, TEXTS, scripts

ILLEGAL = st.lists(
    st.one_of(
        st.builds(done, lasts=LENGTHS),
        st.builds(failed, TEXTS, st.just(1500), lasts=LENGTHS),
        st.builds(cancelled, TEXTS, lasts=LENGTHS),
        st.builds(running, LENGTHS),
    ),
    min_size=1,
    max_size=4,
).map(lambda steps: Script(*steps, legal=False))


@given(scripts() | ILLEGAL)
def test_the_repr_of_a_script_is_code_for_the_script(script: Script) -> None:
    """eval(repr(script)) is the script."""
    names = {name: getattr(qrtest, name) for name in qrtest.__all__}
    assert eval(repr(script), names) == script


@given(scripts())
def test_scripts_are_values(script: Script) -> None:
    """Equal scripts hash alike, and survive being copied and pickled."""
    twin = pickle.loads(pickle.dumps(script))
    assert twin == script == copy.deepcopy(script)
    assert hash(twin) == hash(script)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Script(), "A script needs a step: the shortest one is Script(done())."),
        (
            lambda: Script("QUEUED"),  # type: ignore[arg-type]
            "Step 1 is 'QUEUED', not a step: write Script(queued('2h'), done()), or "
            "Script.parse('QUEUED 2h; DONE').",
        ),
        (
            lambda: Script(done(), running(5)),
            "Step 2 (RUNNING 5s) cannot follow: A job that is DONE cannot become RUNNING: DONE is final. "
            "To test it all the same, write Script(..., legal=False).",
        ),
        (
            lambda: Script(done(), unknown("Validating")),
            "Step 2 (UNKNOWN \"Validating\") cannot follow: A job that is DONE cannot become 'Validating': "
            "DONE is final. To test it all the same, write Script(..., legal=False).",
        ),
        (
            lambda: failed(code=99),
            "code=99 is not an error code of the service: they are whole numbers from 1000 to 9999.",
        ),
        (
            lambda: failed(code=True),
            "code=True is not an error code of the service: they are whole numbers from 1000 to 9999.",
        ),
        (
            lambda: failed(solution="Try again."),
            "failed(solution=...) without a reason: the service gives none alone.",
        ),
        (lambda: unknown(""), "unknown(''): give the word that the service sends."),
        (
            lambda: running(5, interim="abc"),
            "interim='abc' is not a list of results: write interim=['abc'].",
        ),
        (
            lambda: running(5, interim=[{1}]),
            "The interim result {1} is not JSON: Object of type set is not JSON serializable.",
        ),
        (
            lambda: running(5, interim=[float("nan")]),
            "The interim result nan is not JSON: Out of range float values are not JSON compliant",
        ),
    ],
)
def test_an_impossible_script_is_refused(wrong: Callable[[], object], message: str) -> None:
    """With a ScriptError that says what to write instead."""
    with pytest.raises(ScriptError) as caught:
        wrong()
    assert str(caught.value).startswith(message)


def test_ran_too_long_is_code_1305() -> None:
    """Three ways to write one script."""
    assert Script(ran_too_long()) == Script(failed(code=1305)) == Script.parse("ERROR 1305")


@given(st.lists(st.builds(queued, LENGTHS), max_size=3), ENDS)
def test_seconds_is_the_sum_up_to_the_final_step(
    waiting: list[qrtest.Step], end: qrtest.Step
) -> None:
    """And None when no step is final."""
    script = Script(*waiting, end)
    assert script.seconds == pytest.approx(sum(step.seconds or 0 for step in waiting))
    assert Script(*waiting, running()).seconds is None
