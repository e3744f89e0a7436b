"""Replay, size and loading of cassettes beside vcrpy and pytest-recording.

Run: python -m benchmarks.cassettes [POLLS]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import vcr
import yaml

import qrtest
from benchmarks.report import Measured, now, show
from qrtest.cassette import codec, store
from qrtest.cassette.model import Cassette, Interaction, Provenance, collapsed
from qrtest.http.messages import Request, Response

JOB = "d5h6o44pe0pc73am1f1g"
URL = f"https://quantum.cloud.ibm.com/api/v1/jobs/{JOB}?exclude_params=true"
JSON = {"Content-Type": "application/json"}
ORIGIN = Provenance(
    client="qiskit-ibm-runtime 0.51.0", qrtest="0.1.0", recorded="2026-01-01T00:00:00Z"
)


def poll(status: str, at: float) -> Interaction:
    body = {"id": JOB, "backend": "ibm_torino", "state": {"status": status}, "status": status,
            "program": {"id": "sampler"}, "user_id": "redacted-user-0011223344",
            "created": "2026-01-10T15:11:12.725382Z", "cost": 600}  # fmt: skip
    request = Request.to("GET", URL, headers={"IBM-API-Version": "2026-04-15"})
    return Interaction(
        request=request, response=Response(200, json.dumps(body).encode(), JSON), at=at, took=0.05
    )


def session(polls: int) -> list[Interaction]:
    statuses = (
        ["Queued"] * (polls * 9 // 10) + ["Running"] * (polls - polls * 9 // 10 - 1) + ["Completed"]
    )
    return [poll(status, float(second)) for second, status in enumerate(statuses)]


def stock(interactions: list[Interaction]) -> str:
    """Return what stock vcrpy would have written."""
    items = [
        {
            "request": {"method": "GET", "uri": one.uri, "body": None, "headers": {"Accept": ["*/*"]}},
            "response": {"status": {"code": 200, "message": "OK"},
                         "headers": {"Content-Type": ["application/json"]},
                         "body": {"string": one.response.body.decode()}},
        }
        for one in interactions
    ]  # fmt: skip
    return yaml.dump({"interactions": items, "version": 1}, Dumper=yaml.CSafeDumper)


def seconds(work: Callable[[], Any]) -> float:
    begun = now()
    work()
    return now() - begun


def by_vcrpy(path: Path, polls: int) -> None:
    with vcr.use_cassette(str(path), record_mode="none"), requests.Session() as client:
        for _ in range(polls):
            client.get(URL).json()


def by_qrtest(cassette: Any, polls: int, *, direct: bool) -> None:
    transport = "direct" if direct else "requests"
    with qrtest.replay(cassette, transport=transport, pace="polls", most_requests=10**9) as sim:  # type: ignore[arg-type]
        if direct:
            job = sim.job()
            for _ in range(polls):
                job.status()
            return
        with requests.Session() as client:
            for _ in range(polls):
                client.get(URL).json()


def replaying(folder: Path, polls: int) -> Measured:
    table = []
    for count in (polls // 10, polls):
        path, own = folder / f"{count}.yaml", folder / f"{count}-own.yaml"
        path.write_text(stock(session(count)))
        store.save(own, Cassette(collapsed(session(count)), ORIGIN))
        by_qrtest(path, 3, direct=False)
        rows = {
            "vcrpy": seconds(partial(by_vcrpy, path, count)),
            "qrtest, requests, the same file": seconds(
                partial(by_qrtest, path, count, direct=False)
            ),
            "qrtest, direct, genuine job, the same file": seconds(
                partial(by_qrtest, path, count, direct=True)
            ),
            "qrtest, requests, its own file": seconds(partial(by_qrtest, own, count, direct=False)),
            "qrtest, direct, genuine job, its own file": seconds(
                partial(by_qrtest, own, count, direct=True)
            ),
        }
        for what, took in rows.items():
            ratio = rows["vcrpy"] / took
            table.append(
                (what, f"{count:,}", f"{took:.3f}", f"{took / count * 1e6:,.0f}", f"{ratio:,.1f}×")
            )
    return Measured(
        "Replaying polls",
        ("what", "polls", "s", "µs a poll", "to vcrpy"),
        table,
        "A poll is a GET by requests and its JSON, or `status()` of the genuine job; loading the file is "
        "part of the time. In the same file every poll is written out; in its own, equal polls are counted. "
        "vcrpy's time grows with the square of the number of polls.",
    )


CONFTEST = """
import json, pathlib
def pytest_runtest_logreport(report):
    with pathlib.Path(__file__).with_name("took.jsonl").open("a") as file:
        print(json.dumps(report.duration), report.passed or report.longreprtext, file=file)
