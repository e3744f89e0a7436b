"""What a poll costs, and waiting for a job, beside what is used today. Run: python -m benchmarks.polls"""

from __future__ import annotations

import contextlib
import logging
import statistics
from collections.abc import Callable, Iterator
from typing import Any

import responses
from qiskit_ibm_runtime import RuntimeJobV2

from benchmarks.report import Measured, now, show
from qrtest import simulate
from qrtest.client import releases
from qrtest.client.runtime_client import parameters
from qrtest.service.job_facts import JobFacts
from qrtest.service.serialize import job, timestamp

ROUNDS = 7
BODY = job(
    JobFacts(
        job_id="d5h6o44pe0pc73am1f1g",
        created=timestamp(0),
        backend="ibm_torino",
        program_id="sampler",
    ),
    {"status": "Queued"},
    usage=None,
    with_params=False,
)


class BareClient:
    """The least that the genuine class can poll: a dictionary that is at hand."""

    def job_get(self, job_id: str, exclude_params: bool = True) -> dict[str, Any]:
        return BODY


def genuine(client: Any) -> Any:
    return RuntimeJobV2(None, client, "d5h6o44pe0pc73am1f1g", "sampler", None)


@contextlib.contextmanager
def bare() -> Iterator[Any]:
    yield genuine(BareClient())


@contextlib.contextmanager
def direct() -> Iterator[Any]:
    with simulate(longest=None, most_requests=10**9) as sim:
        yield sim.job("QUEUED")


@contextlib.contextmanager
def over_requests() -> Iterator[Any]:
    with simulate(transport="requests", longest=None, most_requests=10**9) as sim:
        yield sim.job("QUEUED")


@contextlib.contextmanager
def over_responses() -> Iterator[Any]:
    client = releases.client_class()(
        parameters("crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::")
    )
    url = f"{client._session.base_url}/jobs/d5h6o44pe0pc73am1f1g"
    with responses.RequestsMock() as mock:
        mock.get(url, json=BODY)
        yield genuine(client)


@contextlib.contextmanager
def over_responses_quietly() -> Iterator[Any]:
    with releases.STAND_INS, over_responses() as polled:
        yield polled


def microseconds(made: Callable[[], Any], calls: int) -> float:
    """Return the median over rounds of what a call of status() takes."""
    with made() as polled:
        polled.status()
        rounds = []
        for _ in range(ROUNDS):
            start = now()
            for _ in range(calls):
                polled.status()
            rounds.append((now() - start) / calls * 1e6)
    return statistics.median(rounds)


def two_hour_queue(transport: Any) -> tuple[float, int]:
    """Return seconds for a two-hour queue polled every half second, and the number of polls."""
    with simulate(transport=transport, latency=0) as sim:
        waiting = sim.job("QUEUED 2h; DONE")
        start = now()
        waiting.wait_for_final_state()
        return now() - start, sim.journal.count("poll")


def whole_run() -> float:
    """Microseconds for a simulation, a job from submission to its end, and its result."""
    rounds = []
    for _ in range(ROUNDS):
        start = now()
        for _ in range(100):
            with simulate() as sim:
                sim.job("QUEUED 5s; RUNNING 2s; DONE").result()
        rounds.append((now() - start) / 100 * 1e6)
    return statistics.median(rounds)


def measured() -> Iterator[Measured]:
    """Yield what a poll costs, and waiting for a job."""
    logging.disable(logging.CRITICAL)
    rows = [
        (
            "the genuine loop over a bare dictionary, the least there can be",
            microseconds(bare, 20_000),
        ),
        ("qrtest, direct", microseconds(direct, 20_000)),
        ("qrtest, requests", microseconds(over_requests, 500)),
        (
            "genuine client on plain `responses`, its look through the call stack switched off",
            microseconds(over_responses_quietly, 200),
        ),
        ("genuine client on plain `responses`", microseconds(over_responses, 50)),
    ]
    rival = rows[-2][1]
    yield Measured(
        "A status poll of the genuine RuntimeJobV2",
        ("what", "µs a poll", "to plain responses"),
        [(what, f"{cost:,.1f}", f"{cost / rival:.4f}") for what, cost in rows],
        f"Medians of {ROUNDS} rounds.",
    )
    waits = []
    for transport in ("direct", "requests"):
        seconds, polls = two_hour_queue(transport)
        waits.append(
            (
                f"a two-hour queue, {polls:,} polls, {transport}",
                f"{seconds:.2f} s",
                f"{7200 / seconds:,.0f}×",
            )
        )
    waits.append(("a simulation, a job, its 13 polls, its result", f"{whole_run():,.0f} µs", ""))
    logging.disable(logging.NOTSET)
    yield Measured("Waiting for a job", ("what", "takes", "to real time"), waits)


if __name__ == "__main__":
    show(measured())
