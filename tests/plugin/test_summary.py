"""What pytest says in the end about cassettes and scenarios, in a pytest of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette import store
from qrtest.cassette.model import Cassette
from qrtest.http.messages import Request, Response
from qrtest.plugin.summary import Played, Tally
from tests.recordings import short
from tests.servers import serving

BOTH_HALVES = """
import pytest

pytestmark = pytest.mark.qrtest(cassette="bell.yaml")

def test_status(runtime_job):
    for _ in range(20):
        runtime_job().status()

def test_result(runtime_job):
    job = runtime_job()
    job.wait_for_final_state()
    job.result()
"""
"""Two tests that ask for all of a cassette together, and neither alone."""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A strict project with a cassette, outside of CI."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeini("[pytest]\naddopts = --strict-markers --strict-config\n")
    store.save(pytester.path / "cassettes" / "bell.yaml", short())
    return pytester


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    def answer(request: Request) -> Response:
        return Response(200, b'{"id": "one"}')

    with serving(answer) as address:
        yield address


def test_the_summary_counts_and_names(project: pytest.Pytester, base: str) -> None:
    """Recorded, replayed, unused, orphaned and expired cassettes, and saved scenarios, as docs/fixtures.md shows."""
    store.save(project.path / "cassettes" / "test_it" / "test_gone.yaml", short())
    project.makepyfile(
        test_it=f"""
        import pytest, requests, qrtest

        @pytest.mark.qrtest(cassette="bell.yaml")
        def test_play(runtime_job):
            runtime_job().status()

        @pytest.mark.qrtest(cassette="new.yaml")
        def test_record():
            requests.get("{base}/jobs/one", timeout=5)

        def collect(job):
            return job.result(timeout=60)

        def test_search():
            with pytest.raises(qrtest.errors.ConsumerBug):
                qrtest.check_consumer(collect, lives=[qrtest.Scenario("ERROR 1500")])
        """
    )
    result = project.runpytest_inprocess(
        "--qrtest-record=once",
        "--qrtest-unused=warn",
        "--qrtest-save-failures",
        "-o",
        "qrtest_max_age=30d",
    )
    result.assert_outcomes(passed=3)
    page = (Path(__file__).parents[2] / "docs" / "fixtures.md").read_text(encoding="utf-8")
    shown = re.search(r"^(=+ qrtest =+\n.*?)```", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    patterns = re.sub(r"\d+ days", "* days", shown[1].replace("...", "*")).splitlines()
    result.stdout.fnmatch_lines(patterns, consecutive=True)


def test_a_suite_without_cassettes_has_no_summary(pytester: pytest.Pytester) -> None:
    """It says nothing to those whom it does not concern."""
    pytester.makepyfile("def test_plain(): pass")
    pytester.runpytest_inprocess().stdout.no_fnmatch_line("*= qrtest =*")


ONE_HALF = """
import pytest

@pytest.mark.qrtest(cassette="bell.yaml")
def test_status(runtime_job):
    runtime_job().status()
"""


def test_unused_exchanges_fail_the_run_if_they_are_to(project: pytest.Pytester) -> None:
    """With the exit status of a failure, though every test passes."""
    project.makepyfile(ONE_HALF)
    _must_fail(project.runpytest_inprocess("--qrtest-unused=fail"))
    assert project.runpytest_inprocess().ret == pytest.ExitCode.OK


def test_what_no_worker_asks_for_fails_the_run(project: pytest.Pytester) -> None:
    """However many of them played the cassette."""
    project.makepyfile(ONE_HALF)
    _must_fail(project.runpytest_subprocess("--qrtest-unused=fail", "-n2", "--dist=each"))


def _must_fail(result: pytest.RunResult) -> None:
    assert "failed" not in result.parseoutcomes()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["unused * 3 of 4 interactions*", "qrtest_unused=fail: *"])


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_what_any_test_asks_for_is_used(project: pytest.Pytester, workers: list[str]) -> None:
    """Tests that share a cassette are one: merged over the workers they ran on."""
    project.makepyfile(BOTH_HALVES)
    run = project.runpytest_subprocess if workers else project.runpytest_inprocess
    result = run("--qrtest-unused=fail", *workers)
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["cassettes: 0 recorded, 1 replayed, 0 with unused interactions, 0 orphaned, 0 expired"]
    )


def test_a_test_that_fails_shows_nothing_that_it_did_not_ask_for(project: pytest.Pytester) -> None:
    """It did not come to it."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(cassette="bell.yaml")
        def test_status(runtime_job):
            assert runtime_job().status() == "DONE"

        @pytest.mark.qrtest(cassette="bell.yaml")
        def test_own_client():
            assert False
        """
    )
    result = project.runpytest_inprocess("--qrtest-unused=fail")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["cassettes: * 0 with unused interactions*"])


def test_the_marker_says_what_is_to_be_done_about_unused_exchanges(
    project: pytest.Pytester,
) -> None:
    """Of one test, whatever holds for the others."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(cassette="bell.yaml", unused="fail")
        def test_status(runtime_job):
            runtime_job().status()
        """
    )
    assert project.runpytest_inprocess().ret == pytest.ExitCode.TESTS_FAILED


def test_nothing_secret_is_shown(project: pytest.Pytester) -> None:
    """Cassettes of other tools may hold secrets in their addresses."""
    [first, *rest] = short().interactions
    leaky = replace(
        first, request=replace(first.request, path="/jobs/x", query="to=jane.roe@example.com")
    )
    store.save(project.path / "cassettes" / "leaky.yaml", Cassette((leaky, *rest), None))
    project.makepyfile(
        "import pytest\n\n@pytest.mark.qrtest(cassette='leaky.yaml')\ndef test_nothing(): pass\n"
    )
    result = project.runpytest_inprocess("--qrtest-unused=warn")
    result.stdout.fnmatch_lines(["unused *GET /jobs/x?to=redacted-*"])
    result.stdout.no_fnmatch_line("*jane*")


names = st.sampled_from(["a.yaml", "b.yaml", "c.yaml"])
played = st.builds(
    Played,
    st.just(3),
    st.dictionaries(st.integers(0, 2), st.just("GET /x")),
    st.sampled_from(["ignore", "warn", "fail"]),
    st.just(""),
)
tallies = st.builds(
    Tally,
    st.dictionaries(names, st.just(2)),
    st.dictionaries(names, played),
    st.frozensets(names),
    st.frozensets(names),
)


@given(tallies, tallies, tallies)
def test_the_order_of_the_workers_does_not_matter(one: Tally, two: Tally, three: Tally) -> None:
    """Tallies merge in any order and grouping, and survive the way between processes."""
    assert one | two == two | one
    assert (one | two) | three == one | (two | three)
    assert one | one == one
    assert one | Tally() == one
    assert Tally.of(one.data()) == one


SEEING = """
import pytest, qrtest

