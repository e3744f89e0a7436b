"""What results of submitted jobs cost: fitted, computed, many, and large. Run: python -m benchmarks.results

The client's own encoding and decoding of the same data stands beside each, in the same run.
"""

from __future__ import annotations

import json
import logging
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from qiskit import QuantumCircuit
from qiskit.primitives.containers.sampler_pub import SamplerPub

from benchmarks.report import Measured, show
from qrtest import simulate
from qrtest.client import releases, simulators
from qrtest.client.backend_snapshots import Snapshots
from qrtest.client.computing_process import Computation
from qrtest.client.fitted_results import fitted
from qrtest.client.result_format import Span

ROUNDS = 3
PUBS = 100
JOBS = 100
QUBITS = 127
SHOTS = 4096
MANY_SHOTS = 100_000
LAYERS = 10


def wide() -> QuantumCircuit:
    """Return a circuit of a whole device, with some layers of gates."""
    circuit = QuantumCircuit(QUBITS, metadata={"of": "the benchmark"})
    for layer in range(LAYERS):
        circuit.sx(range(QUBITS))
        for qubit in range(layer % 2, QUBITS - 1, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def encoded(circuit: QuantumCircuit, *, pubs: int, shots: int) -> str:
    """Return the inputs of a sampler job, as the client sends them."""
    coerced = [SamplerPub.coerce(circuit, shots=shots)] * pubs
    return json.dumps({"pubs": coerced, "version": 2}, cls=releases.json_encoder())


def best(action: Callable[[], object]) -> float:
    """Return the shortest of some rounds, in milliseconds of processor time."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        action()
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def fit(params: str) -> str:
    return fitted("sampler", params, seed="benchmark", span=Span(0, 1))


def decode(text: str) -> Any:
    return releases.result_decoder().decode(text)


def compute_bell(params: str, configuration: str) -> str:
    return Computation(
        program_id="sampler",
        params=params,
        configuration=configuration,
        properties=None,
        seed=0,
        start=0,
        stop=1,
        seconds=60,
        memory_bytes=None,
    ).compute()


def bell(*, dynamic: bool) -> QuantumCircuit:
    """Return a Bell pair; the dynamic one waits for a bit before its second half."""
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    if dynamic:
        circuit.measure(0, 0)
        with circuit.if_test((0, 1)):
            circuit.x(1)
    else:
        circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def many_jobs(params: str) -> None:
    """Jobs of many pubs, each to its decoded result."""
    with simulate(longest=None) as sim:
        for _ in range(JOBS):
            sim.job("DONE", params=params).result()


def peak_of_large(params: str) -> tuple[int, float]:
    """Return the size of a large result in bytes, and the most memory that making it took, as a multiple."""
    tracemalloc.start()
    text = fit(params)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(text), peak / len(text)


def measured() -> Iterator[Measured]:
    """Yield what results cost in processor time, with the client's own work on the same data beside it."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    circuit = wide()
    params = encoded(circuit, pubs=PUBS, shots=SHOTS)
    text = fit(params)
    fitting, decoding = best(lambda: fit(params)), best(lambda: decode(text))
    encoding = best(lambda: encoded(circuit, pubs=PUBS, shots=SHOTS))
    configuration = (Snapshots().describe("ibm_torino", "configuration") or b"{}").decode()
    still = encoded(bell(dynamic=False), pubs=1, shots=SHOTS)
    computing = best(lambda: compute_bell(still, configuration))
    small = encoded(bell(dynamic=False), pubs=PUBS, shots=SHOTS)
    lone = fit(small)
    began = time.process_time()
    many_jobs(small)
    many = (time.process_time() - began) * 1000
    size, multiple = peak_of_large(encoded(circuit, pubs=1, shots=MANY_SHOTS))
    rows = [
        row(f"fitted, {PUBS} pubs of {QUBITS} qubits", fitting, "encoding the pubs", encoding),
        row("fitted, per pub", fitting / PUBS, "decoding it, per pub", decoding / PUBS),
        row(
            f"{JOBS} jobs of {PUBS} pubs", many, "decoding alone", best(lambda: decode(lone)) * JOBS
        ),
        row("a computed Bell pair, reference primitives", computing),
    ]
    if simulators.has_aer():
        dynamic = encoded(bell(dynamic=True), pubs=1, shots=SHOTS)
        aer = best(lambda: compute_bell(dynamic, configuration))
        rows.append(row("a computed dynamic Bell pair, qiskit-aer", aer))
    yield Measured(
        "Results of submitted jobs", ("what", "ms", "the client's own work", "ms of it"), rows
    )
    large = (f"{QUBITS} qubits, {MANY_SHOTS:,} shots", f"{size / 1e6:.1f} MB", f"{multiple:.1f} ×")
    yield Measured(
        "Memory of a large result", ("result", "size", "most memory, to its size"), [large]
    )


def row(what: str, taken: float, beside: str = "", other: float | None = None) -> tuple[str, ...]:
    return what, f"{taken:.1f}", beside, "" if other is None else f"{other:.1f}"


if __name__ == "__main__":
    show(measured())
