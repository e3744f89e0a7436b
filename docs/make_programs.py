"""The programs of a release: what each of its primitives sends, and the default result that it gets.

Run by `make_tables.py`, in one environment for each release.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

import qrtest

__all__ = ["programs"]

QUBITS: Final = 133
Run = Callable[[Any, Any], Any]


def measured() -> QuantumCircuit:
    """Return a circuit of the device, with a gate on two qubits and two measured bits."""
    circuit = QuantumCircuit(QUBITS, 2)
    circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def _pubs(primitive: Any, backend: Any) -> Any:
    return primitive(mode=backend).run([measured()] * 3)


def _estimated(primitive: Any, backend: Any) -> Any:
    circuit = QuantumCircuit(QUBITS)
    operators = [SparsePauliOp("I" * (QUBITS - 1) + letter) for letter in "XYZ"]
    return primitive(mode=backend).run([(circuit, operators)])


def _executed(executor: Any, backend: Any) -> Any:
    program = importlib.import_module("qiskit_ibm_runtime").QuantumProgram(shots=10)
    item = "append_circuit_item" if hasattr(program, "append_circuit_item") else "append"
    getattr(program, item)(measured())
    return executor(backend).run(program)


def _learnt(learner: Any, backend: Any) -> Any:
    return learner(backend).run([measured()])


def _learnt_in_boxes(learner: Any, backend: Any) -> Any:
    circuit = QuantumCircuit(QUBITS)
    twirl = importlib.import_module("samplomatic").Twirl()
    with circuit.box([twirl]):
        circuit.cz(0, 1)
    return learner(backend).run(list(circuit.data))


PRIMITIVES: Final[dict[str, tuple[tuple[str, ...], Run]]] = {
    "SamplerV2": (("SamplerV2",), _pubs),
    "EstimatorV2": (("EstimatorV2",), _estimated),
    "Executor": (("Executor", "executor.Executor"), _executed),
    "Sampler on the executor": (("executor_sampler.Sampler",), _pubs),
    "Estimator on the executor": (("executor_estimator.Estimator",), _estimated),
    "NoiseLearner": (("NoiseLearner", "noise_learner.NoiseLearner"), _learnt),
    "NoiseLearnerV3": (("NoiseLearnerV3", "noise_learner_v3.NoiseLearnerV3"), _learnt_in_boxes),
}
"""Each primitive with the places where releases have it, and how it is run."""


def programs() -> dict[str, str]:
    """Return, for each primitive, its program, schema and default result; a dash where there is none."""
    return {name: _program(places, run) for name, (places, run) in PRIMITIVES.items()}


def _program(places: tuple[str, ...], run: Run) -> str:
    primitive = next((found for place in places if (found := _class(place)) is not None), None)
    if primitive is None:
        return "–"
    with qrtest.simulate() as sim:
        job = run(primitive, sim.service().backend("ibm_torino"))
        job.wait_for_final_state()
        result = job.result()
        sent = [
            entry.request.body for entry in sim.journal if b'"program_id"' in entry.request.body
        ]
    asked = json.loads(sent[-1])
    params = asked["params"]
    named = params.get("schema_version") or params.get("version")
    schema = "no version" if named is None else f"version {named}".replace("version v", "schema v")
    return f"`{asked['program_id']}`, {schema}: {_described(result)}"


def _class(place: str) -> Any:
    module, _, name = place.rpartition(".")
    try:
        return getattr(importlib.import_module(f"qiskit_ibm_runtime.{module}".rstrip(".")), name)
    except (ImportError, AttributeError):
        return None


def _described(result: Any) -> str:
    """Return the type of a result and how many parts it has, with the shape of those of a primitive."""
    kind = type(result).__name__
    if kind == "PrimitiveResult":
        return f"{len(result)} × {type(result[0]).__name__} of shape {result[0].data.shape}"
    return f"{kind} of {len(getattr(result, 'data', result))}"
