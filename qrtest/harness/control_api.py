"""The control endpoint of a server: jobs, faults and the clock are set up as JSON over HTTP.

Everything is below `/_qrtest`, a path that the service of IBM Quantum does not have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from qrtest.advice import page
from qrtest.clock.duration import Duration
from qrtest.errors import QrtestError, ScenarioError, SimulationError
from qrtest.faults import Fault
from qrtest.harness.scripted_service import DEFAULT_SCRIPT, Truth
from qrtest.http.messages import Request, Response
from qrtest.scenario import scenario_file
from qrtest.scenario.scenario import Scenario
from qrtest.service import serialize
from qrtest.service.limits import Limits
from qrtest.timeline.journal import Entry, Journal

__all__ = ["PREFIX", "Control", "Controlled"]

PREFIX: Final = "/_qrtest"
BODY: Final = "the body"
DOCUMENTED: Final = "documented"
"""How the documented limits are asked for in JSON."""

OF_A_RULE: Final = ("backend", "program_id", "tags", "nth", "share")


KINDS: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    **dict.fromkeys(
        ("backend", "program_id"), ("a text or null", lambda value: isinstance(value, str | None))
    ),
    **dict.fromkeys(
        ("clock", "status", "reason"), ("a text", lambda value: isinstance(value, str))
    ),
    **dict.fromkeys(
        ("tags", "backends"),
        (
            "a list of texts",
            lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
        ),
    ),
    **dict.fromkeys(("seed", "queue_length"), ("a whole number", lambda value: type(value) is int)),
    "nth": ("a whole number or null", lambda value: value is None or type(value) is int),
    "share": ("a number", lambda value: type(value) in (int, float)),
    **dict.fromkeys(("reject", "gone"), ("true or false", lambda value: isinstance(value, bool))),
    "limits": ("'documented' or null", lambda value: value in (None, DOCUMENTED)),
    "instances": ("set by qrtest.serve() in Python only", lambda value: False),
}
"""What the values of a body are, in words and as a test."""

LONGEST_SHOWN: Final = 40
WRONG_VALUES: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What Python raises where a value of JSON is of another kind than the one that is wanted."""


class Controlled(Protocol):
    """What the control endpoint needs of the server that it controls: see `qrtest.serve`."""

    @property
    def about(self) -> dict[str, Any]:
        """Return its addresses, as JSON values."""

    @property
    def clock(self) -> Movable:
        """Return its clock."""

    @property
    def journal(self) -> Journal:
        """Return what was asked and answered."""

    def reset(self, **options: Any) -> None:
        """Start anew with *options*."""

    def next_job(self, script: Scenario, /) -> None:
        """Give the next job a scenario."""

    def rule(
        self,
        script: Scenario,
        /,
        *,
        backend: str | None = None,
        program_id: str | None = None,
        tags: Sequence[str] = (),
        nth: int | None = None,
        share: float = 1.0,
    ) -> None:
        """Give the jobs that fit a scenario."""

    def strike(self, faults: Sequence[Fault]) -> None:
        """Let *faults* strike all requests."""

    def change_backend(self, name: str, **changes: Any) -> None:
        """Change the condition of a backend."""

    def reject_tokens(self, rejects: bool = True) -> None:
        """Reject all tokens, or stop rejecting."""

    def job_ids(self) -> tuple[str, ...]:
        """Return the ids of all jobs."""

    def truth(self, job_id: str) -> Truth:
        """Return the true state of a job."""


class Movable(Protocol):
    """A clock that can be moved forward."""

    def now(self) -> float:
        """Return the seconds since it started."""

    def advance(self, by: Duration) -> None:
        """Move it forward."""


