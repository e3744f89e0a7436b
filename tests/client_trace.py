"""What a client makes of a job: every value, exception and virtual time, over sockets.

Used by differential.py. Run as a program it is one end of the comparison, in an environment with
release 0.29.1: it reads a case a line, and says the trace of the genuine RuntimeJobV2 a line.
"""

from __future__ import annotations

import copy
import json
import logging
import queue
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import qiskit_ibm_runtime

import qrtest
from qrtest import simulate
from qrtest.client import releases
from qrtest.client.runtime_client import dispatcher_of, parameters
from qrtest.clock.genuine import REAL
from qrtest.errors import Stop
from qrtest.scenario import scenario_file
from qrtest.service.instances import CRN

LONGEST_SECONDS = 30
MOST_LOOKS, LOOK_SECONDS = 20_000, 0.001
"""How often a call looks whether its stream was answered, and the real time between two looks."""
ENDED = object()


class Upper(releases.result_decoder()):  # type: ignore[misc]
    """A decoder of the user's."""

    @classmethod
    def decode(cls, data: str) -> Any:
        """Return the text in capitals."""
        return data.upper()


def streamed(job: Any) -> list[Any]:
    """Return all that the stream of *job* brings, to its end; end it where that comes too late."""
    results: queue.SimpleQueue[Any] = queue.SimpleQueue()
    clock = dispatcher_of(job._api_client).clock
    begun = clock.now()
    job.stream_results(lambda job_id, result: results.put((job_id, repr(result))))
    ended = job._ws_client_future
    # The port takes no part in the clock: which thread is faster would decide whether the time that its
    # first answer takes is a part of the limit.
    look_until(lambda: ended.done() or clock.now() > begun)
    try:
        ended.result(timeout=LONGEST_SECONDS)
    finally:
        job.cancel_result_streaming()
        look_until(ended.done)
    return [results.get(timeout=LONGEST_SECONDS) for _ in range(results.qsize())]


def look_until(holds: Callable[[], bool]) -> None:
    """Wait in real time until *holds* does, but not for ever."""
    for _ in range(MOST_LOOKS):
        if holds():
            return
        REAL["sleep"](LOOK_SECONDS)


CALLS: Mapping[str, Callable[[Any], Any]] = {
    "JOB_FINAL_STATES": lambda job: job.JOB_FINAL_STATES,
    "cancel": lambda job: job.cancel(),
    "cancelled": lambda job: job.cancelled(),
    "creation_date": lambda job: job.creation_date,
    "done": lambda job: job.done(),
    "error_message": lambda job: job.error_message(),
    "errored": lambda job: job.errored(),
    "image": lambda job: job.image,
    "in_final_state": lambda job: job.in_final_state(),
    "inputs": lambda job: job.inputs,
    "instance": lambda job: job.instance,
    "interim_results": lambda job: job.interim_results(),
    "interim_results(Upper)": lambda job: job.interim_results(decoder=Upper),
    "logs": lambda job: job.logs(),
    "metrics": lambda job: job.metrics(),
    "primitive_id": lambda job: job.primitive_id,
    "program_id": lambda job: job.program_id,
    "result": lambda job: job.result(),
    "result(20)": lambda job: job.result(timeout=20),
    "result(Upper)": lambda job: job.result(decoder=Upper),
    "result([Upper])": lambda job: job.result(decoder=[Upper]),
    "running": lambda job: job.running(),
    "session_id": lambda job: job.session_id,
    "status": lambda job: job.status(),
    "stream_results": streamed,
    "tags": lambda job: job.tags,
    "update_tags": lambda job: job.update_tags(["new"]),
    "usage_estimation": lambda job: job.usage_estimation,
    "wait_for_final_state": lambda job: job.wait_for_final_state(),
    "wait_for_final_state(3)": lambda job: job.wait_for_final_state(timeout=3),
}


def trace(case: Mapping[str, Any], *, genuine: bool) -> list[Any]:
    """Return what the calls of *case* come to, each with the time after it and the requests that it took."""
    observed = []
    scenario = scenario_file.read(case["scenario"], "case")
    with simulate(transport="sockets", longest="20m", most_requests=500) as sim:
        made = sim.job(scenario, session_id=case["session_id"])
        job = genuine_job(sim, made, case["calls"]) if genuine else made
        for name in case["calls"]:
            try:
                outcome = repr(CALLS[name](job))
            except (Exception, Stop) as error:
                outcome = f"{type(error).__name__}: {error}"
            clock = round(sim.clock.now(), 6)
            observed.append([name, outcome, clock, sim.journal.count()])
    return observed


def genuine_job(sim: qrtest.Simulation, made: Any, calls: list[str]) -> Any:
    """Return the same job as the installed class, whose stream leads to the port."""
    assert sim.port is not None
    websocket = f"ws://127.0.0.1:{sim.port}"
    ours = copy.copy(parameters(CRN))
    ours.get_runtime_api_base_url = lambda: websocket
    return qiskit_ibm_runtime.RuntimeJobV2(
        backend=made.backend() if "instance" in calls else None,
        api_client=sim.api_client,
        client_params=ours,
        job_id=made.job_id(),
        program_id=made.primitive_id,
        service=None,
        creation_date=made._creation_date,
        session_id=made._session_id,
        tags=made.tags,
    )


def main() -> None:
    """Answer cases until there are no more."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(trace(json.loads(line), genuine=True)), flush=True)


if __name__ == "__main__":
    main()
