"""Failures of check_consumer, check_job and JobMachine fit a screen and say all that is needed, however they are shown.

First a sentence, then what happened, a test to paste, and what to do; the frame of the project's own line, and none
of qrtest, the client or hypothesis.
"""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
import traceback
import unittest
from pathlib import Path

import pytest

SUITE = """
import time

import qrtest
from hypothesis.stateful import rule
from hypothesis.strategies import just


def collect(job):
    while job.status() != "DONE":
        time.sleep(30)
    print("collected")
    return job.result()


def test_consumer():
    qrtest.check_consumer(collect)


def test_consumer_of_several():
    qrtest.check_consumer(lambda jobs: [job.result(timeout=600) for job in jobs], jobs=3)


def test_job():
    with qrtest.simulate() as sim:
        qrtest.check_job(lambda script: sim.job("DONE"))


class Wrong(qrtest.JobMachine):
    scenarios = just(qrtest.Scenario("DONE"))

    @rule()
    def never_done(self):
        assert self.job.status() != "DONE"


TestMachine = Wrong.TestCase
"""
SENTENCES = {
    "test_consumer": "collect breaks the rule 'ends': it had not ended",
    "test_consumer_of_several": "<lambda> breaks the rule 'escapes': it let",
    "test_job": "This job breaks 11 of 24 promises of RuntimeJobV2, first 'ends-as-it-lives': ",
    "TestMachine.runTest": "Wrong finds in never_done, with the job Scenario('DONE'): ",
}
"""How the report of each failure begins."""

PARTS = ("What happened (virtual time", "To paste into a test:", "# What to do: ")
MOST_LINES = 45
HIDDEN = (
    "site-packages",
    "qrtest/properties/",
    "qrtest/harness/",
    "hypothesis/",
    "unittest/",
    "are hidden",
)
WAYS = {
    "default": [],
    "quiet": ["-q"],
    "short": ["--tb=short"],
    "long": ["--tb=long"],
    "native": ["--tb=native"],
}


def must_be_a_report(shown: list[str], sentence: str) -> None:
    """Fail unless the lines are at most a screen, with the parts of a report in their order."""
    text = "\n".join(shown)
    assert len(shown) < MOST_LINES, text
    places = [text.find(part) for part in (sentence, *PARTS)]
    assert -1 not in places, text
    assert places == sorted(places), text


def failures(output: str) -> dict[str, list[str]]:
    """Return the lines of each failure in what pytest has written."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in output.partition("= FAILURES =")[2].splitlines()[1:]:
        if line.startswith("____"):
            lines = found.setdefault(line.strip("_ "), [line])
        elif line.startswith("===="):
            break
        else:
            lines.append(line)
    return found


def must_be_reports(output: str) -> None:
    """Fail unless *output* reports each failure of SUITE once."""
    found = failures(output)
    assert set(found) == set(SENTENCES), output
    for test, sentence in SENTENCES.items():
        must_be_a_report(found[test], sentence)
        assert not [line for line in found[test] if any(each in line for each in HIDDEN)], output
        assert output.count(sentence) <= 2, (
            output
        )  # in the report, and its beginning in the summary
        assert sum("To paste" in line for line in found[test]) == 1
    assert 'assert self.job.status() != "DONE"' in "\n".join(found["TestMachine.runTest"])
    assert output.count("To paste into a test") == len(SENTENCES), output


@pytest.mark.parametrize("is_ci", [False, True], ids=["desk", "CI"])
@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_whole_and_fits_a_screen(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str, is_ci: bool
) -> None:
    """Also where CI is set, and pytest repeats whole messages in its summary."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    if is_ci:
        monkeypatch.setenv("CI", "true")
    pytester.makepyfile(test_page=SUITE)
    must_be_reports(pytester.runpytest_inprocess("-pno:cacheprovider", *WAYS[way]).stdout.str())


def test_a_report_is_the_same_under_xdist(pytester: pytest.Pytester) -> None:
    """Workers send text."""
    pytester.makepyfile(test_page=SUITE)
    result = pytester.runpytest_subprocess("-pno:cacheprovider", "-n2")
    must_be_reports(result.stdout.str())


@pytest.mark.parametrize(("style", "is_whole"), [("line", True), ("no", False)])
def test_where_nothing_else_is_shown_the_sentence_is(
    pytester: pytest.Pytester, style: str, is_whole: bool
) -> None:
    """With --tb=no it is in the summary."""
    pytester.makepyfile(test_page=SUITE)
    options = ("-pno:cacheprovider", "-q", f"--tb={style}", "-k", "test_consumer")
    output = pytester.runpytest_inprocess(*options).stdout.str()
    assert "ConsumerBug: collect break" in output
    assert ("To paste" in output) == is_whole


def test_outside_of_pytest_it_is_the_message_of_the_exception(tmp_path: Path) -> None:
    """In a script, in which each failure ends with its report."""
    (tmp_path / "script.py").write_text(SUITE, encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "script.py"))
    for test, sentence in SENTENCES.items():
        name, _, method = test.partition(".")
        run = getattr(names[name](method), method) if method else names[name]
        with pytest.raises(AssertionError) as found:
            run()
        must_be_a_report("".join(traceback.format_exception(found.value)).splitlines(), sentence)


