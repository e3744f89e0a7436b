"""Programs beside the catalogue that `qrtest pin` runs: values, sessions, lists, submissions, errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from qrtest import faults
from qrtest.client.small_jobs import encoded_values, run_sampler, session_kinds
from qrtest.faults import Fault
from qrtest.properties.pinned_calls import Calls
from qrtest.scenario.scenario import Scenario
from qrtest.service import result_payloads
from qrtest.service.corruption import WHOLE

__all__ = ["PROGRAMS"]

DEVICE: Final = "ibm_torino"
TIMES: Final = {
    "start": {"__type__": "datetime", "__value__": "2026-01-01T00:00:00+00:00"},
    "stop": {"__type__": "datetime", "__value__": "2026-01-01T00:00:01+00:00"},
}


def _tagged(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def _span(kind: str, *slices: Any) -> dict[str, Any]:
    return _tagged(kind, {**TIMES, "data_slices": {"0": list(slices)}})


TYPED: Final[Mapping[str, Any]] = {
    "datetime": _tagged("datetime", "2026-01-02T03:04:05.678000+02:00"),
    "complex": _tagged("complex", [1.5, -2.5]),
    "set": _tagged("set", [3, 1, 2]),
    "list array": _tagged("ndarray", [[1, 2], [3, 4]]),
    "number array": _tagged("ndarray", 7),
    "array": result_payloads.array([0.5, 1.5, 2.5, 3.5], [2, 2]),
    "bits": result_payloads.bit_array([0, 1, 2, 3, 3], 2),
    "bin": result_payloads.data_bin({"evs": result_payloads.array([0.25], [1])}, [1]),
    "observables": _tagged("ObservablesArray", [{"ZZ": 1.0}, {"XX": 0.5}]),
    "bindings": _tagged(
        "BindingsArray",
        {"shape": [2], "data": {'["a"]': result_payloads.array([0.1, 0.2], [2, 1])}},
    ),
    "span": _span("ExecutionSpan", [10, 2], 3, 17),
    "double span": _span("DoubleSliceSpan", [10, 2], 0, 5, 1, 2),
    "twirled span": _span("TwirledSliceSpan", [5, 10, 2], True, 0, 5, 1, 2),
    "second twirled span": _span("TwirledSliceSpanV2", [5, 10, 2], True, 0, 5, 1, 2, 9),
    "spans": _tagged("ExecutionSpans", {"spans": [_span("ExecutionSpan", [10, 2], 3, 17)]}),
    "old spans": _tagged(
        "ExecutionSpanCollection", {"spans": [_span("ExecutionSpan", [10, 2], 3, 17)]}
    ),
    "paulis": _tagged("PauliLindbladMap", {"paulis": [["X", [0], 0.5]], "num_qubits": 2}),
    "to_json": _tagged("to_json", {"a": 1}),
    "unknown tag": _tagged("of-tomorrow", 1),
    "nothing": None,
    "nested": {"a": [_tagged("complex", [0, 1])]},
}
"""A value of each type that the service sends, as JSON."""


def _typed(calls: Calls) -> None:
    for name, value in TYPED.items():
        job = calls.sim.job("DONE", result=json.dumps({"value": value}), params={"value": value})
        calls(f"result of {name}", job.result)
        calls(f"inputs of {name}", partial(getattr, job, "inputs"))
    for text in ("plain text", "", "[1, 2", "null", "[]", "0"):
        calls(f"result of {text!r}", calls.sim.job("DONE", result=text).result)
    for program_id, whole in WHOLE.items():
        program = program_id.removesuffix("-v3")
        job = calls.sim.job(
            "DONE",
            result=json.dumps(whole) if not isinstance(whole, str) else whole,
            program_id=program,
        )
        calls(f"result of {program_id}", job.result)


def _submitted_values(calls: Calls) -> None:
    """Submit values as the client encodes them, and read them back."""
    service = calls.sim.service()
    for name, value in encoded_values().items():
        run = partial(
            service._run, "sampler", {"value": value}, {"backend": service.backend(DEVICE)}
        )
        job = calls(f"submit {name}", lambda run=run: run().job_id())  # type: ignore[misc]
        if job is not None:
            calls(f"inputs with {name}", lambda job=job: service.job(job).inputs["value"])  # type: ignore[misc]
            sent = [
                entry.request.body for entry in calls.sim.journal if entry.operation == "submit"
            ]
            params = json.loads(sent[-1] or b"{}").get("params", {})
            # A parameter has an id of its own in every process.
            text = "" if name == "parameter" else json.dumps(params.get("value"))
            calls(f"sent for {name}", partial(str, text))


METHODS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "status": ("poll", lambda job: job.status()),
    "result": ("result", lambda job: job.result()),
    "cancel": ("cancel", lambda job: job.cancel()),
    "logs": ("logs", lambda job: job.logs()),
    "metrics": ("metrics", lambda job: job.metrics()),
    "usage": ("metrics", lambda job: job.usage()),
    "update_tags": ("tags", lambda job: job.update_tags(["a"])),
    "error_message": ("result", lambda job: job.error_message()),
}
OK: Final = 200
STATUSES: Final = (200, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504, 520, 524)


def _errors(times: int | None, calls: Calls) -> None:
    """Try every status for every method: so many *times*, or always."""
    for status in STATUSES:
        for name, (operation, call) in METHODS.items():
            script = "ERROR 1500" if name == "error_message" else "QUEUED"
            if name in {"result", "logs", "metrics", "usage"}:
                script = "DONE"
            strike = (
                faults.html(on=operation, times=times)
                if status == OK
                else faults.status(status, on=operation, times=times)
            )
            job = calls.sim.job(Scenario(script, faults=(strike,)))
            calls(f"{name} under {status}", partial(call, job))
            calls(f"status after {name} under {status}", job.status)


BROKEN: Final[Mapping[str, Callable[[Any], Fault]]] = {
    "dropped once": lambda on: faults.drop(on=on),
    "always dropped": lambda on: faults.drop(on=on, times=None),
    "slow": lambda on: faults.slow("40s", on=on),
    "throttled": lambda on: faults.status(429, retry_after="7s", on=on),
    "empty": lambda on: faults.empty(on=on),
}


def _connections(calls: Calls) -> None:
    """Break off or delay the requests of every method."""
    for kind, fault in BROKEN.items():
        for name, (operation, call) in METHODS.items():
            job = calls.sim.job(Scenario("DONE", faults=(fault(operation),)))
            calls(f"{name} {kind}", partial(call, job))


def _failed(calls: Calls) -> None:
    """Read the texts of jobs that failed."""
    texts = {
        "traceback": "first line\nTraceback (most recent call last):\n  a\nTraceback: again\nValueError: x",
        "text": "Something went wrong.",
        "empty": "",
    }
    for script in ('ERROR 1500 "Why."', "ERROR 1305", "ERROR", "CANCELLED"):
        for name, text in texts.items():
            job = calls.sim.job(f"RUNNING 1s; {script}", result=text)
            calls(f"{script} {name}: result", job.result)
            calls(f"{script} {name}: error_message", job.error_message)
            calls(f"{script} {name}: status", job.status)


def _in_session(calls: Calls) -> None:
    job = calls.sim.job(
        "QUEUED 5s; DONE", session_id="session-1", tags=["a", "b"], image="a:1", private=True
    )
    for name in ("session_id", "tags", "image", "private", "primitive_id", "usage_estimation"):
        calls(name, partial(getattr, job, name))
    calls("wait_for_final_state()", job.wait_for_final_state)
    for interval in (0.05, 0.1, 0.25, 2):
        stuck = calls.sim.job("QUEUED", session_id="session-1")
        calls(f"poll_interval={interval}", partial(stuck.wait_for_final_state, 4, interval))
        alone = calls.sim.job("QUEUED")
        calls(f"poll_interval={interval}, alone", partial(alone.wait_for_final_state, 4, interval))
        calls(f"result, poll_interval={interval}", partial(alone.result, 4, None, interval))
    away = calls.sim.job("RUNNING 5s; DONE", backend=None, usage_estimation=3.5)
    calls("backend looked up", lambda: away.backend().name)
    calls("properties", lambda: type(away.properties()).__name__)
    calls("usage_estimation of 3.5", lambda: away.usage_estimation)
    calls("metrics of an emulated job", away.metrics)


def _lists(calls: Calls) -> None:
    """List jobs by filters, pages, order and limits."""
    service = calls.sim.service()
    made = []
    for number in range(25):
        script = "DONE" if number % 2 else "QUEUED 2d"
        made.append(
            calls.sim.job(
                script,
                tags=["t", f"t{number % 3}"],
                program_id="sampler" if number % 5 else "estimator",
            )
        )
        calls.sim.clock.advance("1m")
    middle = made[12].creation_date
    for options in (
        {},
        {"limit": 3},
        {"limit": None},
        {"limit": 22, "skip": 2},
        {"skip": 20},
        {"descending": False},
        {"pending": True},
        {"pending": False},
        {"program_id": "estimator"},
        {"job_tags": ["t", "t1"]},
        {"job_tags": "t"},
        {"backend_name": "ibm_torino", "limit": 1},
        {"session_id": "none"},
        {"created_after": middle},
        {"created_before": middle},
        {"created_after": middle - timedelta(minutes=2), "created_before": middle},
    ):
        named = ", ".join(f"{name}={value}" for name, value in options.items())
        calls(f"jobs({named})", partial(_ids, service, options))
    job = made[1]
    calls("job()", lambda: service.job(job.job_id()).tags)
    calls("job() of none", lambda: service.job("none"))
    calls("delete_job()", lambda: service.delete_job(job.job_id()))
    calls("delete_job() again", lambda: service.delete_job(job.job_id()))
    calls("job() deleted", lambda: service.job(job.job_id()))
    for name, call in {
        "backends": lambda: [backend.name for backend in service.backends()],
        "backend of none": lambda: service.backend("none"),
        "least_busy": lambda: service.least_busy().name,
        "usage": service.usage,
        "active_instance": service.active_instance,
        "instances": lambda: len(service.instances()),
    }.items():
        calls(name, call)


def _ids(service: Any, options: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(job.job_id(), job.primitive_id) for job in service.jobs(**options)]


def _sessions(calls: Calls) -> None:
    """Use, close, cancel and find again a session and a batch."""
    session, batch = session_kinds()
    for kind, other in ((session, batch), (batch, session)):
        for maximum in (None, "5m"):
            _session(calls, kind, other, maximum)
    calls("from_id of none", lambda: session.from_id("none", calls.sim.service()))


def _session(calls: Calls, kind: Any, other: Any, maximum: str | None) -> None:
    service = calls.sim.service()
    backend = service.backend(DEVICE)
    mode = kind(backend=backend, max_time=maximum)
    name = f"{kind.__name__}({maximum})"
    job = calls(f"{name} run", partial(run_sampler, mode))
    calls(f"{name} job", lambda: job.session_id == mode.session_id)
    for method in ("status", "details", "usage"):
        calls(f"{name} {method}", getattr(mode, method))
    calls(f"{name} from_id", lambda: kind.from_id(mode.session_id, service).session_id)
    calls(f"{name} from_id of the other", lambda: other.from_id(mode.session_id, service))
    calls(f"{name} {'close' if maximum else 'cancel'}", mode.close if maximum else mode.cancel)
    calls(f"{name} run then", partial(run_sampler, mode))
    calls(f"{name} result", lambda: job.result(timeout=60))
    for method in ("status", "details"):
        calls(f"{name} {method} then", getattr(mode, method))
    with kind(backend=backend) as entered:
        run_sampler(entered)
    calls(f"{name} after with", entered.details)


def _submissions(calls: Calls) -> None:
    """Submit when submissions fail, once or always, and count the jobs that were made."""
    service = calls.sim.service()
    backend = service.backend(DEVICE)
    for times in (1, None):
        for status in STATUSES[1:]:
            strike = faults.status(status, on="submit", times=times)
            calls.sim.next_job(Scenario("DONE", faults=(strike,)))
            calls(f"run() under {status}, times={times}", lambda: run_sampler(backend).status())
            calls("jobs made", lambda: len(service.jobs(limit=None)))
    calls.sim.next_job(Scenario("DONE", faults=(faults.lose_response(on="submit"),)))
    calls("run() whose answer is lost", lambda: run_sampler(backend).status())


PROGRAMS: Final[Mapping[str, Callable[[Calls], None]]] = {
    "typed values": _typed,
    "submitted values": _submitted_values,
    "errors of methods, once": partial(_errors, 1),
    "errors of methods, always": partial(_errors, None),
    "broken connections": _connections,
    "texts of failures": _failed,
    "a job in a session": _in_session,
    "lists": _lists,
    "sessions": _sessions,
    "submissions": _submissions,
}
"""Each is given `Calls` on a simulation of its own."""