class Control:
    """Answers requests below `/_qrtest` about *server*. A mistake is 400, with what to write instead."""

    def __init__(self, server: Controlled) -> None:
        self._server = server
        self._answers: Mapping[tuple[str, str], Callable[[Request], object]] = {
            ("GET", ""): lambda _: server.about,
            ("POST", "/reset"): self._reset,
            ("GET", "/clock"): lambda _: self._time(),
            ("POST", "/clock"): self._advance,
            ("POST", "/next-job"): self._next_job,
            ("POST", "/rules"): self._rule,
            ("POST", "/faults"): self._faults,
            ("POST", "/backends"): self._backend,
            ("POST", "/tokens"): self._tokens,
            ("GET", "/jobs"): lambda _: {"jobs": self._jobs()},
            ("GET", "/journal"): self._journal,
            ("GET", "/timeline"): lambda _: {"timeline": server.journal.timeline()},
        }

    def handle(self, request: Request) -> Response:
        """Return the answer to *request*, whose path begins with `/_qrtest`."""
        place = request.path.removeprefix(PREFIX).rstrip("/")
        answer = self._answers.get((request.method, place))
        if answer is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self._answers)
            return _error_response(
                404, f"There is no {request.method} {request.path}: there are {known}."
            )
        try:
            return serialize.json_response(answer(request))
        except QrtestError as error:
            return _error_response(400, f"{request}: {error}")
        except WRONG_VALUES as error:
            return _error_response(
                400,
                f"{request}: a value in the body is not of the kind that is wanted ({error}). "
                f"{page('serve')} has a table of what each request takes.",
            )

    def _reset(self, request: Request) -> object:
        options = _body(request)
        if options.get("limits") == DOCUMENTED:
            options["limits"] = Limits.documented()
        for name in ("faults", "scenario"):
            if name in options:
                given = options[name]
                described = scenario_file.described(
                    {"script": DEFAULT_SCRIPT, "faults": given}
                    if name == "faults"
                    else given
                    if isinstance(given, dict)
                    else {"script": given},
                    BODY,
                )
                options[name] = described.faults if name == "faults" else described
        self._server.reset(**options)
        return self._time()

    def _time(self) -> object:
        return {"now": self._server.clock.now()}

    def _advance(self, request: Request) -> object:
        self._server.clock.advance(_field(request, "advance"))
        return self._time()

    def _next_job(self, request: Request) -> object:
        self._server.next_job(scenario_file.described(_described(request), BODY))
        return {}

    def _rule(self, request: Request) -> object:
        body = _described(request)
        options = {key: body.pop(key) for key in OF_A_RULE if key in body}
        self._server.rule(scenario_file.described(body, BODY), **options)
        return {}

    def _faults(self, request: Request) -> object:
        body = {"script": DEFAULT_SCRIPT, "faults": _field(request, "faults")}
        self._server.strike(scenario_file.described(body, BODY).faults)
        return {}

    def _backend(self, request: Request) -> object:
        changes = _body(request)
        name = changes.pop("name", None)
        if not isinstance(name, str):
            raise SimulationError("which backend? Say {'name': 'ibm_torino', 'status': 'offline'}.")
        self._server.change_backend(name, **changes)
        return {}

    def _tokens(self, request: Request) -> object:
        self._server.reject_tokens(bool(_field(request, "reject")))
        return {}

    def _jobs(self) -> list[object]:
        shown: list[object] = []
        for job_id in self._server.job_ids():
            truth = self._server.truth(job_id)
            shown.append({"id": job_id, "status": truth.step.status, "ended": truth.ended})
        return shown

    def _journal(self, request: Request) -> object:
        asked = {name: values[-1] for name, values in request.parameters.items()}
        for name in asked:
            if name not in ("job", "operation"):
                raise SimulationError(f"the journal is asked for job and operation, not {name!r}.")
        entries = [
            _shown(entry)
            for entry in self._server.journal
            if asked.get("job") in (None, entry.name)
            and asked.get("operation") in (None, entry.operation)
        ]
        return {"entries": entries}


def _shown(entry: Entry) -> dict[str, Any]:
    request = entry.request
    return {
        "operation": entry.operation,
        "job": entry.name or None,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "status": entry.response.status,
        "answer": entry.answer,
        "at": entry.at,
        "until": entry.until,
        "times": entry.times,
        "faults": list(entry.response.struck),
    }


def _described(request: Request) -> dict[str, Any]:
    return {"script": DEFAULT_SCRIPT, **_body(request)}


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"the body is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise ScenarioError(f"the body is {type(body).__name__}, not an object.")
    for name, value in body.items():
        words, is_right = KINDS.get(name, ("", lambda _: True))
        if not is_right(value):
            raise SimulationError(
                f"{name!r} is {json.dumps(value)[:LONGEST_SHOWN]}; it should be {words}."
            )
    return body


def _field(request: Request, name: str) -> Any:
    body = _body(request)
    if set(body) != {name}:
        raise SimulationError(f"the body has {sorted(body)}: it takes {name!r}.")
    return body[name]


def _error_response(status: int, message: str) -> Response:
    return serialize.json_response({"error": message}, status)
