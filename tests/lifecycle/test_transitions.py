"""The table of transitions decides every status."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from qrtest.errors import IllegalTransition
from qrtest.lifecycle import transitions


@pytest.mark.parametrize(("status", "event"), [*product(transitions.STATUSES, transitions.EVENTS)])
def test_a_status_changes_as_the_table_says_or_not_at_all(status: str, event: str) -> None:
    """An event leads where the table says; an illegal one raises and names both ends."""
    before = {state: dict(ways) for state, ways in transitions.TRANSITIONS.items()}
    if event in transitions.TRANSITIONS[status]:
        assert transitions.step(status, event) == transitions.TRANSITIONS[status][event]
    else:
        with pytest.raises(IllegalTransition) as caught:
            transitions.step(status, event)
        assert (caught.value.source, caught.value.target) == (status, transitions.EVENTS[event])
        assert status in str(caught.value)
        assert transitions.EVENTS[event] in str(caught.value)
    assert {state: dict(ways) for state, ways in transitions.TRANSITIONS.items()} == before


def test_the_final_statuses_are_those_of_the_documentation() -> None:
    """RuntimeJobV2.JOB_FINAL_STATES names them."""
    from qiskit_ibm_runtime import RuntimeJobV2

    assert frozenset(RuntimeJobV2.JOB_FINAL_STATES) == transitions.FINAL


@pytest.mark.parametrize(
    ("status", "event", "message"),
    [
        ("DONE", "start", "A job that is DONE cannot become RUNNING: DONE is final."),
        (
            "RUNNING",
            "queue",
            "A job that is RUNNING cannot become QUEUED: "
            "RUNNING can become CANCELLED, DONE, ERROR, RUNNING.",
        ),
        (
            "PAUSED",
            "start",
            "'PAUSED' is not a status of a job: there are "
            "INITIALIZING, QUEUED, RUNNING, DONE, ERROR, CANCELLED.",
        ),
        (
            "QUEUED",
            "pause",
            "'pause' is not an event of a job: there are queue, start, finish, fail, cancel.",
        ),
    ],
)
def test_an_illegal_transition_is_explained(status: str, event: str, message: str) -> None:
    """The whole message, as a user reads it."""
    with pytest.raises(IllegalTransition) as caught:
        transitions.step(status, event)
    assert str(caught.value) == message


def test_the_documentation_shows_the_diagram_of_the_table() -> None:
    """The picture in the docs is drawn from the table."""
    page = Path(__file__).parents[2] / "docs" / "lifecycle.md"
    assert f"```mermaid\n{transitions.diagram()}```" in page.read_text()
