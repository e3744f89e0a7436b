"""Scripts keep to what was asked, and shrink to what a person would write."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings

from qrtest import Script, done, failed, queued, running
from qrtest import strategies as qst
from qrtest.errors import ScriptError
from qrtest.lifecycle import transitions


@given(qst.scripts(longest="1m"))
def test_a_script_takes_no_longer_than_asked(script: Script) -> None:
    """*longest* bounds the whole script, not each step."""
    assert script.legal
    assert script.seconds is None or script.seconds <= 60


@pytest.mark.parametrize("ending", qst.ENDINGS)
def test_a_script_ends_as_asked(ending: str) -> None:
    """Each ending can be drawn alone."""

    @given(qst.scripts(endings=[ending]))
    def check(script: Script) -> None:
        assert script.end.is_final == (ending != "NEVER")
        assert ending != "RAN TOO LONG" or script.end.code == 1305

    check()


@given(qst.scripts(unknown_words=[]))
def test_unknown_statuses_can_be_left_out(script: Script) -> None:
    """Without unknown words, only statuses of the lifecycle are drawn, at the end as well."""
    assert {step.status for step in script} <= set(transitions.STATUSES)


def test_an_unknown_ending_is_refused() -> None:
    """The message lists the endings."""
    with pytest.raises(ScriptError, match="'LOST' is none of DONE, ERROR, CANCELLED, RAN TOO LONG"):
        qst.scripts(endings=["LOST"])
    with pytest.raises(ScriptError, match="name at least one of"):
        qst.scripts(endings=[])


def test_the_simplest_script_is_done_at_once() -> None:
    """The simplest with another end is a failure without a reason."""
    assert find(qst.scripts(), lambda script: True) == Script(done())
    assert find(qst.scripts(), lambda script: script.end != done()) == Script(failed())


def test_steps_are_dropped_while_a_length_stays_odd() -> None:
    """Where only an odd length will do, it is the only one."""

    def has_an_odd_length(script: Script) -> bool:
        return any(step.seconds is not None and step.seconds % 1 for step in script)

    assert find(qst.scripts(), has_an_odd_length) == Script(queued("0.5s"), done())


def test_a_length_is_rounded() -> None:
    """A wait that has to be long is one that people write."""
    long = find(qst.scripts(), lambda script: any((step.seconds or 0) > 600 for step in script))
    assert long == Script(queued("1h"), done())


def test_a_running_job_shrinks_to_one_step() -> None:
    """What must have run has run, and nothing else has happened."""
    found = find(qst.scripts(), lambda script: any(step.status == "RUNNING" for step in script))
    assert found in (Script(running()), Script(running("1s"), done()))


@given(qst.scripts(legal=True))
def test_what_only_ends_a_job_is_drawn_at_the_end_alone(script: Script) -> None:
    """Nothing follows "Cancelled - Ran too long"."""
    assert "Cancelled - Ran too long" not in [step.says for step in script.steps[:-1]]


def test_the_usual_order_is_common() -> None:
    """At least one script in thirty is QUEUED, RUNNING, DONE."""
    drawn: list[tuple[str, ...]] = []

    @settings(max_examples=300, derandomize=True, database=None)
    @given(qst.scripts())
    def draw(script: Script) -> None:
        drawn.append(tuple(step.status for step in script))

    draw()
    assert drawn.count(("QUEUED", "RUNNING", "DONE")) >= len(drawn) / 30
