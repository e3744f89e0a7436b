"""Programs of clients in other languages: OpenQASM text in a pub, and results without types of qiskit."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests
from qiskit import qasm3

import qrtest
from qrtest.client.qasm_circuits import from_qasm, unreadable
from qrtest.client.submitted_pubs import circuit_facts

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
PHYSICAL = HEADER + (
    "bit[2] c;\nrz(pi/2) $3;\nsx $3;\nrz(pi/2) $3;\nsx $4;\nrz(pi/2) $4;\ncz $3, $4;\n"
    "x $4;\nc[0] = measure $3;\nc[1] = measure $4;\n"
)
VIRTUAL = HEADER + "qubit[2] q;\nbit[2] c;\nx q[1];\nc = measure q;\n"
SINGLE = HEADER + "bit c;\nbit d;\nx $3;\nc = measure $3;\nif (c) { x $4; }\nd = measure $4;\n"
OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nx q[1];\nmeasure q -> c;\n'


def submitted(program: Any, **params: Any) -> tuple[dict[str, Any], Any]:
    """Return the state and the result of a sampler job whose pub begins with *program*, asked over a port."""
    with qrtest.serve(port=0) as server:
        server.rule("DONE", result="computed")
        headers = {"Authorization": "Bearer x", "IBM-API-Version": "2026-04-15"}
        inputs = {"pubs": [[program]], "version": 2, "support_qiskit": False, **params}
        body = {"program_id": "sampler", "backend": "ibm_torino", "params": inputs}
        jobs = f"{server.url}/api/v1/jobs"
        job_id = requests.post(jobs, json=body, headers=headers, timeout=30).json()["id"]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            job = requests.get(f"{jobs}/{job_id}", headers=headers, timeout=30).json()
            if job["state"]["status"] not in ("Queued", "Running"):
                break
        text = requests.get(f"{jobs}/{job_id}/results", headers=headers, timeout=30).text
    return job["state"], text


@pytest.mark.parametrize(("program", "sample"), [(VIRTUAL, "0x2"), (OLD, "0x2")])
def test_a_program_in_openqasm_is_computed(program: str, sample: str) -> None:
    """Registers by name, samples as hexadecimal texts, as many as shots."""
    state, text = submitted(program, options={"default_shots": 16})
    assert state == {"status": "Completed"}
    [data] = [result["data"] for result in json.loads(text)["results"]]
    assert list(data) == ["c"]
    assert data["c"]["samples"] == [sample] * 16


def test_shots_beside_the_options_take_precedence_over_them() -> None:
    """For pubs that name none (REST description); those that do keep theirs."""
    pubs = [[VIRTUAL], [VIRTUAL, None, 3], VIRTUAL]
    _, text = submitted(VIRTUAL, pubs=pubs, shots=5, options={"default_shots": 16})
    samples = [each["data"]["c"]["samples"] for each in json.loads(text)["results"]]
    assert list(map(len, samples)) == [5, 3, 5]


@pytest.mark.parametrize("result", [None, "computed"])
def test_a_precision_beside_the_options_takes_precedence_over_them(result: str | None) -> None:
    """For pubs of an estimator that name none (REST description)."""
    inputs = {"version": 2, "precision": 0.05, "options": {"default_shots": 16}}
    pubs = [[VIRTUAL, {"ZI": 1.0}], [VIRTUAL, {"ZI": 1.0}, None, 0.1]]
    with qrtest.simulate() as sim:
        params = {**inputs, "pubs": pubs}
        found = sim.job("DONE", program_id="estimator", params=params, result=result).result()
    assert [each.metadata["target_precision"] for each in found] == [0.05, 0.1]


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("OPENQASM 3.0;\nnonsense", "2,8: '<EOF>' was not expected here"),
        ("OPENQASM 3.0;\nbit c, d;", "2,5: ',' was not expected here"),
        ("OPENQASM 3.0;\noutput bit c;", "2,0: the 'output' keyword is not supported"),
        ("OPENQASM 2.0;\nfoo", "<input>:2,0: 'foo' is not defined in this scope"),
    ],
)
def test_a_program_that_cannot_be_read_is_explained_by_its_place(program: str, says: str) -> None:
    """In words, not by the name of a class."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the parsers have errors of their own)
        from_qasm(program)
    assert unreadable(caught.value) == says


def test_a_single_bit_is_a_register_of_its_name() -> None:
    """Declared without a size, measured, and asked by a condition."""
    state, text = submitted(SINGLE, options={"default_shots": 4})
    assert state == {"status": "Completed"}
    data = json.loads(text)["results"][0]["data"]
    assert data == {
        "c": {"samples": ["0x1"] * 4, "num_bits": 1},
        "d": {"samples": ["0x1"] * 4, "num_bits": 1},
    }


def test_physical_qubits_stay_where_they_are() -> None:
    """What is measured is the result on these qubits of the device."""
    state, text = submitted(PHYSICAL)
    assert state == {"status": "Completed"}
    assert json.loads(text)["results"][0]["data"]["c"]["num_bits"] == 2


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("OPENQASM 3.0;\nbit c;\nc = measur $0;\n", 1603),
        ("", 1603),
        (HEADER + "bit c;\nh $0;\nc = measure $0;\n", 1517),
    ],
)
def test_a_program_that_cannot_run_fails_as_on_the_service(program: str, code: int) -> None:
    """1603 where it cannot be read, 1517 where the device has no such gate."""
    state, _ = submitted(program)
    assert (state["status"], state["reason_code"]) == ("Failed", code)


def test_registers_are_found_however_the_text_is_laid_out() -> None:
    """Several statements on a line, a register in a block, an output."""
    text = "OPENQASM 3.0; bit[2] left; bit right; output bit[3] c; if (true) { bit[4] inner; }"
    assert circuit_facts(text).registers == {"left": 2, "right": 1, "c": 3, "inner": 4}


@pytest.mark.parametrize(
    "text",
    [
        "OPENQASM 3.0; bit[1000000000] c;",
        "OPENQASM 3.0; qubit [10000000] q;",
        "OPENQASM 3.0; reset $1000000000;",
        "OPENQASM 2.0; creg c[1000000000];",
    ],
)
def test_registers_of_millions_of_bits_are_not_built(text: str) -> None:
    """Their memory would be taken before anything could refuse them."""
    with pytest.raises(ValueError, match="is more than 999,999 bits"):
        from_qasm(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('OPENQASM 2.0; include "/etc/passwd"; qreg q[1];', "can be included, not '/etc/passwd'"),
        ("OPENQASM 3.0; include 'mine.inc'; qubit q;", "can be included, not 'mine.inc'"),
        (" \n", "the text is empty"),
    ],
)
def test_a_text_opens_no_file_of_the_machine(text: str, says: str) -> None:
    """What a client submits is no path to read here; a text without a word says so."""
    with pytest.raises(ValueError, match=says):
        from_qasm(text)


@pytest.mark.parametrize("text", ["OPENQASM 3.0; foo $$ @;", "OPENQASM 3; qubit[2] q; bit[2 c;"])
def test_the_parser_prints_nothing_of_its_own(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The job says what is wrong; code that parses elsewhere sees what the parser prints."""
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever the parser raises)
        from_qasm(text)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(Exception):  # noqa: B017, PT011
        qasm3.loads(text)
    assert "line 1:" in capfd.readouterr().err
