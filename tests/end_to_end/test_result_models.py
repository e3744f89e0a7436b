"""Results are valid by the service's own models, which IBM publishes as the package ibm-quantum-schemas."""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np
import pytest
from ibm_quantum_schemas.estimator.version_0_1 import primitive_result as estimator_models
from ibm_quantum_schemas.noise_learner_v2.version_0_1 import models as learner_models
from ibm_quantum_schemas.sampler.version_0_1 import primitive_result as sampler_models
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import Executor, NoiseLearner, QuantumProgram
from qiskit_ibm_runtime.noise_learner_v3 import NoiseLearnerV3
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic.transpiler import generate_boxing_pass_manager
from samplomatic.utils import find_unique_box_instructions

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


def models_of(program: str, version: str) -> Any:
    """Return the module of models of a *program*'s schema *version*, as "v1.1"."""
    name = version.removeprefix("v").replace(".", "_")
    return importlib.import_module(f"ibm_quantum_schemas.{program}.version_{name}.models")


@pytest.mark.parametrize("version", sorted(QUANTUM_PROGRAM_PARAMS_CONVERTERS))
@pytest.mark.parametrize("result", [None, "computed", "noisy"])
def test_an_executor_result_is_valid_by_the_model_of_its_version(
    version: str, result: str | None
) -> None:
    """In every version of the schema that a release sends."""
    isa = circuit()
    isa.measure(0, 0)
    program = QuantumProgram(shots=5)
    program.append_circuit_item(isa, circuit_arguments=np.zeros((3, 1)))
    with qrtest.simulate() as sim:
        options = Executor(mode=sim.service().backend("ibm_torino")).options
        encoder = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder
        params = encoder(program, options).model_dump_json()
        job = sim.job("DONE", program_id="executor", params=params, result=result)
        text = job._api_client.job_results(job.job_id())
    model = models_of("executor", version).QuantumProgramResultModel
    assert len(model.model_validate_json(text).data) == 1


@pytest.mark.filterwarnings("ignore:The NoiseLearner class is deprecated")
def test_the_results_of_noise_learners_are_valid_by_their_models() -> None:
    """The first learner's, and the third's in the version that the installed release sends."""
    isa = QuantumCircuit(133, 2)
    isa.cz(0, 1)
    isa.measure([0, 1], [0, 1])
    boxing = generate_boxing_pass_manager(
        enable_measures=True,
        inject_noise_targets="all",
        inject_noise_strategy="uniform_modification",
    )
    boxes = find_unique_box_instructions(boxing.run(isa))
    with qrtest.simulate() as sim:
        sim.rule("DONE")
        backend = sim.service().backend("ibm_torino")
        first, third = (
            job._api_client.job_results(job.job_id())
            for job in (NoiseLearner(backend).run([isa]), NoiseLearnerV3(backend).run(boxes))
        )
    assert len(learner_models.ResultsModel.model_validate_json(first).data) == 1
    version = json.loads(third)["schema_version"]
    model = models_of("noise_learner_v3", version).NoiseLearnerV3ResultsModel
    assert len(model.model_validate_json(third).data) == len(boxes)
