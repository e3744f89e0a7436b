"""The table "Errors for what was submitted" of docs/service.md, row by row, by the genuine client and every transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import Session
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMRuntimeError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeProgramNotFound,
)

import qrtest
from qrtest import Instance, Limits
from qrtest.client import circuit_limits

TRANSPORTS = ["direct", "requests", "sockets", "serve"]
FAILURES = (RuntimeJobFailureError, RuntimeJobMaxTimeoutError)
FEW_BYTES = 60_000
"""The limit of a submission's size here: 50 MB would take the time of all other rows together."""


@contextmanager
def served(transport: str, **options: Any) -> Iterator[tuple[Any, Any]]:
    """Provide a simulation or a server, and a genuine service of it."""
    if transport == "serve":
        with qrtest.serve(**options) as server:
            yield server, qrtest.connect(server.url)
    else:
        with qrtest.simulate(transport=transport, **options) as sim:  # type: ignore[arg-type]
            yield sim, sim.service()


def pub(*gates: tuple[str, tuple[Any, ...]], qubits: int = 133) -> list[Any]:
    """Return a pub with a circuit of these gates on as many *qubits* as the device has."""
    circuit = QuantumCircuit(qubits, 1)
    for name, arguments in gates:
        getattr(circuit, name)(*arguments)
    return [circuit, None, 10]


@dataclass(frozen=True)
class Row:
    """What is submitted, *before* which submissions, and the code that comes *at_once* or when the job fails."""

    name: str
    code: int
    at_once: bool = False
    program_id: str = "sampler"
    params: Mapping[str, Any] = field(default_factory=lambda: {"pubs": []})
    options: Mapping[str, Any] = field(default_factory=dict)
    script: str = "DONE"
    result: str | None = None
    before: Callable[[Callable[[], Any]], object] = lambda submit: None
    backend: str = "ibm_torino"
    in_closed_session: bool = False
    service: Mapping[str, Any] = field(default_factory=dict)


LIMITS = {"limits": Limits.documented()}
ROWS = [
    Row("a field out of its bounds", 1208, True, options={"max_execution_time": 20_000}),
    Row("an unknown program", 1291, True, program_id="novel"),
    Row("an unknown backend", 1007, True, backend="ibm_nowhere"),
    Row("a closed session", 1217, True, in_closed_session=True),
    Row(
        "usage beyond the limit",
        1350,
        True,
        service={"instances": [Instance(usage_limit=600, usage_consumed=600)]},
    ),
    Row(
        "too many in a minute",
        1202,
        True,
        before=lambda submit: [submit() for _ in range(5)],
        service=LIMITS,
    ),
    Row(
        "too large",
        1208,
        True,
        params={"pubs": [], "x": "x" * FEW_BYTES},
        service={"limits": Limits(body_bytes=FEW_BYTES)},
    ),
    Row("too many tags", 1204, True, options={"job_tags": ["t"] * 9}),
    Row("a tag that is too long", 1205, True, options={"job_tags": ["t" * 87]}),
    Row("too many executions", 1002, params={"pubs": [["", None, 10_000_001]]}),
    Row("too long a circuit", 1002, params={"pubs": [pub(*[("cz", (0, 1))] * 5)]}),
    Row("a repetition delay", 6050, params={"options": {"execution": {"rep_delay": 1}}}),
    Row("options of a wrong type", 1603, params={"options": {"default_shots": "many"}}),
    Row("an option that there is not", 1603, params={"pubs": [], "options": {"nope": 1}}),
    Row("an input that there is not", 1603, params={"pubs": [], "nope": 1}),
    Row("a version that there is not", 1603, params={"pubs": [], "version": 99}),
    Row("shots of a wrong type", 1603, params={"pubs": [["", None, True]]}),
    Row("a register with a reserved name", 1500, params={"pubs": [["OPENQASM 3.0; bit shape;"]]}),
    Row(
        "an observable of another width",
        1603,
        program_id="estimator",
        params={"pubs": [[QuantumCircuit(2), {"ZZZ": 1.0}]]},
    ),
    Row("a circuit that cannot be read", 1603, params={"pubs": [["?"]]}, result="computed"),
    Row(
        "an instruction that the device does not have",
        1517,
        params={"pubs": [pub(("h", (0,)))]},
        result="computed",
    ),
    Row(
        "a connection that the device does not have",
        1517,
        params={"pubs": [pub(("cz", (0, 70)))]},
        result="computed",
    ),
    Row(
        "a circuit for a larger device",
        1517,
        params={"pubs": [pub(("x", (150,)), qubits=200)]},
        result="computed",
    ),
    Row("longer than its time", 1305, script="ERROR 1305"),
]


def closed_session(backend: Any) -> str:
    """Return the id of a session that takes no more jobs."""
    session = Session(backend=backend)
    session.close()
    assert session.session_id
    return session.session_id


def what_comes(row: Row, transport: str) -> tuple[bool, str]:
    """Return whether the submission is rejected, and in which words it or the job fails."""
    with served(transport, **row.service) as (sim, service):
        sim.rule(row.script, result=row.result)
        backend = service.backend("ibm_torino")
        session_id = closed_session(backend) if row.in_closed_session else None

        def submit() -> Any:
            if row.backend != backend.name:
                return service._active_api_client.program_run(
                    row.program_id, row.backend, {}, None, None, None
                )
            options = {"backend": backend, **row.options}
            return service._run(row.program_id, dict(row.params), options, session_id=session_id)

        row.before(submit)
        try:
            job = submit()
        except (IBMRuntimeError, RuntimeProgramNotFound, RequestsApiError) as error:
            return True, str(error)
        with pytest.raises(FAILURES) as caught:
            job.result()
        return False, str(caught.value)


@pytest.mark.filterwarnings("ignore:This instance has met its usage limit")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_error_comes_when_and_as_the_table_says(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same code by every transport, at submission or when the job has failed."""
    monkeypatch.setattr(circuit_limits, "MOST_TWO_QUBIT_GATES", {False: 4, True: 2})
    for transport in TRANSPORTS:
        is_rejected, words = what_comes(row, transport)
        assert (is_rejected, str(row.code) in words) == (row.at_once, True), (transport, words)
