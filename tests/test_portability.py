"""What would fail on Windows, or in another locale, is found in the sources: they run on Linux alone here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import qrtest

ROOT = Path(qrtest.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))

POSIX_ONLY = {
    *("os.kill", "os.killpg", "os.fork", "os.forkpty", "os.getuid", "os.geteuid", "os.getpgid"),
    *("os.mkfifo", "os.setsid", "os.uname", "os.wait", "os.chown", "os.openpty"),
    *("signal.SIGKILL", "signal.SIGALRM", "signal.SIGHUP", "signal.SIGUSR1", "signal.SIGUSR2"),
    *("signal.alarm", "signal.setitimer", "signal.pthread_kill", "signal.sigwait"),
    *("socket.AF_UNIX", "socket.socketpair", "socket.SO_REUSEPORT"),
}
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
POSIX_PATHS = re.compile(r"^/(tmp|dev|proc|etc|usr|var|home|bin)\b")
TEXT_FILES = {"open", "read_text", "write_text"}
POSITION_OF_ENCODING = {"open": 3, "read_text": 0, "write_text": 1}

GUARDED = {
    ("properties/real_time_limit.py", "signal.pthread_kill"),
    ("clock/patch_loops.py", "/dev/fd"),
    ("clock/places.py", "/proc/self/task/"),
    ("client/computing_process.py", "resource"),
    ("client/simulators.py", "/proc/meminfo"),
    ("clock/patch_loops.py", "/dev/fd"),
}
"""Used where the module has found that the system has it, or does without if it has not."""


def findings(source: str, name: str = "x.py") -> Iterator[str]:
    """Yield what in a *source* depends on the system, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used = f"{node.value.id}.{node.attr}"
            if used in POSIX_ONLY and (name, used) not in GUARDED:
                yield f"line {node.lineno}: {used} is not on Windows"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            for module in POSIX_MODULES & set(modules):
                if (name, module) in GUARDED:
                    continue
                yield f"line {node.lineno}: the module {module} is not on Windows"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if POSIX_PATHS.match(node.value) and (name, node.value) not in GUARDED:
                yield f"line {node.lineno}: {node.value!r} is a path of one system"
        elif isinstance(node, ast.Call):
            yield from _of_a_call(node)


def _of_a_call(call: ast.Call) -> Iterator[str]:
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = function.value if isinstance(function, ast.Attribute) else None
    if isinstance(owner, ast.Name) and owner.id == "os" and called == "open":
        if "O_BINARY" not in ast.unparse(call):
            yield f"line {call.lineno}: os.open() without O_BINARY changes line ends on Windows"
        return
    is_file = called in TEXT_FILES and (called != "open" or owner is None or _opens_a_path(call))
    if not is_file:
        return
    if any(_is_binary(each) for each in [*call.args, *(key.value for key in call.keywords)]):
        return
    names = {keyword.arg for keyword in call.keywords}
    if "encoding" not in names and len(call.args) <= POSITION_OF_ENCODING[called]:
        yield f"line {call.lineno}: {called}() without an encoding"


def _opens_a_path(call: ast.Call) -> bool:
    """Return whether a method `open` has a mode, as that of a path has."""
    return any(
        isinstance(each, ast.Constant) and each.value in ("r", "w", "a") for each in call.args
    )


def _is_binary(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and str(node.value) in {"rb", "wb", "ab", "xb", "r+b"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_assumes_a_system(path: Path) -> None:
    """No path, encoding or signal of one system."""
    source = path.read_text(encoding="utf-8")
    assert list(findings(source, path.relative_to(ROOT).as_posix())) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.kill(1, 9)",
        "import signal; signal.SIGKILL",
        "import fcntl",
        "from pwd import getpwuid",
        "path.write_text('x')",
        "path.read_text()",
        "open('x')",
        "path.open('w')",
        "os.open('x', os.O_RDONLY)",
        "Path('/tmp/x')",
    ],
)
def test_each_assumption_is_found(source: str) -> None:
    """In a source that has it."""
    assert len(list(findings(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "path.write_text('x', encoding='utf-8')",
        "path.read_text('utf-8', 'replace')",
        "open('x', 'rb')",
        "path.open('xb')",
        "clock.open()",
        "os.open('x', os.O_RDONLY | os.O_BINARY)",
        "'/api/v1/jobs'",
    ],
)
def test_nothing_else_is(source: str) -> None:
    """What is the same everywhere."""
    assert list(findings(source)) == []
