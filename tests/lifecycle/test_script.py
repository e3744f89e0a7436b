"""Scripts: values, their text, and what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import example, given
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
from tests.lives import ENDS, LENGTHS, TEXTS, scripts

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
def test_the_text_of_a_script_reads_back_as_the_script(script: Script) -> None:
    """parse(str(script)) is the script."""
    assert Script.parse(str(script)) == script


@given(scripts() | ILLEGAL)
def test_the_repr_of_a_script_is_code_for_the_script(script: Script) -> None:
    """eval(repr(script)) is the script."""
    names = {name: getattr(qrtest, name) for name in qrtest.__all__}
    assert eval(repr(script), names) == script


@given(st.text(alphabet='QUEDRNIGOAC ;"[]{}:0123456789hms.\\', max_size=30))
def test_a_text_that_is_read_is_written_as_the_same_script(text: str) -> None:
    """Whatever is accepted has one meaning; whatever is not raises a ScriptError that shows it."""
    try:
        script = Script.parse(text)
    except ScriptError as error:
        assert "Traceback" not in str(error)
    else:
        assert Script.parse(str(script)) == script


@given(scripts())
def test_scripts_are_values(script: Script) -> None:
    """Equal scripts hash alike, and survive being copied and pickled."""
    twin = pickle.loads(pickle.dumps(script))
    assert twin == script == copy.deepcopy(script)
    assert hash(twin) == hash(script)


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
def test_the_notation(text: str, script: Script) -> None:
    """What each form of a step means, in words and as code."""
    assert Script.parse(text) == script
    assert str(script) == text
    assert eval(repr(script), vars(qrtest)) == script


def test_the_notation_is_forgiving_about_case_and_blanks() -> None:
    """People write it by hand."""
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
            "This script cannot be read at column 8: '5minutes' is not a length of time: write it as "
            "'90s', '2h', '1h30m', '1d' or '250ms'.\n"
            "    QUEUED 5minutes; DONE\n"
            "           ^\n"
            "Write it like this: QUEUED 5m; DONE",
        ),
        (
            "QUEUED 7parsecs; DONE",
            "This script cannot be read at column 8: '7parsecs' is not a length of time: write it as "
            "'90s', '2h', '1h30m', '1d' or '250ms'.\n"
            "    QUEUED 7parsecs; DONE\n"
            "           ^\n"
            "Write it like this: QUEUED 7s; DONE",
        ),
        (
            "QUEUED 1s and then; DONE",
            "This script cannot be read at column 11: 'and then' does not belong here; steps are "
            "separated by ';'.\n"
            "    QUEUED 1s and then; DONE\n"
            "              ^",
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
            "Step 2 (RUNNING 5s) cannot be: A job that is DONE cannot become RUNNING: DONE is final. "
            "If it is what you want to test, say Script(..., legal=False).\n"
            "    DONE; RUNNING 5s\n"
            "          ^",
        ),
        (
            "QUEUED; DONE",
            "Step 1 (QUEUED) lasts for ever, so step 2 (DONE) is never reached: say how long it lasts, "
            "as in 'QUEUED 5s'.\n"
            "    QUEUED; DONE\n"
            "    ^",
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
            "This script cannot be read at column 1: unknown(''): give the word that the service says.\n"
            '    UNKNOWN "" 5s; DONE\n'
            "    ^",
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


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Script(), "A script without a step: the shortest life is Script(done())."),
        (
            lambda: Script("QUEUED"),  # type: ignore[arg-type]
            "Step 1 is 'QUEUED', not a step: write Script(queued('2h'), done()), or "
            "Script.parse('QUEUED 2h; DONE').",
        ),
        (
            lambda: Script.parse(5),  # type: ignore[arg-type]
            "5 is not the text of a script: 'QUEUED 2h; RUNNING 30s; DONE' is.",
        ),
        (
            lambda: Script(done(), running(5)),
            "Step 2 (RUNNING 5s) cannot be: A job that is DONE cannot become RUNNING: DONE is final. "
            "If it is what you want to test, say Script(..., legal=False).",
        ),
        (
            lambda: Script(done(), unknown("Validating")),
            "Step 2 (UNKNOWN \"Validating\") cannot be: A job that is DONE cannot become 'Validating': "
            "DONE is final. If it is what you want to test, say Script(..., legal=False).",
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
        (lambda: unknown(""), "unknown(''): give the word that the service says."),
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
        (
            lambda: Script.parse("ERROR 99"),
            "This script cannot be read at column 7: an error code has four digits, 1000 to 9999.\n"
            "    ERROR 99\n"
            "          ^\n"
            "Write it like this: ERROR 1500",
        ),
        (
            lambda: Script.parse('ERROR "Why.'),
            "This script cannot be read at column 7: this is not a text in double quotes, as "
            '"Internal error.".\n'
            '    ERROR "Why.\n'
            "          ^",
        ),
        (
            lambda: Script.parse("UNKNOWN 5s"),
            "This script cannot be read at column 9: UNKNOWN needs the word that the service says.\n"
            "    UNKNOWN 5s\n"
            "            ^\n"
            'Write it like this: UNKNOWN "Validating" 5s',
        ),
        (
            lambda: Script.parse("QUEUED 1s; 5s"),
            "This script cannot be read at column 12: a step begins with a status.\n"
            "    QUEUED 1s; 5s\n"
            "               ^\n"
            "Write it like this: QUEUED 2h; RUNNING 30s; DONE",
        ),
        (lambda: Script.parse("[" * 100_000), "This script cannot be read at column 1: "),
        (
            lambda: Script.parse("RUNNING 5s " + "[" * 100_000),
            "This script cannot be read at column 12: ",
        ),
    ],
)
def test_what_no_job_can_live_is_refused(wrong: Callable[[], object], message: str) -> None:
    """A ScriptError that says what to write instead, never anything else."""
    with pytest.raises(ScriptError) as caught:
        wrong()
    assert str(caught.value).startswith(message)


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


def test_ran_too_long_is_code_1305() -> None:
    """Three spellings of one life."""
    assert Script(ran_too_long()) == Script(failed(code=1305)) == Script.parse("ERROR 1305")


@given(st.lists(st.builds(queued, LENGTHS), max_size=3), ENDS)
def test_a_script_knows_how_long_it_takes(waiting: list[qrtest.Step], end: qrtest.Step) -> None:
    """The sum of its steps up to the first final one; None when there is none."""
    script = Script(*waiting, end)
    assert script.seconds == pytest.approx(sum(step.seconds or 0 for step in waiting))
    assert Script(*waiting, running()).seconds is None
