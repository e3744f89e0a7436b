"""Cassettes in tests: the marker, the option, and what is saved when, in a pytest of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qrtest.cassette import store
from qrtest.errors import CassetteError
from qrtest.http.messages import Request, Response
from qrtest.plugin.cassettes import file_name, find
from tests.recordings import JOB, short
from tests.servers import serving

STRICT = "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A strict project, outside of CI."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeini(STRICT)
    return pytester


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    def answer(request: Request) -> Response:
        return Response(200, b'{"id": "one"}', {"Content-Type": "application/json"})

    with serving(answer) as address:
        yield address


def test_a_marked_test_gets_the_recorded_job_and_service(project: pytest.Pytester) -> None:
    """The fixtures give the genuine objects of the recorded session."""
    store.save(project.path / "cassettes" / "bell.yaml", short())
    project.makepyfile(
        """
        import pytest
        from qiskit_ibm_runtime import QiskitRuntimeService, RuntimeJobV2

        pytestmark = pytest.mark.qrtest(cassette="bell.yaml")

        def test_job(runtime_job, virtual_clock):
            job = runtime_job()
            assert isinstance(job, RuntimeJobV2)
            assert job.result() == {"results": []}
            assert 5 <= virtual_clock.now() < 6

        @pytest.mark.qrtest(pace="instant")
        def test_service(runtime_service, runtime_simulation):
            assert isinstance(runtime_service, QiskitRuntimeService)
            [job_id] = runtime_simulation.jobs
            assert runtime_service.job(job_id).status() == "DONE"
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_test_without_fixtures_has_its_own_client_answered(project: pytest.Pytester) -> None:
    """Whatever requests asks is answered from the cassette cassettes/module/test.yaml."""
    store.save(project.path / "cassettes" / "test_own" / "TestMine.test_ask[a-b].yaml", short())
    project.makepyfile(
        test_own=f"""
        import pytest, requests

        class TestMine:
            @pytest.mark.qrtest(cassette=True)
            @pytest.mark.parametrize("x", ["a/b"])
            def test_ask(self, x):
                url = "https://quantum.cloud.ibm.com/api/v1/jobs/{JOB}?exclude_params=true"
                assert requests.get(url).json()["id"] == "{JOB}"
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_recording_saves_when_the_test_passes_only(project: pytest.Pytester, base: str) -> None:
    """A cassette is recorded by a test that passes; one that fails leaves none, unless it is wanted."""
    project.makepyfile(
        test_it=f"""
        import pytest, requests

        @pytest.mark.qrtest(cassette=True)
        @pytest.mark.parametrize("good", [True, False])
        def test_ask(good):
            assert requests.get("{base}/jobs/one", timeout=5).json() == {{"id": "one"}}
            assert good

        @pytest.mark.qrtest(cassette=True)
        def test_with_fixture(runtime_simulation):
            requests.get("{base}/jobs/one", timeout=5)
            assert False
        """
    )
    folder = project.path / "cassettes" / "test_it"
    project.runpytest_inprocess("--qrtest-record=once").assert_outcomes(passed=1, failed=2)
    assert [path.name for path in folder.iterdir()] == ["test_ask[True].yaml"]
    project.runpytest_inprocess("-k", "True").assert_outcomes(passed=1, deselected=2)
    project.runpytest_inprocess("--qrtest-record=once", "--qrtest-keep-failed").assert_outcomes(
        passed=1, failed=2
    )
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_nothing_is_saved_when_the_setup_fails(
    project: pytest.Pytester, base: str, mode: str
) -> None:
    """The cassette stays as it was, also when the fixture that failed had asked for something."""
    project.makepyfile(
        test_it=f"""
        import pytest, requests

        @pytest.fixture
        def asks(runtime_simulation, pytestconfig):
            requests.get("{base}/jobs/one", timeout=5)
            assert pytestconfig.getoption("verbose") > 0

        @pytest.mark.qrtest(cassette=True)
        def test_ask(asks):
            pass
        """
    )
    cassette = project.path / "cassettes" / "test_it" / "test_ask.yaml"
    project.runpytest_inprocess(f"--qrtest-record={mode}").assert_outcomes(errors=1)
    assert not cassette.exists()
    project.runpytest_inprocess("-v", f"--qrtest-record={mode}").assert_outcomes(passed=1)
    saved = cassette.read_bytes()
    project.runpytest_inprocess(f"--qrtest-record={mode}").assert_outcomes(errors=1)
    assert cassette.read_bytes() == saved


def test_by_default_nothing_is_recorded(project: pytest.Pytester, base: str) -> None:
    """Without the option a missing cassette is an error with the command that records it."""
    project.makepyfile(
        f"""
        import pytest, requests

        @pytest.mark.qrtest(cassette=True)
        def test_ask():
            requests.get("{base}/jobs/one", timeout=5)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no such cassette. Record it: *--qrtest-record=once.*"])
    assert not (project.path / "cassettes").exists()


def test_recording_is_refused_in_ci_unless_forced(
    project: pytest.Pytester, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where CI is set, the option alone does not record."""
    monkeypatch.setenv("CI", "true")
    project.makepyfile(
        f"""
        import pytest, requests

        @pytest.mark.qrtest(cassette="x.yaml")
        def test_ask():
            requests.get("{base}/jobs/one", timeout=5)
        """
    )
    result = project.runpytest_inprocess("--qrtest-record=rewrite")
    result.stdout.fnmatch_lines(["*--qrtest-record=rewrite in CI*--qrtest-record-in-ci*"])
    result.assert_outcomes(failed=1)
    forced = project.runpytest_inprocess("--qrtest-record=rewrite", "--qrtest-record-in-ci")
    forced.assert_outcomes(passed=1)


def test_two_tests_with_one_name_are_refused(project: pytest.Pytester) -> None:
    """Ids that would share a file are named, not mixed up."""
    store.save(project.path / "cassettes" / "test_ids" / "test_ask[a-b].yaml", short())
    project.makepyfile(
        test_ids="""
        import pytest

        @pytest.mark.qrtest(cassette=True)
        @pytest.mark.parametrize("x", ["a/b", "a:b"])
        def test_ask(x):
            pass
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*which is that of test_ids.py::test_ask?a/b?: give one of the two*"]
    )


def test_two_tests_with_one_name_are_refused_when_they_run_one_at_a_time(
    project: pytest.Pytester, base: str
) -> None:
    """The cassette remembers which test recorded it; a test and a file that were renamed go together."""
    source = f"""
        import pytest, requests

        @pytest.mark.qrtest(cassette=True)
        @pytest.mark.parametrize("name", ["a/b", "a:b"])
        def test_it(name):
            assert requests.get("{base}/jobs/one", timeout=5).status_code == 200
        """
    path = project.makepyfile(test_names=source)
    folder = project.path / "cassettes" / "test_names"
    first, second = (f"{path.name}::test_it[{name}]" for name in ("a/b", "a:b"))
    project.runpytest_inprocess("--qrtest-record=rewrite", first).assert_outcomes(passed=1)
    for options in (["--qrtest-record=rewrite"], ["--qrtest-record=once"], []):
        refused = project.runpytest_inprocess(*options, second)
        refused.assert_outcomes(failed=1)
        refused.stdout.fnmatch_lines([r"*which test_it[[]a/b[]] recorded*"])
    project.runpytest_inprocess(first).assert_outcomes(passed=1)
    (folder / "test_it[a-b].yaml").rename(folder / "test_new[a-b].yaml")
    path.write_text(path.read_text().replace("test_it", "test_new"))
    project.runpytest_inprocess(f"{path.name}::test_new[a:b]").assert_outcomes(passed=1)


def test_what_filters_removed_is_removed_on_replay(project: pytest.Pytester, base: str) -> None:
    """The marker takes vcrpy's filters and hooks; without them the error says which are missing."""
    source = f"""
        import os, pytest, requests

        def without_run(request):
            request.uri = request.uri.replace("run-" + os.environ["RUN"], "run")
            return request

        @pytest.mark.qrtest(
            cassette="one.yaml",
            vcr_options={{"filter_query_parameters": ["nonce"]}},
            before_record_request=without_run,
        )
        def test_ask():
            run = os.environ["RUN"]
            url = f"{base}/jobs/run-{{run}}"
            assert requests.get(url, params={{"nonce": run}}, timeout=5).status_code == 200
        """
    path = project.makepyfile(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN", "1")
        project.runpytest_inprocess("--qrtest-record=once").assert_outcomes(passed=1)
        patch.setenv("RUN", "2")
        project.runpytest_inprocess().assert_outcomes(passed=1)
        path.write_text(path.read_text().replace("before_record_request=without_run,", ""))
        result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*recorded with before_record_request=..., filter_query_parameters=...: give*the marker*"]
    )


def test_a_cassette_may_be_named_by_its_whole_path_below_the_root(tmp_path: Path) -> None:
    """And a path that leads out is refused with the directory that it has to be in."""
    places = {"test_file": tmp_path / "tests" / "test_it.py", "root": tmp_path, "default": "x"}
    inside = tmp_path / "elsewhere" / "a.yaml"
    assert find(inside, **places) == inside
    for name in ("../a.yaml", "/a.yaml", "tests/../../a.yaml"):
        with pytest.raises(CassetteError, match=f"in its directory {tmp_path}:"):
            find(name, **places)


def test_parameters_in_another_order_find_their_cassette(tmp_path: Path) -> None:
    """The order of ids in a name is pytest's affair: the same ids in another order are the same test."""
    folder = tmp_path / "cassettes" / "test_x"
    store.save(folder / "test_a[b-1].yaml", short())
    wanted = find(True, test_file=tmp_path / "test_x.py", root=tmp_path, default="test_a[1-b].yaml")
    assert wanted == folder / "test_a[b-1].yaml"


@pytest.mark.parametrize(
    "options",
    [
        "cassette='bell.yaml', script='DONE'",
        "cassette=3",
        "cassette='../x.yaml'",
        "cassette='/etc/x.yaml'",
    ],
)
def test_a_marker_that_makes_no_sense_is_named(project: pytest.Pytester, options: str) -> None:
    """What does not go together, or leads out of the project, is an error of usage."""
    project.makepyfile(
        f"""
        import pytest

        @pytest.mark.qrtest({options})
        def test_nothing(runtime_simulation):
            pass
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*UsageError: test_*"])


def test_a_failure_of_a_replay_shows_its_timeline(project: pytest.Pytester) -> None:
    """The report of a test that failed shows what was asked and answered."""
    store.save(project.path / "cassettes" / "bell.yaml", short())
    project.makepyfile(
        """
        import pytest

        @pytest.mark.qrtest(cassette="bell.yaml")
        def test_status(runtime_job):
            assert runtime_job().status() == "DONE"
        """
    )
    project.runpytest_inprocess().stdout.fnmatch_lines(["*qrtest timeline*", "*poll*200 Queued*"])


def test_names_are_those_of_pytest_recording() -> None:
    """Characters that files cannot have become hyphens, and long names end in a digest."""
    assert file_name("test[a<b>?%*:|\"'/\\]", "TestMine") == "TestMine.test[a-b----------].yaml"
    assert len(file_name("x" * 500).encode()) <= 255
