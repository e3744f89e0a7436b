"""`qrtest.proxy` and `qrtest proxy`: other programs are recorded and replayed, whatever they are written in."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qrtest
from qrtest.cassette import store
from qrtest.errors import CassetteError, QrtestError, RecordingError
from qrtest.http.messages import Request, Response
from tests.command_line import RUN
from tests.servers import serving

JSON = {"Content-Type": "application/json"}
SECRET = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"

PROGRAM = """
import json, os, sys, urllib.error, urllib.request
def ask(path, body=None):
    headers = {"Authorization": "Bearer SECRET"}
    request = urllib.request.Request(sys.argv[1] + path, body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
print(ask("/jobs", b'{"program_id": "sampler"}'))
for _ in range(4):
    print(ask("/jobs/one"))
print(ask("/jobs/none"))
""".replace("SECRET", SECRET)


@pytest.fixture
def base() -> Iterator[str]:
    """A service whose job is done at the third poll."""
    polls = []

    def service(request: Request) -> Response:
        if request.method == "POST":
            return Response(200, b'{"id": "one"}', JSON)
        if request.path.endswith("/none"):
            return Response(404, b'{"errors": [{"code": 1291, "message": "Job not found."}]}', JSON)
        polls.append(request)
        state = "Running" if len(polls) < 3 else "Completed"
        return Response(200, json.dumps({"id": "one", "status": state}).encode(), JSON)

    with serving(service) as address:
        yield address


def child(proxied: qrtest.Proxy, base: str, program: str = PROGRAM) -> list[str]:
    """Return what a program in a process of its own prints."""
    command = [sys.executable, "-S", "-c", program, base]
    found = subprocess.run(
        command, env=proxied.environment, capture_output=True, text=True, check=True, timeout=60
    )
    return found.stdout.splitlines()


def test_a_program_is_recorded_without_secrets_and_replayed_as_it_was(
    base: str, tmp_path: Path
) -> None:
    path = tmp_path / "session.yaml"
    with qrtest.proxy(record=path) as recording:
        recorded = child(recording, base)
    assert "Completed" in recorded[3]
    assert SECRET not in path.read_text()
    with qrtest.proxy(replay=path) as replaying:
        assert child(replaying, base) == recorded
    assert replaying.unanswered == ()


def test_what_the_proxy_records_a_replay_in_this_process_answers(base: str, tmp_path: Path) -> None:
    """The cassette is one of record, dated by the clock, and passes its check."""
    path = tmp_path / "session.yaml"
    with qrtest.proxy(record=path) as recording:
        child(recording, base)
    cassette = store.load(path)
    assert [each.repeat for each in cassette.interactions] == [1, 2, 2, 1]
    assert all(each.at is not None for each in cassette.interactions)
    from tests.http_clients import by_httpx

    with qrtest.replay(path, pace="instant", transport="in-process"):
        assert b"Completed" in by_httpx("GET", f"{base}/jobs/one").body


def test_what_was_not_recorded_is_an_error_response_that_names_what_differs(
    base: str, tmp_path: Path
) -> None:
    path = tmp_path / "session.yaml"
    with qrtest.proxy(record=path) as recording:
        child(recording, base)
    notes: list[str] = []
    with qrtest.proxy(replay=path, note=notes.append) as replaying:
        other = PROGRAM.replace('"sampler"', '"estimator"')
        status, body = eval(child(replaying, base, other)[0])  # a tuple that was printed
    [error] = json.loads(body)["errors"]
    assert status == 404
    assert "program_id" in error["message"]
    assert replaying.unanswered == tuple(notes) == (error["message"],)


def test_a_replay_takes_another_script(tmp_path: Path) -> None:
    """As `qrtest.replay` does, by the time of the clock."""
    with qrtest.proxy(
        replay="cassettes/sampler.yaml", script="QUEUED 1h; ERROR 1500", clock="virtual"
    ) as proxied:
        [job_id] = jobs_of("cassettes/sampler.yaml")
        program = (
            "import sys, urllib.request as u; r = u.Request(sys.argv[1]); "
            "r.add_header('Authorization', 'Bearer x'); print(u.urlopen(r).read().decode())"
        )
        url = f"http://quantum.cloud.ibm.com/api/v1/jobs/{job_id}"
        assert "Queued" in "".join(child(proxied, url, program))


def jobs_of(path: str) -> tuple[str, ...]:
    """Return the ids of the jobs in a cassette."""
    with qrtest.replay(path) as sim:
        return sim.jobs


def test_an_upstream_that_is_gone_is_recorded_and_replayed_as_the_same_answer(
    tmp_path: Path,
) -> None:
    path = tmp_path / "session.yaml"
    with serving(lambda request: Response(200)) as gone:
        pass
    program = PROGRAM.partition("print")[0] + "print(ask('/v1/jobs'))"
    with qrtest.proxy(record=path) as recording:
        recorded = child(recording, gone, program)
    assert recorded[0].startswith("(502,")
    with qrtest.proxy(replay=path) as replaying:
        assert child(replaying, gone, program) == recorded


def test_options_of_node_that_are_set_stay_beside_those_of_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those name a module that is installed with qrtest."""
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")
    with qrtest.proxy(replay="cassettes/sampler.yaml") as proxied:
        given, required = shlex.split(proxied.environment["NODE_OPTIONS"])
    assert given == "--no-warnings"
    assert Path(required.removeprefix("--require=")).is_file()


def test_a_recording_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no request came to the proxy"):
        with qrtest.proxy(record=tmp_path / "session.yaml"):
            pass


@pytest.mark.parametrize("given", [{}, {"record": "a.yaml", "replay": "b.yaml"}])
def test_it_either_records_or_replays(given: dict[str, str]) -> None:
    with pytest.raises(RecordingError, match="either records or replays"):
        qrtest.proxy(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [None, "interactions: [", "\x00"])
def test_a_cassette_that_cannot_be_read_is_named(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CassetteError, match=r"broken\.yaml"):
        qrtest.proxy(replay=path)


@pytest.mark.parametrize("clock", ["soon", "0x"])
def test_a_clock_that_does_not_exist_is_an_error(clock: str) -> None:
    with pytest.raises(QrtestError):
        qrtest.proxy(replay="cassettes/sampler.yaml", clock=clock)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_command_saves_what_was_recorded_when_it_is_ended(
    ending: signal.Signals, base: str, tmp_path: Path
) -> None:
    """And takes the certificate away."""
    path, pem = tmp_path / "session.yaml", tmp_path / "authority.pem"
    command = [*RUN, "proxy", "--record", str(path), "--authority", str(pem), "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    about = json.loads(process.stdout.readline())
    assert pem.is_file()
    subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM, base], env=about["environment"], check=True,
        capture_output=True,
    )  # fmt: skip
    process.send_signal(ending)
    _, talk = process.communicate(timeout=30)
    assert (process.returncode, "recorded" in talk) == (0, True)
    assert len(store.load(path).interactions) == 4
    assert not pem.exists()


def test_the_command_runs_a_program_and_ends_with_its_status(base: str, tmp_path: Path) -> None:
    """A miss of a replay is status 1 where the program itself ended well."""
    path = tmp_path / "session.yaml"

    def run(*options: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
        command = [*RUN, "proxy", *options, "--", "env", sys.executable, "-S", "-c", program, base]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)

    recorded = run("--record", str(path))
    replayed = run("--replay", str(path))
    missed = run("--replay", str(path), program=PROGRAM.replace('"sampler"', '"estimator"'))
    assert (recorded.returncode, replayed.returncode, missed.returncode) == (0, 0, 1)
    assert replayed.stdout == recorded.stdout
    before = path.read_bytes()
    failed = run("--record", str(path), program=PROGRAM + "sys.exit(3)")
    assert (failed.returncode, "was not saved" in failed.stderr) == (3, True)
    assert path.read_bytes() == before
    assert "was not recorded" in missed.stderr
