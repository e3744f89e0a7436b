"""A simulated service on a clock of its own, asked below every transport."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from qrtest.client.backend_snapshots import Snapshots
from qrtest.clock.clocks import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.http.messages import Request, Response
from qrtest.lifecycle.script import Script
from qrtest.service.behaviour import Behaviour
from qrtest.service.jobs import Recorded
from qrtest.service.service import SimulatedService
from qrtest.service.submissions import JobPlan

BELL = {"pubs": [], "options": {}, "version": 2, "support_qiskit": True}
NEWEST = "2026-04-15"


@dataclass
class Answer:
    """An answer, decoded."""

    status: int
    body: Any
    content_type: str | None

    @property
    def code(self) -> int:
        """The numeric code of an error body."""
        code: int = self.body["errors"][0]["code"]
        return code


class NoBackends:
    """A service without devices."""

    def names(self) -> tuple[str, ...]:
        return ()

    def describe(self, name: str, aspect: str) -> bytes | None:
        return None


class Asking:
    """Asks a service as a client of API version *version* does, for the instance *crn*."""

    def __init__(self, script: str = "QUEUED 5s; RUNNING 10s; DONE", **options: Any) -> None:
        self.clock = VirtualClock()
        self.script = script
        self.version: str | None = NEWEST
        self.token: str | None = "Bearer somebody"
        self.crn: str | None = None
        self.client: str | None = None
        self.result: str | None = "{}"
        self.behaviour = options.get("behaviour", Behaviour())
        options.setdefault("backends", Snapshots())
        self.service = SimulatedService(self.clock, epoch=EPOCH, seed=0, plan=self._plan, **options)

    def _plan(self, submission: Any, job_id: str) -> JobPlan:
        return JobPlan(
            script=Script.of(self.script),
            recorded=Recorded(result=self.result, logs="L"),
            behaviour=self.behaviour,
        )

    def raw(self, method: str, path: str, body: Any = None) -> Response:
        """Return the answer as it is."""
        headers = {
            "IBM-API-Version": self.version,
            "Authorization": self.token,
            "Service-CRN": self.crn,
            "X-Qx-Client-Application": self.client,
        }
        request = Request.to(
            method,
            f"https://quantum.cloud.ibm.com/api/v1{path}" if path.startswith("/") else path,
            headers={name: value for name, value in headers.items() if value is not None},
            body=body
            if isinstance(body, bytes)
            else b""
            if body is None
            else json.dumps(body).encode(),
        )
        return self.service.handle(request)

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer, its body decoded if it is JSON."""
        response = self.raw(method, path, body)
        content_type = response.headers.get("Content-Type")
        is_json = content_type == "application/json"
        text = response.body.decode()
        return Answer(response.status, json.loads(text) if is_json else text, content_type)

    def submit(self, client: str | None = None, **changes: Any) -> str:
        """Return the id of a job that was just submitted, by the header X-Qx-Client-Application *client*."""
        self.client = client
        body = {"program_id": "sampler", "backend": "ibm_torino", "params": BELL, **changes}
        answer = self("POST", "/jobs", body)
        assert answer.status == 200, answer
        job_id: str = answer.body["id"]
        return job_id

    def state(self, job_id: str) -> str:
        """Return what GET job says the job is doing."""
        status: str = self("GET", f"/jobs/{job_id}").body["state"]["status"]
        return status
