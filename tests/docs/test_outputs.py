"""The outputs that pages show are those that the code above them gives.

A page says so in a comment between the two: `<!-- printed -->` for what a program prints, `<!-- reported -->` for a
part of what pytest prints about a suite. A line `...` in the output stands for any number of lines.
"""

from __future__ import annotations

import contextlib
import io
import re

import pytest

from tests.docs.blocks import PAGES, blocks

SHOWN = re.compile(
    r"^```python\n(?P<code>(?:(?!^```).*\n)*)^```\n(?P<between>(?:(?!^```|^<!--).*\n)*)"
    r"^<!-- (?P<how>printed|reported)(?P<options>(?: --[\w=-]+)*) -->\n\n^```text\n(?P<output>(?:(?!^```).*\n)*)^```",
    re.MULTILINE,
)
PRODUCED = re.compile(r"<!-- (printed|reported)\b")


def outputs(how: str) -> list[object]:
    """Return the programs of all pages with the output that stands below them."""
    return [
        pytest.param(
            found["code"], found["output"], found["options"].split(), id=f"{page.stem}-{number}"
        )
        for page in PAGES
        for number, found in enumerate(SHOWN.finditer(page.read_text(encoding="utf-8")), 1)
        if found["how"] == how
    ]


def stands_in(shown: str, whole: str) -> bool:
    """Say whether the lines of *shown* follow each other in *whole*, with anything where it has `...`."""
    parts = [
        re.escape(part.strip("\n")) for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)
    ]
    lines = "\n".join(line.rstrip() for line in whole.splitlines())
    return re.search(r"\n(?:.*\n)*?".join(part for part in parts if part), lines) is not None


def test_every_marked_output_stands_below_its_code() -> None:
    """Otherwise nobody would produce it."""
    marked = [each for page in PAGES for each in blocks(page) if PRODUCED.match(each.mark)]
    assert len(marked) == len(outputs("printed")) + len(outputs("reported"))


@pytest.mark.parametrize(("code", "output", "options"), outputs("printed"))
def test_a_program_prints_what_stands_below_it(code: str, output: str, options: list[str]) -> None:
    """All of it, and nothing else."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<page>", "exec"), {"__name__": "page"})
    assert printed.getvalue() == output


@pytest.mark.parametrize(("code", "output", "options"), outputs("reported"))
def test_pytest_reports_what_stands_below_the_suite(
    pytester: pytest.Pytester, code: str, output: str, options: list[str]
) -> None:
    """The lines stand in the report as the page shows them."""
    pytester.makepyfile(test_page=code)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)
    assert stands_in(output, result.stdout.str()), result.stdout.str()


@pytest.mark.parametrize(
    ("shown", "whole", "expected"),
    [
        ("a\nb\n", "x\na\nb\ny\n", True),
        ("a\nb\n", "a\nx\nb\n", False),
        ("a\n...\nb\n", "a\nx\ny\nb\n", True),
        ("a\n...\nb\n", "b\na\n", False),
    ],
)
def test_lines_are_compared_in_their_order(shown: str, whole: str, expected: bool) -> None:
    """Neighbours stay neighbours, unless the page says that something is left out."""
    assert stands_in(shown, whole) is expected
