"""`qrtest init` writes what a project needs for its first test, asks first, and loses nothing."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import qrtest


def files(folder: Path) -> dict[str, str]:
    """Return the text of every file in *folder* by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_first_test_passes(pytester: pytest.Pytester) -> None:
    """What is written is a suite that runs as it stands, under strict settings."""
    assert qrtest("init", "--yes", cwd=pytester.path).returncode == 0
    assert set(files(pytester.path)) == {
        ".gitattributes",
        ".gitignore",
        "tests/conftest.py",
        "tests/test_qrtest_first.py",
    }
    pytester.makeini(
        "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def test_it_asks_first_and_writes_nothing_on_a_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be written is listed before the question; a closed stdin is a no."""
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        ended = qrtest("init", cwd=tmp_path)
    assert ended.returncode == 130
    assert "tests/test_qrtest_first.py: a first test" in ended.stderr
    assert files(tmp_path) == {}


def test_an_answer_of_no_is_a_plain_sentence_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An existing project stays as it is."""
    (tmp_path / "conftest.py").write_text("x = 1\n")
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    ended = qrtest("init", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.endswith("Nothing was written.\n")
    assert files(tmp_path) == {"conftest.py": "x = 1\n"}


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    """As where a folder is read-only, or a name is taken; what is there already is kept."""
    (tmp_path / ".gitattributes").symlink_to(tmp_path / "gone" / "attributes")
    ended = qrtest("init", "--yes", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(
        "qrtest: .gitattributes: it cannot be written: "
    )
    assert "Traceback" not in ended.stderr


texts = st.sampled_from(
    ["", "\n", "x = 1", "x = 1\n", "import pytest\n", "import pytest\n\nx = 1\n\n\n"]
)


@given(texts, st.sampled_from(["", "build/", ".hypothesis/\n", "a\n\nb"]))
def test_what_was_there_is_kept_and_doing_it_twice_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, conftest: str, ignored: str
) -> None:
    """Whatever the files of the project hold."""
    project = tmp_path_factory.mktemp("project")
    (project / "tests").mkdir()
    (project / "tests" / "conftest.py").write_text(conftest)
    (project / ".gitignore").write_text(ignored)
    qrtest("init", "--yes", cwd=project)
    once = files(project)
    assert once["tests/conftest.py"].startswith(conftest.rstrip())
    assert once[".gitignore"].startswith(ignored)
    assert ".hypothesis/" in once[".gitignore"].splitlines()
    compile(once["tests/conftest.py"], "conftest.py", "exec")
    again = qrtest("init", "--yes", cwd=project)
    assert files(project) == once
    assert again.stderr == "qrtest: everything is there already.\n"


def test_tests_beside_the_code_stay_there(tmp_path: Path) -> None:
    """A project without a folder of tests gets none if it has tests."""
    (tmp_path / "test_mine.py").write_text("")
    qrtest("init", "--yes", cwd=tmp_path)
    assert (tmp_path / "test_qrtest_first.py").exists()


def test_a_conftest_that_is_no_python_is_left_alone(tmp_path: Path) -> None:
    """With a clear error, before anything is written."""
    (tmp_path / "conftest.py").write_text("def (:\n")
    ended = qrtest("init", "--yes", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith("qrtest: conftest.py: it is no Python: ")
    assert files(tmp_path) == {"conftest.py": "def (:\n"}
