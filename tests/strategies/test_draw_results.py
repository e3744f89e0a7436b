"""What is drawn as a result decodes, and what is drawn as broken is not what was sent."""

from __future__ import annotations

import base64
import io
import json
import math
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qrtest
from qrtest import strategies as qst
from qrtest.client import releases
from qrtest.client.backend_snapshots import Snapshots
from qrtest.errors import ResultError
from qrtest.service import result_payloads
from qrtest.service.corruption import DAMAGES, WHOLE, Damage
from qrtest.strategies.draw_results import PROGRAMS

DECODED = {
    "sampler": "PrimitiveResult",
    "estimator": "PrimitiveResult",
    "noise-learner": "NoiseLearner",
    "executor": "QuantumProgramResult" if releases.schema_versions("executor") else "dict",
}


def decoded(text: str, program_id: str) -> object:
    """Return what the genuine client makes of a result."""
    with qrtest.simulate() as sim:
        return sim.job("DONE", result=text, program_id=program_id).result()


@pytest.mark.parametrize("program_id", PROGRAMS)
def test_a_result_decodes(program_id: str) -> None:
    """The genuine decoder gives the program's own type, where the release has one for it."""

    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    @given(qst.results(program_id))
    def check(text: str) -> None:
        assert type(decoded(text, program_id)).__name__.startswith(DECODED[program_id])

    check()


@settings(max_examples=30)
@given(st.data())
def test_a_sampler_result_holds_what_was_drawn(data: st.DataObject) -> None:
    """Registers, shape and every bit come through the decoder."""
    samples = data.draw(st.lists(st.integers(0, 1023), min_size=4, max_size=4))
    bits = result_payloads.bit_array(samples, 10, (2,))
    pub = result_payloads.pub_result(result_payloads.data_bin({"meas": bits}, (2,)), {})
    result = decoded(json.dumps(result_payloads.primitive_result([pub], {})), "sampler")
    read = result[0].data.meas  # type: ignore[index]
    assert read.shape == (2,)
    assert [int(shot, 2) for row in read for shot in row.get_bitstrings()] == samples


def test_a_data_bin_says_the_types_of_its_fields_as_the_service_does() -> None:
    """In their order; the client's own encoder leaves them out."""
    fields = {"meas": result_payloads.bit_array([0], 1), "evs": result_payloads.array([0.5], ())}
    answer = result_payloads.data_bin(fields, ())["__value__"]
    assert answer["field_names"] == ["meas", "evs"]
    assert answer["field_types"] == [
        "<class 'qiskit.primitives.containers.bit_array.BitArray'>",
        "numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]",
    ]
    assert "field_types" not in result_payloads.data_bin(fields, (), with_types=False)["__value__"]


@settings(max_examples=30)
@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_an_estimator_result_holds_what_was_drawn(values: list[float]) -> None:
    """Every number comes through the decoder, to the last bit."""
    fields = {name: result_payloads.array(values, (2, 2)) for name in ("evs", "stds")}
    pub = result_payloads.pub_result(result_payloads.data_bin(fields, (2, 2)), {})
    result = decoded(json.dumps(result_payloads.primitive_result([pub], {})), "estimator")
    assert result[0].data.evs.tolist() == [values[:2], values[2:]]  # type: ignore[index]


@pytest.mark.parametrize("as_pairs", [False, True])
@settings(max_examples=30)
@given(rates=st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=6), max_size=3))
def test_a_noise_learner_result_holds_what_was_drawn(
    rates: list[list[float]], as_pairs: bool
) -> None:
    """Every layer and rate comes through the decoder, in the form of either API version."""
    text = json.dumps(result_payloads.layer_errors(rates, as_pairs=as_pairs))
    layers = list(decoded(text, "noise-learner"))  # type: ignore[call-overload]
    assert [type(layer).__name__ for layer in layers] == ["LayerError"] * len(rates)
    assert [type(layer.error).__name__ for layer in layers] == ["PauliLindbladError"] * len(rates)
    assert [layer.error.rates.tolist() for layer in layers] == rates
    for layer in layers:
        assert layer.circuit.num_qubits == len(layer.qubits) == layer.error.num_qubits
        assert layer.error.generators.to_labels()[0] == "I" * (layer.num_qubits - 1) + "X"


def test_a_noise_learner_result_names_a_backend() -> None:
    """One that there is."""
    metadata = decoded(json.dumps(result_payloads.layer_errors([])), "noise-learner").metadata  # type: ignore[attr-defined]
    assert metadata["backend"] in Snapshots().names()


@pytest.mark.parametrize(
    ("version", "kept"),
    [("v0.1", {"fraction_kept"}), ("v0.2", {"fraction_kept", "success_rates"})],
)
def test_a_noise_model_has_what_its_version_has(version: str, kept: set[str]) -> None:
    """Success rates came with the second version of the schema."""
    model = result_payloads.noise_model([[0.1, 0.2]], version)
    assert model["schema_version"] == version
    assert [set(layer["metadata"]["post_selection"]) for layer in model["data"]] == [kept]


