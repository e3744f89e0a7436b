"""Scenario files: what is written reads back, and an edit that went wrong is explained."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PureWindowsPath
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import qrtest
from qrtest import Scenario, faults, run_options, scenarios
from qrtest import strategies as qst
from qrtest.errors import ConsumerBug, ScenarioError
from qrtest.properties import RULES
from qrtest.scenario import scenario_file


@given(qst.scenarios(results=st.none() | qst.broken_results()))
def test_what_is_written_reads_back(scenario: Scenario) -> None:
    """Script, faults and result, to the last character."""
    assert scenario_file.read(scenario_file.written(scenario), "file") == scenario


@pytest.mark.parametrize("name", scenarios)
def test_the_catalogue_can_be_written(name: str) -> None:
    """With its names, sentences, sources and behaviours."""
    assert scenario_file.read(scenario_file.written(scenarios[name]), "file") == scenarios[name]


def test_a_file_is_short_and_plain() -> None:
    """A person reads it, and edits it."""
    plan = [faults.status(503, on="poll", times=3), faults.hang("90s")]
    assert scenario_file.written(Scenario("QUEUED 1m; DONE", faults=plan, tags=["x"])) == (
        "script: QUEUED 1m; DONE\n"
        "faults:\n"
        "- {fault: status, code: 503, operation: poll, times: 3}\n"
        "- {fault: hang, seconds: 1m30s}\n"
        "tags:\n"
        "- x\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.yaml: it is empty"),
        ("- 1", "mine.yaml: a scenario needs a script, as 'script: QUEUED 1m; DONE'"),
        ("script: QUEUD 1m; DONE", "mine.yaml: .*Write it like this: QUEUED 1m; DONE"),
        ("script: DONE\nfault: []", "mine.yaml: a scenario has no 'fault'.*Did you mean 'faults'"),
        ("script: DONE\nfaults: drop", "mine.yaml: faults is a list"),
        ("script: DONE\nfaults: [drop]", "mine.yaml: 'drop' is no fault; write {fault: drop"),
        (
            "script: DONE\nfaults: [{fault: dorp}]",
            "mine.yaml: there is no fault 'dorp'.*Did you mean 'drop'",
        ),
        ("script: DONE\nfaults: [{fault: drop, on: pol}]", "mine.yaml: .*Did you mean 'poll'"),
        ("script: DONE\nfaults: [{fault: drop, operation: pol}]", "mine.yaml: .*'poll'"),
        ("script: DONE\nfaults: [{fault: drop, wen: 1}]", "mine.yaml: A fault has no wen"),
        ("script: DONE\nfaults: [{fault: status}]", "mine.yaml: .*code"),
        ("script: DONE\nbehaviour: {cancel_lga: 1}", "mine.yaml: .*Did you mean 'cancel_lag'"),
        ("script: [", "mine.yaml"),
    ],
)
def test_an_edit_that_went_wrong_is_explained(text: str, message: str) -> None:
    """With the file, the place and what was meant."""
    with pytest.raises(ScenarioError, match=f"(?s){message}"):
        scenario_file.read(text, "mine.yaml")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or not text."""
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    for name in ("missing.yaml", "bytes.yaml"):
        with pytest.raises(ScenarioError, match=name):
            scenario_file.load(tmp_path / name)


def test_a_result_that_is_no_text_is_not_written() -> None:
    """A file holds what the service sends."""
    with pytest.raises(ScenarioError, match="whose result is a dict cannot be written"):
        scenario_file.written(Scenario("DONE", result={}))


def gives_up_on_nothing(job) -> None:
    job.wait_for_final_state()


@pytest.fixture
def untold() -> Iterator[None]:
    """What is saved is no business of the run that this test belongs to."""
    reset = run_options.ON_SAVED.set(None)
    yield
    reset()


def test_what_was_found_is_saved_and_tried_first(untold: None, tmp_path: Path) -> None:
    """The file is the regression test: it is found again, without a search."""
    with pytest.raises(ConsumerBug) as found:
        qrtest.check_consumer(gives_up_on_nothing, saved=tmp_path, save_failures=True)
    [path] = tmp_path.iterdir()
    assert path.name == f"gives_up_on_nothing-{found.value.rule}.yaml"
    assert scenario_file.load(path) == found.value.scenario
    with pytest.raises(ConsumerBug) as again:
        qrtest.check_consumer(gives_up_on_nothing, saved=tmp_path, lives=[])
    assert again.value.scenario == found.value.scenario


