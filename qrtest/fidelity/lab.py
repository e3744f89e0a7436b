"""What the checks of assumptions ask by: plain requests of the genuine client, small jobs, and a budget."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import requests

from qrtest.client import runtime_service
from qrtest.client.runtime_client import session_of
from qrtest.errors import QrtestError, ServerError
from qrtest.fidelity.assumption import ASSUMPTIONS, Verdict

__all__ = ["FINAL", "JOB_SECONDS", "TAG", "UNKNOWN_FORM", "Answer", "Lab", "NotChecked"]

JOB_SECONDS: Final = 10
"""The most seconds of QPU time that one job may take: it is submitted with this bound."""

TAG: Final = "qrtest-fidelity"
FINAL: Final = ("Completed", "Failed", "Cancelled")
TOO_MANY: Final = 429
UNKNOWN_FORM: Final = (LookupError, TypeError, AttributeError, ValueError)
"""What reading an answer raises that has another form than is known."""

LOOKS_AT_AN_END: Final = 30
REQUEST_SECONDS: Final = 60
SHOWN: Final = 120
PROGRAM: Final = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; {gates} c[0] = measure ${qubit};'


class NotChecked(QrtestError):
    """Raised inside of a check: the rest of it cannot be checked, for the reason that it holds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered. *body*: the JSON of it, None where it is none."""

    status: int
    text: str
    body: Any

    def __str__(self) -> str:
        if self.code is not None:
            return f"{self.status} with code {self.code}"
        shown = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}..."
        return f"{self.status} {shown!r}" if shown else f"{self.status} without a body"

    @property
    def code(self) -> Any:
        """The code of the first error in it; None without one."""
        try:
            return self.body["errors"][0]["code"]
        except (TypeError, KeyError, IndexError):
            return None


@dataclass
class Lab:
    """A service to experiment with, as an account of its own sees it, and what was seen.

    *poll*: seconds between two looks at a job. *patience*: seconds until the rest is not checked.
    *budget*: seconds of QPU time that all jobs together may take.
    """

    service: Any
    backend: str
    poll: float
    patience: float
    budget: float
    say: Callable[[str], None] = lambda _: None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    jobs: dict[str, float] = field(default_factory=dict)
    """The jobs that were submitted, each with the seconds of the budget still set aside for it."""
    sessions: list[str] = field(default_factory=list)
    spent: float = 0.0

    def __post_init__(self) -> None:
        self._session = session_of(runtime_service.clients(self.service)[0])
        self._ends = time.monotonic() + self.patience

    # --- asking --------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Return the answer to one request, whatever its status.

        Raises `ServerError` when there is none. The session is the genuine client's, for its
        address, its headers and its token; its own `request` would raise for a status.
        """
        url = f"{self._session.base_url}{path}"
        try:
            response = requests.Session.request(
                self._session, method, url, json=body, timeout=REQUEST_SECONDS
            )
        except requests.RequestException as error:
            raise ServerError(
                f"{method} {path} was not answered: {type(error).__name__}. Is the service there? "
                "The checks that were finished count."
            ) from None
        try:
            body = response.json()
        except ValueError:
            body = None
        return Answer(response.status_code, response.text, body)

    def submit(self, gates: str = "", *, bounded: bool = True, **fields: Any) -> Answer:
        """Submit a job of one circuit and one shot, with *gates* before its measurement.

        Waits where the service says that there were too many. Raises `NotChecked` when the budget
        does not allow the job. *bounded*: with the bound `JOB_SECONDS`. *fields* are of the body.
        """
        if self.spent + sum(self.jobs.values()) + JOB_SECONDS > self.budget:
            raise NotChecked(f"the budget of {self.budget:.0f} s allows no further job")
        shots = fields.pop("shots", 1)
        program = PROGRAM.format(gates=gates, qubit=0)
        body = {
            "program_id": "sampler",
            "backend": self.backend,
            "params": {"pubs": [[program, None, shots]], "version": 2, "support_qiskit": True},
            "tags": [TAG],
            **({"cost": JOB_SECONDS} if bounded else {}),
            **fields,
        }
        answer = self.ask("POST", "/jobs", body)
        while answer.status == TOO_MANY:
            self.wait()
            answer = self.ask("POST", "/jobs", body)
        if answer.status == requests.codes.ok:
            self.jobs[answer.body["id"]] = JOB_SECONDS
        return answer

    def new_job(self, gates: str = "", **fields: Any) -> str:
        """Submit a job as `submit` does; return its id. Raises `NotChecked` when it is not accepted."""
        answer = self.submit(gates, **fields)
        if answer.status != requests.codes.ok:
            raise NotChecked(f"the job was not accepted: {answer}")
        job_id: str = answer.body["id"]
        return job_id

    def job(self, job_id: str, part: str = "") -> Answer:
        """Return the answer to GET of a job, or of a *part* of it, as "/results"."""
        return self.ask("GET", f"/jobs/{job_id}{part or '?exclude_params=true'}")

    def status(self, job_id: str) -> str:
        """Return the status of a job now. Raises `NotChecked` when it is not found."""
        answer = self.job(job_id)
        try:
            return str(answer.body["state"]["status"])
        except (TypeError, KeyError):
            raise NotChecked(f"the job has no status: {answer}") from None

    # --- waiting -------------------------------------------------------------------------------

    def wait(self) -> None:
        """Wait until the next look. Raises `NotChecked` when the time is over."""
        if time.monotonic() > self._ends:
            raise NotChecked(f"the {self.patience:.0f} s of patience were over")
        time.sleep(self.poll)

    def wait_for(self, job_id: str, statuses: Collection[str] = FINAL) -> str:
        """Wait until a job has one of *statuses*, or has ended; return its status."""
        while True:
            status = self.status(job_id)
            if status in statuses or status in FINAL:
                return status
            self.wait()

    def looks_until(self, seen: Callable[[], bool]) -> int | None:
        """Return how many looks it takes until *seen*; None when a short time was not enough."""
        for looks in range(1, LOOKS_AT_AN_END + 1):
            if seen():
                return looks
            self.wait()
        return None

    # --- concluding ----------------------------------------------------------------------------

    def saw(self, name: str, holds: bool, seen: object) -> None:
        """Note what was *seen* of the assumption *name*, and whether that is what is assumed."""
        assert name in ASSUMPTIONS
        self.verdicts[name] = Verdict(name, "held" if holds else "fell", str(seen))

    def cannot(self, name: str, why: str) -> None:
        """Note why the assumption *name* could not be checked, unless it was."""
        assert name in ASSUMPTIONS
        self.verdicts.setdefault(name, Verdict(name, "not checked", why))

    def account_for(self, job_id: str) -> None:
        """Replace what was set aside for a job that has ended by what it took."""
        if self.jobs.get(job_id):
            try:
                usage = self.job(job_id, "/metrics").body["usage"]
                taken = float(usage.get("qpu_charge_time_seconds", usage.get("quantum_seconds")))
            except UNKNOWN_FORM:
                taken = JOB_SECONDS
            self.spent += taken
            self.jobs[job_id] = 0.0

    def clean_up(self) -> list[str]:
        """End and delete the jobs and sessions that are left; return the ids of the jobs that stay."""
        for session_id in self.sessions:
            with contextlib.suppress(QrtestError):
                self.ask("DELETE", f"/sessions/{session_id}/close")
        self.sessions.clear()
        left = []
        for job_id in list(self.jobs):
            try:
                self._end(job_id)
            except QrtestError as error:
                left.append(f"{job_id} ({error})")
        return left

    def _end(self, job_id: str) -> None:
        """Cancel a job, account for it and delete it. Raises `NotChecked` when it stays."""
        self._ends = math.inf
        if self.ask("POST", f"/jobs/{job_id}/cancel").status != requests.codes.not_found:
            self.looks_until(partial(self._is_over, job_id))
            self.account_for(job_id)
            answer = self.ask("DELETE", f"/jobs/{job_id}")
            if answer.status not in (requests.codes.no_content, requests.codes.not_found):
                raise NotChecked(str(answer))
        self.jobs[job_id] = 0.0

    def _is_over(self, job_id: str) -> bool:
        answer = self.job(job_id)
        return answer.status == requests.codes.not_found or self.status(job_id) in FINAL
