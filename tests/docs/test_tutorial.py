"""The tutorial on re-scripting, done as it says, from the first line to the last."""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.command_line import RUN

PAGE = Path(__file__).parents[2] / "docs" / "tutorial-rescripting.md"
PORT = "8765"
BLOCK = re.compile(
    r"(?:^<!-- file: (\S+?)(, further)? -->\n\n)?^```(python|yaml|console)\n(.*?)^```",
    re.DOTALL | re.MULTILINE,
)
PROGRAMS = {
    "qrtest": RUN,
    "python": [sys.executable],
    "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
}


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def commands(console: str) -> Iterator[tuple[list[str], bool, str]]:
    """Yield each command, whether it stays in the background, and what it prints."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        words = shlex.split(line.removesuffix("&"))
        programs = [word for name in words for word in PROGRAMS.get(name, [name])]
        yield programs, line.endswith("&"), expected


def wait_until_it_serves(port: str) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("it never served")


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    """Every file is written, every command is run, and prints what the page says."""
    port = free_port()
    page = PAGE.read_text(encoding="utf-8").replace(PORT, port)
    root = str(PAGE.parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}",
        "PYTHONWARNINGS": "ignore",
        "PYTEST_ADDOPTS": "-p no:vcr",
    }
    with ExitStack() as stack:
        for name, further, language, text in BLOCK.findall(page):
            if language != "console":
                assert name, text
                with (tmp_path / name).open("a" if further else "w", encoding="utf-8") as file:
                    file.write(text)
                continue
            for command, is_background, expected in commands(text):
                if is_background:
                    served = stack.enter_context(
                        subprocess.Popen(
                            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
                        )
                    )
                    stack.callback(served.terminate)
                    wait_until_it_serves(port)
                    continue
                done = subprocess.run(
                    command, cwd=tmp_path, env=environment, capture_output=True, text=True,
                    timeout=240, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stdout + done.stderr
                must_print(done.stdout, expected)
    assert (tmp_path / "bell.svg").read_text(encoding="utf-8").startswith("<svg")


def must_print(printed: str, expected: str) -> None:
    """Fail unless the lines that the page shows are printed, in that order; `...` is whatever."""
    lines = iter(printed.splitlines())
    for pattern in expected.splitlines():
        wanted = pattern.replace("[", "[[]").replace("...", "*")
        assert any(fnmatch.fnmatchcase(line, wanted) for line in lines), (pattern, printed)


def test_the_page_has_ten_scripts() -> None:
    """As it promises."""
    scripts = PAGE.read_text(encoding="utf-8").partition("SCRIPTS = {")[2].partition("\n}\n")[0]
    assert len(re.findall(r'^    "', scripts, re.MULTILINE)) == 10
