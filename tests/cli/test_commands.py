"""The command line, through its entry point."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from docs import make_commands
from qrtest.cassette import store
from qrtest.cli import diagnosis
from qrtest.cli.commands import COMMANDS
from qrtest.cli.diagnosis import problems_of
from qrtest.http.messages import Response
from tests.command_line import RUN, qrtest, qrtest_process
from tests.recordings import short
from tests.servers import serving


def on_a_terminal(*arguments: str, cwd: Path, **environment: str) -> str:
    """Return what a terminal gets to see, stdout and stderr together."""
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [*RUN, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**inherited, "TERM": "xterm", **environment},
    ):
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65_536):
                seen += piece
        except OSError:  # the way in which Linux says that the other end is closed
            pass
        finally:
            os.close(ours)
    return seen.decode()


@contextmanager
def a_terminal(
    *, until: str = "", then: Callable[[], None] = int
) -> Iterator[tuple[TextIO, Callable[[], str]]]:
    """Provide a terminal to write to, and what it saw, once it is closed; *then* comes after *until*."""
    ours, theirs = pty.openpty()
    seen = bytearray()

    def see() -> None:
        with contextlib.suppress(
            OSError
        ):  # the way in which Linux says that the other end is closed
            while piece := os.read(ours, 65_536):
                seen.extend(piece)
                if until.encode() in seen:
                    then()

    reader = threading.Thread(target=see)
    reader.start()
    with os.fdopen(theirs, "w") as terminal:
        yield terminal, lambda: seen.decode()
    reader.join()
    os.close(ours)


@pytest.mark.parametrize(
    ("options", "queue", "polls"),
    [
        ([], "2h", "×13,091 until 1:59:59.50"),
        (["--transport", "requests", "--queue", "5m"], "5m", "×546 until 0:04:59.75"),
    ],
    ids=["direct", "requests"],
)
def test_the_demo_plays_three_scripts(options: list[str], queue: str, polls: str) -> None:
    """With timelines and outcomes, from payloads of the real service, and nothing on stderr."""
    shown = qrtest("demo", *options)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "\x1b" not in shown.stdout
    for expected in (
        f"QUEUED {queue}; RUNNING 30s; DONE",
        polls,
        "result() of qiskit_ibm_runtime.runtime_job_v2.RuntimeJobV2: PrimitiveResult, 4,096 shots",
        "RuntimeJobFailureError: 'Unable to retrieve job result. Error code 1500; Internal error.",
        "RuntimeJobMaxTimeoutError: 'Error code 1305; Ran too long'",
    ):
        assert expected in shown.stdout


def test_the_demo_is_the_same_every_time() -> None:
    """To the last letter."""
    assert qrtest("demo").stdout == qrtest_process("demo").stdout


def test_help_teaches() -> None:
    """What to begin with, the exit status, completion; every command is there, in one line of its own."""
    shown = qrtest("--help")
    assert shown.returncode == 0
    for expected in ("qrtest demo", "130  it was interrupted", "NO_COLOR", "_QRTEST_COMPLETE"):
        assert expected in shown.stdout
    for command in COMMANDS:
        [line] = [each for each in shown.stdout.splitlines() if each.startswith(f"  {command} ")]
        assert line.endswith(".")
        assert not line.endswith("...")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_that_its_options_understand(command: str) -> None:
    """Each option that an example uses is one of those that the help lists."""
    shown = qrtest(command, "--help").stdout
    examples, _, options = shown.partition("Examples:")[2].partition("Options:")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    for line in lines:
        assert line.startswith(f"qrtest {command}")
        own = line.partition(" -- ")[0].partition(" | ")[0]
        for word in own.split():
            assert not word.startswith("--") or word in options


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_the_shell(shell: str) -> None:
    """The script that the help speaks of, and what it completes."""
    assert "_QRTEST_COMPLETE" in qrtest(_QRTEST_COMPLETE=f"{shell}_source").stdout
    completed = qrtest(_QRTEST_COMPLETE="bash_complete", COMP_WORDS="qrtest d", COMP_CWORD="1")
    assert completed.stdout.split() == ["plain,demo", "plain,diff", "plain,doctor"]


def test_the_exit_status_is_the_verdict(tmp_path: Path) -> None:
    """0 when all is well, 1 when something was found, 2 when something was wrong with call or file."""
    store.save(tmp_path / "good.yaml", short())
    (tmp_path / "thin.yaml").write_text((tmp_path / "good.yaml").read_text().replace("600", "601"))
    for run, arguments, status in [
        (qrtest, ["check", "good.yaml"], 0),
        (qrtest_process, ["check", "thin.yaml"], 1),
        (qrtest_process, ["diff", "good.yaml", "good.yaml"], 0),
        (qrtest, ["show", "good.yaml"], 0),
        (qrtest_process, ["show", "gone.yaml"], 2),
        (qrtest, ["show"], 2),
        (qrtest, ["record", "x.yaml", "--", sys.executable, "-c", "raise SystemExit(7)"], 7),
    ]:
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == status, arguments
        assert "Traceback" not in done.stderr


def test_what_is_wrong_is_reported_on_stderr_alone(tmp_path: Path) -> None:
    """So that a pipe gets data or nothing."""
    shown = qrtest("show", "gone.yaml", cwd=tmp_path)
    assert shown.stdout == ""
    assert shown.stderr.startswith("qrtest: gone.yaml: there is no such cassette. Record it: ")


def test_machines_read_json(tmp_path: Path) -> None:
    """Each command that lists things has them as JSON, and nothing else on stdout."""
    store.save(tmp_path / "a.yaml", short())
    for run, arguments in (
        (qrtest, ["show", "a.yaml"]),
        (qrtest, ["check", "a.yaml"]),
        (qrtest, ["diff", "a.yaml", "a.yaml"]),
        (qrtest_process, ["doctor"]),
    ):
        json.loads(run(*arguments, "--json", cwd=tmp_path).stdout)
    shown = json.loads(qrtest("show", "a.yaml", "--json", cwd=tmp_path).stdout)
    assert [(row["answer"], row["repeat"]) for row in shown[:2]] == [
        ("200 Queued", 6),
        ("200 Running", 4),
    ]


def test_colour_is_for_terminals_that_want_it(tmp_path: Path) -> None:
    """On a terminal the demo's titles are bold; with NO_COLOR, nothing is."""
    demo = ("demo", "--queue", "1m")
    assert "\x1b[1m" in on_a_terminal(*demo, cwd=tmp_path)
    assert "\x1b" not in on_a_terminal(*demo, cwd=tmp_path, NO_COLOR="1")


