"""The words of the code and of the pages: those of the field, which docs/glossary.md lists, and no others."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "qrtest").rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
GENERATED = {"quality.md"}
PROGRAMS = [
    path
    for folder in ("tests", "benchmarks", "examples", "docs")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)  # it names the words
]
PROGRAMS += [ROOT / "conftest.py", ROOT / "noxfile.py"]

INSTEAD = {
    r"lives?\b(?! (on|in|up))": "script, scenario or status sequence",
    r"lived": "went through",
    r"relive[ds]?|reliving": "re-script",
    r"born|birth": "created, began",
    r"tell(s|ing)?|told": "say, report, describe",
    r"whoever": "what, the caller, the client",
    r"nobody knows|nobody can know": "not documented",
    r"eras?": "API version",
    r"refusals?": "error response",
    r"strange": "unknown",
    r"fate": "script",
    r"is heard": "takes precedence",
}
WORD = re.compile(
    "|".join(
        rf"(?P<w{number}>(?<![\w-])(?:{word})(?![\w-]))" for number, word in enumerate(INSTEAD)
    ),
    re.IGNORECASE,
)
ALLOWED = re.compile(r"lives_of|`lives`|`lives=|lives=|time to live|max_ttl", re.IGNORECASE)
IDENTIFIERS = re.compile(
    r"life|lives|lived|living|born|told|tells|telling|said|whoever|eras?|refusals?|relived?|fate"
    r"|strange|stages?|staged"
)
"""The same words where names are made of them."""
PUBLIC_ALIASES = {"lives", "lives_of", "script"}
WORDS_OF_A_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
TESTS = sorted((ROOT / "tests").rglob("*.py"))
NOUN_PHRASE = re.compile(
    r"(?:The|A|An|What|Whether|How|Who|Where|When|Which|All|Those|Every|Each|Its?|Seconds)\b"
)


def unwanted(text: str) -> Iterator[str]:
    """Yield the words of *text* that have a plainer one."""
    for found in WORD.finditer(ALLOWED.sub("", text)):
        assert found.lastgroup is not None
        yield f"{found.group()!r}: write {list(INSTEAD.values())[int(found.lastgroup[1:])]}"


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a source, with their lines."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.lineno, node.value.value


@pytest.mark.parametrize(
    "path", [*SOURCES, *PROGRAMS], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_docstrings_and_comments_use_the_words_of_the_field(path: Path) -> None:
    """Each unwanted word is named with its line and with what to write."""
    assert [f"line {line}: {word}" for line, text in prose(path) for word in unwanted(text)] == []


@pytest.mark.parametrize(
    "path",
    [page for page in PAGES if page.name not in GENERATED],
    ids=lambda path: path.stem,
)
def test_pages_use_the_words_of_the_field(path: Path) -> None:
    """Outside of code, where names are what they are."""
    text = re.sub(
        r"```.*?```|`[^`]*`|\]\([^)]*\)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert list(unwanted(text)) == []


@pytest.mark.parametrize(
    "path", [*SOURCES, *PROGRAMS], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_the_docstring_of_a_function_begins_with_a_verb(path: Path) -> None:
    """A value is described by a noun phrase: properties, fixtures, classes and constants may begin with one.

    A test is a statement: its docstring adds to what its name says.
    """
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {
                ast.unparse(each).partition("(")[0].rpartition(".")[2]
                for each in node.decorator_list
            }
            docstring = ast.get_docstring(node) or ""
            is_a_value = bool(decorators & {"property", "cached_property", "fixture"})
            is_a_test = path in PROGRAMS and node.name.startswith("test")
            if not is_a_value and not is_a_test and NOUN_PHRASE.match(docstring):
                found.append(f"line {node.lineno}: {node.name}: {docstring.splitlines()[0]}")
    assert found == []


def identifiers(path: Path) -> Iterator[str]:
    """Yield the names of functions, classes, parameters and variables that a source defines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id


@pytest.mark.parametrize(
    "path", [*SOURCES, *TESTS], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_names_use_the_words_of_the_field(path: Path) -> None:
    """Older public names that stay as aliases, and the tests of those, may have theirs."""
    unwanted_names = {
        name
        for name in identifiers(path)
        if name not in PUBLIC_ALIASES and "older_name" not in name
        if any(IDENTIFIERS.fullmatch(word.lower()) for word in WORDS_OF_A_NAME.findall(name))
    }
    assert unwanted_names == set()
