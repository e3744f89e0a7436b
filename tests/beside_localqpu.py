"""Generated programs of requests, sent to localqpu and to qrtest: `nox -s beside_localqpu`.

A difference between the answers that no row of `ROWS` explains is an error, and so is a row that no program
showed: what a new release of either changes is noticed. The rows are the table in docs/fidelity.md, which a
test compares with them.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import requests

import qrtest

PROGRAMS: Final = 40
STEPS: Final = 12
CIRCUIT: Final = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
PARTS: Final = ("", "results", "logs", "metrics", "interim_results")
OPENQASM: Final = "OpenQASM 3"
"""A submission that only one of the two computes: later steps do not ask for its job."""

PRIVATE: Final = ("submit private", "results", "results")
"""The first program: what is seen of it depends on the order."""

FINAL: Final = ("Completed", "Failed", "Cancelled")


class Step(NamedTuple):
    """A request of a program: *kind* names it, *path* may hold {job} and {session}."""

    kind: str
    method: str
    path: str
    body: Any = None


def submission(**fields: Any) -> dict[str, Any]:
    """Return the body of a submission with other *fields*."""
    return {
        "program_id": "sampler",
        "backend": "{backend}",
        "params": {"pubs": [[CIRCUIT, None, 4]], "version": 2, "support_qiskit": True},
        **fields,
    }


def circuit_params() -> Any:
    """Return the params of a circuit as the genuine client encodes them."""
    from qiskit import QuantumCircuit

    from qrtest.client import releases

    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    params = {"pubs": [[circuit, None, 4]], "version": 2, "support_qiskit": True, "options": {}}
    return json.loads(json.dumps(params, cls=releases.json_encoder()))


def steps() -> tuple[Step, ...]:
    """Return what programs are drawn from; the first two submit a job that runs."""
    return (
        Step("submit", "POST", "/jobs", submission(params=circuit_params())),
        Step(OPENQASM, "POST", "/jobs", submission()),
        Step(
            "submit with tags",
            "POST",
            "/jobs",
            submission(params=circuit_params(), tags=["a", "b"], cost=60),
        ),
        Step("submit private", "POST", "/jobs", submission(params=circuit_params(), private=True)),
        Step("submit for an unknown backend", "POST", "/jobs", submission(backend="none_such")),
        Step("submit a wrong cost", "POST", "/jobs", submission(cost=-1)),
        Step("submit a wrong log_level", "POST", "/jobs", submission(log_level="LOUD")),
        Step("submit wrong tags", "POST", "/jobs", submission(tags="abc")),
        Step("submit into an unknown session", "POST", "/jobs", submission(session_id="none-such")),
        Step("submit an unknown program", "POST", "/jobs", submission(program_id="none-such")),
        Step("submit no object", "POST", "/jobs", []),
        *(Step(part or "job", "GET", f"/jobs/{{job}}/{part}".rstrip("/")) for part in PARTS),
        Step("unknown job", "GET", "/jobs/d5h6o44pe0pc73am1f1g"),
        Step("cancel", "POST", "/jobs/{job}/cancel"),
        Step("tags", "PUT", "/jobs/{job}/tags", {"tags": ["c"]}),
        Step("delete", "DELETE", "/jobs/{job}"),
        Step("list", "GET", "/jobs?limit=2"),
        Step("list", "GET", "/jobs?exclude_params=true"),
        Step("backends", "GET", "/backends"),
        Step("unknown backend", "GET", "/backends/none_such/status"),
        *(
            Step(f"backend/{part}", "GET", f"/backends/{{backend}}/{part}")
            for part in ("status", "configuration", "properties", "defaults")
        ),
        Step("usage", "GET", "/instances/usage"),
        Step("session", "POST", "/sessions", {"mode": "batch", "backend": "{backend}"}),
        Step("session", "GET", "/sessions/{session}"),
        Step("close a session", "PATCH", "/sessions/{session}", {"accepting_jobs": False}),
        Step("cancel a session", "DELETE", "/sessions/{session}/close"),
        Step("unknown session", "GET", "/sessions/none-such"),
        Step("wrong method", "PUT", "/jobs"),
        Step("unknown path", "GET", "/none-such"),
    )


class Side:
    """One of the two services, and what a program has made there."""

    def __init__(self, url: str, crn: str) -> None:
        self._url = f"{url}/api/v1"
        self._headers = {
            "Authorization": "Bearer x",
            "Service-CRN": crn,
            "IBM-API-Version": "2026-04-15",
        }
        self.names = {"backend": "", "job": "none-such", "session": "none-such"}
        devices = self.answer(Step("backends", "GET", "/backends")).json()["devices"]
        self.names["backend"] = devices[0]["name"]

    def answer(self, step: Step) -> requests.Response:
        """Return the answer to a step."""
        body = step.body
        if isinstance(body, dict):
            body = {
                name: value.format(**self.names) if value == "{backend}" else value
                for name, value in body.items()
            }
        return requests.request(
            step.method,
            self._url + step.path.format(**self.names),
            json=body,
            headers=self._headers,
            timeout=60,
        )

    def remember(self, step: Step, answer: requests.Response) -> None:
        """Let later steps ask for the job or the session that a step made."""
        made = {"/jobs": "job", "/sessions": "session"}[step.path]
        self.names[made] = answer.json()["id"]

    def end(self, submitted: requests.Response) -> str:
        """Return the status in which a job ends: the clocks of the two are different."""
        path = f"/jobs/{submitted.json()['id']}"
        for _ in range(600):
            status: str = self.answer(Step("job", "GET", path)).json()["status"]
            if status in FINAL:
                return status
            time.sleep(0.1)
        return "not ended"


class Row(NamedTuple):
    """A row of the table: the differences that it explains are those that begin with one of *seen_as*."""

    request: str
    theirs: str
    ours: str
    right: str
    seen_as: tuple[str, ...]


ROWS: Final = (
    Row("GET metrics", "`bss`", "`caller`, `qiskit_version`, execution time",
        "as here from API version 2026-03-15 on (the API's list of versions)",
        ("metrics: only theirs has bss", "metrics: only ours has caller",
         "metrics: only ours has circuits_execution_time_ns",
         "metrics: only ours has qiskit_version")),
    Row("GET job", "`private`, `session_id`, `tags` always", "left out where there are none",
        "as here (REST description: omitted, not null)",
        ("job: only theirs has private", "job: only theirs has session_id",
         "job: only theirs has tags")),
    Row("GET job", "without `cost`, `user_id` and params", "with them, unless `exclude_params`",
        "as here (REST description)",
        ("job: only ours has cost", "job: only ours has params", "job: only ours has user_id")),
    Row("POST jobs, private", "not said in the answer", "`private`",
        "as here (the client reads it)", ("submit private: only ours has private",)),
    Row("GET results of a private job, the second time", "the result", "204",
        "as here (integration tests of the client)", ("results: 200, 204",)),
    Row("POST jobs with OpenQASM 3", "Failed", "Completed",
        "as here (IBM's guide to the REST API submits such texts)",
        ("OpenQASM 3: Failed, Completed",)),
    Row("an unknown backend in a submission", "400", "404, code 1007",
        "open: the code is that of the registry, the status is assumed",
        ("submit for an unknown backend: 400, 404",)),
    Row("`cost` of -1, an unknown `log_level`", "accepted", "400, code 1208",
        "as here (bounds of the REST description)",
        ("submit a wrong cost: 200, 400", "submit a wrong log_level: 200, 400")),
    Row("a submission into an unknown session", "400", "404, code 1290",
        "open: the code is assumed", ("submit into an unknown session: 400, 404",)),
    Row("GET interim_results", "501", "a list", "as here (REST descriptions up to 0.31.10)",
        ("interim_results: 501, 200", "interim_results: 501, 404")),
    Row("GET defaults of a backend", "501", "null", "as here (seen on every device)",
        ("backend/defaults: 501, 200",)),
    Row("GET jobs", "without `limit` and `offset`", "with them", "as here (REST description)",
        ("list: only ours has limit", "list: only ours has offset")),
    Row("sessions", "moments that were not reached are null; no `timestamps`, `state_reason`, `user_id`",
        "left out; with them", "as here (REST description)",
        ("session: only theirs has activated_at", "session: only theirs has active_ttl",
         "session: only theirs has closed_at", "session: only theirs has last_job_completed",
         "session: only theirs has last_job_started", "session: only ours has state_reason",
         "session: only ours has timestamps", "session: only ours has user_id")),
    Row("GET instances/usage", "`usage_limit_seconds`; no instance, plan and period",
        "with them; a limit where there is one", "as here (REST description)",
        ("usage: only theirs has usage_limit_seconds", "usage: only ours has instance_id",
         "usage: only ours has plan_id", "usage: only ours has usage_period")),
    Row("a wrong method, an unknown path", "501", "405, 404", "open",
        ("wrong method: 501, 405", "unknown path: 501, 404")),
)  # fmt: skip
"""Every difference that is known, with who is right by which source."""


def table() -> str:
    """Return the rows as the table of docs/fidelity.md."""
    head = (
        "| request | localqpu 0.3.0 | `qrtest serve` | the real service, and the source |",
        "|---|---|---|---|",
    )
    rows = (f"| {row.request} | {row.theirs} | {row.ours} | {row.right} |" for row in ROWS)
    return "\n".join([*head, *rows])


def names(answer: requests.Response) -> frozenset[str]:
    """Return the names in a JSON object; none of what is no object."""
    try:
        body = answer.json()
    except ValueError:
        return frozenset()
    return frozenset(body) if isinstance(body, dict) else frozenset()


def differences(step: Step, theirs: requests.Response, ours: requests.Response) -> Iterator[str]:
    """Yield what two answers to a step differ in: statuses, names, the state of a job that has ended."""
    if theirs.status_code != ours.status_code:
        yield f"{step.kind}: {theirs.status_code}, {ours.status_code}"
    elif theirs.status_code < requests.codes.bad_request:
        yield from (f"{step.kind}: only theirs has {each}" for each in names(theirs) - names(ours))
        yield from (f"{step.kind}: only ours has {each}" for each in names(ours) - names(theirs))


def main() -> int:
    """Send the programs; return 1 for a difference without a row, or a row without a difference."""
    import localqpu

    draw = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    drawn = steps()
    found: set[str] = set()
    sent = 0
    server = localqpu.start_server(localqpu.ServerConfig(port=0))
    with qrtest.serve(clock="virtual") as service:
        service.rule("DONE", result="computed")
        theirs = Side(f"http://127.0.0.1:{server.port}", localqpu.client.LOCAL_INSTANCE_CRN)
        ours = Side(service.url, service.about["instances"][0])
        by_kind = {step.kind: step for step in drawn}
        programs = [
            [draw.choice(drawn[:2]), *draw.choices(drawn, k=STEPS)] for _ in range(PROGRAMS)
        ]
        for program in [[by_kind[kind] for kind in PRIVATE], *programs]:
            for step in program:
                answers = theirs.answer(step), ours.answer(step)
                found |= set(differences(step, *answers))
                sent += 1
                is_accepted = {each.status_code for each in answers} == {requests.codes.ok}
                if step.method != "POST" or not is_accepted:
                    continue
                if step.path == "/jobs":
                    ends = theirs.end(answers[0]), ours.end(answers[1])
                    if ends[0] != ends[1]:
                        found.add(f"{step.kind}: {ends[0]}, {ends[1]}")
                if step.kind != OPENQASM:
                    theirs.remember(step, answers[0])
                    ours.remember(step, answers[1])
    server.stop()
    known = {label for row in ROWS for label in row.seen_as}
    for label in sorted(found - known):
        print(f"no row explains: {label}")
    for label in sorted(known - found):
        print(f"no program showed: {label}")
    print(
        f"{sent} requests in {len(programs) + 1} programs, {len(found)} differences in {len(ROWS)} rows"
    )
    return 0 if found == known else 1


if __name__ == "__main__":
    sys.exit(main())
