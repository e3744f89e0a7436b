"""Circuits with parameters: recorded by one process, and replayed by another one, whose UUIDs are others.

Their metadata hold an address, which the recording replaces.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import qrtest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, SamplerV2
from qrtest.errors import UnansweredRequest

def run(service, value, owner="jane.doe@example.com"):
    backend = service.backend("ibm_torino")
    t, a = ParameterVector("t", 2), Parameter("a")
    circuit = QuantumCircuit(2, metadata={"owner": owner, "api_key": "ghp_" + 18 * "a1"})
    circuit.rz(t[0] + 1.5, 0)
    circuit.rz(2 * t[1] * a, 1)
    pub = (circuit, SparsePauliOp("ZZ"), {t: [0.1, 0.2], a: value})
    estimated = EstimatorV2(mode=backend).run([pub]).result()[0].data.evs
    circuit.measure_all()
    sampled = SamplerV2(mode=backend).run([(circuit, [0.1, 0.2, 0.3])], shots=16).result()[0]
    print(estimated, sampled.data.meas.get_counts())

if sys.argv[1] == "record":
    with qrtest.serve(clock="60x") as server, qrtest.record(sys.argv[2]):
        run(qrtest.connect(server.url), 0.5)
else:
    with qrtest.replay(sys.argv[2]) as sim:
        run(sim.service(), 0.5)
        for other, part in (
            ((0.6,), "ndarray: its content differs"),
            ((0.5, "john.roe@example.com"), "QuantumCircuit: its metadata differ in owner"),
        ):
            try:
                run(sim.service(), *other)
            except UnansweredRequest as error:
                assert part in str(error), error
            else:
                sys.exit(f"{other} was answered, and not recorded")
"""


def _output(what: str, cassette: Path, hash_seed: int) -> str:
    """Return what the program prints as a process of its own. Raises `CalledProcessError` if it fails."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, what, str(cassette)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def test_another_process_replays_circuits_with_parameters(tmp_path: Path) -> None:
    """The UUIDs of parameters do not matter; the values that are bound to them, and whose circuit it is, do."""
    cassette = tmp_path / "vqe.yaml"
    recorded = _output("record", cassette, 1)
    assert recorded
    assert "redacted-data" not in cassette.read_text(encoding="utf-8")
    assert _output("replay", cassette, 2) == recorded