def test_long_work_shows_progress_on_a_terminal_alone(tmp_path: Path) -> None:
    """A bar while several cassettes are worked on; none in a pipe, and stdout is the same data."""
    files = [f"{number}.yaml" for number in range(3)]

    def fresh() -> None:
        for name in files:
            store.save(tmp_path / name, short())

    for word, *command in (
        ("checking", "check", "--json"),
        ("converting", "convert"),
        ("rescripting", "rescript", "--ends", "QUEUED", "-o", "made"),
    ):
        fresh()
        piped = qrtest(*command, *files, cwd=tmp_path)
        assert word not in piped.stdout + piped.stderr
        fresh()
        with a_terminal() as (terminal, seen):
            shown = qrtest(*command, *files, cwd=tmp_path, terminal=terminal, TERM="xterm")
        assert word in seen()
        assert shown.stdout == piped.stdout != ""


def test_the_title_of_a_terminal_counts_what_is_recorded(tmp_path: Path) -> None:
    """While the program runs, and has the screen for itself; then the title is what it was."""
    done = tmp_path / "done"
    program = f"""
import pathlib, time, urllib3
def answer(): return urllib3.PoolManager().request("GET", {{address!r}}, timeout=9).data
for _ in range(3): answer()
while not pathlib.Path({str(done)!r}).exists(): time.sleep(0.01)
"""
    with serving(lambda _: Response(200, b"{}", {"Content-Type": "application/json"})) as address:
        command = [sys.executable, "-c", program.format(address=address)]
        with a_terminal(until="3 request(s) recorded", then=done.touch) as (terminal, seen):
            qrtest(
                "record", "x.yaml", "--", *command, cwd=tmp_path, terminal=terminal, TERM="xterm"
            )
    assert seen().startswith("\x1b[22;0t\x1b]0;qrtest: ")
    assert seen().endswith("\x07\x1b[23;0tqrtest: recorded x.yaml.\r\n")


def test_doctor_says_what_there_is(tmp_path: Path) -> None:
    """Versions, what is supported, where settings and cassettes come from; never a secret's value."""
    store.save(tmp_path / "cassettes" / "bell.yaml", short())
    (tmp_path / "pytest.ini").write_text("[pytest]\nqrtest_unused = fail\n")
    shown = qrtest("doctor", cwd=tmp_path, QRTEST_PACE="polls", QRTEST_REDACTION_KEY="k3y-of-mine")
    for expected in (
        "supported: qiskit-ibm-runtime 0.26 and newer",
        "pytest.ini: qrtest_unused = fail",
        "QRTEST_PACE=polls (environment)",
        "QRTEST_REDACTION_KEY=(set)",
        "  qiskit-aer           ",
        "  aer                  ",
        "cassettes: 1 file(s)",
    ):
        assert expected in shown.stdout
    assert "k3y" not in shown.stdout


