"""What is offered for a script that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest import Script
from qrtest.errors import ScriptError
from qrtest.lifecycle.corrections import SYNONYMS, corrected
from tests.drawn_scripts import scripts

OFFERED = "Write it like this: "


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("FAILED 1500", "ERROR 1500"),
        ("ERROR 99; DONE", "ERROR 1500; DONE"),
        ('QUEUED 5s; ERROR 15000 "Why." "Try."', 'QUEUED 5s; ERROR 1500 "Why." "Try."'),
        ("QUEUED 2 hours; RUNNING 30 sec; DONE", "QUEUED 2h; RUNNING 30s; DONE"),
        ("QUEUED 1 hour and 30 minutes; DONE", "QUEUED 1h30m; DONE"),
        ("QUEUED 100 ms; DONE", "QUEUED 100ms; DONE"),
        ("QUEUED 1,5h; DONE", "QUEUED 1.5h; DONE"),
        ("QUEUED 90s; RUNING 90m; DNOE", "QUEUED 90s; RUNNING 90m; DONE"),
        ("QUEUED, RUNNING, DONE", "QUEUED 5s; RUNNING 5s; DONE"),
        ("queued 2h -> running 30s -> done", "QUEUED 2h; RUNNING 30s; DONE"),
        ("queued 2h\nrunning 3s\ndone", "QUEUED 2h; RUNNING 3s; DONE"),
        ("QUEUED for 2h then DONE", "QUEUED 2h; DONE"),
        ("QUEUED(2h), DONE", "QUEUED 2h; DONE"),
        ("PENDING 5m; IN_PROGRESS 3s; COMPLETED", "QUEUED 5m; RUNNING 3s; DONE"),
        ("QUEUED 5s; Cancelled - Ran too long", "QUEUED 5s; ERROR 1305"),
        ("VALIDATING 5s; DONE", 'UNKNOWN "Validating" 5s; DONE'),
        ("ERROR 1500 'Internal error'", 'ERROR 1500 "Internal error"'),
        ("ERROR 1500 Internal error.", 'ERROR 1500 "Internal error."'),
        ('ERROR "Why." 1500', 'ERROR 1500 "Why."'),
        ('ERROR "Why.', 'ERROR "Why."'),
        ("RUNNING 5s [{'i': 1}]; DONE", 'RUNNING 5s [{"i": 1}]; DONE'),
        ('RUNNING 5s {"i": 1}; DONE', 'RUNNING 5s [{"i": 1}]; DONE'),
        ("ILLEGAL: DNOE 5s; RUNNING", "ILLEGAL: DONE 5s; RUNNING"),
    ],
)
def test_the_whole_script_is_offered_as_it_was_meant(written: str, meant: str) -> None:
    """Every mistake in it is corrected, and the rest of it stays."""
    with pytest.raises(ScriptError) as caught:
        Script.parse(written)
    assert str(caught.value).endswith(f"\n{OFFERED}{meant}")


@pytest.mark.parametrize(
    "unclear", ['DONE "Why."', "QUEUED 5s soon; DONE", "HELD 5s; DONE", "QUEUED -5s; DONE", "DONE?"]
)
def test_nothing_is_offered_where_it_is_unclear_what_was_meant(unclear: str) -> None:
    """A guess would be taken for an answer."""
    with pytest.raises(ScriptError) as caught:
        Script.parse(unclear)
    assert OFFERED not in str(caught.value)


@given(scripts())
def test_a_right_script_is_its_own_correction(script: Script) -> None:
    """Nothing of it is lost or changed."""
    meant = corrected(str(script).removeprefix("ILLEGAL: "))
    assert meant is None or Script.parse(meant).steps == script.steps


@given(st.text(alphabet="QUEDON RSTA12hms;,.\"'[]{}->:", max_size=40))
def test_what_is_offered_can_be_read(text: str) -> None:
    """Whatever was written."""
    try:
        Script.parse(text)
    except ScriptError as error:
        offered = str(error).partition(OFFERED)[2]
        try:
            assert not offered or Script.parse(offered)
        except ScriptError as second:  # only the order of its statuses may be wrong
            assert "cannot follow" in str(second) or "lasts for ever" in str(second)


@pytest.mark.parametrize("status", SYNONYMS)
def test_other_words_for_a_status_are_understood(status: str) -> None:
    """In any case."""
    for word in SYNONYMS[status].split():
        assert corrected(word.lower()) == status
