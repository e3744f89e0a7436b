"""The report fits a screen, begins with a sentence, and its test runs, however pytest is told to show it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import qrtest
from qrtest import Scenario, faults
from qrtest.errors import ConsumerBug, SimulationError

SUITE = """
import time

import qrtest


def collect(job):
    while job.status() != "DONE":
        time.sleep(30)
    print("collected")
    return job.result()


def risky(job):
    return job.result(timeout=600)[0]


def test_collect():
    qrtest.check_consumer(collect)


def test_risky():
    qrtest.check_consumer(risky)


def test_several():
    qrtest.check_consumer(lambda jobs: [job.result(timeout=600) for job in jobs], jobs=3)


def test_check_job():
    with qrtest.simulate() as sim:
        qrtest.check_job(lambda script: sim.job("QUEUED"))


class Wrong(qrtest.JobMachine):
    scenarios = just(qrtest.Scenario("DONE"))

    @qrtest_rule()
    def never_done(self):
        assert self.job.status() != "DONE"


TestWrong = Wrong.TestCase
""".replace("@qrtest_rule()", "@rule()").replace(
    "import qrtest\n",
    "import qrtest\nfrom hypothesis.stateful import rule\nfrom hypothesis.strategies import just\n",
    1,
)
MOST_LINES = 45
HIDDEN = ("site-packages", "qrtest/properties/", "qrtest/harness/", "hypothesis/")


@pytest.fixture(autouse=True)
def on_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show failures as to a person: where CI is set, pytest repeats the whole message in its summary."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


def failure(output: str, test: str) -> list[str]:
    """Return the lines of one failure in what pytest has written."""
    lines = output.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.strip("_ ").endswith(test))
    end = next(
        n
        for n, line in enumerate(lines[begin + 1 :], begin + 1)
        if line.startswith(("____", "====")) and line != lines[begin]
    )
    return lines[begin:end]


@pytest.mark.parametrize(
    "test", ["test_collect", "test_risky", "test_several", "test_check_job", "TestWrong.runTest"]
)
def test_a_failure_fits_a_screen(pytester: pytest.Pytester, test: str) -> None:
    """At pytest's defaults, without a frame of qrtest, the client or hypothesis."""
    pytester.makepyfile(test_page=SUITE)
    output = pytester.runpytest_inprocess(
        "-pno:cacheprovider", "-k", test.partition(".")[0]
    ).stdout.str()
    shown = failure(output, test)
    assert len(shown) < MOST_LINES, output
    assert not [line for line in shown if any(each in line for each in HIDDEN)], output


def test_a_failure_of_a_machine_shows_the_line_of_its_rule(pytester: pytest.Pytester) -> None:
    """As pytest shows a failed assertion, however it is told to: not that all frames are hidden."""
    pytester.makepyfile(test_page=SUITE)
    for style in ("auto", "short", "long", "native"):
        result = pytester.runpytest_inprocess(
            "-pno:cacheprovider", "-q", f"--tb={style}", "-k", "TestWrong"
        )
        output = result.stdout.str()
        assert "are hidden" not in output
        assert output.count('assert self.job.status() != "DONE"') == 2  # the frame, and the message
        assert len(failure(output, "TestWrong.runTest")) < MOST_LINES


@pytest.mark.parametrize("rules", [3, None, [3], "escapes"])
def test_rules_that_are_none_are_a_clear_error(rules: object) -> None:
    """Before anything is run."""
    with pytest.raises(SimulationError, match=r"rules=.*: give a sequence of rules"):
        qrtest.check_consumer(lambda job: job.status(), rules=rules)  # type: ignore[arg-type]


@pytest.mark.parametrize("style", ["auto", "long", "short", "line", "native", "no"])
def test_the_sentence_is_there_however_tracebacks_are_shown(
    pytester: pytest.Pytester, style: str
) -> None:
    """But for --tb=no, where the summary has its beginning."""
    pytester.makepyfile(test_page=SUITE)
    result = pytester.runpytest_inprocess(
        "-pno:cacheprovider", "-q", f"--tb={style}", "-k", "risky"
    )
    output = result.stdout.str()
    sentence = "risky breaks the rule 'escapes'"
    assert (sentence in output) or style == "no"
    of_the_test = output.rpartition("in test_risky")[2]  # native tracebacks begin with pytest's own
    assert len(of_the_test.splitlines()) < MOST_LINES


def test_the_report_is_the_same_under_xdist(pytester: pytest.Pytester) -> None:
    """Workers send text."""
    pytester.makepyfile(test_page=SUITE)
    result = pytester.runpytest_subprocess("-pno:cacheprovider", "-n1", "-k", "risky")
    shown = failure(result.stdout.str(), "test_risky")
    assert any("risky breaks the rule 'escapes'" in line for line in shown)
    assert len(shown) < MOST_LINES


def test_outside_of_pytest_it_is_the_message_of_the_exception(tmp_path: Path) -> None:
    """A script that checks a consumer ends with the report."""
    script = tmp_path / "script.py"
    script.write_text(SUITE + "\n\ntest_risky()\n")
    ran = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 1
    assert "ConsumerBug: risky breaks the rule 'escapes'" in ran.stderr
    assert len(ran.stderr.splitlines()) < MOST_LINES


class Collector:
    """A consumer with a method."""

    def collect(self, job):
        return job.result(timeout=60)

    @staticmethod
    def collect_static(job):
        return job.result(timeout=60)


def local():
    """Return a function that no import reaches."""

    def inner(job):
        return job.result(timeout=60)

    return inner


CONSUMERS = {
    "method": Collector().collect,
    "static method": Collector.collect_static,
    "lambda": lambda job: job.result(timeout=60),
    "local function": local(),
    "object": type("Callable", (), {"__call__": lambda self, job: job.result(timeout=60)})(),
}


@pytest.mark.parametrize("name", CONSUMERS)
@pytest.mark.parametrize("allowed", [(), (SimulationError,), type("Local", (Exception,), {})])
def test_the_test_to_paste_is_valid_and_says_what_to_fill_in(name: str, allowed) -> None:
    """It fails for the same reason, or for that a name has to be filled in first."""
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(CONSUMERS[name], allowed=allowed)
    pasted = "\n".join(
        line[4:] for line in str(found.value).partition("To paste into a test:\n\n")[2].splitlines()
    )
    names: dict[str, object] = {}
    exec(compile(ast.parse(pasted), "<pasted>", "exec"), names)
    [test] = [value for key, value in names.items() if key.startswith("test_")]
    is_whole = "fill in" not in pasted
    assert is_whole == (name == "static method" and not isinstance(allowed, type))
    with pytest.raises(ConsumerBug if is_whole else SimulationError):
        test()  # type: ignore[operator]


def test_a_fault_is_named_in_the_sentence() -> None:
    """With which job it was, and what went wrong."""
    scenario = Scenario("QUEUED 1m; DONE", faults=[faults.drop(on="poll", times=None)])
    with pytest.raises(ConsumerBug, match=r"with a job 'QUEUED 1m; DONE' and faults\.drop"):
        qrtest.check_consumer(lambda job: job.status(), scenarios=[scenario])