def test_doctor_says_what_looks_problems_of(tmp_path: Path) -> None:
    """With what to do, and exit status 1."""
    store.save(tmp_path / "cassettes" / "bell.yaml", short())
    (tmp_path / "cassettes" / "bell.yaml.bak").write_text("old")
    (tmp_path / "pyproject.toml").write_text("[tool.qrtest.redaction]\nkeeep = []\n")
    done = qrtest("doctor", "--json", cwd=tmp_path, QRTEST_UNUSED="explode")
    assert done.returncode == 1
    problems = "\n".join(json.loads(done.stdout)["problems"])
    for expected in (
        "QRTEST_UNUSED=explode: there are ignore, warn, fail.",
        "there is no 'keeep'",
        "bell.yaml.bak: what convert kept may hold secrets",
    ):
        assert expected in problems


@pytest.mark.parametrize(
    ("installed", "environment", "problem"),
    [
        ({"vcrpy": "8.2.0"}, {}, 'pip install "vcrpy>=8.2.1"'),
        ({"qiskit-ibm-runtime": "9.0.0"}, {}, "newer than any that was tried"),
        ({"pytest-recording": "1", "pytest-vcr": "1"}, {}, "-p no:vcr"),
        ({}, {"QRTEST_RECORD": "all", "CI": "true"}, "nothing is recorded"),
        ({"pytest-socket": "1"}, {"QRTEST_TRANSPORT": "sockets"}, "--allow-hosts=127.0.0.1"),
        ({}, {"PYTEST_ADDOPTS": "-p no:qrtest"}, "no fixtures"),
        ({}, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, "-p qrtest.plugin"),
        ({}, {"IAM_URL": "https://iam.example.com"}, "send the API key to iam.example.com"),
        ({}, {"SSLKEYLOGFILE": "/keys"}, "decrypts a session"),
        ({}, {"HTTPS_PROXY": "http://me:k3y@proxy"}, "HTTPS_PROXY holds a password"),
        ({}, {"QISKIT_IBM_RUNTIME_LOG_LEVEL": "debug"}, "unset it where logs are kept"),
    ],
)
def test_each_problem_comes_with_what_to_do(
    installed: dict[str, str], environment: dict[str, str], problem: str
) -> None:
    """One problem, one sentence."""
    [found_problem] = problems_of(installed, environment)
    assert problem in found_problem
    assert "k3y" not in found_problem
    assert (
        list(
            problems_of(
                {"vcrpy": "9.0.0", "qiskit-ibm-runtime": "0.29.1"},
                {"CI": "true", "IAM_URL": "https://iam.test.cloud.ibm.com"},
            )
        )
        == []
    )


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--strict"], 1)])
def test_an_api_key_in_the_environment_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], status: int
) -> None:
    """A problem only with --strict, as where tests run; its value is not shown."""
    # pytest-vcr beside pytest-recording is a problem of its own, which would hide the status.
    installed = {
        name: version for name in diagnosis.PACKAGES if (version := diagnosis._version(name))
    }
    monkeypatch.setattr(diagnosis, "_version", {**installed, "pytest-vcr": None}.get)
    found = qrtest(
        "doctor", "--json", *options, cwd=tmp_path, QISKIT_IBM_TOKEN="k3y", PYTEST_ADDOPTS=""
    )
    assert "unset it where tests run" in json.loads(found.stdout)["warnings"][0]
    assert "k3y" not in found.stdout
    assert json.loads(found.stdout)["problems"] == []
    assert found.returncode == status


def test_doctor_does_not_walk_into_other_peoples_packages(tmp_path: Path) -> None:
    """Neither into environments nor hidden folders, however they are called."""
    for place in ("here", "env/lib", ".hidden", "node_modules/x", "lib/site-packages/y"):
        store.save(tmp_path / place / "cassettes" / "bell.yaml", short())
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    found = json.loads(qrtest("doctor", "--json", cwd=tmp_path).stdout)
    assert found["cassettes"] == {"here/cassettes": 1}


def test_a_call_that_is_wrong_says_so_on_stderr() -> None:
    """With exit status 2 and nothing on stdout."""
    for arguments in (["dmeo"], ["demo", "--transport", "pigeon"]):
        shown = qrtest(*arguments)
        assert (shown.returncode, shown.stdout) == (2, "")
        assert shown.stderr


def test_the_version_is_that_of_the_package() -> None:
    """qrtest --version."""
    from importlib.metadata import version

    assert version("qrtest") in qrtest("--version").stdout


def test_the_help_in_the_docs_is_the_help() -> None:
    """To the letter: python -m docs.make_commands writes it anew."""
    assert make_commands.PAGE.read_text(encoding="utf-8") == make_commands.page()
