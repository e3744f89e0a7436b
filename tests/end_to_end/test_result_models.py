"""Results are valid by the service's own models, which IBM publishes as the package ibm-quantum-schemas."""

from __future__ import annotations

import pytest
from ibm_quantum_schemas.estimator.version_0_1 import primitive_result as estimator_models
from ibm_quantum_schemas.sampler.version_0_1 import primitive_result as sampler_models
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

import qrtest
from qrtest.harness.simulate import Simulation

MODELS = {
    "sampler": sampler_models.PrimitiveResultWrapperModel,
    "estimator": estimator_models.PrimitiveResultWrapperModel,
}


def circuit() -> QuantumCircuit:
    """Return a rotation on a qubit of the device, in its own gates."""
    rotated = QuantumCircuit(133, 1)
    rotated.rz(Parameter("a"), 0)
    rotated.sx(0)
    rotated.metadata = {"mine": 1}
    return rotated


def submitted(sim: Simulation, program_id: str) -> str:
    """Return the result, as text, of a job that was submitted to *sim*."""
    service = sim.service()
    values, isa = [[0.1], [0.2], [0.3]], circuit()
    if program_id == "sampler":
        isa.measure(0, 0)
        pub = (isa, values, 16)
    else:
        pub = (isa, ["I" * 132 + "Z"], values, 0.1)
    inputs = {"pubs": [pub], "options": {}, "version": 2, "support_qiskit": True}
    backend = service.backend("ibm_torino")
    job = service._run(program_id, inputs, {"backend": backend})
    text: str = service._active_api_client.job_results(job.job_id())
    return text


@pytest.mark.parametrize("program_id", sorted(MODELS))
@pytest.mark.parametrize("result", [None, "computed", "noisy"])
def test_a_result_is_valid_by_the_model_of_its_program(program_id: str, result: str | None) -> None:
    """Whether it was made to fit or computed."""
    with qrtest.simulate() as sim:
        sim.next_job("DONE", result=result)
        text = submitted(sim, program_id)
    validated = MODELS[program_id].model_validate_json(text)
    assert len(validated.value_.pub_results) == 1