@given(st.lists(st.integers(0, 3), max_size=5), st.sampled_from(["<f8", "|u1"]))
def test_an_array_is_a_file_of_numpy(shape: list[int], dtype: str) -> None:
    """It is read as such, and its data begin where the format says: at a multiple of 64 bytes."""
    values = [number % 256 for number in range(math.prod(shape))]
    packed = result_payloads.array(values, shape, dtype)["__value__"]
    content = zlib.decompress(base64.b64decode(packed))
    read = np.load(io.BytesIO(content))
    assert (read.shape, read.dtype.str, read.ravel().tolist()) == (tuple(shape), dtype, values)
    assert (len(content) - read.nbytes) % 64 == 0


@pytest.mark.parametrize("program_id", PROGRAMS)
def test_a_broken_result_is_given_in_some_form(program_id: str) -> None:
    """result() returns or raises; it neither hangs nor takes the process with it."""

    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    @given(qst.broken_results(program_id))
    def check(text: str) -> None:
        with warnings.catch_warnings(action="ignore"):
            try:
                decoded(text, program_id)
            except Exception as error:
                assert not isinstance(error, qrtest.QrtestError)

    check()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damage_strikes_some_program(damage: Damage) -> None:
    """Each changes the result of at least one program, and says how in a sentence."""
    changed = [name for name, text in WHOLE.items() if damage.applied(text) not in (None, text)]
    assert changed
    assert damage.says.endswith(".")


PUB = ".__value__.pub_results[0].__value__"
BIN = f"{PUB}.data.__value__"
BITS = f"{BIN}.fields.meas.__value__"
STRUCK = {
    "unknown-type": {f"{BITS}.array.__type__"},
    "no-value": {f"{BITS}.array.__value__ gone"},
    "null-value": {f"{BITS}.array.__value__"},
    "bad-base64": {f"{BITS}.array.__value__"},
    "cut-zlib": {f"{BITS}.array.__value__"},
    "not-zlib": {f"{BITS}.array.__value__"},
    "not-npy": {f"{BITS}.array.__value__"},
    "pickled": {f"{BITS}.array.__value__"},
    "wrong-dtype": {f"{BITS}.array.__value__"},
    "wrong-shape": {f"{BITS}.array.__value__"},
    "no-num-bits": {f"{BITS}.num_bits gone"},
    "more-bits": {f"{BITS}.num_bits"},
    "extra-key": {f"{BITS}.more new"},
    "no-shape": {f"{BIN}.shape gone"},
    "other-shape": {f"{BIN}.shape"},
    "no-fields": {f"{BIN}.fields gone"},
    "reserved-name": {
        f"{BIN}.field_names[0]",
        f"{BIN}.fields.meas gone",
        f"{BIN}.fields.shape new",
    },
    "no-data": {f"{PUB}.data gone"},
    "bad-datetime": {".__value__.metadata.more new"},
    "future-qpy": {".__value__.metadata.more new"},
}


def places(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Yield where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        yield from (f"{at}.{name} gone" for name in one.keys() - other.keys())
        yield from (f"{at}.{name} new" for name in other.keys() - one.keys())
        for name in one.keys() & other.keys():
            yield from places(one[name], other[name], f"{at}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from places(this, that, f"{at}[{number}]")
    elif one != other:
        yield at


@pytest.mark.parametrize("name", STRUCK)
def test_a_damage_spoils_one_thing_at_one_depth(name: str) -> None:
    """The innermost value of its kind, and leaves everything around it as it was."""
    [damage] = [damage for damage in DAMAGES if damage.name == name]
    spoilt = damage.applied(WHOLE["sampler"])
    assert spoilt is not None
    assert set(places(json.loads(WHOLE["sampler"]), json.loads(spoilt))) == STRUCK[name]


def test_a_reserved_name_is_that_of_the_field_and_of_its_data() -> None:
    """The bin is whole but for what its field is called."""
    [renamed] = [damage for damage in DAMAGES if damage.name == "reserved-name"]
    spoilt = json.loads(renamed.applied(WHOLE["estimator"]) or "")
    data = spoilt["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]
    assert data["field_names"] == ["shape", "stds"]
    assert sorted(data["fields"]) == ["shape", "stds"]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_only_a_result_with_a_schema_has_its_schema_damaged(damage: Damage) -> None:
    """And what is spoilt within a primitive's result is not there in an executor's."""
    strikes_sampler = damage.applied(WHOLE["sampler"]) is not None
    strikes_executor = damage.applied(WHOLE["executor"]) is not None
    if "schema" in damage.name:
        assert (strikes_sampler, strikes_executor) == (False, True)
    elif damage.name in STRUCK:
        assert (strikes_sampler, strikes_executor) == (True, False)


def test_where_there_is_nothing_to_damage_nothing_is_damaged() -> None:
    """A data bin without fields has no field to be renamed."""
    [renamed] = [damage for damage in DAMAGES if damage.name == "reserved-name"]
    empty = result_payloads.primitive_result(
        [result_payloads.pub_result(result_payloads.data_bin({}, ()), {})], {}
    )
    assert renamed.applied(json.dumps(empty)) is None


def test_a_program_that_is_unknown_is_rejected() -> None:
    """The message says which there are."""
    with pytest.raises(ResultError, match="there are sampler, estimator, noise-learner"):
        qst.results("vqe")


@pytest.mark.parametrize("program_id", PROGRAMS)
def test_the_usual_result_is_one_that_decodes(program_id: str) -> None:
    """A job without a result of its own has one that the installed release knows."""
    with qrtest.simulate() as sim:
        result = sim.job("DONE", program_id=program_id).result()
    assert type(result).__name__.startswith(DECODED[program_id])
