"""Status polls a second of `qrtest serve`, beside localqpu and pytest-httpserver, in one run.

Run: python -m benchmarks.serve [--rivals PYTHON] [--million]

PYTHON is an interpreter that has localqpu and pytest-httpserver, this one if it is not said. Every
server is a process of its own; one client, on several connections that it keeps for as long as the
server lets it, has one poll under way on each, and asks the servers in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.request import Request, urlopen

from benchmarks.report import Measured, show

CONNECTIONS = 4
ROUNDS = 5
SECONDS = 1.5
MILLION = 1_000_000
JOBS = 1_000
PATIENCE_SECONDS = 5
CONTROL_TOKEN = "of the benchmark"
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Authorization": "Bearer any",
    "IBM-API-Version": "2026-04-15",
    "User-Agent": "python-urllib3/2.8.0",
    "X-Qx-Client-Application": "qiskit-version-2/qiskit_ibm_runtime-0.51.0,qiskit-2.6.2*",
}
BELL = {"program_id": "sampler", "backend": "ibm_brisbane", "params": {"pubs": [], "version": 2}}
SERVE = [sys.executable, "-c", "from qrtest.cli import main; main()", "serve"]
RIVALS = """
import json, logging, sys
from importlib.metadata import version
logging.disable(logging.CRITICAL)
path, body = sys.argv[2:]
if sys.argv[1] == "localqpu":
    from localqpu.app import start_server
    from localqpu.context import ServerConfig
    port = start_server(ServerConfig(host="127.0.0.1", port=0)).port
else:
    from pytest_httpserver import HTTPServer
    from werkzeug.serving import WSGIRequestHandler
    WSGIRequestHandler.log = lambda *_: None
    server = HTTPServer()
    server.expect_request(path).respond_with_data(body, content_type="application/json")
    server.start()
    port = server.port