def takes_all_or_nothing(jobs: list[Any]) -> list[object]:
    return [job.result() for job in jobs]


def test_what_several_jobs_break_is_one_file(untold: None, tmp_path: Path) -> None:
    """Tried first by a check of as many jobs, and left alone by one of another number."""
    check = partial(qrtest.check_consumer, takes_all_or_nothing, saved=tmp_path)
    with pytest.raises(ConsumerBug) as found:
        check(jobs=3, save_failures=True)
    [path] = tmp_path.iterdir()
    assert scenario_file.load_jobs(path) == found.value.scenario
    with pytest.raises(ConsumerBug) as again:
        check(jobs=3, scenarios=[])
    assert again.value.scenario == found.value.scenario
    check(jobs=2, scenarios=[])
    with pytest.raises(ScenarioError, match="several jobs, and one is wanted"):
        scenario_file.load(path)


@given(st.lists(qst.scenarios(), min_size=2, max_size=3))
def test_scenarios_of_several_jobs_read_back(scenarios: list[Scenario]) -> None:
    """In their order."""
    with TemporaryDirectory() as folder:
        scenario_file.save(scenarios, Path(folder, "jobs.yaml"))
        assert scenario_file.load_jobs(Path(folder, "jobs.yaml")) == tuple(scenarios)


@settings(max_examples=30)
@given(st.text(), st.text(min_size=1))
@example("con.read", "<lambda>")
@example("*", "collect[0]")
def test_a_file_can_be_named_after_any_consumer_everywhere(name: str, other: str) -> None:
    """Also on Windows; its folder is not left."""
    for consumer in (name, other):
        file = scenario_file.file_name(consumer, "ends")
        assert not set('<>:"/\\|?*') & set(file)
        assert not PureWindowsPath(file).is_reserved()
        assert Path(file).name == file


def test_a_function_without_a_name_has_a_file_too(untold: None, tmp_path: Path) -> None:
    """`<lambda>` is no name of a file on Windows."""
    with pytest.raises(ConsumerBug):
        qrtest.check_consumer(lambda job: job.result(), saved=tmp_path, save_failures=True)
    assert [path.name for path in tmp_path.iterdir()] == ["lambda-escapes.yaml"]


def test_what_cannot_be_saved_is_reported_all_the_same(untold: None, tmp_path: Path) -> None:
    """With the reason."""
    tmp_path.joinpath("folder").write_text("a file")
    with pytest.raises(ConsumerBug, match="gives_up_on_nothing breaks the rule") as found:
        qrtest.check_consumer(gives_up_on_nothing, saved=tmp_path / "folder", save_failures=True)
    assert "not saved as a file" in found.value.__notes__[0]


def test_nothing_is_saved_unless_asked(tmp_path: Path) -> None:
    """A failing test writes no files by itself."""
    with pytest.raises(ConsumerBug):
        qrtest.check_consumer(gives_up_on_nothing, saved=tmp_path, rules=RULES)
    assert not list(tmp_path.iterdir())


CONSUMER_TEST = """
import time
import qrtest

def collect(job):
    while job.status() != "DONE":
        time.sleep(30)

def test_collect():
    qrtest.check_consumer(collect)
"""


def test_the_plugin_saves_what_was_found_and_finds_it_again(pytester: pytest.Pytester) -> None:
    """A file in cassettes/scenarios, named after the consumer and the rule; tried first ever after."""
    pytester.makepyfile(CONSUMER_TEST)
    pytester.runpytest_inprocess().assert_outcomes(failed=1)
    assert not (pytester.path / "cassettes").exists()
    pytester.runpytest_inprocess("--qrtest-save-failures").assert_outcomes(failed=1)
    saved = pytester.path / "cassettes" / "scenarios" / "collect-ends.yaml"
    saved.write_text("script: QUEUED 1m; CANCELLED\n")
    again = pytester.runpytest_inprocess()
    again.stdout.fnmatch_lines(["*Scenario('QUEUED 1m; CANCELLED')*"])


def test_the_marker_takes_a_file(pytester: pytest.Pytester) -> None:
    """From the root of the project, as a path is given on the command line."""
    (pytester.path / "stuck.yaml").write_text("script: QUEUED\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(scenario="stuck.yaml")
        def test_stuck(runtime_job):
            assert runtime_job().status() == "QUEUED"
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