"""
BY_PYTEST_RECORDING = f"""
import pytest
from qiskit_ibm_runtime import RuntimeJobV2
from qrtest.client import releases, runtime_client
@pytest.fixture
def job():
    crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"
    client = releases.client_class()(runtime_client.parameters(crn))
    return RuntimeJobV2(None, client, "{JOB}", "sampler", None)
@pytest.mark.vcr
@pytest.mark.parametrize("turn", range(3))
def test_session(turn, job):
    assert job.result() == {{"done": True}}
"""
BY_THE_MARKER = """
import pytest
import qrtest.client.job_doubles
@pytest.mark.qrtest(cassette=True)
@pytest.mark.parametrize("turn", range(3))
def test_session(turn, runtime_job):
    assert runtime_job().result() == {"done": True}
"""


def as_a_test(folder: Path, polls: int = 26) -> Measured:
    """Measure a wait over recorded *polls* and the result, by the genuine class: the third test of a run."""
    answer = Response(200, b'{"done": true}', {"Content-Type": "text/plain"})
    asked = Request.to("GET", URL.replace("?exclude_params=true", "/results"))
    result = Interaction(request=asked, response=answer, at=float(polls))
    took = {}
    for name, test, options in (
        ("pytest-recording", BY_PYTEST_RECORDING, ("-p", "no:qrtest", "-p", "no:vcr")),
        ("qrtest", BY_THE_MARKER, ("-p", "no:vcr", "-p", "no:recording")),
    ):
        place = folder / name
        cassettes = place / "cassettes" / "test_session"
        cassettes.mkdir(parents=True)
        for turn in range(3):
            cassettes.joinpath(f"test_session[{turn}].yaml").write_text(
                stock([*session(polls), result])
            )
        (place / "conftest.py").write_text(CONFTEST)
        (place / "test_session.py").write_text(test)
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(place)],
            cwd=place, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        lines = (place / "took.jsonl").read_text().splitlines()
        took[name] = sum(float(line.split()[0]) for line in lines[-3:])
    return Measured(
        f"{polls} recorded polls and the result, as a test of pytest",
        ("what", "ms", "times as fast"),
        [
            (name, f"{spent * 1e3:,.1f}", f"{took['pytest-recording'] / spent:,.1f}×")
            for name, spent in took.items()
        ],
        "Set up and torn down. pytest-recording waits as long as the client does.",
    )


def a_day() -> Measured:
    day = session(86_400)
    kept = codec.dumps(Cassette(collapsed(day), ORIGIN))
    codec.loads(kept)
    ours = min(seconds(lambda: codec.loads(kept)) for _ in range(9))
    part = stock(day[:5_000])
    took = seconds(lambda: vcr.serialize.deserialize(part, vcr.serializers.yamlserializer))
    return Measured(
        "A day of polls, one a second",
        ("what", "bytes", "load, ms"),
        [
            ("qrtest", f"{len(kept):,}", f"{ours * 1e3:.1f}"),
            ("stock vcrpy, 5,000 polls of it", f"{len(part):,}", f"{took * 1e3:,.1f}"),
        ],
    )


def large(megabytes: int = 100) -> Measured:
    body = b'{"results": "' + b"x" * (megabytes * 10**6) + b'"}'
    request = Request.to("GET", URL.replace("?exclude_params=true", "/results"))
    result = Interaction(
        request=request,
        response=Response(200, body, {"Content-Type": "text/plain"}),
        at=2.0,
        took=0.1,
    )
    cassette = Cassette((poll("Completed", 0.0), result), ORIGIN)
    with qrtest.replay(cassette) as sim:
        job = sim.job()
        job.status()
        tracemalloc.start()
        took = seconds(job.result)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    rows = [("replayed through job.result()", f"{took:.2f}", f"{peak / len(body):.1f}")]
    for kind, as_json in (("YAML", False), ("JSON", True)):
        text = codec.dumps(cassette, as_json=as_json)
        tracemalloc.start()
        codec.loads(text)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        took = seconds(partial(codec.loads, text))
        rows.append((f"its {kind} loaded", f"{took:.2f}", f"{peak / len(body):.1f}"))
    return Measured(f"A result of {megabytes} MB", ("what", "s", "peak memory, × body"), rows)


def recording(folder: Path) -> Measured:
    """40 requests by 8 threads, as in the report on vcrpy that this began with."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"

    def ask() -> None:
        def five(number: int) -> None:
            for turn in range(5):
                requests.get(f"{base}/jobs/{number}-{turn}", timeout=10)

        threads = [threading.Thread(target=five, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with vcr.use_cassette(str(folder / "v.yaml"), record_mode="all"):
        ask()
    with qrtest.record(folder / "q.yaml"):
        ask()
    server.shutdown()
    by_vcr = len(store.load(folder / "v.yaml")) if (folder / "v.yaml").exists() else 0
    return Measured(
        "Recording 40 requests by 8 threads",
        ("what", "recorded"),
        [("vcrpy", str(by_vcr)), ("qrtest", str(len(store.load(folder / "q.yaml"))))],
    )


def things(count: int) -> bytes:
    """Return an answer of an API: *count* things with names, owners and numbers, 200 bytes each."""
    return json.dumps(
        [
            {"id": f"{number * 7919:012x}", "name": f"thing-{number}", "owner": f"u{number % 50}@example.com",
             "value": number / 7, "tags": ["alpha", "beta"], "created": "2026-01-01T00:00:00Z",
             "note": "the queue is long today"}
            for number in range(count)
        ]
    ).encode()  # fmt: skip


def names(count: int) -> bytes:
    """Return an answer with *count* different names, each with a value of its own."""
    return json.dumps(
        {f"name_{n * 7919:012x}": f"value {n * 104729:012x}" for n in range(count)}
    ).encode()


def growth(folder: Path) -> Measured:
    """Record answers of four sizes: what four times as much costs, in processor time, beside vcrpy."""
    rows = []
    for what, made, counts in (
        ("an answer of an API", things, (1_500, 6_000)),
        ("different names in one answer", names, (500, 2_000)),
    ):
        for recorder, record in (
            ("vcrpy", lambda path: vcr.use_cassette(str(path), record_mode="all")),
            ("qrtest", lambda path: qrtest.record(path, unrecorded="ignore")),
        ):
            took = []
            for count in counts:
                body = made(count)
                path = folder / f"{recorder}-{made.__name__}-{count}.yaml"
                with answering(body) as url:
                    begun = time.process_time()
                    with record(path), requests.Session() as client:
                        client.get(url, timeout=10)
                    took.append(time.process_time() - begun)
            size = f"{len(made(counts[0])) / 1e3:,.0f} to {len(made(counts[1])) / 1e3:,.0f} kB"
            row = (f"{what}, {recorder}", size, *(f"{each:.2f}" for each in took))
            rows.append((*row, f"{took[1] / took[0]:.1f}×"))
    return Measured(
        "Recording four times as much, processor time",
        ("what", "size", "s, small", "s, large", "growth"),
        rows,
    )


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Provide a server on this machine, in a process of its own, that answers everything with *body*."""
    code = (
        "import sys; from http.server import *\n"
        "body = sys.stdin.buffer.read()\n"
        "class Answers(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.send_header('Content-Type', 'application/json')\n"
        "        self.send_header('Content-Length', str(len(body))); self.end_headers()\n"
        "        self.wfile.write(body)\n"
        "    def log_message(self, *_): pass\n"
        "server = HTTPServer(('127.0.0.1', 0), Answers); print(server.server_port, flush=True)\n"
        "server.serve_forever()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:  # type: ignore[call-overload]
        process.stdin.write(body)
        process.stdin.close()
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/things"
        finally:
            process.kill()


def measured(polls: int = 1_000) -> Iterator[Measured]:
    """Replay, recording, size and loading of cassettes."""
    with tempfile.TemporaryDirectory() as name:
        yield recording(Path(name))
        yield growth(Path(name))
        yield as_a_test(Path(name))
        yield replaying(Path(name), polls)
    yield a_day()
    yield large()


if __name__ == "__main__":
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