@pytest.mark.parametrize("end", ["DONE", "ERROR 1500"])
def test_it(runtime_job, end):
    runtime_job(f"QUEUED 5s; RUNNING 1s; {end}").wait_for_final_state()

def test_without_a_fixture():
    with qrtest.simulate() as sim:
        sim.job("QUEUED 5s; CANCELLED").wait_for_final_state()
"""
"""Three tests that see three endings; one of them takes no fixture."""


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_the_run_lists_what_it_has_seen_of_jobs(
    pytester: pytest.Pytester, workers: list[str]
) -> None:
    """Over all workers, with and without fixtures; and what was never seen."""
    pytester.makepyfile(SEEING)
    run = pytester.runpytest_subprocess if workers else pytester.runpytest_inprocess
    result = run("--qrtest-coverage", *workers)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*= qrtest =*",
            "status coverage: 1? of * (* %)",
            "*statuses: QUEUED 3, RUNNING 2, DONE 1, ERROR 1, CANCELLED 1",
            "*endings: DONE 1, ERROR 1, CANCELLED 1",
            "*never seen: faults: *",
        ]
    )


def test_a_threshold_lets_the_run_fail(pytester: pytest.Pytester) -> None:
    """On the command line or in the ini file; with the share that was reached, nothing happens."""
    pytester.makepyfile(SEEING)
    assert pytester.runpytest_inprocess("--qrtest-fail-under=20").ret == pytest.ExitCode.OK
    result = pytester.runpytest_inprocess("-o", "qrtest_fail_under=99")
    result.assert_outcomes(passed=3)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["qrtest_fail_under=99: the tests have seen less*"])
    wrong = pytester.runpytest_inprocess("--qrtest-fail-under=most")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["*qrtest_fail_under = most: give a number from 0 to 100.*"])


def test_the_report_has_the_graph_of_what_was_seen(pytester: pytest.Pytester) -> None:
    """As SVG and as a page, beside the pictures of failed tests."""
    pytester.makepyfile(SEEING)
    result = pytester.runpytest_inprocess("--qrtest-report=drawn")
    result.stdout.no_fnmatch_line(
        "*status coverage*"
    )  # what is printed is asked for by another option
    assert sorted(path.name for path in (pytester.path / "drawn").iterdir()) == [
        "coverage.html",
        "coverage.svg",
    ]


def test_a_failure_of_check_consumer_has_a_page_of_its_own(pytester: pytest.Pytester) -> None:
    """It shows the run of the message, and the report names it."""
    pytester.makepyfile(
        """
        import qrtest

        def collect(job):
            while job.status() != "DONE":
                pass

        def test_it():
            qrtest.check_consumer(collect, scenarios=[qrtest.Scenario("QUEUED 1m; ERROR")])
        """
    )
    result = pytester.runpytest_inprocess("--qrtest-report=drawn")
    result.stdout.fnmatch_lines(["*qrtest: drawn*", "*drawn*.html"])
    [page] = (path for path in (pytester.path / "drawn").glob("*test_it*.html"))
    assert "Queued" in page.read_text(encoding="utf-8")
    assert page.with_suffix(".svg").exists()


def test_a_folder_that_cannot_be_written_to_is_reported_at_once(pytester: pytest.Pytester) -> None:
    """Before any test runs; and collecting alone is held to no threshold."""
    pytester.makepyfile(SEEING)
    (pytester.path / "drawn").write_text("a file")
    result = pytester.runpytest_inprocess("--qrtest-report=drawn")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--qrtest-report=drawn: it cannot be written to: *"])
    page = pytester.runpytest_inprocess("--qrtest-report=report.html")
    page.stderr.fnmatch_lines(["*--qrtest-report=report.html: give a folder: *"])
    assert not (pytester.path / "report.html").exists()
    collected = pytester.runpytest_inprocess("--collect-only", "--qrtest-fail-under=50")
    assert collected.ret == pytest.ExitCode.OK
