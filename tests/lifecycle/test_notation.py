"""The text notation of scripts: read, written, and explained where it cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import qrtest
from qrtest import Script, cancelled, done, failed, queued, ran_too_long, running, unknown
from qrtest.errors import ScriptError
from tests.drawn_scripts import scripts
from tests.lifecycle.test_script import ILLEGAL


@given(scripts() | ILLEGAL)
def test_the_text_of_a_script_reads_back_as_the_script(script: Script) -> None:
    """parse(str(script)) is the script."""
    assert Script.parse(str(script)) == script


@given(st.text(alphabet='QUEDRNIGOAC ;"[]{}:0123456789hms.\\', max_size=30))
def test_any_text_is_read_as_one_script_or_refused(text: str) -> None:
    """Nothing but a ScriptError is raised, and what is accepted reads back as itself."""
    try:
        script = Script.parse(text)
    except ScriptError as error:
        assert "Traceback" not in str(error)
    else:
        assert Script.parse(str(script)) == script


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("QUEUED 2h; RUNNING 30s; DONE", Script(queued("2h"), running("30s"), done())),
        ("QUEUED 1s; RUNNING 3h; ERROR 1305", Script(queued(1), running("3h"), ran_too_long())),
        (
            'RUNNING 5s [{"i": 1}]; ERROR 1500 "Why." "Try."',
            Script(running(5, interim=[{"i": 1}]), failed("Why.", 1500, "Try.")),
        ),
        ('CANCELLED "Session closed"', Script(cancelled("Session closed"))),
        ('UNKNOWN "Validating" 3s; DONE', Script(unknown("Validating", 3), done())),
        ("QUEUED", Script(queued())),
        ("ILLEGAL: DONE 5s; RUNNING", Script(done(lasts=5), running(), legal=False)),
        (
            "ILLEGAL: ERROR 1305 5s; RUNNING",
            Script(ran_too_long(lasts=5), running(), legal=False),
        ),
        ('ERROR 1305 "Why."', Script(failed("Why.", 1305))),
        ('ERROR 1500 "Ran too long"', Script(failed("Ran too long", 1500))),
        ('ERROR 1305 "Ran too long" "Try."', Script(failed("Ran too long", 1305, "Try."))),
    ],
)
def test_each_form_of_a_step_has_one_text_and_one_code(text: str, script: Script) -> None:
    """What is read is printed as it was written."""
    assert Script.parse(text) == script
    assert str(script) == text
    assert eval(repr(script), vars(qrtest)) == script


def test_case_and_blanks_do_not_matter() -> None:
    """Nor does a separator at the end."""
    assert Script.parse(" queued 2h ;\n Running 30 ;done;") == Script.parse(
        "QUEUED 2h; RUNNING 30s; DONE"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "QUEUED 2h; RUNING 30s; DONE",
            "This script cannot be read at column 12: 'RUNING' is not one of QUEUED, RUNNING, DONE, "
            "ERROR, CANCELLED, UNKNOWN.\n"
            "    QUEUED 2h; RUNING 30s; DONE\n"
            "               ^\n"
            "Write it like this: QUEUED 2h; RUNNING 30s; DONE",
        ),
        (
            "QUEUED 5minutes; DONE",
            "This script cannot be read at column 8: '5minutes' is not a length of time: write "
            "'5m'.\n"
            "    QUEUED 5minutes; DONE\n"
            "           ^\n"
            "Write it like this: QUEUED 5m; DONE",
        ),
        (
            "QUEUED 7parsecs; DONE",
            "This script cannot be read at column 8: '7parsecs' is not a length of time: write "
            "'7s'.\n"
            "    QUEUED 7parsecs; DONE\n"
            "           ^\n"
            "Write it like this: QUEUED 7s; DONE",
        ),
        (
            "QUEUED 1s and then; DONE",
            "This script cannot be read at column 11: 'and then' does not belong here; steps are "
            "separated by ';'.\n"
            "    QUEUED 1s and then; DONE\n"
            "              ^\n"
            "Write it like this: QUEUED 1s; DONE",
        ),
        (
            'DONE "Why."',
            "This script cannot be read at column 6: '\"Why.\"' does not belong here; steps are "
            "separated by ';'.\n"
            '    DONE "Why."\n'
            "         ^",
        ),
        (
            "QUEUED 1s [1]; DONE",
            "This script cannot be read at column 11: '[1]' does not belong here; steps are separated "
            "by ';'.\n"
            "    QUEUED 1s [1]; DONE\n"
            "              ^",
        ),
        (
            'CANCELLED "Why." "Try."',
            "This script cannot be read at column 18: '\"Try.\"' does not belong here; steps are "
            "separated by ';'.\n"
            '    CANCELLED "Why." "Try."\n'
            "                     ^",
        ),
        (
            "QUEUED 1s DONE",
            "This script cannot be read at column 11: 'DONE' does not belong here; steps are separated "
            "by ';'.\n"
            "    QUEUED 1s DONE\n"
            "              ^\n"
            "Write it like this: QUEUED 1s; DONE",
        ),
        (
            "DONE; RUNNING 5s",
            "Step 2 (RUNNING 5s) cannot follow: A job that is DONE cannot become RUNNING: DONE is final. "
            "To test it all the same, write Script(..., legal=False).\n"
            "    DONE; RUNNING 5s\n"
            "          ^",
        ),
        (
            "QUEUED; DONE",
            "Step 1 (QUEUED) lasts for ever, so step 2 (DONE) is never reached: say how long it lasts, "
            "as in 'QUEUED 5s'.\n"
            "    QUEUED; DONE\n"
            "    ^\n"
            "Write it like this: QUEUED 5s; DONE",
        ),
        (
            "",
            "This script cannot be read at column 1: there is no step in it.\n"
            "    \n"
            "    ^\n"
            "Write it like this: QUEUED 2h; RUNNING 30s; DONE",
        ),
        (
            "RUNNING 5s [1,; DONE",
            "This script cannot be read at column 12: this is not interim results as a JSON list, "
            '[{"i": 1}].\n'
            "    RUNNING 5s [1,; DONE\n"
            "               ^",
        ),
        (
            "QUEUED 5s; RUNNING 5s [NaN]; DONE",
            "This script cannot be read at column 12: The interim result nan is not JSON: Out of range "
            "float values are not JSON compliant.\n"
            "    QUEUED 5s; RUNNING 5s [NaN]; DONE\n"
            "               ^",
        ),
        (
            'UNKNOWN "" 5s; DONE',
            "This script cannot be read at column 1: unknown(''): give the word that the service sends.\n"
            '    UNKNOWN "" 5s; DONE\n'
            "    ^\n"
            'Write it like this: UNKNOWN "Validating" 5s; DONE',
        ),
        (
            "QUEUED 5s soon; DONE",
            "This script cannot be read at column 11: 'soon' does not belong here; steps are separated "
            "by ';'.\n"
            "    QUEUED 5s soon; DONE\n"
            "              ^",
        ),
    ],
)
def test_a_text_that_cannot_be_read_is_explained(text: str, message: str) -> None:
    """The text, the place, and the nearest right spelling."""
    with pytest.raises(ScriptError) as caught:
        Script.parse(text)
    assert str(caught.value) == message


@given(st.text(" \n\t", max_size=90), st.text("x \n\t", max_size=90))
@example(" " * 90, "x" * 90)
def test_the_place_of_a_mistake_is_shown_on_one_line(before: str, after: str) -> None:
    """The part of a long text around it, line breaks and tabs as blanks, and the caret beneath it."""
    text = f"QUEUED 1s;{before}?{after}"
    with pytest.raises(ScriptError) as caught:
        Script.parse(text)
    _, shown, caret, _ = str(caught.value).split("\n")
    assert shown[caret.index("^")] == "?"
    assert shown.removeprefix("    ") in text.replace("\n", " ").replace("\t", " ")
    assert len(shown) <= len("    ") + 60 + 40


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            5,
            "5 is not the text of a script: 'QUEUED 2h; RUNNING 30s; DONE' is.",
        ),
        (
            "ERROR 99",
            "This script cannot be read at column 7: an error code has four digits, 1000 to 9999.\n"
            "    ERROR 99\n"
            "          ^\n"
            "Write it like this: ERROR 1500",
        ),
        (
            'ERROR "Why.',
            "This script cannot be read at column 7: this is not a text in double quotes, as "
            '"Internal error.".\n'
            '    ERROR "Why.\n'
            "          ^\n"
            'Write it like this: ERROR "Why."',
        ),
        (
            "UNKNOWN 5s",
            "This script cannot be read at column 9: UNKNOWN needs the word that the service sends.\n"
            "    UNKNOWN 5s\n"
            "            ^\n"
            'Write it like this: UNKNOWN "Validating" 5s',
        ),
        (
            "QUEUED 1s; 5s",
            "This script cannot be read at column 12: a step begins with a status.\n"
            "    QUEUED 1s; 5s\n"
            "               ^\n"
            "Write it like this: QUEUED 2h; RUNNING 30s; DONE",
        ),
        ("[" * 100_000, "This script cannot be read at column 1: "),
        (
            "RUNNING 5s " + "[" * 100_000,
            "This script cannot be read at column 12: ",
        ),
    ],
)
def test_the_message_begins_with_the_column_and_what_was_expected(text: Any, message: str) -> None:
    """Also for a text nested too deep to be read."""
    with pytest.raises(ScriptError) as caught:
        Script.parse(text)
    assert str(caught.value).startswith(message)
