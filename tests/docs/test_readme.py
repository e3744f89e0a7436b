"""The README's and the guides' examples and commands are true."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, TESTED_BY, Block, blocks

FOLLOWED = ("tutorial-rescripting",)
"""Pages whose parts belong together: another test follows them from the top."""

OUTCOME = re.compile(r"<!-- outcome: ([a-z ]+) -->")
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#([\w-]+))?\)")


def examples() -> list[object]:
    found = [
        each
        for page in PAGES
        if page.stem not in FOLLOWED
        for each in blocks(page)
        if TESTED_BY.fullmatch(each.mark) is None
    ]
    outcomes = [(each, OUTCOME.fullmatch(each.mark)) for each in found if each.is_suite]
    return [
        pytest.param(each.text, set((outcome[1] if outcome else "passed").split()), id=str(each))
        for each, outcome in outcomes
    ]


@pytest.mark.parametrize(("code", "outcome"), examples())
def test_every_suite_in_the_docs_runs(
    pytester: pytest.Pytester, code: str, outcome: set[str]
) -> None:
    """It passes as it stands, beside the cassettes that ship, unless the page says that it shows a failure."""
    shutil.copytree(ROOT / "cassettes", pytester.path / "cassettes")
    pytester.makepyfile(code)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert set(outcomes) == outcome, result.stdout.str()


@pytest.mark.parametrize(
    ("block", "file"),
    [
        pytest.param(block, tested[1], id=str(block))
        for page in PAGES
        for block in blocks(page)
        if block.is_suite and (tested := TESTED_BY.fullmatch(block.mark))
    ],
)
def test_a_suite_of_another_tool_is_the_one_that_a_session_runs(block: Block, file: str) -> None:
    """To the letter, in the file that the page names."""
    assert block.text == (ROOT / file).read_text(encoding="utf-8").partition('"""\n\n')[2]


def test_the_documented_test_command_is_the_one_that_ci_runs_first() -> None:
    """Word for word."""
    commands = re.findall(r"^\$ (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text()
    assert len(commands) == 2
    assert commands[1] in script
    assert script.index(commands[1]) < script.index("ruff")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and a heading that is in it."""
    for target, heading in LINK.findall(page.read_text()):
        path = (page.parent / target).resolve()
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            slugs = {
                re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings
            }
            assert heading in slugs