def test_a_program_that_fails_prints_it(tmp_path: Path) -> None:
    """On stderr, with status 1."""
    script = tmp_path / "script.py"
    script.write_text(SUITE + "\n\ntest_consumer()\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 1
    must_be_a_report(ran.stderr.splitlines(), SENTENCES["test_consumer"])


def test_unittest_prints_it(tmp_path: Path) -> None:
    """Of tests that are methods, and of the test of a machine."""
    (tmp_path / "script.py").write_text(SUITE, encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "script.py"))

    class Suite(unittest.TestCase):
        def test_consumer(self) -> None:
            names["test_consumer"]()

        def test_job(self) -> None:
            names["test_job"]()

    tests = [Suite("test_consumer"), Suite("test_job"), names["TestMachine"]("runTest")]
    result = unittest.TextTestRunner(io.StringIO()).run(unittest.TestSuite(tests))
    shown = [text.splitlines() for _, text in result.failures]
    for test, lines in zip(
        ("test_consumer", "test_job", "TestMachine.runTest"), shown, strict=True
    ):
        must_be_a_report(lines, SENTENCES[test])


BROKEN_MACHINES = """
import qrtest
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import just


class OtherId(qrtest.JobMachine):
    scenarios = just(qrtest.Scenario("QUEUED 5s; DONE"))

    def begin(self, scenario):
        super().begin(scenario)
        self.job_id = "another"


class Divides(qrtest.JobMachine):
    scenarios = just(qrtest.Scenario("DONE"))

    @precondition(lambda self: 1 / 0)
    @rule()
    def never(self): ...


class Unmade(qrtest.JobMachine):
    def begin(self, scenario):
        raise ValueError("nothing to begin with")


TestOtherId, TestDivides, TestUnmade = OtherId.TestCase, Divides.TestCase, Unmade.TestCase
"""
RAISED_IN = {
    "TestOtherId": (
        "ask_what_stays",
        "class OtherId(qrtest.JobMachine):",
        "promise of RuntimeJobV2",
    ),
    "TestDivides": ("a precondition", "@precondition(lambda self: 1 / 0)", "no rule"),
    "TestUnmade": ("submit", 'raise ValueError("nothing to begin with")', "no rule"),
}
"""What each report says of where it was raised: the method, the line of the project, and the advice."""


@pytest.mark.parametrize("way", ["default", "short", "native"])
def test_a_line_of_the_project_is_shown_whatever_part_of_a_machine_fails(
    pytester: pytest.Pytester, way: str
) -> None:
    """That of its class, where a rule of JobMachine itself failed."""
    pytester.makepyfile(test_page=BROKEN_MACHINES)
    output = pytester.runpytest_inprocess("-pno:cacheprovider", *WAYS[way]).stdout.str()
    found = failures(output)
    assert {name.partition(".")[0] for name in found} == set(RAISED_IN), output
    for test, lines in found.items():
        method, line, advice = RAISED_IN[test.partition(".")[0]]
        must_be_a_report(lines, f" finds in {method}, ")
        text = "\n".join(lines)
        assert line in text, text
        assert advice in text.partition("What to do")[2], text
        assert not [each for each in HIDDEN if each in text], text


FLAKY = """
import qrtest
from hypothesis.stateful import rule

calls, steps = [], []


def sometimes(job):
    calls.append(job)
    if len(calls) == 3:
        raise KeyError("now and then")


def test_consumer():
    qrtest.check_consumer(sometimes)


class Sometimes(qrtest.JobMachine):
    @rule()
    def now_and_then(self):
        steps.append(self)
        assert len(steps) != 3


TestMachine = Sometimes.TestCase
"""


def test_what_fails_now_and_then_is_reported_as_that(pytester: pytest.Pytester) -> None:
    """With the line that failed, and without a word of hypothesis."""
    pytester.makepyfile(test_page=FLAKY)
    output = pytester.runpytest_inprocess("-pno:cacheprovider").stdout.str()
    found = {test: "\n".join(lines) for test, lines in failures(output).items()}
    assert "sometimes breaks the rule 'escapes'" in found["test_consumer"]
    assert "It did not happen again when it was run again" in found["test_consumer"]
    assert "Sometimes failed, and not again by the same steps" in found["TestMachine.runTest"]
    assert "assert len(steps) != 3" in found["TestMachine.runTest"]
    assert "outlasts an example" in found["TestMachine.runTest"]
    assert not any(each in text for text in found.values() for each in (*HIDDEN, "Flaky"))


LONG_TEST = """
import time
import qrtest
from qrtest import Scenario

def collect(job):
    for _ in range(9):
        job.status()
        job.metrics()
        time.sleep(20)
    raise KeyError(job.status())

def test_collect():
    # What the test prepares,
    # before it comes to the search,
    # has some lines of its own:
    # pytest prints each of them
    # above the report.
    first = 1
    second = first + 1
    third = second + 1
    assert third == 3
    scenarios = [Scenario("QUEUED 60s; RUNNING 60s; DONE")]
    qrtest.check_consumer(collect, scenarios=scenarios, patience="20s")
"""


def test_the_report_of_a_longer_test_fits_a_screen_too(pytester: pytest.Pytester) -> None:
    """Its timeline has fewer lines, as pytest prints the lines of the test above it."""
    pytester.makepyfile(LONG_TEST)
    [lines] = failures(pytester.runpytest_subprocess("-n0").stdout.str()).values()
    must_be_a_report(lines, "collect breaks the rule 'escapes'")
