"""Circuits that are too long fail in validation, with what is too much and of how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qrtest import simulate
from qrtest.client import circuit_limits

FEW = {False: 4, True: 2}


@pytest.fixture(autouse=True)
def _low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long circuit takes seconds to make."""
    monkeypatch.setattr(circuit_limits, "MOST_TWO_QUBIT_GATES", FEW)
    monkeypatch.setattr(circuit_limits, "MOST_OF_GATE", {"rz": 6, "sx": 5})


def circuit(**times: int) -> QuantumCircuit:
    """So many gates of each name, and as many in a branch."""
    made = QuantumCircuit(2, 1)
    for name in ("rz", "sx", "cz"):
        arguments = (0.5, 0) if name == "rz" else (0, 1)[: 1 + (name == "cz")]
        for _ in range(times.get(name, 0)):
            getattr(made, name)(*arguments)
    if times.get("in_branch"):
        made.measure(0, 0)
        with made.if_test((0, 1)):
            for _ in range(times["in_branch"]):
                made.cz(0, 1)
    return made


def state(params: Mapping[str, Any], script: str = "QUEUED 1h; DONE", **options: Any) -> Any:
    """Return the reason and the code of a job with these inputs, at once."""
    with simulate() as sim:
        job = sim.job(script, params=params, **options)
        job.status()
        truth = sim.truth(job.job_id()).step
    return truth.status, truth.code, truth.reason


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ({"cz": 5}, "A static circuit has 5 gates on two qubits, of at most 4."),
        ({"rz": 7}, "A circuit has 7 gates rz, of at most 6."),
        ({"sx": 6}, "A circuit has 6 gates sx, of at most 5."),
        ({"sx": 2, "in_branch": 3}, "A dynamic circuit has 3 gates on two qubits, of at most 2."),
    ],
)
@pytest.mark.parametrize("result", [None, "computed"])
def test_a_circuit_that_is_too_long_fails_before_the_queue(
    times: dict[str, int], says: str, result: Any
) -> None:
    """In one pub of several, whatever its result would be."""
    pubs = [[circuit(cz=1)], [circuit(**times)]]
    status, code, reason = state({"pubs": pubs, "version": 2}, result=result)
    assert (status, code) == ("ERROR", 1002)
    assert reason.endswith(says)


def test_a_circuit_within_its_limits_waits_in_the_queue() -> None:
    """With all of them reached."""
    pubs = [[circuit(rz=6, sx=5, cz=4)]]
    assert state({"pubs": pubs, "version": 2})[0] == "QUEUED"


@pytest.mark.parametrize("pubs", [[[{"__type__": "QuantumCircuit", "__value__": "AAAA"}]], 5, [[]]])
def test_inputs_that_cannot_be_read_are_left_to_the_program(pubs: Any) -> None:
    """They are not too long."""
    assert circuit_limits.too_long({"pubs": "x"}) is None
    assert state({"pubs": pubs})[0] in ("QUEUED", "ERROR")


def test_a_script_that_fails_anyway_keeps_its_failure() -> None:
    """What a test has scripted is what happens."""
    assert state({"pubs": [[circuit(cz=9)]]}, "ERROR 9999")[1] == 9999
