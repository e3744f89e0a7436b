"""The hook by which a project configures its cassettes in one place, in a pytest of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qrtest import Project
from qrtest.cassette import store
from qrtest.cassette.model import Cassette
from qrtest.errors import CassetteError, SettingError
from qrtest.http.messages import Request, Response
from qrtest.playback.matching import reasons, without
from tests.recordings import JOB, PROVENANCE, exchange, short
from tests.servers import serving

HOOK = """
import pytest
from qrtest import Project

@pytest.hookimpl(optionalhook=True)
def pytest_qrtest_configure(config):
    return Project({})
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A strict project, outside of CI."""
    monkeypatch.delenv("CI", raising=False)
    pytester.makeini("[pytest]\naddopts = --strict-markers --strict-config\n")
    return pytester


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    def answer(request: Request) -> Response:
        return Response(200, b'{"flavour": "umami", "colour": "mauve"}')

    with serving(answer) as address:
        yield address


def test_cassettes_stand_where_the_project_says(project: pytest.Pytester) -> None:
    """In the folder of that name beside the tests."""
    project.makeconftest(HOOK.format("cassettes='recordings'"))
    store.save(project.path / "recordings" / "test_it" / "test_status.yaml", short())
    project.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.qrtest(cassette=True)
        def test_status(runtime_job):
            assert runtime_job().status() == "QUEUED"
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_redaction_is_that_of_the_project(project: pytest.Pytester, base: str) -> None:
    """Names to keep and names that are secret, in addition to those of pyproject.toml."""
    project.makeconftest(HOOK.format("redaction={'keep': ['flavour']}"))
    project.makefile(".toml", pyproject="[tool.qrtest.redaction]\nsecret = ['colour']\n")
    project.makepyfile(
        f"""
        import pytest, requests

        @pytest.mark.qrtest(cassette="x.yaml")
        def test_ask():
            requests.get("{base}/jobs/one", timeout=5)
        """
    )
    project.runpytest_inprocess("--qrtest-record=once").assert_outcomes(passed=1)
    text = (project.path / "cassettes" / "x.yaml").read_text()
    assert "umami" in text
    assert "mauve" not in text
    assert "redacted-token-" in text


def test_what_is_ignored_does_not_distinguish_requests(project: pytest.Pytester) -> None:
    """A field of a body and a parameter of a query that are different every time."""
    project.makeconftest(HOOK.format("ignore=['trace-id']"))
    asked = exchange(
        "POST", "/jobs?trace_id=1", {"program_id": "sampler", "traceId": "a"}, answer={"id": JOB}
    )
    store.save(project.path / "cassettes" / "x.yaml", Cassette((asked,), PROVENANCE))
    project.makepyfile(
        """
        import pytest, requests

        @pytest.mark.qrtest(cassette="x.yaml")
        @pytest.mark.parametrize("program", ["sampler", "estimator"])
        def test_submit(program):
            url = "https://quantum.cloud.ibm.com/api/v1/jobs?trace_id=2"
            answer = requests.post(url, json={"program_id": program, "traceId": "b"})
            assert answer.status_code == 200
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1, failed=1)


def test_the_nearest_conftest_takes_precedence(project: pytest.Pytester) -> None:
    """A folder of tests may have its own."""
    project.makeconftest(HOOK.format("cassettes='nowhere'"))
    inner = project.mkpydir("inner")
    (inner / "conftest.py").write_text(HOOK.format("cassettes='here'"))
    store.save(inner / "here" / "bell.yaml", short())
    (inner / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.qrtest(cassette='bell.yaml')\n"
        "def test_status(runtime_job):\n    assert runtime_job().status() == 'QUEUED'\n"
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_what_is_no_project_is_refused(project: pytest.Pytester) -> None:
    """With what it should be."""
    project.makeconftest("def pytest_qrtest_configure(config):\n    return {'ignore': []}\n")
    project.makepyfile(
        "import pytest\n\n@pytest.mark.qrtest(cassette='x.yaml')\ndef test_it(): pass\n"
    )
    result = project.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*it should return a qrtest.Project*"])
    result.assert_outcomes(failed=1)


@pytest.mark.parametrize("name", ["", "../elsewhere"])
def test_a_folder_that_is_none_is_refused(name: str) -> None:
    """A name that is empty or leads out."""
    with pytest.raises(SettingError, match="is no name of a folder"):
        Project(cassettes=name)


def test_a_project_is_checked_when_it_is_made() -> None:
    """A text where a list should be, and rules that are none."""
    with pytest.raises(SettingError, match=r"write \['trace'\]"):
        Project(ignore="trace")
    with pytest.raises(CassetteError, match="redaction of pytest_qrtest_configure: there is no"):
        Project(redaction={"keeep": []})


def test_what_is_ignored_is_left_out_at_any_depth() -> None:
    """In lists, too; what is no JSON stays as it is."""
    ignored = Project(ignore=["Trace"]).ignore
    one, other = (
        Request("POST", "h", "/jobs", f"a=1&trace={n}", {}, b'{"x": [{"trace": %d, "y": 2}]}' % n)
        for n in (1, 2)
    )
    assert reasons(one, other)
    assert reasons(without(one, frozenset(ignored)), without(other, frozenset(ignored))) == ()
    binary = Request("POST", "h", "/jobs", "", {}, b"\xff\x00")
    assert without(binary, frozenset(ignored)) == binary
