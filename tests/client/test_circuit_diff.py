"""Circuits that were built twice are one circuit, whatever UUIDs qiskit gave their parameters."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.circuit.classical import types

from qrtest.client.circuit_diff import difference


def two(first: str = "a", second: str = "b") -> QuantumCircuit:
    """Return a circuit with two parameters."""
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter(first), 0)
    circuit.rz(Parameter(second), 1)
    return circuit


def swapped() -> QuantumCircuit:
    """Return the same parameters at the other gates."""
    return two("b", "a")


def other_name() -> QuantumCircuit:
    """One of the parameters has another name."""
    return two("a", "c")


def other_gate() -> QuantumCircuit:
    """One of the gates is another one."""
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    return circuit


def expression(shift: float = 1.5) -> QuantumCircuit:
    """Angles and a global phase that are computed from parameters."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2, global_phase=a * b)
    circuit.rz(a + shift, 0)
    circuit.rz(2 * b.sin(), 1)
    return circuit


def other_expression() -> QuantumCircuit:
    """One angle is computed otherwise."""
    return expression(1.6)


def one_bound() -> QuantumCircuit:
    """One of two parameters has a value."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2, global_phase=a * b)
    circuit.rz(a, 0)
    return circuit.assign_parameters({a: 0.25})


def vector() -> QuantumCircuit:
    """Elements of two vectors, more than ten, which are ordered by number."""
    circuit = QuantumCircuit(2)
    first, second = ParameterVector("t", 12), ParameterVector("u", 2)
    for each in [*first, *second]:
        circuit.rz(each * 2, 0)
    return circuit


def names_of_a_vector() -> QuantumCircuit:
    """Parameters with the names of those elements, which are ordered by letters."""
    circuit = QuantumCircuit(2)
    for name in [*(f"t[{number}]" for number in range(12)), "u[0]", "u[1]"]:
        circuit.rz(Parameter(name) * 2, 0)
    return circuit


def in_blocks() -> QuantumCircuit:
    """Return a parameter in a branch, and one that counts a loop."""
    circuit = QuantumCircuit(2, 2)
    a = Parameter("a")
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rx(a, 0)
    with circuit.for_loop(range(3), Parameter("i")) as number:
        circuit.rx(number * a, 0)
    return circuit


def own_gates() -> QuantumCircuit:
    """Return a parameter in the definition of a gate, in its controlled form, and of a gate without one."""
    inner = QuantumCircuit(1, name="mine")
    inner.rx(Parameter("a") + 1, 0)
    gate = inner.to_gate()
    circuit = QuantumCircuit(2)
    circuit.append(gate, [0])
    circuit.append(gate.control(), [0, 1])
    circuit.append(Gate("opaque", 1, [Parameter("o")]), [0])
    return circuit


def variable(name: str = "v") -> QuantumCircuit:
    """Return a circuit with a classical input."""
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test(circuit.add_input(name, types.Bool())):
        circuit.x(0)
    return circuit


CIRCUITS: list[Callable[[], QuantumCircuit]] = [
    two,
    swapped,
    other_name,
    other_gate,
    expression,
    other_expression,
    one_bound,
    vector,
    names_of_a_vector,
    in_blocks,
    own_gates,
]
if hasattr(QuantumCircuit, "add_input"):
    CIRCUITS.append(variable)


def written(circuit: QuantumCircuit) -> bytes:
    """Return *circuit* as QPY."""
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("build", CIRCUITS)
def test_a_circuit_that_is_built_twice_is_the_same(build: Callable[[], QuantumCircuit]) -> None:
    """Its parameters and variables have other UUIDs, and the same names in the same order."""
    one, other = written(build()), written(build())
    assert one != other
    assert difference(one, other) is None


def test_circuits_that_differ_are_distinguished() -> None:
    """Another name, gate, expression, binding, wiring or order of parameters is another circuit."""
    for one, other in itertools.permutations(CIRCUITS, 2):
        assert difference(written(one()), written(other())) is not None, (one, other)


def test_other_parameters_are_named() -> None:
    """The difference says which parameters each of the two has."""
    assert (
        difference(written(two()), written(other_name()))
        == "its parameters are a, b, recorded a, c"
    )


def labelled(name: str | None, **metadata: int) -> bytes:
    """Return the QPY of an empty circuit with *name* and *metadata*."""
    return written(QuantumCircuit(1, name=name, metadata=metadata))


def test_circuits_of_two_names_or_metadata_differ() -> None:
    """Their jobs are distinguished on replay; the number that qiskit gives as a name differs each time."""
    assert difference(labelled("mine"), labelled("yours")) == "its name differs"
    assert difference(labelled("mine", n=1), labelled("mine", n=2)) == "its metadata differ in n"
    assert difference(labelled(None), labelled("circuit-7-8")) is None
