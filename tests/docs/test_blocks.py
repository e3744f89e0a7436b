"""Every block of every page is tried: what it shows is produced, what it says to run runs, what it configures is read.

What a block is follows from its language and from the comment above it:

- `python` with a test is a suite (test_readme.py), with `>>>` a doctest, else a program that is run here, unless
  `<!-- needs NAME -->` says what is not installed.
- `text` is an output. `<!-- printed -->` and `<!-- reported -->` say how it comes about (test_outputs.py),
  `<!-- tested by FILE -->` which test reads it from the page.
- `console` has commands, which are parsed here. If it shows what they print, a test reads them from the page.
- `yaml`, `toml` and `ini` are read here.
"""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Final

import click
import pytest
import requests
import yaml

from qrtest.cli.commands import COMMANDS, group
from qrtest.http.messages import Request, Response
from tests.docs.blocks import PAGES, ROOT, TESTED_BY, Block, blocks
from tests.servers import serving

GENERATED: Final = {
    "catalogue.md": "tests/scenario/test_catalogue.py",
    "commands.md": "tests/cli/test_commands.py",
    "decoder-failures.md": "tests/scenario/test_catalogue.py",
    "quality.md": "tests/docs/test_quality.py",
}
"""Pages that a program writes, each with the test that compares."""

FOLLOWED: Final = {"tutorial-rescripting.md": "tests/docs/test_tutorial.py"}
"""Pages that a test follows from the top."""

ALL: Final = [block for page in PAGES for block in blocks(page)]
INPUT: Final = {"python", "pycon", "yaml", "toml", "ini", "{toctree}", "{eval-rst}"}
DRAWN: Final = {"mermaid": "tests/lifecycle/test_transitions.py"}


def how_it_is_produced(block: Block) -> str | None:
    """Return which test produces what *block* shows, "" if it shows no output; None if nobody does."""
    by = TESTED_BY.fullmatch(block.mark)
    if block.page.name in GENERATED | FOLLOWED:
        return (GENERATED | FOLLOWED)[block.page.name]
    if by:
        return by[1]
    if block.language in DRAWN:
        return DRAWN[block.language]
    if block.mark == "<!-- diagram -->" or block.language in INPUT:
        return ""
    if block.language == "console" and all(each.startswith("$ ") for each in commands(block)):
        return ""
    if block.language == "text" and re.match(r"<!-- (printed|reported)\b", block.mark):
        return "tests/docs/test_outputs.py"
    return None


def commands(block: Block) -> list[str]:
    """Return the lines of a console, with continued ones joined."""
    return block.text.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("block", ALL, ids=str)
def test_a_page_shows_no_output_that_no_test_produces(block: Block) -> None:
    """An output block without a comment above it fails here."""
    by = how_it_is_produced(block)
    assert by is not None, f"{block} shows an output that no test produces: see {__file__}"
    if by and (ROOT / by).name != "test_outputs.py":
        test = (ROOT / by).read_text(encoding="utf-8")
        assert block.page.stem in test or block.page.stem.replace("-", "_") in test


@pytest.mark.parametrize(
    "shown", ["```\nDONE\n```", "```text\nDONE\n```", "```console\n$ qrtest demo\nDONE\n```"]
)
def test_an_output_that_is_not_marked_is_noticed(tmp_path: Path, shown: str) -> None:
    """Whatever its language, and also below a command."""
    page = tmp_path / "page.md"
    page.write_text(f"Words.\n\n{shown}\n", encoding="utf-8")
    [block] = blocks(page)
    assert how_it_is_produced(block) is None


PROGRAMS: Final = [
    block
    for block in ALL
    if block.language == "python"
    and not (block.is_suite or block.is_doctest or block.page.name in FOLLOWED)
]


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_in_a_page_runs(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands, beside the cassettes that ship; `my_program` asks a server on this machine."""
    code = compile(block.text, str(block), "exec")
    if block.mark.startswith("<!-- needs "):
        return
    shutil.copytree(ROOT / "cassettes", tmp_path / "cassettes")
    shutil.copy(ROOT / "cassettes" / "sampler.yaml", tmp_path / "cassettes" / "bell.yaml")
    monkeypatch.chdir(tmp_path)
    with serving(_answer) as url:

        def my_program() -> None:
            requests.get(f"{url}/jobs/one", timeout=5)

        exec(code, {"__name__": "page", "my_program": my_program})


def _answer(request: Request) -> Response:
    return Response(200, b'{"id": "one"}')


CONSOLES: Final = [
    pytest.param(command, id=f"{block}-{number}")
    for block in ALL
    if block.language == "console"
    for number, command in enumerate(commands(block), 1)
    if command.startswith("$ ")
]


@pytest.mark.parametrize("command", CONSOLES)
def test_a_command_in_a_page_exists(command: str, pytestconfig: pytest.Config) -> None:
    """Of qrtest: its options are read by the command line itself. Of pytest: those that are ours are known."""
    for words in _calls(command.removeprefix("$ ")):
        program, *rest = words
        name = program.rpartition("/")[2]
        if name == "qrtest":
            _must_be_readable(rest)
        elif name in ("pytest", "python") and "pytest" in words:
            for option in rest:
                if option.startswith("--qrtest-"):
                    known = pytestconfig.getoption(
                        option.partition("=")[0].lstrip("-").replace("-", "_")
                    )
                    assert known is not NotImplemented
        elif name in ("python", "python3") and rest[0] == "-m":
            assert rest[1] == "venv" or _module(rest[1])


def _calls(line: str) -> list[list[str]]:
    """Return the words of each program that a line of a shell calls."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    calls: list[list[str]] = [[]]
    for word in lexer:
        if word in ("&&", "||", ";", "|", "&"):
            calls.append([])
        else:
            calls[-1].append(word)
    return [call for call in calls if call]


def _module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def _must_be_readable(words: list[str]) -> None:
    """Fail unless the command line of qrtest takes *words*; nothing is done."""
    name, *arguments = words
    assert name in COMMANDS
    command = group.get_command(click.Context(group), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter.type, click.Path):
            parameter.type.exists = False
    # The names of the help option are kept in the command, whose help another test compares.
    command.make_context(name, arguments, help_option_names=["-h", "--help"])


@pytest.mark.parametrize(
    "block", [each for each in ALL if each.language in ("yaml", "toml", "ini")], ids=str
)
def test_a_configuration_in_a_page_is_read(block: Block) -> None:
    """By the library for its language."""
    if block.language == "yaml":
        assert yaml.safe_load(block.text)
    elif block.language == "toml":
        assert tomllib.loads(block.text)
    else:
        parser = configparser.ConfigParser()
        parser.read_string(block.text)
        assert parser.sections()
