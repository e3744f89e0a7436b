"""Record the cassettes beside this file, over real sockets: python cassettes/record.py [DIRECTORY]."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from qiskit_ibm_runtime.api.client_parameters import ClientParameters

import qrtest
from qrtest.client import releases
from qrtest.client.job_doubles import make_job
from qrtest.clock.clocks import WallClock
from qrtest.clock.moment import EPOCH
from qrtest.http.messages import Request, Response
from qrtest.lifecycle.script import Script
from qrtest.service.behaviour import Behaviour
from qrtest.service.instances import CRN
from qrtest.service.job_facts import Submission
from qrtest.service.jobs import Recorded
from qrtest.service.service import SimulatedService
from qrtest.service.submissions import JobPlan
from qrtest.transport.requests_adapter import FixedAuth
from qrtest.transport.server import LOOPBACK, Port

KEY = "the key of these recordings: it makes their placeholders, and opens nothing"
CAPTURED = files("qrtest.captured")


class NoBackends:
    """A service without devices."""

    def names(self) -> tuple[str, ...]:
        """There are none."""
        return ()

    def describe(self, name: str, aspect: str) -> bytes | None:
        """There are none."""
        del name, aspect


class Stage:
    """The simulated service on a local port, in real time; its *breaks* are numbers of requests."""

    def __init__(self, breaks: frozenset[int] = frozenset()) -> None:
        self.clock = WallClock()
        self._asked = 0
        self._breaks = breaks
        self._service = SimulatedService(
            self.clock, epoch=EPOCH, seed=0, backends=NoBackends(), plan=self._plan
        )

    def _plan(self, _submission: Submission, _job_id: str) -> JobPlan:
        raise AssertionError("nothing is submitted here")

    def add(self, job_id: str, life: str | Script, recorded: Recorded, program: str) -> None:
        script = Script.parse(life) if isinstance(life, str) else life
        submission = Submission(backend="ibm_torino", program_id=program, job_id=job_id)
        plan = JobPlan(script=script, recorded=recorded, behaviour=Behaviour(usage_lag=0))
        self._service.add(submission, plan)

    def ask(self, request: Request, timeout: float | None = None) -> tuple[Response, float]:
        del timeout
        self._asked += 1
        if self._asked in self._breaks:
            return Response(0, failure="closed"), 0.0
        return self._service.handle(request), 0.0


@contextmanager
def serving(stage: Stage) -> Iterator[str]:
    """*stage* on a port of this machine; gives the base address."""
    with closing(Port(stage, host=LOOPBACK)) as port:
        yield f"http://{LOOPBACK}:{port.number}"


def genuine_job(base: str, job_id: str, program: str) -> Any:
    """A genuine RuntimeJobV2 over a genuine client, over sockets."""
    parameters = ClientParameters(
        channel=releases.platform_channel(),
        token="x",
        url=base,
        instance=CRN,
        url_resolver=lambda *_: f"{base}/api/v1",
    )
    parameters.get_auth_handler = lambda: FixedAuth(
        {"Service-CRN": CRN, "Authorization": "Bearer x"}
    )
    return make_job(
        releases.client_class()(parameters),
        job_id=job_id,
        program_id=program,
        instance=CRN,
        backend=None,
        service=None,
        creation_date="2026-01-01T00:00:00Z",
        image="",
        session_id=None,
        tags=[],
        private=False,
    )


def sampler(path: Path) -> None:
    job_id = "d5h6o44pe0pc73am1f1g"
    stage = Stage()
    recorded = Recorded(
        result=(CAPTURED / "result-sampler-v2.json").read_text(), logs="1 circuit, 4096 shots\n"
    )
    with serving(stage) as base, qrtest.record(path, key=KEY):
        job = genuine_job(base, job_id, "sampler")
        stage.add(job_id, "QUEUED 0.6s; RUNNING 0.4s; DONE", recorded, "sampler")
        while job.status() != "DONE":
            pass
        job.result()
        job.metrics()
        job.logs()


def failed(path: Path) -> None:
    captured = qrtest.Scenario.from_info(CAPTURED / "job-failed-1500.json")
    job_id = json.loads((CAPTURED / "job-failed-1500.json").read_text())["id"]
    stage = Stage()
    life = Script(qrtest.queued("0.6s"), qrtest.running("0.4s"), captured.script.end)
    with serving(stage) as base, qrtest.record(path, key=KEY):
        job = genuine_job(base, job_id, "estimator")
        stage.add(job_id, life, Recorded(), "estimator")
        while job.status() != "ERROR":
            pass
        job.error_message()


def cancelled(path: Path) -> None:
    job_id = "cw2q9ssd3wd0008fh7p0"
    stage = Stage(breaks=frozenset({3}))
    stage.add(job_id, "QUEUED", Recorded(), "sampler")
    with serving(stage) as base, qrtest.record(path, key=KEY):
        job = genuine_job(base, job_id, "sampler")
        for _ in range(3):
            job.status()
        job.cancel()
        genuine_job(base, job_id, "sampler").status()
        try:
            genuine_job(base, "cw2q9ssd3wd0008fh7p1", "sampler").status()
        except Exception as error:
            assert "404" in str(error), error


SESSIONS: Mapping[str, Callable[[Path], None]] = {
    "sampler.yaml": sampler,
    "failed-1500.yaml": failed,
    "cancelled.yaml": cancelled,
}

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, session in SESSIONS.items():
        session(folder / name)
