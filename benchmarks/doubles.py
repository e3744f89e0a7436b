"""How much of the client's own code a test runs, with a Mock, vcrpy and qrtest.

Run: python -m benchmarks.doubles
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import Mock

import vcr
from qiskit_ibm_runtime import RuntimeJobV2

import qrtest
from benchmarks.cassettes import JOB, URL, poll, stock
from benchmarks.report import Measured, show
from qrtest.cassette.model import Interaction
from qrtest.client import releases, runtime_client
from qrtest.http.messages import Request, Response

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"


def functions_run(work: Callable[[], Any]) -> int:
    """Return how many functions of qiskit_ibm_runtime *work* calls, each counted once."""
    found = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "qiskit_ibm_runtime" in frame.f_code.co_filename:
            found.add(frame.f_code)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return len(found)


def by_mock() -> int:
    job = Mock(spec=RuntimeJobV2)
    job.result.return_value = {"done": True}
    return functions_run(job.result)


def by_vcrpy(folder: Path) -> int:
    answer = Response(200, b'{"done": true}', {"Content-Type": "text/plain"})
    asked = Request.to("GET", URL.replace("?exclude_params=true", "/results"))
    recorded = [poll("Completed", 0.0), Interaction(request=asked, response=answer, at=1.0)]
    path = folder / "done.yaml"
    path.write_text(stock(recorded), encoding="utf-8")
    client = releases.client_class()(runtime_client.parameters(CRN))
    job = RuntimeJobV2(None, client, JOB, "sampler", None)
    with vcr.use_cassette(str(path), record_mode="none"):
        return functions_run(job.result)


def by_qrtest(transport: Any) -> int:
    with qrtest.simulate(transport=transport) as sim:
        return functions_run(sim.job("DONE", result={"done": True}).result)


def measured() -> Iterator[Measured]:
    """Yield what of the client runs in `job.result()` of a job that is done."""
    with tempfile.TemporaryDirectory() as name:
        rows = [
            ("Mock(spec=RuntimeJobV2)", str(by_mock())),
            ("vcrpy", str(by_vcrpy(Path(name)))),
            ("qrtest, direct", str(by_qrtest("direct"))),
            ("qrtest, requests", str(by_qrtest("requests"))),
        ]
    yield Measured("Functions of the client that `job.result()` runs", ("with", "functions"), rows)


if __name__ == "__main__":
    show(measured())
