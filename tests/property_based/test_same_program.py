"""The program that was recorded, replayed, gets what it got: any program, against a service in real time."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qrtest
from qrtest.harness.serve import Server, serve
from qrtest.redaction.allowlist import Rules

SPEED = "40x"
SCRIPTS = st.sampled_from(
    [
        "QUEUED 0.4s; RUNNING 0.4s; DONE",
        "QUEUED 2s; RUNNING 1s; ERROR 1500",
        "QUEUED 1s; CANCELLED",
        "QUEUED 30m",
        "DONE",
    ]
)
SUBMISSION = {"backend": "ibm_torino", "program_id": "sampler", "params": {}}
HEADERS = {"Authorization": "Bearer aB3dE5fG7hI9jK1lMn", "IBM-API-Version": "2026-04-15"}

STEPS = st.one_of(
    st.just(("submit",)),
    st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.004, 0.02, 0.05])),
    st.tuples(st.just("compute"), st.sampled_from([0.002, 0.03])),
    st.tuples(
        st.sampled_from(["poll", "poll", "result", "metrics", "cancel", "list", "tags"]),
        st.integers(1, 4),
    ),
)
PROGRAMS = st.lists(STEPS, min_size=2, max_size=14)


class Program:
    """Runs steps against *base*, and keeps what it is answered. *computes*: whether it works hard."""

    def __init__(self, base: str, name: str, *, computes: bool) -> None:
        self._base = base
        self._name = name
        self._computes = computes
        self._job = ""
        self._session = requests.Session()
        self.seen: list[Any] = []

    def run(self, steps: list[Any]) -> None:
        self._submit()
        for step, *arguments in steps:
            getattr(self, f"_{step}")(*arguments)

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        url = f"{self._base}/api/v1{path}"
        answer = self._session.request(method, url, headers=HEADERS, json=body or None)
        text = re.sub(r'"user_id": "[^"]*"', "", answer.text)
        self.seen.append((method, path, answer.status_code, text))
        return answer

    def _submit(self) -> None:
        made = self._ask("POST", "/jobs", **SUBMISSION, tags=[self._name])
        self._job = made.json()["id"]

    def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _compute(self, seconds: float) -> None:
        ends = time.process_time() + (seconds if self._computes else 0.0)
        while time.process_time() < ends:
            pass

    def _poll(self, times: int) -> None:
        for _ in range(times):
            self._ask("GET", f"/jobs/{self._job}?exclude_params=true")

    def _result(self, times: int) -> None:
        self._ask("GET", f"/jobs/{self._job}/results")

    def _metrics(self, times: int) -> None:
        self._ask("GET", f"/jobs/{self._job}/metrics")

    def _cancel(self, times: int) -> None:
        self._ask("POST", f"/jobs/{self._job}/cancel")

    def _tags(self, times: int) -> None:
        self._ask("PUT", f"/jobs/{self._job}/tags", tags=[self._name, str(times)])

    def _list(self, times: int) -> None:
        for _ in range(times):
            self._ask("GET", f"/jobs?tags={self._name}")


def observed(base: str, programs: list[list[Any]], *, computes: bool) -> list[list[Any]]:
    """Return what each program is answered: the first in this thread, the others in their own."""
    made = [Program(base, f"thread-{n}", computes=computes) for n in range(len(programs))]
    threads = [
        threading.Thread(target=program.run, args=(steps,))
        for program, steps in zip(made[1:], programs[1:], strict=True)
    ]
    for thread in threads:
        thread.start()
    made[0].run(programs[0])
    for thread in threads:
        thread.join()
    return [program.seen for program in made]


def recorded_and_replayed(
    server: Server, run: Callable[[str, bool], list[list[Any]]]
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return what a program observes while it is recorded, and what in a replay of that."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.yaml"
        with qrtest.record(path, rules=Rules(keep=frozenset({"caller"}))):
            recorded = run(server.url, True)
        with qrtest.replay(path, transport="requests"):
            replayed = run(server.url, False)
    return recorded, replayed


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(program=PROGRAMS, scripts=st.lists(SCRIPTS, max_size=4))
def test_one_thread_gets_what_it_got(program: list[Any], scripts: list[str]) -> None:
    """Whatever it asks, sleeps and computes; in the replay it computes nothing, as on a faster machine."""
    with serve(clock=SPEED) as server:
        for script in scripts:
            server.next_job(script)
        recorded, replayed = recorded_and_replayed(
            server, lambda base, computes: observed(base, [program], computes=computes)
        )
    assert replayed == recorded


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(programs=st.lists(PROGRAMS, min_size=2, max_size=3), script=SCRIPTS)
def test_threads_with_a_job_each_get_what_they_got(programs: list[list[Any]], script: str) -> None:
    """Whichever thread was ahead."""
    with serve(clock=SPEED, scenario=script) as server:
        recorded, replayed = recorded_and_replayed(
            server, lambda base, computes: observed(base, programs, computes=computes)
        )
    assert replayed == recorded