print(json.dumps({"url": f"http://127.0.0.1:{port}", "version": version(sys.argv[1])}), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Rival:
    """A server that is polled: its process, and what a poll is."""

    name: str
    url: str
    path: str
    process: int

    @property
    def asked(self) -> bytes:
        """A poll as it stands on the wire."""
        lines = [f"GET {self.path}?exclude_params=true HTTP/1.1", f"Host: {self.url[7:]}"]
        lines += [f"{name}: {value}" for name, value in HEADERS.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    @property
    def cpu_seconds(self) -> float:
        """What its process has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    @property
    def megabytes(self) -> float:
        """What its process holds in memory."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def started(command: list[str]) -> Iterator[tuple[dict[str, Any], int]]:
    """Provide a server in a process of its own, and the line of JSON that it says."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "QRTEST_SERVER_TOKEN": CONTROL_TOKEN}
    process = subprocess.Popen(command, text=True, env=environment, **pipes)  # type: ignore[call-overload]
    try:
        yield json.loads(process.stdout.readline()), process.pid
    finally:
        process.kill()
        process.communicate()


def posted(url: str, path: str, body: Any) -> Any:
    """Return what a server answers to JSON; the token is for the control endpoint of qrtest's."""
    headers = {**HEADERS, "X-Qrtest-Token": CONTROL_TOKEN}
    request = Request(url + path, json.dumps(body).encode(), headers)
    with urlopen(request) as answer:
        return json.load(answer)


class Client:
    """Polls on several connections at once, and opens a new one where the server closes it."""

    def __init__(self, rival: Rival) -> None:
        self._address = ("127.0.0.1", int(rival.url.rpartition(":")[2]))
        self._asked = rival.asked
        self._selector = selectors.DefaultSelector()
        self._came: dict[socket.socket, bytes] = {}
        for _ in range(CONNECTIONS):
            self._open()

    def poll(self, *, seconds: float = float("inf"), most: int = sys.maxsize) -> tuple[int, float]:
        """Return how many polls were answered, and the seconds it took."""
        count, start = 0, time.perf_counter()
        while count < most and time.perf_counter() - start < seconds:
            for key, _ in self._selector.select(PATIENCE_SECONDS) or self._stuck():
                connection: Any = key.fileobj
                data = connection.recv(65_536)
                came = self._came[connection] = self._came[connection] + data
                if not data:
                    self._renew(connection)
                elif is_whole(came):
                    count += 1
                    if came.startswith(b"HTTP/1.0") or b"Connection: close" in came:
                        self._renew(connection)
                    else:
                        self._came[connection] = b""
                        connection.sendall(self._asked)
        return count, time.perf_counter() - start

    def _stuck(self) -> NoReturn:
        raise RuntimeError(f"The server of {self._address} does not answer: {self._came}")

    def close(self) -> None:
        """Close all connections."""
        for connection in self._came:
            connection.close()

    def _open(self) -> None:
        connection = socket.create_connection(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ)
        self._came[connection] = b""
        connection.sendall(self._asked)

    def _renew(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        del self._came[connection]
        connection.close()
        self._open()


def is_whole(came: bytes) -> bool:
    """Return whether an answer has come to its end."""
    end = came.find(b"\r\n\r\n")
    at = came.find(b"Content-Length: ")
    return end > 0 and len(came) >= end + 4 + int(came[at + 16 : came.find(b"\r", at)])


def qrtest(stack: ExitStack) -> tuple[Rival, str, str]:
    """`qrtest serve` with a job in the queue, the path of a poll, and what it answers."""
    about, process = stack.enter_context(started([*SERVE, "--port", "0", "--json"]))
    posted(about["url"], "/_qrtest/next-job", {"script": "QUEUED"})
    path = f"/api/v1/jobs/{posted(about['url'], '/api/v1/jobs', BELL)['id']}"
    with urlopen(Request(about["url"] + path + "?exclude_params=true", headers=HEADERS)) as answer:
        body = answer.read().decode()
    return Rival("qrtest serve", about["url"], path, process), path, body


def rival(stack: ExitStack, python: str, name: str, path: str, body: str) -> Rival:
    """One of the others; localqpu with a job that it has run."""
    about, process = stack.enter_context(started([python, "-c", RIVALS, name, path, body]))
    if name == "localqpu":
        path = f"/api/v1/jobs/{posted(about['url'], '/api/v1/jobs', BELL)['id']}"
    return Rival(f"{name} {about['version']}", about["url"], path, process)


def compared(rivals: list[Rival]) -> Measured:
    """Polls a second of each, in turn."""
    rates: dict[str, list[float]] = {each.name: [] for each in rivals}
    costs: dict[str, list[float]] = {each.name: [] for each in rivals}
    for _ in range(ROUNDS):
        for each in rivals:
            client, used = Client(each), each.cpu_seconds
            count, seconds = client.poll(seconds=SECONDS)
            client.close()
            rates[each.name].append(count / seconds)
            costs[each.name].append((each.cpu_seconds - used) / count * 1e6)
    best, least = (statistics.median(table[rivals[0].name]) for table in (rates, costs))
    rows = []
    for each in rivals:
        rate, cost = statistics.median(rates[each.name]), statistics.median(costs[each.name])
        rows.append(
            (
                each.name,
                f"{rate:,.0f}",
                f"{best / rate:.1f}×",
                f"{cost:,.0f}",
                f"{cost / least:.1f}×",
            )
        )
    return Measured(
        "Status polls of a server",
        ("server", "polls a second", "qrtest is", "server's CPU µs a poll", "qrtest is"),
        rows,
        f"{CONNECTIONS} connections, each server a process of its own, asked in turn by one client; medians "
        f"of {ROUNDS} rounds. localqpu and pytest-httpserver close the connection after each answer.",
    )


def many_jobs(server: Rival) -> Measured:
    """Measure a thousand jobs at once, all polled to their end."""
    posted(server.url, "/_qrtest/reset", {"clock": "virtual", "latency": 0})
    start = time.perf_counter()
    ids = [posted(server.url, "/api/v1/jobs", BELL)["id"] for _ in range(JOBS)]
    submitted = time.perf_counter() - start
    posted(server.url, "/_qrtest/clock", {"advance": "1h"})
    start = time.perf_counter()
    for job_id in ids:
        with urlopen(Request(f"{server.url}/api/v1/jobs/{job_id}", headers=HEADERS)) as answer:
            assert json.load(answer)["status"] == "Completed"
    polled = time.perf_counter() - start
    return Measured(
        f"{JOBS:,} jobs at once on `qrtest serve`",
        ("what", "s"),
        [("submitted", f"{submitted:.1f}"), ("each polled", f"{polled:.1f}")],
        "Each request on a connection of its own.",
    )


def a_million(server: Rival) -> Measured:
    """Return what the memory of the server does over a million polls."""
    client = Client(server)
    client.poll(most=10_000)
    held = [server.megabytes]
    seconds = 0.0
    for _ in range(4):
        seconds += client.poll(most=MILLION // 4)[1]
        held.append(server.megabytes)
    client.close()
    quarters = ["before", *(f"after {number} of 4" for number in range(1, 5))]
    return Measured(
        f"The memory of `qrtest serve` over {MILLION:,} polls",
        ("when", "MB"),
        [(when, f"{each:.1f}") for when, each in zip(quarters, held, strict=True)],
        f"It took {seconds:.0f} s.",
    )


def measured(python: str = sys.executable, *, with_million: bool = False) -> Iterator[Measured]:
    """Polls of servers; *python* is an interpreter that has the others."""
    with ExitStack() as stack:
        ours, path, body = qrtest(stack)
        names = ("localqpu", "pytest-httpserver")
        others = [rival(stack, python, name, path, body) for name in names]
        yield compared([ours, *others])
        if with_million:
            yield a_million(ours)
        yield many_jobs(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--million", action="store_true", help="also watch the memory")
    options = parser.parse_args()
    show(measured(options.rivals, with_million=options.million))


if __name__ == "__main__":
    main()
