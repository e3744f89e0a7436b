"""Scripts: values, their text, and what is refused."""

from __future__ import annotations

import copy
import pickle

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
    ],
)
def test_the_notation(text: str, script: Script) -> None:
    """What each form of a step means."""
    assert Script.parse(text) == script
    assert str(script) == text


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
    ],
)
def test_a_text_that_cannot_be_read_is_explained(text: str, message: str) -> None:
    """The text, the place, and the nearest right spelling."""
    with pytest.raises(ScriptError) as caught:
        Script.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Script(),
        lambda: Script("QUEUED"),  # type: ignore[arg-type]
        lambda: Script.parse(5),  # type: ignore[arg-type]
        lambda: Script(done(), running(5)),
        lambda: Script(done(), unknown("Validating")),
        lambda: Script(queued(), done()),
        lambda: failed(code=99),
        lambda: failed(code=True),
        lambda: failed(solution="Try again."),
        lambda: unknown(""),
        lambda: running(5, interim="abc"),
        lambda: running(5, interim=[object()]),
        lambda: running(5, interim=[float("nan")]),
        lambda: Script.parse("ERROR 99"),
        lambda: Script.parse("UNKNOWN 5s"),
        lambda: Script.parse("[" * 100_000),
        lambda: Script.parse("RUNNING 5s " + "[" * 100_000),
    ],
)
def test_what_no_job_can_live_is_refused(wrong: object) -> None:
    """A ScriptError, never anything else."""
    with pytest.raises(ScriptError):
        wrong()  # type: ignore[operator]


def test_ran_too_long_is_code_1305() -> None:
    """Three spellings of one life."""
    assert Script(ran_too_long()) == Script(failed(code=1305)) == Script.parse("ERROR 1305")


@given(st.lists(st.builds(queued, LENGTHS), max_size=3), ENDS)
def test_a_script_knows_how_long_it_takes(waiting: list[qrtest.Step], end: qrtest.Step) -> None:
    """The sum of its steps up to the first final one; None when there is none."""
    script = Script(*waiting, end)
    assert script.seconds == pytest.approx(sum(step.seconds or 0 for step in waiting))
    assert Script(*waiting, running()).seconds is None
