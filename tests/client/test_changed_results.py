"""Recorded results with other counts, other values, or one thing that is not as it was."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrtest import Scenario, simulate
from qrtest import strategies as qst
from qrtest.client import releases
from qrtest.client.changed_results import DIFFERENCES, difference, with_counts, with_evs
from qrtest.errors import QrtestError, ResultError
from qrtest.service import result_payloads

RECORDED = Scenario.from_cassette("cassettes/sampler.yaml")


def pub(**fields: Any) -> Any:
    return result_payloads.pub_result(result_payloads.data_bin(fields, ()), {"mine": [1]})


def bits(*samples: int, num_bits: int = 2) -> Any:
    return result_payloads.bit_array(samples, num_bits)


def text(*pubs: Any) -> str:
    return json.dumps(result_payloads.primitive_result(pubs, {"version": 2, "also": "kept"}))


TWO = text(pub(a=bits(0, 1), b=bits(2, 2)), pub(c=bits(3)))


def decoded(result: Any, program_id: str = "sampler") -> Any:
    with simulate() as sim:
        return sim.job("DONE", result=result, program_id=program_id).result()


def test_a_recorded_result_gets_other_counts() -> None:
    """Everything else stays: its metadata, the registers, the facts of the job."""
    changed = RECORDED.but(counts={"1" * 10: 5, 0x0: 2})
    result = decoded(changed.result)
    assert result[0].data.meas.get_counts() == {"1" * 10: 5, "0" * 10: 2}
    before = json.loads(RECORDED.result)["__value__"]
    after = json.loads(changed.result)["__value__"]
    assert after["metadata"] == before["metadata"]
    assert (
        after["pub_results"][0]["__value__"]["metadata"]
        == before["pub_results"][0]["__value__"]["metadata"]
    )
    assert changed.record == RECORDED.record


def test_the_changed_scenario_prints_as_code() -> None:
    """With what was changed, not with the result."""
    changed = RECORDED.but(counts={"0" * 10: 1}, queue="6h")
    assert repr(changed).endswith("counts={'0000000000': 1})")
    assert eval(repr(changed), {"Scenario": Scenario}) == changed


def test_counts_are_given_by_pub_and_register() -> None:
    """None keeps a pub; a register that is not named stays."""
    result = decoded(with_counts(TWO, [{"b": {"01": 3}}, None]))
    assert result[0].data.a.get_counts() == {"00": 1, "01": 1}
    assert result[0].data.b.get_counts() == {"01": 3}
    assert result[1].data.c.get_counts() == {"11": 1}


def test_a_pub_with_a_shape_gets_counts_by_place() -> None:
    """Nested as the shape is, of its only register or by register; numbers of numpy are numbers."""
    field = result_payloads.bit_array([0] * 8, 2, (2, 2))
    recorded = text(result_payloads.pub_result(result_payloads.data_bin({"c": field}, (2, 2)), {}))
    places = [[{"00": 3}, {"01": 3}], [{"10": np.int64(3)}, {"11": 1, "00": 2}]]
    for counts in ([places], {"c": places}, [{"c": np.array(places)}]):
        c = decoded(with_counts(recorded, counts))[0].data.c
        assert (c.shape, c.num_shots) == ((2, 2), 3)
        assert [c.get_counts(place) for place in np.ndindex(2, 2)] == [*places[0], *places[1]]
    with pytest.raises(ResultError, match="as many shots"):
        with_counts(recorded, [[[{"00": 3}, {"01": 2}], {"10": 3}]])
    with pytest.raises(ResultError, match="5 is no mapping"):
        with_counts(recorded, [[[5, {}], [{}, {}]]])
    with pytest.raises(ResultError, match=r"list of 3 counts does not fit the shape \(2, 2\)"):
        with_counts(recorded, [[{"00": 3}] * 3])


def test_an_estimator_gets_other_values() -> None:
    """Broadcast to the recorded shape; stds stay."""
    fields = {name: result_payloads.array([0.5] * 6, (2, 3)) for name in ("evs", "stds")}
    data = result_payloads.data_bin(fields, (2, 3))
    recorded = text(result_payloads.pub_result(data, {}))
    scenario = Scenario("DONE", result=recorded, program_id="estimator").but(
        evs=np.array([1, 2, 3])
    )
    result = decoded(scenario.result, "estimator")
    assert result[0].data.evs.tolist() == [[1, 2, 3], [1, 2, 3]]
    assert result[0].data.stds.tolist() == [[0.5] * 3] * 2


def executed(version: str, **registers: Any) -> str:
    """Return the result of an executor program with one item, in a schema *version*."""
    model = releases.program_tensor_model(version)
    results = {
        name.replace("__", "."): model.from_numpy(np.array(bits, dtype=bool)).model_dump(
            mode="json"
        )
        for name, bits in registers.items()
    }
    body = result_payloads.executor_result([{}, {"d": [1.0]}], version)
    body["data"][0]["results"] = results
    return json.dumps(body)


@pytest.mark.parametrize("version", releases.schema_versions("executor"))
def test_an_executor_program_gets_other_counts(version: str) -> None:
    """By register and item, in every schema that the client decodes; what is not named stays."""
    recorded = executed(version, a=[[False] * 9] * 3, b=[[True], [False]])
    item, other = decoded(with_counts(recorded, [{"a": {"100000011": 2}}, None]), "executor")
    assert item["a"].astype(int).tolist() == [[1, 1, 0, 0, 0, 0, 0, 0, 1]] * 2
    assert item["b"].tolist() == [[True], [False]]
    assert other["d"].tolist() == [1.0]


def test_counts_of_a_program_are_those_after_the_flips_of_twirled_measurements() -> None:
    """The client undoes the flips that were recorded: what was given is what a sampler counts."""
    flips = [[[True, False]], [[False, False]]]
    recorded = executed("v1.0", c=np.zeros((2, 3, 2)), measurement_flips__c=flips)
    item, _ = decoded(with_counts(recorded, [{"01": 4}, None]), "executor")
    assert item["c"].shape == (2, 4, 2)
    assert np.array_equal(item["c"] ^ item["measurement_flips.c"], [[[True, False]] * 4] * 2)


@pytest.mark.parametrize(
    ("change", "values", "message"),
    [
        (with_counts, {"01": 1}, "for 1 pub.*the result has 2"),
        (with_counts, [None, {"01": 1}], "no bits to be counted, but d"),
        (with_counts, [{"e": {"01": 1}}, None], "no register 'e', but c"),
        (with_counts, [{"c": {"011": 1}}, None], "no bit string of the register's 2 bits"),
        (with_evs, [0.5, None], "computes its values from them in the client.*Give counts="),
    ],
)
def test_what_cannot_be_changed_in_a_program_is_an_error(
    change: Any, values: Any, message: str
) -> None:
    """What there is, and for values of an estimator, what to give instead."""
    with pytest.raises(ResultError, match=message):
        change(executed("v1.0", c=[[False, False]]), values)


WRONG_BITS = (
    "100",
    "001",
    "1",
    "",
    " ",
    " 01",
    "0 1",
    "0x3",
    "0X3",
    "0b",
    "+1",
    "21",
    "1_1",
    "\uff11\uff11",
    "two",
)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"01": 1}, "for 1 pub"),
        ([{"01": 1}, None], "of which register: there are a, b"),
        ([{"d": {"0": 1}}, None], "no register 'd', but a, b"),
        *[([None, {key: 1}], "no bit string of the register's 2 bits") for key in WRONG_BITS],
        ([None, {"0x3": 1}], "Write '11'"),
        *[([None, {key: 1}], "does not fit a register of 2 bits") for key in (4, -1)],
        *[([None, {key: 1}], "no outcome") for key in (1.0, True, b"01", None, ("0", "1"))],
        ([None, [{"01": 1}]], r"does not fit the shape \(\) of the pub"),
        *[([None, {"11": shots}], "no number of shots") for shots in (-1, 2.0, True, "3", None)],
        ([None, {"11": 10**12}], "executions are more than the 10,000,000"),
        ([None, {"11": 6_000_000, "01": 6_000_000}], "executions are more than"),
        ([None, {}], "no mapping"),
        ([None, 5], "no mapping"),
    ],
)
def test_counts_that_do_not_fit_are_an_error(counts: Any, message: str) -> None:
    """Which pub and register, and what there is."""
    with pytest.raises(ResultError, match=message):
        with_counts(TWO, counts)


@pytest.mark.parametrize(
    "result", ["{}", "no JSON", '{"__type__": "PrimitiveResult", "__value__": {}}']
)
def test_another_result_is_an_error(result: str) -> None:
    """There are no counts in it."""
    with pytest.raises(ResultError, match=r"and this is none|no pubs"):
        with_counts(result, {"0": 1})


def test_values_that_do_not_fit_are_an_error() -> None:
    """The shape is said; so is that there are none."""
    recorded = text(
        pub(evs=result_payloads.array([0.5], ()), stds=result_payloads.array([0.1], ()))
    )
    with pytest.raises(ResultError, match=r"does not fit the shape \(\)"):
        with_evs(recorded, [1, 2])
    with pytest.raises(ResultError, match="no registers, but evs, stds"):
        with_counts(recorded, {"0": 1})
    assert decoded(with_evs(recorded, [0.75]), "estimator")[0].data.evs == 0.75
    for wrong in ("0.5", True, 1j, {}):
        with pytest.raises(ResultError, match="values are real numbers"):
            with_evs(recorded, wrong)
    with pytest.raises(ResultError, match="no evs, but c"):
        with_evs(TWO, [None, 1.0])


def test_a_scenario_without_a_result_has_nothing_to_change() -> None:
    """It says so."""
    with pytest.raises(ResultError, match="give result="):
        Scenario("DONE").but(counts={"0": 1})


@pytest.mark.parametrize("name", DIFFERENCES)
@given(recorded=qst.results("sampler") | qst.results("estimator"), number=st.integers(0, 3))
def test_a_difference_changes_one_thing(name: str, recorded: str, number: int) -> None:
    """The text differs, and the client decodes it; bits of another dtype it refuses."""
    changed = difference(recorded, name, number)
    if changed is None:
        return
    assert json.loads(changed) != json.loads(recorded)
    if name == "other dtype" and "BitArray" in recorded:
        with pytest.raises(TypeError, match="must have dtype uint8"):
            decoded(changed)
    else:
        assert decoded(changed) is not None


@given(changed=qst.changed_results("cassettes/sampler.yaml"))
def test_results_are_drawn_that_differ_from_the_recorded(changed: str) -> None:
    """In one thing each."""
    assert json.loads(changed) != json.loads(RECORDED.result)


def test_only_results_of_primitives_are_drawn_from() -> None:
    """Others are an error at once."""
    with pytest.raises(ResultError, match="sampler, estimator or executor"):
        qst.changed_results('{"schema_version": "v1.0"}')
    with pytest.raises(ResultError, match="with a result"):
        qst.changed_results(Scenario("QUEUED"))


@given(changed=qst.changed_results("cassettes/sampler.yaml", differences=["stale schema"]))
def test_differences_can_be_chosen(changed: str) -> None:
    """An older version alone: everything else is as it was recorded."""
    value, recorded = (json.loads(each)["__value__"] for each in (changed, RECORDED.result))
    assert value["metadata"].pop("version") == 1
    assert recorded["metadata"].pop("version") == 2
    assert value == recorded


@pytest.mark.parametrize("chosen", [["nope"], [], "stale schema", ["more shots"]])
def test_differences_that_there_are_not_are_an_error(chosen: Any) -> None:
    """Of no result, and of this one."""
    recorded = text(pub(**VALUES))
    with pytest.raises(ResultError, match="pub missing"):
        qst.changed_results(recorded, differences=chosen)


def test_a_failure_names_the_difference_that_was_drawn() -> None:
    """The text of a result alone does not say it."""

    @settings(database=None)
    @given(qst.changed_results("cassettes/sampler.yaml"))
    def collect(changed: str) -> None:
        assert json.loads(changed)["__value__"]["metadata"]["version"] == 2

    with pytest.raises(AssertionError) as caught:
        collect()
    assert "changed_results: stale schema" in caught.value.__notes__


VALUES = {name: result_payloads.array([0.5], ()) for name in ("evs", "stds")}
PROGRAM = json.dumps(result_payloads.executor_result([{"c": [0.0, 1.0]}, {"d": [1.0]}], "v2.0"))
OF_SAMPLERS = set(DIFFERENCES) - {"not a number"}
OF_ESTIMATORS = set(DIFFERENCES) - {"more shots"}
OF_EXECUTORS = set(DIFFERENCES) - {"not a number", "more shots", "other dtype"}
SEVERAL = {
    "sampler": (TWO, OF_SAMPLERS),
    "estimator": (text(pub(**VALUES), pub(**VALUES)), OF_ESTIMATORS),
    "executor": (PROGRAM, OF_EXECUTORS),
}


@pytest.mark.parametrize("program_id", SEVERAL)
def test_each_difference_is_drawn_in_each_pub(program_id: str) -> None:
    """All that the result of a program can have, in the first and in the second pub, and nothing else."""
    recorded, possible = SEVERAL[program_id]
    wanted = {difference(recorded, name, number) for name in possible for number in (0, 1)}
    drawn: set[str | None] = set()

    @settings(max_examples=300, database=None)
    @given(qst.changed_results(recorded))
    def draw(changed: str) -> None:
        drawn.add(changed)

    draw()
    assert drawn == wanted
    assert None not in wanted


@pytest.mark.parametrize(
    ("program_id", "name"), [("sampler", "other dtype"), ("executor", "stale schema")]
)
def test_the_client_refuses_some_of_them(program_id: str, name: str) -> None:
    """By its own decoder, in its own words; nothing of qrtest comes between."""
    changed = difference(SEVERAL[program_id][0], name)
    with pytest.raises(Exception, match=r"dtype|schema version") as caught:
        decoded(changed, program_id)
    assert not isinstance(caught.value, QrtestError)
