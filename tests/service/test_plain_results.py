"""Results for clients without qiskit: `support_qiskit` false is plain JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qrtest.client import releases
from qrtest.service import result_payloads
from qrtest.service.corruption import DAMAGES, WHOLE
from qrtest.service.plain_results import plain
from tests.asking import Asking


def encoded(*pubs: PubResult, **metadata: Any) -> str:
    return json.dumps(PrimitiveResult(list(pubs), metadata=metadata), cls=releases.json_encoder())


@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)), st.integers(1, 70)
)
def test_samples_are_hexadecimal_texts_in_the_shape_of_the_pub(
    counts: np.ndarray[Any, Any], num_bits: int
) -> None:
    """The last axis is over the shots; the values are those that qiskit reads."""
    values = [int(value) % (1 << num_bits) for value in counts.ravel()]
    size = -(-num_bits // 8)
    raw = b"".join(value.to_bytes(size, "big") for value in values)
    array = np.frombuffer(raw, dtype=np.uint8).reshape(*counts.shape, size)
    bits = BitArray(array, num_bits)
    text = encoded(SamplerPubResult(DataBin(c=bits, shape=bits.shape)))
    [result] = json.loads(plain(text))["results"]
    assert result["data"]["c"]["num_bits"] == num_bits
    samples = np.array(result["data"]["c"]["samples"])
    assert samples.shape == counts.shape
    assert [int(sample, 16) for sample in samples.ravel()] == values


@given(
    hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=st.floats(-1, 1)
    )
)
def test_values_are_numbers_in_nested_lists(evs: np.ndarray[Any, Any]) -> None:
    """A number where there is one value only."""
    text = encoded(PubResult(DataBin(evs=evs, shape=evs.shape), metadata={"shots": 4}))
    [result] = json.loads(plain(text))["results"]
    assert np.array_equal(np.array(result["data"]["evs"]), evs)
    assert result["metadata"] == {"shots": 4}


def test_complex_values_are_pairs() -> None:
    """As JSON has no complex numbers; of kerneled measurements."""
    data = np.array([1 + 2j, 3 - 4j])
    text = encoded(SamplerPubResult(DataBin(c=data, shape=(2,))))
    assert json.loads(plain(text))["results"][0]["data"]["c"] == [[1.0, 2.0], [3.0, -4.0]]


def test_what_only_qiskit_decodes_is_left_out_of_metadata() -> None:
    """Execution spans; circuit metadata stays."""
    body = json.loads(WHOLE["sampler"])
    body["__value__"]["metadata"] = {
        "execution": {"execution_spans": result_payloads.tagged("ExecutionSpans", {})},
        "version": 2,
    }
    body["__value__"]["pub_results"][0]["__value__"]["metadata"] = {"circuit_metadata": {}}
    result = json.loads(plain(json.dumps(body)))
    assert result["metadata"] == {"version": 2}
    assert result["results"][0]["metadata"] == {"circuit_metadata": {}}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damaged_result_is_sent_as_it_is_or_read(damage: Any) -> None:
    """No damage makes the service fail."""
    for text in WHOLE.values():
        spoilt = damage.applied(text)
        if spoilt is not None:
            assert isinstance(plain(spoilt), str)


@pytest.mark.parametrize(
    ("chosen", "is_plain"),
    [({}, False), ({"support_qiskit": True}, False), ({"support_qiskit": False}, True)],
)
def test_a_job_gets_the_form_that_it_asked_for(chosen: dict[str, bool], is_plain: bool) -> None:
    """Tagged unless `support_qiskit` is false."""
    ask = Asking("DONE")
    ask.result = WHOLE["sampler"]
    job_id = ask.submit(params={"pubs": [], **chosen})
    body = json.loads(ask("GET", f"/jobs/{job_id}/results").body)
    expected = {"meas": {"samples": ["0x0", "0x3", "0x3", "0x0"], "num_bits": 2}}
    assert ("results" in body) == is_plain
    assert body == json.loads(WHOLE["sampler"]) or body["results"][0]["data"] == expected
