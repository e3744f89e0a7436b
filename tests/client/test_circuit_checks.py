"""Circuits that a program can make no result of: what the job fails with, whatever its result would be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives import DataBin
from qiskit_ibm_runtime import Executor, QuantumProgram
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError

from qrtest import simulate
from qrtest.client.circuit_checks import RESERVED
from qrtest.errors import NotComputedWarning


def failure(program_id: str, pub: list[Any], result: str | None) -> str:
    """Return what the failed job says."""
    with simulate() as sim:
        params = {"pubs": [pub], "version": 2}
        job = sim.job("DONE", program_id=program_id, params=params, result=result)
        with pytest.raises(RuntimeJobFailureError) as caught:
            job.result()
    return str(caught.value)


def with_register(name: str, size: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.add_register(ClassicalRegister(size, name))
    return circuit


def test_the_reserved_names_are_those_that_a_data_bin_refuses() -> None:
    """All of them, and no other attribute of it."""

    def is_refused(name: str) -> bool:
        try:
            DataBin(shape=(), **{name: None})
        except (TypeError, ValueError):
            return True
        return False

    attributes = {name for name in dir(DataBin) if not name.startswith("__")}
    assert {name for name in attributes | RESERVED if is_refused(name)} == RESERVED


@pytest.mark.parametrize("result", [None, "computed"])
@pytest.mark.parametrize("name", ["shape", "keys", "self"])
def test_a_register_with_a_reserved_name_fails_the_job(name: str, result: str | None) -> None:
    """The client's decoder would raise an error that names no register."""
    says = failure("sampler", [with_register(name)], result)
    assert f"1500; Internal error. The classical register '{name}' of pub 0" in says


def test_a_register_in_openqasm_is_checked_too() -> None:
    """Clients in other languages know nothing of qiskit's names."""
    says = failure("sampler", ["OPENQASM 3.0; bit[2] items; items[0] = measure $0;"], None)
    assert "'items' of pub 0" in says


def test_a_register_without_bits_fails_the_job() -> None:
    """The client refuses it before it submits."""
    assert "'c' of pub 0 has no bits" in failure("sampler", [with_register("c", 0)], None)


@pytest.mark.parametrize("result", [None, "computed", "noisy"])
@pytest.mark.parametrize("observables", [{"ZZZ": 1.0}, [["Z"], ["X"]]])
def test_observables_of_another_width_fail_the_job(observables: Any, result: str | None) -> None:
    """A value for them would mean nothing."""
    says = failure("estimator", [QuantumCircuit(2), observables], result)
    assert "1603" in says
    assert "circuit of pub 0 (2) does not match" in says


def rotations(*names: str) -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    for name in names:
        circuit.rz(Parameter(name), 0)
    circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize("result", [None, "computed"])
@pytest.mark.parametrize(
    "values",
    [[1, 2], np.ones((4, 2)), [1, 2, 3, 4], {"a": 1.0, "b": 2.0}, {"a": 1, "b": 2, "d": 3}],
)
def test_values_that_do_not_fit_the_parameters_fail_the_job(
    values: Any, result: str | None
) -> None:
    """Two for three parameters, four, or of one that there is not; of a sampler and of an estimator."""
    circuit = rotations("a", "b", "c")
    for program_id, pub in (
        ("sampler", [circuit, values]),
        ("estimator", [circuit, {"Z": 1.0}, values]),
    ):
        assert "1603; The input could not be parsed" in failure(program_id, pub, result)


@pytest.mark.parametrize("values", [[1, 2, 3], np.ones((4, 3)), {"a": 1, "b": 2, "c": 3}])
def test_values_that_fit_the_parameters_are_no_error(values: Any) -> None:
    """As array, list or by name."""
    with simulate() as sim:
        params = {"pubs": [[rotations("a", "b", "c"), values, 5]], "version": 2}
        [pub] = sim.job("DONE", params=params).result()
    assert pub.data.c.shape == (np.shape(values)[:-1] if not isinstance(values, dict) else ())


def parameterized() -> Iterator[QuantumCircuit]:
    """Yield circuits that need values, each with its parameter in another place."""
    vector = ParameterVector("v", 2)
    for angle in (
        Parameter("a"),
        2 * Parameter("a") + 1,
        vector[1],
        sum(map(Parameter, "abcdefghijkl")),
    ):
        yield rotation(angle)
    yield QuantumCircuit(1, 1, global_phase=Parameter("phase"))
    branch = QuantumCircuit(1, 1)
    with branch.if_test((0, 1)):
        branch.rz(Parameter("a"), 0)
    yield branch


def rotation(angle: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.rz(angle, 0)
    return circuit


@pytest.mark.parametrize("circuit", list(parameterized()))
def test_parameters_without_any_value_fail_the_job_though_nothing_is_computed(
    circuit: QuantumCircuit,
) -> None:
    """Left out, none, or of no parameter; of a sampler and of an estimator."""
    for program_id, pub in (
        ("sampler", [circuit]),
        ("sampler", [circuit, None, 5]),
        ("sampler", [circuit, {}]),
        ("estimator", [circuit, {"Z": 1.0}]),
    ):
        assert "1603; The input could not be parsed" in failure(program_id, pub, None)


def test_inputs_of_openqasm_without_any_value_fail_the_job() -> None:
    """Also where no importer of OpenQASM is installed."""
    says = failure("sampler", ["OPENQASM 3.0; input float[64] a; bit c; c = measure $0;"], None)
    assert "1603; The input could not be parsed" in says
    assert "pub 0: The number of values (0) does not match the number of parameters (1)" in says


@pytest.mark.parametrize("name", ["p", "v" + "\0" * 8, "e" * 300])
def test_a_circuit_without_parameters_needs_no_values(name: str) -> None:
    """Whatever its name, its metadata and its angles are."""
    circuit = rotation(0.5)
    circuit.name, circuit.metadata = name, {name: name}
    with simulate() as sim:
        [pub] = sim.job("DONE", params={"pubs": [[circuit, None, 5]], "version": 2}).result()
    assert pub.data.c.num_shots == 5


def test_an_executor_takes_a_register_with_a_reserved_name() -> None:
    """Which is not computed, as a warning says: the simulators hold registers in a DataBin."""
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(2, "shape"))
    circuit.measure(0, 0)
    program = QuantumProgram(shots=16)
    program.append_circuit_item(circuit)
    with simulate() as sim:
        sim.rule(result="computed")
        backend = sim.service().backend("ibm_torino")
        with pytest.warns(NotComputedWarning, match="shape"):
            result = Executor(mode=backend).run(program).result()
    assert result[0]["shape"].shape == (16, 2)
